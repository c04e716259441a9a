"""Networks, subnets and firewall rules.

Sources: the field descriptions of the published schema, "Subnets", "Proxy-only subnets for
Envoy-based load balancers" and "VPC firewall rules".
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from provisioner.sandbox.cluster.documents import Document, items, number, parts, text, texts
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import invalid, limit_exceeded, required
from provisioner.sandbox.gcp.ip_addresses import is_block
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.reach import at
from provisioner.sandbox.gcp.references import GLOBAL, Ref, ScopeKind
from provisioner.sandbox.gcp.state import Resource

PROXY_PURPOSES = ("REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")
SMALLEST_PROXY_PREFIX = 26  # "The smallest proxy-only subnet size is /26 (64 IP addresses)"
LARGEST_PRIORITY = 65535
_PORTS = re.compile(r"\d{1,5}(?:-\d{1,5})?")
_SOURCES = ("sourceRanges", "sourceTags", "sourceServiceAccounts")


def prepare_network(change: Change) -> None:
    """Complete a network; one that makes its own subnets is not emulated beyond the flag."""
    change.default(autoCreateSubnetworks=True, mtu=1460)
    change.default(routingConfig={"routingMode": "REGIONAL"})
    change.default(networkFirewallPolicyEnforcementOrder="AFTER_CLASSIC_FIREWALL")


def render_network(compute: Compute, resource: Resource) -> Document:
    """Add the subnets."""
    found = [
        subnet.ref.url
        for subnet in compute.resources("subnetworks")
        if text(subnet.document, "network") == resource.ref.url
    ]
    return {**resource.document, **({"subnetworks": found} if found else {})}


def prepare_subnet(change: Change) -> None:
    """Complete and check a subnet."""
    if not text(change.document, "network"):
        raise required("resource.network")
    block = text(change.document, "ipCidrRange")
    if not block:
        raise required("resource.ipCidrRange")
    ranges = parts(change.document, "secondaryIpRanges")
    for spelled in (block, *(text(each, "ipCidrRange") for each in ranges)):
        _check_block(change, spelled)
    change.default(purpose="PRIVATE", stackType="IPV4_ONLY", privateIpGoogleAccess=False)
    change.put(gatewayAddress=str(IPv4Network(block)[1]))
    if text(change.document, "purpose") in PROXY_PURPOSES:
        _check_proxy_subnet(change)


def _check_block(change: Change, spelled: str) -> None:
    if not is_block(spelled) or ":" in spelled:
        raise invalid("resource.ipCidrRange", spelled, "Must be an IPv4 range in CIDR form.")
    for other in change.compute.resources("subnetworks"):
        if text(other.document, "network") != text(change.document, "network"):
            continue
        theirs = [text(other.document, "ipCidrRange")]
        theirs += [text(e, "ipCidrRange") for e in parts(other.document, "secondaryIpRanges")]
        if other.ref != change.ref and _overlaps(spelled, theirs):
            message = f"It conflicts with existing subnetwork '{other.ref.name}'."
            raise invalid("resource.ipCidrRange", spelled, message)


def _overlaps(block: str, others: list[str]) -> bool:
    network = IPv4Network(block)
    return any(network.overlaps(IPv4Network(other)) for other in others)


def _check_proxy_subnet(change: Change) -> None:
    """One active proxy-only subnet per region and network; no secondary ranges, no logs."""
    role, purpose = text(change.document, "role"), text(change.document, "purpose")
    change.document.pop("gatewayAddress", None)
    if role not in ("ACTIVE", "BACKUP"):
        message = f"Subnetwork role must be specified when purpose set to {purpose}."
        raise invalid("resource.role", role or "UNSPECIFIED_ROLE", message)
    block = text(change.document, "ipCidrRange")
    if IPv4Network(block).prefixlen > SMALLEST_PROXY_PREFIX:
        raise invalid("resource.ipCidrRange", block, "A proxy-only subnet is /26 or larger.")
    for name in ("logConfig", "secondaryIpRanges"):
        if change.document.get(name):
            message = f"Invalid field set in subnetwork with purpose {purpose}."
            raise invalid(f"resource.{name}", name, message)
    for other in change.compute.resources("subnetworks"):
        rival = (
            other.ref != change.ref
            and other.ref.scope == change.ref.scope
            and text(other.document, "network") == text(change.document, "network")
            and text(other.document, "purpose") in PROXY_PURPOSES
            and text(other.document, "role") == role == "ACTIVE"
        )
        if rival:
            message = f"'{other.ref.name}' is the active proxy-only subnetwork already."
            raise invalid("resource.role", role, message)


def prepare_firewall(change: Change) -> None:
    """Complete and check a firewall rule."""
    default = Ref(project=change.ref.project, scope=GLOBAL, collection="networks", name="default")
    if not text(change.document, "network"):
        change.put(network=change.compute.get(default).ref.url)
    change.default(direction="INGRESS", priority=1000, disabled=False)
    change.default(logConfig={"enable": False})
    _check_rules(change.document)
    _check_ends(change)
    priority = number(change.document, "priority")
    if not 0 <= priority <= LARGEST_PRIORITY:
        raise invalid("resource.priority", priority, f"Must be from 0 to {LARGEST_PRIORITY}.")


def _check_rules(document: Document) -> None:
    allowed, denied = parts(document, "allowed"), parts(document, "denied")
    if bool(allowed) == bool(denied):
        message = "Exactly one of allowed and denied is needed."
        raise invalid("resource.allowed", len(allowed), message)
    for name, rules in (("allowed", allowed), ("denied", denied)):
        for index, rule in enumerate(rules):
            place = f"resource.{name}[{index}]"
            if not text(rule, "IPProtocol"):
                raise required(f"{place}.IPProtocol")
            for nth, ports in enumerate(texts(rule, "ports")):
                if _PORTS.fullmatch(ports) is None:
                    raise invalid(f"{place}.ports[{nth}]", ports, "Must be a port or a range.")


def _check_ends(change: Change) -> None:
    document = change.document
    ingress = text(document, "direction") == "INGRESS"
    wrong = ("destinationRanges",) if ingress else _SOURCES
    if ingress and not any(items(document, name) for name in _SOURCES):
        change.put(sourceRanges=["0.0.0.0/0"])
    if not ingress and not items(document, "destinationRanges"):
        change.put(destinationRanges=["0.0.0.0/0"])
    for name in wrong:
        if name == "destinationRanges" or not items(document, name):
            continue
        raise invalid(f"resource.{name}", name, "Not for egress rules.")
    for name in ("sourceRanges", "destinationRanges"):
        ranges = texts(change.document, name)
        if len(ranges) > 5000:  # noqa: PLR2004  # "VPC quotas": IP ranges per firewall rule
            raise limit_exceeded(f"resource.{name}", "At most 5000 ranges are allowed.")
        for index, block in enumerate(ranges):
            if not is_block(block):
                raise invalid(f"resource.{name}[{index}]", block, "Must be a range in CIDR form.")


def prepare_instance(change: Change) -> None:
    """Complete a machine: it runs, and its interfaces are in the networks of their subnets."""
    interfaces = parts(change.document, "networkInterfaces")
    for number_, interface in enumerate(interfaces):
        subnet = at(change.compute, text(interface, "subnetwork"))
        network = text(subnet.document, "network") if subnet is not None else ""
        filled = {"network": network} if network else {}
        interfaces[number_] = {**filled, **interface, "name": f"nic{number_}"}
    change.put(networkInterfaces=interfaces, status="RUNNING")


_NETWORK = Reference(path=("network",), collections=("networks",), same_scope=False)

NETWORKS = Kind(
    collection="networks",
    schema="Network",
    noun="network",
    scopes=frozenset({ScopeKind.GLOBAL}),
    verbs=frozenset({"insert", "get", "list", "delete"}),
    prepare=prepare_network,
    render=render_network,
)
SUBNETWORKS = Kind(
    collection="subnetworks",
    schema="Subnetwork",
    noun="subnetwork",
    scopes=frozenset({ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "patch", "delete"}),
    references=(_NETWORK,),
    prepare=prepare_subnet,
    fingerprint=True,
    guarded=frozenset({"patch"}),
    fixed=("network", "purpose"),
)
FIREWALLS = Kind(
    collection="firewalls",
    schema="Firewall",
    noun="firewall",
    scopes=frozenset({ScopeKind.GLOBAL}),
    verbs=frozenset({"insert", "get", "list", "update", "patch", "delete"}),
    references=(_NETWORK,),
    prepare=prepare_firewall,
    fixed=("network", "direction"),
)
INSTANCES = Kind(
    collection="instances",
    schema="Instance",
    noun="instance",
    scopes=frozenset({ScopeKind.ZONE}),
    verbs=frozenset({"get", "list", "aggregatedList"}),
    references=(
        Reference(
            path=("networkInterfaces", "*", "network"),
            collections=("networks",),
            same_scope=False,
        ),
        Reference(path=("networkInterfaces", "*", "subnetwork"), collections=("subnetworks",)),
    ),
    prepare=prepare_instance,
    fingerprint=True,
)
