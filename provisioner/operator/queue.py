"""A queue of group names: debounced, deduplicated, one worker per group at a time.

The shape is that of client-go's work queue. A name added while it is being worked on is worked on
again afterwards; a name added ten times in a moment is worked on once. What happened is never
queued, only to whom: reconciling reads the truth again.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable


class GroupQueue:
    """Names waiting to be worked on.

    Args:
        now: Monotonic seconds.
        debounce_seconds: How long a new name waits for company.
        base_backoff_seconds: First delay after a failure; doubled each time.
        max_backoff_seconds: The longest delay after failures.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        debounce_seconds: float = 0.1,
        base_backoff_seconds: float = 1.0,
        max_backoff_seconds: float = 300.0,
    ) -> None:
        self._now = now
        self._debounce = debounce_seconds
        self._base = base_backoff_seconds
        self._max = max_backoff_seconds
        self._changed = threading.Condition()
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._working: set[str] = set()
        self._failures: dict[str, int] = {}
        self._closed = False

    def add(self, name: str) -> None:
        """Ask for work on a name soon; a later date that it already has moves forward."""
        self.add_after(name, self._debounce)

    def add_after(self, name: str, seconds: float) -> None:
        """Ask for work on a name in a while, unless it is due earlier already."""
        with self._changed:
            due = self._now() + seconds
            if name in self._due and self._due[name] <= due:
                return
            self._due[name] = due
            heapq.heappush(self._heap, (due, name))
            self._changed.notify()

    def take(self, timeout: float | None = None) -> str | None:
        """Return the next name that is due, None when the queue is closed or time is up."""
        deadline = None if timeout is None else self._now() + timeout
        with self._changed:
            while not self._closed:
                name, pause = self._next()
                if name is not None:
                    del self._due[name]
                    self._working.add(name)
                    self._changed.notify()  # another worker must watch over what is due next
                    return name
                if deadline is not None:
                    left = deadline - self._now()
                    if left <= 0:
                        return None
                    pause = left if pause is None else min(pause, left)
                self._changed.wait(pause)
            return None

    def done(self, name: str) -> None:
        """Say that work on a name went well."""
        with self._changed:
            self._failures.pop(name, None)
            self._working.discard(name)
            self._changed.notify()

    def failed(self, name: str) -> float:
        """Say that work on a name failed; it comes back after a growing delay (returned)."""
        with self._changed:
            count = self._failures.get(name, 0)
            self._failures[name] = count + 1
            self._working.discard(name)
            self._changed.notify()
        delay = min(self._max, self._base * 2.0 ** min(count, 30))
        self.add_after(name, delay)
        return delay

    def close(self) -> None:
        """Wake and release everybody."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def idle(self) -> bool:
        """Whether nothing is due or being worked on at this moment."""
        with self._changed:
            now = self._now()
            return not self._working and not any(due <= now for due in self._due.values())

    def _next(self) -> tuple[str | None, float | None]:
        """Return a name that may be worked on now, else how long until one may be."""
        postponed: list[tuple[float, str]] = []
        found: str | None = None
        pause: float | None = None
        now = self._now()
        while self._heap:
            due, name = self._heap[0]
            if self._due.get(name) != due:
                heapq.heappop(self._heap)
            elif due > now:
                pause = due - now
                break
            elif name in self._working:
                postponed.append(heapq.heappop(self._heap))
            else:
                heapq.heappop(self._heap)
                found = name
                break
        for entry in postponed:
            heapq.heappush(self._heap, entry)
        return found, pause
