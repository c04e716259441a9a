"""The settings of a backend service: what BackendConfig and portable annotations say of its fields.

Only what somebody says is here. What nobody says gets Google's default from ``shapes`` (or, under
``incumbent``, stays as it is), so a block that is removed is undone and not left behind
(ingress-gce#1706, #2209). A BackendConfig belongs to the Service and outranks what the Ingress says
by a portable annotation.

Not every load balancer offers everything; what the chosen one lacks is refused by name. Source:
"Load balancer feature comparison" of Cloud Load Balancing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.gcp.account import Source
from providers.gcp.backend_config import BackendConfig, Iap, SignedUrlKey
from providers.gcp.desired.cdn import cdn_policy
from providers.gcp.desired.context import Context
from providers.gcp.desired.problems import odd, refused
from providers.gcp.settings import backend_config
from providers.gcp.variant import Variant
from provisioner.core.annotations import (
    ACCESS_LOGS,
    CIRCUIT_BREAKERS,
    LOAD_BALANCING_ALGORITHM,
    SESSION_AFFINITY,
    TIMEOUT_SECONDS,
)
from provisioner.core.report import unsupported
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendIntent
from provisioner.model.resource import ObservedResource, PlainInput, Unknown

Fields = dict[str, PlainInput]

_ALGORITHMS: Mapping[str, str] = MappingProxyType(
    {"round-robin": "ROUND_ROBIN", "least-requests": "LEAST_REQUEST", "random": "RANDOM"}
)
_AFFINITIES: Mapping[str, str] = MappingProxyType({"none": "NONE", "cookie": "GENERATED_COOKIE"})
_BREAKERS: Mapping[str, str] = MappingProxyType(
    {
        "max-connections": "maxConnections",
        "max-pending-requests": "maxPendingRequests",
        "max-requests": "maxRequests",
        "max-requests-per-connection": "maxRequestsPerConnection",
        "max-retries": "maxRetries",
    }
)
_NAMES: Mapping[Variant, str] = MappingProxyType(
    {
        Variant.GLOBAL_EXTERNAL: "a global external load balancer",
        Variant.CLASSIC: "a classic load balancer",
        Variant.REGIONAL_EXTERNAL: "a regional external load balancer",
        Variant.REGIONAL_INTERNAL: "an internal load balancer",
    }
)
_FORMAT = ","  # access-logs may be followed by ",format=json"; Cloud Logging has but one format


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendOptions:
    """What is said of a backend service.

    Attributes:
        fields: Fields of the backend service, as the API spells them; only those that are said.
        keys: Keys that sign URLs.
        diagnostics: What is wrong or odd with what is said.
    """

    fields: Mapping[str, PlainInput]
    keys: tuple[SignedUrlKey, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def backend_options(
    context: Context, backend: BackendIntent, present: ObservedResource | None
) -> BackendOptions:
    """Return what BackendConfig and annotations say of a backend service.

    Args:
        context: The load balancer.
        backend: The backend.
        present: The backend service that exists.
    """
    config = backend_config(backend.options)
    problems = [*_refusals(context.variant, backend, config), *_iap_problems(backend, present)]
    policy, remarks = _security_policy(context, backend, config)
    cdn = config.cdn
    fields: Fields = {
        **_timing(context, config),
        **_affinity(backend, config),
        **_headers(config),
        **_logging(context, config),
        **_algorithm(context.variant, backend),
        **policy,
    }
    if config.iap is not None and context.variant is not Variant.REGIONAL_EXTERNAL:
        fields["iap"] = _iap(config.iap)
    if cdn is not None and context.variant.edge_features:
        fields["enableCDN"] = cdn.enabled
        fields["cdnPolicy"] = cdn_policy(cdn) if cdn.enabled else None
    return BackendOptions(
        fields=MappingProxyType(fields),
        keys=cdn.signed_url_keys if cdn is not None and cdn.enabled else (),
        diagnostics=(*problems, *remarks),
    )


def _timing(context: Context, config: BackendConfig) -> Fields:
    fields: Fields = {}
    portable = context.intent.options.get(TIMEOUT_SECONDS.name)
    seconds = config.timeout_seconds if config.timeout_seconds is not None else portable
    if isinstance(seconds, int):
        fields["timeoutSec"] = seconds
    if config.draining_seconds is not None:
        fields["connectionDraining"] = {"drainingTimeoutSec": config.draining_seconds}
    return fields


def _affinity(backend: BackendIntent, config: BackendConfig) -> Fields:
    stated = config.affinity
    if stated is not None:
        return {"sessionAffinity": stated.type, "affinityCookieTtlSec": stated.cookie_ttl or 0}
    word = backend.options.get(SESSION_AFFINITY.name)
    if isinstance(word, str) and word in _AFFINITIES:
        return {"sessionAffinity": _AFFINITIES[word], "affinityCookieTtlSec": 0}
    return {}


def _headers(config: BackendConfig) -> Fields:
    stated = {
        "customRequestHeaders": config.request_headers,
        "customResponseHeaders": config.response_headers,
    }
    return {name: headers for name, headers in stated.items() if headers is not None}


def _logging(context: Context, config: BackendConfig) -> Fields:
    stated = config.logging
    if stated is not None:
        rate = 1.0 if stated.sample_rate is None else stated.sample_rate
        return _log_config(rate if stated.enable else None)
    logs = context.intent.options.get(ACCESS_LOGS.name)
    return _log_config(_rate(logs.partition(_FORMAT)[0])) if isinstance(logs, str) else {}


def _rate(word: str) -> float | None:
    """Return which share of requests is logged, None for none of them."""
    if word in {"true", "false"}:
        return 1.0 if word == "true" else None
    return float(word) if word.replace(".", "", 1).isdecimal() else None


def _log_config(rate: float | None) -> Fields:
    if rate is None:
        return {"logConfig": {"enable": False}}
    return {"logConfig": {"enable": True, "sampleRate": rate}}


def _algorithm(variant: Variant, backend: BackendIntent) -> Fields:
    """Return what only load balancers that Envoy serves have."""
    if not variant.managed:
        return {}
    fields: Fields = {}
    word = backend.options.get(LOAD_BALANCING_ALGORITHM.name)
    if isinstance(word, str) and word in _ALGORITHMS:
        fields["localityLbPolicy"] = _ALGORITHMS[word]
    caps = backend.options.get(CIRCUIT_BREAKERS.name)
    if isinstance(caps, Mapping) and caps:
        fields["circuitBreakers"] = {_BREAKERS[name]: caps[name] for name in sorted(caps)}
    return fields


def _iap(iap: Iap) -> PlainInput:
    if not iap.enabled:
        return {"enabled": False}
    client = iap.client
    if client is None:
        return {"enabled": True}
    if client.client_secret is None:
        later = Unknown(f"what Secret {client.secret_name} holds")
        return {"enabled": True, "oauth2ClientId": later, "oauth2ClientSecret": later}
    return {
        "enabled": True,
        "oauth2ClientId": client.client_id,
        "oauth2ClientSecret": client.client_secret,
    }


def _iap_problems(backend: BackendIntent, present: ObservedResource | None) -> Iterator[Diagnostic]:
    """Yield that Google has no way back from a client of one's own to one that Google manages."""
    iap = backend_config(backend.options).iap
    before = present.spec.get("iap") if present is not None else None
    own = isinstance(before, Mapping) and before.get("oauth2ClientId")
    if iap is not None and iap.enabled and iap.client is None and own:
        yield refused(
            backend,
            "BACKEND-IAP-CLIENT",
            f"{backend.id} has an OAuth client of its own for Identity-Aware Proxy, and Google"
            " offers no way back to the client that it manages itself",
            hint="keep oauthclientCredentials, or switch IAP off first",
        )


def _security_policy(
    context: Context, backend: BackendIntent, config: BackendConfig
) -> tuple[Fields, tuple[Diagnostic, ...]]:
    """Return the Cloud Armor policy; what nobody could look up is taken at its word."""
    name = config.security_policy
    if name is None or context.variant.regional:
        return {}, ()
    if not name:
        return {"securityPolicy": None}, ()
    link = context.facts.security_policies.get(name)
    if link:
        return {"securityPolicy": link}, ()
    if link is None:
        return {"securityPolicy": _unconfirmed(context, name)}, _unchecked(context, backend, name)
    problem = refused(
        backend,
        "CLOUD-SECURITY-POLICY",
        f"BackendConfig {config.name} names security policy {name}, which project"
        f" {context.facts.project} does not have",
        hint="create the Cloud Armor policy, or correct its name",
    )
    return {}, (problem,)


def _unconfirmed(context: Context, name: str) -> PlainInput:
    project = context.facts.project
    if not project:
        return Unknown("depends on the project")
    return f"projects/{project}/global/securityPolicies/{name}"


def _unchecked(context: Context, backend: BackendIntent, name: str) -> tuple[Diagnostic, ...]:
    if Source.SECURITY_POLICIES.value not in context.facts.unread:
        return ()
    text = f"whether security policy {name} of {backend.id} exists could not be checked"
    hint = f"let us read {Source.SECURITY_POLICIES.value}"
    return (odd(backend, "CLOUD-UNCHECKED", text, hint=hint),)


def _refusals(
    variant: Variant, backend: BackendIntent, config: BackendConfig
) -> Iterator[Diagnostic]:
    """Yield what is asked for and the load balancer does not offer."""
    where = _NAMES[variant]
    for capability in _lacking(variant, backend, config):
        yield unsupported(
            f"{capability} behind {where} ({backend.id})",
            f"Ingress {backend.id.ingress}",
            field=backend.field,
            hint=_hint(variant),
            ingress=backend.id.ingress,
        )


def _lacking(variant: Variant, backend: BackendIntent, config: BackendConfig) -> Iterator[str]:
    if variant is Variant.REGIONAL_EXTERNAL and config.iap is not None and config.iap.enabled:
        yield "Identity-Aware Proxy"
    if not variant.edge_features and config.cdn is not None and config.cdn.enabled:
        yield "Cloud CDN"
    if variant.regional and config.security_policy:
        yield f"Security policy {config.security_policy}"
    algorithm = backend.options.get(LOAD_BALANCING_ALGORITHM.name)
    if not variant.managed and algorithm not in {None, "round-robin"}:
        yield f"Load balancing algorithm {algorithm}"
    if not variant.managed and backend.options.get(CIRCUIT_BREAKERS.name):
        yield "A circuit breaker"


def _hint(variant: Variant) -> str:
    if variant is Variant.CLASSIC:
        return "remove it, or choose google-load-balancer global-external"
    return "remove it, or choose a global load balancer (google-load-balancer global-external)"
