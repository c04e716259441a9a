"""Objects in memory, one counter of versions, and a history per kind.

A stored document is immutable: a write puts a new document in its place. That makes reads free of
copies, lets all watches of a kind share one event, and allows the state of a past version to be
rebuilt for later pages of a list by undoing the history.

The store knows nothing of rules: what may be written is decided above it (``api.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provisioner.sandbox.cluster.documents import Document, key_of, replaced
from provisioner.sandbox.cluster.history import Happened, Happening, History
from provisioner.sandbox.cluster.statuses import expired

Listener = Callable[[str, Happened], None]


class Bucket:
    """The objects of one kind, by namespace and name."""

    def __init__(self, capacity: int) -> None:
        self.by_namespace: dict[str, dict[str, Document]] = {}
        self.history = History(capacity)

    def get(self, namespace: str, name: str) -> Document | None:
        """Return an object, or None."""
        return self.by_namespace.get(namespace, {}).get(name)

    def set(self, namespace: str, name: str, document: Document) -> None:
        """Keep an object."""
        self.by_namespace.setdefault(namespace, {})[name] = document

    def discard(self, namespace: str, name: str) -> None:
        """Drop an object, and its namespace's slot when that became empty."""
        objects = self.by_namespace.get(namespace, {})
        objects.pop(name, None)
        if not objects:
            self.by_namespace.pop(namespace, None)

    def now(self, namespace: str) -> dict[tuple[str, str], Document]:
        """Return the present objects; of all namespaces when none is given."""
        names = [namespace] if namespace else list(self.by_namespace)
        return {
            (space, name): document
            for space in names
            for name, document in self.by_namespace.get(space, {}).items()
        }


class Store:
    """All objects of the cluster."""

    def __init__(self, *, history_limit: int) -> None:
        self._history_limit = history_limit
        self._buckets: dict[str, Bucket] = {}
        self._listeners: list[Listener] = []
        self._version = 0

    @property
    def version(self) -> int:
        """Return the version of the latest write anywhere."""
        return self._version

    def listen(self, listener: Listener) -> None:
        """Call the listener with (bucket name, change) after every write."""
        self._listeners.append(listener)

    def bucket(self, storage: str) -> Bucket:
        """Return the bucket of that name; an empty one comes into being on first use."""
        if storage not in self._buckets:
            self._buckets[storage] = Bucket(self._history_limit)
        return self._buckets[storage]

    def buckets(self) -> Iterator[tuple[str, Bucket]]:
        """Yield every bucket in use with its name."""
        yield from list(self._buckets.items())

    def get(self, storage: str, namespace: str, name: str) -> Document | None:
        """Return an object, or None."""
        return self.bucket(storage).get(namespace, name)

    def put(self, storage: str, document: Document) -> Document:
        """Keep a new or changed object under the next version and return it as kept."""
        self._version += 1
        kept = replaced(document, str(self._version), "metadata", "resourceVersion")
        namespace, name = key_of(kept)
        bucket = self.bucket(storage)
        before = bucket.get(namespace, name)
        bucket.set(namespace, name, kept)
        happening = Happening.ADDED if before is None else Happening.MODIFIED
        self._tell(storage, happening, before=before, after=kept)
        return kept

    def remove(self, storage: str, document: Document) -> Document:
        """Drop an object and return its last state, with the version of the deletion."""
        self._version += 1
        last = replaced(document, str(self._version), "metadata", "resourceVersion")
        namespace, name = key_of(last)
        bucket = self.bucket(storage)
        before = bucket.get(namespace, name)
        bucket.discard(namespace, name)
        self._tell(storage, Happening.DELETED, before=before, after=last)
        return last

    def objects(
        self, storage: str, namespace: str = "", *, at: int | None = None
    ) -> list[Document]:
        """Return the objects in key order, as they are or as they were at a version.

        Raises:
            ApiError: 410 when that version is no longer in the history.
        """
        bucket = self.bucket(storage)
        found = bucket.now(namespace)
        if at is not None and at < self._version:
            if at < bucket.history.floor:
                raise expired(
                    "The provided continue parameter is too old to display a consistent list "
                    "result. You must start a new list without the continue parameter."
                )
            for change in reversed(bucket.history.since(at)):
                if namespace and change.key[0] != namespace:
                    continue
                if change.before is None:
                    found.pop(change.key, None)
                else:
                    found[change.key] = change.before
        return [found[key] for key in sorted(found)]

    def compact(self, storage: str) -> None:
        """Forget the history of a kind; whoever asks for what followed an old version gets 410."""
        self.bucket(storage).history.compact(self._version)

    def _tell(
        self, storage: str, happening: Happening, *, before: Document | None, after: Document
    ) -> None:
        change = Happened(
            version=self._version,
            happening=happening,
            key=key_of(after),
            before=before,
            after=after,
        )
        self.bucket(storage).history.append(change)
        for listener in self._listeners:
            listener(storage, change)
