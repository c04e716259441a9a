"""A very small Google Cloud: URL maps whose backend services are checked once one names them.

It walks steps in any order that their edges allow, asks waits of its own health, and watches that
no step takes a rule from at least one healthy backend service to none, and that no URL map is
written that Google would refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from providers.gcp.addresses import endpoints_of
from providers.gcp.changes.url_map_parts import Slot, actions_of, backends_of, weights_of
from providers.gcp.routing.canonical import canonical
from providers.gcp.routing.entries import mappings, texts
from provisioner.core.order import ordered
from provisioner.core.replacement import backend_of
from provisioner.model.change import Action, Call, Step, Wait, WaitFor
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Resource,
    Value,
    freeze_spec,
)
from tests.unit.providers.gcp.changes.building import neg_of, seen

Served = tuple[str, Slot]


@dataclass
class SmallCloud:
    """What exists, by address.

    ``alive`` are backend services whose endpoints would pass their checks; ``order`` picks the next
    step among those that may go; what is ``broken`` cannot be created.
    """

    resources: dict[str, Resource]
    alive: frozenset[str]
    order: Callable[[int], int] = lambda _: 0
    broken: Collection[str] = ()
    most_services: int = 0
    done: list[str] = field(default_factory=list)

    def observed(self) -> list[ObservedResource]:
        """Return what a reader would see."""
        return [seen(resource) for resource in self.resources.values()]

    def healthy(self, service: str) -> bool:
        """Tell whether a backend service has a healthy endpoint: alive, attached and in a map."""
        return (
            service in self.alive
            and service in self.resources
            and endpoints_of(neg_of(service)) in self.resources
            and any(service in backends_of(m.spec) for m in self.maps().values())
        )

    def maps(self) -> dict[str, Resource]:
        """Return the URL maps."""
        return {a: r for a, r in self.resources.items() if r.kind == "UrlMap"}

    def walk(self, steps: Sequence[Step], desired: Mapping[str, Resource], *, most: int) -> None:
        """Walk the steps until none can go, or ``most`` were made."""
        pending = list(ordered(steps))
        complete: set[str] = set()
        while pending and len(complete) < most:
            ready = [s for s in pending if complete.issuperset(s.after) and self._may(s)]
            if not ready:
                return
            step = ready[self.order(len(ready))]
            self._make(step, desired)
            complete.add(step.id)
            self.done.append(step.id)
            pending.remove(step)

    def _may(self, step: Step) -> bool:
        return step.address not in self.broken and self._holds(step.wait)

    def _holds(self, wait: WaitFor | None) -> bool:
        if wait is None or wait.kind is not Wait.HEALTHY:
            return True
        for new in wait.on:
            if self.healthy(new):
                continue
            same = [old for old in wait.instead_of if backend_of(old) == backend_of(new)]
            if any(self.healthy(old) for old in same or wait.instead_of):
                return False
        return True

    def _make(self, step: Step, desired: Mapping[str, Resource]) -> None:
        before = self._served()
        for call in step.calls:
            self._send(call, desired)
        if step.action is Action.DELETE:
            self.resources.pop(step.address, None)
        after = self._served()
        for slot, served in before.items():
            still = slot in after and self._forwards(slot)
            assert not (served and still and not after[slot]), f"{step.id} cut {slot} off"
        services = [r for r in self.resources.values() if r.kind == "BackendService"]
        self.most_services = max(self.most_services, len(services))

    def _forwards(self, served: Served) -> bool:
        return bool(weights_of(actions_of(self.resources[served[0]].spec)[served[1]]))

    def _served(self) -> dict[Served, bool]:
        return {
            (address, slot): any(
                weight > 0 and self.healthy(s) for s, weight in weights_of(action).items()
            )
            for address, url_map in self.maps().items()
            for slot, action in actions_of(url_map.spec).items()
        }

    def _send(self, call: Call, desired: Mapping[str, Resource]) -> None:
        collection, _, verb = call.operation.partition(".")
        if verb == "delete":
            if collection == "backendServices":
                users = [m for m, r in self.maps().items() if call.address in backends_of(r.spec)]
                assert not users, f"{call.address} is in use by {users}"
            if collection == "networkEndpointGroups":
                self.resources.pop(endpoints_of(call.address), None)
            return
        if verb == "insert":
            assert call.address not in self.resources, f"{call.address} is there already"
            self.resources[call.address] = desired[call.address]
        if collection == "urlMaps":
            body = call.parameters["body"]
            assert isinstance(body, Mapping)
            self._write(call.address, body)
        else:
            self.resources[call.address] = desired[call.address]
        if call.address in self.maps():
            self._check(call.address)

    def _write(self, address: str, body: Mapping[str, Value]) -> None:
        resource = self.resources[address]
        fields: dict[str, PlainInput] = {
            **{name: resource.spec[name] for name in ("name", "description")},
            **canonical(_without_none(body)),
        }
        fields["description"] = body["description"]
        self.resources[address] = Resource(
            kind=resource.kind,
            address=address,
            group=resource.group,
            name=resource.name,
            ingresses=resource.ingresses,
            spec=freeze_spec(fields),
        )

    def _check(self, address: str) -> None:
        """Refuse a URL map that Google would refuse."""
        spec = self.resources[address].spec
        for service in backends_of(spec):
            assert service in self.resources, f"{address} names {service}, which does not exist"
        matchers = [str(m.get("name")) for m in mappings(spec.get("pathMatchers"))]
        named = [str(rule.get("pathMatcher")) for rule in mappings(spec.get("hostRules"))]
        hosts = [h for rule in mappings(spec.get("hostRules")) for h in texts(rule.get("hosts"))]
        assert len(set(matchers)) == len(matchers), "two path matchers have one name"
        assert sorted(set(named)) == sorted(matchers), "a path matcher without hosts, or none"
        assert len(set(hosts)) == len(hosts), "a host stands twice"
        for matcher in mappings(spec.get("pathMatchers")):
            _check_matcher(matcher)
        for slot, action in actions_of(spec).items():
            weights = weights_of(action)
            assert not weights or sum(weights.values()) > 0, f"{slot} sends nobody anywhere"
            ways = [n for n in ("service", "urlRedirect") if n in action]
            assert len(ways) + (len(weights) > 1) == 1, f"{slot} does not do one thing: {action}"


def _check_matcher(matcher: Mapping[str, Value]) -> None:
    paths = [p for rule in mappings(matcher.get("pathRules")) for p in texts(rule.get("paths"))]
    assert len(set(paths)) == len(paths), "a path stands twice"
    assert all(texts(rule.get("paths")) for rule in mappings(matcher.get("pathRules")))


def _without_none(value: PlainInput) -> dict[str, PlainInput]:
    assert isinstance(value, Mapping)
    return {name: _bare(item) for name, item in value.items() if item is not None}


def _bare(value: PlainInput) -> PlainInput:
    if isinstance(value, Mapping):
        found = {name: _bare(item) for name, item in value.items() if item is not None}
        return {name: item for name, item in found.items() if item != {}}
    if isinstance(value, tuple | list):
        return [_bare(item) for item in value]
    return value
