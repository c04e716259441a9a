"""Tell whether what a step waits for has come true, by asking AWS now.

* ACTIVE: the load balancer has left ``provisioning``, the certificate is issued.
* HEALTHY: every new target group has a healthy target and none that is still being checked; or
  nothing is lost by going on, because no old target group has a healthy one either. Old ones that
  are known to be of the same backend decide alone whether there is something to lose.
* DRAINED: the target group has no draining target; no network interface of the load balancer is
  left, or none that carries the security group (they linger for minutes after a load balancer was
  deleted, and keep its security groups in use); nothing uses the certificate any more.

A target group or interface that is gone holds nobody up; a load balancer that is not listed yet
does. SETTLED is a matter of time, not of AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from providers.aws.addresses import Kind, parse
from providers.aws.client import Clients
from providers.aws.live.certificates import certificate_is_free, certificate_is_issued
from provisioner.core.address_text import AddressError
from provisioner.core.replacement import backend_of
from provisioner.model.change import Wait, WaitFor
from provisioner.model.errors import NotFound
from provisioner.model.readiness import PodHealth

Outputs = Mapping[str, Mapping[str, str]]

_ACM = ":acm:"
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
    if _ACM in arn:
        return certificate_is_issued(clients, arn)
    try:
        answer = clients.elbv2.describe_load_balancers(LoadBalancerArns=[arn])
    except NotFound:
        return False
    states = [each.get("State", {}).get("Code") for each in answer["LoadBalancers"]]
    # "active_impaired" serves traffic, though it cannot grow for want of free addresses.
    return bool(states) and all(state in {"active", "active_impaired"} for state in states)


def _is_warm(clients: Clients, wait: WaitFor, outputs: Outputs) -> bool:
    for new in wait.on:
        states = [state for arn in _ids((new,), outputs) for state in _states(clients, arn)]
        if HEALTHY in states and INITIAL not in states:
            continue
        same = [old for old in wait.instead_of if backend_of(old) == backend_of(new)]
        old_arns = _ids(same or wait.instead_of, outputs)
        if any(HEALTHY in _states(clients, arn) for arn in old_arns):
            return False
    return True


def _states(clients: Clients, arn: str) -> list[str]:
    try:
        answer = clients.elbv2.describe_target_health(TargetGroupArn=arn)
    except NotFound:
        return []
    return [
        each.get("TargetHealth", {}).get("State", "") for each in answer["TargetHealthDescriptions"]
    ]


def pod_health(clients: Clients, arn: str) -> Mapping[str, PodHealth]:
    """Return the health of the targets of a target group, by address.

    An address that is registered on several ports is as healthy as the worst of them.
    """
    try:
        answer = clients.elbv2.describe_target_health(TargetGroupArn=arn)
    except NotFound:
        return {}
    found: dict[str, PodHealth] = {}
    for each in answer["TargetHealthDescriptions"]:
        address, health = each.get("Target", {}).get("Id", ""), each.get("TargetHealth", {})
        if address in found and not found[address].healthy:
            continue
        state = health.get("State", "")
        found[address] = PodHealth(
            healthy=state == HEALTHY,
            reason=health.get("Reason", "") or state,
            message=health.get("Description", ""),
        )
    return found


def _is_empty(clients: Clients, address: str, outputs: Outputs) -> bool:
    try:
        kind = parse(address).kind
    except AddressError:
        return True
    if kind is Kind.SECURITY_GROUP:
        group_id = outputs.get(address, {}).get("GroupId", "")
        return not group_id or _has_no_interface(clients, "group-id", group_id)
    arns = _ids((address,), outputs)
    if kind is Kind.CERTIFICATE:
        return all(certificate_is_free(clients, arn) for arn in arns)
    if kind is Kind.LOAD_BALANCER:
        # ELB describes its interfaces by the end of the ARN: "ELB app/<name>/<id>".
        names = [f"ELB {arn.partition('loadbalancer/')[2]}" for arn in arns]
        return all(_has_no_interface(clients, "description", name) for name in names)
    return not any(DRAINING in _states(clients, arn) for arn in arns)


def _has_no_interface(clients: Clients, name: str, value: str) -> bool:
    """Tell whether no network interface is left that a filter finds."""
    pages = clients.ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": name, "Values": [value]}]
    )
    return not any(page["NetworkInterfaces"] for page in pages)
