"""EC2 instances behind nodes, and the network interfaces behind pods.

What decides which security group must let traffic in is the interface that holds a pod's address.
Most pods have an address of one of their node's interfaces, which the description of the instance
shows already; a pod with an interface of its own (security groups for pods) is looked up by
address; what neither finds falls back to the node's primary interface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws.account import Instance, Wanted
from providers.aws.client import Clients
from providers.aws.live.paging import FILTER_VALUES, batches

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        FilterTypeDef,
        InstanceNetworkInterfaceTypeDef,
        InstanceTypeDef,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """An instance and its network interfaces, as DescribeInstances answers them."""

    facts: Instance
    account_id: str
    interfaces: tuple[InstanceNetworkInterfaceTypeDef, ...]


def read_machines(clients: Clients, wanted: Wanted) -> dict[str, Machine]:
    """Return instances by id; a filter, unlike InstanceIds, does not fail over one that is gone."""
    ids = sorted({*wanted.instances, *wanted.node_of_pod.values()} - {""})
    found: dict[str, Machine] = {}
    for batch in batches(ids, FILTER_VALUES):
        pages = clients.ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-id", "Values": list(batch)}]
        )
        for reservation in (each for page in pages for each in page["Reservations"]):
            for instance in reservation["Instances"]:
                found[instance["InstanceId"]] = _machine(instance, reservation["OwnerId"])
    return dict(sorted(found.items()))


def _machine(instance: InstanceTypeDef, account_id: str) -> Machine:
    interfaces = tuple(instance.get("NetworkInterfaces", ()))
    primary = next((i for i in interfaces if i.get("Attachment", {}).get("DeviceIndex") == 0), None)
    groups = instance.get("SecurityGroups", []) if primary is None else primary.get("Groups", [])
    return Machine(
        facts=Instance(
            id=instance["InstanceId"],
            zone=instance.get("Placement", {}).get("AvailabilityZone", ""),
            security_groups=tuple(group.get("GroupId", "") for group in groups),
            vpc_id=instance.get("VpcId", ""),
        ),
        account_id=account_id,
        interfaces=interfaces,
    )


def read_pod_groups(
    clients: Clients, wanted: Wanted, machines: Mapping[str, Machine]
) -> Mapping[str, tuple[str, ...]]:
    """Return the security groups of each pod's interface, absent where nothing tells."""
    pods = [ip for ip in wanted.pod_ips if _is_address(ip)]
    found = _groups_of_nodes(pods, machines)
    found |= _groups_by_address(clients, [ip for ip in pods if ip not in found])
    for ip in pods:
        machine = machines.get(wanted.node_of_pod.get(ip, ""))
        if ip not in found and machine is not None:
            found[ip] = machine.facts.security_groups
    return MappingProxyType({ip: found[ip] for ip in sorted(found)})


def _groups_of_nodes(
    pods: Sequence[str], machines: Mapping[str, Machine]
) -> dict[str, tuple[str, ...]]:
    """Return the groups of those pods whose address an interface of a node holds."""
    by_address: dict[str, tuple[str, ...]] = {}
    by_prefix: list[tuple[IPv4Network | IPv6Network, tuple[str, ...]]] = []
    for interface in (each for machine in machines.values() for each in machine.interfaces):
        groups = tuple(group.get("GroupId", "") for group in interface.get("Groups", []))
        by_address |= dict.fromkeys(_addresses(interface), groups)
        by_prefix += [(ip_network(prefix), groups) for prefix in _prefixes(interface)]
    found = {ip: by_address[ip] for ip in pods if ip in by_address}
    for ip in (ip for ip in pods if ip not in found):
        inside = [groups for prefix, groups in by_prefix if ip_address(ip) in prefix]
        if inside:
            found[ip] = inside[0]
    return found


def _addresses(interface: InstanceNetworkInterfaceTypeDef) -> list[str]:
    fours = [each.get("PrivateIpAddress", "") for each in interface.get("PrivateIpAddresses", [])]
    return fours + [each.get("Ipv6Address", "") for each in interface.get("Ipv6Addresses", [])]


def _prefixes(interface: InstanceNetworkInterfaceTypeDef) -> list[str]:
    """Return the blocks that an interface holds for pods (prefix delegation of the VPC CNI)."""
    fours = [each.get("Ipv4Prefix", "") for each in interface.get("Ipv4Prefixes", [])]
    sixes = [each.get("Ipv6Prefix", "") for each in interface.get("Ipv6Prefixes", [])]
    return [prefix for prefix in fours + sixes if prefix]


def _groups_by_address(clients: Clients, ips: Sequence[str]) -> dict[str, tuple[str, ...]]:
    sixes = [ip for ip in ips if isinstance(ip_address(ip), IPv6Address)]
    fours = [ip for ip in ips if ip not in set(sixes)]
    found: dict[str, tuple[str, ...]] = {}
    for name, addresses in (
        ("addresses.private-ip-address", fours),
        ("ipv6-addresses.ipv6-address", sixes),
    ):
        for batch in batches(addresses, FILTER_VALUES):
            found |= _interfaces_with(clients, {"Name": name, "Values": list(batch)})
    return {ip: found[ip] for ip in ips if ip in found}


def _interfaces_with(clients: Clients, condition: FilterTypeDef) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    paginator = clients.ec2.get_paginator("describe_network_interfaces")
    for page in paginator.paginate(Filters=[condition]):
        for interface in page["NetworkInterfaces"]:
            groups = tuple(group.get("GroupId", "") for group in interface.get("Groups", []))
            for four in interface.get("PrivateIpAddresses", []):
                found[four.get("PrivateIpAddress", "")] = groups
            for six in interface.get("Ipv6Addresses", []):
                found[six.get("Ipv6Address", "")] = groups
    return found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
