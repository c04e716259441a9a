"""Kubernetes objects of a case: Ingresses in the short notation, Services by what they differ in.

The notation of Ingresses is that of the corpus for AWS, except that annotations bear their whole
keys (GKE's have several prefixes) and that ``secrets`` names the Secrets of ``spec.tls``. What a
case says of Services of the world is laid over them: annotations, and fields of ``spec``; null
leaves a Service out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tests.conformance.incumbent import manifests

Document = dict[str, object]


class Ingress(manifests.Ingress, forbid_unknown_fields=True):
    """An Ingress in short, with annotations by their whole keys and without a class."""

    class_name: str | None = None
    secrets: list[str] = msgspec.field(default_factory=list)


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What a Service of the world has differently; null takes an annotation away."""

    annotations: dict[str, str | None] = {}
    spec: dict[str, object] = {}


def manifest(ingress: Ingress) -> Document:
    """Return an Ingress as it is applied."""
    plain = msgspec.structs.replace(
        ingress,
        annotations={},
        other_annotations={**ingress.annotations, **ingress.other_annotations},
    )
    if ingress.secrets:
        tls = [{"secretName": name} for name in ingress.secrets]
        plain = msgspec.structs.replace(plain, spec={"tls": tls, **ingress.spec})
    return dict(manifests.manifest(plain))


def changed(world: Sequence[Document], changes: Mapping[str, Change | None]) -> list[Document]:
    """Return the objects of the world, Services changed as a case says (``namespace/name``)."""
    present = {_service(document) for document in world}
    assert present >= changes.keys(), f"the world lacks one of {', '.join(changes)}"
    return [
        _changed(document, changes.get(_service(document)))
        for document in world
        if changes.get(_service(document), document) is not None
    ]


def _service(document: Document) -> str:
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    return f"{metadata['namespace']}/{metadata['name']}" if document["kind"] == "Service" else ""


def _changed(document: Document, change: Change | None) -> Document:
    metadata, spec = document["metadata"], document.get("spec", {})
    if change is None or not isinstance(metadata, dict) or not isinstance(spec, dict):
        return document
    annotations = {**metadata.get("annotations", {}), **change.annotations}
    kept = {key: value for key, value in annotations.items() if value is not None}
    return {
        **document,
        "metadata": {**metadata, "annotations": kept},
        "spec": {**spec, **change.spec},
    }
