"""Events and Leases: what controllers write about themselves."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, namespace_of, part, text
from provisioner.sandbox.cluster.statuses import Cause, wrong


def event_causes(event: Document, _before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with an Event.

    An Event about a cluster-scoped object belongs into the namespace ``default``, any other into
    the namespace of its object (kubernetes, pkg/apis/core/validation/events.go).
    """
    about, home = text(event, "involvedObject", "namespace"), namespace_of(event)
    if home != (about or "default"):
        yield wrong("involvedObject.namespace", about, "does not match event.namespace")


def lease_causes(lease: Document, _before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with a Lease."""
    spec = part(lease, "spec")
    for field, least, hint in (
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ):
        value = spec.get(field)
        if value is not None and (not isinstance(value, int) or value < least):
            yield wrong(f"spec.{field}", value, hint)
