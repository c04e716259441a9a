"""Read and rewrite JSON documents without trusting their shape.

Objects reach the server as parsed JSON of any shape, and controllers send surprising ones. These
helpers answer with an empty value of the wanted type where a document has none, so that the code
above them states what it looks for and nothing else.

Stored documents are never changed in place: a list that is being answered, a watch event in
flight and the history all share them. ``replaced`` and ``without`` therefore return a new
document that shares every branch they did not touch.
"""

from __future__ import annotations

from collections.abc import Mapping

Document = dict[str, object]


def dig(document: object, *path: str) -> object:
    """Return the value at the path, or None where the path ends early."""
    value = document
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def part(document: object, *path: str) -> Document:
    """Return the mapping at the path; an empty one, not linked to the document, if none."""
    value = dig(document, *path)
    return value if isinstance(value, dict) else {}


def parts(document: object, *path: str) -> list[Document]:
    """Return the mappings in the list at the path; other elements are left out."""
    value = dig(document, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def items(document: object, *path: str) -> list[object]:
    """Return the list at the path, or an empty one."""
    value = dig(document, *path)
    return value if isinstance(value, list) else []


def text(document: object, *path: str) -> str:
    """Return the string at the path, or an empty one."""
    value = dig(document, *path)
    return value if isinstance(value, str) else ""


def texts(document: object, *path: str) -> tuple[str, ...]:
    """Return the strings in the list at the path."""
    return tuple(item for item in items(document, *path) if isinstance(item, str))


def number(document: object, *path: str, default: int = 0) -> int:
    """Return the integer at the path, or the default."""
    value = dig(document, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def pairs(document: object, *path: str) -> dict[str, str]:
    """Return the string-to-string entries of the mapping at the path (labels, annotations)."""
    return {key: value for key, value in part(document, *path).items() if isinstance(value, str)}


def replaced(document: Mapping[str, object], value: object, *path: str) -> Document:
    """Return the document with the value at the path; branches on the way are copied."""
    head, *rest = path
    copy = dict(document)
    copy[head] = replaced(part(document, head), value, *rest) if rest else value
    return copy


def without(document: Mapping[str, object], *path: str) -> Document:
    """Return the document without the entry at the path; a missing one is no error."""
    head, *rest = path
    copy = dict(document)
    if not rest:
        copy.pop(head, None)
    elif isinstance(copy.get(head), dict):
        copy[head] = without(part(document, head), *rest)
    return copy


def overlaid(document: Mapping[str, object], *, defaults: Mapping[str, object]) -> Document:
    """Return the document with the defaults for keys that it lacks or that are null."""
    missing = {key: value for key, value in defaults.items() if document.get(key) is None}
    return {**document, **missing}


def name_of(document: object) -> str:
    """Return ``metadata.name``."""
    return text(document, "metadata", "name")


def namespace_of(document: object) -> str:
    """Return ``metadata.namespace``; empty for cluster-scoped objects."""
    return text(document, "metadata", "namespace")


def key_of(document: object) -> tuple[str, str]:
    """Return (namespace, name)."""
    return namespace_of(document), name_of(document)


def uid_of(document: object) -> str:
    """Return ``metadata.uid``."""
    return text(document, "metadata", "uid")


def version_of(document: object) -> str:
    """Return ``metadata.resourceVersion``."""
    return text(document, "metadata", "resourceVersion")


def labels_of(document: object) -> dict[str, str]:
    """Return the labels."""
    return pairs(document, "metadata", "labels")


def annotations_of(document: object) -> dict[str, str]:
    """Return the annotations."""
    return pairs(document, "metadata", "annotations")


def is_terminating(document: object) -> bool:
    """Say whether a deletion timestamp is set."""
    return bool(text(document, "metadata", "deletionTimestamp"))


def condition_status(document: object, type_: str) -> str:
    """Return the status of the condition of that type, or an empty string."""
    return next(
        (
            text(c, "status")
            for c in parts(document, "status", "conditions")
            if c.get("type") == type_
        ),
        "",
    )
