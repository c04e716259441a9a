"""Label selectors as kubectl spells them: ``app=web,tier!=db,env in (a,b),!canary``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisioner.model.errors import ConfigError

_NAME: Final = r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?"
_EQUALITY: Final = re.compile(rf"(?P<name>{_NAME})\s*(?P<sign>==?|!=)\s*(?P<value>[-\w.]*)")
_SET: Final = re.compile(rf"(?P<name>{_NAME})\s+(?P<sign>in|notin)\s*\((?P<values>[-\w.,\s]*)\)")
_PRESENCE: Final = re.compile(rf"(?P<sign>!?)\s*(?P<name>{_NAME})")
_COMMA: Final = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition. ``values`` None asks only whether the label is there."""

    name: str
    wanted: bool
    values: frozenset[str] | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels meet the condition."""
        if self.values is None:
            return (self.name in labels) is self.wanted
        if self.name not in labels:
            return not self.wanted
        return (labels[self.name] in self.values) is self.wanted


@dataclass(frozen=True, slots=True)
class Selector:
    """Conditions that must all hold."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether labels meet every condition."""
        return all(requirement.matches(labels) for requirement in self.requirements)


def parse_selector(text: str) -> Selector:
    """Return the selector that a text spells.

    Raises:
        ConfigError: The text is no selector, or an empty one, which would select everything.
    """
    parts = [part.strip() for part in _COMMA.split(text)]
    return Selector(tuple(_requirement(part, text) for part in parts))


def _requirement(part: str, text: str) -> Requirement:
    if found := _SET.fullmatch(part):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return Requirement(found["name"], found["sign"] == "in", values)
    if found := _EQUALITY.fullmatch(part):
        return Requirement(found["name"], found["sign"] != "!=", frozenset({found["value"]}))
    if found := _PRESENCE.fullmatch(part):
        return Requirement(found["name"], not found["sign"])
    raise ConfigError(
        f"{text!r} is not a label selector.",
        hint="Write it as kubectl does: app=web,tier!=db or 'env in (a, b)'.",
    )
