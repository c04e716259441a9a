"""Switch every rule and listener whose backends change, one backend at a time.

``switch`` knows the stages of a single action. Here they become steps, rules that switch to the
same target group share its sequence (only the first has to attach it), and the backends of a load
balancer are put one after the other: the next target group is created when the last is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from providers.aws.addresses import Kind, targets_of
from providers.aws.changes.calls import actions_call
from providers.aws.changes.switch import ATTACH, FINAL, Stage, stages
from providers.aws.changes.upheaval import ACTIONS_FIELD, Upheaval
from providers.aws.routing.actions import weights_of, with_weights
from provisioner.core.replacement import Move, moves, together
from provisioner.core.step_list import StepList, step_of
from provisioner.model.change import Action, Change, FieldChange
from provisioner.model.resource import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A change of an action that is made in stages."""

    change: Change
    actions: FieldChange
    current: Mapping[str, int]
    wanted: Mapping[str, int]
    moves: tuple[Move, ...]


@dataclass(slots=True)
class _Backend:
    """What switching to one target group consists of: ids of steps, and target groups."""

    starts: list[str] = field(default_factory=list)
    attaches: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    new: set[str] = field(default_factory=set)
    old: dict[str, set[str]] = field(default_factory=dict)  # old target group -> who lets it go


def holder_of(change: Change) -> Holder | None:
    """Return the change as one that needs stages, None where a single update will do."""
    path = ACTIONS_FIELD.get(change.kind)
    if change.action is not Action.UPDATE or path is None:
        return None
    actions = next((f for f in change.fields if f.path == path), None)
    if actions is None:
        return None
    current, wanted = weights_of(actions.before), weights_of(actions.after)
    if not current or not wanted:
        return None
    found = moves(current, wanted)
    if not found and current.keys() <= wanted.keys():
        return None
    return Holder(change=change, actions=actions, current=current, wanted=wanted, moves=found)


def switched_off(holders: Iterable[Holder]) -> frozenset[str]:
    """Return the target groups that a switch takes out of service."""
    return frozenset(
        target_group
        for holder in holders
        for target_group in holder.current.keys() - holder.wanted.keys()
    )


class Switching:
    """Writes the steps of all switches of one load balancer."""

    def __init__(self, holders: Sequence[Holder], upheaval: Upheaval, steps: StepList) -> None:
        self._holders = sorted(holders, key=lambda holder: holder.change.address)
        self._upheaval = upheaval
        self._steps = steps
        group = holders[0].change.group
        self._attached = upheaval.attached.get(group, frozenset())
        self._attaching: dict[str, str] = {}
        self._names = together([move.new for holder in holders for move in holder.moves])
        self._order = sorted(set(self._names.values()), key=self._rank)
        self._backends: dict[str, _Backend] = {name: _Backend() for name in self._order}

    def write(self) -> None:
        """Add the steps of every holder."""
        for holder in self._holders:
            self._write(holder)

    def chain(self) -> None:
        """Put one backend after the other; all other steps must have been added."""
        sequence = [self._backends[name] for name in self._order]
        for earlier, later in pairwise(sequence):
            ends = self._ends(earlier)
            for start in self._starts(later):
                self._steps.after(start, ends)

    def _rank(self, name: str) -> tuple[bool, str]:
        """Return when a backend has its turn: those under way first, then by address."""
        under_way = any(
            new in self._attached for new, shared in self._names.items() if shared == name
        )
        return (not under_way, name)

    def _write(self, holder: Holder) -> None:
        ranks = {name: rank for rank, name in enumerate(self._order)}
        last = len(ranks)
        order = sorted(holder.moves, key=lambda m: ranks[self._names[m.new[0]]] if m.new else last)
        found = stages(
            holder.change.address,
            holder.current,
            holder.wanted,
            order=order,
            attached=self._attached | self._attaching.keys(),
        )
        previous, before = "", holder.actions.before
        for stage in found:
            after = _value(holder, stage)
            identity = self._add(holder, stage, before, after)
            self._steps.after(identity, (previous, *self._needs(stage)))
            self._note(stage, identity)
            previous, before = identity, after

    def _add(self, holder: Holder, stage: Stage, before: Value, after: Value) -> str:
        change, path = holder.change, holder.actions.path
        return self._steps.add(
            step_of(
                change,
                stage=stage.name,
                fields=(FieldChange(path=path, before=before, after=after),),
                calls=(actions_call(change.address, Kind(change.kind), after),),
                wait=stage.wait,
            )
        )

    def _needs(self, stage: Stage) -> tuple[str, ...]:
        """Return what a stage needs besides the one before it: attached, with targets."""
        if stage.move is None or stage.name.startswith(ATTACH):
            return ()
        attach = (self._attaching.get(new, "") for new in stage.move.new)
        members = (targets_of(new) for new in stage.move.new)
        return (*attach, *(address for address in members if self._steps.sends(address)))

    def _note(self, stage: Stage, identity: str) -> None:
        """Remember what a step is to the backend that it switches to."""
        if stage.move is None or not stage.move.new:
            return
        backend = self._backends[self._names[stage.move.new[0]]]
        backend.new.update(stage.move.new)
        for old in stage.move.old:
            backend.old.setdefault(old, set()).add(identity.partition("#")[0])
        backend.starts.append(identity)
        backend.ends.append(identity)
        if stage.name.startswith(ATTACH):
            backend.attaches.append(identity)
            for new in stage.move.new:
                self._attaching.setdefault(new, identity)

    def _starts(self, backend: _Backend) -> list[str]:
        """Return the steps that the rest of a switch comes after anyway, all of them if none."""
        created = sorted(new for new in backend.new if self._is_created(new))
        return created or backend.attaches or backend.starts

    def _is_created(self, target_group: str) -> bool:
        return self._steps.sends(target_group) and not self._upheaval.users.get(target_group)

    def _ends(self, backend: _Backend) -> list[str]:
        """Return the steps that end a switch: the deletion of what it replaced, where that is last.

        A target group that others than the switched rules use as well goes when they do, which may
        depend on what comes later; then the switch ends with its own steps.
        """
        deletes = sorted(old for old in backend.old if old in self._upheaval.deleted)
        last = all(backend.old[old].issuperset(self._upheaval.users[old]) for old in deletes)
        return deletes if deletes and last else backend.ends


def _value(holder: Holder, stage: Stage) -> Value:
    """Return the action list of a stage."""
    if stage.name == FINAL:
        return holder.actions.after
    kept = holder.actions.before if stage.name.startswith(ATTACH) else holder.actions.after
    return with_weights(kept, stage.weights)
