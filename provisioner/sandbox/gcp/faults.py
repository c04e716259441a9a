"""Failures on demand: throttles, errors, denials, delays, lost answers, and a death to order.

A fault is placed by operation name and used up call by call. Faults before the call leave the
project untouched; faults after it have changed the project although the caller hears an error
or nothing at all; and an operation can fail although its request was answered with 200. The last
two kinds are what crash-safety is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from threading import Lock

from provisioner.sandbox.gcp.calls import Call


class FaultKind(Enum):
    """What happens to a matching call."""

    THROTTLE = "throttle"  # refused before anything happens
    FAIL = "fail"  # refused with a given error, before anything happens
    DENY = "deny"  # refused for want of permission, before anything happens
    DELAY = "delay"  # answered late
    FAIL_AFTER = "fail-after"  # carried out, then answered with an error
    LOSE = "lose"  # carried out, then the connection is cut
    FAIL_OPERATION = "fail-operation"  # accepted; the operation ends in an error without effect
    SLOW_OPERATION = "slow-operation"  # accepted; the operation takes longer than the others


BEFORE = (FaultKind.THROTTLE, FaultKind.FAIL, FaultKind.DENY)
AFTER = (FaultKind.FAIL_AFTER, FaultKind.LOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned failure.

    Attributes:
        kind: What happens.
        operation: Glob over the published name, ``urlMaps.insert`` or ``*.insert``.
        times: How many calls it spoils; None means every one until it is cleared.
        skip: How many matching calls pass first.
        reason: The word in ``errors[].reason``, or the code of a failing operation.
        message: Error message.
        status: HTTP status.
        seconds: Length of a delay, or how much longer an operation takes.
    """

    kind: FaultKind
    operation: str = "*"
    times: int | None = 1
    skip: int = 0
    reason: str = "backendError"
    message: str = "Backend Error"
    status: int = 503
    seconds: float = 0.0


@dataclass(slots=True)
class _Placed:
    fault: Fault
    skip: int
    left: int | None

    def take(self, call: Call) -> bool:
        """Use the fault up for this call, if it is due."""
        if self.left == 0 or not fnmatchcase(call.operation, self.fault.operation):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True)
class _Countdown:
    left: int
    callback: Callable[[], None]
    lose_response: bool


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self._placed: list[_Placed] = []
        self._countdowns: list[_Countdown] = []
        self._lock = Lock()

    def place(self, fault: Fault) -> None:
        """Add a fault behind those already waiting."""
        with self._lock:
            self._placed.append(_Placed(fault=fault, skip=fault.skip, left=fault.times))

    def throttle(self, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """Answer ``rateLimitExceeded`` to the next calls."""
        self.place(Fault(kind=FaultKind.THROTTLE, operation=operation, times=times, skip=skip))

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
        self.place(
            Fault(
                kind=FaultKind.FAIL_AFTER if after else FaultKind.FAIL,
                operation=operation,
                times=times,
                skip=skip,
                reason=reason,
                message=message,
                status=status,
            )
        )

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
        self.place(
            Fault(
                kind=FaultKind.FAIL_OPERATION,
                operation=operation,
                times=times,
                skip=skip,
                reason=code,
                message=message,
                status=status,
            )
        )

    def slow_operation(
        self, operation: str = "*", *, seconds: float, times: int | None = 1, skip: int = 0
    ) -> None:
        """Let the operations of the next calls take this much longer than the others."""
        self.place(
            Fault(
                kind=FaultKind.SLOW_OPERATION,
                operation=operation,
                times=times,
                skip=skip,
                seconds=seconds,
            )
        )

    def lose_response(self, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """Carry the next calls out and cut the connection instead of answering."""
        self.place(Fault(kind=FaultKind.LOSE, operation=operation, times=times, skip=skip))

    def delay(
        self, operation: str = "*", *, seconds: float, times: int | None = 1, skip: int = 0
    ) -> None:
        """Answer the next calls late."""
        self.place(
            Fault(
                kind=FaultKind.DELAY, operation=operation, times=times, skip=skip, seconds=seconds
            )
        )

    def deny(self, operation: str, *, times: int | None = None) -> None:
        """Refuse an operation for want of permission, until cleared."""
        self.place(Fault(kind=FaultKind.DENY, operation=operation, times=times))

    def kill_after(
        self, calls: int, callback: Callable[[], None], *, lose_response: bool = True
    ) -> None:
        """Run ``callback`` once the given number of mutating calls has been carried out.

        The callback runs in the server's thread before the last of these calls is answered;
        by default the connection is then cut, as it is for a client that was killed. It must
        not call the cloud itself, which is busy with the call that is under way.
        """
        with self._lock:
            self._countdowns.append(
                _Countdown(left=calls, callback=callback, lose_response=lose_response)
            )

    def clear(self) -> None:
        """Take every waiting fault away."""
        with self._lock:
            self._placed.clear()
            self._countdowns.clear()

    def pending(self) -> tuple[Fault, ...]:
        """Faults that are not used up."""
        with self._lock:
            return tuple(placed.fault for placed in self._placed if placed.left != 0)

    def due(self, call: Call, kinds: tuple[FaultKind, ...]) -> Fault | None:
        """The first waiting fault of these kinds for the call; it is used up by asking."""
        with self._lock:
            for placed in self._placed:
                if placed.fault.kind in kinds and placed.take(call):
                    return placed.fault
        return None

    def carried_out(self) -> tuple[Callable[[], None], bool] | None:
        """Count one mutating call; the callback that is now due, and whether to cut the line."""
        with self._lock:
            due = None
            for countdown in self._countdowns:
                countdown.left -= 1
                if countdown.left == 0:
                    due = (countdown.callback, countdown.lose_response)
            return due
