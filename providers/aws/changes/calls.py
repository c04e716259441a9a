"""API calls of a change: which operations, in which order, with exactly which parameters.

``plan`` prints these calls and ``apply`` sends them, the same objects. Parameters are those of
botocore; what another resource provides is a ``Ref`` until the moment of sending. Only what differs
is sent, so nobody else's setting is overwritten on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from providers.aws.addresses import Kind
from providers.aws.changes.addon_calls import protection, web_acl
from providers.aws.changes.balancer_calls import create_load_balancer, update_load_balancer
from providers.aws.changes.call_parts import (
    after,
    attribute_calls,
    call_to,
    ec2_tags,
    entries,
    id_of,
    tag_calls,
    tag_difference,
    tag_specifications,
    wanted,
)
from providers.aws.changes.certificate_calls import own_certificate
from providers.aws.changes.network_calls import (
    create_network_load_balancer,
    network_targets,
    update_network_load_balancer,
)
from providers.aws.changes.range_calls import security_group_rule
from providers.aws.sealed import sendable
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
    if kind in _WHOLE:
        return tuple(_WHOLE[kind](change))
    if change.action in _IN_CREATE:
        return tuple(_CREATE[kind](change))
    if change.action is Action.DELETE:
        return tuple(_DELETE[kind](change))
    return tuple(_UPDATE[kind](change))


def actions_call(address: str, kind: Kind, actions: Value) -> Call:
    """Return the call that gives a rule (or a listener's default) other actions."""
    sent = sendable(actions)
    if kind is Kind.LISTENER:
        parameters = id_of(address, kind) | {_DEFAULT: sent}
        return call_to(address, kind, "ModifyListener", parameters)
    return call_to(address, kind, "ModifyRule", id_of(address, kind) | {"Actions": sent})


def priority_call(listener: str, priorities: Value) -> Call:
    """Return the one call that moves rules of a listener; AWS carries out all of it or nothing."""
    return call_to(listener, Kind.LISTENER, "SetRulePriorities", {"RulePriorities": priorities})


_DEFAULT = "DefaultActions"


# -- create --------------------------------------------------------------------------------------


def _create_target_group(change: Change) -> Iterator[Call]:
    yield from _create_with_attributes(change, "CreateTargetGroup", "ModifyTargetGroupAttributes")


def _create_listener(change: Change) -> Iterator[Call]:
    yield from _create_with_attributes(change, "CreateListener", "ModifyListenerAttributes")


def _create_with_attributes(change: Change, create: str, modify: str) -> Iterator[Call]:
    kind = Kind(change.kind)
    parameters = wanted(change)
    attributes = parameters.pop("Attributes", None)
    yield call_to(change.address, kind, create, parameters)
    if attributes:
        extra = id_of(change.address, kind) | {"Attributes": attributes}
        yield call_to(change.address, kind, modify, extra)


def _create_rule(change: Change) -> Iterator[Call]:
    parameters = wanted(change)
    if not parameters.get("Transforms"):
        parameters.pop("Transforms", None)
    yield call_to(change.address, Kind.LISTENER_RULE, "CreateRule", parameters)


def _create_certificate(change: Change) -> Iterator[Call]:
    kind = Kind.LISTENER_CERTIFICATE
    yield call_to(change.address, kind, "AddListenerCertificates", wanted(change))


def _create_security_group(change: Change) -> Iterator[Call]:
    parameters = wanted(change)
    tags = parameters.pop("Tags", ())
    parameters |= tag_specifications("security-group", tags)
    yield call_to(change.address, Kind.SECURITY_GROUP, "CreateSecurityGroup", parameters)


# -- update --------------------------------------------------------------------------------------


def _update_target_group(change: Change) -> Iterator[Call]:
    kind = Kind(change.kind)
    health = {
        path: value
        for path, value in after(change).items()
        if path.startswith("Health") or path in ("UnhealthyThresholdCount", "Matcher")
    }
    if health:
        yield call_to(
            change.address, kind, "ModifyTargetGroup", {**id_of(change.address, kind), **health}
        )
    yield from attribute_calls(change, "ModifyTargetGroupAttributes")
    yield from tag_calls(change)


def _update_listener(change: Change) -> Iterator[Call]:
    kind = Kind(change.kind)
    changed = {p: v for p, v in after(change).items() if p in _LISTENER_FIELDS}
    if _DEFAULT in changed:
        changed[_DEFAULT] = sendable(changed[_DEFAULT])
    if changed:
        yield call_to(
            change.address, kind, "ModifyListener", {**id_of(change.address, kind), **changed}
        )
    yield from attribute_calls(change, "ModifyListenerAttributes")
    yield from tag_calls(change)


def _update_rule(change: Change) -> Iterator[Call]:
    kind = Kind.LISTENER_RULE
    differs = after(change)
    changed: dict[str, PlainInput] = {}
    for path in ("Conditions", "Actions", "Transforms"):
        if path in differs:
            changed[path] = sendable(differs[path]) if path == "Actions" else differs[path]
    if changed.get("Transforms") == ():
        changed["ResetTransforms"] = True
        del changed["Transforms"]
    if changed:
        yield call_to(
            change.address, kind, "ModifyRule", {**id_of(change.address, kind), **changed}
        )
    yield from tag_calls(change)


def _update_security_group(change: Change) -> Iterator[Call]:
    added, removed = tag_difference(change)
    group = Ref(change.address, "GroupId")
    yield from ec2_tags(change.address, (group,), added, removed)


def _update_nothing(change: Change) -> Iterator[Call]:
    """Yield nothing: an attached certificate has no field that could differ."""
    del change
    yield from ()


# -- delete --------------------------------------------------------------------------------------


def _deletion(operation: str) -> Callable[[Change], Iterator[Call]]:
    def delete(change: Change) -> Iterator[Call]:
        kind = Kind(change.kind)
        yield call_to(change.address, kind, operation, id_of(change.address, kind))

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
    members = spec.get("Targets", ())
    if isinstance(members, Unknown):
        yield _membership_call(change.address, "RegisterTargets", arn, members)
        return
    before = {canonical(target): target for target in entries(old.get("Targets"))}
    afterwards = {canonical(target): target for target in entries(members)}
    added = [afterwards[key] for key in sorted(afterwards.keys() - before.keys())]
    removed = [before[key] for key in sorted(before.keys() - afterwards.keys())]
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

_WHOLE: Mapping[Kind, _Calls] = {
    Kind.SECURITY_GROUP_RULE: security_group_rule,
    Kind.CERTIFICATE: own_certificate,
    Kind.WEB_ACL_ASSOCIATION: web_acl,
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: web_acl,
    Kind.PROTECTION: protection,
    Kind.NETWORK_TARGETS: network_targets,
}
"""Kinds for which creating, updating and deleting are one question."""

_CREATE: Mapping[Kind, _Calls] = {
    Kind.LOAD_BALANCER: create_load_balancer,
    Kind.SECURITY_GROUP: _create_security_group,
    Kind.LISTENER: _create_listener,
    Kind.LISTENER_CERTIFICATE: _create_certificate,
    Kind.LISTENER_RULE: _create_rule,
    Kind.TARGET_GROUP: _create_target_group,
    Kind.NETWORK_LOAD_BALANCER: create_network_load_balancer,
    Kind.NETWORK_LISTENER: _create_listener,
    Kind.NETWORK_TARGET_GROUP: _create_target_group,
}
_UPDATE: Mapping[Kind, _Calls] = {
    Kind.LOAD_BALANCER: update_load_balancer,
    Kind.SECURITY_GROUP: _update_security_group,
    Kind.LISTENER: _update_listener,
    Kind.LISTENER_CERTIFICATE: _update_nothing,
    Kind.LISTENER_RULE: _update_rule,
    Kind.TARGET_GROUP: _update_target_group,
    Kind.NETWORK_LOAD_BALANCER: update_network_load_balancer,
    Kind.NETWORK_LISTENER: _update_listener,
    Kind.NETWORK_TARGET_GROUP: _update_target_group,
}
_DELETE: Mapping[Kind, _Calls] = {
    Kind.LOAD_BALANCER: _deletion("DeleteLoadBalancer"),
    Kind.SECURITY_GROUP: _deletion("DeleteSecurityGroup"),
    Kind.LISTENER: _deletion("DeleteListener"),
    Kind.LISTENER_CERTIFICATE: _delete_certificate,
    Kind.LISTENER_RULE: _deletion("DeleteRule"),
    Kind.TARGET_GROUP: _deletion("DeleteTargetGroup"),
    Kind.NETWORK_LOAD_BALANCER: _deletion("DeleteLoadBalancer"),
    Kind.NETWORK_LISTENER: _deletion("DeleteListener"),
    Kind.NETWORK_TARGET_GROUP: _deletion("DeleteTargetGroup"),
}
