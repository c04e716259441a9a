"""Application load balancers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import randbelow
from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws import attributes
from provisioner.sandbox.aws.errors import (
    RefusalError,
    balancer_not_found,
    invalid,
    misconfigured,
    not_permitted,
)
from provisioner.sandbox.aws.network import Subnet
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import LoadBalancer
from provisioner.sandbox.aws.tags import checked_tags

if TYPE_CHECKING:
    from types_boto3_elbv2.literals import IpAddressTypeType, LoadBalancerSchemeEnumType
    from types_boto3_elbv2.type_defs import (
        AvailabilityZoneTypeDef,
        CreateLoadBalancerInputTypeDef,
        DeleteLoadBalancerInputTypeDef,
        DescribeLoadBalancerAttributesInputTypeDef,
        DescribeLoadBalancersInputTypeDef,
        LoadBalancerTypeDef,
        ModifyLoadBalancerAttributesInputTypeDef,
        SetIpAddressTypeInputTypeDef,
        SetSecurityGroupsInputTypeDef,
        SetSubnetsInputTypeDef,
    )

LONGEST_NAME = 32
LEAST_ZONES = 2
LEAST_FREE_ADDRESSES = 8
HOSTED_ZONES: Mapping[str, str] = {
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-west-2": "Z1H1FL5HABSF5",
}


def create_load_balancer(region: Region, request: CreateLoadBalancerInputTypeDef) -> Answer:
    """Create a load balancer, or return the one that has this name and these settings."""
    name = request["Name"]
    _check_name(name)
    if request.get("Type", "application") != "application":
        raise invalid("The sandbox emulates application load balancers only")
    scheme = request.get("Scheme", "internet-facing")
    subnets = _checked_subnets(region, _subnet_ids(request))
    vpc_id = subnets[0].vpc_id
    if scheme == "internet-facing" and not region.network.has_internet_gateway(vpc_id):
        raise RefusalError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")
    groups = _checked_groups(region, request.get("SecurityGroups", ()), vpc_id)
    ip_type = request.get("IpAddressType", "ipv4")
    _check_ip_type(ip_type, subnets)
    tags = checked_tags(request.get("Tags", ()), region.limits)
    settings = (scheme, ip_type, {each.subnet_id for each in subnets}, set(groups), tags)
    same = _named(region, name)
    if same is not None:
        return _idempotent(region, same, settings)
    _check_count(region)
    balancer = LoadBalancer(
        arn=region.new_arn(f"loadbalancer/app/{name}"),
        name=name,
        dns_name=_dns_name(region, name, scheme),
        scheme=scheme,
        ip_address_type=ip_type,
        vpc_id=vpc_id,
        subnets=tuple(each.subnet_id for each in subnets),
        security_groups=groups,
        created_at=datetime.now(UTC),
        created=region.now,
        attributes=attributes.defaults(attributes.LOAD_BALANCER),
        tags=tags,
    )
    if scheme == "internal":
        balancer.attributes["ipv6.deny_all_igw_traffic"] = "true"
    region.state.balancers[balancer.arn] = balancer
    _place_interfaces(region, balancer)
    return {"LoadBalancers": [as_answer(region, balancer, fresh=True)]}


def delete_load_balancer(region: Region, request: DeleteLoadBalancerInputTypeDef) -> Answer:
    """Delete a load balancer with its listeners and rules; a missing one is no error."""
    state, arn = region.state, request["LoadBalancerArn"]
    balancer = state.balancers.get(arn)
    if balancer is None:
        return {}
    if balancer.attributes["deletion_protection.enabled"] == "true":
        raise not_permitted(
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    for listener in state.listeners_of(arn):
        for rule in state.rules_of(listener.arn):
            del state.rules[rule.arn]
        del state.listeners[listener.arn]
    for interface_id in balancer.interfaces.values():
        region.interfaces.orphaned[interface_id] = region.now
    del state.balancers[arn]
    return {}


def describe_load_balancers(region: Region, request: DescribeLoadBalancersInputTypeDef) -> Answer:
    """List load balancers: all, or some by ARN or name."""
    found = list(region.state.balancers.values())
    if arns := request.get("LoadBalancerArns"):
        found = [balancer_by_arn(region, arn) for arn in arns]
    elif names := request.get("Names"):
        for name in names:
            if _named(region, name) is None:
                raise balancer_not_found(name)
        found = [each for each in found if each.name in names]
    page, marker = region.page(found, cast("Mapping[str, object]", request))
    return {"LoadBalancers": [as_answer(region, each) for each in page], **marker}


def describe_load_balancer_attributes(
    region: Region, request: DescribeLoadBalancerAttributesInputTypeDef
) -> Answer:
    """List the attributes of a load balancer."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    return {"Attributes": attributes.as_list(balancer.attributes)}


def modify_load_balancer_attributes(
    region: Region, request: ModifyLoadBalancerAttributesInputTypeDef
) -> Answer:
    """Set attributes of a load balancer; the answer lists all of them."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    new = attributes.checked("Load balancer", attributes.LOAD_BALANCER, request["Attributes"])
    merged = {**balancer.attributes, **new}
    for logs in ("access_logs", "connection_logs", "health_check_logs"):
        if merged[f"{logs}.s3.enabled"] == "true" and not merged[f"{logs}.s3.bucket"]:
            raise misconfigured(f"{logs}.s3.bucket must be set when {logs}.s3.enabled is true")
    balancer.attributes = merged
    return {"Attributes": attributes.as_list(merged)}


def set_security_groups(region: Region, request: SetSecurityGroupsInputTypeDef) -> Answer:
    """Put a load balancer into other security groups."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    groups = _checked_groups(region, request["SecurityGroups"], balancer.vpc_id)
    balancer.security_groups = groups
    for interface_id in balancer.interfaces.values():
        region.network.set_interface_groups(interface_id, groups)
    return {"SecurityGroupIds": list(groups)}


def set_subnets(region: Region, request: SetSubnetsInputTypeDef) -> Answer:
    """Move a load balancer to other subnets of its VPC."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    subnets = _checked_subnets(region, _subnet_ids(request), current=balancer.subnets)
    if subnets[0].vpc_id != balancer.vpc_id:
        raise misconfigured(f"The subnets are not in VPC '{balancer.vpc_id}'")
    ip_type = request.get("IpAddressType", balancer.ip_address_type)
    _check_ip_type(ip_type, subnets)
    balancer.ip_address_type = ip_type
    balancer.subnets = tuple(each.subnet_id for each in subnets)
    _place_interfaces(region, balancer)
    return {"AvailabilityZones": _zones(region, balancer), "IpAddressType": ip_type}


def set_ip_address_type(region: Region, request: SetIpAddressTypeInputTypeDef) -> Answer:
    """Switch a load balancer between IPv4 and dual stack."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    subnets = [region.network.subnet(each) for each in balancer.subnets]
    _check_ip_type(request["IpAddressType"], [each for each in subnets if each is not None])
    balancer.ip_address_type = request["IpAddressType"]
    return {"IpAddressType": balancer.ip_address_type}


def balancer_by_arn(region: Region, arn: str) -> LoadBalancer:
    """A load balancer, or the refusal that AWS gives for an unknown ARN."""
    balancer = region.state.balancers.get(arn)
    if balancer is None:
        raise balancer_not_found(arn)
    return balancer


def is_active(region: Region, balancer: LoadBalancer) -> bool:
    """Whether the load balancer has been provisioned."""
    return region.now - balancer.created >= region.settings.provisioning_seconds


def as_answer(
    region: Region, balancer: LoadBalancer, *, fresh: bool = False
) -> LoadBalancerTypeDef:
    """A load balancer as the API spells it; a create answer always says ``provisioning``."""
    active = is_active(region, balancer) and not fresh
    return {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": HOSTED_ZONES.get(region.name, "Z00000000000000000000"),
        "CreatedTime": balancer.created_at,
        "LoadBalancerName": balancer.name,
        "Scheme": cast("LoadBalancerSchemeEnumType", balancer.scheme),
        "VpcId": balancer.vpc_id,
        "State": {"Code": "active" if active else "provisioning"},
        "Type": "application",
        "AvailabilityZones": _zones(region, balancer),
        "SecurityGroups": list(balancer.security_groups),
        "IpAddressType": cast("IpAddressTypeType", balancer.ip_address_type),
    }


def sweep_interfaces(region: Region) -> None:
    """Remove the interfaces of deleted load balancers whose time is up."""
    orphaned = region.interfaces.orphaned
    for interface_id, since in list(orphaned.items()):
        if region.now - since >= region.settings.interface_linger_seconds:
            region.network.remove_interface(interface_id)
            del orphaned[interface_id]


def _named(region: Region, name: str) -> LoadBalancer | None:
    return next((each for each in region.state.balancers.values() if each.name == name), None)


def _idempotent(region: Region, same: LoadBalancer, settings: tuple[object, ...]) -> Answer:
    """AWS returns the existing load balancer when a create call repeats its settings."""
    existing = (
        same.scheme,
        same.ip_address_type,
        set(same.subnets),
        set(same.security_groups),
        same.tags,
    )
    if existing != settings:
        raise RefusalError(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{same.name}' exists, but with different settings",
        )
    return {"LoadBalancers": [as_answer(region, same)]}


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise invalid(f"The load balancer name '{name}' cannot be longer than '32' characters")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise invalid(
            f"The load balancer name '{name}' can only contain alphanumeric characters and hyphens"
        )
    if name.startswith("-") or name.endswith("-"):
        raise invalid(f"The load balancer name '{name}' cannot begin or end with '-'")
    if name.startswith("internal-"):
        raise invalid(f"The load balancer name '{name}' cannot begin with 'internal-'")


def _check_count(region: Region) -> None:
    most = region.limits["application-load-balancers"]
    if len(region.state.balancers) >= most:
        raise RefusalError(
            "TooManyLoadBalancers",
            f"The maximum number of application load balancers '{most}' has been reached",
        )


def _subnet_ids(request: CreateLoadBalancerInputTypeDef | SetSubnetsInputTypeDef) -> list[str]:
    mapped = [each.get("SubnetId", "") for each in request.get("SubnetMappings", ())]
    plain = list(request.get("Subnets", ()))
    if mapped and plain:
        raise invalid("Either subnets or subnet mappings can be specified, not both")
    return plain or mapped


def _checked_subnets(
    region: Region, subnet_ids: Sequence[str], *, current: Sequence[str] = ()
) -> list[Subnet]:
    subnets = []
    for subnet_id in subnet_ids:
        subnet = region.network.subnet(subnet_id)
        if subnet is None:
            raise RefusalError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")
        free = region.network.free_addresses(subnet_id)
        if free < LEAST_FREE_ADDRESSES and subnet_id not in current:
            raise RefusalError(
                "InvalidSubnet",
                f"Not enough IP space available in {subnet_id}. ELB requires at least "
                f"{LEAST_FREE_ADDRESSES} free IP addresses in each subnet.",
            )
        subnets.append(subnet)
    zones = [subnet.zone for subnet in subnets]
    if len(set(zones)) < len(zones):
        raise misconfigured(
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        )
    if len(zones) < LEAST_ZONES:
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise misconfigured("All subnets must belong to the same VPC")
    return subnets


def _checked_groups(region: Region, groups: Sequence[str], vpc_id: str) -> tuple[str, ...]:
    most = region.limits["security-groups-per-network-interface"]
    if len(groups) > most:
        raise misconfigured(f"The maximum number of security groups per interface is '{most}'")
    for group_id in groups:
        found = region.network.group_vpc(group_id)
        if found is None:
            raise RefusalError(
                "InvalidSecurityGroup", f"The security group '{group_id}' does not exist"
            )
        if found != vpc_id:
            raise misconfigured(f"The security group '{group_id}' is not in VPC '{vpc_id}'")
    if not groups:
        return (region.network.default_group(vpc_id),)
    return tuple(dict.fromkeys(groups))


def _check_ip_type(ip_type: str, subnets: Sequence[Subnet]) -> None:
    if ip_type == "ipv4":
        return
    without = [each.subnet_id for each in subnets if not each.has_ipv6]
    if without:
        raise misconfigured(
            "You must specify subnets with an associated IPv6 CIDR block; without one: "
            f"{', '.join(without)}"
        )


def _dns_name(region: Region, name: str, scheme: str) -> str:
    prefix = "internal-" if scheme == "internal" else ""
    return f"{prefix}{name}-{randbelow(10**10):010}.{region.name}.elb.amazonaws.com"


def _place_interfaces(region: Region, balancer: LoadBalancer) -> None:
    """One interface in each subnet, named as AWS names them."""
    for subnet_id in set(balancer.interfaces) - set(balancer.subnets):
        region.network.remove_interface(balancer.interfaces.pop(subnet_id))
    for subnet_id in balancer.subnets:
        if subnet_id not in balancer.interfaces:
            balancer.interfaces[subnet_id] = region.network.add_interface(
                subnet_id,
                balancer.security_groups,
                description="ELB " + balancer.arn.partition(":loadbalancer/")[2],
            )


def _zones(region: Region, balancer: LoadBalancer) -> list[AvailabilityZoneTypeDef]:
    subnets = [region.network.subnet(each) for each in balancer.subnets]
    return [
        {"ZoneName": each.zone, "SubnetId": each.subnet_id, "LoadBalancerAddresses": []}
        for each in subnets
        if each is not None
    ]
