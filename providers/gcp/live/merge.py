"""Change fields of a resource as Google keeps it, and nothing else of it.

Google's ``update`` replaces a resource whole, so whoever changes one field sends all others back.
A client that decodes into types of its own loses every field that it does not know, at every depth
(tried with google-cloud-compute), and with it what a person or a newer tool has set. So the text of
the resource is edited instead: what we do not own goes back byte for byte, down to the spelling of
its numbers.

The wanted side says ``None`` for what we own and do not want. Objects are merged field by field.
Lists whose elements have an identity (the backends of a service, the path matchers of a URL map)
are merged element by element: what is there and not wanted goes, what stays keeps the fields that
nobody here knows. Any other list is replaced, unless it is equal already.

The fingerprint that guards the update is a field like any other: it goes back as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from providers.gcp.links import path_of

Json: TypeAlias = object

# What tells the elements of a list apart, by the name of the list.
_IDENTITIES: Mapping[str, str] = MappingProxyType(
    {
        "backends": "group",
        "hostRules": "pathMatcher",
        "pathMatchers": "name",
        "pathRules": "paths",
        "routeRules": "priority",
        "namedPorts": "name",
        "weightedBackendServices": "backendService",
    }
)

_Fields = dict[str, msgspec.Raw]


def merged(current: bytes, wanted: Mapping[str, Json]) -> bytes:
    """Return a resource's JSON with the wanted fields in it and all others as they were.

    Args:
        current: What ``get`` answered.
        wanted: Every field that we own with its value, None for what must be absent.
    """
    return _object(msgspec.Raw(current), wanted) or b"{}"


def merged_ports(
    current: bytes, wanted: Sequence[Mapping[str, Json]], removed: Sequence[str]
) -> bytes:
    """Return the body of ``setNamedPorts``: other people's ports stay as they are.

    Args:
        current: The instance group, as ``get`` answered it.
        wanted: Our ports.
        removed: Names of ports that were ours and are not wanted any more.
    """
    group = msgspec.json.decode(current, type=_Fields)
    listed = group.get("namedPorts", msgspec.Raw(b"[]"))
    present = msgspec.json.decode(listed, type=list[msgspec.Raw])
    ours = {str(port["name"]) for port in wanted} | set(removed)
    ports: list[Json] = [port for port in present if _identity(_plain(port), "name") not in ours]
    body: dict[str, Json] = {"namedPorts": [*ports, *wanted]}
    if "fingerprint" in group:
        body["fingerprint"] = group["fingerprint"]
    return msgspec.json.encode(body)


def _object(current: msgspec.Raw, wanted: Mapping[str, Json]) -> bytes | None:
    """Return an object merged, None where nothing is left of it."""
    before = msgspec.json.decode(current, type=_Fields)
    after = dict(before)
    for name, value in wanted.items():
        made = _value(name, before.get(name), value)
        if made is None:
            after.pop(name, None)
        else:
            after[name] = msgspec.Raw(made)
    if _same_fields(before, after):
        return bytes(current)
    return msgspec.json.encode(after) if after else None


def _value(name: str, current: msgspec.Raw | None, wanted: Json) -> bytes | None:
    """Return a field's JSON, None where it is to be absent."""
    if wanted is None:
        return None
    if current is None:
        return _fresh(wanted)
    if isinstance(wanted, Mapping) and _starts(current, b"{"):
        return _object(current, wanted)
    if isinstance(wanted, list | tuple) and _starts(current, b"["):
        return _list(name, current, wanted)
    return bytes(current) if _equal(_plain(current), wanted) else _fresh(wanted)


def _list(name: str, current: msgspec.Raw, wanted: Sequence[Json]) -> bytes | None:
    identity = _IDENTITIES.get(name, "")
    if not identity or not all(isinstance(item, Mapping) for item in wanted):
        return bytes(current) if _equal(_plain(current), wanted) else _fresh(wanted)
    before = msgspec.json.decode(current, type=list[msgspec.Raw])
    known: dict[str, msgspec.Raw] = {}
    for element in before:
        known.setdefault(_identity(_plain(element), identity), element)
    after = [
        _element(known.pop(_identity(item, identity), None), item)
        for item in wanted
        if isinstance(item, Mapping)
    ]
    if after == [bytes(element) for element in before]:
        return bytes(current)
    return b"[" + b",".join(after) + b"]"


def _element(current: msgspec.Raw | None, wanted: Mapping[str, Json]) -> bytes:
    made = _fresh(wanted) if current is None else _object(current, wanted)
    return made or b"{}"


def _identity(element: Json, name: str) -> str:
    """Return a text that stands for an element of a list."""
    value = element.get(name) if isinstance(element, Mapping) else None
    if isinstance(value, list | tuple):
        return "\n".join(sorted(str(item) for item in value))
    return path_of(str(value))


def _fresh(wanted: Json) -> bytes | None:
    """Return the JSON of a value that is not there yet; what is None all through makes nothing."""
    value = _without_nones(wanted)
    return None if value is None else msgspec.json.encode(value)


def _without_nones(value: Json) -> Json:
    if isinstance(value, Mapping):
        kept = {key: _without_nones(item) for key, item in value.items()}
        kept = {key: item for key, item in kept.items() if item is not None}
        return kept if kept or not value else None
    if isinstance(value, list | tuple):
        return [_without_nones(item) for item in value]
    return value


def _same_fields(before: _Fields, after: _Fields) -> bool:
    return before.keys() == after.keys() and all(
        bytes(before[name]) == bytes(after[name]) for name in before
    )


def _plain(raw: msgspec.Raw | None) -> Json:
    return None if raw is None else msgspec.json.decode(raw)


def _starts(raw: msgspec.Raw, with_: bytes) -> bool:
    return bytes(raw).lstrip().startswith(with_)


def _equal(left: Json, right: Json) -> bool:
    """Tell whether two values mean the same to Google: 1 is 1.0, a link is its path."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_equal(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return path_of(left) == path_of(right)
    return left == right
