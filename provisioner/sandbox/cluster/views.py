"""One stored object, seen through several API versions.

Events are served by two groups with other field names, and a CustomResourceDefinition may serve
several versions of one kind. Objects are kept in one form and translated on the way in and out.
"""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.kinds import Kind

_EVENTS_GROUP = "events.k8s.io"

#: events.k8s.io/v1 field → v1 field (kubernetes, pkg/apis/events/v1/conversion.go).
_EVENT_FIELDS = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_EVENT_FIELDS_OUT = {core: grouped for grouped, core in _EVENT_FIELDS.items()}


def is_translated(kind: Kind) -> bool:
    """Say whether objects of the kind are kept in another form than they are served in."""
    if kind.custom is not None:
        return kind.custom.storage_version not in {"", kind.version}
    return bool(kind.stored_as)


def inward(kind: Kind, document: Document) -> Document:
    """Return an object as it is kept."""
    if not is_translated(kind):
        return document
    if kind.group == _EVENTS_GROUP:
        return {**_renamed(document, _EVENT_FIELDS), "apiVersion": "v1"}
    assert kind.custom is not None
    return {**document, "apiVersion": f"{kind.group}/{kind.custom.storage_version}"}


def outward(kind: Kind, document: Document) -> Document:
    """Return a kept object as the kind serves it."""
    if not is_translated(kind):
        return document
    if kind.group == _EVENTS_GROUP:
        document = _renamed(document, _EVENT_FIELDS_OUT)
    return {**document, "apiVersion": kind.api_version}


def _renamed(document: Document, names: dict[str, str]) -> Document:
    return {names.get(key, key): value for key, value in document.items()}
