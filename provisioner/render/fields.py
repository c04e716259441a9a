"""Field differences, made small: what changed inside a field rather than the field twice.

A tag among twenty, a target among eight hundred, a path among five: a reader wants the one. Every
renderer for people prints these entries; only the JSON carries fields whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.resource import Ref, Value, canonical
from provisioner.render import descriptions, members, phrases, url_maps, usual

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
    if url_maps.is_url_map(fields):
        found.extend(Entry(sign, "", text) for sign, text in url_maps.differences(step))
        fields = {name: c for name, c in fields.items() if name not in url_maps.FIELDS}
    usual_ones = _usual(fields.values(), step)
    fields = {name: c for name, c in fields.items() if name not in usual_ones}
    short = [c for c in fields.values() if _is_short(c)]
    words = [f"{c.path} {_quoted(phrases.phrase(c.after))}" for c in short]
    words += _counted_defaults(usual_ones)
    if words:
        found.append(Entry(" " if step.action in _CREATIONS else "+", "", ", ".join(words)))
    for change in fields.values():
        if change.path == descriptions.FIELD and _is_marked(change):
            found.extend(_description(change, created=step.action in _CREATIONS))
        elif change not in short:
            found.extend(_entries(change, step.group))
    return tuple(found)


def _usual(changes: Iterable[FieldChange], step: Step) -> frozenset[str]:
    """Return the fields of a creation that have the value which they would have unasked."""
    if step.action not in _CREATIONS:
        return frozenset()
    return frozenset(
        c.path for c in changes if c.before is None and usual.is_usual(step.kind, c.path, c.after)
    )


def _counted_defaults(names: AbstractSet[str]) -> tuple[str, ...]:
    number = len(names)
    if not number:
        return ()
    return (f"{number} fields at their defaults" if number > 1 else "1 field at its default",)


def _is_short(change: FieldChange) -> bool:
    return (
        change.before is None
        and _is_scalar(change.after)
        and not (change.path == descriptions.FIELD and descriptions.is_marked(change.after))
    )


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
    moves = members.membership(change.path, before, after)
    if moves is not None:
        yield Entry(moves[0], change.path, moves[1])
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


def _is_marked(change: FieldChange) -> bool:
    return descriptions.is_marked(change.before) or descriptions.is_marked(change.after)


def _description(change: FieldChange, *, created: bool) -> Iterator[Entry]:
    """Yield what a description says beside our marks, and the marks as tags have them."""
    before, after, path = change.before, change.after, change.path
    old, new = descriptions.foreign(before), descriptions.foreign(after)
    for key in sorted({*old, *new}):
        if key not in old:
            yield Entry(" " if created else "+", path, f"{key}={new[key]}")
        elif key not in new:
            yield Entry("-", path, f"{key}={old[key]}")
        elif old[key] != new[key]:
            yield Entry("~", path, f"{key}={old[key]} -> {new[key]}")
    if created:
        return
    if added := descriptions.marks_added(before, after):
        yield Entry("+", path, phrases.counted(added, "ownership mark"))
    if changed := descriptions.marks_changed(before, after):
        yield Entry("~", path, f"ownership marks ({', '.join(changed)})")


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
