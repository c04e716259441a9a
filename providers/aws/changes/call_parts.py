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
}
_EC2 = frozenset({Kind.SECURITY_GROUP, Kind.SECURITY_GROUP_RULE})


def call_to(address: str, kind: Kind, operation: str, parameters: Mapping[str, PlainInput]) -> Call:
    """Return a call about a resource, with what its answer provides and which errors are none."""
    return Call(
        service="ec2" if kind in _EC2 else "elbv2",
        operation=operation,
        parameters=freeze_spec(parameters),
        address=address,
        outputs=MappingProxyType(_OUTPUTS.get(operation, {})),
        already_done=_ALREADY_DONE.get(operation, frozenset()),
    )


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
