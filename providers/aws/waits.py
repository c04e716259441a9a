"""Tell whether what a step waits for has come true, by asking AWS now.

* ACTIVE: the load balancer has left ``provisioning``.
* HEALTHY: every new target group has a healthy target and none that is still being checked; or
  nothing is lost by going on, because no old target group has a healthy one either.
* DRAINED: the target group has no draining target; the load balancer's network interfaces are
  gone (they linger for minutes after it was deleted, and its security groups with them).

A target group or interface that is gone holds nobody up; a load balancer that is not listed yet
does. SETTLED is a matter of time, not of AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from providers.aws.addresses import AddressError, Kind, parse
from providers.aws.client import Clients
from provisioner.model.change import Wait, WaitFor
from provisioner.ports import NotFound

Outputs = Mapping[str, Mapping[str, str]]

INITIAL, HEALTHY, DRAINING = "initial", "healthy", "draining"


def holds(clients: Clients, wait: WaitFor, outputs: Outputs) -> bool:
    """Tell whether the wait is over.

    Args:
        clients: Clients that read.
        wait: What is waited for.
        outputs: Outputs of resources by address.
    """
    match wait.kind:
        case Wait.ACTIVE:
            return all(_is_active(clients, arn) for arn in _ids(wait.on, outputs))
        case Wait.HEALTHY:
            return _is_warm(clients, wait, outputs)
        case Wait.DRAINED:
            return all(_is_empty(clients, address, outputs) for address in wait.on)
        case Wait.SETTLED:
            return True
        case _:
            assert_never(wait.kind)


def _ids(addresses: Iterable[str], outputs: Outputs) -> list[str]:
    """Return the ARNs behind addresses; what was never created has none."""
    found = (outputs.get(address, {}) for address in addresses)
    return [arn for each in found for name, arn in each.items() if name.endswith("Arn")]


def _is_active(clients: Clients, arn: str) -> bool:
    try:
        answer = clients.elbv2.describe_load_balancers(LoadBalancerArns=[arn])
    except NotFound:
        return False
    states = [each.get("State", {}).get("Code") for each in answer["LoadBalancers"]]
    # "active_impaired" serves traffic, though it cannot grow for want of free addresses.
    return bool(states) and all(state in {"active", "active_impaired"} for state in states)


def _is_warm(clients: Clients, wait: WaitFor, outputs: Outputs) -> bool:
    new = [_states(clients, arn) for arn in _ids(wait.on, outputs)]
    warm = [states for states in new if HEALTHY in states and INITIAL not in states]
    if len(warm) == len(wait.on):
        return True
    old = (_states(clients, arn) for arn in _ids(wait.instead_of, outputs))
    return not any(HEALTHY in states for states in old)


def _states(clients: Clients, arn: str) -> list[str]:
    try:
        answer = clients.elbv2.describe_target_health(TargetGroupArn=arn)
    except NotFound:
        return []
    return [
        each.get("TargetHealth", {}).get("State", "") for each in answer["TargetHealthDescriptions"]
    ]


def _is_empty(clients: Clients, address: str, outputs: Outputs) -> bool:
    try:
        kind = parse(address).kind
    except AddressError:
        return True
    arns = _ids((address,), outputs)
    if kind is Kind.LOAD_BALANCER:
        return all(_has_no_interface(clients, arn) for arn in arns)
    return not any(DRAINING in _states(clients, arn) for arn in arns)


def _has_no_interface(clients: Clients, arn: str) -> bool:
    """Tell whether no network interface of a load balancer is left.

    ELB describes its interfaces by the end of the ARN: ``ELB app/<name>/<id>``.
    """
    description = f"ELB {arn.partition('loadbalancer/')[2]}"
    pages = clients.ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "description", "Values": [description]}]
    )
    return not any(page["NetworkInterfaces"] for page in pages)
