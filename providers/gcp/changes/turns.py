"""Which backends of a URL map have to be switched with care, and in which turns.

A slot that sends requests to one backend service and is to send them to another is *held*: it keeps
what it does until the new one is warm. Slots that are new, or that come to the same new backend
service from elsewhere, make do with the old one of the same backend until then, so that a cold one
never stands alone. Everything else changes at once.

A *turn* is one backend of a load balancer, over all of its URL maps: one at a time, those under way
first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from providers.gcp.changes.url_map_parts import (
    Actions,
    Slot,
    actions_of,
    backends_of,
    weights_of,
    with_weights,
)
from provisioner.core.replacement import Move, backend_of, moves, together
from provisioner.model.change import Change
from provisioner.model.resource import NO_SPEC, Spec


@dataclass(slots=True, kw_only=True)
class Held:
    """A slot that is switched: what it does, what it is to do, and by which moves it gets there.

    ``weights`` are those of the moment, as the moves are made one by one; ``left`` are the moves
    that are still to be made.
    """

    slot: Slot
    before: Spec
    after: Spec
    wanted: Mapping[str, int]
    weights: dict[str, int]
    left: list[Move]

    @property
    def action(self) -> Spec:
        """What the slot does at this moment."""
        if not self.left:
            return self.after
        if self.weights == weights_of(self.before):
            return self.before
        return with_weights(self.before, self.weights)

    def attach(self, new: Iterable[str]) -> None:
        """Let backend services in without sending them anything."""
        self.weights |= {address: 0 for address in new if address not in self.weights}

    def make(self, move: Move) -> None:
        """Send what the old backend services got to the new ones."""
        share = sum(self.weights.get(old, 0) for old in move.old)
        for new in move.new:
            alone = len(move.new) == 1 and share
            self.weights[new] = share if alone else self.wanted[new]
        for old in move.old:
            self.weights.pop(old, None)
        self.left.remove(move)


@dataclass(slots=True, kw_only=True)
class Switched:
    """A URL map under change: what is held, and what makes do with an old backend service.

    ``standing_in`` is slot -> (what it is to do, new backend service -> old one in its place).
    """

    change: Change
    before: Actions
    after: Actions
    held: dict[Slot, Held]
    standing_in: dict[Slot, dict[str, str]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The address of the URL map."""
        return self.change.address

    @property
    def observed(self) -> Spec:
        """The URL map as it is."""
        return self.change.observed.spec if self.change.observed is not None else NO_SPEC

    @property
    def desired(self) -> Spec:
        """The URL map as it is to be."""
        return self.change.desired.spec if self.change.desired is not None else NO_SPEC

    def actions(self) -> dict[Slot, Spec]:
        """Return what slots do otherwise than they are to do, at this moment."""
        found = {slot: held.action for slot, held in self.held.items() if held.left}
        for slot, olds in self.standing_in.items():
            found[slot] = _instead(self.after[slot], olds)
        return found

    def arrive(self, move: Move) -> None:
        """Let slots that made do with an old backend service go to the new one."""
        for slot, olds in list(self.standing_in.items()):
            for new in move.new:
                if olds.get(new) in move.old:
                    del olds[new]
            if not olds:
                del self.standing_in[slot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One backend's turn: what it is switched to, and the moves that do it, by what they need."""

    new: tuple[str, ...]
    moves: tuple[Move, ...]


def switched(change: Change) -> Switched:
    """Return a URL map's change with the slots that are held."""
    found = Switched(change=change, before={}, after={}, held={})
    found.before, found.after = actions_of(found.observed), actions_of(found.desired)
    for slot, after in found.after.items():
        before = found.before.get(slot)
        held = _held(slot, before, after) if before is not None and before != after else None
        if held is not None:
            found.held[slot] = held
    return found


def stand_in(maps: Sequence[Switched]) -> None:
    """Let slots that change at once make do with old backend services while theirs are cold."""
    olds: dict[str, str] = {}
    for url_map in maps:
        present = backends_of(url_map.observed)
        for held in url_map.held.values():
            for move in held.left:
                for new in move.new:
                    same = [old for old in move.old if backend_of(old) == backend_of(new)]
                    if len(same) == 1 and same[0] in present:
                        olds.setdefault(new, same[0])
    for url_map in maps:
        for slot, after in url_map.after.items():
            if slot in url_map.held or url_map.before.get(slot) == after:
                continue
            cold = {new: olds[new] for new in weights_of(after) if new in olds}
            if cold:
                url_map.standing_in[slot] = cold


def turns(maps: Sequence[Switched]) -> tuple[Turn, ...]:
    """Return the turns of a load balancer in order; what only goes comes last."""
    every = sorted(
        {move for url_map in maps for held in url_map.held.values() for move in held.left},
        key=lambda move: (move.new, move.old),
    )
    attached = frozenset(name for url_map in maps for name in backends_of(url_map.observed))
    names = together([move.new for move in every if move.new])
    under_way = {name for new, name in names.items() if new in attached}
    order = sorted(set(names.values()), key=lambda name: (name not in under_way, name))
    found = [
        Turn(
            new=tuple(sorted(new for new, of in names.items() if of == name)),
            moves=tuple(move for move in every if move.new and names[move.new[0]] == name),
        )
        for name in order
    ]
    leaving = tuple(Turn(new=(), moves=(move,)) for move in every if not move.new)
    return (*found, *leaving)


def _held(slot: Slot, before: Spec, after: Spec) -> Held | None:
    current, wanted = weights_of(before), weights_of(after)
    found = moves(current, wanted)
    if not found:
        return None
    serving = {new for move in found for new in move.new}
    weights = {a: weight for a, weight in current.items() if weight > 0 or a in serving}
    return Held(
        slot=slot,
        before=before,
        after=after,
        wanted=wanted,
        weights=weights,
        left=list(found),
    )


def _instead(action: Spec, olds: Mapping[str, str]) -> Spec:
    weights: dict[str, int] = {}
    for address, weight in weights_of(action).items():
        name = olds.get(address, address)
        weights[name] = weights.get(name, 0) + weight
    return with_weights(action, weights)
