"""The one form in which a resource's fields are compared, whoever spelled them.

Google fills in defaults, answers lists in an order of its own and adds fields that nobody asked
for. A plan compares field by field, so both sides pass through here last: what is wanted, and what
was observed. What is left are the fields that we own, with Google's own default where one of them
is not said (so that leaving a setting out restores the default), whole numbers as whole numbers,
and what has no order sorted.

URL maps have a form of their own (``routing.canonical``). Sources of the defaults: the field
descriptions of the Compute API.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from providers.gcp.addresses import Kind
from provisioner.model.resource import Fingerprint, PlainInput, Spec, Value, canonical, freeze_spec

Fields: TypeAlias = dict[str, PlainInput]

_ALWAYS = frozenset({"name", "description"})
_ELSEWHERE = frozenset({"region", "project", "securityPolicy"})  # no part of an update's body
_HTTP_PARTS: Mapping[str, str] = MappingProxyType(
    {"HTTP": "httpHealthCheck", "HTTPS": "httpsHealthCheck", "HTTP2": "http2HealthCheck"}
)
_GRPC_PARTS: Mapping[str, str] = MappingProxyType(
    {"GRPC": "grpcHealthCheck", "GRPC_WITH_TLS": "grpcTlsHealthCheck"}
)
_DEFAULT_PORT_NAMES = frozenset({"http", "https", "http2", "h2c"})
_CLASSIC = "EXTERNAL"

OWNED: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.ADDRESS: _ALWAYS
        | {"region", "address", "addressType", "networkTier", "purpose", "subnetwork"},
        Kind.FORWARDING_RULE: _ALWAYS
        | {"region", "IPAddress", "IPProtocol", "portRange", "loadBalancingScheme", "target"}
        | {"network", "subnetwork", "networkTier", "allowGlobalAccess"},
        Kind.TARGET_HTTP_PROXY: _ALWAYS | {"region", "urlMap"},
        Kind.TARGET_HTTPS_PROXY: _ALWAYS
        | {"region", "urlMap", "sslCertificates", "sslPolicy", "certificateMap", "quicOverride"},
        Kind.SSL_CERTIFICATE: _ALWAYS | {"region", "type", "selfManaged", "managed"},
        Kind.BACKEND_SERVICE: _ALWAYS
        | {"region", "loadBalancingScheme", "protocol", "portName", "healthChecks", "backends"}
        | {"timeoutSec", "connectionDraining", "sessionAffinity", "affinityCookieTtlSec"}
        | {"localityLbPolicy", "customRequestHeaders", "customResponseHeaders", "logConfig"}
        | {"enableCDN", "cdnPolicy", "iap", "securityPolicy", "circuitBreakers"}
        | {"outlierDetection"},
        Kind.HEALTH_CHECK: _ALWAYS
        | {"region", "type", "checkIntervalSec", "timeoutSec", "healthyThreshold"}
        | {"unhealthyThreshold", *_HTTP_PARTS.values(), *_GRPC_PARTS.values()},
        Kind.NETWORK_ENDPOINT_GROUP: _ALWAYS
        | {"zone", "networkEndpointType", "network", "subnetwork", "defaultPort"},
        Kind.NETWORK_ENDPOINTS: frozenset({"networkEndpointGroup", "zone", "networkEndpoints"}),
        Kind.SIGNED_URL_KEY: frozenset({"region", "backendService", "keyName", "keyValue"}),
        Kind.INSTANCE_GROUP: _ALWAYS | {"zone", "network"},
        Kind.INSTANCES: frozenset({"instanceGroup", "zone", "instances"}),
        Kind.NAMED_PORTS: frozenset({"instanceGroup", "zone", "namedPorts"}),
        Kind.FIREWALL: _ALWAYS
        | {"network", "direction", "priority", "sourceRanges", "targetTags", "allowed", "disabled"}
        | {"project"},
    }
)
"""Which fields of each kind are ours to set; everything else is left as it is found."""

_DEFAULTS: Mapping[Kind, Mapping[str, PlainInput]] = MappingProxyType(
    {
        Kind.ADDRESS: {"addressType": "EXTERNAL"},
        Kind.FORWARDING_RULE: {"IPProtocol": "TCP"},
        Kind.TARGET_HTTPS_PROXY: {"sslCertificates": ()},
        Kind.SSL_CERTIFICATE: {"type": "SELF_MANAGED"},
        Kind.BACKEND_SERVICE: {
            "protocol": "HTTP",
            "backends": (),
            "timeoutSec": 30,
            "connectionDraining": {"drainingTimeoutSec": 0},
            "sessionAffinity": "NONE",
            "affinityCookieTtlSec": 0,
            "customRequestHeaders": (),
            "customResponseHeaders": (),
            "logConfig": {"enable": False},
        },
        Kind.HEALTH_CHECK: {
            "checkIntervalSec": 5,
            "timeoutSec": 5,
            "healthyThreshold": 2,
            "unhealthyThreshold": 2,
        },
        Kind.NETWORK_ENDPOINT_GROUP: {"networkEndpointType": "GCE_VM_IP_PORT"},
        Kind.NETWORK_ENDPOINTS: {"networkEndpoints": ()},
        Kind.INSTANCES: {"instances": ()},
        Kind.NAMED_PORTS: {"namedPorts": ()},
        Kind.FIREWALL: {"direction": "INGRESS", "priority": 1000, "disabled": False},
    }
)

# Fields whose default says nothing: answered by Google, and left out by everybody.
_SILENT: Mapping[Kind, Mapping[str, PlainInput]] = MappingProxyType(
    {
        Kind.ADDRESS: {"networkTier": "PREMIUM", "purpose": "GCE_ENDPOINT"},
        Kind.FORWARDING_RULE: {"networkTier": "PREMIUM", "allowGlobalAccess": False},
        Kind.TARGET_HTTPS_PROXY: {"quicOverride": "NONE"},
    }
)

_INNER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cdnPolicy": frozenset(
            {"cacheMode", "cacheKeyPolicy", "clientTtl", "defaultTtl", "maxTtl", "negativeCaching"}
            | {"negativeCachingPolicy", "requestCoalescing", "serveWhileStale"}
            | {"bypassCacheOnRequestHeaders", "signedUrlCacheMaxAgeSec"}
        ),
        "cacheKeyPolicy": frozenset(
            {"includeHost", "includeProtocol", "includeQueryString"}
            | {"queryStringBlacklist", "queryStringWhitelist"}
        ),
        "iap": frozenset({"enabled", "oauth2ClientId", "oauth2ClientSecret"}),
        "logConfig": frozenset({"enable", "sampleRate"}),
        "circuitBreakers": frozenset(
            {"maxConnections", "maxPendingRequests", "maxRequests", "maxRequestsPerConnection"}
            | {"maxRetries"}
        ),
        "connectionDraining": frozenset({"drainingTimeoutSec"}),
        "httpHealthCheck": frozenset({"port", "portSpecification", "requestPath", "host"}),
        "httpsHealthCheck": frozenset({"port", "portSpecification", "requestPath", "host"}),
        "http2HealthCheck": frozenset({"port", "portSpecification", "requestPath", "host"}),
        "grpcHealthCheck": frozenset({"port", "portSpecification"}),
        "grpcTlsHealthCheck": frozenset({"port", "portSpecification"}),
    }
)
"""Which parts of a part are ours."""

_CDN: Mapping[str, PlainInput] = MappingProxyType(
    {
        "cacheMode": "CACHE_ALL_STATIC",
        "negativeCaching": False,
        "requestCoalescing": False,
        "signedUrlCacheMaxAgeSec": "0",
    }
)

_BACKEND = ("group", "balancingMode", "maxRatePerEndpoint", "maxRatePerInstance", "capacityScaler")


def shaped(kind: Kind, fields: Mapping[str, PlainInput]) -> Spec:
    """Return the fields of a resource in the form in which they are compared.

    Args:
        kind: Any kind but a URL map.
        fields: As the API spells them, Refs in place of what resources of ours provide.
    """
    owned = OWNED[kind]
    kept = {name: _tidy(value) for name, value in fields.items() if name in owned}
    kept = {name: value for name, value in kept.items() if not _says_nothing(kind, name, value)}
    kept = {**_DEFAULTS.get(kind, {}), **kept}
    shape = _SHAPES.get(kind)
    return freeze_spec(shape(kept) if shape is not None else kept)


def update_body(kind: Kind, spec: Spec) -> Spec:
    """Return the body of an ``update``: the spec, and None for what is ours and not in it."""
    owned = OWNED[kind] - _ELSEWHERE
    body: Fields = {name: _complete(name, spec.get(name)) for name in owned}
    return freeze_spec(body)


def _complete(name: str, value: Value) -> PlainInput:
    """Return a part with None for what of it is ours and not said."""
    inner = _INNER.get(name)
    if inner is None or not isinstance(value, Mapping):
        return value
    return {each: _complete(each, value.get(each)) for each in inner}


def _says_nothing(kind: Kind, name: str, value: PlainInput) -> bool:
    silent = _SILENT.get(kind, {})
    if name in silent and value == silent[name]:
        return True
    return value is None or (isinstance(value, str | tuple | list | Mapping) and not value)


def _tidy(value: PlainInput) -> PlainInput:
    """Return a value with whole numbers whole, and without what is None inside it."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: _tidy(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [_tidy(item) for item in value]
    return value


def _part(fields: Fields, name: str) -> Fields | None:
    """Return what is ours of a part, None where the field is no part."""
    value = fields.get(name)
    if not isinstance(value, Mapping):
        return None
    inner = _INNER.get(name)
    return {key: item for key, item in value.items() if inner is None or key in inner}


def _sorted(value: PlainInput) -> list[PlainInput]:
    items = list(value) if isinstance(value, tuple | list) else []
    return sorted(items, key=lambda item: canonical(freeze_spec({"": item})))


# --- backend services and health checks -------------------------------------------------------


def _backend_service(fields: Fields) -> Fields:
    regional = "region" in fields
    shape = dict(fields)
    if not regional:
        shape.setdefault("enableCDN", False)
        shape.setdefault("iap", {"enabled": False})
    if fields.get("loadBalancingScheme", _CLASSIC) != _CLASSIC:
        shape.setdefault("localityLbPolicy", "ROUND_ROBIN")
    if shape.get("portName") in _DEFAULT_PORT_NAMES:
        del shape["portName"]
    if shape.get("enableCDN") is not True:
        shape.pop("cdnPolicy", None)
        if regional:
            shape.pop("enableCDN", None)
    for name, form in (("cdnPolicy", _cdn), ("iap", _iap), ("logConfig", _logging)):
        part = _part(shape, name)
        if part is not None:
            shape[name] = form(part)
    if regional and shape.get("iap") == {"enabled": False}:
        del shape["iap"]
    if isinstance(shape["backends"], tuple | list):
        shape["backends"] = _sorted([_backend(each) for each in shape["backends"]])
    return shape


def _backend(value: PlainInput) -> PlainInput:
    if not isinstance(value, Mapping):
        return value
    backend = {name: value[name] for name in _BACKEND if name in value}
    return {"balancingMode": "RATE", "capacityScaler": 1, **backend}


def _cdn(part: Fields) -> Fields:
    part = {**_CDN, **part}
    key = _part(part, "cacheKeyPolicy")
    flags = ("includeHost", "includeProtocol", "includeQueryString")
    given = {**dict.fromkeys(flags, key is None), **_said(key or {})}
    return {**_said(part), "cacheKeyPolicy": given}


def _said(part: Fields) -> Fields:
    """Return a part without its empty lists."""
    return {name: value for name, value in part.items() if value not in ((), [], "")}


def _iap(part: Fields) -> Fields:
    if part.get("enabled") is not True:
        return {"enabled": False}
    secret = part.get("oauth2ClientSecret")
    if isinstance(secret, Fingerprint) and secret.secret:
        # Google answers this very hash, and so it can be compared.
        digest = hashlib.sha256(secret.secret.encode()).hexdigest()
        part["oauth2ClientSecret"] = Fingerprint(digest, secret.secret)
    return _said(part)


def _logging(part: Fields) -> Fields:
    if part.get("enable") is not True:
        return {"enable": False}
    return {"enable": True, "sampleRate": part.get("sampleRate", 1)}


def _health_check(fields: Fields) -> Fields:
    shape = dict(fields)
    used = _HTTP_PARTS.get(str(shape.get("type")), "")
    for name in _HTTP_PARTS.values():
        part = _part(shape, name)
        if name != used:
            shape.pop(name, None)
        elif part is not None or name == used:
            shape[name] = _asked(part or {}, https=name != "httpHealthCheck")
    for kind, name in _GRPC_PARTS.items():
        if shape.get("type") != kind:
            shape.pop(name, None)
        else:
            shape[name] = {"portSpecification": "USE_FIXED_PORT", **(_part(shape, name) or {})}
    return shape


def _asked(part: Fields, *, https: bool) -> Fields:
    """Return how an HTTP health check asks."""
    asked: Fields = {"portSpecification": "USE_FIXED_PORT", "requestPath": "/", **_said(part)}
    if asked["portSpecification"] == "USE_FIXED_PORT":
        asked.setdefault("port", 443 if https else 80)
    else:
        asked.pop("port", None)
    return asked


# --- everything else --------------------------------------------------------------------------


def _forwarding_rule(fields: Fields) -> Fields:
    ports = fields.get("portRange")
    if isinstance(ports, str) and "-" not in ports:
        return {**fields, "portRange": f"{ports}-{ports}"}
    return fields


def _certificate(fields: Fields) -> Fields:
    shape = dict(fields)
    managed, own = shape.pop("managed", None), shape.pop("selfManaged", None)
    if shape["type"] == "MANAGED" and isinstance(managed, Mapping):
        shape["managed"] = {"domains": managed.get("domains", ())}
    elif isinstance(own, Mapping):
        shape["selfManaged"] = {
            name: own[name] for name in ("certificate", "privateKey") if name in own
        }
    return shape


def _firewall(fields: Fields) -> Fields:
    shape = dict(fields)
    for name in ("sourceRanges", "targetTags"):
        if isinstance(shape.get(name), tuple | list):
            shape[name] = _sorted(shape[name])
    network = shape.get("network")
    if isinstance(network, str) and network.startswith("projects/"):
        shape["project"] = network.split("/")[1]  # a firewall rule is where its network is
    allowed = shape.get("allowed")
    if isinstance(allowed, tuple | list):
        shape["allowed"] = _sorted([_protocol(each) for each in allowed])
    return shape


def _protocol(value: PlainInput) -> PlainInput:
    if not isinstance(value, Mapping):
        return value
    return {**value, "ports": _sorted(value.get("ports", ()))} if "ports" in value else value


def _sorting(name: str) -> Callable[[Fields], Fields]:
    """Return the shape of something whose one list has no order."""

    def shape(fields: Fields) -> Fields:
        items = fields.get(name)
        return {**fields, name: _sorted(items)} if isinstance(items, tuple | list) else fields

    return shape


_SHAPES: Mapping[Kind, Callable[[Fields], Fields]] = MappingProxyType(
    {
        Kind.BACKEND_SERVICE: _backend_service,
        Kind.HEALTH_CHECK: _health_check,
        Kind.FORWARDING_RULE: _forwarding_rule,
        Kind.SSL_CERTIFICATE: _certificate,
        Kind.FIREWALL: _firewall,
        Kind.NETWORK_ENDPOINTS: _sorting("networkEndpoints"),
        Kind.INSTANCES: _sorting("instances"),
        Kind.NAMED_PORTS: _sorting("namedPorts"),
    }
)
