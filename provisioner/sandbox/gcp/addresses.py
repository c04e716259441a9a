"""Static addresses: reserved, and in use once a forwarding rule has them."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, text
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import invalid, not_emulated, required
from provisioner.sandbox.gcp.ip_addresses import (
    EXTERNAL_RANGE,
    free_external,
    free_internal,
    is_address,
    lies_in,
)
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.reach import at
from provisioner.sandbox.gcp.references import Ref, ScopeKind
from provisioner.sandbox.gcp.state import Resource

_PURPOSES = ("GCE_ENDPOINT", "SHARED_LOADBALANCER_VIP")


def prepare_address(change: Change) -> None:
    """Complete and check an address.

    An external address may be given, which promotes the ephemeral address of a forwarding rule
    ("Reserve a static external IP address": promote an ephemeral external IP address).
    """
    if change.previous is not None:  # setLabels
        return
    change.default(addressType="EXTERNAL")
    if text(change.document, "ipVersion") == "IPV6":
        raise not_emulated("IPv6 addresses")
    if text(change.document, "addressType") == "INTERNAL":
        _internal(change)
    else:
        _external(change)


def render_address(compute: Compute, resource: Resource) -> Document:
    """Add who uses it."""
    found = [ref.url for ref in users_of_address(compute, resource)]
    if not found:
        return {**resource.document, "status": "RESERVED"}
    return {**resource.document, "status": "IN_USE", "users": found}


def users_of_address(compute: Compute, resource: Resource) -> Iterator[Ref]:
    """Yield the forwarding rules that have the address."""
    address = text(resource.document, "address")
    for rule in compute.resources("forwardingRules"):
        if text(rule.document, "IPAddress") == address and rule.ref.scope == resource.ref.scope:
            yield rule.ref


def _external(change: Change) -> None:
    change.default(networkTier="PREMIUM", ipVersion="IPV4")
    spelled = text(change.document, "address")
    if not spelled:
        change.put(address=free_external(change.compute))
        return
    holders = (
        text(rule.document, "IPAddress")
        for rule in change.compute.resources("forwardingRules", change.ref.project)
        if rule.ref.scope == change.ref.scope
    )
    if not is_address(spelled) or spelled not in set(holders):
        message = f"Only an address in use can be given; others come from {EXTERNAL_RANGE}."
        raise invalid("resource.address", spelled, message)
    _check_unreserved(change, spelled)


def _internal(change: Change) -> None:
    if change.ref.scope.kind is ScopeKind.GLOBAL:
        raise not_emulated("global internal addresses")
    change.default(purpose="GCE_ENDPOINT")
    purpose = text(change.document, "purpose")
    if purpose not in _PURPOSES:
        raise not_emulated(f"addresses with purpose {purpose}")
    subnet = at(change.compute, text(change.document, "subnetwork"))
    if subnet is None:
        raise required("resource.subnetwork")
    spelled = text(change.document, "address")
    if not spelled:
        change.put(address=free_internal(change.compute, subnet))
    elif not is_address(spelled) or not lies_in(spelled, text(subnet.document, "ipCidrRange")):
        raise invalid("resource.address", spelled, "It does not lie in the subnetwork.")
    else:
        _check_unreserved(change, spelled)


def _check_unreserved(change: Change, spelled: str) -> None:
    for other in change.compute.resources("addresses"):
        if text(other.document, "address") == spelled:
            raise invalid("resource.address", spelled, f"It is reserved as '{other.ref.path}'.")


ADDRESSES = Kind(
    collection="addresses",
    schema="Address",
    noun="address",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "delete"}),
    references=(
        Reference(path=("network",), collections=("networks",), same_scope=False),
        Reference(path=("subnetwork",), collections=("subnetworks",)),
    ),
    prepare=prepare_address,
    render=render_address,
    users=users_of_address,
)
