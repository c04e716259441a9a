"""Where a resource lives, and what the API calls its collection there.

Google spells one kind in two ways (``urlMaps`` and ``regionUrlMaps``, ``globalAddresses`` and
``addresses``), as the discovery document of the Compute API has it. A resource's place follows from
its spec: ``zone``, else ``region``, else it is global. The two are no fields of what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.gcp.addresses import Kind
from provisioner.model.resource import Spec

PLACE_FIELDS = frozenset({"project", "region", "zone"})
"""Fields of a spec that say where it is; the API takes them from the URL."""

GLOBAL = "global"

_COLLECTIONS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.ADDRESS: ("globalAddresses", "addresses"),
        Kind.FORWARDING_RULE: ("globalForwardingRules", "forwardingRules"),
        Kind.TARGET_HTTP_PROXY: ("targetHttpProxies", "regionTargetHttpProxies"),
        Kind.TARGET_HTTPS_PROXY: ("targetHttpsProxies", "regionTargetHttpsProxies"),
        Kind.URL_MAP: ("urlMaps", "regionUrlMaps"),
        Kind.SSL_CERTIFICATE: ("sslCertificates", "regionSslCertificates"),
        Kind.BACKEND_SERVICE: ("backendServices", "regionBackendServices"),
        Kind.HEALTH_CHECK: ("healthChecks", "regionHealthChecks"),
        Kind.FIREWALL: ("firewalls", "firewalls"),
        Kind.SIGNED_URL_KEY: ("backendServices", "backendServices"),
    }
)
"""Global and regional name of a collection."""

_ZONAL: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.NETWORK_ENDPOINT_GROUP: "networkEndpointGroups",
        Kind.NETWORK_ENDPOINTS: "networkEndpointGroups",
        Kind.INSTANCE_GROUP: "instanceGroups",
        Kind.INSTANCES: "instanceGroups",
        Kind.NAMED_PORTS: "instanceGroups",
    }
)


def scope_of(spec: Spec) -> str:
    """Return ``global``, ``regions/<region>`` or ``zones/<zone>``."""
    for field, collection in (("zone", "zones"), ("region", "regions")):
        where = spec.get(field)
        if isinstance(where, str) and where:
            return f"{collection}/{where}"
    return GLOBAL


def operation_of(kind: Kind, spec: Spec, verb: str) -> str:
    """Return the discovery document's name of an operation: ``regionUrlMaps.update``."""
    if kind in _ZONAL:
        return f"{_ZONAL[kind]}.{verb}"
    worldwide, regional = _COLLECTIONS[kind]
    return f"{worldwide if scope_of(spec) == GLOBAL else regional}.{verb}"


def is_regional(spec: Spec) -> bool:
    """Tell whether a resource lives in a region."""
    return scope_of(spec).startswith("regions/")
