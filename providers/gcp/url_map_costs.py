"""What the Ingresses on a URL map take of its limits, each for its own rules.

Hosts that several Ingresses share are counted for the one whose default answers there, else for the
first of them in the order of paths. What is nobody's (a warm host rule while a backend is switched)
is the load balancer's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from providers.gcp import marks
from providers.gcp.addresses import readable
from providers.gcp.quotas import PROJECT
from providers.gcp.routing.entries import Entry, entries, mappings, texts
from providers.gcp.variant import Variant
from provisioner.model.expression import Cost
from provisioner.model.kube import Key
from provisioner.model.resource import (
    ObservedResource,
    Ref,
    Resource,
    Spec,
    Value,
    canonical,
    references,
)
from provisioner.model.settings import ANNOTATION_PREFIX

VARIANT = f"{ANNOTATION_PREFIX}variant"
"""The word of a URL map's description that says which kind of load balancer it is of."""

FORWARDING_RULES = f"{ANNOTATION_PREFIX}forwarding-rules"
"""The word that says how many forwarding rules reach a URL map; one, where it is missing."""

_CONFIGURATION: Mapping[Variant, str] = MappingProxyType(
    {
        Variant.GLOBAL_EXTERNAL: "GLOBAL_EXTERNAL_PROXY_LB_CONFIG",
        Variant.CLASSIC: "GLOBAL_EXTERNAL_PROXY_LB_CONFIG",
        Variant.REGIONAL_EXTERNAL: "REGIONAL_EXTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK",
        Variant.REGIONAL_INTERNAL: "REGIONAL_INTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK",
    }
)

EXTERNAL_HOST_RULES = "host-rules-per-external-url-map"
INTERNAL_HOST_RULES = "host-rules-per-internal-url-map"
EXTERNAL_MATCHERS = "path-matchers-per-external-url-map"
INTERNAL_MATCHERS = "path-matchers-per-internal-url-map"
HOSTS = "hosts-per-host-rule"
RULES = "rules-per-path-matcher"
PREDICATES = "match-predicates-per-path-matcher"
SERVICES = "services-per-url-map"
CLASSIC_BYTES = "bytes-per-classic-url-map"
BYTES = "bytes-per-url-map"

TABLE: tuple[tuple[str, int, str], ...] = (
    (EXTERNAL_HOST_RULES, 1000, "host rules per URL map"),
    (INTERNAL_HOST_RULES, 2000, "host rules per URL map"),
    (EXTERNAL_MATCHERS, 1000, "path matchers per URL map"),
    (INTERNAL_MATCHERS, 2000, "path matchers per URL map"),
    (HOSTS, 1000, "hosts per host rule"),
    (RULES, 1000, "path rules per path matcher"),
    (PREDICATES, 1000, "paths per path matcher"),
    (SERVICES, 2500, "backend services per URL map"),
    (CLASSIC_BYTES, 64 * 1024, "bytes per URL map"),
    (BYTES, 1024 * 1024, "bytes per URL map"),
)
"""Name, figure and label of the limits of a URL map."""

_LINK_LENGTH = 160
"""Bytes of a link to a backend service; a plan does not know every one to the letter."""

_CONTENT = ("hostRules", "pathMatchers", "defaultService", "defaultRouteAction")

Owner: TypeAlias = Key | None


def variant_of(spec: Spec) -> Variant:
    """Return the kind of load balancer that a URL map is of."""
    description = spec.get("description")
    word = marks.read(description).get(VARIANT) if isinstance(description, str) else None
    if isinstance(word, str) and word in set(Variant):
        return Variant(word)
    return Variant.REGIONAL_EXTERNAL if spec.get("region") else Variant.GLOBAL_EXTERNAL


def costs(resource: Resource | ObservedResource) -> Iterator[Cost]:
    """Yield what a URL map takes."""
    spec = resource.spec
    subject = f"URL map {readable(resource.address)}"
    variant = variant_of(spec)
    owners = _Owners(entries(spec))
    yield from _hosts(spec, subject, variant, owners)
    yield from _services(spec, subject)
    yield from _bytes(spec, subject, variant, owners)
    yield from _configuration(spec, variant)


def _configuration(spec: Spec, variant: Variant) -> Iterator[Cost]:
    """Yield what counts against the quota on configuration size, which Google lets nobody read.

    It bites only where somebody says what the project's is.
    """
    description, region = spec.get("description"), spec.get("region")
    rules = marks.read(description).get(FORWARDING_RULES) if isinstance(description, str) else None
    times = rules if isinstance(rules, int) else 1
    where = f"{region}/" if region else ""
    name = f"{where}{_CONFIGURATION[variant]}"
    yield Cost(limit=name, subject=PROJECT, units=units_of(spec) * times)


def units_of(spec: Spec) -> int:
    """Return the units of configuration size: hosts, path matchers and paths, and one."""
    hosts = sum(len(texts(rule.get("hosts"))) for rule in mappings(spec.get("hostRules")))
    matchers = mappings(spec.get("pathMatchers"))
    return 1 + hosts + len(matchers) + sum(_paths(matcher) for matcher in matchers)


class _Owners:
    """Whose a host and a path are."""

    def __init__(self, found: tuple[Entry, ...]) -> None:
        self._by_slot = {(entry.host, entry.path): entry.ingress for entry in found}
        self._by_host: dict[str, Owner] = {}
        for entry in found:
            if entry.ingress is not None and (entry.is_default or entry.host not in self._by_host):
                self._by_host[entry.host] = entry.ingress

    def of_host(self, host: str) -> Owner:
        return self._by_host.get(host)

    def of_path(self, host: str, path: str) -> Owner:
        return self._by_slot.get((host, path))


def _hosts(spec: Spec, subject: str, variant: Variant, owners: _Owners) -> Iterator[Cost]:
    external = variant.external
    matchers = {str(m.get("name")): m for m in mappings(spec.get("pathMatchers"))}
    for rule in mappings(spec.get("hostRules")):
        hosts = texts(rule.get("hosts"))
        owner = owners.of_host(hosts[0]) if hosts else None
        limit = EXTERNAL_HOST_RULES if external else INTERNAL_HOST_RULES
        yield Cost(limit=limit, subject=subject, units=1, ingress=owner)
        where = f"host {hosts[0] if hosts else ''} of {subject}"
        if len(hosts) > 1:
            for host in hosts:
                yield Cost(limit=HOSTS, subject=where, units=1, ingress=owners.of_host(host))
        matcher = matchers.pop(str(rule.get("pathMatcher")), None)
        if matcher is not None:
            limit = EXTERNAL_MATCHERS if external else INTERNAL_MATCHERS
            yield Cost(limit=limit, subject=subject, units=1, ingress=owner)
            yield from _rules(matcher, where, hosts[0] if hosts else "", owners)


def _rules(matcher: Mapping[str, Value], where: str, host: str, owners: _Owners) -> Iterator[Cost]:
    rules: Counter[Owner] = Counter()
    paths: Counter[Owner] = Counter()
    for rule in mappings(matcher.get("pathRules")):
        listed = texts(rule.get("paths"))
        rules[owners.of_path(host, listed[0]) if listed else None] += 1
        paths.update(owners.of_path(host, path) for path in listed)
    for limit, counted in ((RULES, rules), (PREDICATES, paths)):
        for owner, units in counted.items():
            yield Cost(limit=limit, subject=where, units=units, ingress=owner)


def _services(spec: Spec, subject: str) -> Iterator[Cost]:
    services = {ref.address for field in _CONTENT for ref in references(spec.get(field))}
    yield Cost(limit=SERVICES, subject=subject, units=len(services))


def _bytes(spec: Spec, subject: str, variant: Variant, owners: _Owners) -> Iterator[Cost]:
    limit = CLASSIC_BYTES if variant is Variant.CLASSIC else BYTES
    sizes: Counter[Owner] = Counter()
    hosts: dict[str, str] = {}
    for rule in mappings(spec.get("hostRules")):
        listed = texts(rule.get("hosts"))
        hosts.setdefault(str(rule.get("pathMatcher")), listed[0] if listed else "")
        sizes[owners.of_host(listed[0]) if listed else None] += _size(rule)
    for matcher in mappings(spec.get("pathMatchers")):
        host = hosts.get(str(matcher.get("name")), "")
        for rule in mappings(matcher.get("pathRules")):
            listed = texts(rule.get("paths"))
            sizes[owners.of_path(host, listed[0]) if listed else None] += _size(rule)
        rest = {name: value for name, value in matcher.items() if name != "pathRules"}
        sizes[owners.of_host(host)] += _size(rest)
    defaults = {name: spec[name] for name in _CONTENT[2:] if spec.get(name) is not None}
    sizes[owners.of_path("", "")] += _size(defaults)
    for owner, units in sizes.items():
        yield Cost(limit=limit, subject=subject, units=units, ingress=owner)


def _size(value: Mapping[str, Value]) -> int:
    """Return the bytes of a piece as JSON, links at their full length."""
    links = sum(_LINK_LENGTH for item in value.values() for _ in references(item))
    return len(canonical(_unlinked(value))) + links + 1  # and a comma


def _unlinked(value: Value) -> Value:
    if isinstance(value, Ref):
        return ""
    if isinstance(value, tuple):
        return tuple(_unlinked(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _unlinked(item) for key, item in value.items()}
    return value


def _paths(matcher: Mapping[str, Value]) -> int:
    return sum(len(texts(rule.get("paths"))) for rule in mappings(matcher.get("pathRules")))
