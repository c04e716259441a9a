"""A URL map read back: which host and path lead where, and for which Ingress.

This is the one reading of a URL map's content, of planned and observed ones alike; ``route``, what
is kept of quarantined Ingresses, costs and adoption all ask here. An *entry* is one path pattern of
one host, or the answer to what no path or host matched.

Path matchers that say nothing, such as those of a map that GKE made, are the Ingress's that the map
is for.

A switch of backends without weights borrows a host name that nobody can ask for (``.invalid``, RFC
2606) to warm the new one; such host rules are nobody's and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.gcp import marks
from providers.gcp.addresses import Kind
from providers.gcp.routing import owners
from providers.gcp.routing.canonical import (
    ANY_HOST,
    FAULT,
    WEIGHTED,
    canonical_action,
)
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, Ref, Resource, Spec, Value, references

RESERVED = ".invalid"

_EVERYONE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that a URL map decides.

    Attributes:
        host: As the map has it, ``*`` for any; "" for what answers where no host rule matches.
        path: The pattern (``/cart``, ``/cart/*``), "" for what answers where no path matches.
        ingress: Whose it is, None where that is not told, or where it is nobody's wish.
        action: What is done: ``service``, ``urlRedirect``, ``routeAction``, those that there are.
        matcher: The name of the path matcher, "" where no host rule matched.
        literal: Whether ``path`` was written as Exact: what is below it leads elsewhere.
    """

    host: str
    path: str
    ingress: Key | None
    action: Spec
    matcher: str = ""
    literal: bool = False

    @property
    def is_default(self) -> bool:
        """Whether it answers what nothing else matched."""
        return not self.path


def entries(spec: Spec) -> tuple[Entry, ...]:
    """Return what a URL map decides, host by host in the order of its spec, its default last."""
    matchers = {str(m.get("name")): m for m in mappings(spec.get("pathMatchers"))}
    only = marks.ingress_of(_description(spec))
    found: list[Entry] = []
    for rule in mappings(spec.get("hostRules")):
        matcher = matchers.get(str(rule.get("pathMatcher")))
        if matcher is not None:
            for host in texts(rule.get("hosts")):
                found += () if host.endswith(RESERVED) else _of_host(host, matcher, only)
    answer = Entry(host="", path="", ingress=default_owner(spec), action=canonical_action(spec))
    return (*found, answer)


def default_owner(spec: Spec) -> Key | None:
    """Return whose default backend answers where no host rule matches."""
    return owners.owners_of(_description(spec), ()).default


def ingresses(spec: Spec) -> frozenset[Key]:
    """Return every Ingress that something of a URL map is for."""
    return frozenset(entry.ingress for entry in entries(spec) if entry.ingress is not None)


def served(resource: ObservedResource | Resource, host: str) -> frozenset[Key]:
    """Return for which Ingresses a URL map answers requests of just this host ("" for any)."""
    if resource.kind != Kind.URL_MAP:
        return frozenset()
    name = host or ANY_HOST
    return frozenset(
        entry.ingress
        for entry in entries(resource.spec)
        if entry.host == name and entry.ingress is not None
    )


def services(action: Spec) -> Mapping[str, int]:
    """Return the backend services of an action: address (of others: link) -> weight.

    A service behind a fault that answers everybody gets no request, and is not one of them.
    """
    if aborted(action) is not None:
        return {}
    service, route = action.get("service"), action.get("routeAction")
    found = {_name(service): 1} if service else {}
    for each in mappings(route.get(WEIGHTED) if isinstance(route, Mapping) else None):
        weight = each.get("weight")
        found[_name(each.get("backendService"))] = weight if isinstance(weight, int) else 0
    return found


def aborted(action: Spec) -> int | None:
    """Return the status that every request gets by fault injection, None where none does."""
    route = action.get("routeAction")
    fault = route.get(FAULT) if isinstance(route, Mapping) else None
    abort = fault.get("abort") if isinstance(fault, Mapping) else None
    if not isinstance(abort, Mapping) or abort.get("percentage") != _EVERYONE:
        return None
    status = abort.get("httpStatus")
    return status if isinstance(status, int) else None


def addresses_in(action: Spec) -> frozenset[str]:
    """Return the addresses of everything of ours that an action names."""
    return frozenset(ref.address for value in action.values() for ref in references(value))


def _of_host(host: str, matcher: Mapping[str, Value], only: Key | None) -> Iterator[Entry]:
    """Yield what a host's path matcher decides; ``only`` is whose the map is, if that is one."""
    rules = list(mappings(matcher.get("pathRules")))
    paths = [texts(rule.get("paths")) for rule in rules]
    owned = owners.owners_of(_description(matcher), paths)
    name = str(matcher.get("name"))
    known = {
        path: (owner, canonical_action(rule))
        for rule, owner, of_rule in zip(rules, owned.rules, paths, strict=True)
        for path in of_rule
    }
    for path, (owner, action) in known.items():
        below = known.get(f"{path}/*")
        whole = below is not None and (owner, services(action)) == (below[0], services(below[1]))
        literal = not path.endswith("*") and not whole
        yield Entry(
            host=host,
            path=path,
            ingress=owner or only,
            action=action,
            matcher=name,
            literal=literal,
        )
    yield Entry(
        host=host,
        path="",
        ingress=owned.default,
        action=canonical_action(matcher),
        matcher=name,
    )


def _description(holder: Mapping[str, Value]) -> str:
    value = holder.get("description")
    return value if isinstance(value, str) else ""


def _name(value: Value) -> str:
    return value.address if isinstance(value, Ref) else str(value)


def mappings(value: Value) -> tuple[Mapping[str, Value], ...]:
    """Return the objects of a list."""
    if not isinstance(value, tuple):
        return ()
    return tuple(item for item in value if isinstance(item, Mapping))


def texts(value: Value) -> tuple[str, ...]:
    """Return the texts of a list."""
    if not isinstance(value, tuple):
        return ()
    return tuple(item for item in value if isinstance(item, str))
