"""CustomResourceDefinitions: enough to know what they ask the server to serve."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, name_of, parts, text
from provisioner.sandbox.cluster.statuses import Cause, required, unsupported, wrong

_SCOPES = ("Cluster", "Namespaced")


def definition_causes(definition: Document, _before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with a CustomResourceDefinition."""
    group = text(definition, "spec", "group")
    plural = text(definition, "spec", "names", "plural")
    if not group:
        yield required("spec.group")
    for field in ("plural", "kind"):
        if not text(definition, "spec", "names", field):
            yield required(f"spec.names.{field}")
    if group and plural and name_of(definition) != f"{plural}.{group}":
        yield wrong(
            "metadata.name", name_of(definition), 'must be spec.names.plural+"."+spec.group'
        )
    scope = text(definition, "spec", "scope")
    if scope not in _SCOPES:
        yield unsupported("spec.scope", scope, _SCOPES)
    yield from _version_causes(parts(definition, "spec", "versions"))


def _version_causes(versions: list[Document]) -> Iterator[Cause]:
    if not versions:
        yield required("spec.versions")
        return
    for index, version in enumerate(versions):
        if not text(version, "name"):
            yield required(f"spec.versions[{index}].name")
        if not version.get("schema"):
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
    if sum(version.get("storage") is True for version in versions) != 1:
        yield wrong("spec.versions", "", "must have exactly one version marked as storage version")
