"""An answer of the cloud that may serve again for some seconds.

A command asks once and forgets. A controller plans many groups in a row, and asking the cloud the
same for each of them is what made others slow. How old an answer may be is the caller's to say; a
command says zero.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from provisioner.ports import Clock

T = TypeVar("T")


class Remembered(Generic[T]):
    """The last answer to one question; safe to share between threads.

    It is asked without holding the lock, so a slow answer delays nobody who has one already.
    """

    def __init__(self, clock: Clock, ask: Callable[[], T], *, seconds: float) -> None:
        """Ask by ``ask``, whose answer may serve for ``seconds``."""
        self._clock = clock
        self._ask = ask
        self._seconds = seconds
        self._lock = Lock()
        self._known: tuple[float, T] | None = None

    def fresh(self) -> T:
        """Return an answer that is young enough, asking for one where there is none.

        Of two that ask at once, both get the answer of who was faster.
        """
        now = self._clock.now()
        with self._lock:
            known = self._known
        if known is not None and now - known[0] < self._seconds:
            return known[1]
        answer = (now, self._ask())
        with self._lock:
            if self._known is None or now - self._known[0] >= self._seconds:
                self._known = answer
            return self._known[1]

    def last(self) -> T:
        """Return the last answer, however old: what belongs together must be of one asking."""
        with self._lock:
            known = self._known
        return known[1] if known is not None else self.fresh()

    def forget(self) -> None:
        """Drop the answer, because it is known to be true no more."""
        with self._lock:
            self._known = None
