"""How fast a cloud may be asked, and how long to keep asking.

Clouds take every account's calls from token buckets that all callers of the account share. Pacing
ourselves below those buckets costs a large installation a few seconds; not doing so costs
everybody in the account refused calls (LBC#1871, #3167). What is refused all the same is asked
again with growing, random pauses, and only for so long: a controller must get back to its queue.

Which errors are worth another attempt is each provider's own knowledge.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from provisioner.model.errors import ProviderError
from provisioner.ports import Clock

T = TypeVar("T")

LONGEST_PAUSE = 8.0
FIRST_PAUSE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A token bucket for the calls that ``calls`` matches (a glob over their names)."""

    calls: str
    burst: int
    per_second: float


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


class Buckets:
    """The buckets of one account; the first whose glob matches a call's name is its own."""

    def __init__(self, clock: Clock, rates: tuple[Rate, ...]) -> None:
        self._buckets = tuple(
            (
                rate.calls,
                TokenBucket(burst=rate.burst, per_second=rate.per_second, clock=clock),
            )
            for rate in rates
        )

    def take(self, name: str) -> None:
        """Return when the call of this name may be made."""
        for pattern, bucket in self._buckets:
            if fnmatchcase(name, pattern):
                bucket.take()
                return


def keep_trying(
    call: Callable[[], T],
    clock: Clock,
    *,
    attempts: Callable[[ProviderError], int],
    longest_pause: float = LONGEST_PAUSE,
) -> T:
    """Return what ``call`` returns, repeating it while that makes sense.

    Args:
        call: Makes one attempt; raises ProviderError.
        clock: What to pause on.
        attempts: How many attempts that end in such an error are made; 1 for none but the first.
            Errors of different worth are counted apart: many refusals must not use up the one
            repetition that a lost answer needs.
        longest_pause: Up to how many seconds the pauses grow.
    """
    met: Counter[int] = Counter()

    def is_enough(state: RetryCallState) -> bool:
        error = None if state.outcome is None else state.outcome.exception()
        if not isinstance(error, ProviderError):
            return True
        worth = attempts(error)
        met[worth] += 1
        return met[worth] >= worth

    return Retrying(
        sleep=clock.sleep,
        retry=retry_if_exception_type(ProviderError),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=longest_pause),
        stop=is_enough,
        reraise=True,
    )(call)
