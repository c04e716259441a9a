"""Calls about a network load balancer in front of another load balancer, and about its targets."""

from __future__ import annotations

from collections.abc import Iterator

from providers.aws.addresses import Kind
from providers.aws.changes.call_parts import (
    after,
    attribute_calls,
    call_to,
    entries,
    id_of,
    tag_calls,
    wanted,
)
from provisioner.model.change import Call, Change
from provisioner.model.resource import PlainInput, Value, canonical

_KIND = Kind.NETWORK_LOAD_BALANCER
_SETTERS = (
    ("Subnets", "SetSubnets"),
    ("SubnetMappings", "SetSubnets"),
    ("SecurityGroups", "SetSecurityGroups"),
    ("IpAddressType", "SetIpAddressType"),
)


def create_network_load_balancer(change: Change) -> Iterator[Call]:
    """Yield the calls that make a network load balancer."""
    parameters = wanted(change)
    attributes = parameters.pop("Attributes", None)
    yield call_to(change.address, _KIND, "CreateLoadBalancer", parameters)
    if attributes:
        extra = id_of(change.address, _KIND) | {"Attributes": attributes}
        yield call_to(change.address, _KIND, "ModifyLoadBalancerAttributes", extra)


def update_network_load_balancer(change: Change) -> Iterator[Call]:
    """Yield one call for each thing that AWS changes on its own."""
    differs = after(change)
    for field, operation in _SETTERS:
        if field in differs:
            parameters = {**id_of(change.address, _KIND), field: differs[field]}
            yield call_to(change.address, _KIND, operation, parameters)
    yield from attribute_calls(change, "ModifyLoadBalancerAttributes")
    yield from tag_calls(change)


def network_targets(change: Change) -> Iterator[Call]:
    """Yield the calls that register the load balancer behind, and take away what was before it.

    A target group takes one load balancer, so the old one makes room first.
    """
    spec = change.desired.spec if change.desired is not None else {}
    old = change.observed.spec if change.observed is not None else {}
    arn = spec.get("TargetGroupArn", old.get("TargetGroupArn"))
    before = {canonical(target): target for target in entries(old.get("Targets"))}
    afterwards = {canonical(target): target for target in entries(spec.get("Targets"))}
    removed = [before[key] for key in sorted(before.keys() - afterwards.keys())]
    added = [afterwards[key] for key in sorted(afterwards.keys() - before.keys())]
    for operation, targets in (("DeregisterTargets", removed), ("RegisterTargets", added)):
        if targets:
            yield _membership(change.address, operation, arn, targets)


def _membership(address: str, operation: str, arn: Value, targets: list[Value]) -> Call:
    parameters: dict[str, PlainInput] = {"TargetGroupArn": arn, "Targets": targets}
    return call_to(address, Kind.NETWORK_TARGETS, operation, parameters)
