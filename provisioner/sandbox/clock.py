"""The clock of an emulated cloud: it can be put forward, so that no test needs to sleep.

Seconds and date are kept apart. Seconds are what settings are measured by, and they never go
back, not even when an emulator is reset in the middle of a call. The date can return to the real
one, because certificates and timestamps are compared with the world outside.
"""

from __future__ import annotations

import time


class SandboxClock:
    """Real time plus whatever a test has skipped."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self._forgotten = 0.0

    @property
    def skipped(self) -> float:
        """Seconds by which the sandbox's date is ahead of the real one."""
        return self._skipped - self._forgotten

    def return_to_real_date(self) -> None:
        """Let the date be the real one again; seconds, which others count by, go on."""
        self._forgotten = self._skipped

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic() + self._skipped

    def advance(self, seconds: float) -> None:
        """Let the given time pass at once."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._skipped += seconds
