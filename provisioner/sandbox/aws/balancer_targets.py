"""Application load balancers as targets of network load balancers.

Page "Use Application Load Balancers as targets of a Network Load Balancer": one target per target
group, in the same VPC, with a listener on the target's port, behind at most two network load
balancers. A target may be registered with another port than its group's: the refusal that users
quote (terraform-provider-aws#38987) speaks of "any specified port overrides". While it is a target,
neither it nor that listener can be deleted (DeleteListener lists ResourceInUse; the wording is what
users quote). That a load balancer must be active to be registered is inferred from controllers
that wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.aws.balancer_lookup import is_active
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.state import Listener, LoadBalancer, TargetGroup

MOST_NETWORK_LOAD_BALANCERS = 2
KIND = "alb"


def check_balancer_target(region: Region, group: TargetGroup, arn: str, port: int) -> None:
    """Refuse what cannot be the target of a target group of type alb."""
    balancer = region.state.balancers.get(arn)
    if balancer is None or balancer.kind != "application":
        raise _invalid(f"'{arn}' is not an application load balancer of this account and region")
    if balancer.vpc_id != group.vpc_id:
        raise _invalid(f"The load balancer '{arn}' is not in VPC '{group.vpc_id}'")
    if not listens(region, arn, port):
        raise _invalid(f"The load balancer '{arn}' has no listener on port {port}")
    if not is_active(region, balancer):
        raise _invalid(f"The load balancer '{arn}' is not active yet")
    others = [each for each in _groups_with(region, arn) if each is not group]
    if len(others) >= MOST_NETWORK_LOAD_BALANCERS and len(_ports(others, arn)) == 1:
        raise RefusalError(
            "TooManyRegistrationsForTargetId",
            f"The load balancer '{arn}' is a target of {MOST_NETWORK_LOAD_BALANCERS} already",
        )


def listens(region: Region, arn: str, port: int) -> bool:
    """Whether a load balancer has a listener on a port."""
    return any(each.port == port for each in region.state.listeners_of(arn))


def check_not_a_target(region: Region, balancer: LoadBalancer) -> None:
    """Refuse to delete a load balancer that a network load balancer forwards to."""
    for group in _groups_with(region, balancer.arn):
        raise RefusalError(
            "ResourceInUse",
            f"Load balancer '{balancer.arn}' cannot be deleted because it is a registered target "
            f"of target group '{group.arn}'",
        )


def check_port_not_a_target(region: Region, listener: Listener) -> None:
    """Refuse to delete a listener that a network load balancer forwards to."""
    arn = listener.balancer_arn
    if listener.port in _ports(_groups_with(region, arn), arn):
        raise RefusalError(
            "ResourceInUse",
            f"Listener port '{listener.port}' is in use by registered target "
            f"'{listener.balancer_arn}' and cannot be removed.",
        )


def _groups_with(region: Region, arn: str) -> list[TargetGroup]:
    return list(_holding(region, arn))


def _holding(region: Region, arn: str) -> Iterator[TargetGroup]:
    for group in region.state.groups.values():
        if group.target_type == KIND and any(
            key[0] == arn and each.deregistered is None for key, each in group.targets.items()
        ):
            yield group


def _ports(groups: list[TargetGroup], arn: str) -> set[int]:
    """Return the ports on which a load balancer is registered."""
    return {
        key[1]
        for group in groups
        for key, each in group.targets.items()
        if key[0] == arn and each.deregistered is None
    }


def _invalid(message: str) -> RefusalError:
    return RefusalError("InvalidTarget", message)
