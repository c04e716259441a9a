"""Lists: filters, order and pages, as far as load balancing needs them.

The filter language is that of the ``filter`` parameter of every list method in the API reference:
``=`` and ``!=`` compare, ``:`` looks for a part, ``eq`` and ``ne`` match a regular expression
against the whole value; comparisons side by side or joined by ``AND`` must all hold. Whatever else
the language has (``OR``, ``<``, functions) is refused by name rather than misunderstood.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document, dig, text
from provisioner.sandbox.gcp.errors import RefusalError, invalid, not_emulated
from provisioner.sandbox.gcp.settings import LARGEST_PAGE

_COMPARISON = re.compile(
    r"\s*(?P<field>[A-Za-z][\w.-]*)\s*(?P<operator>!=|=|:|\s(?:eq|ne)\s)\s*"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s()]+)\s*"
)
_ORDERS = ("name", "creationTimestamp desc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the items, and where the next ones begin."""

    items: tuple[Document, ...]
    next_token: str


def select(documents: Sequence[Document], query: Mapping[str, str], *, page_size: int) -> Page:
    """Return the page of documents that the query parameters ask for."""
    comparisons = _comparisons(query.get("filter", ""))
    found = [each for each in documents if all(one.holds(each) for one in comparisons)]
    ordered = _ordered(found, query.get("orderBy") or "name")
    first = _first(query.get("pageToken", ""))
    size = min(_size(query.get("maxResults", "")), page_size)
    end = first + size
    token = base64.urlsafe_b64encode(f"from:{end}".encode()).decode() if end < len(ordered) else ""
    return Page(items=tuple(ordered[first:end]), next_token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    field: str
    operator: str
    value: str

    def holds(self, document: Document) -> bool:
        found = dig(document, *self._path())
        shown = _shown(found)
        match self.operator:
            case "=":
                return shown == self.value
            case "!=":
                return shown != self.value
            case "eq":
                return found is not None and re.fullmatch(self.value, shown) is not None
            case "ne":
                return found is None or re.fullmatch(self.value, shown) is None
            case _:
                return found is not None and (self.value == "*" or self.value in shown)

    def _path(self) -> tuple[str, ...]:
        head, dot, rest = self.field.partition(".")
        return (head, rest) if head == "labels" and dot else tuple(self.field.split("."))


def _comparisons(spelled: str) -> tuple[_Comparison, ...]:
    found: list[_Comparison] = []
    rest = spelled.strip()
    while rest:
        piece, rest = _next_piece(rest)
        match = _COMPARISON.fullmatch(piece)
        if match is None:
            raise not_emulated(f"the filter '{piece}' (only comparisons joined by AND)")
        found.append(_comparison(match))
    return tuple(found)


def _next_piece(spelled: str) -> tuple[str, str]:
    """Split the first comparison off, with or without parentheses around it."""
    spelled = re.sub(r"^AND\s+", "", spelled)
    if re.match(r"(OR|NOT)\b|-", spelled):
        raise not_emulated(f"{spelled.split()[0]} in filters")
    if spelled.startswith("("):
        inner, closed, rest = spelled[1:].partition(")")
        if not closed:
            raise invalid("filter", spelled, "Invalid list filter expression.")
        return inner, rest.strip()
    match = _COMPARISON.match(spelled)
    if match is None:
        raise invalid("filter", spelled, "Invalid list filter expression.")
    return match[0], spelled[match.end() :]


def _comparison(match: re.Match[str]) -> _Comparison:
    value = match["value"]
    if value[0] in "\"'":
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    operator = match["operator"].strip()
    if operator in ("eq", "ne"):
        _check_expression(value)
    return _Comparison(field=match["field"], operator=operator, value=value)


def _check_expression(value: str) -> None:
    try:
        re.compile(value)
    except re.error as error:
        raise invalid("filter", value, "Invalid list filter expression.") from error


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _ordered(documents: list[Document], order: str) -> list[Document]:
    if order not in _ORDERS:
        raise RefusalError(
            400,
            "invalid",
            f"Invalid value for field 'orderBy': '{order}'. Only {' and '.join(_ORDERS)}.",
        )
    if order == "name":
        return sorted(documents, key=lambda each: text(each, "name"))
    return sorted(documents, key=lambda each: text(each, "creationTimestamp"), reverse=True)


def _first(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from:"))
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise invalid("pageToken", token, "The token is not one of ours.") from error


def _size(spelled: str) -> int:
    if not spelled:
        return LARGEST_PAGE
    if not spelled.isdecimal() or int(spelled) > LARGEST_PAGE:
        said = f"must be greater than or equal to 0 and less than or equal to {LARGEST_PAGE}"
        raise invalid("maxResults", spelled, f"Invalid value: {said}.")
    return int(spelled) or LARGEST_PAGE
