"""Plain values out of answers, and Refs for what is ours: what every normaliser is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from provisioner.model.resource import PlainInput, Ref, Spec, freeze_spec

Object: TypeAlias = Mapping[str, object]
Plain: TypeAlias = dict[str, PlainInput]


class Refs:
    """The Refs of what we own, by the id that AWS gave it."""

    def __init__(self, by_id: Mapping[str, Ref]) -> None:
        self._by_id = by_id

    def of(self, identifier: str) -> Ref | str:
        """Return the Ref for an id of ours, the id itself where it is somebody else's."""
        return self._by_id.get(identifier, identifier)


def spec_of(**fields: PlainInput) -> Spec:
    """Return a spec; what is empty is left out, as desired specs leave it out."""
    return freeze_spec({key: value for key, value in fields.items() if value not in ("", (), [])})


def key_values(answers: Sequence[Object]) -> list[PlainInput]:
    """Return AWS's list of keys and values, sorted."""
    pairs = {str(answer["Key"]): str(answer.get("Value", "")) for answer in answers}
    return [{"Key": key, "Value": pairs[key]} for key in sorted(pairs)]


def plain_object(answer: Object) -> Plain:
    """Return part of an answer as plain values."""
    return {key: plain(value) for key, value in answer.items()}


def plain(value: object) -> PlainInput:
    """Return part of an answer as a plain value; what no spec holds becomes its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def without_empty(value: object) -> PlainInput:
    """Return part of an answer without the empty lists and texts that AWS fills in."""
    found = plain(value)
    if not isinstance(found, Mapping):
        return found
    return {key: item for key, item in found.items() if item not in (None, "", [], {})}
