"""Turn the stages of URL maps into steps, and put one backend after the other.

The next backend service is created when the one that was replaced before is gone, so that no more
than one extra exists at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from providers.gcp.addresses import Kind
from providers.gcp.changes.call_parts import call_to, entries, insertion, name_of
from providers.gcp.changes.stages import ARRIVALS, Stage, difference, first_part, staging
from providers.gcp.changes.url_map_parts import backends_of
from providers.gcp.routing.canonical import update_body
from provisioner.core.step_list import StepList, step_of
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import NO_SPEC, Observed, Spec, Value

_MATCHERS = "pathMatchers"

Members = Callable[[str], Iterable[str]]

_BUILDS = frozenset({Action.CREATE, Action.REPLACE})


def write_url_maps(
    changes: Sequence[Change], observed: Observed, steps: StepList, members: Members
) -> tuple[Switching, ...]:
    """Add the steps of every URL map that changes.

    Args:
        changes: All changes.
        observed: Everything of ours that was seen.
        steps: Steps so far; those of other kinds are complete.
        members: Returns the steps that put something behind a backend service.
    """
    by_group: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind == Kind.URL_MAP.value:
            by_group.setdefault(change.group, []).append(change)
    services = _Services.of(changes)
    found = [
        Switching(maps, services, observed, steps, members) for _, maps in sorted(by_group.items())
    ]
    for switching in found:
        switching.write()
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Services:
    """The backend services of all load balancers, looked through once for all URL maps."""

    by_address: Mapping[str, Change]
    created: frozenset[str]
    deleted: frozenset[str]

    @classmethod
    def of(cls, changes: Sequence[Change]) -> _Services:
        """Return the backend services among changes."""
        found = {c.address: c for c in changes if c.kind == Kind.BACKEND_SERVICE.value}
        return cls(
            by_address=MappingProxyType(found),
            created=frozenset(a for a, c in found.items() if c.action in _BUILDS),
            deleted=frozenset(a for a, c in found.items() if c.action is Action.DELETE),
        )


class _Bodies:
    """Spells updates of URL maps; path matchers that stay the same over many stages, once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Value, Value]] = {}

    def update_call(self, change: Change, spec: Spec) -> Call:
        """Return the call that makes a URL map what a spec says."""
        listed = entries(spec.get(_MATCHERS))
        rest = {name: value for name, value in spec.items() if name not in (_MATCHERS, "region")}
        body = {**update_body(rest), _MATCHERS: tuple(self._matcher(each) for each in listed)}
        return call_to(change, "update", name_of(change), frozen=MappingProxyType(body))

    def _matcher(self, matcher: Value) -> Value:
        known = self._known.get(id(matcher))
        if known is None:
            body = entries(update_body({_MATCHERS: (matcher,)})[_MATCHERS])[0]
            known = self._known[id(matcher)] = (matcher, body)
        return known[1]


class Switching:
    """Writes the steps of all URL maps of one load balancer."""

    def __init__(
        self,
        maps: Sequence[Change],
        services: _Services,
        observed: Observed,
        steps: StepList,
        members: Members,
    ) -> None:
        updates = [change for change in maps if change.action is Action.UPDATE]
        self._maps: Mapping[str, Change] = {change.address: change for change in updates}
        self._new = [change for change in maps if change.action in _BUILDS]
        self._group = maps[0].group if maps else ""
        self._steps = steps
        self._members = members
        self._services = services.by_address
        self._observed = observed
        self._created = services.created
        self._deleted = services.deleted
        self._staging = staging(
            updates,
            created=self._created,
            kept=frozenset(
                name
                for change in maps
                if change.action is Action.NOOP and change.observed is not None
                for name in backends_of(change.observed.spec)
            ),
            classic=self._is_classic,
        )
        self._ids: list[tuple[Stage, str]] = []
        self._bodies = _Bodies()

    def write(self) -> None:
        """Add a step for each stage; a turn's shifts come after its new one was let in."""
        for change in self._new:
            self._create(change)
        previous: dict[str, str] = {}
        attached: dict[int, list[str]] = {}
        for stage in self._staging.stages:
            identity = self._add(stage)
            if stage.url_map in previous:
                self._steps.after(identity, [previous[stage.url_map]])
            if stage.move is not None:
                self._steps.after(identity, attached.get(stage.turn, ()))
                self._steps.after(identity, self._behind(stage.move.new))
            elif stage.turn >= 0:
                attached.setdefault(stage.turn, []).append(identity)
            else:
                new = self._created & (backends_of(stage.after) - backends_of(stage.before))
                self._steps.after(identity, self._behind(sorted(new)))
            previous[stage.url_map] = identity
            self._ids.append((stage, identity))

    def chain(self) -> None:
        """Put one backend after the other; all other steps must have been added."""
        numbers = sorted({stage.turn for stage, _ in self._ids if stage.turn >= 0})
        if len(numbers) <= 1:
            return
        named = self._named()
        until = dict(named)  # the last stage of a turn counts
        early = frozenset[str]().union(*(names for number, names in named if number < 0))
        for earlier, later in pairwise(numbers):
            early |= until[earlier]
            ends = self._ends(earlier, until[earlier])
            for start in self._starts(later, early):
                self._steps.after(start, ends)

    def _create(self, change: Change) -> None:
        """Add the creation of a URL map, and what has to wait for its backend services."""
        whole = change.desired.spec if change.desired is not None else NO_SPEC
        led_to = backends_of(whole)
        created = led_to & self._created
        part = first_part(change, created) if led_to - created else None
        if part is None:
            self._steps.add(step_of(change, calls=(insertion(change, whole),)))
            return
        first = difference(NO_SPEC, part)
        self._steps.add(step_of(change, fields=first, calls=(insertion(change, part),)))
        rest = step_of(
            replace(change, action=Action.UPDATE),
            stage=ARRIVALS,
            fields=difference(part, whole),
            calls=(self._bodies.update_call(change, whole),),
        )
        self._steps.add(rest, after=(change.address, *self._behind(sorted(created))))

    def _add(self, stage: Stage) -> str:
        change = self._maps[stage.url_map]
        return self._steps.add(
            step_of(
                change,
                stage=stage.name,
                fields=difference(stage.before, stage.after),
                calls=(self._bodies.update_call(change, stage.after),),
                wait=stage.wait,
            )
        )

    def _behind(self, services: Iterable[str]) -> list[str]:
        """Return the steps that put something behind backend services."""
        return [
            step
            for service in services
            for step in self._members(service)
            if self._steps.sends(step)
        ]

    def _starts(self, number: int, early: frozenset[str]) -> list[str]:
        """Return the steps that begin a turn: creating what it needs, else its first stages."""
        created = [
            new
            for new in self._staging.turns[number].new
            if new in self._created and new not in early and self._is_own(new)
        ]
        return created or [name for stage, name in self._ids if stage.turn == number]

    def _ends(self, number: int, later: frozenset[str]) -> list[str]:
        """Return the steps that end a turn, the deletion of what it replaced included."""
        old = {name for move in self._staging.turns[number].moves for name in move.old}
        gone = sorted(
            name for name in old & self._deleted if name not in later and self._is_own(name)
        )
        return [*gone, *(name for stage, name in self._ids if stage.turn == number)]

    def _named(self) -> list[tuple[int, frozenset[str]]]:
        """Return the turn of each stage, and what all URL maps name when it is over."""
        now = {
            address: backends_of(change.observed.spec)
            for address, change in self._maps.items()
            if change.observed is not None
        }
        found = []
        for stage, _ in self._ids:
            now[stage.url_map] = backends_of(stage.after)
            found.append((stage.turn, frozenset[str]().union(*now.values())))
        return found

    def _is_own(self, service: str) -> bool:
        """Tell whether a backend service is of this load balancer alone."""
        change = self._services.get(service)
        return change is not None and change.group == self._group

    def _is_classic(self, service: str) -> bool:
        change = self._services.get(service)
        resource = (change.desired or change.observed) if change is not None else None
        found = resource or self._observed.resources.get(service)
        return found is not None and found.spec.get("loadBalancingScheme") == "EXTERNAL"
