"""What Google says went wrong, as our own errors: the one place where its codes are read.

::

    answer with an error   by reason: Throttled | Denied | NotFound | Conflict | LimitExceeded
                           | Rejected; by HTTP status where the reason says nothing
    HTTP 401               ConfigError: the credentials were refused
    HTTP 5xx               Unavailable: the call may have been carried out
    operation that fails   as above, by the code in the operation; it was accepted with HTTP 200
    transport              Unavailable, with the exception's name as the code
    no credentials         ConfigError

Errors come in two spellings: an answer has a reason (``notFound``), a failed operation a code
(``RESOURCE_NOT_FOUND``). ``ProviderError.code`` is always the reason.

Messages carry the method, the reason and Google's own sentence; a denial names the permission.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from requests.exceptions import (
    ConnectTimeout,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    ProxyError,
    RequestException,
)

from providers.gcp.methods import permission
from provisioner.model.errors import (
    ConfigError,
    Conflict,
    Denied,
    LimitExceeded,
    NotFound,
    ProviderError,
    ProvisionerError,
    Rejected,
    Throttled,
    Unavailable,
)

ProviderErrorType: TypeAlias = type[ProviderError]

NOT_READY = "resourceNotReady"
"""Something else is being done to the resource; the call did not happen."""
STALE = "conditionNotMet"
"""The fingerprint is not the present one any more."""
EXISTS = "alreadyExists"
STILL_RUNNING = "operationStillRunning"

_KINDS: Mapping[str, ProviderErrorType] = MappingProxyType(
    {
        "rateLimitExceeded": Throttled,
        "userRateLimitExceeded": Throttled,
        "resourceOperationRateExceeded": Throttled,
        "quotaExceeded": LimitExceeded,
        "limitExceeded": LimitExceeded,
        "forbidden": Denied,
        "insufficientPermissions": Denied,
        "permissionsError": Denied,
        "accessNotConfigured": Denied,
        "notFound": NotFound,
        EXISTS: Conflict,
        STALE: Conflict,
        NOT_READY: Conflict,
        "resourceInUseByAnotherResource": Conflict,
        "memberAlreadyExists": Conflict,
        "memberNotFound": Conflict,
        "instanceInMultipleLoadBalancedIgs": Conflict,
        "conflict": Conflict,
    }
)
_STATUSES: Mapping[int, ProviderErrorType] = MappingProxyType(
    {
        HTTPStatus.FORBIDDEN: Denied,
        HTTPStatus.NOT_FOUND: NotFound,
        HTTPStatus.REQUEST_TIMEOUT: Unavailable,
        HTTPStatus.CONFLICT: Conflict,
        HTTPStatus.PRECONDITION_FAILED: Conflict,
        HTTPStatus.TOO_MANY_REQUESTS: Throttled,
    }
)
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "resourceNotFound": "notFound",
        "resourceAlreadyExists": EXISTS,
        "instanceInMultipleLoadBalancedIgs": "instanceInMultipleLoadBalancedIgs",
    }
)

CREDENTIALS_HINT = (
    "run 'gcloud auth application-default login', or set GOOGLE_APPLICATION_CREDENTIALS; inside a "
    "cluster check Workload Identity of the service account"
)
PROJECT_HINT = "pass --project, set GOOGLE_CLOUD_PROJECT, or plan a cluster whose nodes tell it"
UNREACHABLE_HINT = (
    "check the network, the proxy settings and --endpoint-url; private networks need Private "
    "Google Access or a way to compute.googleapis.com"
)
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "instanceInMultipleLoadBalancedIgs": "a machine may be in one load-balanced instance group "
        "only; use target mode pod",
        "accessNotConfigured": "enable the Compute Engine API in this project",
        "quotaExceeded": "the quota was reached after planning; plan again, or ask Google to "
        "raise it",
        STALE: "somebody else changed it meanwhile; plan again",
    }
)
_REQUIRED = re.compile(r"Required '(?P<permission>[\w.]+)' permission")

NEVER_SENT = frozenset({"ConnectTimeout", "ProxyError", "NewConnectionError"})
"""Transport errors of requests that Google has not seen; asking at once would only repeat them."""


class _Entry(msgspec.Struct, kw_only=True):
    reason: str = ""
    code: str | int = ""
    message: str = ""


class _Error(msgspec.Struct, kw_only=True):
    code: int = 0
    message: str = ""
    status: str = ""
    errors: list[_Entry] = []


class _Answer(msgspec.Struct, kw_only=True):
    error: _Error = msgspec.field(default_factory=_Error)


class _Operation(msgspec.Struct, kw_only=True, rename="camel"):
    error: _Error = msgspec.field(default_factory=_Error)
    http_error_status_code: int = 0


def refused(status: int, content: bytes, operation: str) -> ProvisionerError:
    """Return our error for an answer that is one.

    Args:
        status: HTTP status.
        content: The body.
        operation: The method's published name.
    """
    said = _read(content)
    if said is None:
        return _no_answer_of_google(status, operation)
    first = said.errors[0] if said.errors else _Entry()
    reason = first.reason or _reason_of(str(first.code)) or _reason_of(said.status)
    message = said.message or first.message or "no reason was given"
    if status == HTTPStatus.UNAUTHORIZED:
        told = f"the Google Cloud credentials were refused: {operation}: {message}"
        return ConfigError(told, hint=CREDENTIALS_HINT)
    return _error(operation, reason or str(status), _first_line(message), status=status)


def failed(content: bytes, operation: str) -> ProviderError | None:
    """Return our error for an operation that is over and has failed, None for one that has not."""
    over = msgspec.json.decode(content, type=_Operation)
    if not over.error.errors and not over.http_error_status_code:
        return None
    first = over.error.errors[0] if over.error.errors else _Entry(message="no reason was given")
    reason = _reason_of(str(first.code)) or str(over.http_error_status_code)
    status = over.http_error_status_code
    return _error(operation, reason, _first_line(first.message), status=status)


def lost(error: RequestException, operation: str) -> ProvisionerError:
    """Return our error for a request that got no answer."""
    if isinstance(error, InvalidURL | InvalidSchema | MissingSchema):
        return ConfigError(
            f"the Google Cloud endpoint cannot be used: {_first_line(str(error))}",
            hint="--endpoint-url takes an address like http://127.0.0.1:5000",
        )
    return Unavailable(
        f"{operation}: {_transport(error)}",
        hint=UNREACHABLE_HINT,
        operation=operation,
        code=_transport_code(error),
    )


def unauthenticated(error: GoogleAuthError) -> ConfigError:
    """Return our error where there are no credentials, or none that work."""
    if isinstance(error, DefaultCredentialsError):
        return ConfigError("no Google Cloud credentials were found", hint=CREDENTIALS_HINT)
    told = _first_line(str(error.args[0] if error.args else error))
    return ConfigError(f"the Google Cloud credentials do not work: {told}", hint=CREDENTIALS_HINT)


def _error(operation: str, reason: str, message: str, *, status: int) -> ProviderError:
    kind = _kind(reason, status)
    return kind(
        f"{operation} failed with {reason}: {message}",
        hint=_hint(kind, operation, reason, message=message),
        operation=operation,
        code=reason,
    )


def _kind(reason: str, status: int) -> ProviderErrorType:
    if reason in _KINDS:
        return _KINDS[reason]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable
    return _STATUSES.get(status, Rejected)


def _hint(kind: ProviderErrorType, operation: str, reason: str, *, message: str) -> str:
    if reason in _HINTS:
        return _HINTS[reason]
    if kind is Denied:
        named = _REQUIRED.search(message)
        needed = named["permission"] if named else permission(operation)
        return f"grant {needed} to the service account of these credentials"
    if kind is Throttled:
        return "others in this project call the same API; try again in a minute"
    if kind is LimitExceeded:
        return "the limit was reached after planning; plan again, or ask Google to raise it"
    return ""


def _reason_of(code: str) -> str:
    """Return the reason that a code of an operation means (``QUOTA_EXCEEDED``)."""
    if not code or code.isdecimal():
        return ""
    if not code.isupper():
        return _ALIASES.get(code, code)
    first, *rest = code.lower().split("_")
    reason = first + "".join(word.capitalize() for word in rest)
    return _ALIASES.get(reason, reason)


def _read(content: bytes) -> _Error | None:
    try:
        said = msgspec.json.decode(content, type=_Answer).error
    except msgspec.DecodeError:
        return None
    return said if said.code or said.message or said.errors else None


def _no_answer_of_google(status: int, operation: str) -> ProviderError:
    """Return our error for an answer that Google did not give: a proxy's, an error page."""
    kind = Unavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _STATUSES.get(status)
    return (kind or Unavailable)(
        f"{operation}: the answer (HTTP {status}) is not one of Google's API",
        hint="check --endpoint-url and the proxy settings",
        operation=operation,
        code=str(status),
    )


def _transport(error: RequestException) -> str:
    """Return what went wrong on the way, without requests' nested representations."""
    cause: BaseException = error
    while cause.args and isinstance(cause.args[-1], BaseException):
        cause = cause.args[-1]
    reason = getattr(cause, "reason", None)
    return _first_line(str(reason or cause)) or type(error).__name__


def _transport_code(error: RequestException) -> str:
    if isinstance(error, ConnectTimeout):
        return "ConnectTimeout"
    if isinstance(error, ProxyError):
        return "ProxyError"
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", None)
    return type(reason).__name__ if reason is not None else type(error).__name__


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
