"""Instance groups: the machines behind node ports, one group in each zone for the whole cluster.

A machine may be in one load-balanced group only. So where GKE has its group (``k8s-ig--<uid>``)
with our machines in it, that group is used: its members are GKE's affair, named ports are added
beside those that GKE has put there, and nobody here ever deletes it. Elsewhere there is a group of
our own, whose members are the machines that some load balancer sends to.

Every node port in use has a name on each group (``port30080``); names that nobody uses any more go,
because a group holds a limited number of them (ingress-gce#43).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from providers.gcp import addresses, incumbent, names
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.desired.machines import zone_of
from providers.gcp.desired.notes import NOT_KNOWN_HERE, UNKNOWN, Needs
from providers.gcp.incumbent import named_port
from providers.gcp.marks import description
from providers.gcp.shapes import shaped
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import Compatibility
from provisioner.model.resource import (
    SHARED,
    Observed,
    PlainInput,
    Ref,
    Resource,
    Unknown,
)
from provisioner.model.settings import Identity

MOST_INSTANCES = 2000
"""How many a zonal unmanaged group holds ("Quotas and limits" of Cloud Load Balancing)."""

_GROUPS = "/instanceGroups/"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceGroups:
    """Instance groups with their machines and named ports, and what does not fit into them."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def group_in(zone: str, facts: Facts, observed: Observed) -> Ref | str:
    """Return the instance group of a zone: ours where it exists or nobody else has one."""
    address = addresses.instance_group(zone)
    theirs = facts.foreign_groups.get(zone, "")
    return theirs if theirs and address not in observed.resources else Ref(address, "selfLink")


def zone_behind(group: object) -> str:
    """Return the zone of an instance group that a backend service names, "" for other things."""
    if isinstance(group, Ref):
        parsed = addresses.parse(group.address)
        return parsed.rest.partition("/")[2] if parsed.kind is Kind.INSTANCE_GROUP else ""
    return zone_of(group) if isinstance(group, str) and _GROUPS in group else ""


def instance_groups(
    needs: Needs, facts: Facts, observed: Observed, identity: Identity
) -> InstanceGroups:
    """Return the instance groups that are needed, with their machines and named ports."""
    found: list[Resource] = []
    findings: list[Diagnostic] = []
    for zone in sorted({*needs.instances, *needs.named_ports}):
        group = group_in(zone, facts, observed)
        if isinstance(group, Ref):
            name = _name(zone, needs, identity)
            members, waiting = _members(zone, needs, observed)
            found.append(_group(zone, name, facts=facts, observed=observed, identity=identity))
            found.append(_instances(zone, members))
            findings += _full(zone, waiting)
        found.append(_named_ports(zone, group, needs))
    return InstanceGroups(resources=tuple(found), diagnostics=tuple(findings))


def _name(zone: str, needs: Needs, identity: Identity) -> str:
    """Return the name of our group; where all that use it are read as GKE would, it is GKE's."""
    if needs.readings == {Compatibility.INCUMBENT} and identity.ingress_uid:
        return incumbent.instance_group(ingress_uid=identity.ingress_uid)
    readable = "" if zone == NOT_KNOWN_HERE else zone
    return names.name(identity, addresses.instance_group(zone), identity.cluster_name, readable)


def _group(
    zone: str, fresh: str, *, facts: Facts, observed: Observed, identity: Identity
) -> Resource:
    address = addresses.instance_group(zone)
    present = observed.resources.get(address)
    known = zone != NOT_KNOWN_HERE
    name = (present.name if present is not None else "") or fresh
    network = facts.network or Unknown("depends on the network of the cluster")
    return Resource(
        kind=Kind.INSTANCE_GROUP.value,
        address=address,
        group=SHARED,
        name=name,
        spec=shaped(
            Kind.INSTANCE_GROUP,
            {
                "name": name,
                "description": description(identity, group=SHARED, address=address),
                "zone": _zone(zone),
                "network": network,
            },
        ),
        title=f"nodes in {zone}" if known else "nodes",
    )


def _members(zone: str, needs: Needs, observed: Observed) -> tuple[PlainInput, tuple[str, ...]]:
    """Return the machines of a group and those that wait; what nobody can look up stays in it.

    Who is in the group already stays in it as long as it is needed.
    """
    wanted = needs.instances.get(zone, frozenset())
    present = observed.resources.get(addresses.instances(zone))
    listed = present.spec.get("instances") if present is not None else None
    already = frozenset(map(str, listed)) if isinstance(listed, tuple) else frozenset[str]()
    known = wanted - {UNKNOWN} | (already if UNKNOWN in wanted else frozenset())
    if UNKNOWN in wanted and not known:
        return Unknown("the nodes of the cluster"), ()
    ordered = sorted(known, key=lambda link: (link not in already, link))
    return sorted(ordered[:MOST_INSTANCES]), tuple(ordered[MOST_INSTANCES:])


def _full(zone: str, waiting: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield that a zone has more machines than a group holds; GKE drops them without a word."""
    if waiting:
        count = MOST_INSTANCES + len(waiting)
        yield warning(
            "LIMIT-TARGETS",
            addresses.instance_group(zone),
            message=f"{len(waiting)} of {count} nodes in zone {zone} wait: an instance group holds"
            f" {MOST_INSTANCES} instances",
            hint="set target mode pod, which has no instance groups",
        )


def _instances(zone: str, members: PlainInput) -> Resource:
    return Resource(
        kind=Kind.INSTANCES.value,
        address=addresses.instances(zone),
        group=SHARED,
        spec=shaped(
            Kind.INSTANCES,
            {
                "instanceGroup": Ref(addresses.instance_group(zone), "selfLink"),
                "zone": _zone(zone),
                "instances": members,
            },
        ),
        title=f"nodes in {zone}",
    )


def _named_ports(zone: str, group: Ref | str, needs: Needs) -> Resource:
    wanted = needs.named_ports.get(zone, frozenset())
    ports: PlainInput = [
        {"name": named_port(int(number)), "port": int(number)}
        for number in sorted(wanted - {UNKNOWN}, key=int)
    ]
    if UNKNOWN in wanted:
        ports = Unknown("the node ports that the cluster allocates")
    return Resource(
        kind=Kind.NAMED_PORTS.value,
        address=addresses.named_ports(zone),
        group=SHARED,
        spec=shaped(
            Kind.NAMED_PORTS,
            {"instanceGroup": group, "zone": _zone(zone), "namedPorts": ports},
        ),
        title=f"node ports in {zone}",
    )


def _zone(zone: str) -> str | Unknown:
    return Unknown("the zones of the nodes") if zone == NOT_KNOWN_HERE else zone
