"""Pods as workloads make them."""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import (
    Document,
    annotations_of,
    dig,
    labels_of,
    name_of,
    namespace_of,
    part,
    text,
    uid_of,
)
from provisioner.sandbox.cluster.workloads.rollout import (
    CREATION_ORDER,
    DEPLOYMENT_HASH,
    STATEFUL_SET_HASH,
    template_hash,
)


def deployment_pod(deployment: Document, *, order: int) -> Document:
    """Return a new pod of a Deployment.

    The pod belongs to the Deployment itself: the ReplicaSet that a real cluster puts in between
    matters to nobody who reads Services and EndpointSlices.
    """
    current = template_hash(deployment)
    pod = _pod(deployment, "Deployment", labels={DEPLOYMENT_HASH: current}, order=order)
    metadata = {
        **part(pod, "metadata"),
        "generateName": f"{name_of(deployment)}-{current}-",
    }
    return {**pod, "metadata": metadata}


def stateful_set_pod(stateful_set: Document, ordinal: int, *, order: int) -> Document:
    """Return the pod of a StatefulSet with that number."""
    name = f"{name_of(stateful_set)}-{ordinal}"
    labels = {
        STATEFUL_SET_HASH: template_hash(stateful_set),
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(ordinal),
    }
    pod = _pod(stateful_set, "StatefulSet", labels=labels, order=order)
    spec = {
        **part(pod, "spec"),
        "hostname": name,
        "subdomain": text(stateful_set, "spec", "serviceName"),
    }
    return {**pod, "metadata": {**part(pod, "metadata"), "name": name}, "spec": spec}


def owner_reference(owner: Document, kind: str, api_version: str) -> Document:
    """Return a reference to the controller of an object."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _pod(workload: Document, kind: str, *, labels: dict[str, str], order: int) -> Document:
    template = dig(workload, "spec", "template")
    all_labels = {**labels_of(template), **labels}
    annotations = {**annotations_of(template), CREATION_ORDER: str(order)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": namespace_of(workload),
            "labels": all_labels,
            "annotations": annotations,
            "ownerReferences": [owner_reference(workload, kind, "apps/v1")],
        },
        "spec": part(template, "spec"),
    }
