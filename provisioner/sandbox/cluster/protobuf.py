"""Kubernetes' protobuf bodies, for the few kinds that ``kubectl create`` writes that way.

``kubectl create namespace`` and its siblings build typed objects and send them as protobuf, with
no way to ask for JSON. Only requests are decoded; answers are JSON, which such clients accept. The
wire format is that of protobuf, the envelope is described on the Kubernetes page "API concepts"
("Alternate representations"), the field numbers stand in the ``generated.proto`` files of
k8s.io/api.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from provisioner.sandbox.cluster.documents import Document, text
from provisioner.sandbox.cluster.statuses import bad_request, unsupported_media_type

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_FIXED64 = 1
_CONTINUES, _SEVEN_BITS, _LONGEST_VARINT = 0x80, 7, 10

Scalar = Literal["text", "int", "count", "bool", "bytes", "int-or-string"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a message: its JSON name and what it holds."""

    name: str
    holds: Scalar | Message
    #: ``list`` repeats, ``map`` repeats entries of key and value, ``inline`` has no name in JSON.
    shape: Literal["one", "list", "map", "inline"] = "one"


Message = Mapping[int, Field]


def _one(name: str, holds: Scalar | Message = "text") -> Field:
    return Field(name=name, holds=holds)


def _list(name: str, holds: Scalar | Message = "text") -> Field:
    return Field(name=name, holds=holds, shape="list")


def _map(name: str, holds: Scalar = "text") -> Field:
    return Field(name=name, holds=holds, shape="map")


_ENVELOPE: Message = {
    1: _one("type", {1: _one("apiVersion"), 2: _one("kind")}),
    2: _one("raw", "bytes"),
}

_METADATA: Message = {
    1: _one("name"),
    2: _one("generateName"),
    3: _one("namespace"),
    11: _map("labels"),
    12: _map("annotations"),
    14: _list("finalizers"),
}
_SERVICE_PORT: Message = {
    1: _one("name"),
    2: _one("protocol"),
    3: _one("port", "int"),
    4: _one("targetPort", "int-or-string"),
    5: _one("nodePort", "int"),
    6: _one("appProtocol"),
}
_SERVICE_SPEC: Message = {
    1: _list("ports", _SERVICE_PORT),
    2: _map("selector"),
    3: _one("clusterIP"),
    4: _one("type"),
    10: _one("externalName"),
    11: _one("externalTrafficPolicy"),
}
_SERVICE_BACKEND: Message = {
    1: _one("name"),
    2: _one("port", {1: _one("name"), 2: _one("number", "int")}),
}
_BACKEND: Message = {
    3: _one("resource", {1: _one("apiGroup"), 2: _one("kind"), 3: _one("name")}),
    4: _one("service", _SERVICE_BACKEND),
}
_PATH: Message = {1: _one("path"), 2: _one("backend", _BACKEND), 3: _one("pathType")}
_RULE_VALUE: Message = {1: _one("http", {1: _list("paths", _PATH)})}
_INGRESS_SPEC: Message = {
    1: _one("defaultBackend", _BACKEND),
    2: _list("tls", {1: _list("hosts"), 2: _one("secretName")}),
    3: _list("rules", {1: _one("host"), 2: Field(name="", holds=_RULE_VALUE, shape="inline")}),
    4: _one("ingressClassName"),
}
_CONTAINER_PORT: Message = {1: _one("name"), 3: _one("containerPort", "int"), 4: _one("protocol")}
_CONTAINER: Message = {
    1: _one("name"),
    2: _one("image"),
    3: _list("command"),
    4: _list("args"),
    6: _list("ports", _CONTAINER_PORT),
}
_TEMPLATE: Message = {
    1: _one("metadata", _METADATA),
    2: _one("spec", {2: _list("containers", _CONTAINER)}),
}
_DEPLOYMENT_SPEC: Message = {
    1: _one("replicas", "count"),
    2: _one("selector", {1: _map("matchLabels")}),
    3: _one("template", _TEMPLATE),
}
_RESOURCE_ATTRIBUTES: Message = {
    1: _one("namespace"),
    2: _one("verb"),
    3: _one("group"),
    4: _one("version"),
    5: _one("resource"),
    6: _one("subresource"),
    7: _one("name"),
}


def _object(**fields: Field) -> Message:
    """Return a message with metadata and the fields ``f2``, ``f3``, ... of those numbers."""
    return {1: _one("metadata", _METADATA)} | {int(key[1:]): one for key, one in fields.items()}


_MESSAGES: Mapping[tuple[str, str], Message] = {
    ("v1", "Namespace"): _object(),
    ("v1", "ConfigMap"): _object(
        f2=_map("data"), f3=_map("binaryData", "bytes"), f4=_one("immutable", "bool")
    ),
    ("v1", "Secret"): _object(
        f2=_map("data", "bytes"),
        f3=_one("type"),
        f4=_map("stringData"),
        f5=_one("immutable", "bool"),
    ),
    ("v1", "Service"): _object(f2=_one("spec", _SERVICE_SPEC)),
    ("apps/v1", "Deployment"): _object(f2=_one("spec", _DEPLOYMENT_SPEC)),
    ("networking.k8s.io/v1", "Ingress"): _object(f2=_one("spec", _INGRESS_SPEC)),
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): _object(
        f2=_one("spec", {1: _one("resourceAttributes", _RESOURCE_ATTRIBUTES)})
    ),
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): _object(
        f2=_one("spec", {1: _one("namespace")})
    ),
}


def decoded_protobuf(raw: bytes) -> Document:
    """Return the object in a protobuf body.

    Raises:
        ApiError: 400 for a broken body, 415 for a kind that is not in the table above.
    """
    if not raw.startswith(_MAGIC):
        raise bad_request("the body of the request is not Kubernetes protobuf")
    try:
        envelope = _decoded(_ENVELOPE, raw.removeprefix(_MAGIC))
        api_version, kind = text(envelope, "type", "apiVersion"), text(envelope, "type", "kind")
        message = _MESSAGES.get((api_version, kind))
        if message is None:
            raise unsupported_media_type(["application/json", "application/yaml"])
        content = base64.b64decode(text(envelope, "raw"))
        return {"apiVersion": api_version, "kind": kind, **_decoded(message, content)}
    except (IndexError, ValueError) as error:
        raise bad_request(f"the body of the request is broken protobuf: {error}") from error


def _decoded(message: Message, raw: bytes) -> Document:
    document: Document = {}
    for number, value in _fields(raw):
        field = message.get(number)
        if field is not None:
            _put(document, field, value)
    return document


def _put(document: Document, field: Field, value: int | bytes) -> None:
    match field.shape:
        case "one":
            found = _value(field.holds, value)
            # Go writes the zero of every field that is no pointer; JSON leaves those out.
            if found or field.holds == "count":
                document[field.name] = found
        case "list":
            present = document.setdefault(field.name, [])
            assert isinstance(present, list)
            present.append(_value(field.holds, value))
        case "map":
            entry = _decoded({1: _one("key"), 2: _one("value", field.holds)}, _raw(value))
            mapping = document.setdefault(field.name, {})
            assert isinstance(mapping, dict)
            mapping[text(entry, "key")] = entry.get("value", "")
        case "inline":
            inner = _value(field.holds, value)
            assert isinstance(inner, dict)
            document.update(inner)


def _value(holds: Scalar | Message, value: int | bytes) -> object:
    match holds:
        case "text":
            return _raw(value).decode()
        case "int" | "count":
            return value if isinstance(value, int) else 0
        case "bool":
            return bool(value)
        case "bytes":
            return base64.b64encode(_raw(value)).decode()
        case "int-or-string":
            return _int_or_string(_raw(value))
        case _:
            assert isinstance(holds, Mapping)
            return _decoded(holds, _raw(value))


def _int_or_string(raw: bytes) -> int | str:
    found = _decoded({1: _one("type", "int"), 2: _one("int", "int"), 3: _one("text")}, raw)
    number = found.get("int", 0)
    return text(found, "text") if found.get("type") else number if isinstance(number, int) else 0


def _raw(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where bytes were expected")  # noqa: TRY004 (broken input, not a wrong type of ours)
    return value


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(raw):
        tag, position = _varint(raw, position)
        number, wire_type = tag >> 3, tag & 7
        match wire_type:
            case 0:
                value, position = _varint(raw, position)
                yield number, value
            case 2:
                length, position = _varint(raw, position)
                if position + length > len(raw):
                    raise ValueError("a field is longer than the body")
                yield number, raw[position : position + length]
                position += length
            case 1 | 5:
                position += 8 if wire_type == _FIXED64 else 4
            case _:
                raise ValueError(f"unknown wire type {wire_type}")


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    number = 0
    for step in range(_LONGEST_VARINT):
        byte = raw[position + step]
        number |= (byte & (_CONTINUES - 1)) << (_SEVEN_BITS * step)
        if not byte & _CONTINUES:
            return number, position + step + 1
    raise ValueError("a number is too long")
