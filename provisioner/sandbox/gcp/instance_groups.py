"""Unmanaged instance groups: machines of one zone, and names for their ports.

Sources: the descriptions of ``InstanceGroup`` in the published schema and "Create groups of
unmanaged VMs". Google calls the fingerprint of ``setNamedPorts`` optional; the sandbox insists on
it, because a caller without one loses other people's ports unnoticed.
"""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import Document, number, parts, text
from provisioner.sandbox.gcp.backends import check_single_membership
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import (
    RefusalError,
    invalid,
    limit_exceeded,
    required,
    stale_fingerprint,
)
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.operations import rendered
from provisioner.sandbox.gcp.queries import select
from provisioner.sandbox.gcp.reach import services_with
from provisioner.sandbox.gcp.references import Ref, ScopeKind, parse_reference
from provisioner.sandbox.gcp.schema import conform
from provisioner.sandbox.gcp.state import Resource

LARGEST_PORT = 65535


def prepare_instance_group(change: Change) -> None:
    """Check the named ports of an instance group."""
    _check_ports(parts(change.document, "namedPorts"))


def render_instance_group(_compute: Compute, resource: Resource) -> Document:
    """Add the number of machines."""
    return {**resource.document, "size": len(resource.members)}


def add_instances(compute: Compute, request: Request) -> Document:
    """Put machines into a group."""
    group = compute.idle(request.ref)
    machines = _machines(compute, request, group)
    for ref in machines:
        if ref in group.members:
            raise RefusalError(
                400, "memberAlreadyExists", f"'{ref.path}' is already a member of the group."
            )
    total = len(group.members) + len(machines)
    limit = compute.limits["instances-per-instance-group"]
    if total > limit:
        raise limit_exceeded("resource.instances", f"At most {limit} instances in a group.")
    _check_load_balancing(compute, group, machines)
    network = _common_network(compute, group, machines)

    def effect() -> None:
        for ref in machines:
            if ref in compute.state.resources:
                group.members[ref] = compute.now()
        group.document = {**group.document, **network}

    return rendered(compute, compute.change(request, group, effect=effect))


def remove_instances(compute: Compute, request: Request) -> Document:
    """Take machines out of a group; they go on running."""
    group = compute.idle(request.ref)
    machines = _machines(compute, request, group)
    for ref in machines:
        if ref not in group.members:
            message = f"'{ref.path}' is not a member of the group."
            raise RefusalError(400, "memberNotFound", message)

    def effect() -> None:
        for ref in machines:
            group.members.pop(ref, None)

    return rendered(compute, compute.change(request, group, effect=effect))


def list_instances(compute: Compute, request: Request) -> Document:
    """List the machines of a group with its named ports."""
    group = compute.get(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body)
    ports = parts(group.document, "namedPorts")
    items: list[Document] = []
    for ref in group.members:
        machine = compute.state.resources.get(ref)
        status = text(machine.document, "status") if machine is not None else "TERMINATED"
        if text(body, "instanceState") == "RUNNING" and status != "RUNNING":
            continue
        item: Document = {"instance": ref.url, "status": status}
        items.append(item | ({"namedPorts": ports} if ports else {}))
    page = select(items, request.call.query, page_size=compute.settings.page_size)
    answer: Document = {
        "kind": "compute#instanceGroupsListInstances",
        "id": f"{group.ref.path}/listInstances",
        "selfLink": f"{group.ref.url}/listInstances",
    }
    if page.items:
        answer["items"] = list(page.items)
    return answer | ({"nextPageToken": page.next_token} if page.next_token else {})


def set_named_ports(compute: Compute, request: Request) -> Document:
    """Replace the named ports of a group."""
    group = compute.idle(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body)
    if not text(body, "fingerprint"):
        raise required("resource.fingerprint")
    if text(body, "fingerprint") != group.fingerprint:
        raise stale_fingerprint()
    ports = parts(body, "namedPorts")
    _check_ports(ports)
    document = {**group.document, "namedPorts": ports}
    if not ports:
        del document["namedPorts"]
    return rendered(compute, compute.change(request, group, coming=document))


def _check_ports(ports: list[Document]) -> None:
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        place = f"resource.namedPorts[{index}]"
        name, value = text(port, "name"), number(port, "port")
        if not name:
            raise required(f"{place}.name")
        if not 1 <= value <= LARGEST_PORT:
            raise invalid(f"{place}.port", value, "Must be between 1 and 65535.")
        if (name, value) in seen:
            raise invalid(place, f"{name}:{value}", "Duplicate named port.")
        seen.add((name, value))


def _machines(compute: Compute, request: Request, group: Resource) -> list[Ref]:
    body = conform(compute.discovery, request.method.request, request.call.body)
    given = [text(each, "instance") for each in parts(body, "instances")]
    if not given:
        raise required("resource.instances")
    found: list[Ref] = []
    for index, spelled in enumerate(given):
        place = f"resource.instances[{index}].instance"
        ref = parse_reference(spelled, group.ref.project)
        if ref is None or ref.collection != "instances":
            raise invalid(place, spelled, "The URL is malformed.")
        if ref.scope != group.ref.scope:
            raise invalid(place, spelled, "It is not in the zone of the group.")
        if ref in found:
            raise invalid(place, spelled, "Duplicate instance.")
        compute.get(ref)
        found.append(ref)
    return found


def _check_load_balancing(compute: Compute, group: Resource, machines: list[Ref]) -> None:
    if not any(services_with(compute, group.ref)):
        return
    balanced = {
        each.ref
        for each in compute.resources("instanceGroups")
        if any(services_with(compute, each.ref))
    }
    for machine in machines:
        homes = [
            each.ref for each in compute.resources("instanceGroups") if machine in each.members
        ]
        check_single_membership(machine, [*homes, group.ref], balanced)


def _common_network(compute: Compute, group: Resource, machines: list[Ref]) -> Document:
    """The first machine decides the network; all others must be in it too."""
    network, subnet = text(group.document, "network"), text(group.document, "subnetwork")
    for ref in machines:
        interfaces = parts(compute.get(ref).document, "networkInterfaces")
        first = interfaces[0] if interfaces else {}
        network, subnet = network or text(first, "network"), subnet or text(first, "subnetwork")
        if text(first, "network") != network:
            raise invalid("resource.instances", ref.url, "It is in another network.")
    return {"network": network, "subnetwork": subnet}


INSTANCE_GROUPS = Kind(
    collection="instanceGroups",
    schema="InstanceGroup",
    noun="instance_group",
    scopes=frozenset({ScopeKind.ZONE}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "delete"}),
    references=(Reference(path=("network",), collections=("networks",), same_scope=False),),
    prepare=prepare_instance_group,
    render=render_instance_group,
    fingerprint=True,
)
