"""Check a request body against the published schema, and bring it into the form Google answers in.

Proto JSON rules hold: a 64-bit number may come as a number or as text and is answered as text,
``null`` means absent (or, in a patch, "clear"), a name that the schema lacks is refused. Fields
that are output only are dropped from input without a word, because callers send back what they
have read.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provisioner.sandbox.cluster.documents import Document, part, text, texts
from provisioner.sandbox.gcp.discovery import Discovery
from provisioner.sandbox.gcp.errors import invalid, malformed

Schema = Mapping[str, object]

_OUTPUT_ONLY = re.compile(r"\s*\[?output[\s-]only\]?", re.IGNORECASE)
_RANGES = MappingProxyType(
    {
        "int32": (-(2**31), 2**31 - 1),
        "uint32": (0, 2**32 - 1),
        "int64": (-(2**63), 2**63 - 1),
        "uint64": (0, 2**64 - 1),
    }
)
# Written by the server on every kind, whatever their descriptions say.
SERVER_FIELDS = frozenset({"id", "kind", "selfLink", "selfLinkWithId", "creationTimestamp"})


class _Mismatch(Exception):
    """The value is not of the type; the message names the proto type."""


@dataclass(slots=True)
class _Check:
    discovery: Discovery
    keep_null: bool
    violations: list[tuple[str, str]] = field(default_factory=list)

    def value(self, schema: Schema, value: object, place: str) -> object:
        if "$ref" in schema:
            return self.message(self.discovery.schema(text(schema, "$ref")), value, place)
        match text(schema, "type"):
            case "array":
                return self.array(schema, value, place)
            case "object":
                return self.message(schema, value, place)
            case scalar:
                return self.scalar(schema, scalar, value, place)

    def message(self, schema: Schema, value: object, place: str) -> object:
        if not isinstance(value, dict):
            self.refuse(place, value, "message")
            return {}
        if "additionalProperties" in schema:
            inner = part(schema, "additionalProperties")
            return {key: self.value(inner, each, f"{place}.{key}") for key, each in value.items()}
        return self.fields(part(schema, "properties"), value, place)

    def fields(self, known: Document, value: Document, place: str) -> Document:
        kept: Document = {}
        for key, each in value.items():
            schema = part(known, key)
            if key not in known and key in self.discovery.newer_fields:
                kept[key] = each
            elif key not in known:
                said = f"Invalid JSON payload received. Unknown name \"{key}\" at '{place}': "
                self.violations.append((place, f"{said}Cannot find field."))
            elif is_output_only(key, schema):
                continue
            elif each is not None:
                kept[key] = self.value(schema, each, f"{place}.{key}")
            elif self.keep_null:
                kept[key] = None
        return kept

    def array(self, schema: Schema, value: object, place: str) -> object:
        if not isinstance(value, list):
            self.refuse(place, value, "repeated field")
            return []
        inner = part(schema, "items")
        return [self.value(inner, each, f"{place}[{n}]") for n, each in enumerate(value)]

    def scalar(self, schema: Schema, kind: str, value: object, place: str) -> object:
        try:
            checked = _SCALARS[kind](text(schema, "format"), value)
        except _Mismatch as mismatch:
            self.refuse(place, value, str(mismatch))
            return value
        enum = texts(schema, "enum")
        if enum and checked not in enum:
            self.refuse(place, value, "enum: one of " + ", ".join(enum))
        return checked

    def refuse(self, place: str, value: object, kind: str) -> None:
        shown = json.dumps(value)
        self.violations.append((place, f"Invalid value at '{place}' ({kind}), {shown}"))


def conform(
    discovery: Discovery, schema: str, body: object, *, keep_null: bool = False
) -> Document:
    """Return the body in canonical form, without output-only fields.

    Args:
        discovery: The published description.
        schema: Name of the schema of the body.
        body: What the caller sent.
        keep_null: Keep explicit nulls at every depth, as a patch needs them.

    Raises:
        RefusalError: It does not fit; all violations are named at once.
    """
    check = _Check(discovery, keep_null)
    found = check.message(discovery.schema(schema), {} if body is None else body, "resource")
    if check.violations:
        raise malformed(check.violations)
    assert isinstance(found, dict)
    return found


def check_patterns(discovery: Discovery, schema: str, document: Document) -> None:
    """Refuse top-level texts that break the pattern of their field, names above all."""
    for key, property_ in part(discovery.schema(schema), "properties").items():
        pattern, value = text(property_, "pattern"), document.get(key)
        if pattern and isinstance(value, str) and re.fullmatch(pattern, value) is None:
            field_ = f"resource.{key}"
            raise invalid(field_, value, f"Must be a match of regex '{pattern}'")


def is_output_only(key: str, schema: Schema) -> bool:
    """Whether only the server writes the field."""
    return (
        key in SERVER_FIELDS
        or schema.get("readOnly") is True
        or _OUTPUT_ONLY.match(text(schema, "description")) is not None
    )


def merged(document: Mapping[str, object], patch: Mapping[str, object]) -> Document:
    """Return the document under a JSON merge patch: null clears, lists are replaced."""
    result = dict(document)
    for key, value in patch.items():
        before = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(before if isinstance(before, dict) else {}, value)
        else:
            result[key] = _without_nulls(value)
    return result


def _without_nulls(value: object) -> object:
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value


def _string(form: str, value: object) -> object:
    if form in _RANGES:
        return str(_whole(form, value))
    if not isinstance(value, str):
        raise _Mismatch("TYPE_STRING")
    if form == "byte":
        _check_base64(value)
    return value


def _check_base64(value: str) -> None:
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Mismatch("TYPE_BYTES") from error


def _whole(form: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Mismatch(f"TYPE_{form.upper()}")
    try:
        number = int(value) if isinstance(value, int | str) else _whole_float(value)
    except ValueError as error:
        raise _Mismatch(f"TYPE_{form.upper()}") from error
    low, high = _RANGES[form]
    if not low <= number <= high:
        raise _Mismatch(f"TYPE_{form.upper()}")
    return number


def _whole_float(value: float) -> int:
    if not value.is_integer():
        raise ValueError(value)
    return int(value)


def _integer(form: str, value: object) -> object:
    return _whole(form or "int32", value)


def _real(form: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Mismatch(f"TYPE_{form.upper() or 'DOUBLE'}")
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError as error:
        raise _Mismatch(f"TYPE_{form.upper() or 'DOUBLE'}") from error


def _boolean(_form: str, value: object) -> object:
    if not isinstance(value, bool):
        raise _Mismatch("TYPE_BOOL")
    return value


def _anything(_form: str, value: object) -> object:
    return value


_SCALARS: Mapping[str, Callable[[str, object], object]] = MappingProxyType(
    {
        "string": _string,
        "integer": _integer,
        "number": _real,
        "boolean": _boolean,
        "any": _anything,
    }
)


def carried_over(discovery: Discovery, schema: Schema, *, old: Document, new: Document) -> Document:
    """Return the new document with the output-only fields of the one that it replaces.

    A PUT cannot touch them: a security policy, for one, comes and goes by ``setSecurityPolicy``.
    """
    result = dict(new)
    for key, inner in part(schema, "properties").items():
        before, after = old.get(key), new.get(key)
        if is_output_only(key, part({"inner": inner}, "inner")):
            if before is not None:
                result.setdefault(key, before)
        elif isinstance(before, dict) and isinstance(after, dict) and text(inner, "$ref"):
            nested = discovery.schema(text(inner, "$ref"))
            result[key] = carried_over(discovery, nested, old=before, new=after)
    return result
