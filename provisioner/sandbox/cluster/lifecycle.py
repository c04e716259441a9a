"""What follows from a write: namespaces empty themselves, definitions bring and take kinds.

On a real cluster controllers do this a moment later. Here it happens within the write, so that a
test never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provisioner.sandbox.cluster.customs import established, kinds_of_definition
from provisioner.sandbox.cluster.documents import (
    Document,
    is_terminating,
    name_of,
    part,
    replaced,
    text,
    texts,
)
from provisioner.sandbox.cluster.history import Happened, Happening
from provisioner.sandbox.cluster.kinds import Kind, KindTable
from provisioner.sandbox.cluster.statuses import Cause, forbidden, not_found
from provisioner.sandbox.cluster.store import Store

NAMESPACES = "namespaces"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"

#: Kinds whose objects hold others and go only after them.
CONTAINERS = frozenset({NAMESPACES, DEFINITIONS})

Remove = Callable[[Kind, Document], object]


class Lifecycle:
    """The consequences of writes; it needs to be told how an object is deleted."""

    def __init__(self, store: Store, kinds: KindTable, *, remove: Remove) -> None:
        self._store = store
        self._kinds = kinds
        self._remove = remove

    def check_namespace(self, kind: Kind, *, namespace: str, name: str) -> None:
        """Refuse to create in a namespace that does not exist or is on its way out."""
        if not kind.namespaced:
            return
        home = self._store.get(NAMESPACES, "", namespace)
        if home is None:
            raise not_found(self._kinds.named("Namespace"), name=namespace)
        if is_terminating(home):
            raise forbidden(
                kind,
                name=name,
                why=f"unable to create new content in namespace {namespace} "
                "because it is being terminated",
                causes=[
                    Cause(
                        field="metadata.namespace",
                        reason="NamespaceTerminating",
                        message=f"namespace {namespace} is being terminated",
                    )
                ],
            )

    def empty(self, kind: Kind, name: str) -> None:
        """Delete what a namespace or a definition holds; finalizers of contents are honoured."""
        for inner, namespace in self._held_by(kind, name):
            for document in self._store.objects(inner.storage, namespace):
                self._remove(inner, document)

    def is_empty(self, kind: Kind, name: str) -> bool:
        """Say whether a namespace or a definition holds nothing; other kinds never do."""
        return not any(
            self._store.objects(inner.storage, namespace)
            for inner, namespace in self._held_by(kind, name)
        )

    def follow(self, storage: str, change: Happened) -> None:
        """React to a write."""
        if storage == DEFINITIONS:
            self._serve(change)
        if change.happening is Happening.DELETED:
            self._finish("Namespace", change.key[0])
            self._finish("CustomResourceDefinition", storage)

    def definition_with_status(self, definition: Document) -> Document:
        """Return a definition as it is once its names are accepted."""
        return {**definition, "status": established(definition)}

    def _serve(self, change: Happened) -> None:
        self._kinds.remove(name_of(change.after))
        if change.happening is not Happening.DELETED:
            for kind in kinds_of_definition(change.after):
                self._kinds.add(kind)

    def _finish(self, container: str, name: str) -> None:
        """Remove a terminating container when its last content has gone."""
        kind = self._kinds.named(container)
        present = self._store.get(kind.storage, "", name)
        if present is None or not is_terminating(present):
            return
        if not texts(present, "metadata", "finalizers") and self.is_empty(kind, name):
            self._store.remove(kind.storage, present)

    def _held_by(self, kind: Kind, name: str) -> Iterator[tuple[Kind, str]]:
        """Yield the kinds that a container holds, each once, with the namespace to look in."""
        seen: set[str] = set()
        for inner in self._kinds.everything() if kind.storage in CONTAINERS else ():
            belongs = inner.namespaced if kind.storage == NAMESPACES else inner.qualified == name
            if belongs and inner.storage not in seen:
                seen.add(inner.storage)
                yield inner, name if kind.storage == NAMESPACES else ""


def terminating(document: Document, *, moment: str, grace_seconds: int) -> Document:
    """Return an object whose deletion has begun."""
    if text(document, "kind") == "Namespace":
        document = replaced(document, "Terminating", "status", "phase")
    metadata = {
        **part(document, "metadata"),
        "deletionTimestamp": moment,
        "deletionGracePeriodSeconds": grace_seconds,
    }
    return replaced(document, metadata, "metadata")
