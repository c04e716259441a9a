"""Failures on demand: throttles, errors, denials, delays, lost answers, and a death to order.

A fault is placed by operation name and used up call by call. Faults before the call leave the
cloud untouched; faults after it have changed the cloud although the caller hears an error or
nothing at all. The second kind is what crash-safety is about.

How faults wait and are used up is the same for every cloud and stands here. What an error looks
like is not: a cloud adds its fields to ``Fault`` and its way to fail to ``Faults``, and its calls
know by which names they are meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Generic, TypeVar

from provisioner.sandbox.calls import NamedCall


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
# Only where a request starts an operation that outlives it.
OF_OPERATIONS = (FaultKind.FAIL_OPERATION, FaultKind.SLOW_OPERATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned failure.

    Attributes:
        kind: What happens.
        operation: Glob over the names of operations, as the cloud writes them.
        times: How many calls it spoils; None means every one until it is cleared.
        skip: How many matching calls pass first.
        seconds: Length of a delay, or how much longer an operation takes.
    """

    kind: FaultKind
    operation: str = "*"
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0

    def matches(self, call: NamedCall) -> bool:
        """Whether the fault is meant for this call."""
        return call.is_named(self.operation)


FaultT = TypeVar("FaultT", bound=Fault)


@dataclass(slots=True)
class _Placed(Generic[FaultT]):
    fault: FaultT
    skip: int
    left: int | None

    def take(self, call: NamedCall) -> bool:
        """Use the fault up for this call, if it is due."""
        if self.left == 0 or not self.fault.matches(call):
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


class Faults(Generic[FaultT]):
    """The faults that are waiting, in the order they were placed."""

    def __init__(self, fault: type[FaultT]) -> None:
        self._fault = fault
        self._placed: list[_Placed[FaultT]] = []
        self._countdowns: list[_Countdown] = []
        self._lock = Lock()

    def place(self, fault: FaultT) -> None:
        """Add a fault behind those already waiting."""
        with self._lock:
            self._placed.append(_Placed(fault=fault, skip=fault.skip, left=fault.times))

    def throttle(self, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """Refuse the next calls for their rate, in the cloud's words."""
        self._place(FaultKind.THROTTLE, operation, times=times, skip=skip)

    def lose_response(self, operation: str = "*", *, times: int = 1, skip: int = 0) -> None:
        """Carry the next calls out and cut the connection instead of answering."""
        self._place(FaultKind.LOSE, operation, times=times, skip=skip)

    def delay(
        self, operation: str = "*", *, seconds: float, times: int | None = 1, skip: int = 0
    ) -> None:
        """Answer the next calls late."""
        self._place(FaultKind.DELAY, operation, times=times, skip=skip, seconds=seconds)

    def deny(self, operation: str, *, times: int | None = None) -> None:
        """Refuse an operation for want of permission, until cleared."""
        self._place(FaultKind.DENY, operation, times=times)

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

    def pending(self) -> tuple[FaultT, ...]:
        """Faults that are not used up."""
        with self._lock:
            return tuple(placed.fault for placed in self._placed if placed.left != 0)

    def due(self, call: NamedCall, kinds: tuple[FaultKind, ...]) -> FaultT | None:
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

    def _place(
        self,
        kind: FaultKind,
        operation: str,
        *,
        times: int | None = 1,
        skip: int = 0,
        seconds: float = 0.0,
    ) -> None:
        self.place(
            self._fault(kind=kind, operation=operation, times=times, skip=skip, seconds=seconds)
        )
