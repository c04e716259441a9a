"""What the choice of a target mode must respect on Google Cloud, and which mode is in force now.

Pods can be targets only where their nodes have alias IP ranges (VPC-native clusters) and the pods'
addresses are in them; node ports only where the Service has them, a Compute Engine instance stands
behind a node, and the load balancer takes instance groups.

A load balancer has no limit on targets of its own: each zone of each backend has one.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from providers.gcp import addresses
from providers.gcp.account import Facts, Instance
from providers.gcp.addresses import Kind
from providers.gcp.desired.backend_ids import backend_at
from providers.gcp.desired.choice import choose_variant
from providers.gcp.desired.machines import Machine, Machines, machine
from providers.gcp.routing.entries import Entry, entries, services
from provisioner.model.expression import ModeRoom
from provisioner.model.intent import BackendId, BackendIntent, LoadBalancerIntent, TargetMode
from provisioner.model.kube import Key, Node
from provisioner.model.limits import Limits
from provisioner.model.resource import SHARED, Observed, ObservedResource, Resource

LARGEST_LIMIT = "endpoints-per-network-endpoint-group"
INSTANCES_LIMIT = "instances-per-instance-group"


def node_impossible(node: Node) -> str:
    """Return why a node can never be a target, "" where it can."""
    if machine(node.provider_id) is not None:
        return ""
    return f'provider id "{node.provider_id}" names no Compute Engine instance'


def mode_room(load_balancer: LoadBalancerIntent, facts: Facts, limits: Limits) -> ModeRoom:
    """Return the limits that both modes spend, and the backends for which one cannot work."""
    backends = load_balancer.backends
    machines = Machines.of(facts, backends)
    regional = choose_variant(load_balancer, ()).variant.regional
    most = limits[INSTANCES_LIMIT].value
    pods = {b.id: reason for b in backends if (reason := _no_pods(b, machines))}
    nodes = {
        b.id: reason
        for b in backends
        if (reason := _no_node_ports(b, machines, regional=regional, most=most))
    }
    each = limits[LARGEST_LIMIT].value * max(1, len(machines.zones))
    return ModeRoom(
        targets_limit=each * max(1, len(backends)),
        largest_limit=each,
        pod_impossible=MappingProxyType(pods),
        node_port_impossible=MappingProxyType(nodes),
    )


def present_modes(group: str, observed: Observed) -> Mapping[str, TargetMode]:
    """Return the mode in force by ``<ns>/<ingress>/<service>:<port>``: the one with most weight.

    While one load balancer replaces another, the new one's rules say it.
    """
    weights: dict[str, Counter[TargetMode]] = {}
    maps = [r for r in observed.of_group(group) if r.kind == Kind.URL_MAP]
    newest = max((addresses.parse(each.address).balancer for each in maps), default=1)
    for each in maps:
        if addresses.parse(each.address).balancer != newest:
            continue
        for entry in entries(each.spec):
            for backend, mode, weight in _led_to(group, entry):
                weights.setdefault(f"{backend.ingress}/{backend}", Counter())[mode] += weight
    heaviest = {
        backend: max(sorted(total), key=lambda mode: total[mode])
        for backend, total in sorted(weights.items())
    }
    return MappingProxyType(heaviest)


def backends_in(resources: Iterable[Resource | ObservedResource]) -> Iterator[BackendId]:
    """Yield the backends that backend services among resources of one load balancer are for.

    A common backend service does not say for which Ingress; the URL map that leads to it does. An
    address that was too long for a description tells nothing.
    """
    for resource in resources:
        if resource.kind == Kind.BACKEND_SERVICE:
            found = backend_at(resource.address, resource.group)
            if found is not None and found[0].ingress.name:
                yield found[0]
        elif resource.kind == Kind.URL_MAP:
            for entry in entries(resource.spec):
                for backend, _, _ in _led_to(resource.group, entry):
                    yield backend


def _led_to(group: str, entry: Entry) -> Iterator[tuple[BackendId, TargetMode, int]]:
    """Yield where an entry of a URL map leads: backend, mode and weight."""
    for address, weight in services(entry.action).items():
        found = backend_at(address, group) or backend_at(address, SHARED)
        if found is None:
            continue
        backend, mode = found
        if backend.ingress.name:
            yield backend, mode, weight
        elif entry.ingress is not None:
            yield _for(entry.ingress, backend), mode, weight


def _for(ingress: Key, backend: BackendId) -> BackendId:
    return BackendId(ingress=ingress, service=backend.service, port=backend.port)


def _no_pods(backend: BackendIntent, machines: Machines) -> str:
    """Return why pods cannot be targets, "" where they can or nobody can tell."""
    for pod in backend.pods or ():
        found = machines.of_pod(pod)
        instance = machines.instance(found) if found is not None else None
        if instance is not None and not _holds(instance, pod.ip):
            ranges = ", ".join(instance.alias_ranges)
            listed = f"its alias IP ranges ({ranges})" if ranges else "any alias IP range"
            return f"pod address {pod.ip} is not in {listed} of node {pod.node}"
    known = tuple(machines.instances.values())
    if known and not any(instance.alias_ranges for instance in known):
        return "the nodes have no alias IP ranges (the cluster is not VPC-native)"
    return ""


def _holds(instance: Instance, ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    blocks = (ipaddress.ip_network(block, strict=False) for block in instance.alias_ranges)
    return any(address.version == block.version and address in block for block in blocks)


def _no_node_ports(backend: BackendIntent, machines: Machines, *, regional: bool, most: int) -> str:
    if regional:
        return "a regional load balancer takes network endpoint groups alone"
    if not backend.can_node_port:
        return f"Service {backend.id.service} has no node ports"
    zone, count = _fullest(machines.of_nodes(backend))
    if count > most:
        return f"zone {zone} has {count} nodes, and an instance group holds {most}"
    return ""


def _fullest(machines: Iterable[Machine]) -> tuple[str, int]:
    counted = Counter(each.zone for each in machines)
    return max(counted.items(), key=lambda item: (item[1], item[0]), default=("", 0))
