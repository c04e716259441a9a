"""Field differences, made small: what changed inside a field rather than the field twice.

A tag among twenty, a target among eight hundred, a path among five: a reader wants the one. Every
renderer for people prints these entries; only the JSON carries fields whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.resource import Ref, Value, canonical
from provisioner.render import phrases

_SHOWN_TARGETS: Final = 8
_CREATIONS: Final = frozenset({Action.CREATE, Action.REPLACE})
_RULE_FIELDS: Final = ("Conditions", "Actions")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a difference: ``sign`` is ``+``, ``-``, ``~`` or a blank."""

    sign: str
    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.label}: {self.text}" if self.label else self.text


def entries(step: Step) -> tuple[Entry, ...]:
    """Return what a step changes, field by field, in the order of the step's fields.

    What a creation says anyway is left out: its own name, what it belongs to, our marks.
    """
    if step.action is Action.DELETE:
        return ()
    fields = {c.path: c for c in step.fields if not _goes_without_saying(c, step)}
    found: list[Entry] = []
    if all(name in fields for name in _RULE_FIELDS):
        found.extend(_rule(fields["Conditions"], fields["Actions"], step.group))
        fields = {name: c for name, c in fields.items() if name not in _RULE_FIELDS}
    short = [c for c in fields.values() if c.before is None and _is_scalar(c.after)]
    if short:
        text = ", ".join(f"{c.path} {_quoted(phrases.phrase(c.after))}" for c in short)
        found.append(Entry(" " if step.action in _CREATIONS else "+", "", text))
    for change in fields.values():
        if change not in short:
            found.extend(_entries(change, step.group))
    return tuple(found)


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _is_scalar(value: Value) -> bool:
    return isinstance(value, bool | int | str)


def _goes_without_saying(change: FieldChange, step: Step) -> bool:
    if change.before is not None or step.action not in _CREATIONS:
        return False
    return isinstance(change.after, Ref) or (bool(step.name) and change.after == step.name)


def _rule(conditions: FieldChange, actions: FieldChange, group: str) -> Iterator[Entry]:
    """Yield a rule as the sentence it is: ``host a, path /b -> web:80/pod``."""
    old = _rule_text(conditions.before, actions.before, group)
    new = _rule_text(conditions.after, actions.after, group)
    if old:
        yield Entry("-", "", old)
    yield Entry("+" if old else " ", "", new)


def _rule_text(conditions: Value, actions: Value, group: str) -> str:
    where = phrases.phrase(conditions, group) if conditions else ""
    return phrases.rule(where, phrases.phrase(actions, group) if actions else "")


def _entries(change: FieldChange, group: str) -> Iterator[Entry]:
    before, after = change.before, change.after
    if phrases.is_targets(before) or phrases.is_targets(after):
        yield _targets(change)
    elif phrases.is_pair_list(before) or phrases.is_pair_list(after):
        yield from _pairs(change.path, phrases.pairs(before), phrases.pairs(after))
    elif before is None:
        yield Entry(" ", change.path, phrases.phrase(after, group))
    elif isinstance(before, tuple) and isinstance(after, tuple):
        yield from _items(change.path, before, after, group=group)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mapping(change.path, before, after, group=group)
    else:
        yield _arrow(change.path, before, after, group=group)


def _arrow(path: str, before: Value, after: Value, *, group: str) -> Entry:
    return Entry("~", path, f"{phrases.phrase(before, group)} -> {phrases.phrase(after, group)}")


def _mapping(
    path: str, before: Mapping[str, Value], after: Mapping[str, Value], *, group: str
) -> Iterator[Entry]:
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if canonical(old) != canonical(new):
            inner = FieldChange(path=f"{path}.{key}", before=old, after=new)
            yield from _entries(inner, group)


def _items(
    path: str, before: tuple[Value, ...], after: tuple[Value, ...], *, group: str
) -> Iterator[Entry]:
    """Yield the items that went and came; a pure change of order is shown as one."""
    old = {canonical(item): item for item in before}
    new = {canonical(item): item for item in after}
    gone = [item for key, item in old.items() if key not in new]
    come = [item for key, item in new.items() if key not in old]
    if not gone and not come:
        yield _arrow(path, before, after, group=group)
    for item in gone:
        yield Entry("-", path, phrases.phrase(item, group))
    for item in come:
        yield Entry("+", path, phrases.phrase(item, group))


def _pairs(path: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Entry]:
    """Yield a list of keys and values by key; our marks are summed up where they are added."""
    marks = [key for key in after if phrases.is_mark(key) and key not in before]
    for key in sorted({*before, *after} - set(marks)):
        old, new = before.get(key), after.get(key)
        if key not in before:
            yield Entry("+" if before else " ", path, f"{key}={phrases.phrase(new)}")
        elif key not in after:
            yield Entry("-", path, f"{key}={phrases.phrase(old)}")
        elif canonical(old) != canonical(new):
            yield _arrow(f"{path}.{key}", old, new, group="")
    if marks and before:
        yield Entry("+", path, phrases.counted(len(marks), "ownership mark"))


def _targets(change: FieldChange) -> Entry:
    """Return a membership as a count with the targets that move: never eight hundred lines."""
    old, new = _target_names(change.before), _target_names(change.after)
    if not isinstance(change.after, tuple):
        return Entry("~", change.path, f"{len(old)} -> {phrases.phrase(change.after)}")
    if not isinstance(change.before, tuple):
        listed = _some(new)
        return Entry(" ", change.path, f"{phrases.counted(len(new), 'target')} ({listed})")
    parts = [f"{len(old)} -> {phrases.counted(len(new), 'target')}"]
    if joined := new - old:
        parts.append(f"registers {_some(joined)}")
    if left := old - new:
        parts.append(f"deregisters {_some(left)}")
    return Entry("~", change.path, "; ".join(parts))


def _target_names(value: Value) -> frozenset[str]:
    items = value if isinstance(value, tuple) else ()
    return frozenset(phrases.target(item) for item in items if isinstance(item, Mapping))


def _some(names: AbstractSet[str]) -> str:
    ordered = sorted(names, key=_natural)
    shown = ", ".join(ordered[:_SHOWN_TARGETS])
    more = len(ordered) - _SHOWN_TARGETS
    return f"{shown} and {more} more" if more > 0 else shown


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort 10.0.0.9 before 10.0.0.10."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]
