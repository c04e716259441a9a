"""Pods and what makes them: selectors that select, containers that have an image."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    labels_of,
    pairs,
    part,
    parts,
    text,
)
from provisioner.sandbox.cluster.statuses import Cause, duplicate, required, wrong
from provisioner.sandbox.cluster.validation.metadata import label_problem


def workload_causes(workload: Document, before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with a Deployment, StatefulSet or ReplicaSet."""
    spec = part(workload, "spec")
    replicas = spec.get("replicas")
    if replicas is not None and (not isinstance(replicas, int) or replicas < 0):
        yield wrong("spec.replicas", replicas, "must be greater than or equal to 0")
    selector = part(spec, "selector")
    if not part(selector, "matchLabels") and not parts(selector, "matchExpressions"):
        yield required("spec.selector")
    if before is not None and selector != part(before, "spec", "selector"):
        yield wrong("spec.selector", "", "field is immutable")
    labels = labels_of(dig(spec, "template"))
    wanted = pairs(selector, "matchLabels")
    if any(labels.get(key) != value for key, value in wanted.items()):
        yield wrong(
            "spec.template.metadata.labels", "", "`selector` does not match template `labels`"
        )
    yield from _pod_spec_causes("spec.template.spec", part(spec, "template", "spec"))


def pod_causes(pod: Document, before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with a Pod."""
    yield from _pod_spec_causes("spec", part(pod, "spec"))
    assigned = text(before, "spec", "nodeName")
    if assigned and text(pod, "spec", "nodeName") != assigned:
        yield wrong("spec.nodeName", text(pod, "spec", "nodeName"), "field is immutable")


def _pod_spec_causes(field: str, spec: Document) -> Iterator[Cause]:
    containers = parts(spec, "containers")
    if not containers:
        yield required(f"{field}.containers")
    names: set[str] = set()
    for index, container in enumerate(containers):
        name = text(container, "name")
        if not name:
            yield required(f"{field}.containers[{index}].name")
        elif problem := label_problem(name):
            yield wrong(f"{field}.containers[{index}].name", name, problem)
        elif name in names:
            yield duplicate(f"{field}.containers[{index}].name", name)
        if not text(container, "image"):
            yield required(f"{field}.containers[{index}].image")
        names.add(name)
