"""API calls of a change: which operations, in which order, with exactly which parameters.

``plan`` prints these calls and ``apply`` sends them, the same objects. Parameters are those of
botocore; what another resource provides is a ``Ref`` until the moment of sending. Only what differs
is sent, so nobody else's setting is overwritten on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from providers.aws.addresses import Kind
from providers.aws.changes.call_parts import (
    call_to,
    ec2_tags,
    entries,
    tag_difference,
    tag_specifications,
)
from providers.aws.changes.range_calls import security_group_rule
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import (
    PlainInput,
    Ref,
    Unknown,
    Value,
    canonical,
)

CHUNK = 200
"""Targets in one RegisterTargets or DeregisterTargets call."""

_ID_FIELD: Mapping[Kind, str] = {
    Kind.LOAD_BALANCER: "LoadBalancerArn",
    Kind.LISTENER: "ListenerArn",
    Kind.LISTENER_RULE: "RuleArn",
    Kind.TARGET_GROUP: "TargetGroupArn",
    Kind.SECURITY_GROUP: "GroupId",
}
_LISTENER_FIELDS = frozenset(
    {
        "Port",
        "Protocol",
        "SslPolicy",
        "Certificates",
        "DefaultActions",
        "AlpnPolicy",
        "MutualAuthentication",
    }
)
_IN_CREATE = frozenset({Action.CREATE, Action.REPLACE})


def calls(change: Change, *, deregister_first: bool = False) -> tuple[Call, ...]:
    """Return the calls that carry out a change, in order; none for a no-op.

    Args:
        change: What differs. Priorities of existing rules are not its business: they move
            together, see ``priority_call``.
        deregister_first: Make room before targets are registered, where a limit demands it.
    """
    if change.action is Action.NOOP:
        return ()
    kind = Kind(change.kind)
    if kind is Kind.TARGETS:
        return tuple(_targets(change, deregister_first=deregister_first))
    if kind is Kind.SECURITY_GROUP_RULE:
        return tuple(security_group_rule(change))
    if change.action in _IN_CREATE:
        return tuple(_CREATE[kind](change))
    if change.action is Action.DELETE:
        return tuple(_DELETE[kind](change))
    return tuple(_UPDATE[kind](change))


def actions_call(address: str, kind: Kind, actions: Value) -> Call:
    """Return the call that gives a rule (or a listener's default) other actions."""
    if kind is Kind.LISTENER:
        return call_to(
            address, kind, "ModifyListener", _id(address, kind) | _one(_DEFAULT, actions)
        )
    return call_to(address, kind, "ModifyRule", _id(address, kind) | _one("Actions", actions))


def priority_call(listener: str, priorities: Value) -> Call:
    """Return the one call that moves rules of a listener; AWS carries out all of it or nothing."""
    return call_to(listener, Kind.LISTENER, "SetRulePriorities", {"RulePriorities": priorities})


_DEFAULT = "DefaultActions"


def _one(name: str, value: Value) -> dict[str, PlainInput]:
    return {name: value}


def _id(address: str, kind: Kind) -> dict[str, PlainInput]:
    field = _ID_FIELD[kind]
    return {field: Ref(address, field)}


def _wanted(change: Change) -> dict[str, PlainInput]:
    return dict(change.desired.spec) if change.desired is not None else {}


def _after(change: Change) -> dict[str, Value]:
    return {field.path: field.after for field in change.fields}


# -- create --------------------------------------------------------------------------------------


def _create_load_balancer(change: Change) -> Iterator[Call]:
    yield from _create_with_attributes(change, "CreateLoadBalancer", "ModifyLoadBalancerAttributes")


def _create_target_group(change: Change) -> Iterator[Call]:
    yield from _create_with_attributes(change, "CreateTargetGroup", "ModifyTargetGroupAttributes")


def _create_listener(change: Change) -> Iterator[Call]:
    yield from _create_with_attributes(change, "CreateListener", "ModifyListenerAttributes")


def _create_with_attributes(change: Change, create: str, modify: str) -> Iterator[Call]:
    kind = Kind(change.kind)
    parameters = _wanted(change)
    attributes = parameters.pop("Attributes", None)
    yield call_to(change.address, kind, create, parameters)
    if attributes:
        extra = _id(change.address, kind) | {"Attributes": attributes}
        yield call_to(change.address, kind, modify, extra)


def _create_rule(change: Change) -> Iterator[Call]:
    parameters = _wanted(change)
    if not parameters.get("Transforms"):
        parameters.pop("Transforms", None)
    yield call_to(change.address, Kind.LISTENER_RULE, "CreateRule", parameters)


def _create_certificate(change: Change) -> Iterator[Call]:
    kind = Kind.LISTENER_CERTIFICATE
    yield call_to(change.address, kind, "AddListenerCertificates", _wanted(change))


def _create_security_group(change: Change) -> Iterator[Call]:
    parameters = _wanted(change)
    tags = parameters.pop("Tags", ())
    parameters |= tag_specifications("security-group", tags)
    yield call_to(change.address, Kind.SECURITY_GROUP, "CreateSecurityGroup", parameters)


# -- update --------------------------------------------------------------------------------------


def _update_load_balancer(change: Change) -> Iterator[Call]:
    kind = Kind.LOAD_BALANCER
    after = _after(change)
    for field, operation in (
        ("Subnets", "SetSubnets"),
        ("SecurityGroups", "SetSecurityGroups"),
        ("IpAddressType", "SetIpAddressType"),
    ):
        if field in after:
            parameters = _id(change.address, kind) | _one(field, after[field])
            yield call_to(change.address, kind, operation, parameters)
    yield from _attributes(change, "ModifyLoadBalancerAttributes")
    yield from _tags(change)


def _update_target_group(change: Change) -> Iterator[Call]:
    kind = Kind.TARGET_GROUP
    health = {
        path: value
        for path, value in _after(change).items()
        if path.startswith("Health") or path in ("UnhealthyThresholdCount", "Matcher")
    }
    if health:
        yield call_to(
            change.address, kind, "ModifyTargetGroup", {**_id(change.address, kind), **health}
        )
    yield from _attributes(change, "ModifyTargetGroupAttributes")
    yield from _tags(change)


def _update_listener(change: Change) -> Iterator[Call]:
    kind = Kind.LISTENER
    changed = {p: v for p, v in _after(change).items() if p in _LISTENER_FIELDS}
    if changed:
        yield call_to(
            change.address, kind, "ModifyListener", {**_id(change.address, kind), **changed}
        )
    yield from _attributes(change, "ModifyListenerAttributes")
    yield from _tags(change)


def _update_rule(change: Change) -> Iterator[Call]:
    kind = Kind.LISTENER_RULE
    after = _after(change)
    changed: dict[str, PlainInput] = {}
    for path in ("Conditions", "Actions", "Transforms"):
        if path in after:
            changed[path] = after[path]
    if changed.get("Transforms") == ():
        changed["ResetTransforms"] = True
        del changed["Transforms"]
    if changed:
        yield call_to(change.address, kind, "ModifyRule", {**_id(change.address, kind), **changed})
    yield from _tags(change)


def _update_security_group(change: Change) -> Iterator[Call]:
    added, removed = tag_difference(change)
    group = Ref(change.address, "GroupId")
    yield from ec2_tags(change.address, (group,), added, removed)


def _update_nothing(change: Change) -> Iterator[Call]:
    """Yield nothing: an attached certificate has no field that could differ."""
    del change
    yield from ()


def _attributes(change: Change, operation: str) -> Iterator[Call]:
    """Yield the call that sets the attributes whose values differ."""
    for field in change.fields:
        if field.path != "Attributes":
            continue
        before = {canonical(entry) for entry in entries(field.before)}
        changed = [entry for entry in entries(field.after) if canonical(entry) not in before]
        if changed:
            kind = Kind(change.kind)
            parameters = _id(change.address, kind) | {"Attributes": changed}
            yield call_to(change.address, kind, operation, parameters)


def _tags(change: Change) -> Iterator[Call]:
    kind = Kind(change.kind)
    added, removed = tag_difference(change)
    arns: dict[str, PlainInput] = {"ResourceArns": [Ref(change.address, _ID_FIELD[kind])]}
    if added:
        yield call_to(change.address, kind, "AddTags", arns | {"Tags": added})
    if removed:
        yield call_to(change.address, kind, "RemoveTags", arns | {"TagKeys": removed})


# -- delete --------------------------------------------------------------------------------------


def _deletion(operation: str) -> Callable[[Change], Iterator[Call]]:
    def delete(change: Change) -> Iterator[Call]:
        kind = Kind(change.kind)
        yield call_to(change.address, kind, operation, _id(change.address, kind))

    return delete


def _delete_certificate(change: Change) -> Iterator[Call]:
    spec = change.observed.spec if change.observed is not None else {}
    parameters = {name: spec[name] for name in ("ListenerArn", "Certificates") if name in spec}
    yield call_to(
        change.address, Kind.LISTENER_CERTIFICATE, "RemoveListenerCertificates", parameters
    )


# -- targets -------------------------------------------------------------------------------------


def _targets(change: Change, *, deregister_first: bool) -> Iterator[Call]:
    spec = change.desired.spec if change.desired is not None else {}
    old = change.observed.spec if change.observed is not None else {}
    arn = spec.get("TargetGroupArn", old.get("TargetGroupArn"))
    wanted = spec.get("Targets", ())
    if isinstance(wanted, Unknown):
        yield _membership_call(change.address, "RegisterTargets", arn, wanted)
        return
    before = {canonical(target): target for target in entries(old.get("Targets"))}
    after = {canonical(target): target for target in entries(wanted)}
    added = [after[key] for key in sorted(after.keys() - before.keys())]
    removed = [before[key] for key in sorted(before.keys() - after.keys())]
    register = [("RegisterTargets", chunk) for chunk in _chunks(added)]
    deregister = [("DeregisterTargets", chunk) for chunk in _chunks(removed)]
    ordered = deregister + register if deregister_first else register + deregister
    for operation, chunk in ordered:
        yield _membership_call(change.address, operation, arn, chunk)


def _membership_call(address: str, operation: str, arn: Value, targets: Value) -> Call:
    parameters: dict[str, PlainInput] = {"TargetGroupArn": arn, "Targets": targets}
    return call_to(address, Kind.TARGETS, operation, parameters)


def _chunks(targets: list[Value]) -> list[tuple[Value, ...]]:
    return [tuple(targets[start : start + CHUNK]) for start in range(0, len(targets), CHUNK)]


_Calls = Callable[[Change], Iterator[Call]]

_CREATE: Mapping[Kind, _Calls] = {
    Kind.LOAD_BALANCER: _create_load_balancer,
    Kind.SECURITY_GROUP: _create_security_group,
    Kind.LISTENER: _create_listener,
    Kind.LISTENER_CERTIFICATE: _create_certificate,
    Kind.LISTENER_RULE: _create_rule,
    Kind.TARGET_GROUP: _create_target_group,
}
_UPDATE: Mapping[Kind, _Calls] = {
    Kind.LOAD_BALANCER: _update_load_balancer,
    Kind.SECURITY_GROUP: _update_security_group,
    Kind.LISTENER: _update_listener,
    Kind.LISTENER_CERTIFICATE: _update_nothing,
    Kind.LISTENER_RULE: _update_rule,
    Kind.TARGET_GROUP: _update_target_group,
}
_DELETE: Mapping[Kind, _Calls] = {
    Kind.LOAD_BALANCER: _deletion("DeleteLoadBalancer"),
    Kind.SECURITY_GROUP: _deletion("DeleteSecurityGroup"),
    Kind.LISTENER: _deletion("DeleteListener"),
    Kind.LISTENER_CERTIFICATE: _delete_certificate,
    Kind.LISTENER_RULE: _deletion("DeleteRule"),
    Kind.TARGET_GROUP: _deletion("DeleteTargetGroup"),
}
