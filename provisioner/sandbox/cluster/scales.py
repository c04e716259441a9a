"""The scale subresource: ``kubectl scale`` and autoscalers see a workload as one number."""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    number,
    pairs,
    part,
    text,
)
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.statuses import invalid, wrong

_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def as_scale(workload: Document) -> Document:
    """Return the Scale of a workload."""
    metadata = part(workload, "metadata")
    labels = pairs(workload, "spec", "selector", "matchLabels")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: text(metadata, key) for key in _METADATA},
        "spec": {"replicas": number(workload, "spec", "replicas")},
        "status": {
            "replicas": number(workload, "status", "replicas"),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def replicas_wanted(kind: Kind, scale: object, *, name: str) -> int:
    """Return the number that a Scale asks for; leaving it out means none."""
    replicas = dig(scale, "spec", "replicas")
    if replicas is None:
        return 0
    if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
        cause = wrong("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid(kind, name=name, causes=[cause])
    return replicas
