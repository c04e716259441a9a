"""Watches: every change of a kind, in order, to everyone who asked.

A write appends one shared change to the queue of every watch of its kind and wakes it; selectors,
translation and encoding happen in the watcher's own time. A queue is bounded by the history
limit: a watcher that falls further behind is told 410, as a real watch cache does.
"""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document, replaced
from provisioner.sandbox.cluster.history import Happened, Happening
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.selectors import Selector
from provisioner.sandbox.cluster.statuses import ApiError, expired
from provisioner.sandbox.cluster.views import outward


class EventType(enum.Enum):
    """The types of watch events."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvent:
    """One event of a watch."""

    type: EventType
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What a watcher wants to hear of."""

    kind: Kind
    namespace: str = ""
    selector: Selector


class Watch:
    """One watcher's view of the changes of one kind."""

    def __init__(
        self,
        interest: Interest,
        *,
        first: Iterable[WatchEvent],
        backlog: Iterable[Happened],
        version: int,
        capacity: int,
        leave: Callable[[Watch], None],
    ) -> None:
        self._interest = interest
        self._first = deque(first)
        self._backlog = deque(backlog)
        self._version = version
        self._capacity = capacity
        self._leave = leave
        self._wake = asyncio.Event()
        self._cut = False
        self._failure: ApiError | None = None
        self._replayed = len(self._backlog)

    @property
    def interest(self) -> Interest:
        """Return what is watched."""
        return self._interest

    @property
    def is_cut(self) -> bool:
        """Say whether the connection is to be closed."""
        return self._cut

    @property
    def version(self) -> int:
        """Return the version up to which everything has been told."""
        return self._version

    def bookmark(self) -> WatchEvent:
        """Return an event that says how far the watch has come."""
        kind = self._interest.kind
        document: Document = {
            "kind": kind.kind,
            "apiVersion": kind.api_version,
            "metadata": {"resourceVersion": str(self._version)},
        }
        return WatchEvent(type=EventType.BOOKMARK, document=document)

    def add_first(self, event: WatchEvent) -> None:
        """Tell something after the existing objects and before the first change."""
        self._first.append(event)

    def tell(self, change: Happened) -> None:
        """Queue a change of the watched kind."""
        if len(self._backlog) - self._replayed >= self._capacity:
            self._failure = expired("the watch has fallen too far behind")
            self._backlog.clear()
        if self._failure is None:
            self._backlog.append(change)
        self._wake.set()

    def cut(self) -> None:
        """End the watch from the server's side."""
        self._cut = True
        self._wake.set()

    def close(self) -> None:
        """Stop listening."""
        self._leave(self)

    async def wait(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 (a timeout here is an answer, not an error)
        """Wait until there may be something to tell; say whether there may."""
        if not (self._first or self._backlog or self._cut or self._failure):
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                return False
        self._wake.clear()
        return True

    def drain(self, *, present: int) -> list[WatchEvent]:
        """Return what has happened since the last call; ``present`` is the version of now."""
        events = list(self._first)
        self._first.clear()
        while self._backlog:
            change = self._backlog.popleft()
            if (event := _seen(self._interest, change)) is not None:
                events.append(event)
        self._replayed = 0
        if self._failure is not None:
            events.append(error_event(self._failure))
            self._cut = True
        self._version = present
        return events


class WatchRoom:
    """Everyone who watches, by kind; changes are handed round here."""

    def __init__(self) -> None:
        self._watches: dict[str, set[Watch]] = {}

    def join(self, watch: Watch) -> None:
        """Let a watch hear of changes."""
        self._watches.setdefault(watch.interest.kind.storage, set()).add(watch)

    def leave(self, watch: Watch) -> None:
        """Forget a watch."""
        self._watches.get(watch.interest.kind.storage, set()).discard(watch)

    def follow(self, storage: str, change: Happened) -> None:
        """Tell every watch of the kind."""
        for watch in self._watches.get(storage, ()):
            watch.tell(change)

    def cut(self, storage: str | None = None) -> int:
        """End the watches of a kind, or all; return how many."""
        names = [storage] if storage is not None else list(self._watches)
        ended = [watch for name in names for watch in self._watches.get(name, ())]
        for watch in ended:
            watch.cut()
        return len(ended)

    def count(self, storage: str) -> int:
        """Return how many watch a kind now."""
        return len(self._watches.get(storage, ()))


def error_event(error: ApiError) -> WatchEvent:
    """Return the event that ends a watch with a refusal."""
    return WatchEvent(type=EventType.ERROR, document=error.status())


def _seen(interest: Interest, change: Happened) -> WatchEvent | None:
    """Return a change as the watcher sees it: leaving its selection is a deletion."""
    if interest.namespace and change.key[0] != interest.namespace:
        return None
    after = outward(interest.kind, change.after)
    if interest.selector.is_empty:
        return WatchEvent(type=EventType(change.happening.value), document=after)
    before = None if change.before is None else outward(interest.kind, change.before)
    was = before is not None and interest.selector.matches(before)
    is_ = change.happening is not Happening.DELETED and interest.selector.matches(after)
    if is_:
        return WatchEvent(type=EventType.MODIFIED if was else EventType.ADDED, document=after)
    if was:
        assert before is not None
        # The last state that the watcher knew, with the version of the change that took it away.
        last = replaced(before, str(change.version), "metadata", "resourceVersion")
        return WatchEvent(type=EventType.DELETED, document=last)
    return None
