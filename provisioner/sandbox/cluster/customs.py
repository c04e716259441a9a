"""Custom kinds: from a CustomResourceDefinition to a row of the table."""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import Document, dig, number, part, parts, text, texts
from provisioner.sandbox.cluster.kinds import Column, Custom, Kind


def kinds_of_definition(definition: Document) -> tuple[Kind, ...]:
    """Return a kind for every version that a CustomResourceDefinition serves."""
    spec = part(definition, "spec")
    storage_version = next(
        (text(version, "name") for version in parts(spec, "versions") if version.get("storage")), ""
    )
    return tuple(
        _kind(spec, version, storage_version)
        for version in parts(spec, "versions")
        if version.get("served") is True
    )


def established(definition: Document) -> Document:
    """Return the status of a definition whose kinds are served."""
    moment = text(definition, "metadata", "creationTimestamp")
    names = part(definition, "spec", "names")
    singular = text(names, "singular") or text(names, "kind").lower()
    list_kind = text(names, "listKind") or f"{text(names, 'kind')}List"
    return {
        "conditions": [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", moment),
            _condition("Established", "InitialNamesAccepted", "accepted", moment),
        ],
        "acceptedNames": {**names, "singular": singular, "listKind": list_kind},
        "storedVersions": [
            text(version, "name")
            for version in parts(definition, "spec", "versions")
            if version.get("storage")
        ],
    }


def _condition(type_: str, reason: str, message: str, moment: str) -> Document:
    return {
        "type": type_,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment,
    }


def _kind(spec: Document, version: Document, storage_version: str) -> Kind:
    names = part(spec, "names")
    schema = dig(version, "schema", "openAPIV3Schema")
    return Kind(
        group=text(spec, "group"),
        version=text(version, "name"),
        kind=text(names, "kind"),
        plural=text(names, "plural"),
        namespaced=text(spec, "scope") == "Namespaced",
        short_names=texts(names, "shortNames"),
        categories=texts(names, "categories"),
        has_status=dig(version, "subresources", "status") is not None,
        has_generation=True,
        unconditional_update=False,
        custom=Custom(
            columns=tuple(_column(column) for column in parts(version, "additionalPrinterColumns")),
            schema=schema if isinstance(schema, dict) else None,
            storage_version=storage_version,
        ),
    )


def _column(column: Document) -> Column:
    return Column(
        name=text(column, "name"),
        type=text(column, "type"),
        json_path=text(column, "jsonPath"),
        description=text(column, "description"),
        format=text(column, "format"),
        priority=number(column, "priority"),
    )
