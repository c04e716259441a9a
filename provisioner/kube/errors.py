"""What the Kubernetes API says no with.

::

    ClusterError
    +-- NoCluster        no kubeconfig, no such context: nobody to ask
    +-- Unreachable      no answer (or a 5xx): a write may or may not have happened
    +-- Unauthorized     401: who we are is not accepted
    +-- Forbidden        403: who we are may not do this; names verb, resource and namespace
    +-- NotFound         404
    +-- Conflict         409: exists already, or changed since it was read
    +-- Gone             410: the continue token or version has expired
    +-- Invalid          400, 422: the server does not accept the object
    +-- Throttled        429: too many requests

Translated in one place, from the status code and the server's own Status object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import msgspec

from provisioner.kube import envelope
from provisioner.model.errors import ClusterError

_MESSAGE_LIMIT: Final = 300


class NoCluster(ClusterError):
    """There is no kubeconfig, or it does not say whom to ask."""


class Unreachable(ClusterError):
    """No answer: a write may or may not have been carried out."""


class Unauthorized(ClusterError):
    """The server does not accept our credentials."""


class Forbidden(ClusterError):
    """Our credentials lack a permission."""


class NotFound(ClusterError):
    """The object, or its kind, is not there."""


class Conflict(ClusterError):
    """The object exists already, or has changed since it was read."""


class Gone(ClusterError):
    """The continue token, or the version to watch from, has expired."""


class Invalid(ClusterError):
    """The server does not accept the object."""


class Throttled(ClusterError):
    """The server asks for patience."""


_MEANINGS: Final[Mapping[int, tuple[type[ClusterError], str]]] = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: (Invalid, "the server rejects the request"),
        HTTPStatus.NOT_FOUND: (NotFound, "not found"),
        HTTPStatus.CONFLICT: (Conflict, "it has changed meanwhile"),
        HTTPStatus.GONE: (Gone, "the version asked for has expired"),
        HTTPStatus.UNPROCESSABLE_ENTITY: (Invalid, "the server rejects the object"),
        HTTPStatus.TOO_MANY_REQUESTS: (Throttled, "the server is busy"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried, in RBAC's words, for messages: ``list ingresses.networking.k8s.io``."""

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""
    server: str = ""

    def __str__(self) -> str:
        what = f"{self.verb} {self.resource}"
        what += f" {self.name}" if self.name else ""
        return what + (f" in namespace {self.namespace}" if self.namespace else "")


def from_response(attempt: Attempt, *, status: int, body: bytes) -> ClusterError:
    """Return the error that an HTTP answer means."""
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(
            f"{attempt.server} does not accept the credentials.",
            hint="Log in again, or check the user of the current context.",
        )
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(
            f"Not allowed to {attempt}.",
            hint=f"Grant the verb '{attempt.verb}' on '{attempt.resource}'.",
        )
    meaning, words = _MEANINGS.get(status, (ClusterError, f"{attempt.server} answered {status}"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        meaning = Unreachable
    return meaning(f"Cannot {attempt}: {_said(body) or words}.")


def unreachable(attempt: Attempt, reason: str) -> Unreachable:
    """Return the error for a request that got no answer."""
    return Unreachable(
        f"Cannot {attempt}: no answer from {attempt.server} ({reason}).",
        hint="Check the server address and the network.",
    )


def _said(body: bytes) -> str:
    """Return the message of a Status object, "" where the body is none."""
    try:
        said = msgspec.json.decode(body, type=envelope.Status).message or ""
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return said.rstrip(".")[:_MESSAGE_LIMIT]
