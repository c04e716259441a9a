"""Where a load balancer is reachable: the words of its forwarding rules for everybody else.

While one load balancer takes the place of another there are two; people are to be told the newest
alone, because what they write into DNS now has to last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.core.address_text import AddressError

IP = "IPAddress"

_PORTS = range(1, 65536)


def status_addresses(group: str, outputs: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return the IP addresses of a group's load balancer; of several, those of the newest.

    Args:
        group: The group.
        outputs: What is known of resources, by address.
    """
    found: dict[int, dict[str, None]] = {}
    for address, balancer in _rules(group, outputs):
        ip = outputs[address].get(IP, "")
        if ip:
            found.setdefault(balancer, {})[ip] = None
    return tuple(found[max(found)]) if found else ()


def _rules(group: str, known: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the addresses of a group's forwarding rules, and the generation of each."""
    for address in sorted(known):
        try:
            parsed = addresses.parse(address)
        except AddressError:
            continue
        if parsed.kind is Kind.FORWARDING_RULE and _belongs(address, group, parsed.balancer):
            yield address, parsed.balancer


def _belongs(address: str, group: str, balancer: int) -> bool:
    """Tell whether a forwarding rule is one of a group's."""
    port = addresses.parse(address).rest.rpartition("/")[2]
    if port.isdecimal():
        return address == addresses.forwarding_rule(group, int(port), balancer=balancer)
    # An address that was too long ends in a hash, which only the right port leads to.
    return any(address == addresses.forwarding_rule(group, n, balancer=balancer) for n in _PORTS)
