"""Forwarding rules: an address and a port that lead to a target proxy.

Sources: the field descriptions of ``ForwardingRule`` in the published schema, "Forwarding rules
overview" and "Proxy-only subnets for Envoy-based load balancers".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from provisioner.sandbox.cluster.documents import Document, text, texts
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import invalid, not_emulated, required
from provisioner.sandbox.gcp.ip_addresses import (
    free_external,
    free_internal,
    is_address,
    lies_in,
)
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.proxies import check_frontend
from provisioner.sandbox.gcp.reach import PROXIES, at
from provisioner.sandbox.gcp.references import GLOBAL, Ref, ScopeKind, parse_reference
from provisioner.sandbox.gcp.state import Resource
from provisioner.sandbox.gcp.url_maps import check_configuration_size

SCHEMES = MappingProxyType(
    {
        ScopeKind.GLOBAL: ("EXTERNAL", "EXTERNAL_MANAGED"),
        ScopeKind.REGION: ("EXTERNAL_MANAGED", "INTERNAL_MANAGED"),
    }
)
SHARED_PURPOSE = "SHARED_LOADBALANCER_VIP"
PROXY_PURPOSES = ("REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER")
_CLASSIC_PORTS = MappingProxyType(
    {"targetHttpProxies": ("80", "8080"), "targetHttpsProxies": ("443",)}
)
# "Currently, you can only patch the network_tier field" (forwardingRules.patch), and what the
# descriptions of the fields below say of changing them.
_PATCHABLE = frozenset(
    {"networkTier", "allowGlobalAccess", "loadBalancingScheme", "labels", "description"}
    | {"externalManagedBackendBucketMigrationState"}
    | {"externalManagedBackendBucketMigrationTestingPercentage"}
)


def prepare_forwarding_rule(change: Change) -> None:
    """Complete and check a forwarding rule."""
    if change.previous is not None:
        _check_change(change, change.previous)
        return
    target = _target_of(change)
    change.default(loadBalancingScheme="EXTERNAL", IPProtocol="TCP", networkTier="PREMIUM")
    scheme = text(change.document, "loadBalancingScheme")
    if scheme not in SCHEMES[change.ref.scope.kind]:
        raise not_emulated(f"forwarding rules with scheme {scheme} in {change.ref.scope.path}")
    if text(change.document, "IPProtocol") != "TCP":
        protocol = text(change.document, "IPProtocol")
        raise invalid("resource.IPProtocol", protocol, "Must be TCP for target proxies.")
    _fill_port(change, target)
    if change.ref.scope.kind is ScopeKind.REGION:
        _fill_network(change)
        _check_proxy_subnet(change)
    change.default(ipVersion="IPV4")
    check_frontend(change.compute, scheme, target.url)
    _check_size(change, target)
    _fill_address(change)
    _check_collision(change)


def set_target(change: Change) -> None:
    """Check a new target of an existing forwarding rule."""
    target = _target_of(change)
    check_frontend(change.compute, text(change.document, "loadBalancingScheme"), target.url)
    _check_size(change, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reserved:
    """A reserved address that a forwarding rule names."""

    ref: Ref
    document: Document


def _check_change(change: Change, previous: Document) -> None:
    changed = {
        key
        for key in {*change.document, *previous}
        if change.document.get(key) != previous.get(key)
    }
    if change.verb == "setTarget":
        set_target(change)
        return
    server = {"id", "kind", "selfLink", "selfLinkWithId", "creationTimestamp", "region"}
    server |= {"labelFingerprint"}
    for name in sorted(changed - _PATCHABLE - server):
        raise invalid(
            f"resource.{name}", change.document.get(name), "This field cannot be patched."
        )
    if "loadBalancingScheme" in changed:
        scheme = text(change.document, "loadBalancingScheme")
        check_frontend(change.compute, scheme, text(change.document, "target"))


def _target_of(change: Change) -> Ref:
    if text(change.document, "backendService"):
        raise not_emulated("forwarding rules with a backendService (passthrough load balancers)")
    target = parse_reference(text(change.document, "target"), change.ref.project)
    if target is None:
        raise required("resource.target")
    return target


def _check_size(change: Change, target: Ref) -> None:
    proxy = at(change.compute, target.url)
    url_map = at(change.compute, text(proxy.document, "urlMap")) if proxy is not None else None
    if url_map is not None:
        scheme = text(change.document, "loadBalancingScheme")
        check_configuration_size(change.compute, url_map.ref.url, url_map.document, newcomer=scheme)


def _fill_port(change: Change, target: Ref) -> None:
    ports = texts(change.document, "ports")
    spelled = text(change.document, "portRange") or (ports[0] if len(ports) == 1 else "")
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", spelled)
    if found is None:
        raise required("resource.portRange")
    first, last = found[1], found[2] or found[1]
    if first != last or not 1 <= int(first) <= 65535:  # noqa: PLR2004  # the largest port
        raise invalid("resource.portRange", spelled, "Must be exactly one port.")
    classic = text(change.document, "loadBalancingScheme") == "EXTERNAL"
    if classic and first not in _CLASSIC_PORTS[target.collection]:
        allowed = " or ".join(_CLASSIC_PORTS[target.collection])
        raise invalid("resource.portRange", spelled, f"Must be {allowed} for {target.collection}.")
    change.put(portRange=f"{first}-{first}")
    change.document.pop("ports", None)


def _fill_network(change: Change) -> None:
    """Take the network from the subnet, or the default network, as the field's description says."""
    subnet = at(change.compute, text(change.document, "subnetwork"))
    if subnet is not None:
        change.default(network=text(subnet.document, "network"))
        if text(subnet.document, "network") != text(change.document, "network"):
            raise invalid("resource.subnetwork", subnet.ref.url, "It is in another network.")
        return
    default = Ref(project=change.ref.project, scope=GLOBAL, collection="networks", name="default")
    if not text(change.document, "network"):
        change.put(network=change.compute.get(default).ref.url)
    if text(change.document, "loadBalancingScheme") == "INTERNAL_MANAGED":
        raise required("resource.subnetwork")


def _check_proxy_subnet(change: Change) -> None:
    for subnet in change.compute.resources("subnetworks"):
        fits = (
            subnet.ref.scope == change.ref.scope
            and text(subnet.document, "network") == text(change.document, "network")
            and text(subnet.document, "purpose") in PROXY_PURPOSES
            and text(subnet.document, "role") == "ACTIVE"
        )
        if fits:
            return
    message = (
        "An active proxy-only subnetwork is required in the same region and VPC as the"
        " forwarding rule."
    )
    raise invalid("resource.target", text(change.document, "target"), message)


def _fill_address(change: Change) -> None:
    spelled = text(change.document, "IPAddress")
    internal = text(change.document, "loadBalancingScheme") == "INTERNAL_MANAGED"
    if not spelled:
        address = _ephemeral(change, internal=internal)
    elif is_address(spelled):
        address = _checked_literal(change, spelled, internal=internal)
    else:
        reserved = _named(change, spelled)
        _check_reserved(change, reserved, internal=internal)
        address = text(reserved.document, "address")
    change.put(IPAddress=address)


def _ephemeral(change: Change, *, internal: bool) -> str:
    if not internal:
        return free_external(change.compute)
    subnet = at(change.compute, text(change.document, "subnetwork"))
    assert subnet is not None, "_fill_network requires it"
    return free_internal(change.compute, subnet)


def _checked_literal(change: Change, spelled: str, *, internal: bool) -> str:
    """Take a reserved address of this place, one in use by a neighbour, or a free internal one."""
    for address in change.compute.resources("addresses", change.ref.project):
        if text(address.document, "address") == spelled and address.ref.scope == change.ref.scope:
            reserved = _Reserved(ref=address.ref, document=address.document)
            _check_reserved(change, reserved, internal=internal)
            return spelled
    for rule in change.compute.resources("forwardingRules", change.ref.project):
        if text(rule.document, "IPAddress") == spelled and rule.ref.scope == change.ref.scope:
            return spelled
    subnet = at(change.compute, text(change.document, "subnetwork"))
    if internal and subnet is not None and lies_in(spelled, text(subnet.document, "ipCidrRange")):
        return spelled
    message = f"The address is not reserved in {change.ref.scope.path}."
    raise invalid("resource.IPAddress", spelled, message)


def _named(change: Change, spelled: str) -> _Reserved:
    ref = parse_reference(spelled, change.ref.project)
    if ref is None:
        raise invalid("resource.IPAddress", spelled, "The URL is malformed.")
    if ref.collection != "addresses" or ref.scope != change.ref.scope:
        message = f"Must name an address in {change.ref.scope.path}."
        raise invalid("resource.IPAddress", spelled, message)
    found = change.compute.get(ref)
    return _Reserved(ref=ref, document=found.document)


def _check_reserved(change: Change, reserved: _Reserved, *, internal: bool) -> None:
    kind = text(reserved.document, "addressType")
    if (kind == "INTERNAL") != internal:
        message = f"The address is {kind}, which does not fit the load balancing scheme."
        raise invalid("resource.IPAddress", reserved.ref.url, message)
    shared = text(reserved.document, "purpose") == SHARED_PURPOSE
    if internal and not shared and _users_of(change.compute, reserved.document):
        message = f"Only an address with purpose {SHARED_PURPOSE} can be shared."
        raise invalid("resource.IPAddress", reserved.ref.url, message)


def _users_of(compute: Compute, address: Document) -> list[Resource]:
    return [
        rule
        for rule in compute.resources("forwardingRules")
        if text(rule.document, "IPAddress") == text(address, "address")
    ]


def _check_collision(change: Change) -> None:
    address, ports = text(change.document, "IPAddress"), text(change.document, "portRange")
    network = text(change.document, "network")
    for rule in change.compute.resources("forwardingRules"):
        same = (text(rule.document, "IPAddress"), text(rule.document, "portRange")) == (
            address,
            ports,
        )
        if same and text(rule.document, "network") == network:
            message = "Specified IP address is in-use and would result in a conflict."
            raise invalid("resource.IPAddress", address, message)


FORWARDING_RULES = Kind(
    collection="forwardingRules",
    schema="ForwardingRule",
    noun="forwarding_rule",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "patch", "delete"}),
    references=(
        Reference(path=("target",), collections=PROXIES),
        Reference(path=("network",), collections=("networks",), same_scope=False),
        Reference(path=("subnetwork",), collections=("subnetworks",)),
    ),
    prepare=prepare_forwarding_rule,
    fingerprint=True,
)
