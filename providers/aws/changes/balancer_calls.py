"""Calls about a load balancer itself: what it is made with, what can be changed, what is reserved.

Reserved capacity is no parameter of CreateLoadBalancer, and AWS refuses it until the load balancer
is active; so it is a call, and a step, of its own (``changes.steps``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.aws.addresses import Kind
from providers.aws.changes.call_parts import (
    after,
    attribute_calls,
    call_to,
    id_of,
    tag_calls,
    wanted,
)
from providers.aws.desired.reservations import CAPACITY_FIELD, CAPACITY_UNITS, IPAM_FIELD
from provisioner.model.change import Call, Change
from provisioner.model.resource import PlainInput, Value

_KIND = Kind.LOAD_BALANCER
_SETTERS = (
    ("Subnets", "SetSubnets"),
    ("SecurityGroups", "SetSecurityGroups"),
    ("IpAddressType", "SetIpAddressType"),
)


def create_load_balancer(change: Change) -> Iterator[Call]:
    """Yield the calls that make a load balancer, without what it has to be active for."""
    parameters = wanted(change)
    parameters.pop(CAPACITY_FIELD, None)
    attributes = parameters.pop("Attributes", None)
    if not parameters.get(IPAM_FIELD):
        parameters.pop(IPAM_FIELD, None)
    yield call_to(change.address, _KIND, "CreateLoadBalancer", parameters)
    if attributes:
        extra = id_of(change.address, _KIND) | {"Attributes": attributes}
        yield call_to(change.address, _KIND, "ModifyLoadBalancerAttributes", extra)


def update_load_balancer(change: Change) -> Iterator[Call]:
    """Yield one call for each thing that AWS changes on its own."""
    differs = after(change)
    address = id_of(change.address, _KIND)
    for field, operation in _SETTERS:
        if field in differs:
            yield call_to(change.address, _KIND, operation, {**address, field: differs[field]})
    if IPAM_FIELD in differs:
        pools: dict[str, PlainInput] = (
            {IPAM_FIELD: differs[IPAM_FIELD]}
            if differs[IPAM_FIELD]
            else {"RemoveIpamPools": ["ipv4"]}
        )
        yield call_to(change.address, _KIND, "ModifyIpPools", {**address, **pools})
    if CAPACITY_FIELD in differs:
        yield capacity_call(change.address, differs[CAPACITY_FIELD])
    yield from attribute_calls(change, "ModifyLoadBalancerAttributes")
    yield from tag_calls(change)


def capacity_call(address: str, capacity: Value) -> Call:
    """Return the call that reserves capacity, or (zero) gives it back."""
    units = capacity.get(CAPACITY_UNITS) if isinstance(capacity, Mapping) else 0
    reserve: dict[str, PlainInput] = (
        {CAPACITY_FIELD: capacity} if units else {"ResetCapacityReservation": True}
    )
    return call_to(
        address, _KIND, "ModifyCapacityReservation", {**id_of(address, _KIND), **reserve}
    )
