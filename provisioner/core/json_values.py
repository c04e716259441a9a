"""Read JSON inside annotations the way Go's decoder does: field names in any case.

People write ``{"Type": "redirect", "RedirectConfig": {...}}`` as often as the lower-case form, and
LBC takes both (LBC#1693, LBC#3607). Each reader says in one sentence which field is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias, Union

from provisioner.core.values import PORTS, ListenPort, quoted, strings
from provisioner.model.annotation import AnnotationError
from provisioner.model.intent import ListenerProtocol

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]

_LISTEN_PORTS_HINT = 'write a JSON list such as [{"HTTP": 80}, {"HTTPS": 443}]'


def json_value(raw: str) -> Json:
    """Return the decoded text; anything after the value is an error."""
    try:
        value: Json = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        reason = str(problem) or "it is nested too deeply"
        raise AnnotationError(f"the value is not JSON: {reason}") from None
    return value


def _no_constant(name: str) -> Json:
    message = f"{name} is not a JSON value"
    raise ValueError(message)


class JsonObject:
    """One JSON object, read field by field, names in any case.

    ``where`` names it in messages ("forwardConfig.targetGroups[0]"). ``unread`` lists what nobody
    asked for, so that a caller can refuse a misspelled field instead of widening a rule.
    """

    def __init__(self, value: Json, *, where: str = "the value") -> None:
        if not isinstance(value, dict):
            raise AnnotationError(f"{where} is not a JSON object")
        self.where = where
        self._fields: dict[str, Json] = {name.lower(): item for name, item in value.items()}
        self._names = {name.lower(): name for name in value}
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._fields.get(name.lower()) is not None

    def value(self, name: str) -> Json:
        """Return a field as it is, None where it is absent or null."""
        self._read.add(name.lower())
        return self._fields.get(name.lower())

    def text(self, name: str) -> str | None:
        """Return a text field."""
        value = self.value(name)
        if value is None or isinstance(value, str):
            return value
        raise AnnotationError(f"{self._path(name)} is not text")

    def required_text(self, name: str) -> str:
        """Return a text field that must be there and not empty."""
        value = self.text(name)
        if not value:
            raise AnnotationError(f"{self._path(name)} is required")
        return value

    def integer(self, name: str) -> int | None:
        """Return a whole-number field."""
        value = self.value(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise AnnotationError(f"{self._path(name)} is not a whole number")

    def boolean(self, name: str) -> bool | None:
        """Return a true-or-false field."""
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return value
        raise AnnotationError(f"{self._path(name)} is not true or false")

    def text_or_integer(self, name: str) -> str | int | None:
        """Return a field such as a Service port: a name or a number."""
        value = self.value(name)
        if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
            return value
        raise AnnotationError(f"{self._path(name)} is neither text nor a whole number")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._as_text(item, name) for item in self._list(name))

    def object(self, name: str) -> JsonObject | None:
        """Return an object inside this one."""
        value = self.value(name)
        return None if value is None else JsonObject(value, where=self._path(name))

    def objects(self, name: str) -> tuple[JsonObject, ...]:
        """Return a list of objects."""
        return objects(self._list(name), where=self._path(name))

    def text_map(self, name: str) -> Mapping[str, str]:
        """Return an object whose values are all text."""
        inner = self.value(name)
        if inner is None:
            return {}
        if not isinstance(inner, dict):
            raise AnnotationError(f"{self._path(name)} is not a JSON object")
        return {key: self._as_text(item, f"{name}.{key}") for key, item in inner.items()}

    def unread(self) -> tuple[str, ...]:
        """Return the names, as written, of fields that were never asked for."""
        return tuple(self._names[name] for name in self._fields if name not in self._read)

    def _list(self, name: str) -> list[Json]:
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise AnnotationError(f"{self._path(name)} is not a list")
        return value

    def _as_text(self, item: Json, name: str) -> str:
        if not isinstance(item, str):
            raise AnnotationError(f"{self._path(name)} holds something that is not text")
        return item

    def _path(self, name: str) -> str:
        return name if self.where == "the value" else f"{self.where}.{name}"


def json_object(raw: str) -> JsonObject:
    """Return the object that the text holds."""
    return JsonObject(json_value(raw))


def json_objects(raw: str) -> tuple[JsonObject, ...]:
    """Return the objects of the list that the text holds."""
    return objects(json_value(raw), where="the value")


def objects(value: Json, *, where: str) -> tuple[JsonObject, ...]:
    """Return the objects of a decoded list."""
    if not isinstance(value, list):
        raise AnnotationError(f"{where} is not a JSON list")
    prefix = "item" if where == "the value" else where
    return tuple(JsonObject(item, where=f"{prefix}[{i}]") for i, item in enumerate(value))


def listen_ports(raw: str) -> tuple[ListenPort, ...]:
    """Return the ports of ``[{"HTTP": 80}, {"HTTPS": 443}]``, by number; the last word wins.

    Protocol names are case-sensitive here although field names elsewhere are not: in LBC they are
    keys of a map, not fields of a structure.
    """
    value = json_value(raw)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise AnnotationError("the value is not a list of objects", hint=_LISTEN_PORTS_HINT)
    pairs = [pair for item in value if isinstance(item, dict) for pair in item.items()]
    return _sorted_ports([_listen_port(name, number) for name, number in pairs])


def portable_listen_ports(raw: str) -> tuple[ListenPort, ...]:
    """Return the ports of ``HTTP:80, HTTPS:443``, or of the JSON form."""
    if raw.lstrip().startswith("["):
        return listen_ports(raw)
    return _sorted_ports([_port_pair(item) for item in strings(raw)])


def _port_pair(item: str) -> ListenPort:
    protocol, _, number = item.partition(":")
    if not number.isascii() or not number.isdigit():
        raise AnnotationError(
            f"{quoted(item)} is not PROTOCOL:port", hint='write "HTTP:80, HTTPS:443"'
        )
    return _listen_port(protocol, int(number))


def _listen_port(protocol: str, number: Json) -> ListenPort:
    if protocol not in tuple(ListenerProtocol):
        raise AnnotationError(
            f"{quoted(protocol)} is not a listener protocol", hint="write HTTP or HTTPS, upper case"
        )
    low, high = PORTS
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise AnnotationError(
            f"{quoted(str(number))} is not a port", hint=f"write a number from {low} to {high}"
        )
    return ListenPort(number, ListenerProtocol(protocol))


def _sorted_ports(ports: list[ListenPort]) -> tuple[ListenPort, ...]:
    if not ports:
        raise AnnotationError("the list of ports is empty", hint=_LISTEN_PORTS_HINT)
    return tuple(sorted({p.port: p for p in ports}.values()))
