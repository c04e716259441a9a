"""Whether values are what the AWS API takes, by botocore's own models of it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import cast

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

from provisioner.model.change import Action, Step
from provisioner.model.resource import Json, to_json

# Where the API takes each field of a spec: kind -> operations whose input has the field.
_INPUTS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "LoadBalancer": (
            ("elbv2", "CreateLoadBalancer"),
            ("elbv2", "ModifyLoadBalancerAttributes"),
            ("elbv2", "ModifyCapacityReservation"),
        ),
        "SecurityGroup": (("ec2", "CreateSecurityGroup"), ("ec2", "CreateTags")),
        "SecurityGroupRule": (
            ("ec2", "AuthorizeSecurityGroupIngress"),
            ("ec2", "CreateTags"),
        ),
        "Listener": (
            ("elbv2", "CreateListener"),
            ("elbv2", "SetRulePriorities"),
            ("elbv2", "ModifyListenerAttributes"),
        ),
        "ListenerCertificate": (("elbv2", "AddListenerCertificates"),),
        "ListenerRule": (("elbv2", "CreateRule"),),
        "TargetGroup": (
            ("elbv2", "CreateTargetGroup"),
            ("elbv2", "ModifyTargetGroupAttributes"),
        ),
        "Targets": (("elbv2", "RegisterTargets"),),
        "NetworkLoadBalancer": (
            ("elbv2", "CreateLoadBalancer"),
            ("elbv2", "ModifyLoadBalancerAttributes"),
        ),
        "NetworkListener": (("elbv2", "CreateListener"),),
        "NetworkTargetGroup": (("elbv2", "CreateTargetGroup"),),
        "NetworkTargets": (("elbv2", "RegisterTargets"),),
        "Certificate": (("acm", "ImportCertificate"), ("acm", "RequestCertificate")),
        "WebACLAssociation": (("wafv2", "AssociateWebACL"),),
        "RegionalWebACLAssociation": (("waf-regional", "AssociateWebACL"),),
        "Protection": (("shield", "CreateProtection"), ("shield", "DeleteProtection")),
    }
)

_WHETHER = frozenset({("Protection", "Enabled")})
"""Fields that say whether there is to be something at all, for which the API has operations."""

_NONE = ""
"""What stands for no web ACL: AWS has an operation of its own to say so."""


@functools.cache
def _input(service: str, operation: str) -> StructureShape:
    model = botocore.session.get_session().get_service_model(service)
    return cast("StructureShape", model.operation_model(operation).input_shape)


@functools.cache
def operations(service: str) -> tuple[str, ...]:
    """Return every operation of a service."""
    model = botocore.session.get_session().get_service_model(service)
    return tuple(model.operation_names)


def misshapen_fields(step: Step) -> Iterator[str]:
    """Return what is wrong with the planned fields of a step."""
    if step.action is Action.DELETE:
        return
    for change in step.fields:
        if (step.kind, change.path) in _WHETHER or change.after == _NONE:
            continue
        shape = _shape_of(step.kind, change.path)
        if shape is None:
            yield f"{step.id}: no operation for {step.kind} takes {change.path}"
        elif change.after is not None:
            yield from _refused(f"{step.id} {change.path}", to_json(change.after), shape)


def _shape_of(kind: str, path: str) -> Shape | None:
    for service, operation in _INPUTS[kind]:
        members = _input(service, operation).members
        if path in members:
            return members[path]
    return None


def misshapen_calls(step: Step) -> Iterator[str]:
    """Return what is wrong with the parameters of a step's calls."""
    for call in step.calls:
        shape = _input(call.service, call.operation)
        parameters = {key: to_json(value) for key, value in call.parameters.items()}
        yield from _refused(f"{step.id} {call.operation}", parameters, shape)


def _refused(where: str, value: Json, shape: Shape) -> Iterator[str]:
    whole = _substituted(value, shape)
    # The types of botocore know whole inputs only; the validator takes any shape.
    report = ParamValidator().validate(cast("Mapping[str, object]", whole), shape)
    if report.has_errors():
        yield f"{where}: {report.generate_report()}"
    yield from _outside(where, whole, shape)


def _substituted(value: Json, shape: Shape) -> object:
    """Put a value of the right type in the place of every reference, secret and unknown."""
    if value is None or (isinstance(value, dict) and set(value) in _STANDING_IN):
        return _sample(shape)
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        return {
            key: _substituted(item, shape.members[key]) if key in shape.members else item
            for key, item in value.items()
        }
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [_substituted(item, shape.member) for item in value]
    return value


_STANDING_IN = ({"ref"}, {"fingerprint"})
"""Keys of an object that stands for what is known, or told, only when the call is made."""


def _sample(shape: Shape) -> object:
    if isinstance(shape, StructureShape | MapShape):
        return {}
    if isinstance(shape, ListShape):
        return [_sample(shape.member)]
    shortest = int(shape.metadata.get("min", 1)) if shape.type_name == "string" else 1
    return {"integer": 1, "long": 1, "boolean": True}.get(shape.type_name, "x" * shortest)


def _outside(where: str, value: object, shape: Shape) -> Iterator[str]:
    """Tell what botocore's validator lets pass: members nobody knows, words outside an enum."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        for key, item in value.items():
            if key not in shape.members:
                yield f"{where}: {shape.name} has no member {key}"
            else:
                yield from _outside(f"{where}.{key}", item, shape.members[key])
    elif isinstance(value, list) and isinstance(shape, ListShape):
        for item in value:
            yield from _outside(where, item, shape.member)
    else:
        yield from _leaf_outside(where, value, shape)


def _leaf_outside(where: str, value: object, shape: Shape) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(value, str) and value.strip("x"):
        words = getattr(shape, "enum", None)
        if words and value not in words:
            yield f"{where}: {value!r} is none of {words}"
        if most is not None and len(value) > most:
            yield f"{where}: {value!r} is longer than {most}"
    elif isinstance(value, int) and not isinstance(value, bool) and _beyond(value, least, most):
        yield f"{where}: {value} is not within {least} and {most}"


def _beyond(value: int, least: int | None, most: int | None) -> bool:
    return (least is not None and value < least) or (most is not None and value > most)
