"""Find and rewrite fields by paths such as ``pathMatchers.*.pathRules.*.service``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provisioner.sandbox.cluster.documents import Document

Rewrite = Callable[[str, str], str]


def texts_at(
    value: object, path: tuple[str, ...], place: str = "resource"
) -> Iterator[tuple[str, str]]:
    """Yield every text at the path with the name by which error messages call its place."""
    if not path:
        if isinstance(value, str) and value:
            yield place, value
        return
    head, rest = path[0], path[1:]
    if head == "*":
        for number, each in enumerate(value if isinstance(value, list) else ()):
            yield from texts_at(each, rest, f"{place}[{number}]")
    elif isinstance(value, dict) and head in value:
        yield from texts_at(value[head], rest, f"{place}.{head}")


def rewritten(document: Document, path: tuple[str, ...], rewrite: Rewrite) -> Document:
    """Return the document with every text at the path replaced by what the function says."""
    result = _rewritten(document, path, rewrite, "resource")
    assert isinstance(result, dict)
    return result


def _rewritten(value: object, path: tuple[str, ...], rewrite: Rewrite, place: str) -> object:
    if not path:
        return rewrite(place, value) if isinstance(value, str) and value else value
    head, rest = path[0], path[1:]
    if head == "*":
        if not isinstance(value, list):
            return value
        return [
            _rewritten(each, rest, rewrite, f"{place}[{number}]")
            for number, each in enumerate(value)
        ]
    if not isinstance(value, dict) or head not in value:
        return value
    return {**value, head: _rewritten(value[head], rest, rewrite, f"{place}.{head}")}
