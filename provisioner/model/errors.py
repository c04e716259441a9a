"""What goes wrong between us and the world, as exceptions.

What is wrong with the user's *input* is a diagnostic, a value (``model.diagnostic``).

Errors, all of them with a message for people and, where one exists, a hint::

    ProvisionerError
    +-- ConfigError          a flag, file or setting is wrong
    +-- ClusterError         the Kubernetes API said no (kube/errors.py has its kinds)
    +-- StalePlan            the world has moved on since the plan was made
    +-- NotLeader            somebody else may write now; nothing was sent
    +-- ProviderError        the cloud said no
        +-- Throttled        ... for now; retried below this seam until its patience ends
        +-- Unavailable      no answer, or a 5xx: the call may or may not have happened
        +-- Denied           the credentials lack a permission (named)
        +-- NotFound
        +-- Conflict         exists already, in use, or changed under us
        +-- LimitExceeded    a limit that the plan did not foresee (somebody else took the place)
        +-- Rejected         the request is wrong: a bug of ours, or a rule we do not know
"""

from __future__ import annotations


class ProvisionerError(Exception):
    """Anything that stops a command, told so that a person can act on it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(ProvisionerError):
    """A flag, a file or a setting is wrong."""


class ClusterError(ProvisionerError):
    """The Kubernetes API said no."""


class StalePlan(ProvisionerError):
    """The world has moved on since the plan was made; the message names the resources."""


class NotLeader(ProvisionerError):
    """Somebody else may write now; nothing was sent."""


class ProviderError(ProvisionerError):
    """The cloud said no. ``operation`` and ``code`` are the API's own words."""

    def __init__(
        self, message: str, *, hint: str = "", operation: str = "", code: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
        self.code = code


class Throttled(ProviderError):
    """Too many requests, for longer than our patience."""


class Unavailable(ProviderError):
    """No answer, or a server error: the call may or may not have been carried out."""


class Denied(ProviderError):
    """The credentials lack a permission."""


class NotFound(ProviderError):
    """The thing is not there."""


class Conflict(ProviderError):
    """It exists already, is in use, or changed under us."""


class LimitExceeded(ProviderError):
    """A limit that the plan did not foresee."""


class Rejected(ProviderError):
    """The request is wrong."""
