"""Structural schemas: what a CustomResourceDefinition says about its objects.

Covers what published CRDs use: types, required, enum, pattern, bounds, items, properties,
additionalProperties, nullable, int-or-string, defaults, pruning. Not evaluated: the combinators
(``allOf``, ``anyOf``, ``oneOf``, ``not``) and CEL rules (``x-kubernetes-validations``), which need
an expression engine; an object that only those would refuse is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from provisioner.sandbox.cluster.documents import Document, dig, items, number, part, text, texts
from provisioner.sandbox.cluster.statuses import Cause, required, unsupported, wrong

_ROOT_FIELDS = frozenset({"apiVersion", "kind", "metadata"})
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"


def schema_causes(schema: Document, document: Document) -> Iterator[Cause]:
    """Yield where a custom object breaks the schema of its kind."""
    body = {key: value for key, value in document.items() if key not in _ROOT_FIELDS}
    wanted = [field for field in texts(schema, "required") if field not in _ROOT_FIELDS]
    yield from _value_causes("", {**schema, "required": wanted}, body)


def unknown_schema_fields(schema: Document, document: Document) -> Iterator[str]:
    """Yield the paths of fields that the schema does not mention."""
    body = {key: value for key, value in document.items() if key not in _ROOT_FIELDS}
    yield from _unknown("", schema, body)


def pruned(schema: Document, value: object, *, root: bool = False) -> object:
    """Return the value without the fields that the schema does not mention."""
    if isinstance(value, list):
        inner = part(schema, "items")
        return [pruned(inner, element) for element in value] if inner else value
    if not isinstance(value, dict):
        return value
    keep = schema.get(_PRESERVE) is True
    result: Document = {}
    for key, field in value.items():
        if root and key in _ROOT_FIELDS:
            result[key] = field
        elif (below := _schema_of(schema, key)) is not None:
            result[key] = pruned(below, field)
        elif keep or schema.get("x-kubernetes-embedded-resource") is True:
            result[key] = field
    return result


def defaulted(schema: Document, value: object) -> object:
    """Return the value with the defaults of the schema where it lacks them."""
    if isinstance(value, list):
        inner = part(schema, "items")
        return [defaulted(inner, element) for element in value] if inner else value
    if not isinstance(value, dict):
        return value
    result: Document = dict(value)
    for key in part(schema, "properties"):
        default = dig(schema, "properties", key, "default")
        if key not in result and default is not None:
            result[key] = default
    return {
        key: field if (below := _schema_of(schema, key)) is None else defaulted(below, field)
        for key, field in result.items()
    }


def _unknown(path: str, schema: Document, value: object) -> Iterator[str]:
    if isinstance(value, list):
        inner = part(schema, "items")
        for index, element in enumerate(value if inner else []):
            yield from _unknown(f"{path}[{index}]", inner, element)
    elif isinstance(value, dict):
        for key, field in value.items():
            below = f"{path}.{key}" if path else key
            found = _schema_of(schema, key)
            if found is not None:
                yield from _unknown(below, found, field)
            elif schema.get(_PRESERVE) is not True:
                yield below


def _schema_of(schema: Document, key: str) -> Document | None:
    named = dig(schema, "properties", key)
    if isinstance(named, dict):
        return named
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        return extra
    return {_PRESERVE: True} if extra is True else None


def _value_causes(path: str, schema: Document, value: object) -> Iterator[Cause]:
    if value is None:
        if schema.get("nullable") is not True and text(schema, "type"):
            yield wrong(path, None, f"must be of type {text(schema, 'type')}: null")
        return
    if not _has_type(schema, value):
        yield Cause(
            field=path,
            reason="FieldValueTypeInvalid",
            message=f"Invalid value: {_type_name(value)!r}: must be of type "
            f"{text(schema, 'type')}: {_type_name(value)!r}".replace("'", '"'),
        )
        return
    choices = items(schema, "enum")
    if choices and value not in choices:
        yield unsupported(path, value, [str(choice) for choice in choices])
    if isinstance(value, dict):
        yield from _object_causes(path, schema, value)
    elif isinstance(value, list):
        yield from _list_causes(path, schema, value)
    else:
        yield from _scalar_causes(path, schema, value)


def _object_causes(path: str, schema: Document, value: Document) -> Iterator[Cause]:
    for field in texts(schema, "required"):
        if field not in value:
            yield required(_below(path, field))
    for key, inner in value.items():
        if (below := _schema_of(schema, key)) is not None:
            yield from _value_causes(_below(path, key), below, inner)


def _list_causes(path: str, schema: Document, value: list[object]) -> Iterator[Cause]:
    if "minItems" in schema and len(value) < number(schema, "minItems"):
        yield wrong(path, len(value), f"should have at least {schema['minItems']} items")
    if "maxItems" in schema and len(value) > number(schema, "maxItems"):
        yield Cause(
            field=path,
            reason="FieldValueTooMany",
            message=f"Too many: {len(value)}: must have at most {schema['maxItems']} items",
        )
    inner = part(schema, "items")
    for index, element in enumerate(value if inner else []):
        yield from _value_causes(f"{path}[{index}]", inner, element)


def _scalar_causes(path: str, schema: Document, value: object) -> Iterator[Cause]:
    if isinstance(value, str):
        pattern = text(schema, "pattern")
        if pattern and not re.search(pattern, value):
            yield wrong(path, value, f"should match '{pattern}'")
        if "minLength" in schema and len(value) < number(schema, "minLength"):
            yield wrong(path, value, f"should be at least {schema['minLength']} chars long")
        if "maxLength" in schema and len(value) > number(schema, "maxLength"):
            yield wrong(path, value, f"may not be more than {schema['maxLength']} bytes")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        least, most = schema.get("minimum"), schema.get("maximum")
        if isinstance(least, (int, float)) and value < least:
            yield wrong(path, value, f"should be greater than or equal to {least}")
        if isinstance(most, (int, float)) and value > most:
            yield wrong(path, value, f"should be less than or equal to {most}")


_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def _has_type(schema: Document, value: object) -> bool:
    if schema.get(_INT_OR_STRING) is True:
        return _TYPES["integer"](value) or _TYPES["string"](value)
    check = _TYPES.get(text(schema, "type"))
    return check is None or check(value)


def _type_name(value: object) -> str:
    return next((name for name, check in _TYPES.items() if check(value)), "null")


def _below(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field
