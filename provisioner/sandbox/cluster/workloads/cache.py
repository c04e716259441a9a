"""What the simulator knows, indexed by the questions that it asks.

A change of one pod must cost the same in a cluster of ten pods and of thirty thousand, so nothing
here is ever searched: pods are found by owner, by node and by label, Services by the label that
their selector begins with.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.sandbox.cluster.documents import (
    Document,
    key_of,
    labels_of,
    namespace_of,
    pairs,
    parts,
    text,
    version_of,
)

Key = tuple[str, str]
OwnerKey = tuple[str, str, str]
LabelKey = tuple[str, str, str]

SERVICE_LABEL = "kubernetes.io/service-name"

#: The kinds that are watched.
KINDS = ("Node", "Deployment", "StatefulSet", "Service", "EndpointSlice", "Pod")


class Index:
    """Keys by a property that objects have."""

    def __init__(self) -> None:
        self._found: dict[object, dict[Key, None]] = {}

    def add(self, properties: Iterable[object], key: Key) -> None:
        """Enter an object under each of its properties."""
        for one in properties:
            self._found.setdefault(one, {})[key] = None

    def discard(self, properties: Iterable[object], key: Key) -> None:
        """Take an object out."""
        for one in properties:
            keys = self._found.get(one, {})
            keys.pop(key, None)
            if not keys:
                self._found.pop(one, None)

    def get(self, wanted: object) -> tuple[Key, ...]:
        """Return the keys under a property."""
        return tuple(self._found.get(wanted, ()))


class Cache:
    """The latest known state of every watched object."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[Key, Document]] = {kind: {} for kind in KINDS}
        self._pods_by_owner, self._pods_by_node = Index(), Index()
        self._pods_by_label, self._services_by_label = Index(), Index()
        self._slices_by_service = Index()

    def get(self, kind: str, namespace: str, name: str) -> Document | None:
        """Return an object, or None."""
        return self._objects[kind].get((namespace, name))

    def all(self, kind: str) -> tuple[Document, ...]:
        """Return every object of a kind."""
        return tuple(self._objects[kind].values())

    def keep(self, kind: str, document: Document) -> Document | None:
        """Remember an object and return what it was before; an older version changes nothing."""
        key = key_of(document)
        before = self._objects[kind].get(key)
        if before is not None and _is_older(document, before):
            return before
        self._forget(kind, key)
        self._objects[kind][key] = document
        for index, properties in self._indices(kind, document):
            index.add(properties, key)
        return before

    def drop(self, kind: str, key: Key) -> Document | None:
        """Forget an object and return what it was."""
        before = self._objects[kind].get(key)
        self._forget(kind, key)
        self._objects[kind].pop(key, None)
        return before

    def pods_owned_by(self, kind: str, namespace: str, name: str) -> tuple[Document, ...]:
        """Return the pods whose controller is called that."""
        return self._pods(self._pods_by_owner.get((kind, namespace, name)))

    def pods_on(self, node_name: str) -> tuple[Document, ...]:
        """Return the pods on a node; of no node: those that wait for one."""
        return self._pods(self._pods_by_node.get(node_name))

    def pods_selected_by(self, service: Document) -> tuple[Document, ...]:
        """Return the pods that a Service's selector matches."""
        selector = pairs(service, "spec", "selector")
        if not selector:
            return ()
        candidates = self._pods(self._pods_by_label.get(_first_label(service)))
        return tuple(pod for pod in candidates if selector.items() <= labels_of(pod).items())

    def services_selecting(self, pod: Document) -> tuple[Key, ...]:
        """Return the keys of the Services that may select a pod."""
        space = namespace_of(pod)
        return tuple(
            key
            for label, value in labels_of(pod).items()
            for key in self._services_by_label.get((space, label, value))
        )

    def slices_of(self, namespace: str, service: str) -> tuple[Document, ...]:
        """Return the EndpointSlices of a Service, in the order of their names."""
        keys = sorted(self._slices_by_service.get((namespace, service)))
        return tuple(self._objects["EndpointSlice"][key] for key in keys)

    def _pods(self, keys: Iterable[Key]) -> tuple[Document, ...]:
        return tuple(self._objects["Pod"][key] for key in keys)

    def _forget(self, kind: str, key: Key) -> None:
        before = self._objects[kind].get(key)
        if before is not None:
            for index, properties in self._indices(kind, before):
                index.discard(properties, key)

    def _indices(self, kind: str, document: Document) -> list[tuple[Index, list[object]]]:
        space = namespace_of(document)
        match kind:
            case "Pod":
                owner = owner_of(document)
                labels = [(space, key, value) for key, value in labels_of(document).items()]
                return [
                    (self._pods_by_owner, [owner] if owner else []),
                    (self._pods_by_node, [text(document, "spec", "nodeName")]),
                    (self._pods_by_label, [*labels]),
                ]
            case "Service":
                first = _first_label(document)
                return [(self._services_by_label, [first] if first else [])]
            case "EndpointSlice":
                service = labels_of(document).get(SERVICE_LABEL, "")
                return [(self._slices_by_service, [(space, service)])]
            case _:
                return []


def owner_of(document: Document) -> OwnerKey | None:
    """Return (kind, namespace, name) of an object's controller."""
    for reference in parts(document, "metadata", "ownerReferences"):
        if reference.get("controller") is True:
            return text(reference, "kind"), namespace_of(document), text(reference, "name")
    return None


def owner_uid(document: Document) -> str:
    """Return the uid of an object's controller."""
    for reference in parts(document, "metadata", "ownerReferences"):
        if reference.get("controller") is True:
            return text(reference, "uid")
    return ""


def _first_label(service: Document) -> LabelKey | None:
    selector = sorted(pairs(service, "spec", "selector").items())
    return (namespace_of(service), *selector[0]) if selector else None


def _is_older(document: Document, than: Document) -> bool:
    # Versions are opaque by contract; both API servers that the simulator knows count upwards.
    mine, theirs = version_of(document), version_of(than)
    return mine.isdigit() and theirs.isdigit() and int(mine) < int(theirs)
