"""What a URL map decides: the hosts that are tried, then the paths of the one that matched.

"URL maps overview" and the field descriptions of ``UrlMap`` say: exactly one host rule counts, an
exact host before a pattern, the longer pattern before the shorter; within its path matcher the
longest path that matches, whatever the order in which paths are written, or the first route rule by
priority; else the default of the path matcher. Where no host rule matches, the map's own default
answers: nothing falls through from a host to a wider one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from providers.gcp.evaluation.backends import described
from providers.gcp.evaluation.matching import (
    host_check,
    matched_prefix,
    path_check,
    path_order,
    route_checks,
)
from providers.gcp.routing.canonical import ANY_HOST, canonical_action, host_order
from providers.gcp.routing.entries import Entry, entries, mappings
from provisioner.model.resource import Resource, Spec, Value
from provisioner.model.route import Check, Request, Tried, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A rule that was tried, what it would do, and which part of the path it matched."""

    tried: Tried
    action: Spec
    matched: str = ""


def attempts(url_map: Resource, request: Request, *, listener: str) -> tuple[Attempt, ...]:
    """Return what a URL map tries, up to the rule that takes the request: the last one.

    Args:
        url_map: The map.
        request: What is asked.
        listener: What takes the connection, for the trace.
    """
    found = tuple(_attempts(url_map, request))
    numbered: list[Attempt] = []
    for number, each in enumerate(found, start=1):
        place = number if each.tried.rule else None
        tried = replace(each.tried, listener=listener, priority=place)
        numbered.append(replace(each, tried=tried))
    return tuple(numbered)


def knows_host(url_map: Resource, request: Request) -> bool:
    """Tell whether a host rule names the request's host; ``*`` names nobody."""
    return any(
        host != ANY_HOST and host_check(host, request).verdict is Verdict.YES
        for host in _by_host(url_map)
    )


def _attempts(url_map: Resource, request: Request) -> Iterator[Attempt]:
    by_host = _by_host(url_map)
    for host in sorted(by_host, key=host_order):
        check = host_check(host, request)
        if check.verdict is Verdict.YES:
            yield from _of_host(url_map, by_host[host], request, check)
            return
        owners = {e.ingress for e in by_host[host] if e.ingress is not None}
        yield Attempt(
            tried=Tried(
                listener="",
                rule=f"{url_map.address}#{host}",
                title=f"host {host}",
                ingresses=tuple(sorted(owners)),
                checks=(check,),
            ),
            action={},
        )
    others = "every other host" if by_host else "everything"
    yield _default(entries(url_map.spec)[-1], others)


def _of_host(
    url_map: Resource, found: list[Entry], request: Request, host: Check
) -> Iterator[Attempt]:
    """Yield the paths of a host, longest first, and its default."""
    name = found[0].host
    for rule in _route_rules(url_map.spec, found[0].matcher):
        attempt = _by_route(url_map, rule, request, host)
        yield attempt
        if attempt.tried.verdict is Verdict.YES:
            return
    for entry in sorted((e for e in found if e.path), key=lambda e: path_order(e.path)):
        check = path_check(entry.path, request)
        tried = Tried(
            listener="",
            rule=f"{url_map.address}#{name}{entry.path}",
            title=f"{name} {entry.path} -> {described(entry.action)}",
            ingresses=() if entry.ingress is None else (entry.ingress,),
            checks=(host, check),
        )
        yield Attempt(tried=tried, action=entry.action, matched=entry.path.removesuffix("*"))
        if tried.verdict is Verdict.YES:
            return
    yield _default(next(e for e in found if e.is_default), f"everything else of {name}")


def _by_route(
    url_map: Resource, rule: Mapping[str, Value], request: Request, host: Check
) -> Attempt:
    name, priority, action = host.wanted, rule.get("priority"), canonical_action(rule)
    tried = Tried(
        listener="",
        rule=f"{url_map.address}#{name}#{priority}",
        title=f"{name} route rule {priority} -> {described(action)}",
        checks=(host, *route_checks(rule, request)),
    )
    return Attempt(tried=tried, action=action, matched=matched_prefix(rule, request))


def _default(entry: Entry, title: str) -> Attempt:
    owner = () if entry.ingress is None else (entry.ingress,)
    return Attempt(tried=Tried(listener="", title=title, ingresses=owner), action=entry.action)


def _by_host(url_map: Resource) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries(url_map.spec):
        if entry.host:
            found.setdefault(entry.host, []).append(entry)
    return found


def _route_rules(spec: Spec, matcher: str) -> tuple[Mapping[str, Value], ...]:
    """Return the route rules of a path matcher by priority, as its canonical form has them."""
    for each in mappings(spec.get("pathMatchers")):
        if each.get("name") == matcher:
            return mappings(each.get("routeRules"))
    return ()
