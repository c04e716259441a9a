"""Follow the chain forwarding rule, target proxy, URL map, backend service, group, both ways."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, parts, text
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.references import Ref, parse_reference
from provisioner.sandbox.gcp.state import Resource
from provisioner.sandbox.gcp.url_map_rules import services_of

PROXIES = ("targetHttpProxies", "targetHttpsProxies")


def proxies_of(compute: Compute, url_map: str) -> Iterator[Resource]:
    """The target proxies that a URL map serves."""
    for collection in PROXIES:
        for proxy in compute.resources(collection):
            if text(proxy.document, "urlMap") == url_map:
                yield proxy


def rules_of(compute: Compute, url_map: str) -> Iterator[Resource]:
    """The forwarding rules that reach a URL map."""
    targets = {proxy.ref.url for proxy in proxies_of(compute, url_map)}
    for rule in compute.resources("forwardingRules"):
        if text(rule.document, "target") in targets:
            yield rule


def frontend_schemes(compute: Compute, url_map: str) -> frozenset[str]:
    """The load balancing schemes of the forwarding rules that reach a URL map."""
    return frozenset(
        text(rule.document, "loadBalancingScheme") for rule in rules_of(compute, url_map)
    )


def service_schemes(compute: Compute, url_map: Document) -> dict[str, str]:
    """The load balancing scheme of every service that a URL map refers to."""
    found: dict[str, str] = {}
    for url in services_of(url_map):
        service = at(compute, url)
        if service is not None:
            found[url] = text(service.document, "loadBalancingScheme")
    return found


def serves(frontend: str, service: str) -> bool:
    """Whether a forwarding rule of one scheme may lead to a backend service of another.

    A classic frontend may lead to services that have been migrated already (the description of
    ``externalManagedMigrationState``); otherwise the schemes must be the same.
    """
    return frontend == service or (frontend == "EXTERNAL" and service == "EXTERNAL_MANAGED")


def maps_of(compute: Compute, service: str) -> Iterator[Resource]:
    """The URL maps that refer to a backend service."""
    for url_map in compute.resources("urlMaps"):
        if service in services_of(url_map.document):
            yield url_map


def serving_pairs(compute: Compute) -> Iterator[tuple[Ref, Ref]]:
    """Backend services that some forwarding rule leads to, each with each of its groups."""
    maps = {
        text(proxy.document, "urlMap")
        for rule in compute.resources("forwardingRules")
        if rule.changed_at and (proxy := at(compute, text(rule.document, "target"))) is not None
    }
    services: set[str] = set()
    for url in maps:
        url_map = at(compute, url)
        services |= services_of(url_map.document) if url_map is not None else set()
    for url in sorted(services):
        service = at(compute, url)
        for group in groups_of(service.document if service is not None else {}):
            assert service is not None
            yield service.ref, group


def groups_of(service: Document) -> Iterator[Ref]:
    """The groups that are backends of a service."""
    for backend in parts(service, "backends"):
        group = parse_reference(text(backend, "group"), "")
        if group is not None:
            yield group


def services_with(compute: Compute, group: Ref) -> Iterator[Resource]:
    """The backend services that a group is a backend of."""
    for service in compute.resources("backendServices"):
        if any(text(each, "group") == group.url for each in parts(service.document, "backends")):
            yield service


def at(compute: Compute, url: str) -> Resource | None:
    """Return the resource at a full URL, if it is there."""
    ref = parse_reference(url, "")
    return compute.state.resources.get(ref) if ref is not None else None
