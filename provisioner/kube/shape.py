"""Say what is wrong with the shape of an object in words that a person can act on.

YAML 1.1 is the usual culprit: it reads ``yes`` as a truth value, ``0755`` as 493, ``1:30`` as 90
and ``2024-01-01`` as a date, while annotations and labels must be text. The hint quotes what was
really written, so it can be pasted back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, TypeAlias

from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.kube import Key

WRONG_SHAPE: Final = "MANIFEST-FIELD-TYPE"
NOT_TEXT: Final = "MANIFEST-VALUE-NOT-TEXT"

Path: TypeAlias = tuple[str, ...]
Spelling: TypeAlias = Callable[[Path], str | None]
"""Path of a scalar inside the document -> its text in the source, None where unknown."""

_TEXT_MAPS: Final[Mapping[str, tuple[Path, ...]]] = MappingProxyType(
    {
        "": (("metadata", "annotations"), ("metadata", "labels")),
        "Service": (("spec", "selector"),),
        "Deployment": (("spec", "template", "metadata", "labels"),),
        "StatefulSet": (("spec", "template", "metadata", "labels"),),
        "ReplicaSet": (("spec", "template", "metadata", "labels"),),
    }
)
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "str": "a string",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "array": "a list",
        "object": "a mapping",
        "null": "nothing",
        "datetime": "a date",
        "date": "a date",
    }
)
_MISMATCH: Final = re.compile(r"Expected `(?P<expected>[^`]+)`(?:, got `(?P<got>[^`]+)`)?")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$")


def no_spelling(_path: Path) -> str | None:
    """Return None: the source text is not at hand."""
    return None


def key_of(raw: Mapping[str, object]) -> Key:
    """Return the key of an object of which nothing is certain; parts may be empty."""
    metadata = raw.get("metadata")
    if not isinstance(metadata, Mapping):
        return Key("", "")
    namespace, name = metadata.get("namespace"), metadata.get("name")
    return Key(
        namespace if isinstance(namespace, str) else "", name if isinstance(name, str) else ""
    )


def subject_of(kind: str, key: Key) -> str:
    """Return ``Ingress shop/web``, or ``Ingress (no name)``."""
    return f"{kind} {key}" if key.name else f"{kind} (no name)"


def finding(
    code: str, kind: str, key: Key, *, message: str, field: str = "", hint: str = ""
) -> Diagnostic:
    """Return a blocking error on one object, which is its Ingress' where it is an Ingress."""
    return error(
        code,
        subject_of(kind, key),
        message=message,
        field=field,
        hint=hint,
        ingress=key if kind == "Ingress" and key.name else None,
    )


def problem(kind: str, raw: Mapping[str, object], complaint: str) -> Diagnostic:
    """Return msgspec's complaint as a diagnostic with a Kubernetes field path."""
    place = _PLACE.search(complaint)
    field = place["path"] if place else ""
    if missing := _MISSING.match(complaint):
        field = f"{field}.{missing['name']}".lstrip(".")
        message, hint = "This field is required and is missing.", ""
    elif mismatch := _MISMATCH.match(complaint):
        message, hint = _mismatch(mismatch["expected"], mismatch["got"])
    else:
        message, hint = complaint.removesuffix(place[0] if place else ""), ""
    return finding(WRONG_SHAPE, kind, key_of(raw), message=message, field=field, hint=hint)


def _mismatch(expected: str, got: str | None) -> tuple[str, str]:
    wanted = [_WORDS.get(word, word) for word in expected.split(" | ") if word != "null"]
    message = f"The value must be {' or '.join(wanted)}"
    message += f", but it is {_WORDS.get(got, got)}." if got else "."
    quote = "str" in expected and got in {"int", "float", "bool", "date", "datetime"}
    return message, "Put the value in quotes." if quote else ""


def text_problems(
    kind: str, raw: Mapping[str, object], spelled: Spelling
) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for every annotation, label or selector value that is not text."""
    key = key_of(raw)
    found: list[Diagnostic] = []
    for table in (*_TEXT_MAPS[""], *_TEXT_MAPS.get(kind, ())):
        for name, value in _scalars(raw, table):
            if isinstance(name, str):
                path = (*table, name)
                found.append(_not_text(kind, key, path=path, value=value, written=spelled(path)))
            else:
                found.append(_bad_name(kind, key, table=table, name=name))
    return tuple(found)


def _scalars(raw: Mapping[str, object], table: Path) -> Iterator[tuple[object, object]]:
    """Yield the entries of one table of texts that YAML read as something else."""
    found: object = raw
    for step in table:
        found = found.get(step) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        return
    for name, value in found.items():
        if not isinstance(name, str) or isinstance(value, bool | int | float | date):
            yield name, value


def _not_text(kind: str, key: Key, *, path: Path, value: object, written: str | None) -> Diagnostic:
    *table, name = path
    text = written if written is not None else _plain(value)
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return finding(
        NOT_TEXT,
        kind,
        key,
        field=f"{'.'.join(table)}[{name}]",
        message=f"The value must be a string, but YAML reads {text} as {_reading(value)}.",
        hint=f"Write {name}: {quoted}",
    )


def _bad_name(kind: str, key: Key, *, table: Path, name: object) -> Diagnostic:
    return finding(
        NOT_TEXT,
        kind,
        key,
        field=".".join(table),
        message=f"A name in this table must be a string, but YAML reads one as {_reading(name)}.",
        hint="Put the name in quotes.",
    )


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _reading(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {_plain(value)}"
    if isinstance(value, date):
        return "a date"
    return f"the number {value}"
