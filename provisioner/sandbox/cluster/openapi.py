"""OpenAPI v3, as far as kubectl needs it.

kubectl reads it for three things: whether the server validates fields itself (then kubectl does
not), which patch a kind takes, and ``kubectl explain``. Strategic merge patch is left out of
the patch types on purpose: kubectl then computes it from its own built-in types, which know every
merge key, instead of from these schemas, which do not. Version 2 is only answered in protobuf to
kubectl by real servers and is not served; kubectl goes on without it.
"""

from __future__ import annotations

from provisioner.sandbox.cluster.discovery import group_versions
from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.kinds import Kind, KindTable
from provisioner.sandbox.cluster.validation.fields import Shape, shape_of

_ANYTHING: Document = {"x-kubernetes-preserve-unknown-fields": True}
_PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json")


def openapi_index(kinds: KindTable) -> Document:
    """Return ``/openapi/v3``."""
    names = [
        f"apis/{group}/{version}" if group else f"api/{version}"
        for group, version in group_versions(kinds)
    ]
    return {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}"} for name in names}}


def openapi_document(kinds: KindTable, group: str, version: str) -> Document | None:
    """Return the document of one group and version, or None if nothing is served there."""
    if (group, version) not in group_versions(kinds):
        return None
    served = [kind for kind in kinds if (kind.group, kind.version) == (group, version)]
    paths: Document = {}
    for kind in served:
        paths.update(_paths(kind))
    return {
        "openapi": "3.0.0",
        "info": {"title": "Ingress Provisioner sandbox", "version": "v1"},
        "paths": paths,
        "components": {"schemas": {_schema_name(kind): _schema(kind) for kind in served}},
    }


def _paths(kind: Kind) -> Document:
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    collection = (
        f"{root}/namespaces/{{namespace}}/{kind.plural}"
        if kind.namespaced
        else f"{root}/{kind.plural}"
    )
    return {
        collection: {
            "get": _operation(kind, "list"),
            "post": _operation(kind, "post", with_body=True),
        },
        f"{collection}/{{name}}": {
            "get": _operation(kind, "get"),
            "put": _operation(kind, "put", with_body=True),
            "patch": _patch_operation(kind),
            "delete": _operation(kind, "delete"),
        },
    }


def _operation(kind: Kind, action: str, *, with_body: bool = False) -> Document:
    reference: Document = {"$ref": f"#/components/schemas/{_schema_name(kind)}"}
    operation: Document = {
        "operationId": f"{action}{kind.version.capitalize()}{kind.kind}",
        "parameters": [
            _parameter("dryRun"),
            _parameter("fieldManager"),
            _parameter("fieldValidation"),
        ],
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": reference}}}
        },
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(kind),
    }
    if with_body:
        operation["requestBody"] = {"content": {"application/json": {"schema": reference}}}
    return operation


def _patch_operation(kind: Kind) -> Document:
    body = {name: {"schema": {"type": "object"}} for name in _PATCH_TYPES}
    return {**_operation(kind, "patch"), "requestBody": {"content": body, "required": True}}


def _parameter(name: str) -> Document:
    return {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}


def _gvk(kind: Kind) -> Document:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _schema_name(kind: Kind) -> str:
    reverse = ".".join(reversed(kind.group.split("."))) if kind.group else "io.k8s.api.core"
    return f"{reverse}.{kind.version}.{kind.kind}"


def _schema(kind: Kind) -> Document:
    if kind.custom is not None and kind.custom.schema is not None:
        schema = dict(kind.custom.schema)
        named: Document = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        known = schema.get("properties")
        schema["properties"] = {
            **named,
            "metadata": {"type": "object"},
            **(known if isinstance(known, dict) else {}),
        }
    else:
        schema = {"type": "object", **_of_shape(shape_of(kind))}
    return {**schema, "x-kubernetes-group-version-kind": [_gvk(kind)]}


def _of_shape(shape: Shape) -> Document:
    if shape is None:
        return dict(_ANYTHING)
    return {"properties": {name: _of_shape(inner) for name, inner in shape.items()}}
