"""Where addresses come from: a range for the outside, subnets for the inside.

External addresses are taken in order from 198.18.0.0/15, which RFC 2544 keeps for tests, so that
no address of the sandbox can belong to anyone.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

from provisioner.sandbox.cluster.documents import parts, text
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import RefusalError
from provisioner.sandbox.gcp.state import Resource

EXTERNAL_RANGE = IPv4Network("198.18.0.0/15")
_RESERVED_AT_START = 2  # network and gateway ("Subnets": reserved IP addresses)
_RESERVED_AT_END = 2  # the second-to-last address and broadcast


def free_external(compute: Compute) -> str:
    """Return an external address that nobody has."""
    taken = set(_taken(compute))
    return next(str(each) for each in EXTERNAL_RANGE.hosts() if str(each) not in taken)


def free_internal(compute: Compute, subnet: Resource) -> str:
    """Return an address of a subnet's primary range that nobody has."""
    taken = set(_taken(compute))
    for each in usable(text(subnet.document, "ipCidrRange")):
        if str(each) not in taken:
            return str(each)
    raise RefusalError(
        400,
        "ipSpaceExhausted",
        f"IP space of '{subnet.ref.path}' is exhausted.",
        code="IP_SPACE_EXHAUSTED",
    )


def usable(block: str) -> Iterator[IPv4Address]:
    """Yield the addresses of a range that can be given, lowest first."""
    network = IPv4Network(block)
    for offset in range(_RESERVED_AT_START, network.num_addresses - _RESERVED_AT_END):
        yield network[offset]


def is_address(spelled: str) -> bool:
    """Whether the text is an IP address and not a name or URL."""
    try:
        ip_address(spelled)
    except ValueError:
        return False
    return True


def is_block(spelled: str) -> bool:
    """Whether the text is an IP range (or one address) without host bits."""
    try:
        ip_network(spelled)
    except ValueError:
        return False
    return True


def lies_in(spelled: str, block: str) -> bool:
    """Whether an address or range lies in a range."""
    inner, outer = ip_network(spelled, strict=False), ip_network(block, strict=False)
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return False


def _taken(compute: Compute) -> Iterator[str]:
    for rule in compute.resources("forwardingRules"):
        yield text(rule.document, "IPAddress")
    for address in compute.resources("addresses"):
        yield text(address.document, "address")
    for instance in compute.resources("instances"):
        for interface in parts(instance.document, "networkInterfaces"):
            yield text(interface, "networkIP")
