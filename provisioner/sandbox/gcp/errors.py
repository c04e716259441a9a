"""The ways in which the API refuses a call, in Google's shape and words.

``RefusalError`` is the whole hierarchy; what differs is data. Two shapes exist: the classic one
with ``errors[].reason`` that load balancing uses, and the one of malformed JSON, which carries
``status`` and ``details`` as well ("Handling API errors", Compute Engine API reference).
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from provisioner.sandbox.cluster.documents import Document


class RefusalError(Exception):
    """A call that is answered with an error.

    Attributes:
        status: HTTP status.
        reason: The word in ``errors[].reason``.
        message: The sentence.
        code: The code inside a failed operation, where such words are upper case.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        code: str = "",
        violations: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.code = code or _upper(reason)
        self._violations = tuple(violations)

    def body(self) -> Document:
        """The JSON of the answer."""
        entry: Document = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.status == HTTPStatus.PRECONDITION_FAILED:
            entry |= {"location": "If-Match", "locationType": "header"}
        error: Document = {"code": self.status, "message": self.message, "errors": [entry]}
        if self._violations:
            error["status"] = "INVALID_ARGUMENT"
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {"field": field, "description": description}
                        for field, description in self._violations
                    ],
                }
            ]
        return {"error": error}


class LostResponseError(Exception):
    """The sandbox was told to cut the connection."""


def not_found(path: str) -> RefusalError:
    """What was asked for does not exist."""
    return RefusalError(404, "notFound", f"The resource '{path}' was not found")


def already_exists(path: str) -> RefusalError:
    """The name is taken."""
    return RefusalError(
        409,
        "alreadyExists",
        f"The resource '{path}' already exists",
        code="RESOURCE_ALREADY_EXISTS",
    )


def not_ready(path: str) -> RefusalError:
    """An operation on it is under way."""
    return RefusalError(400, "resourceNotReady", f"The resource '{path}' is not ready")


def in_use(noun: str, path: str, user: str) -> RefusalError:
    """Something refers to it."""
    return RefusalError(
        400,
        "resourceInUseByAnotherResource",
        f"The {noun} resource '{path}' is already being used by '{user}'",
        code="RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
    )


def invalid(field: str, value: object, message: str) -> RefusalError:
    """A field's value is against the rules."""
    shown = value if isinstance(value, str) else repr(value)
    return RefusalError(400, "invalid", f"Invalid value for field '{field}': '{shown}'. {message}")


def required(field: str) -> RefusalError:
    """A field is missing."""
    return RefusalError(400, "required", f"Required field '{field}' not specified")


def stale_fingerprint() -> RefusalError:
    """The caller has read an older state than the present one."""
    return RefusalError(412, "conditionNotMet", "Invalid fingerprint.")


def quota_exceeded(metric: str, limit: float, place: str) -> RefusalError:
    """A quota is full; ``place`` is ``globally`` or ``in region <name>``."""
    return RefusalError(
        403,
        "quotaExceeded",
        f"Quota '{metric}' exceeded.  Limit: {float(limit)} {place}.",
        code="QUOTA_EXCEEDED",
    )


def limit_exceeded(field: str, message: str) -> RefusalError:
    """A limit that no quota request moves; the reason word is inferred."""
    return RefusalError(400, "invalid", f"Invalid value for field '{field}'. {message}")


def rate_exceeded(status: int) -> RefusalError:
    """Too many calls ("API rate limits")."""
    return RefusalError(status, "rateLimitExceeded", "Rate Limit Exceeded")


def not_emulated(what: str) -> RefusalError:
    """Google has it, the sandbox does not."""
    return RefusalError(501, "notImplemented", f"The sandbox does not emulate {what}")


def malformed(violations: Sequence[tuple[str, str]]) -> RefusalError:
    """The JSON does not fit the published schema."""
    message = "\n".join(description for _, description in violations)
    return RefusalError(400, "badRequest", message, violations=violations)


def _upper(reason: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in reason).upper()
