"""What the choice of a target mode must respect on AWS, and which mode is in force now.

Pods can be targets only where the VPC can route to them; node ports only where the Service has them
and an EC2 instance stands behind a node (Fargate and hybrid nodes have none).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from providers.aws import addresses
from providers.aws.account import Facts
from providers.aws.addresses import Kind, balancer_of
from providers.aws.desired.generations import generations
from providers.aws.desired.needs import instance_id
from provisioner.core.address_text import AddressError
from provisioner.model.expression import ModeRoom
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    LoadBalancerIntent,
    TargetMode,
)
from provisioner.model.kube import Key, Node
from provisioner.model.limits import Limits
from provisioner.model.resource import Observed, ObservedResource, Ref, Resource, Value

TARGETS_LIMIT = "targets-per-application-load-balancer"
LARGEST_LIMIT = "targets-per-target-group"

_COMPUTE_TYPE = "eks.amazonaws.com/compute-type"
"""What EKS labels nodes with. ``auto`` (EKS Auto Mode) means EC2 instances like any other."""

_FARGATE = "it runs on Fargate, which has no node ports"
_HYBRID = "it is an EKS hybrid node, a machine outside EC2"
_NO_INSTANCE: Mapping[str, str] = MappingProxyType({"fargate": _FARGATE, "hybrid": _HYBRID})


def node_impossible(node: Node) -> str:
    """Return why a node can never be a target, "" where it can."""
    compute = node.meta.labels.get(_COMPUTE_TYPE, "")
    if compute in _NO_INSTANCE:
        return _NO_INSTANCE[compute]
    if node.provider_id.startswith("eks-hybrid:"):
        return _HYBRID
    if instance_id(node.provider_id):
        return ""
    if node.provider_id.startswith("aws://") and "/fargate-" in node.provider_id:
        return _FARGATE
    return f'provider id "{node.provider_id}" names no EC2 instance'


def mode_room(load_balancer: LoadBalancerIntent, facts: Facts, limits: Limits) -> ModeRoom:
    """Return the limits that both modes spend, and the backends for which one cannot work."""
    which = load_balancer.compatibility
    pods = {b.id: reason for b in load_balancer.backends if (reason := _no_pods(b, facts, which))}
    nodes = {b.id: reason for b in load_balancer.backends if (reason := _no_node_ports(b, facts))}
    return ModeRoom(
        targets_limit=limits[TARGETS_LIMIT].value,
        largest_limit=limits[LARGEST_LIMIT].value,
        pod_impossible=MappingProxyType(pods),
        node_port_impossible=MappingProxyType(nodes),
    )


def present_modes(group: str, observed: Observed) -> Mapping[str, TargetMode]:
    """Return the mode in force by ``<ns>/<ingress>/<service>:<port>``: the one with most weight.

    While one load balancer replaces another, the new one's rules say it.
    """
    weights: dict[str, dict[TargetMode, int]] = {}
    newest = max(generations(group, observed), default=1)
    own = tuple(r for r in observed.of_group(group) if balancer_of(r.address) in (0, newest))
    for address, weight in _weights(own):
        backend, mode = _backend_and_mode(address)
        if mode is not None:
            total = weights.setdefault(backend, {})
            total[mode] = total.get(mode, 0) + weight
    heaviest = {
        backend: max(sorted(total), key=lambda mode: total[mode])
        for backend, total in sorted(weights.items())
    }
    return MappingProxyType(heaviest)


def backends_in(resources: Iterable[Resource | ObservedResource]) -> Iterator[BackendId]:
    """Yield the backends that target groups among resources of one load balancer are for.

    An address that was too long for a tag tells nothing.
    """
    for resource in resources:
        if resource.kind != Kind.TARGET_GROUP:
            continue
        text, mode = _backend_and_mode(resource.address)
        if mode is None:
            continue
        ingress, _, port = text.rpartition("/")
        namespace, _, name = ingress.partition("/")
        service, _, number = port.rpartition(":")
        yield BackendId(ingress=Key(namespace, name), service=Key(namespace, service), port=number)


def backend_text(backend: BackendId) -> str:
    """Return a backend as ``present_modes`` names it."""
    return f"{backend.ingress}/{backend}"


def _no_pods(backend: BackendIntent, facts: Facts, compatibility: Compatibility) -> str:
    """Return why pods cannot be targets.

    The incumbent controller registers addresses of peered networks all the same, with all zones.
    """
    if facts.vpc is None or compatibility is Compatibility.INCUMBENT:
        return ""
    blocks = [
        ipaddress.ip_network(cidr, strict=False)
        for cidr in (*facts.vpc.cidrs, *facts.vpc.ipv6_cidrs)
    ]
    for pod in backend.pods or ():
        ip = ipaddress.ip_address(pod.ip)
        if not any(ip in block for block in blocks):
            listed = ", ".join(str(block) for block in blocks)
            return f"pod address {pod.ip} lies outside the VPC ({listed})"
    return ""


def _no_node_ports(backend: BackendIntent, facts: Facts) -> str:
    if not backend.can_node_port:
        return f"Service {backend.id.service} has no node ports"
    if backend.nodes is not None and not backend.nodes and not facts.instances:
        return "no node is an EC2 instance that can be a target"
    return ""


def _weights(resources: tuple[ObservedResource, ...]) -> Iterator[tuple[str, int]]:
    """Yield target group address and weight of everything that rules and listeners forward to."""
    fields = {Kind.LISTENER_RULE: "Actions", Kind.LISTENER: "DefaultActions"}
    for resource in resources:
        field = next((f for kind, f in fields.items() if kind == resource.kind), "")
        for action in _mappings(resource.spec.get(field)):
            config = action.get("ForwardConfig")
            groups = config.get("TargetGroups") if isinstance(config, Mapping) else ()
            for entry in _mappings(groups):
                arn, weight = entry.get("TargetGroupArn"), entry.get("Weight", 1)
                if isinstance(arn, Ref) and isinstance(weight, int):
                    yield arn.address, weight


def _backend_and_mode(address: str) -> tuple[str, TargetMode | None]:
    try:
        parsed = addresses.parse(address)
    except AddressError:
        return "", None
    backend, _, word = parsed.id.rpartition("/")
    mode = next((mode for mode in TargetMode if mode.value == word), None)
    # In an implicit group the group itself is the namespace and name of the Ingress.
    return (backend if "/" in backend else f"{parsed.group}/{backend}"), mode


def _mappings(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]
