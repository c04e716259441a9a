"""Parse annotation values: text in, typed value out, or one sentence about what is wrong.

The rules are those of AWS Load Balancer Controller (pkg/annotations/parser.go), because manifests
in the wild were written against them: booleans as Go reads them, commas and backslashes in maps
exactly as there, JSON keys in any case. Portable annotations use the same rules, so a value can be
moved from a native key to a portable one unchanged.

Every parser is ``(text) -> value`` and raises ``AnnotationError``; those with parameters are
functions that return a parser.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from provisioner.model.annotation import AnnotationError
from provisioner.model.intent import ListenerProtocol
from provisioner.model.resource import SHARED

T = TypeVar("T")

INT32 = 2**31
PORTS = (1, 65535)
MAX_GROUP = 63

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_GROUP = re.compile(r"([a-z0-9][-a-z0-9.]*)?[a-z0-9]")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DURATION = re.compile(r"([0-9]+)(ms|s|m|h)?")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


class ListenPort(NamedTuple):
    """One port of a load balancer and what it speaks."""

    port: int
    protocol: ListenerProtocol


class UnsupportedError(AnnotationError):
    """The annotation is known, but what it asks for is not built. The text is the capability."""


def refuse(capability: str, *, harmless: frozenset[str] = frozenset()) -> Callable[[str], str]:
    """Return a parser that refuses every value by name, except those that ask for nothing.

    Args:
        capability: What is refused, as the start of a sentence ("Rewriting paths").
        harmless: Values that state the absence of the capability ("none", "false").
    """

    def parse(raw: str) -> str:
        if raw.strip() not in harmless:
            raise UnsupportedError(capability)
        return raw

    return parse


def text(raw: str) -> str:
    """Return the value as written; an empty one is still a value."""
    return raw


def required_text(raw: str) -> str:
    """Return the value without surrounding blanks; it must not be empty."""
    value = raw.strip()
    if not value:
        raise AnnotationError("the value is empty", hint="remove the annotation or give it a value")
    return value


def boolean(raw: str) -> bool:
    """Return a truth value, spelled as Go's ParseBool reads it."""
    if raw in _TRUE:
        return True
    if raw in _FALSE:
        return False
    raise AnnotationError(f"{quoted(raw)} is not a boolean", hint='write "true" or "false"')


def integer(low: int = -INT32, high: int = INT32 - 1) -> Callable[[str], int]:
    """Return a parser of whole numbers from ``low`` to ``high``: base 10, a sign, no spaces."""

    def parse(raw: str) -> int:
        if not _INTEGER.fullmatch(raw) or len(raw) > 20:  # noqa: PLR2004 - an int64 has 19 digits
            raise AnnotationError(
                f"{quoted(raw)} is not a whole number", hint=f"write a number from {low} to {high}"
            )
        value = int(raw)
        if not low <= value <= high:
            raise AnnotationError(
                f"{value} is out of range", hint=f"write a number from {low} to {high}"
            )
        return value

    return parse


port = integer(*PORTS)


def group_name(raw: str) -> str:
    """Return the name of an explicit group: at most 63 of a-z, 0-9, "-" and ".", not ``shared``."""
    if not _GROUP.fullmatch(raw) or len(raw) > MAX_GROUP:
        raise AnnotationError(
            f"{quoted(raw)} is not a group name",
            hint=f'use at most {MAX_GROUP} of a-z, 0-9, "-", "."; a letter or digit at both ends',
        )
    if raw == SHARED:
        raise AnnotationError(
            f'the group name "{SHARED}" is taken: it names what load balancers share',
            hint="choose another name",
        )
    return raw


def strings(raw: str) -> tuple[str, ...]:
    """Return a comma-separated list, each item trimmed, empty items dropped."""
    return tuple(item for part in raw.split(",") if (item := part.strip()))


def cidrs(raw: str) -> tuple[str, ...]:
    """Return a list of CIDR blocks in canonical form, sorted, each once."""
    return tuple(sorted({_cidr(item) for item in strings(raw)}))


def _cidr(item: str) -> str:
    try:
        block = ipaddress.ip_network(item, strict=False) if "/" in item else None
    except ValueError:
        block = None
    if block is None:
        raise AnnotationError(
            f"{quoted(item)} is not a CIDR block", hint='write blocks such as "10.0.0.0/8"'
        )
    return str(block)


def choice(options: Mapping[str, T]) -> Callable[[str], T]:
    """Return a parser of one of the words in ``options``, which are case-sensitive."""

    def parse(raw: str) -> T:
        if raw not in options:
            words = ", ".join(options)
            raise AnnotationError(
                f"{quoted(raw)} is not one of {words}", hint=f"write one of {words}"
            )
        return options[raw]

    return parse


def matching(pattern: str, *, example: str) -> Callable[[str], str]:
    """Return a parser of words of a form that is known, where the words themselves are not."""
    form = re.compile(pattern)

    def parse(raw: str) -> str:
        value = raw.strip()
        if not form.fullmatch(value):
            raise AnnotationError(
                f"{quoted(raw)} is not a name of this kind", hint=f'write one such as "{example}"'
            )
        return value

    return parse


def duration(raw: str) -> float:
    """Return seconds: a plain number, or one with the unit ms, s, m or h."""
    match = _DURATION.fullmatch(raw.strip())
    if not match:
        raise AnnotationError(
            f"{quoted(raw)} is not a duration", hint='write seconds, or "500ms", "30s", "5m", "1h"'
        )
    number, unit = int(match[1]), match[2] or ""
    return number / 1000 if unit == "ms" else float(number * _SECONDS[unit])


def string_map(raw: str) -> Mapping[str, str]:
    r"""Return ``k=v`` pairs separated by commas.

    A comma separates only where an ``=`` is still to come, so a last value may hold commas;
    ``\,`` and ``\=`` are literal. Keys and values are trimmed; a repeated key keeps its last value.
    """
    pairs: dict[str, str] = {}
    for item in _split_pairs(_characters(raw)):
        key, equals, value = _cut_at_equals(item)
        if not equals or not key:
            raise AnnotationError(
                f"{quoted(_plain(item))} is not a key=value pair",
                hint='write "key1=value1,key2=value2"',
            )
        pairs[key] = value
    return MappingProxyType(pairs)


class _Character(NamedTuple):
    """A character of a map, and whether a backslash took its meaning away."""

    text: str
    literal: bool


def _characters(raw: str) -> list[_Character]:
    found: list[_Character] = []
    escaped = False
    for char in raw:
        if char == "\\" and not escaped:
            escaped = True
            continue
        found.append(_Character(char, escaped))
        escaped = False
    return found


def _split_pairs(characters: list[_Character]) -> list[list[_Character]]:
    """Split at commas that have an ``=`` to their right, and at one that nothing but text follows.

    The text after the last comma is an item of its own (a malformed one) unless it is blank: then
    the comma belongs to the value before it.
    """
    last_text = max((i for i, c in enumerate(characters) if c.text.strip()), default=-1)
    if last_text < 0:
        return []
    last_equals = max(
        (i for i, c in enumerate(characters) if c == _Character("=", literal=False)), default=-1
    )
    items: list[list[_Character]] = [[]]
    for index, char in enumerate(characters):
        more = index < max(last_equals, last_text)
        if char == _Character(",", literal=False) and more:
            items.append([])
        else:
            items[-1].append(char)
    return items


def _cut_at_equals(item: list[_Character]) -> tuple[str, bool, str]:
    for index, char in enumerate(item):
        if char == _Character("=", literal=False):
            return _plain(item[:index]).strip(), True, _plain(item[index + 1 :]).strip()
    return _plain(item).strip(), False, ""


def _plain(characters: list[_Character]) -> str:
    return "".join(c.text for c in characters)


def quoted(raw: str) -> str:
    """Return the value in quotes for a message, cut where it is long."""
    limit = 60
    return f'"{raw}"' if len(raw) <= limit else f'"{raw[:limit]}..."'
