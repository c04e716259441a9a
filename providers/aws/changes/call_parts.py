"""Parts that all calls are made of: operations' outputs, harmless errors, and tags.

``already_done`` names the errors that mean "there is nothing left to do": a delete that finds
nothing after a crash has succeeded. A create has none: what a crash left behind is observed by its
tags, so a name that is taken is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from providers.aws.addresses import Kind
from provisioner.model.change import Call, Change
from provisioner.model.resource import PlainInput, Ref, Value, canonical, freeze_spec

_OUTPUTS: Mapping[str, Mapping[str, str]] = {
    "CreateLoadBalancer": {
        "LoadBalancerArn": "LoadBalancers.0.LoadBalancerArn",
        "DNSName": "LoadBalancers.0.DNSName",
    },
    "CreateListener": {"ListenerArn": "Listeners.0.ListenerArn"},
    "CreateRule": {"RuleArn": "Rules.0.RuleArn"},
    "CreateTargetGroup": {"TargetGroupArn": "TargetGroups.0.TargetGroupArn"},
    "CreateSecurityGroup": {"GroupId": "GroupId"},
    "CreateProtection": {"ProtectionId": "ProtectionId"},
    "ImportCertificate": {"CertificateArn": "CertificateArn"},
    "RequestCertificate": {"CertificateArn": "CertificateArn"},
}
_ALREADY_DONE: Mapping[str, frozenset[str]] = {
    "DeleteLoadBalancer": frozenset({"LoadBalancerNotFound"}),
    "DeleteListener": frozenset({"ListenerNotFound"}),
    "DeleteRule": frozenset({"RuleNotFound"}),
    "DeleteTargetGroup": frozenset({"TargetGroupNotFound"}),
    "RemoveListenerCertificates": frozenset({"ListenerNotFound", "CertificateNotFound"}),
    "DeregisterTargets": frozenset({"TargetGroupNotFound"}),
    "DeleteSecurityGroup": frozenset({"InvalidGroup.NotFound"}),
    "RevokeSecurityGroupIngress": frozenset(
        {
            "InvalidGroup.NotFound",
            "InvalidPermission.NotFound",
            "InvalidSecurityGroupRuleId.NotFound",
        }
    ),
    "DisassociateWebACL": frozenset({"WAFNonexistentItemException"}),
    "CreateProtection": frozenset({"ResourceAlreadyExistsException"}),
    "DeleteProtection": frozenset({"ResourceNotFoundException"}),
    "DeleteCertificate": frozenset({"ResourceNotFoundException"}),
}
_SERVICES: Mapping[Kind, str] = {
    Kind.SECURITY_GROUP: "ec2",
    Kind.SECURITY_GROUP_RULE: "ec2",
    Kind.CERTIFICATE: "acm",
    Kind.WEB_ACL_ASSOCIATION: "wafv2",
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: "waf-regional",
    Kind.PROTECTION: "shield",
}
"""The services that kinds belong to; all others are load balancing's."""

ID_FIELD: Mapping[Kind, str] = {
    Kind.LOAD_BALANCER: "LoadBalancerArn",
    Kind.LISTENER: "ListenerArn",
    Kind.LISTENER_RULE: "RuleArn",
    Kind.TARGET_GROUP: "TargetGroupArn",
    Kind.SECURITY_GROUP: "GroupId",
    Kind.NETWORK_LOAD_BALANCER: "LoadBalancerArn",
    Kind.NETWORK_LISTENER: "ListenerArn",
    Kind.NETWORK_TARGET_GROUP: "TargetGroupArn",
}
"""The output that stands for a resource, by kind."""


def call_to(address: str, kind: Kind, operation: str, parameters: Mapping[str, PlainInput]) -> Call:
    """Return a call about a resource, with what its answer provides and which errors are none."""
    return Call(
        service=_SERVICES.get(kind, "elbv2"),
        operation=operation,
        parameters=freeze_spec(parameters),
        address=address,
        outputs=MappingProxyType(_OUTPUTS.get(operation, {})),
        already_done=_ALREADY_DONE.get(operation, frozenset()),
    )


def id_of(address: str, kind: Kind) -> dict[str, PlainInput]:
    """Return the parameter that names a resource."""
    field = ID_FIELD[kind]
    return {field: Ref(address, field)}


def wanted(change: Change) -> dict[str, PlainInput]:
    """Return the fields of what is to be."""
    return dict(change.desired.spec) if change.desired is not None else {}


def after(change: Change) -> dict[str, Value]:
    """Return the fields that differ, as they are to be."""
    return {field.path: field.after for field in change.fields}


def attribute_calls(change: Change, operation: str) -> Iterator[Call]:
    """Yield the call that sets the attributes whose values differ."""
    for field in change.fields:
        if field.path != "Attributes":
            continue
        before = {canonical(entry) for entry in entries(field.before)}
        changed = [entry for entry in entries(field.after) if canonical(entry) not in before]
        if changed:
            kind = Kind(change.kind)
            parameters = id_of(change.address, kind) | {"Attributes": changed}
            yield call_to(change.address, kind, operation, parameters)


def tag_calls(change: Change) -> Iterator[Call]:
    """Yield the calls that set and remove tags of load balancing resources."""
    kind = Kind(change.kind)
    added, removed = tag_difference(change)
    arns: dict[str, PlainInput] = {"ResourceArns": [Ref(change.address, ID_FIELD[kind])]}
    if added:
        yield call_to(change.address, kind, "AddTags", arns | {"Tags": added})
    if removed:
        yield call_to(change.address, kind, "RemoveTags", arns | {"TagKeys": removed})


def entries(value: Value) -> tuple[Value, ...]:
    """Return a list's entries; nothing where there is no list."""
    return value if isinstance(value, tuple) else ()


def tag_specifications(resource_type: str, tags: PlainInput) -> dict[str, PlainInput]:
    """Return the parameter with which EC2 tags what it creates."""
    if not tags:
        return {}
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": tags}]}


def tag_difference(change: Change) -> tuple[list[Value], list[str]]:
    """Return the tags to set and the keys to remove."""
    for field in change.fields:
        if field.path == "Tags":
            before = {canonical(entry) for entry in entries(field.before)}
            added = [entry for entry in entries(field.after) if canonical(entry) not in before]
            keys = [_key(entry) for entry in entries(field.after)]
            removed = [_key(entry) for entry in entries(field.before) if _key(entry) not in keys]
            return added, removed
    return [], []


def _key(entry: Value) -> str:
    return str(entry["Key"]) if isinstance(entry, Mapping) else ""


def ec2_tags(
    address: str, resources: Iterable[str | Ref], added: list[Value], removed: list[str]
) -> Iterator[Call]:
    """Yield the calls that set and remove tags of EC2 resources."""
    what: dict[str, PlainInput] = {"Resources": list(resources)}
    if added:
        yield call_to(address, Kind.SECURITY_GROUP, "CreateTags", what | {"Tags": added})
    if removed:
        keys: list[PlainInput] = [{"Key": key} for key in removed]
        yield call_to(address, Kind.SECURITY_GROUP, "DeleteTags", what | {"Tags": keys})
