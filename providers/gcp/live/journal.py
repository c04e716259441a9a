"""What this process has written lately, for listings that have not caught up.

A listing may lag behind a write by seconds, and a controller keeps one for a while anyway. One that
plans again at once would then create a second copy of what it has just made. So what was written is
remembered for a minute: what we created is added to a listing that lacks it, what we deleted is
taken out of one that still has it, and what we changed replaces an element that still bears the
fingerprint from before the change. After that minute the listing is right.

It also counts what was written to each collection, so that a listing that is kept for a while is
made again once it is known to be out of date.

Writers tell it, readers ask it; a command that plans once needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from providers.gcp.links import place_of
from provisioner.ports import Clock

Object: TypeAlias = Mapping[str, object]

GRACE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """The last word on a resource; ``now`` is None where it was deleted."""

    now: Object | None
    before: str  # the fingerprint that it had, "" for something new
    written: float


class Journal:
    """Resources written by this process within the last minute; safe to share."""

    def __init__(self, clock: Clock, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._clock = clock
        self._grace = grace_seconds
        self._entries: dict[str, _Entry] = {}
        self._writes: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def wrote(self, collection: str, project: str) -> None:
        """Remember that something in a collection is, or may be, no longer what it was."""
        with self._lock:
            key = (collection, project)
            self._writes[key] = self._writes.get(key, 0) + 1

    def writes(self, collection: str, project: str) -> int:
        """Return how often a collection was written to."""
        with self._lock:
            return self._writes.get((collection, project), 0)

    def created(self, link: str, resource: Object) -> None:
        """Remember something new."""
        self._note(link, _Entry(now=resource, before="", written=self._clock.now()))

    def changed(self, link: str, resource: Object, *, before: str) -> None:
        """Remember a change of something that had this fingerprint."""
        if before:
            self._note(link, _Entry(now=resource, before=before, written=self._clock.now()))

    def deleted(self, link: str) -> None:
        """Remember that something is gone."""
        self._note(link, _Entry(now=None, before="", written=self._clock.now()))

    def completed(self, collection: str, project: str, listed: Iterable[Object]) -> list[Object]:
        """Return a listing as it will be once it has caught up."""
        lately = self._lately(collection, project)
        found: list[Object] = []
        for resource in listed:
            entry = lately.pop(str(resource.get("selfLink", "")), None)
            if entry is None:
                found.append(resource)
            elif entry.now is None:
                continue
            else:
                lags = entry.before and resource.get("fingerprint") == entry.before
                found.append(entry.now if lags else resource)
        created = (entry.now for entry in lately.values() if not entry.before)
        return [*found, *(resource for resource in created if resource is not None)]

    def _note(self, link: str, entry: _Entry) -> None:
        with self._lock:
            self._entries[link] = entry

    def _lately(self, collection: str, project: str) -> dict[str, _Entry]:
        horizon = self._clock.now() - self._grace
        with self._lock:
            self._entries = {k: e for k, e in self._entries.items() if e.written >= horizon}
            entries = dict(self._entries)
        found: dict[str, _Entry] = {}
        for link, entry in entries.items():
            place = place_of(link)
            if place is not None and (place.collection, place.project) == (collection, project):
                found[link] = entry
        return found
