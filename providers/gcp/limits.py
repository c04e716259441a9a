"""Limits of Google Cloud: documented figures, the project's own, and what a resource takes of them.

Quotas of a project are under Google's own names for them, its metrics (``URL_MAPS``), regional ones
with their region in front (``europe-west1/NETWORK_ENDPOINT_GROUPS``). Their figures differ from
project to project, so only those that were read are limits; none is assumed. What no request raises
has names in the style of a sentence. Rules of a URL map are counted for the Ingress that they are
for, because one URL map carries everybody's.

Google does not say how it measures the size of a URL map; it is counted here as the JSON that is
sent, links at their full length. The units of the quota on configuration size have no published
formula either; one unit is counted for each host, path and path matcher, times the forwarding rules
that reach the URL map.

Sources: "Quotas and limits" and "URL map size and quota units" of Cloud Load Balancing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from providers.gcp import url_map_costs
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind, readable
from providers.gcp.quotas import PROJECT, metrics_of
from provisioner.model.expression import Cost
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.resource import Observed, ObservedResource, Ref, Resource, Value

CERTIFICATES = "certificates-per-target-https-proxy"
BACKENDS = "backends-per-backend-service"
ENDPOINTS = "endpoints-per-network-endpoint-group"
INSTANCES = "instances-per-instance-group"
NAMED_PORTS = "named-ports-times-instances"
REQUEST_HEADERS = "custom-request-headers-per-backend-service"
RESPONSE_HEADERS = "custom-response-headers-per-backend-service"
HEADER_BYTES = "custom-header-bytes-per-backend-service"
SIGNED_URL_KEYS = "signed-url-keys-per-backend-service"
DOMAINS = "domains-per-managed-certificate"

MEMBERSHIP_LIMITS = frozenset({ENDPOINTS, INSTANCES})
"""Limits over which members leave before others come."""

_TABLE: tuple[tuple[str, int, str], ...] = (
    *url_map_costs.TABLE,
    (CERTIFICATES, 15, "Compute certificates per HTTPS proxy"),
    (BACKENDS, 50, "groups per backend service"),
    (ENDPOINTS, 10_000, "endpoints per network endpoint group"),
    (INSTANCES, 2000, "instances per instance group"),
    (NAMED_PORTS, 10_000, "instances times ports of one name per instance group"),
    (REQUEST_HEADERS, 16, "custom request headers per backend service"),
    (RESPONSE_HEADERS, 16, "custom response headers per backend service"),
    (HEADER_BYTES, 8192, "bytes of custom headers in one direction per backend service"),
    (SIGNED_URL_KEYS, 3, "signing keys per backend service"),
    (DOMAINS, 100, "domains per Google-managed certificate"),
)

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        CERTIFICATES: "put the certificates into a map of Certificate Manager, which takes 100 and"
        " wildcards (annotation networking.gke.io/certmap)",
        url_map_costs.CLASSIC_BYTES: "use the modern kind, whose URL maps take 1 MB"
        " (annotation ingress-provisioner.io/google-load-balancer: global-external)",
    }
)


def _limit(name: str, value: int, source: LimitSource, label: str, *, adjustable: bool) -> Limit:
    return Limit(
        name=name,
        value=value,
        source=source,
        adjustable=adjustable,
        label=label,
        advice=_ADVICE.get(name, ""),
    )


DEFAULTS = Limits(
    by_name=MappingProxyType(
        {
            name: _limit(name, value, LimitSource.DEFAULT, label, adjustable=False)
            for name, value, label in sorted(_TABLE)
        }
    )
)
"""What is documented for every project."""


def merge(account: Mapping[str, int]) -> Limits:
    """Return every limit: the project's quotas, and the documented figures it does not override.

    Args:
        account: Quotas as read or configured, by metric (``URL_MAPS``; ``<region>/<metric>``).
    """
    merged = dict(DEFAULTS.by_name)
    for name, value in account.items():
        known = DEFAULTS.by_name.get(name)
        label = known.label if known is not None else _label(name)
        merged[name] = _limit(
            name, value, LimitSource.ACCOUNT, label, adjustable=known is None or known.adjustable
        )
    return Limits(by_name=MappingProxyType({name: merged[name] for name in sorted(merged)}))


def costs(resource: Resource | ObservedResource) -> tuple[Cost, ...]:
    """Return what a resource takes of each limit.

    What is not known yet costs nothing: a plan from files judges what files can tell.
    """
    return (*_own(resource), *_of_project(resource))


def foreign_usage(facts: Facts, observed: Observed) -> Mapping[str, int]:
    """Return what others use of the project's quotas, by limit name.

    Google tells what is used in all, so what is ours is taken off; where it lags behind, nobody
    else is taken to use less than nothing. What Google does not tell is taken as used by us alone.
    """
    ours: Counter[str] = Counter()
    for resource in observed.resources.values():
        ours.update(metrics_of(resource))
    found = {metric: max(0, used - ours[metric]) for metric, used in facts.usage.items()}
    return MappingProxyType({**dict.fromkeys(sorted(ours), 0), **found})


def _label(metric: str) -> str:
    region, slash, name = metric.rpartition("/")
    words = name.lower().replace("_", " ")
    return f"{words} in {region}" if slash else f"{words} of the project"


def _of_project(resource: Resource | ObservedResource) -> Iterator[Cost]:
    for metric in metrics_of(resource):
        yield Cost(limit=metric, subject=PROJECT, units=1)


def _own(resource: Resource | ObservedResource) -> Iterator[Cost]:
    spec = resource.spec
    match resource.kind:
        case Kind.URL_MAP.value:
            yield from url_map_costs.costs(resource)
        case Kind.TARGET_HTTPS_PROXY.value:
            count = len(_list(spec.get("sslCertificates")))
            yield Cost(limit=CERTIFICATES, subject=_proxy(resource), units=count)
        case Kind.BACKEND_SERVICE.value:
            yield from _backend_service(resource)
        case Kind.NETWORK_ENDPOINTS.value:
            subject = f"network endpoint group {readable(resource.address)}"
            count = len(_list(spec.get("networkEndpoints")))
            yield Cost(limit=ENDPOINTS, subject=subject, units=count)
        case Kind.INSTANCES.value:
            subject = f"instance group {readable(resource.address)}"
            count = len(_list(spec.get("instances")))
            yield Cost(limit=INSTANCES, subject=subject, units=count)
            yield Cost(limit=NAMED_PORTS, subject=subject, units=count)
        case Kind.SIGNED_URL_KEY.value:
            parent = spec.get("backendService")
            where = parent.address if isinstance(parent, Ref) else str(parent)
            subject = f"backend service {readable(where)}"
            yield Cost(limit=SIGNED_URL_KEYS, subject=subject, units=1)
        case Kind.SSL_CERTIFICATE.value:
            managed = spec.get("managed")
            domains = managed.get("domains") if isinstance(managed, Mapping) else ()
            if count := len(_list(domains)):
                subject = f"certificate {readable(resource.address)}"
                yield Cost(limit=DOMAINS, subject=subject, units=count)
        case _:  # counted by project quotas alone
            return


def _backend_service(resource: Resource | ObservedResource) -> Iterator[Cost]:
    subject, spec = f"backend service {readable(resource.address)}", resource.spec
    yield Cost(limit=BACKENDS, subject=subject, units=len(_list(spec.get("backends"))))
    for field, limit, way in (
        ("customRequestHeaders", REQUEST_HEADERS, "request"),
        ("customResponseHeaders", RESPONSE_HEADERS, "response"),
    ):
        headers = _list(spec.get(field))
        if headers:
            size = sum(len(str(header).encode()) for header in headers)
            yield Cost(limit=limit, subject=subject, units=len(headers))
            yield Cost(limit=HEADER_BYTES, subject=f"{subject} ({way}s)", units=size)


def _proxy(resource: Resource | ObservedResource) -> str:
    return f"HTTPS proxy {readable(resource.address)}"


def _list(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else ()
