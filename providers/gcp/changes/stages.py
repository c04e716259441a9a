"""The stages in which the URL maps of one load balancer change, so that nobody is cut off.

A URL map holds the rules of everybody and is written whole. So a change comes in stages, each a
complete map that Google would take:

1. *settings*: everything that needs neither a new backend service nor a warm one. No neighbour
   waits for anybody.
2. *arrivals*: what leads to backend services that are created in this plan. If one cannot be
   created, only these rules lack; those that can will be in the next plan's settings.
3. for each backend that is switched, one at a time: *attach* the new backend service where nobody
   is sent to it (weight 0; on classic load balancers a warm host rule, see ``url_map_parts``), and,
   once it is healthy instead of the old one, *shift* to it.

What the old backend services leave behind is deleted when the shift has settled. Every stage shows
in what is observed, so an interrupted switch goes on where it stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from providers.gcp.addresses import Kind
from providers.gcp.changes.arrivals import meanwhile
from providers.gcp.changes.turns import Held, Switched, Turn, stand_in, switched, turns
from providers.gcp.changes.url_map_parts import (
    Deviations,
    Pieces,
    assembled,
    backends_of,
    owners_in,
    warmed,
)
from providers.gcp.owned import OWNED
from provisioner.core.replacement import Move, weighted
from provisioner.model.change import Change, FieldChange, Wait, WaitFor
from provisioner.model.resource import Spec

SETTINGS, ARRIVALS, ATTACH, SHIFT = "settings", "arrivals", "attach", "shift"

Test = Callable[[str], bool]

_NOT_COMPARED = frozenset({"name", "region"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One complete state of a URL map on its way.

    Attributes:
        url_map: Its address.
        name: "" for the stage that completes the change.
        before / after: The map's spec.
        wait: What must be true before.
        turn: The number of the turn, -1 for what needs none.
        move: What is shifted.
    """

    url_map: str
    name: str
    before: Spec
    after: Spec
    wait: WaitFor | None = None
    turn: int = -1
    move: Move | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """All stages of one load balancer's URL maps in order, and its turns."""

    stages: tuple[Stage, ...]
    turns: tuple[Turn, ...]


def staging(
    updates: Sequence[Change], *, created: frozenset[str], kept: frozenset[str], classic: Test
) -> Staging:
    """Return the stages of all URL maps of one load balancer that change.

    Args:
        updates: Their changes.
        created: Backend services that this plan creates.
        kept: Backend services that URL maps of the same load balancer use which do not change.
        classic: Tells whether a backend service is of a classic load balancer.
    """
    maps = [switched(change) for change in sorted(updates, key=lambda change: change.address)]
    stand_in(maps)
    return _Stager(maps, turns(maps), created=created, kept=kept, classic=classic).run()


def first_part(change: Change, created: frozenset[str]) -> Spec | None:
    """Return as much of a new URL map as can be made before some backend services exist.

    Returns:
        None where that is all of it, or nothing.
    """
    if not created & backends_of(switched(change).desired):
        return None
    return _Map(switched(change), frozenset()).wanted_now(created=created) or None


class _Map:
    """A URL map at one moment of its way."""

    def __init__(self, switched_map: Switched, pending: frozenset[str]) -> None:
        self.map = switched_map
        self.warm = warmed(switched_map.observed) & pending
        self.spec = switched_map.observed
        self._pieces = Pieces()
        self._owners = {**owners_in(switched_map.observed), **owners_in(switched_map.desired)}

    def wanted_now(self, *, created: frozenset[str] = frozenset()) -> Spec:
        """Return the map as it should be now, without what leads to some backend services."""
        early = meanwhile(self.map, created)
        if early is None:
            return self.map.observed
        deviations = Deviations(
            {**self.map.actions(), **early.actions},
            kept=early.kept,
            warm=self.warm - created,
            owners=self._owners,
        )
        return self._pieces.assembled(self.map.desired, deviations)

    def held_by(self, move: Move) -> list[Held]:
        """Return the slots that make this move."""
        return [held for held in self.map.held.values() if move in held.left]

    def cool(self) -> None:
        """Give up warm host rules of what is served by now."""
        if not self.warm:
            return
        served = backends_of(assembled(self.map.desired, Deviations(dict(self.map.actions()))))
        self.warm -= served


class _Stager:
    """Walks the turns and notes the stages of every map."""

    def __init__(
        self,
        maps: Sequence[Switched],
        order: Sequence[Turn],
        *,
        created: frozenset[str],
        kept: frozenset[str],
        classic: Test,
    ) -> None:
        pending = frozenset(new for turn in order for new in turn.new)
        self._maps = [_Map(each, pending) for each in maps]
        self._turns = order
        self._created = created
        self._kept = kept
        self._classic = classic
        self._found: list[Stage] = []

    def run(self) -> Staging:
        for each in self._maps:
            self._note(each, SETTINGS, each.wanted_now(created=self._created))
            self._note(each, ARRIVALS, each.wanted_now())
        for number, turn in enumerate(self._turns):
            self._attach(number, turn)
            for move in turn.moves:
                self._shift(number, move)
        return Staging(stages=tuple(_finished(self._found)), turns=tuple(self._turns))

    def _note(
        self,
        each: _Map,
        name: str,
        after: Spec,
        *,
        wait: WaitFor | None = None,
        turn: int = -1,
        move: Move | None = None,
    ) -> None:
        """Note a stage, if the map is another one afterwards."""
        if _differs(each.spec, after):
            stage = Stage(
                url_map=each.map.address,
                name=name,
                before=each.spec,
                after=after,
                wait=wait,
                turn=turn,
                move=move,
            )
            self._found.append(stage)
            each.spec = after

    def _attach(self, number: int, turn: Turn) -> None:
        attached = self._kept.union(*(backends_of(each.spec) for each in self._maps))
        missing = {new for new in turn.new if new not in attached}
        for each in self._maps:
            for move in turn.moves:
                let_in = [new for new in move.new if new in missing]
                held = each.held_by(move)
                if let_in and held:
                    cold = {new for new in let_in if self._classic(new)}
                    each.warm |= cold
                    held[0].attach(new for new in let_in if new not in cold)
                    missing -= set(let_in)
            self._note(each, ATTACH, each.wanted_now(), turn=number)

    def _shift(self, number: int, move: Move) -> None:
        for each in self._maps:
            for on, held in _by_remaining(each.held_by(move), move):
                for slot in held:
                    slot.make(move)
                each.map.arrive(move)
                self._shifted(each, on, number, move)
            each.map.arrive(move)
            self._shifted(each, move.new, number, move)

    def _shifted(self, each: _Map, on: tuple[str, ...], number: int, move: Move) -> None:
        each.cool()
        wait = WaitFor(kind=Wait.HEALTHY, on=on, instead_of=move.old)
        self._note(each, SHIFT, each.wanted_now(), wait=wait, turn=number, move=move)


def _by_remaining(
    held: Sequence[Held], move: Move
) -> Iterator[tuple[tuple[str, ...], tuple[Held, ...]]]:
    """Yield the slots of a move by what must be healthy: the new ones, else those that stay."""
    if move.new:
        if held:
            yield move.new, tuple(held)
        return
    remaining = {slot.slot: tuple(sorted(weighted(slot.wanted))) for slot in held}
    for on in sorted(set(remaining.values())):
        yield on, tuple(slot for slot in held if remaining[slot.slot] == on)


def _finished(found: Sequence[Stage]) -> Iterator[Stage]:
    """Yield the stages with their final names: the last of a map completes its change."""
    last = {stage.url_map: number for number, stage in enumerate(found)}
    count: Counter[tuple[str, str]] = Counter()
    for number, stage in enumerate(found):
        if last[stage.url_map] == number:
            yield replace(stage, name="")
            continue
        count[stage.url_map, stage.name] += 1
        times = count[stage.url_map, stage.name]
        yield stage if times == 1 else replace(stage, name=f"{stage.name}-{times}")


def difference(before: Spec, after: Spec) -> tuple[FieldChange, ...]:
    """Return the fields of a URL map in which two of its states differ."""
    fields = (after.keys() | (before.keys() & OWNED[Kind.URL_MAP.value])) - _NOT_COMPARED
    return tuple(
        FieldChange(path=path, before=before.get(path), after=after.get(path))
        for path in sorted(fields)
        if before.get(path) != after.get(path)
    )


def _differs(before: Spec, after: Spec) -> bool:
    return bool(difference(before, after))
