"""The account's VPCs as the load balancing service sees them.

moto keeps subnets, security groups, instances and interfaces; this is the only place that
looks into its EC2 and certificate stores, and it hands out small records of our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from provisioner.sandbox.aws.errors import RefusalError

RUNNING = "running"
GONE_STATES = ("shutting-down", "terminated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet of a VPC."""

    subnet_id: str
    vpc_id: str
    zone: str
    block: IPv4Network | IPv6Network
    has_ipv6: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance that may become a target."""

    instance_id: str
    vpc_id: str
    zone: str
    state: str


class Network:
    """Reads of the VPC side, and the interfaces that load balancers place in it."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    @property
    def _ec2(self) -> EC2Backend:
        return ec2_backends[self._account][self._region]

    def subnet(self, subnet_id: str) -> Subnet | None:
        """A subnet by its id."""
        return next((each for each in self._subnets() if each.subnet_id == subnet_id), None)

    def free_addresses(self, subnet_id: str) -> int:
        """How many addresses of a subnet nobody has."""
        return self._ec2.get_subnet(subnet_id).available_ip_address_count

    def zone_of(self, vpc_id: str, address: IPv4Address | IPv6Address) -> str | None:
        """The zone of the subnet an address lies in, or None if it lies in none of the VPC."""
        for subnet in self._subnets():
            if subnet.vpc_id == vpc_id and address in subnet.block:
                return subnet.zone
        return None

    def has_vpc(self, vpc_id: str) -> bool:
        """Whether the VPC exists."""
        return vpc_id in self._ec2.vpcs

    def vpc_holds(self, vpc_id: str, address: IPv4Address | IPv6Address) -> bool:
        """Whether an address lies in one of the VPC's blocks."""
        vpc = self._ec2.vpcs[vpc_id]
        blocks = [
            each["cidr_block"]
            for family in (False, True)
            for each in vpc.get_cidr_block_association_set(ipv6=family)
        ]
        return any(address in ip_network(block) for block in blocks)

    def has_internet_gateway(self, vpc_id: str) -> bool:
        """Whether an internet gateway is attached to the VPC."""
        gateways = self._ec2.internet_gateways.values()
        # moto types ``vpc`` by its initial None; attaching puts the VPC there.
        return any(getattr(each.vpc, "id", None) == vpc_id for each in gateways)

    def group_vpc(self, group_id: str) -> str | None:
        """The VPC of a security group, or None if there is no such group."""
        group = self._ec2.get_security_group_from_id(group_id)
        return None if group is None else str(group.vpc_id)

    def default_group(self, vpc_id: str) -> str:
        """The default security group of a VPC."""
        group = self._ec2.get_default_security_group(vpc_id)
        assert group is not None, "every VPC is made with one"
        return group.id

    def instance(self, instance_id: str) -> Instance | None:
        """An instance by its id."""
        found = self._ec2.get_instance_by_id(instance_id)
        if found is None:
            return None
        subnet = self.subnet(str(found.subnet_id))
        return Instance(
            instance_id=instance_id,
            vpc_id="" if subnet is None else subnet.vpc_id,
            zone="" if subnet is None else subnet.zone,
            state=found.state,
        )

    def add_interface(
        self, subnet_id: str, groups: Iterable[str], *, description: str, address: str | None
    ) -> str:
        """Place an interface of a load balancer in a subnet, with an address if one is given."""
        subnet = self._ec2.get_subnet(subnet_id)
        if address is None:
            # It must be one that no instance and no other interface gets.
            address = subnet.get_available_subnet_ip(None)  # type: ignore[arg-type]  # only kept
        interface = self._ec2.create_network_interface(
            subnet, address, group_ids=list(groups), description=description
        )
        interface.requester_managed = True
        interface.requester_id = "amazon-elb"
        interface.status = "in-use"
        return interface.id

    def remove_interface(self, interface_id: str) -> None:
        """Take an interface away, if it is still there."""
        interface = self._ec2.enis.get(interface_id)
        if interface is not None:
            self.disassociate(interface_id)
            interface.delete()

    def has_allocation(self, allocation_id: str) -> bool:
        """Whether there is an Elastic IP address of this allocation."""
        return any(each.allocation_id == allocation_id for each in self._ec2.addresses)

    def public_address(self, allocation_id: str) -> str:
        """The Elastic IP address of an allocation."""
        return next(
            (str(x.public_ip) for x in self._ec2.addresses if x.allocation_id == allocation_id), ""
        )

    def check_free(self, allocation_id: str | None) -> None:
        """Refuse an Elastic IP address that something has already."""
        for each in self._ec2.addresses:
            if each.allocation_id == allocation_id and getattr(each, "association_id", None):
                raise RefusalError(
                    "ResourceInUse", f"The allocation ID '{allocation_id}' is in use already"
                )

    def associate(self, allocation_id: str, interface_id: str) -> None:
        """Give an interface an Elastic IP address."""
        interface = self._ec2.enis[interface_id]
        self._ec2.associate_address(eni=interface, allocation_id=allocation_id, reassociate=True)

    def disassociate(self, interface_id: str) -> None:
        """Take the Elastic IP addresses of an interface away."""
        for each in self._ec2.addresses:
            # moto types both by their initial None; associating puts something there.
            if getattr(each.eni, "id", None) == interface_id:
                self._ec2.disassociate_address(association_id=each.association_id)

    def set_interface_groups(self, interface_id: str, groups: Iterable[str]) -> None:
        """Put an interface into other security groups."""
        self._ec2.modify_network_interface_attribute(interface_id, list(groups))

    def interfaces_in_group(self, group_id: str) -> tuple[NetworkInterface, ...]:
        """Interfaces that keep a security group in use."""
        return tuple(
            interface
            for interface in self._ec2.enis.values()
            if not (interface.instance and interface.instance.state in GONE_STATES)
            and any(group.id == group_id for group in interface.group_set)
        )

    def groups_referring_to(self, group_id: str) -> tuple[str, ...]:
        """Other security groups with a rule that names this one."""
        return tuple(
            group.id
            for groups in self._ec2.groups.values()
            for group in groups.values()
            if group.id != group_id
            and any(
                rule.source_group.get("GroupId") == group_id
                for rule in (*group.ingress_rules, *group.egress_rules)
            )
        )

    def has_iam_certificate(self, arn: str) -> bool:
        """A server certificate that IAM keeps, by its ARN."""
        partition = get_partition(self._region)
        return iam_backends[self._account][partition].get_certificate_by_arn(arn) is not None

    def _subnets(self) -> Iterable[Subnet]:
        for by_id in self._ec2.subnets.values():
            for subnet in by_id.values():
                yield Subnet(
                    subnet_id=subnet.id,
                    vpc_id=subnet.vpc_id,
                    zone=subnet.availability_zone,
                    block=ip_network(subnet.cidr_block),
                    has_ipv6=bool(subnet.ipv6_cidr_block_associations),
                )


def parsed_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address a text spells, or None."""
    try:
        return ip_address(text)
    except ValueError:
        return None
