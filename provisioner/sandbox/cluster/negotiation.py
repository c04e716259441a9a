"""What a request says about itself: accepted shapes, body formats, query parameters."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from provisioner.sandbox.cluster.admission import FieldValidation, WriteOptions
from provisioner.sandbox.cluster.api import DeleteOptions
from provisioner.sandbox.cluster.documents import dig, text, texts
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.manifests import parse_yaml
from provisioner.sandbox.cluster.patches import Patch, PatchType
from provisioner.sandbox.cluster.protobuf import MEDIA_TYPE, decoded_protobuf
from provisioner.sandbox.cluster.reads import ListQuery
from provisioner.sandbox.cluster.selectors import parse_selector
from provisioner.sandbox.cluster.statuses import (
    bad_request,
    not_acceptable,
    unsupported_media_type,
)
from provisioner.sandbox.cluster.tables import Presentation, Shape

Query = Mapping[str, str]

_JSON, _YAML = "application/json", "application/yaml"
_ACCEPTED = frozenset({_JSON, "*/*", "application/*", ""})


def presentation_of(accept: str, query: Query) -> Presentation:
    """Return the first shape in an Accept header that can be answered.

    Raises:
        ApiError: 406 when there is none, which is how clients learn to ask for JSON.
    """
    for choice in accept.split(","):
        media, _, rest = choice.strip().partition(";")
        if media.strip() not in _ACCEPTED:
            continue
        wanted = _parameters(rest).get("as", "")
        if not wanted:
            return Presentation()
        if wanted == "Table":
            return Presentation(shape=Shape.TABLE, include=query.get("includeObject", "Metadata"))
        if wanted.startswith("PartialObjectMetadata"):
            return Presentation(shape=Shape.METADATA)
    raise not_acceptable([_JSON])


def parsed_body(raw: bytes, content_type: str) -> object:
    """Return a JSON or YAML body; an empty one is None."""
    media = content_type.partition(";")[0].strip().lower()
    if media == _YAML:
        documents = parse_yaml(_decoded(raw))
        return documents[0] if documents else None
    if media == MEDIA_TYPE:
        return decoded_protobuf(raw)
    if media not in {_JSON, "", "application/octet-stream", "text/plain"}:
        raise unsupported_media_type([_JSON, _YAML])
    return _json(raw)


def parsed_patch(raw: bytes, content_type: str) -> Patch:
    """Return the patch in a body."""
    media = content_type.partition(";")[0].strip().lower()
    try:
        type_ = PatchType(media)
    except ValueError:
        raise unsupported_media_type([one.value for one in PatchType]) from None
    if type_ is PatchType.APPLY:
        documents = parse_yaml(_decoded(raw))
        return Patch(type=type_, body=documents[0] if documents else None)
    return Patch(type=type_, body=_json(raw))


def write_options(query: Query) -> WriteOptions:
    """Return how a write is to be carried out."""
    level = query.get("fieldValidation", "") or FieldValidation.WARN.value
    try:
        validation = FieldValidation(level)
    except ValueError:
        raise bad_request(f'fieldValidation: unsupported value "{level}"') from None
    return WriteOptions(dry_run=_dry_run(query.get("dryRun")), field_validation=validation)


def delete_options(query: Query, body: object) -> DeleteOptions:
    """Return how a deletion is to be carried out; the body outranks the query."""
    dry_run = texts(body, "dryRun") or ([query["dryRun"]] if query.get("dryRun") else [])
    grace = dig(body, "gracePeriodSeconds")
    if grace is None and "gracePeriodSeconds" in query:
        grace = _integer(query, "gracePeriodSeconds")
    if grace is not None and (not isinstance(grace, int) or isinstance(grace, bool)):
        raise bad_request("gracePeriodSeconds must be an integer")
    return DeleteOptions(
        dry_run=any(_dry_run(one) for one in dry_run),
        uid=text(body, "preconditions", "uid"),
        version=text(body, "preconditions", "resourceVersion"),
        grace_seconds=grace,
    )


def list_query(kind: Kind, query: Query, *, namespace: str) -> ListQuery:
    """Return what a list asks for."""
    version = query.get("resourceVersion", "")
    match = query.get("resourceVersionMatch", "")
    if match and not version:
        raise bad_request("resourceVersionMatch is forbidden unless resourceVersion is provided")
    exact = match == "Exact"
    number = _integer(query, "resourceVersion") if version else 0
    return ListQuery(
        namespace=namespace,
        selector=parse_selector(
            kind,
            labels=query.get("labelSelector", ""),
            fields=query.get("fieldSelector", ""),
        ),
        limit=_integer(query, "limit"),
        continue_=query.get("continue", ""),
        exact_version=number if exact else None,
        at_least=0 if query.get("continue") else number,
    )


def is_true(query: Query, name: str) -> bool:
    """Say whether a query parameter is switched on."""
    return query.get(name, "").lower() in {"true", "1"}


def seconds(query: Query, name: str) -> float | None:
    """Return a number of seconds, or None if the parameter is absent."""
    return float(_integer(query, name)) if query.get(name) else None


def _integer(query: Query, name: str) -> int:
    value = query.get(name, "") or "0"
    try:
        number = int(value)
    except ValueError:
        raise bad_request(f'{name}: "{value}" is not an integer') from None
    if number < 0:
        raise bad_request(f"{name}: must not be negative")
    return number


def _dry_run(value: str | None) -> bool:
    if value not in {None, "", "All"}:
        raise bad_request(f'dryRun: unsupported value "{value}": supported values: "All"')
    return value == "All"


def _json(raw: bytes) -> object:
    if not raw.strip():
        return None
    try:
        value: object = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise bad_request(f"the body of the request is not valid JSON: {error}") from error
    return value


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise bad_request("the body of the request is not UTF-8") from error


def _parameters(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for parameter in rest.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name:
            found[name] = value
    return found
