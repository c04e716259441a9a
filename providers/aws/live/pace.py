"""How fast we may ask AWS, and how long we keep asking.

AWS takes every account's calls from token buckets that all callers of the account share. Pacing
ourselves below those buckets costs a large installation a few seconds; not doing so costs
everybody in the account refused calls (LBC#1871, #3167). What is refused all the same is asked
again with growing, random pauses, and only for so long: a controller must get back to its queue.

Only a refusal for being too fast is certain not to have happened, so only that is repeated for
writes; reads are also repeated when the answer was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from provisioner.model.errors import Throttled, Unavailable
from provisioner.ports import Clock

T = TypeVar("T")

THROTTLED_ATTEMPTS = 8  # pauses add up to 24 s at most
LOST_ATTEMPTS = 3
LONGEST_PAUSE = 8.0
FIRST_PAUSE = 0.25

NEVER_SENT = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""Transport errors that asking again at once would only repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A token bucket for the calls that ``calls`` matches (a glob over ``service:Operation``)."""

    calls: str
    burst: int
    per_second: float


RATES: tuple[Rate, ...] = (
    # "Request throttling for the Elastic Load Balancing API": 40 and 10/s for what only reads.
    Rate(calls="elbv2:Describe*", burst=40, per_second=10),
    # Not published; these are the client-side limits that years of AWS Load Balancer Controller
    # installations have lived with.
    Rate(calls="elbv2:RegisterTargets", burst=20, per_second=4),
    Rate(calls="elbv2:DeregisterTargets", burst=20, per_second=4),
    Rate(calls="elbv2:Modify*", burst=20, per_second=3),
    Rate(calls="elbv2:*", burst=40, per_second=10),
    # "Request throttling for the Amazon EC2 API": 100 and 20/s, and 50 and 5/s for what writes.
    Rate(calls="ec2:Describe*", burst=100, per_second=20),
    Rate(calls="ec2:*", burst=50, per_second=5),
    # "Quotas" of AWS Certificate Manager: ten DescribeCertificate a second.
    Rate(calls="acm:*", burst=10, per_second=8),
    # "AWS WAF quotas": one association every two seconds, one question about a resource a second.
    Rate(calls="wa*:AssociateWebACL", burst=1, per_second=0.5),
    Rate(calls="wa*:DisassociateWebACL", burst=1, per_second=0.5),
    Rate(calls="wa*:GetWebACLForResource", burst=1, per_second=1),
    Rate(calls="*", burst=10, per_second=5),
)


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class TokenBucket:
    """A bucket that threads may share; taking from an empty one waits for the refill."""

    def __init__(self, *, burst: int, per_second: float, clock: Clock) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._clock = clock
        self._tokens = float(burst)
        self._filled = clock.now()
        self._lock = Lock()

    def take(self) -> None:
        """Take one token, waiting for it if need be."""
        with self._lock:
            now = self._clock.now()
            refill = (now - self._filled) * self._per_second
            self._tokens = min(self._burst, self._tokens + refill) - 1
            self._filled = now
            debt = -self._tokens
        if debt > 0:
            self._clock.sleep(debt / self._per_second)


class Pace:
    """The buckets of one account and region."""

    def __init__(self, clock: Clock, rates: tuple[Rate, ...] = RATES) -> None:
        self._buckets = tuple(
            (
                rate.calls,
                TokenBucket(burst=rate.burst, per_second=rate.per_second, clock=clock),
            )
            for rate in rates
        )

    def wait(self, service: str, operation: str) -> None:
        """Return when this call may be made."""
        name = f"{service}:{operation}"
        for pattern, bucket in self._buckets:
            if fnmatchcase(name, pattern):
                bucket.take()
                return


def persist(call: Callable[[], T], clock: Clock, *, reading: bool) -> T:
    """Return what ``call`` returns, repeating it while that makes sense.

    Args:
        call: Makes one attempt; raises ProviderError.
        clock: What to pause on.
        reading: Whether the call changes nothing, so that a lost answer may be asked for again.
    """
    kinds = (Throttled, Unavailable) if reading else (Throttled,)
    return Retrying(
        sleep=clock.sleep,
        retry=retry_if_exception_type(kinds),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
        stop=_is_enough,
        reraise=True,
    )(call)


def _is_enough(state: RetryCallState) -> bool:
    error = None if state.outcome is None else state.outcome.exception()
    if isinstance(error, Unavailable):
        return error.code in NEVER_SENT or state.attempt_number >= LOST_ATTEMPTS
    return state.attempt_number >= THROTTLED_ATTEMPTS
