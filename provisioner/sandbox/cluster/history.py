"""The bounded memory of what happened to one kind.

Watches and paged lists both need the past: a watch replays what followed a version, a later page
must show the world of the first page. Both read this log, and both are told 410 when it no
longer reaches back far enough. Nothing else remembers old objects.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.statuses import expired


class Happening(enum.Enum):
    """What happened to an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One change: the object before and after, each immutable from then on."""

    version: int
    happening: Happening
    key: tuple[str, str]
    before: Document | None
    #: For a deletion the last state, with the version of the deletion.
    after: Document


class History:
    """The last changes of one kind, oldest first."""

    def __init__(self, capacity: int) -> None:
        self._changes: deque[Happened] = deque()
        self._capacity = capacity
        self._floor = 0

    @property
    def floor(self) -> int:
        """Return the oldest version from which nothing has been forgotten."""
        return self._floor

    def __len__(self) -> int:
        """Return how many changes are remembered."""
        return len(self._changes)

    def append(self, change: Happened) -> None:
        """Remember a change; the oldest is forgotten when the log is full."""
        self._changes.append(change)
        if len(self._changes) > self._capacity:
            self._floor = self._changes.popleft().version

    def compact(self, version: int) -> None:
        """Forget everything up to a version."""
        while self._changes and self._changes[0].version <= version:
            self._changes.popleft()
        self._floor = max(self._floor, version)

    def since(self, version: int) -> list[Happened]:
        """Return what happened after a version, oldest first.

        Raises:
            ApiError: 410 when part of it has been forgotten.
        """
        if version < self._floor:
            raise expired(f"too old resource version: {version} ({self._floor})")
        newer: list[Happened] = []
        for change in reversed(self._changes):
            if change.version <= version:
                break
            newer.append(change)
        newer.reverse()
        return newer
