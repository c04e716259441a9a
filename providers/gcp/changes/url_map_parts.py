"""A URL map taken apart into what it decides, and put together with some of that decided otherwise.

A *slot* is a host and a path pattern ("" for what no path, and ("", "") for what no host matched).
While backends are switched, some slots keep doing what they did; all else of the map is as it is to
be. Rules that share a list of paths, and hosts that share a path matcher, are parted for as long as
they differ. On classic load balancers, which know no weights, a *warm* host rule makes Google check
a backend service before anybody is sent there: its host is under ``.invalid`` (RFC 2606: nobody can
own such a name) and holds a hash of what only this cluster knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from providers.gcp.routing.canonical import (
    DEFAULTS,
    WEIGHTED,
    as_default,
    canonical,
    canonical_action,
    host_order,
)
from providers.gcp.routing.entries import RESERVED, aborted, entries, mappings, texts
from providers.gcp.routing.owners import OwnedRule, described
from provisioner.core.address_text import digest10
from provisioner.model.kube import Key
from provisioner.model.resource import (
    PlainInput,
    Ref,
    Spec,
    Value,
    freeze_spec,
    references,
)
from provisioner.model.resource import canonical as text_of

Slot: TypeAlias = tuple[str, str]
Actions: TypeAlias = Mapping[Slot, Spec]
Matcher: TypeAlias = Mapping[str, Value]

EVERYTHING: Slot = ("", "")
"""The slot of what no host matched."""

WARM = "warm-"
_LINK = "selfLink"
_LONGEST_NAME = 50


def actions_of(spec: Spec) -> dict[Slot, Spec]:
    """Return what a URL map does, slot by slot; warm hosts are nobody's and left out."""
    return {(entry.host, entry.path): entry.action for entry in entries(spec)}


def owners_in(spec: Spec) -> dict[Slot, Key | None]:
    """Return whose the slots of a URL map are."""
    return {(entry.host, entry.path): entry.ingress for entry in entries(spec)}


def backends_of(spec: Spec) -> frozenset[str]:
    """Return the addresses of the backend services that a URL map names anywhere."""
    return frozenset(ref.address for value in spec.values() for ref in references(value))


def weights_of(action: Spec) -> dict[str, int]:
    """Return backend service -> weight; nothing for what sends no requests to services of ours."""
    if aborted(action) is not None:
        return {}
    service, listed = action.get("service"), mappings(_route(action).get(WEIGHTED))
    found: dict[str, int] = {service.address: 1} if isinstance(service, Ref) else {}
    for each in listed:
        backend, weight = each.get("backendService"), each.get("weight")
        if not isinstance(backend, Ref):
            return {}
        found[backend.address] = weight if isinstance(weight, int) else 0
    return found


def with_weights(action: Spec, weights: Mapping[str, int]) -> Spec:
    """Return an action that sends requests by these weights and is otherwise the same."""
    kept: dict[str, PlainInput] = {k: v for k, v in action.items() if k != "service"}
    route: dict[str, PlainInput] = {k: v for k, v in _route(action).items() if k != WEIGHTED}
    if len(weights) == 1:
        kept["service"] = Ref(next(iter(weights)), _LINK)
    else:
        route[WEIGHTED] = [
            {"backendService": Ref(address, _LINK), "weight": weights[address]}
            for address in sorted(weights)
        ]
    kept.pop("routeAction", None)
    if route:
        kept["routeAction"] = route
    return freeze_spec(kept)


def warmed(spec: Spec) -> frozenset[str]:
    """Return the backend services that warm host rules keep under Google's eyes."""
    names = {
        str(rule.get("pathMatcher"))
        for rule in mappings(spec.get("hostRules"))
        if any(host.endswith(RESERVED) for host in texts(rule.get("hosts")))
    }
    return frozenset(
        ref.address
        for matcher in mappings(spec.get("pathMatchers"))
        if matcher.get("name") in names
        for ref in references(matcher)
    )


NO_OWNERS: Mapping[Slot, Key | None] = MappingProxyType({})


class Deviations:
    """What a map does otherwise than it is to do, for now.

    Attributes:
        actions: Slot -> what it does instead; None: the slot is not there yet.
        kept: Slots that are to go and stay for now.
        warm: Backend services that are warmed by a host rule.
        owners: Slot -> whose it is, of what is to be and of what is kept.
    """

    __slots__ = ("actions", "kept", "owners", "warm")

    def __init__(
        self,
        actions: Mapping[Slot, Spec | None],
        *,
        kept: Actions | None = None,
        warm: Collection[str] = (),
        owners: Mapping[Slot, Key | None] = NO_OWNERS,
    ) -> None:
        self.actions = actions
        self.owners = owners
        self.kept = kept or {}
        self.warm = warm


def assembled(spec: Spec, deviations: Deviations) -> Spec:
    """Return a wanted URL map with its deviations; without any it is the wanted one itself."""
    return Pieces().assembled(spec, deviations)


class Pieces:
    """Puts one URL map together, stage by stage, and keeps the pieces that stay the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[Slot, Spec | None], Value]] = {}

    def assembled(self, spec: Spec, deviations: Deviations) -> Spec:
        """Return a wanted URL map with its deviations."""
        if not (deviations.actions or deviations.kept or deviations.warm):
            return spec
        return _Assembly(spec, deviations, self).result()

    def frozen(
        self, host: str, actions: dict[Slot, Spec | None], make: Callable[[], Value]
    ) -> Value:
        """Return a host's path matcher, made only where what the host does has changed."""
        known = self._known.get(host)
        if known is None or known[0] != actions:
            known = self._known[host] = (actions, make())
        return known[1]


class _Assembly:
    """Puts host rules and path matchers together anew."""

    def __init__(self, spec: Spec, deviations: Deviations, pieces: Pieces) -> None:
        self._spec = spec
        self._deviations = deviations
        self._pieces = pieces
        self._touched: dict[str, dict[Slot, Spec | None]] = {}
        for slot, action in (*deviations.actions.items(), *deviations.kept.items()):
            self._touched.setdefault(slot[0], {})[slot] = action
        self._rules: list[tuple[tuple[str, ...], Value]] = []

    def result(self) -> Spec:
        matchers = {str(m.get("name")): m for m in mappings(self._spec.get("pathMatchers"))}
        for rule in mappings(self._spec.get("hostRules")):
            matcher = matchers.get(str(rule.get("pathMatcher")))
            if matcher is not None:
                self._add(texts(rule.get("hosts")), matcher)
        for address in sorted(self._deviations.warm):
            self._warm(address)
        self._rules.sort(key=lambda rule: sorted(host_order(host) for host in rule[0]))
        owned = {*DEFAULTS.values(), "hostRules", "pathMatchers"}
        rest = {name: value for name, value in self._spec.items() if name not in owned}
        default = freeze_spec(_doing(_defaults(self._spec), self._action(EVERYTHING)))
        return MappingProxyType({**rest, **default, **self._lists()})

    def _lists(self) -> dict[str, Value]:
        if not self._rules:
            return {}
        return {
            "hostRules": tuple(
                freeze_spec({"hosts": sorted(hosts), "pathMatcher": _name(matcher)})
                for hosts, matcher in self._rules
            ),
            "pathMatchers": tuple(matcher for _, matcher in self._rules),
        }

    def _action(self, slot: Slot) -> Spec | None:
        return self._deviations.actions.get(slot)

    def _add(self, hosts: Sequence[str], matcher: Matcher) -> None:
        """Add a path matcher for hosts, in as many pieces as they differ for now."""
        if not any(host in self._touched for host in hosts):
            self._rules.append((tuple(hosts), matcher))
            return
        pieces: dict[str, tuple[Value, list[str]]] = {}
        for host in hosts:
            piece = self._piece(host, matcher)
            if piece is not None:
                key = text_of(piece) if len(hosts) > 1 else ""
                pieces.setdefault(key, (piece, []))[1].append(host)
        for number, (content, members) in enumerate(pieces.values()):
            own = _renamed(content, members) if number else content
            self._rules.append((tuple(members), own))

    def _piece(self, host: str, matcher: Matcher) -> Value:
        """Return the path matcher of one host in canonical form, None where it is not there yet."""
        actions = self._touched.get(host, {})
        return self._pieces.frozen(host, actions, lambda: _canonical(self._matcher(host, matcher)))

    def _matcher(self, host: str, matcher: Matcher) -> dict[str, PlainInput] | None:
        """Return the path matcher of one host, None where the host is not there yet."""
        if self._deviations.actions.get((host, ""), matcher) is None:
            return None
        listed = mappings(matcher.get("pathRules"))
        rules = [piece for rule in listed for piece in self._path_rules(host, rule)]
        rules += [
            {"paths": [path], **action}
            for (of, path), action in self._deviations.kept.items()
            if of == host and path
        ]
        content = _doing(matcher, self._action((host, "")))
        content.pop("pathRules", None)
        if not rules and not listed:
            return content
        rules.sort(key=_paths)
        same = [_paths(rule) for rule in rules] == sorted(_paths(rule) for rule in listed)
        if not same:
            content["description"] = self._described(host, rules)
        return {**content, "pathRules": rules}

    def _described(self, host: str, rules: Sequence[Mapping[str, PlainInput]]) -> str:
        """Return the description of a path matcher whose rules are others for now."""
        whose = self._deviations.owners
        owned = [
            OwnedRule(paths=tuple(_paths(rule)), owner=whose.get((host, _paths(rule)[0])))
            for rule in rules
        ]
        return described(owned, whose.get((host, ""))).text

    def _path_rules(self, host: str, rule: Matcher) -> list[dict[str, PlainInput]]:
        """Return a path rule, parted where its paths do different things for now."""
        own = canonical_action(rule)
        pieces: dict[str, tuple[Spec, list[str]]] = {}
        for path in texts(rule.get("paths")):
            action = self._deviations.actions.get((host, path), own)
            if action is not None:
                pieces.setdefault(text_of(action), (action, []))[1].append(path)
        return [{"paths": paths, **action} for action, paths in pieces.values()]

    def _warm(self, address: str) -> None:
        secret = digest10(str(self._spec.get("description")), str(self._spec.get("name")), address)
        name = f"{WARM}{secret}"
        matcher: dict[str, PlainInput] = {"name": name, "defaultService": Ref(address, _LINK)}
        self._rules.append(((f"{name}{RESERVED}",), _canonical(matcher)))


def _canonical(matcher: Mapping[str, PlainInput] | None) -> Value:
    """Return a path matcher in the one form that planned and observed ones share."""
    if matcher is None:
        return None
    rules = [{"hosts": [], "pathMatcher": matcher.get("name")}]
    found = canonical({"hostRules": rules, "pathMatchers": [matcher]})
    return mappings(found["pathMatchers"])[0]


def _renamed(matcher: Value, hosts: Sequence[str]) -> Value:
    """Return a path matcher under a name of its own, for those of its hosts that differ."""
    fields = matcher if isinstance(matcher, Mapping) else {}
    name = f"{_name(matcher)[:_LONGEST_NAME]}-{digest10(_name(matcher), *hosts)}"
    return freeze_spec({**fields, "name": name})


def _name(matcher: Value) -> str:
    return str(matcher.get("name")) if isinstance(matcher, Mapping) else ""


def _defaults(spec: Spec) -> dict[str, Value]:
    return {name: spec[name] for name in DEFAULTS.values() if name in spec}


def _paths(rule: Mapping[str, PlainInput]) -> list[str]:
    listed = rule.get("paths")
    return sorted(str(path) for path in listed) if isinstance(listed, list | tuple) else []


def _doing(holder: Mapping[str, Value], action: Spec | None) -> dict[str, PlainInput]:
    """Return a holder of a default action with another one."""
    if action is None:
        return dict(holder)
    kept = {name: value for name, value in holder.items() if name not in DEFAULTS.values()}
    return {**kept, **as_default(action)}


def _route(action: Spec) -> Mapping[str, Value]:
    route = action.get("routeAction")
    return route if isinstance(route, Mapping) else {}
