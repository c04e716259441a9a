"""Backend services: completed with the documented defaults, and checked.

Sources: the field descriptions of ``BackendService`` in the published schema, "Backend services
overview" (balancing modes and their targets, compatible modes, what cannot be mixed) and "Quotas
and limits" of Cloud Load Balancing.
"""

from __future__ import annotations

import hashlib

from provisioner.sandbox.cluster.documents import Document, number, part, text, texts
from provisioner.sandbox.gcp.backends import check_backends
from provisioner.sandbox.gcp.errors import RefusalError, invalid, limit_exceeded, not_emulated
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.reach import frontend_schemes, maps_of, serves
from provisioner.sandbox.gcp.references import ScopeKind

SCHEMES = {
    ScopeKind.GLOBAL: ("EXTERNAL", "EXTERNAL_MANAGED"),
    ScopeKind.REGION: ("EXTERNAL_MANAGED", "INTERNAL_MANAGED"),
}
PROTOCOLS = ("HTTP", "HTTPS", "HTTP2", "H2C")
LONGEST_COOKIE_SECONDS = 1_209_600
LARGEST_HEADERS = 8 * 1024
_PORT_NAMES = {"HTTP": "http", "HTTPS": "https", "HTTP2": "http2", "H2C": "http"}


def prepare_backend_service(change: Change) -> None:
    """Complete and check a backend service."""
    change.default(loadBalancingScheme="EXTERNAL", protocol="HTTP")
    _check_scheme(change)
    _check_protocol(change)
    _fill(change)
    _check_health_check(change.document)
    _check_figures(change.document)
    _check_headers(change)
    _check_features(change.document)
    _check_migration(change)
    _check_frontends(change)
    backends = check_backends(change)
    if backends:
        change.put(backends=backends)
    _hide_secret(change)


def _check_scheme(change: Change) -> None:
    scheme = text(change.document, "loadBalancingScheme")
    if scheme not in SCHEMES[change.ref.scope.kind]:
        raise not_emulated(f"backend services with scheme {scheme} in {change.ref.scope.path}")


def _check_protocol(change: Change) -> None:
    protocol = text(change.document, "protocol")
    if protocol not in PROTOCOLS:
        raise not_emulated(f"backend services with protocol {protocol}")
    if protocol == "H2C" and text(change.document, "loadBalancingScheme") == "EXTERNAL":
        raise invalid("resource.protocol", protocol, "H2C is not supported for scheme EXTERNAL.")


def _fill(change: Change) -> None:
    protocol = text(change.document, "protocol")
    change.default(
        affinityCookieTtlSec=0,
        connectionDraining={"drainingTimeoutSec": 0},
        enableCDN=False,
        port=443 if protocol == "HTTPS" else 80,
        portName=_PORT_NAMES[protocol],
        sessionAffinity="NONE",
        timeoutSec=30,
    )
    if text(change.document, "loadBalancingScheme") != "EXTERNAL":
        change.default(localityLbPolicy="ROUND_ROBIN")
    if change.ref.scope.kind is ScopeKind.REGION:
        change.document.pop("enableCDN", None)


def _check_health_check(document: Document) -> None:
    checks = texts(document, "healthChecks")
    if len(checks) > 1:
        raise invalid("resource.healthChecks", len(checks), "At most one health check is allowed.")
    if not checks:
        message = "A health check is required unless all backends are serverless or internet NEGs."
        raise invalid("resource.healthChecks", "", message)


def _check_figures(document: Document) -> None:
    ranges = {
        "affinityCookieTtlSec": (0, LONGEST_COOKIE_SECONDS),
        "timeoutSec": (1, 2**31 - 1),
        "port": (1, 65535),
    }
    for name, (low, high) in ranges.items():
        value = number(document, name)
        if not low <= value <= high:
            raise invalid(f"resource.{name}", value, f"Must be between {low} and {high}.")
    draining = number(document, "connectionDraining", "drainingTimeoutSec")
    if not 0 <= draining <= 3600:  # noqa: PLR2004  # an hour, "Enable connection draining"
        field = "resource.connectionDraining.drainingTimeoutSec"
        raise invalid(field, draining, "Must be between 0 and 3600.")


def _check_headers(change: Change) -> None:
    limit = change.compute.limits["custom-headers-per-backend-service"]
    for name in ("customRequestHeaders", "customResponseHeaders"):
        headers = texts(change.document, name)
        if len(headers) > limit:
            raise limit_exceeded(f"resource.{name}", f"At most {limit} headers are allowed.")
        if sum(map(len, headers)) > LARGEST_HEADERS:
            raise limit_exceeded(f"resource.{name}", "At most 8 KB of headers are allowed.")
        for index, header in enumerate(headers):
            if ":" not in header:
                raise invalid(f"resource.{name}[{index}]", header, "Must be 'name: value'.")


def _check_features(document: Document) -> None:
    iap, cdn = part(document, "iap").get("enabled") is True, document.get("enableCDN") is True
    if iap and cdn:
        message = "Identity-Aware Proxy and Cloud CDN cannot both be enabled."
        raise invalid("resource.enableCDN", value=True, message=message)
    if cdn and text(document, "loadBalancingScheme") == "INTERNAL_MANAGED":
        raise invalid("resource.enableCDN", value=True, message="Not for INTERNAL_MANAGED.")
    sample = part(document, "logConfig").get("sampleRate")
    if isinstance(sample, int | float) and not 0 <= sample <= 1:
        raise invalid("resource.logConfig.sampleRate", sample, "Must be between 0 and 1.")


def _check_migration(change: Change) -> None:
    """Follow the migration states: PREPARE, TEST_*, and only then another scheme."""
    state = text(change.document, "externalManagedMigrationState")
    before = change.previous
    scheme = text(change.document, "loadBalancingScheme")
    if state == "TEST_BY_PERCENTAGE":
        share = change.document.get("externalManagedMigrationTestingPercentage", 0)
        if not isinstance(share, int | float) or not 0 <= share <= 100:  # noqa: PLR2004  # per cent
            field = "resource.externalManagedMigrationTestingPercentage"
            raise invalid(field, share, "Must be between 0 and 100.")
    if before is None:
        return
    earlier = text(before, "externalManagedMigrationState")
    if state.startswith("TEST") and not earlier:
        field = "resource.externalManagedMigrationState"
        raise invalid(field, state, "The state must be changed to PREPARE first.")
    was = text(before, "loadBalancingScheme")
    if scheme != was and not _may_change_scheme(was, scheme, earlier):
        message = "Only possible between EXTERNAL and EXTERNAL_MANAGED, in state TEST_ALL_TRAFFIC."
        raise invalid("resource.loadBalancingScheme", scheme, message)


def _may_change_scheme(was: str, scheme: str, state: str) -> bool:
    return {was, scheme} == {"EXTERNAL", "EXTERNAL_MANAGED"} and state == "TEST_ALL_TRAFFIC"


def _check_frontends(change: Change) -> None:
    """Keep a service from a scheme that the forwarding rules in front of it do not have."""
    scheme = text(change.document, "loadBalancingScheme")
    for url_map in maps_of(change.compute, change.ref.url):
        for frontend in frontend_schemes(change.compute, url_map.ref.url):
            if not serves(frontend, scheme):
                message = f"Forwarding rules of scheme {frontend} lead to this service."
                raise invalid("resource.loadBalancingScheme", scheme, message)


def _hide_secret(change: Change) -> None:
    """Answer the hash of the OAuth secret in its place, as the description of the field says."""
    iap = part(change.document, "iap")
    secret = iap.get("oauth2ClientSecret")
    if isinstance(secret, str) and secret:
        hashed = hashlib.sha256(secret.encode()).hexdigest()
        kept = {key: value for key, value in iap.items() if key != "oauth2ClientSecret"}
        change.put(iap={**kept, "oauth2ClientSecretSha256": hashed})
    elif "oauth2ClientId" not in iap and "oauth2ClientSecretSha256" in iap:
        kept = {key: value for key, value in iap.items() if key != "oauth2ClientSecretSha256"}
        change.put(iap=kept)  # a client that is gone takes the hash of its secret along (inferred)


def set_security_policy(document: Document, body: Document) -> Document:
    """Return the service with the Cloud Armor policy of the body, or without one."""
    policy = text(body, "securityPolicy")
    rest = {key: value for key, value in document.items() if key != "securityPolicy"}
    return {**rest, "securityPolicy": policy} if policy else rest


def add_signed_url_key(document: Document, body: Document) -> Document:
    """Return the service with one more key; only names are ever answered."""
    names = [*texts(document, "cdnPolicy", "signedUrlKeyNames")]
    name = text(body, "keyName")
    if name in names:
        raise RefusalError(400, "invalid", f"The key '{name}' already exists.")
    if len(names) >= 3:  # noqa: PLR2004  # "Quotas and limits" of Cloud CDN
        raise limit_exceeded("resource.keyName", "At most 3 keys are allowed.")
    policy = part(document, "cdnPolicy")
    return {**document, "cdnPolicy": {**policy, "signedUrlKeyNames": [*names, name]}}


def delete_signed_url_key(document: Document, name: str) -> Document:
    """Return the service without a key."""
    names = [each for each in texts(document, "cdnPolicy", "signedUrlKeyNames") if each != name]
    policy = part(document, "cdnPolicy")
    return {**document, "cdnPolicy": {**policy, "signedUrlKeyNames": names}}


BACKEND_SERVICES = Kind(
    collection="backendServices",
    schema="BackendService",
    noun="backend_service",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "update", "patch", "delete"}),
    references=(
        Reference(path=("healthChecks", "*"), collections=("healthChecks",)),
        Reference(
            path=("backends", "*", "group"),
            collections=("instanceGroups", "networkEndpointGroups"),
        ),
        Reference(path=("securityPolicy",), collections=("securityPolicies",)),
        Reference(path=("edgeSecurityPolicy",), collections=("securityPolicies",)),
    ),
    prepare=prepare_backend_service,
    fingerprint=True,
    guarded=frozenset({"update", "patch"}),
)
