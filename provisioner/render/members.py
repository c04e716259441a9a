"""Memberships as counts with who moves: never eight hundred lines.

Targets of a target group, endpoints, machines and named ports are lists that grow with a cluster.
A reader wants to know how many there are and which ones come and go; the JSON has all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from provisioner.model.resource import Value, canonical
from provisioner.render import phrases

_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Members:
    """What one kind of member is called, and what is said of those that come and go."""

    noun: str
    comes: str
    goes: str
    required: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()

    def holds(self, value: Value) -> bool:
        """Tell whether a value is a list of such members."""
        return (
            isinstance(value, tuple)
            and bool(value)
            and all(
                isinstance(item, Mapping) and self.required <= item.keys() <= self.possible
                for item in value
            )
        )


_INSTANCES: Final = _Members(noun="instance", comes="adds", goes="removes")
_KINDS: Final = (
    _Members(
        noun="target",
        comes="registers",
        goes="deregisters",
        required=frozenset({"Id"}),
        possible=frozenset({"Id", "Port", "AvailabilityZone"}),
    ),
    _Members(
        noun="endpoint",
        comes="attaches",
        goes="detaches",
        required=frozenset({"ipAddress"}),
        possible=frozenset({"instance", "ipAddress", "ipv6Address", "port", "annotations"}),
    ),
    _Members(
        noun="named port",
        comes="adds",
        goes="removes",
        required=frozenset({"name", "port"}),
        possible=frozenset({"name", "port"}),
    ),
)


_EMPTY: Final[Mapping[str, str]] = {"Targets": "target", "networkEndpoints": "endpoint"}


def membership(path: str, before: Value, after: Value) -> tuple[str, str] | None:
    """Return the sign and the text of a membership's change, None for a field of another kind.

    Args:
        path: The field; machines are plain links, so only its name tells them.
        before: The list as it is, None where there is none yet.
        after: The list as it will be, or that it is known only then.
    """
    kind = _kind(path, before, after)
    if kind is None:
        return None
    old, new = _names(before), _names(after)
    if not isinstance(after, tuple):
        return ("~", f"{len(old)} -> {phrases.phrase(after)}")
    if not isinstance(before, tuple):
        return (" ", counted(new, kind.noun))
    _tell_apart(old, new)
    parts = [f"{len(old)} -> {phrases.counted(len(new), kind.noun)}"]
    if joined := new.keys() - old.keys():
        parts.append(f"{kind.comes} {_some({new[key] for key in joined})}")
    if left := old.keys() - new.keys():
        parts.append(f"{kind.goes} {_some({old[key] for key in left})}")
    return ("~", "; ".join(parts))


def listed(path: str, value: Value) -> str:
    """Return a membership as a count with the first of its members, "" for any other value."""
    kind = _kind(path, None, value) if isinstance(value, tuple) else None
    return counted(_names(value), kind.noun) if kind is not None else ""


def total(path: str, value: Value) -> str:
    """Return how many members there are: ``12 targets``."""
    if not isinstance(value, tuple):
        return phrases.phrase(value)
    kind = _kind(path, None, value)
    noun = kind.noun if kind is not None else _EMPTY.get(path, "member")
    return phrases.counted(len(value), noun)


def counted(names: Mapping[str, str], noun: str) -> str:
    """Return ``12 targets (a, b, ... and 4 more)``; a list of none is just counted."""
    listed = f" ({_some(set(names.values()))})" if names else ""
    return f"{phrases.counted(len(names), noun)}{listed}"


def _kind(path: str, before: Value, after: Value) -> _Members | None:
    if path == "instances":
        return _INSTANCES
    return next((kind for kind in _KINDS if kind.holds(before) or kind.holds(after)), None)


def _names(value: Value) -> dict[str, str]:
    """Return members by what they are; the short name alone may belong to two."""
    items = value if isinstance(value, tuple) else ()
    return {canonical(item): _name(item) for item in items}


def _name(item: Value) -> str:
    if not isinstance(item, Mapping):
        return phrases.phrase(item).rpartition("/")[2]
    if "Id" in item:
        return phrases.target(item)
    if "name" in item:
        return f"{phrases.phrase(item['name'])} = {phrases.phrase(item['port'])}"
    port = f":{phrases.phrase(item['port'])}" if "port" in item else ""
    return f"{phrases.phrase(item['ipAddress'])}{port}"


def _tell_apart(old: dict[str, str], new: dict[str, str]) -> None:
    """Name the machine where an address goes from one to another, which happens to pods."""
    moved = {old[key] for key in old.keys() - new.keys()}
    moved &= {new[key] for key in new.keys() - old.keys()}
    for side in (old, new):
        for key, name in side.items():
            if name in moved:
                side[key] = f"{name} as {key}"


def _some(names: AbstractSet[str]) -> str:
    ordered = sorted(names, key=_natural)
    shown = ", ".join(ordered[:_SHOWN])
    more = len(ordered) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort 10.0.0.9 before 10.0.0.10."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]
