"""Usage against quotas: which resource counts against which metric.

Which backend services and forwarding rules count against which metric follows "Quotas and limits"
of Cloud Load Balancing; that a global classic one counts twice, against the old and against the
new metric, is inferred from both being listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from provisioner.sandbox.cluster.documents import Document, text
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import quota_exceeded
from provisioner.sandbox.gcp.quota_limits import PROJECT_DEFAULTS, REGION_DEFAULTS
from provisioner.sandbox.gcp.references import Ref, ScopeKind
from provisioner.sandbox.gcp.state import Resource

_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "networks": "NETWORKS",
        "subnetworks": "SUBNETWORKS",
        "firewalls": "FIREWALLS",
        "targetHttpProxies": "TARGET_HTTP_PROXIES",
        "targetHttpsProxies": "TARGET_HTTPS_PROXIES",
        "urlMaps": "URL_MAPS",
        "healthChecks": "HEALTH_CHECKS",
        "sslCertificates": "SSL_CERTIFICATES",
        "sslPolicies": "SSL_POLICIES",
        "securityPolicies": "SECURITY_POLICIES",
    }
)
_IN_REGIONS: Mapping[str, str] = MappingProxyType(
    {"networkEndpointGroups": "NETWORK_ENDPOINT_GROUPS", "instanceGroups": "INSTANCE_GROUPS"}
)
_BY_SCHEME: Mapping[tuple[str, bool, str], tuple[str, ...]] = MappingProxyType(
    {
        ("forwardingRules", True, "EXTERNAL"): ("FORWARDING_RULES",),
        ("forwardingRules", True, "EXTERNAL_MANAGED"): (
            "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES",
        ),
        ("forwardingRules", False, "EXTERNAL_MANAGED"): ("EXTERNAL_MANAGED_FORWARDING_RULES",),
        ("backendServices", True, "EXTERNAL"): (
            "BACKEND_SERVICES",
            "GLOBAL_EXTERNAL_PROXY_LB_BACKEND_SERVICES",
        ),
        ("backendServices", True, "EXTERNAL_MANAGED"): (
            "GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES",
        ),
        ("backendServices", False, "EXTERNAL_MANAGED"): (
            "REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES",
        ),
        ("backendServices", False, "INTERNAL_MANAGED"): (
            "REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES",
        ),
    }
)


def check_quotas(compute: Compute, ref: Ref, document: Document) -> None:
    """Refuse a new resource for which a quota has no room."""
    for metric, region in _metrics(ref, document):
        limit = compute.quotas.of_region(region, metric) if region else compute.quotas[metric]
        count = _count(compute.resources(ref.collection), ref.project, (metric, region))
        if count + 1 > limit:
            raise quota_exceeded(metric, limit, f"in region {region}" if region else "globally")


def used(compute: Compute, project: str, metric: str, region: str) -> int:
    """Return how many resources count against a metric."""
    return _count(compute.state.resources, project, (metric, region))


def project_quotas(compute: Compute, project: str) -> list[Document]:
    """Return the quotas as ``projects.get`` lists them."""
    return [
        {
            "metric": metric,
            "limit": float(compute.quotas[metric]),
            "usage": float(used(compute, project, metric, "")),
        }
        for metric in sorted(PROJECT_DEFAULTS)
    ]


def region_quotas(compute: Compute, project: str, region: str) -> list[Document]:
    """Return the quotas as ``regions.get`` lists them."""
    return [
        {
            "metric": metric,
            "limit": float(compute.quotas.of_region(region, metric)),
            "usage": float(used(compute, project, metric, region)),
        }
        for metric in sorted(REGION_DEFAULTS)
    ]


def _count(resources: Iterable[Resource], project: str, metric: tuple[str, str]) -> int:
    return sum(
        metric in _metrics(resource.ref, resource.document)
        for resource in resources
        if resource.ref.project == project
    )


def _metrics(ref: Ref, document: Document) -> Iterator[tuple[str, str]]:
    """Yield the metrics that a resource counts against, each with its region or ``""``."""
    worldwide, region = ref.scope.kind is ScopeKind.GLOBAL, ref.scope.region
    if ref.collection in _PLAIN:
        yield _PLAIN[ref.collection], ""
    elif ref.collection in _IN_REGIONS:
        yield _IN_REGIONS[ref.collection], region
    elif ref.collection == "addresses" and text(document, "addressType") == "EXTERNAL":
        yield "STATIC_ADDRESSES", region
    scheme = text(document, "loadBalancingScheme")
    for metric in _BY_SCHEME.get((ref.collection, worldwide, scheme), ()):
        yield metric, region
