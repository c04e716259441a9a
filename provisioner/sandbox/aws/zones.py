"""The zones of a load balancer: its subnets, its interfaces there, and its fixed addresses.

Only network load balancers have fixed addresses: an Elastic IP address in each zone when they
face the internet, a private one when they are internal (page CreateLoadBalancer, SubnetMapping).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import RefusalError, invalid, misconfigured
from provisioner.sandbox.aws.network import Subnet
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.state import LoadBalancer, ZoneAddress

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        AvailabilityZoneTypeDef,
        CreateLoadBalancerInputTypeDef,
        LoadBalancerAddressTypeDef,
        SetSubnetsInputTypeDef,
        SubnetMappingTypeDef,
    )

LEAST_ZONES: Mapping[str, int] = {"application": 2, "network": 1}
LEAST_FREE_ADDRESSES = 8
DUAL_WITHOUT_PUBLIC = "dualstack-without-public-ipv4"


def subnet_ids(request: CreateLoadBalancerInputTypeDef | SetSubnetsInputTypeDef) -> list[str]:
    """The subnets of a request, however they are spelled."""
    mapped = [each.get("SubnetId", "") for each in request.get("SubnetMappings", ())]
    plain = list(request.get("Subnets", ()))
    if mapped and plain:
        raise invalid("Either subnets or subnet mappings can be specified, not both")
    return plain or mapped


def zone_addresses(
    region: Region,
    request: CreateLoadBalancerInputTypeDef | SetSubnetsInputTypeDef,
    *,
    kind: str,
    scheme: str,
) -> dict[str, ZoneAddress]:
    """The fixed addresses that a request asks for, by subnet."""
    found = {
        each.get("SubnetId", ""): _zone_address(region, each, kind=kind, scheme=scheme)
        for each in request.get("SubnetMappings", ())
        if "AllocationId" in each or "PrivateIPv4Address" in each
    }
    allocations = [each.allocation_id for each in found.values() if each.allocation_id]
    if len(set(allocations)) < len(allocations):
        raise misconfigured("An Elastic IP address can be given to one subnet only")
    if found and allocations and len(found) < len(request.get("SubnetMappings", ())):
        raise misconfigured("Either every subnet gets an Elastic IP address or none does")
    return found


def _zone_address(
    region: Region, mapping: SubnetMappingTypeDef, *, kind: str, scheme: str
) -> ZoneAddress:
    allocation, private = mapping.get("AllocationId"), mapping.get("PrivateIPv4Address")
    if kind != "network":
        raise misconfigured("Addresses cannot be specified for application load balancers")
    if allocation is not None and scheme != "internet-facing":
        raise misconfigured("Elastic IP addresses need an internet-facing load balancer")
    if private is not None and scheme != "internal":
        raise misconfigured("Private IPv4 addresses need an internal load balancer")
    if allocation is not None and not region.network.has_allocation(allocation):
        raise RefusalError(
            "AllocationIdNotFound", f"The allocation ID '{allocation}' does not exist"
        )
    if private is not None:
        subnet = region.network.subnet(mapping.get("SubnetId", ""))
        if subnet is not None and ip_address(private) not in subnet.block:
            raise misconfigured(f"The address '{private}' is not in subnet '{subnet.subnet_id}'")
    return ZoneAddress(allocation_id=allocation, private_address=private)


def checked_subnets(
    region: Region, wanted: Sequence[str], *, kind: str, current: Sequence[str] = ()
) -> list[Subnet]:
    """The subnets of a load balancer, or the refusal that AWS gives for them."""
    subnets = []
    for subnet_id in wanted:
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
    if len(zones) < LEAST_ZONES[kind]:
        least = "At least two subnets in two different Availability Zones must be specified"
        raise invalid(least if kind == "application" else "At least one subnet must be specified")
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise misconfigured("All subnets must belong to the same VPC")
    return subnets


def check_ip_type(ip_type: str, subnets: Sequence[Subnet], *, kind: str, scheme: str) -> None:
    """Refuse an address type that the load balancer or its subnets cannot have.

    Without public IPv4 addresses can be only an internet-facing application load balancer
    (pages CreateLoadBalancer and SetIpAddressType).
    """
    if ip_type == "ipv4":
        return
    if ip_type == DUAL_WITHOUT_PUBLIC and (kind, scheme) != ("application", "internet-facing"):
        raise misconfigured(
            f"The IP address type '{ip_type}' needs an internet-facing application load balancer"
        )
    without = [each.subnet_id for each in subnets if not each.has_ipv6]
    if without:
        raise misconfigured(
            "You must specify subnets with an associated IPv6 CIDR block; without one: "
            f"{', '.join(without)}"
        )


def place_interfaces(region: Region, balancer: LoadBalancer) -> None:
    """One interface in each subnet, named as AWS names them, with its Elastic IP address."""
    for subnet_id in set(balancer.interfaces) - set(balancer.subnets):
        region.network.remove_interface(balancer.interfaces.pop(subnet_id))
    for subnet_id in balancer.subnets:
        if subnet_id in balancer.interfaces:
            continue
        fixed = balancer.addresses.get(subnet_id, ZoneAddress())
        balancer.interfaces[subnet_id] = region.network.add_interface(
            subnet_id,
            balancer.security_groups,
            description="ELB " + balancer.arn.partition(":loadbalancer/")[2],
            address=fixed.private_address,
        )
        if fixed.allocation_id is not None:
            region.network.associate(fixed.allocation_id, balancer.interfaces[subnet_id])


def zone_answers(region: Region, balancer: LoadBalancer) -> list[AvailabilityZoneTypeDef]:
    """The zones of a load balancer as the API spells them."""
    subnets = [region.network.subnet(each) for each in balancer.subnets]
    return [
        {
            "ZoneName": each.zone,
            "SubnetId": each.subnet_id,
            "LoadBalancerAddresses": _addresses(region, balancer, each.subnet_id),
        }
        for each in subnets
        if each is not None
    ]


def _addresses(
    region: Region, balancer: LoadBalancer, subnet_id: str
) -> list[LoadBalancerAddressTypeDef]:
    fixed = balancer.addresses.get(subnet_id)
    if fixed is None:
        return []
    if fixed.private_address is not None:
        return [{"PrivateIPv4Address": fixed.private_address}]
    allocation = fixed.allocation_id or ""
    return [{"AllocationId": allocation, "IpAddress": region.network.public_address(allocation)}]
