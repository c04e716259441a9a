"""What clients asked for: the measure of "no calls", "one list" and "never writes".

Counts are kept for ever and entries only for a while, so that a server does not grow with the
requests that it has served.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

_REMEMBERED = 5000

WRITING_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(slots=True, kw_only=True)
class LoggedRequest:
    """One request; the status is None until it is answered."""

    verb: str
    kind: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    dry_run: bool = False
    user_agent: str = ""
    status: int | None = None


class RequestLog:
    """Requests by verb and kind; safe to read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._recent: deque[LoggedRequest] = deque(maxlen=_REMEMBERED)

    def record(self, request: LoggedRequest) -> None:
        """Count a request."""
        with self._lock:
            self._counts[request.verb, request.kind] += 1
            self._recent.append(request)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how often each (verb, kind) was asked since the last reset."""
        with self._lock:
            return dict(self._counts)

    def count(self, verb: str, kind: str) -> int:
        """Return how often a verb was asked of a kind, e.g. ``count("list", "Service")``."""
        with self._lock:
            return self._counts[verb, kind]

    def recent(self) -> tuple[LoggedRequest, ...]:
        """Return the latest requests, oldest first."""
        with self._lock:
            return tuple(self._recent)

    def writes(self) -> tuple[LoggedRequest, ...]:
        """Return the latest requests that could have changed something; dry runs are none."""
        return tuple(one for one in self.recent() if one.verb in WRITING_VERBS and not one.dry_run)

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._counts.clear()
            self._recent.clear()
