"""Target groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws import attributes
from provisioner.sandbox.aws.balancers import balancer_by_arn
from provisioner.sandbox.aws.errors import RefusalError, group_not_found, invalid
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import HealthCheck, TargetGroup
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
        MatcherTypeDef,
        ModifyTargetGroupAttributesInputTypeDef,
        ModifyTargetGroupInputTypeDef,
        TargetGroupTypeDef,
    )

LONGEST_NAME = 32
HIGHEST_PORT = 65_535
NAME = re.compile(r"(?!-)(?!.*--)[A-Za-z0-9-]+(?<!-)")
PROTOCOLS = ("HTTP", "HTTPS")
VERSIONS = ("HTTP1", "HTTP2", "GRPC")
HTTP_CODES = re.compile(r"[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*")
GRPC_CODES = re.compile(r"\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*")


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
    group.health_check = _health_check(
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
        "ProtocolVersion": group.protocol_version,
        "IpAddressType": cast("TargetGroupIpAddressTypeEnumType", group.ip_address_type),
    }
    if group.control_port is not None:
        answer["TargetControlPort"] = group.control_port
    return answer


def _requested(region: Region, request: CreateTargetGroupInputTypeDef) -> TargetGroup:
    protocol, port = request.get("Protocol"), request.get("Port")
    target_type = request.get("TargetType", "instance")
    version = request.get("ProtocolVersion", "HTTP1")
    vpc_id = request.get("VpcId")
    if target_type not in ("instance", "ip"):
        raise invalid("The sandbox emulates target groups of type instance and ip only")
    if protocol not in PROTOCOLS:
        raise invalid("A protocol, HTTP or HTTPS, must be specified")
    if version not in VERSIONS:
        raise invalid(f"Protocol version '{version}' must be one of {', '.join(VERSIONS)}")
    if port is None:
        raise invalid("A port must be specified")
    if vpc_id is None:
        raise invalid("A VPC ID must be specified")
    if not region.network.has_vpc(vpc_id):
        raise invalid(f"The VPC ID '{vpc_id}' is not found")
    control_port = request.get("TargetControlPort")
    if control_port is not None and target_type != "ip":
        raise invalid("A target control port needs target type ip")
    tags = checked_tags(request.get("Tags", ()), region.limits)
    return TargetGroup(
        arn=region.new_arn(f"targetgroup/{request['Name']}"),
        name=request["Name"],
        protocol=protocol,
        protocol_version=version,
        port=port,
        vpc_id=vpc_id,
        target_type=target_type,
        ip_address_type=request.get("IpAddressType", "ipv4"),
        control_port=control_port,
        health_check=_health_check(request, version, _default_check(protocol, version)),
        attributes=attributes.defaults(attributes.TARGET_GROUP),
        tags=tags,
        created_tags=dict(tags),
    )


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


def _default_check(protocol: str, version: str) -> HealthCheck:
    grpc = version == "GRPC"
    return HealthCheck(
        protocol=protocol,
        port="traffic-port",
        path="/AWS.ALB/healthcheck" if grpc else "/",
        interval_seconds=30,
        timeout_seconds=5,
        healthy_threshold=5,
        unhealthy_threshold=2,
        matcher={"GrpcCode": "12"} if grpc else {"HttpCode": "200"},
    )


def _health_check(
    request: CreateTargetGroupInputTypeDef, version: str, current: HealthCheck
) -> HealthCheck:
    check = HealthCheck(
        protocol=request.get("HealthCheckProtocol", current.protocol),
        port=request.get("HealthCheckPort", current.port),
        path=request.get("HealthCheckPath", current.path),
        interval_seconds=request.get("HealthCheckIntervalSeconds", current.interval_seconds),
        timeout_seconds=request.get("HealthCheckTimeoutSeconds", current.timeout_seconds),
        healthy_threshold=request.get("HealthyThresholdCount", current.healthy_threshold),
        unhealthy_threshold=request.get("UnhealthyThresholdCount", current.unhealthy_threshold),
        matcher=request.get("Matcher", current.matcher),
    )
    if check.protocol not in PROTOCOLS:
        raise invalid(f"Health check protocol '{check.protocol}' must be HTTP or HTTPS")
    port = check.port
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= HIGHEST_PORT):
        raise invalid(f"Health check port '{port}' must be 'traffic-port' or in the range 1-65535")
    if not check.path.startswith("/"):
        raise invalid(f"Health check path '{check.path}' must begin with '/'")
    if check.timeout_seconds >= check.interval_seconds:
        raise invalid("Health check timeout must be smaller than the interval")
    if request.get("HealthCheckEnabled") is False:
        raise invalid("Health checks of target types instance and ip cannot be disabled")
    _check_matcher(check.matcher, version)
    return check


def _check_matcher(matcher: MatcherTypeDef, version: str) -> None:
    http, grpc = matcher.get("HttpCode"), matcher.get("GrpcCode")
    if version == "GRPC" and (http is not None or not GRPC_CODES.fullmatch(grpc or "")):
        raise invalid("The matcher of a GRPC target group must be gRPC codes from 0 to 99")
    if version != "GRPC" and (grpc is not None or not HTTP_CODES.fullmatch(http or "")):
        raise invalid("The matcher must be HTTP codes from 200 to 499")
