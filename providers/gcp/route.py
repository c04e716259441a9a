"""What an Application Load Balancer does with a request: forwarding rule, proxy, URL map, backend.

Works on resources alone, so that what is planned and what exists are asked the same way. A
forwarding rule takes the connection on one port, its target proxy speaks HTTP or HTTPS, and the
proxy's URL map decides. A *listener* is the first of them.

A fault that is injected into every request is an answer of the load balancer's own, and no backend
has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.evaluation.backends import backends, is_nothing
from providers.gcp.evaluation.deciding import Attempt, attempts, knows_host
from providers.gcp.evaluation.sending import location, redirect_status, rewritten
from providers.gcp.routing.canonical import REDIRECT
from providers.gcp.routing.entries import aborted
from provisioner.core.route import passed_over, shortfalls
from provisioner.model.resource import Ref, Resource, by_group
from provisioner.model.route import Action, ActionType, Reply, Request, RoutedBackend

_PROXIES: Mapping[str, str] = {
    Kind.TARGET_HTTP_PROXY.value: "http",
    Kind.TARGET_HTTPS_PROXY.value: "https",
}
_NOBODY_GLOBAL, _NOBODY_REGIONAL = 502, 503


def route(resources: Sequence[Resource], request: Request) -> tuple[Reply, ...]:
    """Return what each load balancer among the resources does with a request, by group."""
    everything = {each.address: each for each in resources}
    groups = by_group(resources)
    return tuple(
        _Balancer.of(group, found, everything).reply(request)
        for group, found in sorted(groups.items())
        if any(each.kind == Kind.FORWARDING_RULE.value for each in found)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    """One port: the forwarding rule, what its proxy speaks, and the URL map behind."""

    rule: Resource
    scheme: str
    port: int
    url_map: Resource

    @property
    def nobody(self) -> int:
        """The status of a request that no backend can take."""
        return _NOBODY_REGIONAL if "region" in self.rule.spec else _NOBODY_GLOBAL


@dataclass(frozen=True, slots=True, kw_only=True)
class _Balancer:
    """One load balancer: its listeners by port."""

    group: str
    listeners: tuple[_Listener, ...]
    resources: Mapping[str, Resource]

    @classmethod
    def of(
        cls, group: str, resources: Sequence[Resource], everything: Mapping[str, Resource]
    ) -> _Balancer:
        """Return the load balancer that these resources make up.

        While it replaces another, only the new one is asked; both are to answer alike.
        """
        rules = [each for each in resources if each.kind == Kind.FORWARDING_RULE.value]
        newest = max(addresses.parse(rule.address).balancer for rule in rules)
        found = (
            _listener(rule, everything)
            for rule in rules
            if addresses.parse(rule.address).balancer == newest
        )
        listeners = (listener for listener in found if listener is not None)
        return cls(
            group=group,
            listeners=tuple(sorted(listeners, key=lambda each: (each.port, each.scheme))),
            resources=everything,
        )

    def reply(self, request: Request) -> Reply:
        """Return what it does with a request."""
        knows = any(knows_host(listener.url_map, request) for listener in self.listeners)
        ports = tuple(f"{each.scheme}:{each.port}" for each in self.listeners)
        wanted = (request.scheme, request.port)
        listener = next((e for e in self.listeners if (e.scheme, e.port) == wanted), None)
        if listener is None:
            return Reply(group=self.group, ports=ports, knows_host=knows)
        tried = attempts(listener.url_map, request, listener=listener.rule.address)
        last = tried[-1]
        action = _action(last, request, nobody=listener.nobody)
        behind = (
            backends(last.action, self.resources, group=self.group) if _forwards(action) else ()
        )
        return Reply(
            group=self.group,
            listener=listener.rule.address,
            ports=ports,
            knows_host=knows,
            tried=tuple(each.tried for each in tried),
            action=action,
            backends=behind,
            sent=rewritten(last.action, request, matched=last.matched)
            if _forwards(action)
            else None,
            notes=tuple(_notes(tried, behind, nobody=listener.nobody)),
        )


def _listener(rule: Resource, everything: Mapping[str, Resource]) -> _Listener | None:
    """Return a forwarding rule with what is behind it; one that leads nowhere is none."""
    proxy = _at(rule, "target", everything)
    url_map = _at(proxy, "urlMap", everything) if proxy is not None else None
    if proxy is None or url_map is None or proxy.kind not in _PROXIES:
        return None
    first = str(rule.spec.get("portRange", "")).partition("-")[0]
    port = int(first) if first.isdecimal() else 0
    return _Listener(rule=rule, scheme=_PROXIES[proxy.kind], port=port, url_map=url_map)


def _at(resource: Resource, field: str, everything: Mapping[str, Resource]) -> Resource | None:
    value = resource.spec.get(field)
    return everything.get(value.address) if isinstance(value, Ref) else None


def _action(attempt: Attempt, request: Request, *, nobody: int) -> Action:
    status = aborted(attempt.action)
    if status is None and is_nothing(attempt.action):
        status = nobody
    if status is not None:
        return Action(type=ActionType.FIXED_RESPONSE, status_code=status)
    redirect = attempt.action.get(REDIRECT)
    if isinstance(redirect, Mapping):
        return Action(
            type=ActionType.REDIRECT,
            status_code=redirect_status(redirect),
            location=location(redirect, request, matched=attempt.matched),
        )
    return Action(type=ActionType.FORWARD)


def _forwards(action: Action) -> bool:
    return action.type is ActionType.FORWARD


def _notes(
    tried: Sequence[Attempt], behind: Sequence[RoutedBackend], *, nobody: int
) -> Iterator[str]:
    yield from passed_over([each.tried for each in tried])
    yield from shortfalls(behind, status=nobody)
