"""Build an account that a cluster could live in, through the public API alone.

The result is what EKS users have: a VPC with public and private subnets in several zones, tagged
for load balancers, nodes in the private ones behind a security group of their own. Every part
can be left out, because a controller must also explain what is missing.

Nothing here knows the sandbox: the same code works against a plain moto server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.clients import DEFAULT_REGION, Login
from provisioner.sandbox.aws.pem import CertificateSpec, make_pem

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.literals import ResourceTypeType
    from types_boto3_ec2.type_defs import InstanceTypeDef, TagSpecificationTypeDef

VPC_BLOCK = "10.0.0.0/16"
PUBLIC_ROLE = "kubernetes.io/role/elb"
PRIVATE_ROLE = "kubernetes.io/role/internal-elb"
IMAGE = "ami-12c6146b"  # moto's own example image
ZONE_LETTERS = "abc"
NODE_GROUP_NAME = "sandbox-nodes"
# Instances take addresses from the start of a subnet, pods from its second half.
POD_OFFSET = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetInfo:
    """A subnet of the account."""

    subnet_id: str
    zone: str
    block: str
    public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """An instance that serves as a node."""

    name: str
    instance_id: str
    provider_id: str
    zone: str
    subnet_id: str
    interface_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateInfo:
    """An issued certificate."""

    arn: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodAddress:
    """An address for a pod, attached to the interface of a node."""

    address: str
    node: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What ``make_account`` has built.

    Attributes:
        login: How to reach the account; ``login.elbv2()`` and its like are clients.
        cluster_name: Name in the cluster tags.
        vpc_id: The VPC.
        subnets: Public ones first, then private ones, each by zone.
        node_group_id: Security group of the nodes.
        nodes: The nodes, spread over the zones.
        certificates: In the order in which they were asked for.
    """

    login: Login
    cluster_name: str
    vpc_id: str
    subnets: tuple[SubnetInfo, ...]
    node_group_id: str
    nodes: tuple[NodeInfo, ...]
    certificates: tuple[CertificateInfo, ...]

    @property
    def public_subnets(self) -> tuple[SubnetInfo, ...]:
        """Subnets with a route to the internet gateway."""
        return tuple(each for each in self.subnets if each.public)

    @property
    def private_subnets(self) -> tuple[SubnetInfo, ...]:
        """Subnets without."""
        return tuple(each for each in self.subnets if not each.public)


def make_account(
    endpoint_url: str,
    *,
    cluster_name: str = "demo",
    zones: int = 2,
    nodes: int = 2,
    public: int | None = None,
    private: int | None = None,
    role_tags: bool = True,
    cluster_tags: bool = True,
    certificates: Sequence[CertificateSpec] = (),
    region: str = DEFAULT_REGION,
    access_key: str = "sandbox",
) -> Account:
    """Build a VPC with subnets, nodes and certificates.

    Args:
        endpoint_url: The emulator.
        cluster_name: Name in the tags ``kubernetes.io/cluster/<name>``.
        zones: Availability zones, 1 to 3.
        nodes: Instances, spread over the zones.
        public: How many zones have a public subnet; all by default.
        private: How many zones have a private subnet; all by default.
        role_tags: Whether subnets carry the role tags for load balancers.
        cluster_tags: Whether subnets carry the cluster tag.
        certificates: Certificates to import into ACM, where they are ISSUED at once.
        region: AWS region.
        access_key: Any word; twelve digits select an account of that number.
    """
    login = Login(endpoint_url=endpoint_url, region=region, access_key=access_key)
    ec2 = login.ec2()
    names = [f"{region}{letter}" for letter in ZONE_LETTERS[:zones]]
    vpc_id = ec2.create_vpc(CidrBlock=VPC_BLOCK)["Vpc"]["VpcId"]
    cluster_tag = {f"kubernetes.io/cluster/{cluster_name}": "shared"} if cluster_tags else {}
    subnets = (
        *_subnets(
            ec2,
            vpc_id,
            names[:public],
            public=True,
            tags={**cluster_tag, **({PUBLIC_ROLE: "1"} if role_tags else {})},
        ),
        *_subnets(
            ec2,
            vpc_id,
            names[:private],
            public=False,
            tags={**cluster_tag, **({PRIVATE_ROLE: "1"} if role_tags else {})},
        ),
    )
    _route_to_internet(ec2, vpc_id, [each.subnet_id for each in subnets if each.public])
    group_id = ec2.create_security_group(
        GroupName=NODE_GROUP_NAME,
        Description="Nodes of the cluster",
        VpcId=vpc_id,
        TagSpecifications=_tagged(
            "security-group", {f"kubernetes.io/cluster/{cluster_name}": "owned"}
        ),
    )["GroupId"]
    return Account(
        login=login,
        cluster_name=cluster_name,
        vpc_id=vpc_id,
        subnets=subnets,
        node_group_id=group_id,
        nodes=_nodes(ec2, subnets, count=nodes, group_id=group_id, cluster_name=cluster_name),
        certificates=tuple(import_certificate(login, each) for each in certificates),
    )


def import_certificate(login: Login, spec: CertificateSpec) -> CertificateInfo:
    """Import a self-signed certificate; ACM calls it ISSUED at once."""
    pem = make_pem(spec)
    arn = login.acm().import_certificate(Certificate=pem.certificate, PrivateKey=pem.key)
    return CertificateInfo(arn=arn["CertificateArn"], hosts=spec.hosts)


def add_node(account: Account, *, zone: str | None = None) -> NodeInfo:
    """Start one more node; ``Account`` itself does not change."""
    subnets = [each for each in account.subnets if zone in (None, each.zone)]
    (node,) = _nodes(
        account.login.ec2(),
        subnets,
        count=1,
        group_id=account.node_group_id,
        cluster_name=account.cluster_name,
    )
    return node


def give_pod_addresses(
    account: Account, count: int, *, skip: int = 0, nodes: Sequence[NodeInfo] | None = None
) -> tuple[PodAddress, ...]:
    """Attach addresses for pods to the nodes' interfaces, in turn, as the VPC CNI does.

    Args:
        account: The account.
        count: How many addresses.
        skip: How many of each subnet's pod addresses were given out before.
        nodes: Nodes to give them to; all by default.
    """
    chosen = account.nodes if nodes is None else tuple(nodes)
    blocks = {each.subnet_id: IPv4Network(each.block) for each in account.subnets}
    given = Counter[str]()
    pods = []
    for node in (chosen[index % len(chosen)] for index in range(count)):
        address = blocks[node.subnet_id][POD_OFFSET + skip + given[node.subnet_id]]
        given[node.subnet_id] += 1
        pods.append(PodAddress(address=str(address), node=node.name, zone=node.zone))
    ec2 = account.login.ec2()
    for node in chosen:
        own = [pod.address for pod in pods if pod.node == node.name]
        if own:
            ec2.assign_private_ip_addresses(
                NetworkInterfaceId=node.interface_id, PrivateIpAddresses=own
            )
    return tuple(pods)


def _subnets(
    ec2: EC2Client, vpc_id: str, zones: Sequence[str], *, public: bool, tags: Mapping[str, str]
) -> list[SubnetInfo]:
    subnets = []
    for index, zone in enumerate(zones):
        block = f"10.0.{index}.0/24" if public else f"10.0.{64 + 32 * index}.0/19"
        kind = "public" if public else "private"
        answer = ec2.create_subnet(
            VpcId=vpc_id,
            CidrBlock=block,
            AvailabilityZone=zone,
            TagSpecifications=_tagged("subnet", {**tags, "Name": f"{kind}-{zone}"}),
        )
        subnet_id = answer["Subnet"]["SubnetId"]
        subnets.append(SubnetInfo(subnet_id=subnet_id, zone=zone, block=block, public=public))
    return subnets


def _route_to_internet(ec2: EC2Client, vpc_id: str, subnet_ids: Sequence[str]) -> None:
    if not subnet_ids:
        return
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for subnet_id in subnet_ids:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)


def _nodes(
    ec2: EC2Client, subnets: Sequence[SubnetInfo], *, count: int, group_id: str, cluster_name: str
) -> tuple[NodeInfo, ...]:
    homes = [each for each in subnets if not each.public] or list(subnets)
    if count and not homes:
        raise ValueError("nodes need a subnet: leave some in, or ask for nodes=0")
    made = []
    for index in range(count):
        home = homes[index % len(homes)]
        (instance,) = ec2.run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            InstanceType="m5.large",
            SubnetId=home.subnet_id,
            SecurityGroupIds=[group_id],
            TagSpecifications=_tagged(
                "instance", {f"kubernetes.io/cluster/{cluster_name}": "owned"}
            ),
        )["Instances"]
        made.append(_node(instance, home))
    return tuple(made)


def _node(instance: InstanceTypeDef, home: SubnetInfo) -> NodeInfo:
    instance_id = instance["InstanceId"]
    return NodeInfo(
        name=instance["PrivateDnsName"],
        instance_id=instance_id,
        provider_id=f"aws:///{home.zone}/{instance_id}",
        zone=home.zone,
        subnet_id=home.subnet_id,
        interface_id=instance["NetworkInterfaces"][0]["NetworkInterfaceId"],
        address=instance["PrivateIpAddress"],
    )


def _tagged(
    resource_type: ResourceTypeType, tags: Mapping[str, str]
) -> list[TagSpecificationTypeDef]:
    if not tags:
        return []
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": resource_type, "Tags": pairs}]  # type: ignore[typeddict-item]  # the kind is one of botocore's literals
