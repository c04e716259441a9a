"""Digests: what makes two plans the same, and what makes a saved plan stale.

A digest covers every step that does something (kind, address, action, before, after) and every
blocking diagnostic. It leaves out what moves by itself without changing what was approved: target
membership, health, pod counts. So a plan stays valid while pods come and go, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import Json, Value, canonical, to_json

_CREATES = frozenset({Action.CREATE, Action.REPLACE})


def digest_of(
    steps: Iterable[Step], diagnostics: Iterable[Diagnostic], *, membership: Mapping[str, str]
) -> str:
    """Return ``sha256:...`` over steps that do something and blocking diagnostics.

    Args:
        steps: In any order.
        diagnostics: In any order.
        membership: Kind -> the field that lists its targets.
    """
    entries = sorted(
        json.dumps(entry, sort_keys=True, separators=(",", ":"))
        for entry in (_entry(step, membership) for step in steps)
        if entry is not None
    )
    blocking = sorted(
        json.dumps([d.code, d.subject, d.field, d.message]) for d in diagnostics if d.blocking
    )
    return _sha256([*entries, *blocking])


def combined(digests: Sequence[str]) -> str:
    """Return the digest of a whole plan from those of its parts, in their order."""
    return _sha256(list(digests))


def _sha256(texts: list[str]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _entry(step: Step, membership: Mapping[str, str]) -> Json:
    if step.action is Action.NOOP:
        return None
    fields = significant_fields(step, membership)
    if step.action is Action.UPDATE and not fields:
        return None
    return {
        "kind": step.kind,
        "address": step.address,
        "action": step.action.value,
        "before": {change.path: to_json(change.before) for change in fields},
        "after": {change.path: to_json(change.after) for change in fields},
    }


def significant_fields(step: Step, membership: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Return the fields that count: all but target membership."""
    left_out = membership.get(step.kind)
    return tuple(change for change in step.fields if change.path != left_out)


def stale_reasons(
    saved: Sequence[Mapping[str, Json]], current: Sequence[Step], *, membership: Mapping[str, str]
) -> tuple[str, ...]:
    """Return why a saved plan no longer describes the world, () where it still does.

    Every resource must be in the state the plan found, in the state it leads to, or in one of the
    states between them where it changes in stages, so an interrupted apply goes on. What remains to
    do must be part of what was saved.

    Args:
        saved: The saved steps as ``{"kind", "address", "action", "before", "after"}`` with
            before and after by field path, as plain JSON.
        current: The steps of the plan made now from the same inputs.
        membership: Kind -> the field that lists its targets.
    """
    known: dict[str, list[Mapping[str, Json]]] = {}
    for entry in saved:
        known.setdefault(str(entry["address"]), []).append(entry)
    reasons = []
    for steps in _stages(current):
        fields = tuple(f for step in steps for f in significant_fields(step, membership))
        if all(step.action is Action.UPDATE for step in steps) and not fields:
            continue
        entries = known.get(steps[0].address, [])
        if not _foreseen(entries, steps[0], fields):
            what = ", ".join(sorted({f.path for f in fields})) or steps[0].action.value
            reasons.append(
                f"{steps[0].kind} {steps[0].address} has changed since the plan ({what})"
            )
    return tuple(sorted(reasons))


def _stages(steps: Iterable[Step]) -> Iterable[Sequence[Step]]:
    """Return what is done, by resource: one that changes in stages has several steps."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        if step.action is not Action.NOOP:
            found.setdefault(step.address, []).append(step)
    return found.values()


def _foreseen(
    saved: Sequence[Mapping[str, Json]], first: Step, fields: Sequence[FieldChange]
) -> bool:
    """Tell whether what is left to do with a resource is what was saved, or the rest of it.

    What the plan was to create may have been created and left half-way (a crash between a create
    and the call that sets its attributes); then only the end counts.
    """
    kinds = {entry["kind"] for entry in saved}
    actions = {entry["action"] for entry in saved}
    if kinds != {first.kind}:
        return False
    if first.action is Action.DELETE:
        return Action.DELETE in actions
    created = not _CREATES.isdisjoint(actions)
    if first.action in _CREATES and not created:
        return False
    return all(
        _on_the_way(saved, fields, path, created=created) for path in {f.path for f in fields}
    )


def _on_the_way(
    saved: Sequence[Mapping[str, Json]], fields: Sequence[FieldChange], path: str, *, created: bool
) -> bool:
    """Tell whether a field goes from one of the values that it was to have to a later one.

    ``fields`` are those of all stages; from first to last they are one change.
    """
    mine = [change for change in fields if change.path == path]
    values: list[Json] = []
    for entry in saved:
        before, after = entry["before"], entry["after"]
        if isinstance(before, dict) and isinstance(after, dict) and path in after:
            values += [before.get(path), after[path]]
    starts = [place for place, value in enumerate(values) if _same(value, mine[0].before)]
    first = 0 if created else min(starts, default=len(values))
    return any(_same(value, mine[-1].after) for value in values[first + 1 :])


def _same(saved: Json, value: Value) -> bool:
    text = json.dumps(saved, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text == canonical(value)
