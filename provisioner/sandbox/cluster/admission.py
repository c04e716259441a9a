"""From what a client sent to what is stored: stamps, defaults, guards and refusals.

Pure with respect to the store: every function takes the object before and the object wanted and
returns the object to keep, or refuses. The order of the steps is that of kube-apiserver.
"""

from __future__ import annotations

import enum
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioner.sandbox.cluster.defaults import with_defaults
from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    is_terminating,
    name_of,
    number,
    part,
    replaced,
    text,
    texts,
    version_of,
    without,
)
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.statuses import (
    bad_request,
    conflict,
    invalid,
    prohibited,
    wrong,
)
from provisioner.sandbox.cluster.validation.fields import unknown_fields
from provisioner.sandbox.cluster.validation.schemas import defaulted, pruned

_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: no words (apimachinery, rand.go)
_SUFFIX_LENGTH = 5
_LONGEST_GENERATED = 63

#: Metadata that only the server writes.
_SERVER_FIELDS = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "resourceVersion",
    "namespace",
    "name",
    "generateName",
    "selfLink",
    "managedFields",
)


class FieldValidation(enum.Enum):
    """What happens to unknown fields."""

    IGNORE = "Ignore"
    WARN = "Warn"
    STRICT = "Strict"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How a create, replace or patch is to be carried out."""

    dry_run: bool = False
    field_validation: FieldValidation = FieldValidation.WARN


def now() -> str:
    """Return the time as the API spells it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def checked_body(kind: Kind, body: object, *, namespace: str, name: str = "") -> Document:
    """Return a body as an object of the kind, refusing one that belongs elsewhere."""
    if not isinstance(body, dict):
        raise bad_request("the body of the request must be a JSON object")
    for field, expected in (("apiVersion", kind.api_version), ("kind", kind.kind)):
        if body.get(field, expected) != expected:
            raise bad_request(
                f"the {field} in the data ({body[field]}) does not match the expected "
                f"{field} ({expected})"
            )
    _check_metadata_types(body)
    home = text(body, "metadata", "namespace")
    if home and home != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if name and name_of(body) not in {"", name}:
        raise bad_request(
            f"the name of the object ({name_of(body)}) does not match the name on the URL ({name})"
        )
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}


def _check_metadata_types(body: Document) -> None:
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    for field in ("labels", "annotations"):
        values = dig(metadata, field)
        if values is None:
            continue
        if not isinstance(values, dict):
            raise bad_request(f"metadata.{field} must be an object of strings")
        for key, value in values.items():
            if not isinstance(value, str):
                raise bad_request(
                    f"metadata.{field}: the value of {key!r} must be a string, "
                    f"not {type(value).__name__}; quote it in the manifest"
                )


def field_warnings(kind: Kind, body: Document, options: WriteOptions) -> tuple[str, ...]:
    """Return what to warn about unknown fields.

    Raises:
        ApiError: 400 when the writer asked for strict validation.
    """
    if options.field_validation is FieldValidation.IGNORE:
        return ()
    told = tuple(f'unknown field "{path}"' for path in unknown_fields(kind, body))
    if told and options.field_validation is FieldValidation.STRICT:
        raise bad_request(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
            f"strict decoding error: {', '.join(told)}"
        )
    return told


def shaped(kind: Kind, document: Document) -> Document:
    """Return the object without what its kind does not have and with what it defaults."""
    if kind.custom is not None and kind.custom.schema is not None:
        kept = defaulted(kind.custom.schema, pruned(kind.custom.schema, document, root=True))
        assert isinstance(kept, dict)
        return kept
    return with_defaults(kind, document)


def stamped(kind: Kind, body: Document, *, namespace: str) -> Document:
    """Return a new object with its name, uid and time, and without what a writer may not set."""
    metadata = {
        key: value
        for key, value in part(body, "metadata").items()
        if (key not in _SERVER_FIELDS or key == "generateName") and value not in ({}, [], None)
    }
    metadata["name"] = name_of(body) or _generated_name(text(metadata, "generateName"))
    if kind.namespaced:
        metadata["namespace"] = namespace
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now()
    if kind.has_generation:
        metadata["generation"] = 1
    document = {**body, "metadata": metadata}
    if kind.has_status and not kind.keeps_status_on_create:
        document.pop("status", None)
    if kind.has_status and kind.custom is None:
        document.setdefault("status", _initial_status(kind))
    return document


def _initial_status(kind: Kind) -> Document:
    match kind.storage:
        case "namespaces":
            return {"phase": "Active"}
        case "pods":
            return {"phase": "Pending", "qosClass": "BestEffort"}
        case "services" | "ingresses.networking.k8s.io":
            return {"loadBalancer": {}}
        case _:
            return {}


def _generated_name(prefix: str) -> str:
    if not prefix:
        return ""
    suffix = "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(_SUFFIX_LENGTH))
    return prefix[: _LONGEST_GENERATED - _SUFFIX_LENGTH] + suffix


def check_version(kind: Kind, before: Document, wanted: Document) -> None:
    """Refuse a write that was made from another version or another object of the name."""
    version, uid = version_of(wanted), text(wanted, "metadata", "uid")
    if uid and uid != text(before, "metadata", "uid"):
        raise conflict(
            kind,
            name=name_of(before),
            why=f"Precondition failed: UID in precondition: {uid}, "
            f"UID in object meta: {text(before, 'metadata', 'uid')}",
        )
    if version and version != version_of(before):
        raise conflict(kind, name=name_of(before))


def check_replaceable(kind: Kind, wanted: Document) -> None:
    """Refuse a replacement without a version where the kind demands one."""
    if not version_of(wanted) and not kind.unconditional_update:
        cause = wrong("metadata.resourceVersion", 0, "must be specified for an update")
        raise invalid(kind, name=name_of(wanted), causes=[cause])


def updated(kind: Kind, before: Document, wanted: Document) -> Document:
    """Return the object after a write to the main resource: the status stays as it was."""
    document = {**wanted, "metadata": _kept_metadata(before, wanted)}
    if kind.has_status:
        document = _with_status(document, before)
    document = shaped(kind, document)
    _check_finalizers(kind, before, document)
    if kind.has_generation and _content(document) != _content(before):
        generation = number(before, "metadata", "generation") + 1
        document = replaced(document, generation, "metadata", "generation")
    return document


def status_updated(before: Document, wanted: Document) -> Document:
    """Return the object after a write to its status: nothing but the status changes."""
    return _with_status(before, wanted)


def _with_status(document: Document, source: Document) -> Document:
    if "status" in source:
        return {**document, "status": source["status"]}
    return without(document, "status")


def _kept_metadata(before: Document, wanted: Document) -> Document:
    metadata = {
        key: value
        for key, value in part(wanted, "metadata").items()
        if key not in _SERVER_FIELDS and value not in ({}, [], None)
    }
    server = part(before, "metadata")
    return {**{key: server[key] for key in _SERVER_FIELDS if key in server}, **metadata}


def _check_finalizers(kind: Kind, before: Document, document: Document) -> None:
    if not is_terminating(before):
        return
    old = set(texts(before, "metadata", "finalizers"))
    added = [one for one in texts(document, "metadata", "finalizers") if one not in old]
    if added:
        cause = prohibited(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, "
            f"found new finalizers {added}",
        )
        raise invalid(kind, name=name_of(before), causes=[cause])


def _content(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in {"metadata", "status"}}
