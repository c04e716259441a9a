"""Network endpoint groups: one per backend and zone, for pods that are targets themselves.

A backend has a group in every zone that has one of its pods or could get one because it has nodes.
So a pod that starts in another zone is attached at once, and nothing has to be made first. A zone
that was used stays: an empty group costs nothing, while taking it out of a backend service whenever
an autoscaler empties a zone is a change of what carries traffic.

Where neither pods nor nodes are known (plans from files), one group stands for those that will be.
"""

from __future__ import annotations

from collections.abc import Iterable

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.desired.context import Context
from providers.gcp.desired.endpoints import Placed
from providers.gcp.desired.machines import Machines
from providers.gcp.desired.notes import NOT_KNOWN_HERE
from providers.gcp.shapes import shaped
from provisioner.model.intent import BackendIntent
from provisioner.model.resource import SHARED, ObservedResource, Resource, Unknown

TYPE = "GCE_VM_IP_PORT"


def endpoint_groups(
    context: Context,
    backend: BackendIntent,
    *,
    group: str,
    id_: str,
    zones: Iterable[str],
) -> tuple[Resource, ...]:
    """Return the groups of a backend; without zones the one that stands for all.

    Args:
        context: The load balancer.
        backend: The backend.
        group: Whose they are: the load balancer's, or ``shared``.
        id_: The backend's id in addresses.
        zones: Where they are.
    """
    wanted = sorted(zones) or [NOT_KNOWN_HERE]
    return tuple(_group(context, backend, group=group, id_=id_, zone=zone) for zone in wanted)


def zones_of(backend: BackendIntent, where: Placed, machines: Machines) -> frozenset[str] | None:
    """Return the zones that a backend needs a group in, None where that is not known."""
    known = {zone for zone in where.by_zone or () if zone}
    known |= {machine.zone for machine in machines.of_nodes(backend)}
    if not known and backend.pods is None and backend.nodes is None:
        known = set(machines.zones)
        return frozenset(known) or None
    return frozenset(known)


def zones_in_use(context: Context, *, group: str, id_: str, among: Iterable[str]) -> frozenset[str]:
    """Return the zones where a backend has a group already, of those where anybody has one."""
    return frozenset(
        zone for zone in among if context.at(addresses.endpoint_group(group, id_, zone)) is not None
    )


def zones_seen(observed: Iterable[ObservedResource]) -> frozenset[str]:
    """Return the zones that have network endpoint groups."""
    groups = (r for r in observed if r.kind == Kind.NETWORK_ENDPOINT_GROUP)
    zones = (group.spec.get("zone") for group in groups)
    return frozenset(zone for zone in zones if isinstance(zone, str))


def _group(
    context: Context, backend: BackendIntent, *, group: str, id_: str, zone: str
) -> Resource:
    address = addresses.endpoint_group(group, id_, zone)
    present = context.at(address)
    unknown = zone == NOT_KNOWN_HERE
    readable = "" if unknown else zone
    name = (
        present.name
        if present is not None
        else context.labels.endpoint_group_name(backend, address=address, zone=readable)
    )
    return Resource(
        kind=Kind.NETWORK_ENDPOINT_GROUP.value,
        address=address,
        group=group,
        name=name,
        ingresses=() if group == SHARED else (backend.id.ingress,),
        spec=shaped(
            Kind.NETWORK_ENDPOINT_GROUP,
            {
                "name": name,
                "description": context.labels.endpoint_group_description(
                    backend, address=address, group=group
                ),
                "zone": Unknown("the zones of the nodes") if unknown else zone,
                "networkEndpointType": TYPE,
                "network": context.network,
                "subnetwork": context.subnetwork,
            },
        ),
        title=f"{backend.id} in {'the zones of its nodes' if unknown else zone}",
    )
