"""Failures on demand, as AWS reports them: an error is a code, a message and a status.

An AWS call is over when it is answered, so the kinds of fault that concern an operation after its
request are refused here: placed, they would wait for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from provisioner.sandbox import faults
from provisioner.sandbox.faults import AFTER, BEFORE, OF_OPERATIONS, FaultKind

__all__ = ("AFTER", "BEFORE", "Fault", "FaultKind", "Faults")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(faults.Fault):
    """One planned failure; ``operation`` is a glob over ``CreateRule`` or ``elbv2:CreateRule``.

    Attributes:
        code: Error code for the failing kinds.
        message: Error message.
        status: HTTP status.
    """

    code: str = "InternalFailure"
    message: str = "An internal error occurred"
    status: int = 500

    def __post_init__(self) -> None:
        """Refuse the kinds that no AWS call can meet."""
        if self.kind in OF_OPERATIONS:
            raise ValueError(
                f"AWS has no operations that outlive their request: no {self.kind.value!r} here"
            )


class Faults(faults.Faults[Fault]):
    """The faults that are waiting, in the order they were placed."""

    def __init__(self) -> None:
        super().__init__(Fault)

    def fail(
        self,
        operation: str = "*",
        *,
        code: str = "InternalFailure",
        message: str = "An internal error occurred",
        status: int = 500,
        times: int | None = 1,
        skip: int = 0,
        after: bool = False,
    ) -> None:
        """Answer an error, before the call is carried out or (``after``) although it was."""
        error = Fault(
            kind=FaultKind.FAIL_AFTER if after else FaultKind.FAIL,
            code=code,
            message=message,
            status=status,
        )
        self.place(replace(error, operation=operation, times=times, skip=skip))
