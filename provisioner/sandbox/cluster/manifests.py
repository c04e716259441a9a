"""YAML and JSON from files, kubectl and tests, as documents.

The C loader is fast but crashes the process on deep nesting, and YAML 1.1 turns unquoted dates into
dates where the Kubernetes tools keep text. Both are handled here.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path

import yaml

from provisioner.sandbox.cluster.documents import Document, parts
from provisioner.sandbox.cluster.statuses import bad_request

_DEEPEST = 200
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.CSafeLoader):
    """The C loader without YAML 1.1's timestamps: a date stays the text that was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str) -> list[object]:
    """Return the YAML documents of a text; empty ones are left out.

    Raises:
        ApiError: 400, with the place, for a text that is no YAML or nests too deeply.
    """
    try:
        _check_depth(text)
        return [_textual(one) for one in yaml.load_all(text, Loader=_Loader) if one is not None]
    except yaml.YAMLError as error:
        raise bad_request(f"error parsing YAML: {error}") from error


def parse_manifests(source: str | Path) -> list[Document]:
    """Return the objects in a manifest text or file; Lists are taken apart.

    A string with a line break or a colon followed by a space is a text, any other a path.
    """
    text = source
    if isinstance(source, Path) or not ("\n" in source or ": " in source or "{" in source):
        text = Path(source).read_text(encoding="utf-8")
    documents: list[Document] = []
    for one in parse_yaml(str(text)):
        if not isinstance(one, dict):
            raise bad_request(f"a manifest must be an object, not {type(one).__name__}")
        if str(one.get("kind", "")).endswith("List") and isinstance(one.get("items"), list):
            documents.extend(parts(one, "items"))
        else:
            documents.append(one)
    return documents


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > _DEEPEST:
            raise bad_request(f"the document nests deeper than {_DEEPEST} levels")


def _textual(value: object) -> object:
    """Return the value with the keys that JSON allows: a port number as key becomes text."""
    if isinstance(value, dict):
        return {_key(key): _textual(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_textual(inner) for inner in value]
    return value


def _key(key: Hashable) -> str:
    return key if isinstance(key, str) else json.dumps(key)
