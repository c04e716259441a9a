"""The simulator's to-do list: keys, each at most once, now or later."""

from __future__ import annotations

import asyncio

WorkKey = tuple[str, str, str]


class WorkQueue:
    """Keys (kind, namespace, name) in the order in which they became due."""

    def __init__(self) -> None:
        self._due: dict[WorkKey, None] = {}
        self._timers: dict[WorkKey, asyncio.TimerHandle] = {}
        self._filled = asyncio.Event()

    def add(self, kind: str, namespace: str, name: str) -> None:
        """Let a key be looked at as soon as possible."""
        self._due[kind, namespace, name] = None
        self._filled.set()

    def add_later(self, seconds: float, key: WorkKey) -> None:
        """Let a key be looked at again; the earliest of several requests counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        when = loop.time() + max(seconds, 0.0)
        if timer is not None and timer.when() <= when:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_at(when, self._ring, key)

    async def next(self) -> WorkKey:
        """Return the next key, waiting for one."""
        while not self._due:
            self._filled.clear()
            await self._filled.wait()
        key = next(iter(self._due))
        del self._due[key]
        return key

    def close(self) -> None:
        """Cancel what was to come later."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ring(self, key: WorkKey) -> None:
        self._timers.pop(key, None)
        self.add(*key)
