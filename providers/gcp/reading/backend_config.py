"""Read a BackendConfig: the settings of one backend that GKE keeps in an object of its own.

The annotation on a Service names one for each of its ports, or one for all of them. Values are
checked against what the Compute API documents of the fields that they end in, because it refuses a
bad one in the middle of an apply.

Sources: the CustomResourceDefinition (cloud.google.com/v1 and v1beta1, which are alike), "Configure
Ingress features through BackendConfig parameters" in the GKE documentation, and the descriptions of
``BackendService`` and ``HealthCheck`` in the Compute API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from providers.gcp.backend_config import (
    Affinity,
    BackendConfig,
    HealthCheckSettings,
    Iap,
    Logging,
    OAuthClient,
    client_secret,
)
from providers.gcp.reading import cdn
from providers.gcp.reading.fields import RESOURCE_NAME, Fields, Notes
from providers.gcp.reading.headers import headers
from providers.gcp.settings import BACKEND_CONFIG_KIND
from provisioner.core.values import INT32, PORTS
from provisioner.model.kube import NO_STRINGS, Parameters, ServicePort

AFFINITIES = ("NONE", "CLIENT_IP", "GENERATED_COOKIE")
CHECK_TYPES = ("HTTP", "HTTPS", "HTTP2")
CHECK_SECONDS = (1, 300)
THRESHOLDS = (1, 10)
COOKIE_SECONDS = (0, 1_209_600)  # two weeks; GKE's own check stops at a day
DRAINING_SECONDS = (0, 3600)
TIMEOUT_SECONDS = (1, INT32 - 1)

_COOKIE = "GENERATED_COOKIE"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfigNames:
    """Which BackendConfig counts for which port of a Service (``core.objects.NamesObject``)."""

    default: str = ""
    ports: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)

    @property
    def object_kind(self) -> str:
        """The kind of object that is named."""
        return BACKEND_CONFIG_KIND

    def object_names(self, port: ServicePort | None) -> tuple[str, ...]:
        """Return the name for a port: by its name, by its number, else the default."""
        if port is None:
            return ()
        keys = (port.name, str(port.port))
        name = next((self.ports[key] for key in keys if key and key in self.ports), self.default)
        return (name,) if name else ()

    def filled(self, found: Mapping[str, Parameters]) -> BackendConfig | None:
        """Return what the object says, None where no object counts."""
        named = next(iter(found.values()), None)
        return None if named is None else backend_config(named)


def backend_config(parameters: Parameters) -> BackendConfig:
    """Return what a BackendConfig says.

    Raises:
        ObjectError: Something in it cannot be.
    """
    notes = Notes(parameters.meta.name)
    spec = Fields(parameters.spec, where="spec", notes=notes)
    config = BackendConfig(
        name=parameters.meta.name,
        iap=_iap(spec.block("iap")),
        cdn=cdn.cdn(spec.block("cdn")),
        security_policy=_security_policy(spec.block("securityPolicy")),
        timeout_seconds=spec.integer("timeoutSec", TIMEOUT_SECONDS),
        draining_seconds=_draining(spec.block("connectionDraining")),
        affinity=_affinity(spec.block("sessionAffinity")),
        request_headers=headers(spec.block("customRequestHeaders")),
        response_headers=headers(spec.block("customResponseHeaders")),
        health_check=_health_check(spec.block("healthCheck")),
        logging=_logging(spec.block("logging")),
    )
    if config.iap is not None and config.iap.enabled and config.cdn and config.cdn.enabled:
        notes.wrong(
            "spec.iap.enabled",
            "Identity-Aware Proxy and Cloud CDN are both switched on, and the cache would hand to"
            " everybody what the proxy let one person see",
            hint="switch one of the two off",
        )
    return replace(config, object_remarks=notes.finished())


def _iap(block: Fields | None) -> Iap | None:
    if block is None:
        return None
    enabled = block.boolean("enabled") or False
    client = block.block("oauthclientCredentials")
    return Iap(enabled=enabled, client=None if client is None else _client(client))


def _client(block: Fields) -> OAuthClient | None:
    """Return the OAuth client, None where the block names none (Google manages one then)."""
    secret_name = block.text("secretName") or ""
    client_id = block.text("clientID") or ""
    secret = block.text("clientSecret") or ""
    if secret_name:
        if client_id or secret:
            block.odd(
                "secretName",
                "it outranks the clientID and clientSecret beside it",
                hint="remove the two: a secret does not belong into a BackendConfig",
            )
        return OAuthClient(secret_name=secret_name)
    if bool(client_id) is not bool(secret):
        missing = "clientSecret" if client_id else "clientID"
        if missing not in block:
            hint = "name a Secret with client_id and client_secret"
            block.wrong(missing, "it is missing", hint=hint)
        return None
    return OAuthClient(client_id=client_id, client_secret=client_secret(secret)) if secret else None


def _security_policy(block: Fields | None) -> str | None:
    if block is None:
        return None
    return block.matching("name", RESOURCE_NAME, example="shop-policy") or ""


def _draining(block: Fields | None) -> int | None:
    """Return the time; a block without one says what Go's zero value says to GKE: none at all."""
    if block is None:
        return None
    return block.integer("drainingTimeoutSec", DRAINING_SECONDS) or 0


def _affinity(block: Fields | None) -> Affinity | None:
    if block is None:
        return None
    kind = block.choice("affinityType", ("", *AFFINITIES)) or AFFINITIES[0]
    ttl = block.integer("affinityCookieTtlSec", COOKIE_SECONDS)
    if ttl and kind != _COOKIE:
        block.odd(
            "affinityCookieTtlSec",
            f"it has no effect with affinityType {kind}",
            hint=f"write affinityType: {_COOKIE}, or remove it",
        )
    return Affinity(type=kind, cookie_ttl=ttl)


def _health_check(block: Fields | None) -> HealthCheckSettings | None:
    if block is None:
        return None
    interval = block.integer("checkIntervalSec", CHECK_SECONDS)
    timeout = block.integer("timeoutSec", CHECK_SECONDS)
    if interval is not None and timeout is not None and timeout > interval:
        block.wrong(
            "timeoutSec",
            f"{timeout} is longer than checkIntervalSec, which is {interval}",
            hint=f"write at most {interval}, or a longer checkIntervalSec",
        )
    return HealthCheckSettings(
        interval_seconds=interval,
        timeout_seconds=timeout,
        healthy_threshold=block.integer("healthyThreshold", THRESHOLDS),
        unhealthy_threshold=block.integer("unhealthyThreshold", THRESHOLDS),
        type=block.choice("type", CHECK_TYPES),
        port=block.integer("port", PORTS),
        request_path=_request_path(block),
    )


def _request_path(block: Fields) -> str | None:
    path = block.text("requestPath")
    if path is not None and (not path.startswith("/") or re.search(r"\s", path)):
        block.wrong(
            "requestPath", f'"{path}" is not an absolute path', hint='write one such as "/healthz"'
        )
        return None
    return path


def _logging(block: Fields | None) -> Logging | None:
    if block is None:
        return None
    enable = block.boolean("enable") or False
    rate = block.number("sampleRate", (0, 1))
    if rate is not None and not enable:
        block.odd("sampleRate", "it has no effect while logging is off", hint="write enable: true")
    return Logging(enable=enable, sample_rate=rate)
