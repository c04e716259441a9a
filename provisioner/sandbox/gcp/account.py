"""Build a project that a cluster could live in.

The result is what GKE users have: a VPC-native network with a subnet per region, secondary ranges
for pods and Services, machines spread over zones with an alias range of pods each, and a network
tag by which firewall rules find them. Parts can be left out, because a controller must also
explain what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from provisioner.sandbox.cluster.documents import Document, text
from provisioner.sandbox.gcp.cloud import DEFAULT_PROJECT, Cloud

DEFAULT_REGION = "europe-west1"
DEFAULT_ZONES = ("europe-west1-b", "europe-west1-c")
NODE_BLOCK = "10.132.0.0/20"
PODS_BLOCK = "10.4.0.0/14"
SERVICES_BLOCK = "10.8.0.0/20"
PROXY_BLOCK = "10.129.0.0/23"
PODS_RANGE = "pods"
SERVICES_RANGE = "services"
_PODS_PER_NODE_PREFIX = 24  # GKE gives a node with 110 pods a /24 ("VPC-native clusters")
_NODE_OFFSET = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """A machine that serves as a node."""

    name: str
    zone: str
    provider_id: str
    address: str
    pod_block: str
    url: str

    def pod_address(self, number: int) -> str:
        """Return an address of the machine's alias range; 0 is the first that can be used."""
        return str(IPv4Network(self.pod_block)[number + 2])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectInfo:
    """What ``make_project`` has built.

    Attributes:
        project: The project id.
        region: The region of the subnet and of the machines.
        network: URL of the network.
        subnetwork: URL of the subnet.
        proxy_subnetwork: URL of the proxy-only subnet, or an empty string.
        node_tag: The network tag of the machines.
        nodes: The machines, spread over the zones.
    """

    project: str
    region: str
    network: str
    subnetwork: str
    proxy_subnetwork: str
    node_tag: str
    nodes: tuple[NodeInfo, ...]


def make_project(
    cloud: Cloud,
    *,
    project: str = DEFAULT_PROJECT,
    cluster_name: str = "demo",
    region: str = DEFAULT_REGION,
    zones: Sequence[str] = DEFAULT_ZONES,
    nodes: int = 2,
    network: str = "default",
    proxy_only: bool = True,
    alias_ranges: bool = True,
) -> ProjectInfo:
    """Put a network, its subnets and machines into a project.

    Args:
        cloud: The emulated cloud.
        project: A project of it.
        cluster_name: Goes into the names and tags of the machines, as GKE does it.
        region: Where the subnet is.
        zones: Zones of the region that the machines are spread over.
        nodes: How many machines.
        network: Name of the network and of its subnet.
        proxy_only: Whether the region gets a proxy-only subnet (regional load balancers need it).
        alias_ranges: Whether machines carry alias ranges for pods (VPC-native) or not.
    """
    home, tag = f"projects/{project}", f"gke-{cluster_name}-node"
    subnets = f"{home}/regions/{region}/subnetworks"
    made = cloud.place(f"{home}/global/networks", {"name": network, "autoCreateSubnetworks": False})
    subnet = text(cloud.place(subnets, _subnet(made, network)), "selfLink")
    proxies = cloud.place(subnets, _proxy_subnet(made, network)) if proxy_only else {}
    machines = (
        add_node(
            cloud,
            f"gke-{cluster_name}-pool-{number}",
            project=project,
            zone=zones[number % len(zones)],
            subnetwork=subnet,
            number=number,
            tag=tag,
            alias_range=alias_ranges,
        )
        for number in range(nodes)
    )
    return ProjectInfo(
        project=project,
        region=region,
        network=text(made, "selfLink"),
        subnetwork=subnet,
        proxy_subnetwork=text(proxies, "selfLink"),
        node_tag=tag,
        nodes=tuple(machines),
    )


def add_node(
    cloud: Cloud,
    name: str,
    *,
    project: str = DEFAULT_PROJECT,
    zone: str,
    subnetwork: str,
    number: int,
    tag: str = "gke-demo-node",
    alias_range: bool = True,
) -> NodeInfo:
    """Put a machine there, with the address and the alias range that its number gives it."""
    address = str(IPv4Network(NODE_BLOCK)[_NODE_OFFSET + number])
    block = str(_pod_block(number)) if alias_range else ""
    interface: Document = {"subnetwork": subnetwork, "networkIP": address}
    if block:
        interface["aliasIpRanges"] = [{"ipCidrRange": block, "subnetworkRangeName": PODS_RANGE}]
    placed = cloud.place(
        f"projects/{project}/zones/{zone}/instances",
        {
            "name": name,
            "machineType": f"zones/{zone}/machineTypes/e2-standard-4",
            "networkInterfaces": [interface],
            "tags": {"items": [tag]},
            "labels": {"goog-gke-node": ""},
        },
    )
    return NodeInfo(
        name=name,
        zone=zone,
        provider_id=f"gce://{project}/{zone}/{name}",
        address=address,
        pod_block=block,
        url=text(placed, "selfLink"),
    )


def _pod_block(number: int) -> IPv4Network:
    base = int(IPv4Network(PODS_BLOCK).network_address)
    size = 1 << (32 - _PODS_PER_NODE_PREFIX)
    return IPv4Network((base + number * size, _PODS_PER_NODE_PREFIX))


def _subnet(network: Document, name: str) -> Document:
    return {
        "name": name,
        "network": network["selfLink"],
        "ipCidrRange": NODE_BLOCK,
        "secondaryIpRanges": [
            {"rangeName": PODS_RANGE, "ipCidrRange": PODS_BLOCK},
            {"rangeName": SERVICES_RANGE, "ipCidrRange": SERVICES_BLOCK},
        ],
    }


def _proxy_subnet(network: Document, name: str) -> Document:
    return {
        "name": f"{name}-proxy-only",
        "network": network["selfLink"],
        "ipCidrRange": PROXY_BLOCK,
        "purpose": "REGIONAL_MANAGED_PROXY",
        "role": "ACTIVE",
    }
