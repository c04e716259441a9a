"""Tables and metadata-only objects: the shapes that kubectl and metadata informers ask for.

See the Kubernetes API concepts page, "Receiving resources as Tables".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioner.sandbox.cluster.columns import columns_of
from provisioner.sandbox.cluster.documents import Document, dig, name_of, text
from provisioner.sandbox.cluster.kinds import Column, Kind

_META_VERSION = "meta.k8s.io/v1"
_FILTER = re.compile(r'(?P<list>[^\[]+)\[\?\(@\.(?P<key>[^=]+)==["\'](?P<value>[^"\']*)["\']\)\]')
_STEP = re.compile(r"\.((?:[^.\[\\]|\\.)+(?:\[[^\]]*\])?)")

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 86400 * 365


class Shape(enum.Enum):
    """How objects are answered."""

    OBJECT = "object"
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """The shape, and for tables what each row carries of its object."""

    shape: Shape = Shape.OBJECT
    include: str = "Metadata"


def table(
    kind: Kind, documents: Iterable[Document], *, include: str, metadata: Document
) -> Document:
    """Return objects as a Table."""
    return {
        "kind": "Table",
        "apiVersion": _META_VERSION,
        "metadata": metadata,
        "columnDefinitions": _definitions(kind),
        "rows": [_row(kind, document, include) for document in documents],
    }


def metadata_only(document: Document) -> Document:
    """Return an object's metadata as PartialObjectMetadata."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": _META_VERSION,
        "metadata": document.get("metadata", {}),
    }


def _definitions(kind: Kind) -> list[Document]:
    found = [_definition("Name", "string", 0, format_="name")]
    if kind.custom is not None:
        columns = [_definition(c.name, c.type, c.priority) for c in kind.custom.columns]
        return found + (columns or [_definition("Age", "date", 0)])
    found += [_definition(c.name, c.type, c.priority) for c in columns_of(kind.storage)]
    return [*found, _definition("Age", "string", 0)]


def _definition(name: str, type_: str, priority: int, *, format_: str = "") -> Document:
    return {
        "name": name,
        "type": type_,
        "format": format_,
        "description": "",
        "priority": priority,
    }


def _row(kind: Kind, document: Document, include: str) -> Document:
    row: Document = {"cells": [name_of(document), *_cells(kind, document)]}
    match include:
        case "None":
            pass
        case "Object":
            row["object"] = document
        case _:
            row["object"] = metadata_only(document)
    return row


def _cells(kind: Kind, document: Document) -> list[object]:
    born = text(document, "metadata", "creationTimestamp")
    if kind.custom is not None:
        cells = [_custom_cell(column, document) for column in kind.custom.columns]
        return cells or [_age(born)]
    return [column.cell(document) for column in columns_of(kind.storage)] + [_age(born)]


def _custom_cell(column: Column, document: Document) -> object:
    value = at_json_path(document, column.json_path)
    if column.type == "date":
        return _age(value) if isinstance(value, str) else None
    return value


def at_json_path(document: object, path: str) -> object:
    """Return the value at a JSON path of the simple form that printer columns use.

    Understood: ``.a.b``, ``.a[0]``, ``.list[?(@.type=="X")].field``. Anything else finds nothing.
    """
    value = document
    for step in _STEP.findall(path):
        value = _one_step(value, step.replace("\\.", "."))
        if value is None:
            return None
    return value


def _one_step(value: object, step: str) -> object:
    if chosen := _FILTER.fullmatch(step):
        found = dig(value, chosen["list"])
        wanted = (
            [one for one in found if dig(one, *chosen["key"].split(".")) == chosen["value"]]
            if isinstance(found, list)
            else []
        )
        return wanted[0] if wanted else None
    name, bracket, index = step.partition("[")
    found = dig(value, name)
    if not bracket:
        return found
    position = index.rstrip("]")
    if isinstance(found, list) and position.isdigit() and int(position) < len(found):
        return found[int(position)]
    return None


def _age(moment: str) -> str:
    try:
        born = datetime.fromisoformat(moment)
    except ValueError:
        return "<unknown>"
    seconds = int((datetime.now(UTC) - born).total_seconds())
    for unit, letter in ((_YEAR, "y"), (_DAY, "d"), (_HOUR, "h"), (2 * _MINUTE, "m")):
        if seconds >= unit:
            return f"{seconds // (_MINUTE if letter == 'm' else unit)}{letter}"
    return f"{max(seconds, 0)}s"
