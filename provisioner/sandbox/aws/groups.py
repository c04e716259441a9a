"""Target groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws import attributes
from provisioner.sandbox.aws.attributes import BALANCER_TARGET_GROUP
from provisioner.sandbox.aws.balancer_lookup import balancer_by_arn
from provisioner.sandbox.aws.errors import RefusalError, group_not_found, invalid, misconfigured
from provisioner.sandbox.aws.health_checks import checked_health_check, default_health_check
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import TargetGroup
from provisioner.sandbox.aws.tags import checked_tags
from provisioner.sandbox.aws.usage import attachments

if TYPE_CHECKING:
    from types_boto3_elbv2.literals import (
        ProtocolEnumType,
        TargetGroupIpAddressTypeEnumType,
        TargetTypeEnumType,
    )
    from types_boto3_elbv2.type_defs import (
        CreateTargetGroupInputTypeDef,
        DeleteTargetGroupInputTypeDef,
        DescribeTargetGroupAttributesInputTypeDef,
        DescribeTargetGroupsInputTypeDef,
        ModifyTargetGroupAttributesInputTypeDef,
        ModifyTargetGroupInputTypeDef,
        TargetGroupTypeDef,
    )

LONGEST_NAME = 32
HIGHEST_PORT = 65_535
NAME = re.compile(r"(?!-)(?!.*--)[A-Za-z0-9-]+(?<!-)")
PROTOCOLS = ("HTTP", "HTTPS")
ALB = "alb"
VERSIONS = ("HTTP1", "HTTP2", "GRPC")


def create_target_group(region: Region, request: CreateTargetGroupInputTypeDef) -> Answer:
    """Create a target group, or return the one that has this name and these settings."""
    name = request["Name"]
    _check_name(name)
    group = _requested(region, request)
    same = next((each for each in region.state.groups.values() if each.name == name), None)
    if same is not None:
        return _idempotent(region, same, group)
    most = region.limits["target-groups"]
    if len(region.state.groups) >= most:
        raise RefusalError(
            "TooManyTargetGroups",
            f"The maximum number of target groups '{most}' in the region has been reached",
        )
    region.state.groups[group.arn] = group
    return {"TargetGroups": [as_answer(group, None)]}


def modify_target_group(region: Region, request: ModifyTargetGroupInputTypeDef) -> Answer:
    """Change how a target group checks its targets."""
    group = group_by_arn(region, request["TargetGroupArn"])
    group.health_check = checked_health_check(
        cast("CreateTargetGroupInputTypeDef", request), group.protocol_version, group.health_check
    )
    return {"TargetGroups": [as_answer(group, attachments(region.state).get(group.arn))]}


def delete_target_group(region: Region, request: DeleteTargetGroupInputTypeDef) -> Answer:
    """Delete a target group that no rule uses; a missing one is no error."""
    arn = request["TargetGroupArn"]
    if arn in attachments(region.state):
        raise RefusalError(
            "ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule"
        )
    region.state.groups.pop(arn, None)
    return {}


def describe_target_groups(region: Region, request: DescribeTargetGroupsInputTypeDef) -> Answer:
    """List target groups: all, those of a load balancer, or some by ARN or name."""
    users = attachments(region.state)
    found = list(region.state.groups.values())
    if balancer_arn := request.get("LoadBalancerArn"):
        balancer_by_arn(region, balancer_arn)
        found = [each for each in found if users.get(each.arn) == balancer_arn]
    elif arns := request.get("TargetGroupArns"):
        found = [group_by_arn(region, arn) for arn in arns]
    elif names := request.get("Names"):
        missing = set(names) - {each.name for each in found}
        if missing:
            raise group_not_found(", ".join(sorted(missing)))
        found = [each for each in found if each.name in names]
    page, marker = region.page(found, request)
    return {"TargetGroups": [as_answer(each, users.get(each.arn)) for each in page], **marker}


def describe_target_group_attributes(
    region: Region, request: DescribeTargetGroupAttributesInputTypeDef
) -> Answer:
    """List the attributes of a target group."""
    group = group_by_arn(region, request["TargetGroupArn"])
    return {"Attributes": attributes.as_list(group.attributes)}


def modify_target_group_attributes(
    region: Region, request: ModifyTargetGroupAttributesInputTypeDef
) -> Answer:
    """Set attributes of a target group; the answer lists all of them."""
    group = group_by_arn(region, request["TargetGroupArn"])
    if group.target_type == ALB:
        raise misconfigured("The attributes of a target group of type alb cannot be changed")
    new = attributes.checked("Target group", attributes.TARGET_GROUP, request["Attributes"])
    group.attributes = {**group.attributes, **new}
    return {"Attributes": attributes.as_list(group.attributes)}


def group_by_arn(region: Region, arn: str) -> TargetGroup:
    """A target group, or the refusal that AWS gives for an unknown ARN."""
    group = region.state.groups.get(arn)
    if group is None:
        raise group_not_found(arn)
    return group


def as_answer(group: TargetGroup, balancer_arn: str | None) -> TargetGroupTypeDef:
    """A target group as the API spells it."""
    check = group.health_check
    answer: TargetGroupTypeDef = {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": cast("ProtocolEnumType", group.protocol),
        "Port": group.port,
        "VpcId": group.vpc_id,
        "HealthCheckProtocol": cast("ProtocolEnumType", check.protocol),
        "HealthCheckPort": check.port,
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": check.interval_seconds,
        "HealthCheckTimeoutSeconds": check.timeout_seconds,
        "HealthyThresholdCount": check.healthy_threshold,
        "UnhealthyThresholdCount": check.unhealthy_threshold,
        "HealthCheckPath": check.path,
        "Matcher": check.matcher,
        "LoadBalancerArns": [] if balancer_arn is None else [balancer_arn],
        "TargetType": cast("TargetTypeEnumType", group.target_type),
        "IpAddressType": cast("TargetGroupIpAddressTypeEnumType", group.ip_address_type),
    }
    if group.protocol_version:
        answer["ProtocolVersion"] = group.protocol_version
    if group.control_port is not None:
        answer["TargetControlPort"] = group.control_port
    return answer


def _requested(region: Region, request: CreateTargetGroupInputTypeDef) -> TargetGroup:
    protocol, port = request.get("Protocol"), request.get("Port")
    target_type = request.get("TargetType", "instance")
    vpc_id = request.get("VpcId")
    version = _checked_version(request, target_type)
    if port is None:
        raise invalid("A port must be specified")
    if vpc_id is None:
        raise invalid("A VPC ID must be specified")
    if not region.network.has_vpc(vpc_id):
        raise invalid(f"The VPC ID '{vpc_id}' is not found")
    control_port = request.get("TargetControlPort")
    if control_port is not None and target_type != "ip":
        raise invalid("A target control port needs target type ip")
    if control_port is not None and not 1 <= control_port <= HIGHEST_PORT:
        raise invalid(f"The target control port '{control_port}' must be in the range 1-65535")
    tags = checked_tags(request.get("Tags", ()), region.limits)
    catalogue = BALANCER_TARGET_GROUP if target_type == ALB else attributes.TARGET_GROUP
    return TargetGroup(
        arn=region.new_arn(f"targetgroup/{request['Name']}"),
        name=request["Name"],
        protocol=str(protocol),
        protocol_version=version,
        port=port,
        vpc_id=vpc_id,
        target_type=target_type,
        ip_address_type=request.get("IpAddressType", "ipv4"),
        control_port=control_port,
        health_check=checked_health_check(
            request, version, default_health_check(str(protocol), version)
        ),
        attributes=attributes.defaults(catalogue),
        tags=tags,
        created_tags=dict(tags),
    )


def _checked_version(request: CreateTargetGroupInputTypeDef, target_type: str) -> str:
    """The protocol version, once type and protocol go together; TCP has none."""
    protocol, version = request.get("Protocol"), request.get("ProtocolVersion")
    if target_type == ALB:
        if protocol != "TCP":
            raise invalid("A target group of type alb must have the protocol TCP")
        if version is not None:
            raise invalid("A protocol version cannot be specified for the protocol TCP")
        return ""
    if target_type not in ("instance", "ip"):
        raise invalid("The sandbox emulates target groups of type instance, ip and alb only")
    if protocol not in PROTOCOLS:
        raise invalid("A protocol, HTTP or HTTPS, must be specified")
    if (version or "HTTP1") not in VERSIONS:
        raise invalid(f"Protocol version '{version}' must be one of {', '.join(VERSIONS)}")
    return version or "HTTP1"


def _idempotent(region: Region, same: TargetGroup, wanted: TargetGroup) -> Answer:
    """AWS returns the existing target group when a create call repeats its settings."""
    compared = (
        "protocol",
        "protocol_version",
        "port",
        "vpc_id",
        "target_type",
        "ip_address_type",
        "control_port",
        "health_check",
    )
    if any(getattr(same, name) != getattr(wanted, name) for name in compared) or (
        wanted.tags not in (same.tags, same.created_tags)
    ):
        raise RefusalError(
            "DuplicateTargetGroupName",
            f"A target group with the same name '{same.name}' exists, but with different settings",
        )
    return {"TargetGroups": [as_answer(same, attachments(region.state).get(same.arn))]}


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise invalid(f"Target group name '{name}' cannot be longer than '32' characters")
    if not NAME.fullmatch(name):
        raise invalid(
            f"Target group name '{name}' can only contain alphanumeric characters and single "
            "hyphens, and cannot begin or end with a hyphen"
        )
