"""Parts that all calls are made of: where they go, what they answer, which errors are none.

A delete that finds nothing after a crash has succeeded. An insert whose name is taken has not: only
the writer, which can look at what has the name, knows whether that is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.gcp.addresses import Kind
from providers.gcp.changes.places import PLACE_FIELDS, operation_of, scope_of
from provisioner.model.change import Call, Change
from provisioner.model.resource import (
    NO_SPEC,
    PlainInput,
    Ref,
    Spec,
    Value,
    freeze_spec,
)

LINK = "selfLink"
"""The output that stands for a resource."""

_IN_PLACE_OF_NOTHING = frozenset({"notFound"})
_OUTPUTS: Mapping[Kind, Mapping[str, str]] = MappingProxyType(
    {
        Kind.ADDRESS: {LINK: "targetLink", "IPAddress": "resource.address"},
        Kind.FORWARDING_RULE: {LINK: "targetLink", "IPAddress": "resource.IPAddress"},
    }
)
_LINKED: Mapping[str, str] = MappingProxyType({LINK: "targetLink"})


def insertion(change: Change, body: Spec) -> Call:
    """Return the call that makes a resource; what is absent is not sent."""
    kind, spec = Kind(change.kind), spec_of(change)
    present = {
        field: without_none(value)
        for field, value in body.items()
        if field not in PLACE_FIELDS and value is not None
    }
    return Call(
        service="compute",
        operation=operation_of(kind, spec, "insert"),
        parameters=freeze_spec({"scope": scope_of(spec), **project_of(spec), "body": present}),
        address=change.address,
        outputs=_OUTPUTS.get(kind, _LINKED),
    )


def call_to(
    change: Change,
    verb: str,
    name: str,
    *,
    body: Spec | None = None,
    frozen: Spec | None = None,
    **more: PlainInput,
) -> Call:
    """Return a call about a resource that exists.

    Args:
        change: What the call is part of.
        verb: What is done.
        name: The resource.
        body: What is sent; what only says where the resource is goes elsewhere.
        frozen: What is sent, where it is immutable to the last part already.
        more: Further parameters.
    """
    kind, spec = Kind(change.kind), spec_of(change)
    parameters: dict[str, PlainInput] = {"scope": scope_of(spec), "name": name, **project_of(spec)}
    if body is not None:
        parameters["body"] = {f: v for f, v in body.items() if f not in PLACE_FIELDS}
    return Call(
        service="compute",
        operation=operation_of(kind, spec, verb),
        parameters=_with_body(freeze_spec({**parameters, **more}), frozen),
        address=change.address,
        already_done=_IN_PLACE_OF_NOTHING if verb.startswith("delete") else frozenset(),
    )


def _with_body(parameters: Spec, body: Spec | None) -> Spec:
    return parameters if body is None else MappingProxyType({**parameters, "body": body})


def project_of(spec: Spec) -> dict[str, PlainInput]:
    """Return the parameter that names the project, for what lives where its network is.

    Only firewall rules do: those of a shared VPC belong to the project that owns it.
    """
    network, project = spec.get("network"), spec.get("project")
    if isinstance(project, str) and project:
        return {"project": project}
    if "allowed" not in spec or not isinstance(network, str):
        return {}
    parts = network.split("/")
    return {"project": parts[1]} if parts[0] == "projects" and len(parts) > 1 else {}


def spec_of(change: Change) -> Spec:
    """Return what is to be, else what is."""
    if change.desired is not None:
        return change.desired.spec
    return change.observed.spec if change.observed is not None else NO_SPEC


def name_of(change: Change) -> str:
    """Return the name under which the resource exists or will exist."""
    if change.observed is not None and change.observed.name:
        return change.observed.name
    name = change.desired.name if change.desired is not None else ""
    return name if isinstance(name, str) else ""


def after(change: Change) -> dict[str, Value]:
    """Return the fields that differ, as they are to be."""
    return {field.path: field.after for field in change.fields}


def entries(value: Value) -> tuple[Value, ...]:
    """Return a list's entries; nothing where there is no list."""
    return value if isinstance(value, tuple) else ()


def parent_of(spec: Spec, field: str) -> str:
    """Return the address that a field refers to, "" where it refers to none."""
    value = spec.get(field)
    return value.address if isinstance(value, Ref) else ""


def without_none(value: Value) -> Value:
    """Return a value without what is absent in it: an insert has nothing to take away."""
    if isinstance(value, tuple):
        return tuple(without_none(item) for item in value)
    if isinstance(value, Mapping):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return value
