"""Refusals, with AWS's own error codes.

Codes are those of the service models in botocore; messages follow the wording that users quote
from the real service where one is known.
"""

from __future__ import annotations

from collections.abc import Mapping


class RefusalError(Exception):
    """The request is answered with an error and nothing changes."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


class LostResponseError(ConnectionAbortedError):
    """The connection ends without an answer; werkzeug closes the socket quietly."""


def invalid(message: str) -> RefusalError:
    """A parameter does not satisfy its constraint."""
    return RefusalError("ValidationError", message)


def misconfigured(message: str) -> RefusalError:
    """The parameters are well-formed but do not go together."""
    return RefusalError("InvalidConfigurationRequest", message)


def not_permitted(message: str) -> RefusalError:
    """The state of the resource forbids the operation."""
    return RefusalError("OperationNotPermitted", message)


def balancer_not_found(name: str) -> RefusalError:
    """No load balancer by that name or ARN."""
    return RefusalError("LoadBalancerNotFound", f"Load balancers '[{name}]' not found")


def listener_not_found(arn: str) -> RefusalError:
    """No listener by that ARN."""
    return RefusalError("ListenerNotFound", f"One or more listeners not found: '{arn}'")


def rule_not_found(arn: str) -> RefusalError:
    """No rule by that ARN."""
    return RefusalError("RuleNotFound", f"One or more rules not found: '{arn}'")


def group_not_found(name: str) -> RefusalError:
    """No target group by that name or ARN."""
    return RefusalError("TargetGroupNotFound", f"One or more target groups not found: '{name}'")
