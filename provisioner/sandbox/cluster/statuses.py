"""The refusals of an API server, as the ``Status`` objects that clients branch on.

Client libraries decide by ``reason`` and ``code``, people read ``message``, and ``details.causes``
names the fields. The wording follows kube-apiserver, because users search the web for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisioner.sandbox.cluster.documents import Document
    from provisioner.sandbox.cluster.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One field that is wrong, and why."""

    field: str
    reason: str
    message: str

    def as_document(self) -> Document:
        """Return the cause as ``details.causes`` spells it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class ApiError(Exception):
    """A request that the server refuses, with everything a ``Status`` body says."""

    def __init__(
        self, code: int, reason: str, message: str, *, details: Document | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    def status(self) -> Document:
        """Return the body."""
        body: Document = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            body["details"] = self.details
        return body


def success(kind: Kind, *, name: str, uid: str) -> Document:
    """Return the body that answers a deletion that is complete."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": _details(kind, name=name) | {"uid": uid},
    }


def required(field: str, hint: str = "") -> Cause:
    """Return the cause for a missing value."""
    message = f"Required value: {hint}" if hint else "Required value"
    return Cause(field=field, reason="FieldValueRequired", message=message)


def wrong(field: str, value: object, hint: str) -> Cause:
    """Return the cause for a value that breaks a rule."""
    return Cause(
        field=field, reason="FieldValueInvalid", message=f"Invalid value: {_shown(value)}: {hint}"
    )


def unsupported(field: str, value: object, supported: Sequence[str]) -> Cause:
    """Return the cause for a value outside a closed set."""
    choices = ", ".join(f'"{choice}"' for choice in supported)
    return Cause(
        field=field,
        reason="FieldValueNotSupported",
        message=f"Unsupported value: {_shown(value)}: supported values: {choices}",
    )


def prohibited(field: str, hint: str) -> Cause:
    """Return the cause for a field that may not be set here."""
    return Cause(field=field, reason="FieldValueForbidden", message=f"Forbidden: {hint}")


def duplicate(field: str, value: object) -> Cause:
    """Return the cause for a value that must be unique and is not."""
    return Cause(
        field=field, reason="FieldValueDuplicate", message=f"Duplicate value: {_shown(value)}"
    )


def invalid(kind: Kind, *, name: str, causes: Sequence[Cause]) -> ApiError:
    """Return 422 with every cause, first to last."""
    told = [f"{cause.field}: {cause.message}" for cause in causes]
    summary = told[0] if len(told) == 1 else "[" + ", ".join(told) + "]"
    details: Document = {"name": name, "kind": kind.kind}
    if kind.group:
        details["group"] = kind.group
    details["causes"] = [cause.as_document() for cause in causes]
    qualified = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    return ApiError(422, "Invalid", f'{qualified} "{name}" is invalid: {summary}', details=details)


def not_found(kind: Kind, *, name: str) -> ApiError:
    """Return 404 for an object."""
    message = f'{kind.qualified} "{name}" not found'
    return ApiError(404, "NotFound", message, details=_details(kind, name=name))


def no_such_resource() -> ApiError:
    """Return 404 for a kind that is not served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(kind: Kind, *, name: str) -> ApiError:
    """Return 409 for a second object of one name."""
    message = f'{kind.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details=_details(kind, name=name))


def conflict(kind: Kind, *, name: str, why: str = "") -> ApiError:
    """Return 409 for a write that was made from an old version."""
    told = why or (
        "the object has been modified; "
        "please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {told}'
    return ApiError(409, "Conflict", message, details=_details(kind, name=name))


def forbidden(kind: Kind, *, name: str, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    """Return 403."""
    shown = f' "{name}"' if name else ""
    details = _details(kind, name=name)
    if causes:
        details["causes"] = [cause.as_document() for cause in causes]
    return ApiError(
        403, "Forbidden", f"{kind.qualified}{shown} is forbidden: {why}", details=details
    )


def expired(message: str) -> ApiError:
    """Return 410: the version is no longer in the history."""
    return ApiError(410, "Expired", message)


def bad_request(message: str) -> ApiError:
    """Return 400."""
    return ApiError(400, "BadRequest", message)


def method_not_allowed() -> ApiError:
    """Return 405."""
    return ApiError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """Return 415, naming what would have been understood."""
    return ApiError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted),
    )


def not_acceptable(accepted: Sequence[str]) -> ApiError:
    """Return 406, naming what can be answered."""
    return ApiError(
        406,
        "NotAcceptable",
        "only the following media types are accepted: " + ", ".join(accepted),
    )


def _details(kind: Kind, *, name: str) -> Document:
    details: Document = {"kind": kind.plural}
    if name:
        details["name"] = name
    if kind.group:
        details["group"] = kind.group
    return details


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)
