"""The patch formats of the API: JSON merge patch, JSON patch and, by reference, the Kubernetes two.

JSON merge patch is RFC 7396, JSON patch RFC 6902. Strategic merge patch is in ``strategic.py``;
server-side apply is merged by the same rules, without managed fields: the last applier wins, and
a field that an applier stops mentioning stays. Whoever needs field ownership needs a real server.

A patch never changes the document it is applied to.
"""

from __future__ import annotations

import copy
import enum
from collections.abc import Callable
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document, text
from provisioner.sandbox.cluster.statuses import ApiError, bad_request
from provisioner.sandbox.cluster.strategic import strategic_merge


class PatchType(enum.Enum):
    """The patch formats, by content type."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A patch as a client sent it."""

    type: PatchType
    body: object


def patched(document: Document, patch: Patch) -> Document:
    """Return the document with the patch applied.

    Raises:
        ApiError: 400 for a body of the wrong shape, 422 for a JSON patch that does not fit.
    """
    if patch.type is PatchType.JSON:
        return _json_patched(document, patch.body)
    if not isinstance(patch.body, dict):
        raise bad_request(f"a {patch.type.value} body must be a JSON object")
    if patch.type is PatchType.MERGE:
        return _as_object(merged(document, patch.body))
    return strategic_merge(document, patch.body)


def merged(target: object, patch: object) -> object:
    """Return the target after a merge patch: null deletes, objects merge, the rest replaces."""
    if not isinstance(patch, dict):
        return patch
    result: Document = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _json_patched(document: Document, body: object) -> Document:
    if not isinstance(body, list):
        raise bad_request("a JSON patch must be a list of operations")
    result: object = copy.deepcopy(document)
    for index, operation in enumerate(body):
        if not isinstance(operation, dict):
            raise bad_request(f"operation {index} of the JSON patch must be an object")
        result = _carried_out(result, operation)
    return _as_object(result)


def _carried_out(document: object, operation: Document) -> object:
    name = text(operation, "op")
    act = _OPERATIONS.get(name)
    if act is None:
        raise bad_request(f'unexpected kind of JSON patch operation: "{name}"')
    if not isinstance(operation.get("path"), str):
        raise bad_request(f'the JSON patch operation "{name}" has no "path"')
    return act(document, operation)


def _add(document: object, operation: Document) -> object:
    return _put(document, _steps(operation, "path"), _value(operation), replace=False)


def _replace(document: object, operation: Document) -> object:
    steps = _steps(operation, "path")
    _look_up(document, steps)
    return _put(document, steps, _value(operation), replace=True)


def _remove(document: object, operation: Document) -> object:
    return _cut(document, _steps(operation, "path"))


def _move(document: object, operation: Document) -> object:
    source = _steps(operation, "from")
    value = _look_up(document, source)
    return _put(_cut(document, source), _steps(operation, "path"), value, replace=False)


def _copy(document: object, operation: Document) -> object:
    value = copy.deepcopy(_look_up(document, _steps(operation, "from")))
    return _put(document, _steps(operation, "path"), value, replace=False)


def _test(document: object, operation: Document) -> object:
    if _look_up(document, _steps(operation, "path")) != _value(operation):
        raise _does_not_fit(f"testing value {text(operation, 'path')} failed")
    return document


_OPERATIONS: dict[str, Callable[[object, Document], object]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _steps(operation: Document, field: str) -> list[str]:
    pointer = operation.get(field)
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise bad_request(f'"{field}" of a JSON patch operation must be a JSON pointer')
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _value(operation: Document) -> object:
    if "value" not in operation:
        raise bad_request('a JSON patch operation lacks its "value"')
    return operation["value"]


def _look_up(document: object, steps: list[str]) -> object:
    value = document
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise _does_not_fit(f"doc is missing path: /{'/'.join(steps)}")
    return value


def _put(document: object, steps: list[str], value: object, *, replace: bool) -> object:
    if not steps:
        return value
    parent, last = _look_up(document, steps[:-1]), steps[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        _put_element(parent, last, value, replace=replace)
    else:
        raise _does_not_fit(f"doc is missing path: /{'/'.join(steps)}")
    return document


def _put_element(parent: list[object], step: str, value: object, *, replace: bool) -> None:
    position = len(parent) if step == "-" else int(step) if step.isdigit() else -1
    if not 0 <= position <= len(parent):
        raise _does_not_fit(f"unable to access invalid index: {step}")
    if replace:
        parent[position] = value
    else:
        parent.insert(position, value)


def _cut(document: object, steps: list[str]) -> object:
    if not steps:
        raise _does_not_fit("unable to remove the whole document")
    _look_up(document, steps)
    parent, last = _look_up(document, steps[:-1]), steps[-1]
    if isinstance(parent, dict):
        del parent[last]
    elif isinstance(parent, list):
        del parent[int(last)]
    return document


def _does_not_fit(why: str) -> ApiError:
    return ApiError(
        422,
        "Invalid",
        f"the server rejected our request due to an error in our request: {why}",
    )


def _as_object(value: object) -> Document:
    if not isinstance(value, dict):
        raise bad_request("the patched document is no longer an object")
    return value
