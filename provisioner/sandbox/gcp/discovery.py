"""The published description of the API: which methods exist, and what their bodies may hold.

Google's own Python client library ships the discovery document of Compute v1, so the emulator
knows every field and every method that Google does, and can tell what it does not emulate from
what nobody has. The document is read once per process, on first use (70 ms).
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from provisioner.sandbox.cluster.documents import Document, part, text

_PACKAGE = "googleapiclient"
# Google's client sends it with lists, although the document leaves it out.
_UNPUBLISHED = frozenset({"returnPartialSuccess"})
_DOCUMENT = Path("discovery_cache", "documents", "compute.v1.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One published method.

    Attributes:
        name: ``urlMaps.insert``; the first word tells global from regional.
        verb: The last word of the name.
        http: HTTP method.
        template: The path in pieces; a piece in braces is a parameter.
        query: Names of its query parameters.
        request: The schema of the body, or an empty string.
        response: The schema of the answer, or an empty string.
    """

    name: str
    verb: str
    http: str
    template: tuple[str, ...]
    query: frozenset[str]
    request: str
    response: str

    @property
    def collection(self) -> str:
        """The collection as URLs spell it: ``urlMaps`` for ``regionUrlMaps.insert`` too."""
        literal = [piece for piece in self.template if not piece.startswith("{")]
        return literal[-1] if self.template[-1].startswith("{") else _before_verb(self, literal)


def _before_verb(method: Method, literal: list[str]) -> str:
    return literal[-2] if literal[-1] == method.verb and len(literal) > 1 else literal[-1]


@dataclass(slots=True)
class _Branch:
    """One place in the tree of paths."""

    literals: dict[str, _Branch] = field(default_factory=dict)
    parameter: _Branch | None = None
    methods: dict[str, Method] = field(default_factory=dict)


class Discovery:
    """The document, ready to be asked.

    Attributes:
        newer_fields: Names of fields that the API has by now and the document lacks: they are
            taken and kept wherever they stand.
    """

    def __init__(self, document: Document) -> None:
        self.newer_fields: set[str] = set()
        self.revision = text(document, "revision")
        self._schemas = part(document, "schemas")
        self._common = frozenset(part(document, "parameters"))
        self._root = _Branch()
        for resource in part(document, "resources").values():
            for method in part(resource, "methods").values():
                self._plant(_method_of(method))

    def copy(self) -> Discovery:
        """Return the same document for an API that may get newer fields of its own."""
        other = copy.copy(self)
        other.newer_fields = set()
        return other

    def schema(self, name: str) -> Mapping[str, object]:
        """The schema of a name; asking for one that does not exist is a bug."""
        schema = self._schemas[name]
        assert isinstance(schema, dict)
        return schema

    def find(self, http: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """Return the method for a path below ``/compute/v1/`` and what the path names."""
        pieces = path.strip("/").split("/")
        branch = _follow(self._root, pieces)
        method = branch.methods.get(http) if branch is not None else None
        if method is None:
            return None
        named = {
            piece.strip("{}"): value
            for piece, value in zip(method.template, pieces, strict=True)
            if piece.startswith("{")
        }
        return method, named

    def takes(self, method: Method, parameter: str) -> bool:
        """Whether a query parameter may be given; ``$`` marks those of the transport."""
        known = method.query | self._common | _UNPUBLISHED
        return parameter in known or parameter.startswith("$")

    def _plant(self, method: Method) -> None:
        branch = self._root
        for piece in method.template:
            if piece.startswith("{"):
                branch.parameter = branch.parameter or _Branch()
                branch = branch.parameter
            else:
                branch = branch.literals.setdefault(piece, _Branch())
        branch.methods[method.http] = method


@cache
def discovery() -> Discovery:
    """Return the description that is installed with google-api-python-client."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            "the schema of the Compute API is missing", name="google-api-python-client"
        )
    path = Path(found.submodule_search_locations[0], _DOCUMENT)
    return Discovery(msgspec.json.decode(path.read_bytes(), type=dict[str, object]))


def _follow(root: _Branch, pieces: list[str]) -> _Branch | None:
    """Walk the path; a literal wins over a parameter unless it leads nowhere."""
    if not pieces:
        return root
    head, rest = pieces[0], pieces[1:]
    literal = root.literals.get(head)
    found = _follow(literal, rest) if literal is not None else None
    if (found is None or not found.methods) and root.parameter is not None and head:
        found = _follow(root.parameter, rest) or found
    return found


def _method_of(method: object) -> Method:
    name = text(method, "id").removeprefix("compute.")
    parameters = part(method, "parameters")
    return Method(
        name=name,
        verb=name.rpartition(".")[2],
        http=text(method, "httpMethod"),
        template=tuple(text(method, "path").split("/")),
        query=frozenset(
            key for key, value in parameters.items() if text(value, "location") == "query"
        ),
        request=text(method, "request", "$ref"),
        response=text(method, "response", "$ref"),
    )
