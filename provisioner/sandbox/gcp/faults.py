"""Failures on demand, as Google Cloud reports them: an error is a reason, a message and a status.

A change on Google Cloud is accepted first and takes place in an operation afterwards. So there is
a failure that other clouds do not have: the request is answered with 200, and the operation ends
in an error. It is no less a matter of crash-safety than an answer that was lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from provisioner.sandbox import faults
from provisioner.sandbox.faults import AFTER, BEFORE, FaultKind

__all__ = ("AFTER", "BEFORE", "Fault", "FaultKind", "Faults")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(faults.Fault):
    """One planned failure; ``operation`` is a glob such as ``urlMaps.insert`` or ``*.insert``.

    Attributes:
        reason: The word in ``errors[].reason``, or the code of a failing operation.
        message: Error message.
        status: HTTP status.
    """

    reason: str = "backendError"
    message: str = "Backend Error"
    status: int = 503


class Faults(faults.Faults[Fault]):
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        super().__init__(Fault)

    def fail(
        self,
        operation: str = "*",
        *,
        reason: str = "backendError",
        message: str = "Backend Error",
        status: int = 503,
        times: int | None = 1,
        skip: int = 0,
        after: bool = False,
    ) -> None:
        """Answer an error, before the call is carried out or (``after``) although it was."""
        error = Fault(
            kind=FaultKind.FAIL_AFTER if after else FaultKind.FAIL,
            reason=reason,
            message=message,
            status=status,
        )
        self.place(replace(error, operation=operation, times=times, skip=skip))

    def fail_operation(
        self,
        operation: str = "*",
        *,
        code: str = "INTERNAL_ERROR",
        message: str = "Internal error.",
        status: int = 503,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Accept the next calls and let their operations end in an error, without effect."""
        error = Fault(kind=FaultKind.FAIL_OPERATION, reason=code, message=message, status=status)
        self.place(replace(error, operation=operation, times=times, skip=skip))

    def slow_operation(
        self, operation: str = "*", *, seconds: float, times: int | None = 1, skip: int = 0
    ) -> None:
        """Let the operations of the next calls take this much longer than the others."""
        self._place(FaultKind.SLOW_OPERATION, operation, times=times, skip=skip, seconds=seconds)
