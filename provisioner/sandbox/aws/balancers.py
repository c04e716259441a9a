"""Load balancers of both kinds: application ones, and network ones in front of them.

A network load balancer differs in its zones (one is enough, addresses may be fixed), its security
groups (none, unless it was created with some) and its attributes; page CreateLoadBalancer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from secrets import randbelow, token_hex
from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws import attributes
from provisioner.sandbox.aws.balancer_lookup import balancer_by_arn, is_active
from provisioner.sandbox.aws.balancer_targets import check_not_a_target
from provisioner.sandbox.aws.errors import (
    RefusalError,
    balancer_not_found,
    invalid,
    misconfigured,
    not_permitted,
)
from provisioner.sandbox.aws.ip_pools import checked_customer_pool, checked_ipam_pool
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import LoadBalancer
from provisioner.sandbox.aws.tags import checked_tags
from provisioner.sandbox.aws.zones import (
    check_ip_type,
    checked_subnets,
    place_interfaces,
    subnet_ids,
    zone_addresses,
    zone_answers,
)

if TYPE_CHECKING:
    from types_boto3_elbv2.literals import (
        IpAddressTypeType,
        LoadBalancerSchemeEnumType,
        LoadBalancerTypeEnumType,
    )
    from types_boto3_elbv2.type_defs import (
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
COUNTED: Mapping[str, str] = {
    "application": "application-load-balancers",
    "network": "network-load-balancers",
}
HOSTED_ZONES: Mapping[tuple[str, str], str] = {
    ("application", "eu-central-1"): "Z215JYRZR1TBD5",
    ("application", "eu-west-1"): "Z32O12XQLNTSW2",
    ("application", "us-east-1"): "Z35SXDOTRQ7X7K",
    ("application", "us-west-2"): "Z1H1FL5HABSF5",
    ("network", "eu-central-1"): "Z3F0SRJ5LGBH90",
    ("network", "eu-west-1"): "Z2IFOLAFXWLO4F",
    ("network", "us-east-1"): "Z26RNL4JYFTOTI",
    ("network", "us-west-2"): "Z18D5FSROUN65G",
}


def create_load_balancer(region: Region, request: CreateLoadBalancerInputTypeDef) -> Answer:
    """Create a load balancer, or return the one that has this name and these settings."""
    _check_name(request["Name"])
    balancer = _requested(region, request)
    same = _named(region, balancer.name)
    if same is not None:
        return _idempotent(region, same, balancer)
    _check_count(region, balancer.kind)
    for fixed in balancer.addresses.values():
        region.network.check_free(fixed.allocation_id)
    region.state.balancers[balancer.arn] = balancer
    place_interfaces(region, balancer)
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
    check_not_a_target(region, balancer)
    for listener in state.listeners_of(arn):
        for rule in state.rules_of(listener.arn):
            del state.rules[rule.arn]
        del state.listeners[listener.arn]
    for interface_id in balancer.interfaces.values():
        region.network.disassociate(interface_id)
        region.interfaces.orphaned[interface_id] = region.now
    state.web_acls.pop(arn, None)
    state.classic_associations.pop(arn, None)
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
    catalogue = attributes.LOAD_BALANCERS[balancer.kind]
    new = attributes.checked("Load balancer", catalogue, request["Attributes"])
    merged = {**balancer.attributes, **new}
    for logs in ("access_logs", "connection_logs", "health_check_logs"):
        if merged.get(f"{logs}.s3.enabled") == "true" and not merged[f"{logs}.s3.bucket"]:
            raise misconfigured(f"{logs}.s3.bucket must be set when {logs}.s3.enabled is true")
    balancer.attributes = merged
    return {"Attributes": attributes.as_list(merged)}


def set_security_groups(region: Region, request: SetSecurityGroupsInputTypeDef) -> Answer:
    """Put a load balancer into other security groups."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    if balancer.kind == "network" and not balancer.security_groups:
        raise misconfigured(
            f"Security groups cannot be set on load balancer '{balancer.arn}', which was created "
            "without security groups"
        )
    groups = _checked_groups(region, request["SecurityGroups"], balancer.vpc_id, balancer.kind)
    balancer.security_groups = groups
    for interface_id in balancer.interfaces.values():
        region.network.set_interface_groups(interface_id, groups)
    return {"SecurityGroupIds": list(groups)}


def set_subnets(region: Region, request: SetSubnetsInputTypeDef) -> Answer:
    """Move a load balancer to other subnets of its VPC."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    kind, scheme = balancer.kind, balancer.scheme
    wanted = subnet_ids(request)
    subnets = checked_subnets(region, wanted, kind=kind, current=balancer.subnets)
    if subnets[0].vpc_id != balancer.vpc_id:
        raise misconfigured(f"The subnets are not in VPC '{balancer.vpc_id}'")
    addresses = zone_addresses(region, request, kind=kind, scheme=scheme)
    ip_type = request.get("IpAddressType", balancer.ip_address_type)
    check_ip_type(ip_type, subnets, kind=kind, scheme=scheme)
    kept = {each: balancer.addresses[each] for each in balancer.addresses if each in wanted}
    for subnet_id, fixed in addresses.items():
        if subnet_id in balancer.interfaces and kept.get(subnet_id) != fixed:
            raise misconfigured(f"The address in subnet '{subnet_id}' cannot be changed")
        if subnet_id not in balancer.interfaces:
            region.network.check_free(fixed.allocation_id)
    balancer.addresses = {**kept, **addresses}
    balancer.ip_address_type = ip_type
    balancer.subnets = tuple(each.subnet_id for each in subnets)
    place_interfaces(region, balancer)
    return {"AvailabilityZones": zone_answers(region, balancer), "IpAddressType": ip_type}


def set_ip_address_type(region: Region, request: SetIpAddressTypeInputTypeDef) -> Answer:
    """Switch a load balancer between IPv4, dual stack, and dual stack without public IPv4."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    found = [region.network.subnet(each) for each in balancer.subnets]
    subnets = [each for each in found if each is not None]
    wanted = request["IpAddressType"]
    check_ip_type(wanted, subnets, kind=balancer.kind, scheme=balancer.scheme)
    balancer.ip_address_type = wanted
    return {"IpAddressType": balancer.ip_address_type}


def as_answer(
    region: Region, balancer: LoadBalancer, *, fresh: bool = False
) -> LoadBalancerTypeDef:
    """A load balancer as the API spells it; a create answer always says ``provisioning``."""
    active = is_active(region, balancer) and not fresh
    answer: LoadBalancerTypeDef = {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": HOSTED_ZONES.get(
            (balancer.kind, region.name), "Z00000000000000000000"
        ),
        "CreatedTime": balancer.created_at,
        "LoadBalancerName": balancer.name,
        "Scheme": cast("LoadBalancerSchemeEnumType", balancer.scheme),
        "VpcId": balancer.vpc_id,
        "State": {"Code": "active" if active else "provisioning"},
        "Type": cast("LoadBalancerTypeEnumType", balancer.kind),
        "AvailabilityZones": zone_answers(region, balancer),
        "SecurityGroups": list(balancer.security_groups),
        "IpAddressType": cast("IpAddressTypeType", balancer.ip_address_type),
    }
    if balancer.ipam_pool is not None:
        answer["IpamPools"] = {"Ipv4IpamPoolId": balancer.ipam_pool}
    if balancer.customer_pool is not None:
        answer["CustomerOwnedIpv4Pool"] = balancer.customer_pool
    if balancer.kind == "network" and balancer.security_groups:
        answer["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "on"
    return answer


def sweep_interfaces(region: Region) -> None:
    """Remove the interfaces of deleted load balancers whose time is up."""
    orphaned = region.interfaces.orphaned
    for interface_id, since in list(orphaned.items()):
        if region.now - since >= region.settings.interface_linger_seconds:
            region.network.remove_interface(interface_id)
            del orphaned[interface_id]


def _requested(region: Region, request: CreateLoadBalancerInputTypeDef) -> LoadBalancer:
    """The load balancer that a request asks for, not yet kept."""
    kind, scheme = request.get("Type", "application"), request.get("Scheme", "internet-facing")
    if kind not in COUNTED:
        raise invalid("The sandbox emulates application and network load balancers only")
    subnets = checked_subnets(region, subnet_ids(request), kind=kind)
    vpc_id = subnets[0].vpc_id
    if scheme == "internet-facing" and not region.network.has_internet_gateway(vpc_id):
        raise RefusalError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")
    ip_type = request.get("IpAddressType", "ipv4")
    check_ip_type(ip_type, subnets, kind=kind, scheme=scheme)
    name = request["Name"]
    ending = token_hex(8)
    short = "app" if kind == "application" else "net"
    balancer = LoadBalancer(
        arn=region.arn("elasticloadbalancing", f"loadbalancer/{short}/{name}/{ending}"),
        kind=kind,
        name=name,
        dns_name=_dns_name(region, name, kind=kind, scheme=scheme, ending=ending),
        scheme=scheme,
        ip_address_type=ip_type,
        vpc_id=vpc_id,
        subnets=tuple(each.subnet_id for each in subnets),
        security_groups=_checked_groups(region, request.get("SecurityGroups", ()), vpc_id, kind),
        created_at=region.wall,
        created=region.now,
        attributes=attributes.defaults(attributes.LOAD_BALANCERS[kind]),
        tags=checked_tags(request.get("Tags", ()), region.limits),
        addresses=zone_addresses(region, request, kind=kind, scheme=scheme),
    )
    if scheme == "internal":
        balancer.attributes["ipv6.deny_all_igw_traffic"] = "true"
    _take_pools(region, request, balancer)
    return balancer


def _take_pools(
    region: Region, request: CreateLoadBalancerInputTypeDef, balancer: LoadBalancer
) -> None:
    customer = request.get("CustomerOwnedIpv4Pool")
    ipam = request.get("IpamPools", {}).get("Ipv4IpamPoolId")
    if balancer.kind != "application" and (customer or ipam):
        raise misconfigured("Address pools are supported on application load balancers only")
    if customer:
        balancer.customer_pool = checked_customer_pool(region, customer)
    if ipam:
        balancer.ipam_pool = checked_ipam_pool(region, ipam, balancer.scheme)


def _named(region: Region, name: str) -> LoadBalancer | None:
    return next((each for each in region.state.balancers.values() if each.name == name), None)


def _idempotent(region: Region, same: LoadBalancer, wanted: LoadBalancer) -> Answer:
    """AWS returns the existing load balancer when a create call repeats its settings."""
    if _settings(same) != _settings(wanted):
        raise RefusalError(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{same.name}' exists, but with different settings",
        )
    return {"LoadBalancers": [as_answer(region, same)]}


def _settings(balancer: LoadBalancer) -> tuple[object, ...]:
    return (
        balancer.kind,
        balancer.scheme,
        balancer.ip_address_type,
        set(balancer.subnets),
        set(balancer.security_groups),
        balancer.addresses,
        balancer.ipam_pool,
        balancer.customer_pool,
        balancer.tags,
    )


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


def _check_count(region: Region, kind: str) -> None:
    most = region.limits[COUNTED[kind]]
    if sum(each.kind == kind for each in region.state.balancers.values()) >= most:
        raise RefusalError(
            "TooManyLoadBalancers",
            f"The maximum number of {kind} load balancers '{most}' has been reached",
        )


def _checked_groups(
    region: Region, groups: Sequence[str], vpc_id: str, kind: str
) -> tuple[str, ...]:
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
    if not groups and kind == "application":
        return (region.network.default_group(vpc_id),)
    return tuple(dict.fromkeys(groups))


def _dns_name(region: Region, name: str, *, kind: str, scheme: str, ending: str) -> str:
    if kind == "network":
        return f"{name}-{ending}.elb.{region.name}.{region.dns_suffix}"
    prefix = "internal-" if scheme == "internal" else ""
    return f"{prefix}{name}-{randbelow(10**10):010}.{region.name}.elb.{region.dns_suffix}"
