"""Registered targets and their health.

A target is an id with a port: the same address may be registered with two ports. What a target
answers to health checks is not emulated; it becomes healthy after the time that the settings
give, unless a test has declared it unhealthy.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.balancer_lookup import is_active
from provisioner.sandbox.aws.balancer_targets import KIND, check_balancer_target, listens
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.groups import group_by_arn
from provisioner.sandbox.aws.network import RUNNING, parsed_address
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import Registration, TargetGroup
from provisioner.sandbox.aws.usage import attachments, check_target_limits, live_targets

if TYPE_CHECKING:
    from types_boto3_elbv2.literals import TargetHealthReasonEnumType, TargetHealthStateEnumType
    from types_boto3_elbv2.type_defs import (
        DeregisterTargetsInputTypeDef,
        DescribeTargetHealthInputTypeDef,
        RegisterTargetsInputTypeDef,
        TargetDescriptionTypeDef,
        TargetHealthDescriptionTypeDef,
        TargetHealthTypeDef,
    )

# Addresses outside the VPC may be targets if they are in RFC 1918 or RFC 6598 space.
PRIVATE_BLOCKS = tuple(
    ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


def register_targets(region: Region, request: RegisterTargetsInputTypeDef) -> Answer:
    """Register targets, all of them or none; registering again changes nothing."""
    group = group_by_arn(region, request["TargetGroupArn"])
    _forget_drained(region, group)
    wanted = [_checked(region, group, each) for each in request["Targets"]]
    new = {
        (each.target_id, each.port): each
        for each in wanted
        if not _is_live(group, (each.target_id, each.port))
    }
    _check_limits(region, group, [*live_targets(group), *new])
    group.targets.update(new)
    return {}


def deregister_targets(region: Region, request: DeregisterTargetsInputTypeDef) -> Answer:
    """Deregister targets; one without a port means every port, a missing one is no error."""
    group = group_by_arn(region, request["TargetGroupArn"])
    _forget_drained(region, group)
    in_use = group.arn in attachments(region.state)
    for each in request["Targets"]:
        for key in _keys(group, each):
            if not in_use:
                del group.targets[key]
            elif group.targets[key].deregistered is None:
                group.targets[key].deregistered = region.now
    return {}


def describe_target_health(region: Region, request: DescribeTargetHealthInputTypeDef) -> Answer:
    """List the health of all targets, or of some."""
    group = group_by_arn(region, request["TargetGroupArn"])
    shown = {
        key: each for key, each in group.targets.items() if not _is_drained(region, group, each)
    }
    health = _Health(region, group)
    given = request.get("Targets")
    if not given:
        return {"TargetHealthDescriptions": [health.of(each) for each in shown.values()]}
    answers = []
    for target in given:
        key = (target["Id"], target.get("Port", group.port))
        answers.append(health.of(shown[key]) if key in shown else _unknown(group, *key))
    return {"TargetHealthDescriptions": answers}


class _Health:
    """The health of the targets of one group at one moment."""

    def __init__(self, region: Region, group: TargetGroup) -> None:
        self._region = region
        self._group = group
        arn = attachments(region.state).get(group.arn)
        self._balancer = None if arn is None else region.state.balancers[arn]
        self._zones = self._enabled_zones()

    def of(self, target: Registration) -> TargetHealthDescriptionTypeDef:
        """One entry of the answer of DescribeTargetHealth."""
        described: TargetDescriptionTypeDef = {"Id": target.target_id, "Port": target.port}
        if target.zone is not None and self._group.target_type == "ip":
            described["AvailabilityZone"] = target.zone
        port = self._group.health_check.port
        return {
            "Target": described,
            "HealthCheckPort": str(target.port) if port == "traffic-port" else port,
            "TargetHealth": self._state(target),
        }

    def _state(self, target: Registration) -> TargetHealthTypeDef:
        if target.deregistered is not None:
            return _health("draining", "Target.DeregistrationInProgress")
        if self._balancer is None or not is_active(self._region, self._balancer):
            return _health("unused", "Target.NotInUse")
        if target.zone not in (None, "all", *self._zones):
            return _health("unused", "Target.NotInUse")
        if self._is_stopped(target):
            return _health("unused", "Target.InvalidState")
        if self._region.now - self._since(target) < self._region.settings.health_seconds:
            return _health("initial", "Elb.RegistrationInProgress")
        if target.target_id in self._region.unhealthy or self._is_deaf(target):
            return _health("unhealthy", "Target.FailedHealthChecks")
        return {"State": "healthy"}

    def _since(self, target: Registration) -> float:
        """When health checks of the target could begin."""
        assert self._balancer is not None
        active = self._balancer.created + self._region.settings.provisioning_seconds
        return max(target.registered, self._group.attached or 0.0, active)

    def _enabled_zones(self) -> list[str]:
        if self._balancer is None:
            return []
        subnets = [self._region.network.subnet(each) for each in self._balancer.subnets]
        return [each.zone for each in subnets if each is not None]

    def _is_deaf(self, target: Registration) -> bool:
        """Whether the target is a load balancer that does not listen."""
        if self._group.target_type != KIND:
            return False
        return not listens(self._region, target.target_id, target.port)

    def _is_stopped(self, target: Registration) -> bool:
        if self._group.target_type != "instance":
            return False
        instance = self._region.network.instance(target.target_id)
        return instance is None or instance.state != RUNNING


DESCRIPTIONS = {
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.InvalidState": "Target is in the stopped or terminated state",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.FailedHealthChecks": "Health checks failed",
    "Elb.RegistrationInProgress": "Target registration is in progress",
}


def _health(
    state: TargetHealthStateEnumType, reason: TargetHealthReasonEnumType
) -> TargetHealthTypeDef:
    return {"State": state, "Reason": reason, "Description": DESCRIPTIONS[reason]}


def _unknown(group: TargetGroup, target_id: str, port: int) -> TargetHealthDescriptionTypeDef:
    check = group.health_check.port
    return {
        "Target": {"Id": target_id, "Port": port},
        "HealthCheckPort": str(port) if check == "traffic-port" else check,
        "TargetHealth": _health("unused", "Target.NotRegistered"),
    }


def _is_live(group: TargetGroup, key: tuple[str, int]) -> bool:
    return key in group.targets and group.targets[key].deregistered is None


def _is_drained(region: Region, group: TargetGroup, target: Registration) -> bool:
    if target.deregistered is None:
        return False
    delay = float(group.attributes.get("deregistration_delay.timeout_seconds", 300))
    return region.now - target.deregistered >= min(region.settings.draining_seconds, delay)


def _forget_drained(region: Region, group: TargetGroup) -> None:
    for key, each in list(group.targets.items()):
        if _is_drained(region, group, each):
            del group.targets[key]


def _keys(group: TargetGroup, target: TargetDescriptionTypeDef) -> list[tuple[str, int]]:
    port = target.get("Port")
    return [key for key in group.targets if key[0] == target["Id"] and port in (None, key[1])]


def _checked(region: Region, group: TargetGroup, target: TargetDescriptionTypeDef) -> Registration:
    zone: str | None
    if group.target_type == KIND:
        check_balancer_target(region, group, target["Id"], target.get("Port", group.port))
        zone = None
    elif group.target_type == "instance":
        zone = _instance_zone(region, group, target)
    else:
        zone = _address_zone(region, group, target)
    return Registration(
        target_id=target["Id"],
        port=target.get("Port", group.port),
        zone=zone,
        registered=region.now,
    )


def _instance_zone(region: Region, group: TargetGroup, target: TargetDescriptionTypeDef) -> str:
    instance = region.network.instance(target["Id"])
    if instance is None:
        raise _invalid_target(f"The following targets do not exist: '{target['Id']}'")
    if instance.vpc_id != group.vpc_id:
        raise _invalid_target(
            f"The following targets are not in the target group VPC '{group.vpc_id}': "
            f"'{target['Id']}'"
        )
    if instance.state != RUNNING:
        raise _invalid_target(
            "The following targets are not in a running state and cannot be registered: "
            f"'{target['Id']}'"
        )
    if "AvailabilityZone" in target:
        raise _invalid_target("An Availability Zone cannot be specified for instance targets")
    return instance.zone


def _address_zone(region: Region, group: TargetGroup, target: TargetDescriptionTypeDef) -> str:
    text = target["Id"]
    address = parsed_address(text)
    if address is None:
        raise _invalid_target(f"The target '{text}' is not a valid IP address")
    given = target.get("AvailabilityZone")
    if region.network.vpc_holds(group.vpc_id, address):
        return given or region.network.zone_of(group.vpc_id, address) or "all"
    if not any(address in block for block in PRIVATE_BLOCKS):
        raise _invalid_target(f"The IP address '{text}' is publicly routable")
    if given is None:
        raise _invalid_target(
            f"The IP address '{text}' is outside the VPC '{group.vpc_id}': an Availability Zone "
            "or 'all' must be specified"
        )
    return given


def _check_limits(region: Region, group: TargetGroup, targets: list[tuple[str, int]]) -> None:
    most = 1 if group.target_type == KIND else region.limits["targets-per-target-group"]
    if len(targets) > most:
        raise RefusalError(
            "TooManyTargets",
            f"The maximum number of targets per target group '{most}' has been reached on target "
            f"group '{group.arn}'",
        )
    users = attachments(region.state)
    balancer_arn = users.get(group.arn)
    if balancer_arn is None or group.target_type == KIND:
        return
    used = [arn for arn, user in users.items() if user == balancer_arn]
    counted = {arn: live_targets(region.state.groups[arn]) for arn in used}
    check_target_limits(region, balancer_arn, {**counted, group.arn: targets})


def _invalid_target(message: str) -> RefusalError:
    return RefusalError("InvalidTarget", message)
