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

    Every resource must be in the state the plan found or in the state it leads to, so an
    interrupted or staged apply goes on. What remains to do must be part of what was saved.

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
    for step in current:
        if step.action is Action.NOOP:
            continue
        fields = significant_fields(step, membership)
        if step.action is Action.UPDATE and not fields:
            continue
        if not any(_covers(entry, step, fields) for entry in known.get(step.address, [])):
            what = ", ".join(change.path for change in fields) or step.action.value
            reasons.append(f"{step.kind} {step.address} has changed since the plan ({what})")
    return tuple(sorted(set(reasons)))


def _covers(entry: Mapping[str, Json], step: Step, fields: Sequence[FieldChange]) -> bool:
    """Tell whether a saved step starts and ends, field by field, where this one does.

    What the plan was to create may have been created and left half-way (a crash between a create
    and the call that sets its attributes); then only the end counts.
    """
    before, after = entry["before"], entry["after"]
    if not isinstance(before, dict) or not isinstance(after, dict) or entry["kind"] != step.kind:
        return False
    if step.action is Action.DELETE:
        return entry["action"] == step.action.value
    saved_creates = entry["action"] in _CREATES
    if step.action in _CREATES and not saved_creates:
        return False
    return all(
        change.path in after
        and _same(after[change.path], change.after)
        and (saved_creates or _same(before.get(change.path), change.before))
        for change in fields
    )


def _same(saved: Json, value: Value) -> bool:
    text = json.dumps(saved, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text == canonical(value)
