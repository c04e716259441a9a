"""Which quotas of a project a resource counts against, by Google's metrics.

Which backend services and forwarding rules count against which metric follows "Quotas and limits"
of Cloud Load Balancing. A classic backend service counts against the older metric and the newer one
of the same figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from providers.gcp.addresses import Kind
from provisioner.model.resource import ObservedResource, Resource

PROJECT = "the project"
"""The subject of project-wide limits."""

_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        Kind.TARGET_HTTP_PROXY.value: "TARGET_HTTP_PROXIES",
        Kind.TARGET_HTTPS_PROXY.value: "TARGET_HTTPS_PROXIES",
        Kind.URL_MAP.value: "URL_MAPS",
        Kind.HEALTH_CHECK.value: "HEALTH_CHECKS",
        Kind.SSL_CERTIFICATE.value: "SSL_CERTIFICATES",
        Kind.FIREWALL.value: "FIREWALLS",
    }
)
_IN_REGIONS: Mapping[str, str] = MappingProxyType(
    {
        Kind.NETWORK_ENDPOINT_GROUP.value: "NETWORK_ENDPOINT_GROUPS",
        Kind.INSTANCE_GROUP.value: "INSTANCE_GROUPS",
    }
)
_GLOBAL, _REGIONAL = False, True
_BY_SCHEME: Mapping[tuple[str, bool, str], tuple[str, ...]] = MappingProxyType(
    {
        (Kind.FORWARDING_RULE.value, _GLOBAL, "EXTERNAL"): ("FORWARDING_RULES",),
        (Kind.FORWARDING_RULE.value, _GLOBAL, "EXTERNAL_MANAGED"): (
            "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES",
        ),
        (Kind.FORWARDING_RULE.value, _REGIONAL, "EXTERNAL_MANAGED"): (
            "EXTERNAL_MANAGED_FORWARDING_RULES",
            "REGIONAL_EXTERNAL_MANAGED_FORWARDING_RULES_PER_REGION_PER_NETWORK",
        ),
        (Kind.FORWARDING_RULE.value, _REGIONAL, "INTERNAL_MANAGED"): (
            "REGIONAL_INTERNAL_MANAGED_FORWARDING_RULES_PER_REGION_PER_NETWORK",
        ),
        (Kind.BACKEND_SERVICE.value, _GLOBAL, "EXTERNAL"): (
            "BACKEND_SERVICES",
            "GLOBAL_EXTERNAL_PROXY_LB_BACKEND_SERVICES",
        ),
        (Kind.BACKEND_SERVICE.value, _GLOBAL, "EXTERNAL_MANAGED"): (
            "GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES",
        ),
        (Kind.BACKEND_SERVICE.value, _REGIONAL, "EXTERNAL_MANAGED"): (
            "REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES",
        ),
        (Kind.BACKEND_SERVICE.value, _REGIONAL, "INTERNAL_MANAGED"): (
            "REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES",
        ),
    }
)


def metrics_of(resource: Resource | ObservedResource) -> Iterator[str]:
    """Yield the names of the quotas of which a resource takes one."""
    spec = resource.spec
    region = spec.get("region")
    where = f"{region}/" if isinstance(region, str) and region else ""
    if resource.kind in _PLAIN:
        yield _PLAIN[resource.kind]
    elif resource.kind in _IN_REGIONS:
        zone = spec.get("zone")
        if isinstance(zone, str) and zone:
            yield f"{zone.rpartition('-')[0]}/{_IN_REGIONS[resource.kind]}"
    elif resource.kind == Kind.ADDRESS.value:
        if spec.get("addressType", "EXTERNAL") == "EXTERNAL":
            yield f"{where}STATIC_ADDRESSES"
    else:
        scheme = str(spec.get("loadBalancingScheme"))
        for metric in _BY_SCHEME.get((resource.kind, bool(where), scheme), ()):
            yield f"{where}{metric}"
