"""Which load balancer uses which target groups, and whether that stays within its limits.

A target group counts once per load balancer however many rules name it, and so do its targets;
the limits hold over all listeners and rules together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import RefusalError, group_not_found, misconfigured
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.state import LoadBalancer, State, TargetGroup

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import ActionOutputTypeDef

PROTOCOLS: Mapping[str, tuple[str, ...]] = {"application": ("HTTP", "HTTPS"), "network": ("TCP",)}


def groups_in(actions: Iterable[ActionOutputTypeDef]) -> list[str]:
    """ARNs of the target groups that actions forward to; weight does not matter."""
    return [
        each["TargetGroupArn"]
        for action in actions
        for each in action.get("ForwardConfig", {}).get("TargetGroups", [])
        if "TargetGroupArn" in each
    ]


def attachments(state: State, *, without: Collection[str] = ()) -> dict[str, str]:
    """Load balancer ARN by target group ARN.

    Args:
        state: The region's state.
        without: Listeners (their default actions) and rules to leave out.
    """
    users: dict[str, str] = {}
    for listener in state.listeners.values():
        if listener.arn not in without:
            for group in groups_in(listener.default_actions):
                users[group] = listener.balancer_arn
    for rule in state.rules.values():
        if rule.arn not in without:
            for group in groups_in(rule.actions):
                users[group] = state.listeners[rule.listener_arn].balancer_arn
    return users


def live_targets(group: TargetGroup) -> list[tuple[str, int]]:
    """Registered targets; those that are draining no longer count against a limit."""
    return [key for key, each in group.targets.items() if each.deregistered is None]


def check_use(
    region: Region, balancer: LoadBalancer, actions: Iterable[ActionOutputTypeDef], replaces: str
) -> None:
    """Refuse actions whose target groups the load balancer cannot take on.

    Args:
        region: Where.
        balancer: The load balancer whose rule or listener gets the actions.
        actions: The new actions in normal form.
        replaces: ARN of the rule or listener whose actions go away ("" for a new one).
    """
    named = groups_in(actions)
    for arn in named:
        _check_group(region.state, balancer, arn)
    users = attachments(region.state, without=(replaces,))
    for arn in named:
        if users.get(arn, balancer.arn) != balancer.arn:
            raise RefusalError(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load "
                f"balancer: {arn}",
            )
    used = {arn for arn, user in users.items() if user == balancer.arn} | set(named)
    groups = [region.state.groups[arn] for arn in sorted(used)]
    if balancer.kind == "application":
        check_group_limits(region, balancer.arn, groups)


def check_group_limits(region: Region, balancer_arn: str, groups: list[TargetGroup]) -> None:
    """Refuse target groups or targets beyond the limits of one load balancer."""
    most = region.limits["target-groups-per-application-load-balancer"]
    if len(groups) > most:
        raise RefusalError(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            f"The maximum number of unique target groups per load balancer '{most}' has been "
            f"reached on load balancer '{balancer_arn}'",
        )
    check_target_limits(region, balancer_arn, {each.arn: live_targets(each) for each in groups})


def check_target_limits(
    region: Region, balancer_arn: str, targets: dict[str, list[tuple[str, int]]]
) -> None:
    """Refuse targets (by target group) beyond the limits of one load balancer."""
    most = region.limits["targets-per-application-load-balancer"]
    if sum(map(len, targets.values())) > most:
        raise RefusalError(
            "TooManyTargets",
            f"The maximum number of targets per load balancer '{most}' has been reached on load "
            f"balancer '{balancer_arn}'",
        )
    most = region.limits["target-id-registrations-per-application-load-balancer"]
    registrations = Counter(target_id for keys in targets.values() for target_id, _ in keys)
    for target_id, count in registrations.items():
        if count > most:
            raise RefusalError(
                "TooManyRegistrationsForTargetId",
                f"The maximum number of registrations '{most}' of target '{target_id}' with load "
                f"balancer '{balancer_arn}' has been reached",
            )


def note_attachments(state: State, now: float) -> None:
    """Remember since when each target group has been in use: health checks begin then."""
    users = attachments(state)
    for group in state.groups.values():
        if group.arn not in users:
            group.attached = None
        elif group.attached is None:
            group.attached = now


def _check_group(state: State, balancer: LoadBalancer, arn: str) -> None:
    group = state.groups.get(arn)
    if group is None:
        raise group_not_found(arn)
    if group.protocol not in PROTOCOLS[balancer.kind]:
        raise RefusalError(
            "IncompatibleProtocols",
            f"The target group '{arn}' of protocol '{group.protocol}' is not compatible with a "
            f"load balancer of type '{balancer.kind}'",
        )
    if group.vpc_id != balancer.vpc_id:
        raise misconfigured(
            f"The target group '{arn}' is in VPC '{group.vpc_id}', not in VPC "
            f"'{balancer.vpc_id}' of load balancer '{balancer.arn}'"
        )
