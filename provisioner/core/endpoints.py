"""Tell which endpoints of a Service port may be registered, out of its EndpointSlices.

Kubernetes' own reading applies first: an endpoint whose readiness is unknown counts as ready, one
that terminates does not, and only the first address of an endpoint is its identity. Endpoints
without a Pod are left to whoever wrote them: nobody vouches for their readiness.

A pod may wait for the load balancer, by a readiness gate. It is not ready before the load balancer
finds it healthy, and is not found at all unless it is registered; so a pod whose containers are all
ready is registered although its gates are shut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from provisioner.model.intent import Compatibility, PodTarget
from provisioner.model.kube import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Key,
    Node,
    Pod,
    Service,
    ServicePort,
)
from provisioner.model.snapshot import Snapshot

IPV4, IPV6 = "IPv4", "IPv6"

CONTAINERS_READY = "ContainersReady"
"""The Pod condition that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else than EndpointSlices says whether a pod that waits may be registered.

    Attributes:
        pods: Pods with readiness gates.
        unread: Namespaces where such pods are, but could not be listed.
        nodes: Nodes by name.
    """

    pods: Mapping[Key, Pod] = field(default_factory=lambda: MappingProxyType({}))
    unread: frozenset[str] = frozenset()
    nodes: Mapping[str, Node] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, snapshot: Snapshot) -> Around:
        """Return what a snapshot says."""
        return cls(pods=snapshot.pods, unread=snapshot.unread_pods, nodes=snapshot.nodes)


class _Standing(Enum):
    """Whether an endpoint is registered, RESERVE: only where there is no other."""

    IN = "in"
    RESERVE = "reserve"
    OUT = "out"


def address_family(
    service: Service, slices: Sequence[EndpointSlice], compatibility: Compatibility
) -> str:
    """Return the family of the addresses that are registered for a Service.

    The first of the Service's families, as for every other client of it; where none is written, the
    one that there are addresses of. The incumbent controller takes IPv6 wherever it is among them.
    """
    families = service.ip_families
    if compatibility is Compatibility.INCUMBENT:
        return IPV6 if IPV6 in families else IPV4
    if families:
        return IPV6 if families[0] == IPV6 else IPV4
    present = {part.address_type for part in slices if part.endpoints}
    return IPV6 if present == {IPV6} else IPV4


def pod_targets(
    slices: Iterable[EndpointSlice],
    port: ServicePort,
    *,
    family: str = IPV4,
    around: Around | None = None,
) -> tuple[PodTarget, ...]:
    """Return the endpoints of a Service port to register, sorted, each address and port once."""
    chosen: dict[tuple[str, int], PodTarget] = {}
    reserve: dict[tuple[str, int], PodTarget] = {}
    around = around or Around()
    for part in slices:
        number = slice_port(part, port)
        if part.address_type != family or number is None:
            continue
        for endpoint in part.endpoints:
            standing = _standing(endpoint, part.meta.namespace, around)
            if standing is _Standing.OUT:
                continue
            ip = endpoint.addresses[0]
            target = PodTarget(ip=ip, port=number, node=endpoint.node_name, zone=endpoint.zone)
            places = chosen if standing is _Standing.IN else reserve
            places.setdefault((ip, number), target)
    found = chosen or reserve
    return tuple(found[key] for key in sorted(found))


def serving_nodes(slices: Iterable[EndpointSlice], port: ServicePort) -> frozenset[str]:
    """Return the nodes on which a node port finds a ready endpoint of a Service port."""
    return frozenset(
        endpoint.node_name
        for part in slices
        if slice_port(part, port) is not None
        for endpoint in part.endpoints
        if _is_ready(endpoint)
    )


def slice_port(part: EndpointSlice, port: ServicePort) -> int | None:
    """Return the number of a Service port in a slice; slices carry the Service port's name."""
    match: EndpointPort | None = next(
        (p for p in part.ports if p.name == port.name and p.protocol == port.protocol), None
    )
    if match is None:
        return None
    if match.number:
        return match.number
    return port.target_port if isinstance(port.target_port, int) and port.target_port else port.port


def made_by_hand(slices: Iterable[EndpointSlice]) -> Iterator[str]:
    """Yield the addresses that have no Pod behind them and would count otherwise."""
    for part in slices:
        for endpoint in part.endpoints:
            if not endpoint.pod and _is_ready(endpoint) and endpoint.addresses:
                yield endpoint.addresses[0]


def _is_ready(endpoint: Endpoint) -> bool:
    return endpoint.ready is not False and not endpoint.terminating


def _standing(endpoint: Endpoint, namespace: str, around: Around) -> _Standing:
    if not endpoint.pod or not endpoint.addresses or endpoint.terminating:
        return _Standing.OUT
    if endpoint.ready is not False:
        return _Standing.IN
    return _waiting(endpoint, Key(namespace, endpoint.pod), around)


def _waiting(endpoint: Endpoint, key: Key, around: Around) -> _Standing:
    """Return the standing of a pod that is not ready, maybe for want of the load balancer's word.

    Where nobody can tell (its node is out of sight, pods could not be listed), it is registered
    only if nothing else is: the health checks of the load balancer judge it then.
    """
    pod = around.pods.get(key)
    if pod is None:
        return _Standing.RESERVE if key.namespace in around.unread else _Standing.OUT
    if pod.conditions.get(CONTAINERS_READY) != "True":
        return _Standing.OUT
    node = around.nodes.get(endpoint.node_name)
    match node.ready if node is not None else "False":
        case "True":
            return _Standing.IN
        case "Unknown":
            return _Standing.RESERVE
        case _:
            return _Standing.OUT
