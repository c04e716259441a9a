"""Tell who stands behind a Service port: pods, nodes, and how many pods there may ever be.

What was not given (files hold no EndpointSlices and no Nodes) is unknown, which is not the same as
none. A node out of sight is not the same as one that is gone, either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil

from provisioner.core import endpoints
from provisioner.core.dialect import Dialect
from provisioner.model.intent import Compatibility, NodeTarget, PodTarget, TargetCount
from provisioner.model.kube import (
    NO_STRINGS,
    EndpointSlice,
    Key,
    Node,
    Service,
    ServicePort,
    Workload,
)
from provisioner.model.probe import Probe
from provisioner.model.snapshot import Snapshot

EXCLUDING_LABELS = frozenset(
    {
        "node.kubernetes.io/exclude-from-external-load-balancers",
        "alpha.service-controller.kubernetes.io/exclude-balancer",
        "node-role.kubernetes.io/master",
    }
)
"""Labels that keep a node out of every load balancer, whatever their value."""

GOING_AWAY = "ToBeDeletedByClusterAutoscaler"
DISRUPTED = "karpenter.sh/disrupted"


def possible_nodes(nodes: Iterable[Node], provider: Dialect) -> tuple[Node, ...]:
    """Return the nodes that may take traffic as long as they are ready, by name."""
    possible = [n for n in nodes if not _excluded(n) and not provider.node_impossible(n)]
    return tuple(sorted(possible, key=lambda n: n.name))


def eligible_nodes(
    possible: Iterable[Node], *, labels: Mapping[str, str] = NO_STRINGS
) -> tuple[NodeTarget, ...]:
    """Return those among possible nodes that are registered.

    Where not one that carries the labels is Ready, those of unknown readiness stay: a control plane
    that lost its nodes from sight must not empty the load balancer.
    """
    wanted = labels.items()
    candidates = [n for n in possible if wanted <= n.meta.labels.items()]
    ready = [n for n in candidates if n.ready == "True"]
    chosen = ready or [n for n in candidates if n.ready == "Unknown"]
    return tuple(NodeTarget(node=n.name, provider_id=n.provider_id) for n in chosen)


def _excluded(node: Node) -> bool:
    if not EXCLUDING_LABELS.isdisjoint(node.meta.labels):
        return True
    return any(
        t.key == GOING_AWAY or (t.key == DISRUPTED and t.effect == "NoSchedule")
        for t in node.taints
    )


class Population:
    """How many pods Services have or may have; indexed once for all Services."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._labels: dict[tuple[str, str, str], list[Workload]] = {}
        for workload in sorted(snapshot.workloads, key=lambda w: (w.meta.key, w.kind)):
            for label, value in workload.pod_labels.items():
                slot = (workload.meta.namespace, label, value)
                self._labels.setdefault(slot, []).append(workload)
        self._maxima: dict[tuple[str, str, str], int] = {}
        for scaler in snapshot.autoscalers:
            slot = (scaler.meta.namespace, scaler.target_kind, scaler.target_name)
            self._maxima[slot] = max(self._maxima.get(slot, 0), scaler.max_replicas)

    def workloads(self, service: Service) -> tuple[Workload, ...]:
        """Return the workloads whose pods a Service selects."""
        if not service.selector:
            return ()
        wanted = service.selector.items()
        buckets = [
            self._labels.get((service.meta.namespace, label, value), []) for label, value in wanted
        ]
        return tuple(w for w in min(buckets, key=len) if wanted <= w.pod_labels.items())

    def count(self, service: Service, ready: int | None) -> TargetCount:
        """Return max(ready, replicas, HPA maximum) x (1 + maxSurge), percentages rounded up."""
        workloads = self.workloads(service)
        known = ready or 0
        if len(workloads) == 1:
            maximum = _surged(max(known, self._wished(workloads[0])), workloads[0].max_surge)
        else:
            total = sum(_surged(self._wished(w), w.max_surge) for w in workloads)
            maximum = max(known, total)
        return TargetCount(ready=ready, maximum=maximum, estimated=ready is None)

    def _wished(self, workload: Workload) -> int:
        slot = (workload.meta.namespace, workload.kind, workload.meta.name)
        return max(workload.replicas, self._maxima.get(slot, 0))

    def probe(self, service: Service, target: int | str, *, scheme: str) -> Probe | None:
        """Return the readiness probe of the container that serves a target port.

        The first that a load balancer can ask as well, of the oldest workload, then by name: GKE
        looks at pods in the same order. It asks no host by name, sends no header but ``Host``, and
        goes to the port that serves.
        """
        for workload in sorted(self.workloads(service), key=_age):
            for probe in workload.probes:
                if probe.scheme == scheme and _plain(probe) and _serves(probe, target):
                    return probe
        return None

    def container_port(self, service: Service, name: str) -> int:
        """Return the number of a named container port where all workloads agree, else 0."""
        numbers = {
            number
            for workload in self.workloads(service)
            for port_name, number in workload.container_ports
            if port_name == name
        }
        return numbers.pop() if len(numbers) == 1 else 0


def _age(workload: Workload) -> tuple[bool, str, Key, str]:
    """Sort key of age: oldest first; what was never created (a file) is youngest."""
    created = workload.meta.created
    return (not created, created, workload.meta.key, workload.kind)


def _plain(probe: Probe) -> bool:
    """Tell whether anybody could ask what a probe asks, at an address and with a host name."""
    names = [name.lower() for name, _ in probe.headers]
    return not probe.host and names in ([], ["host"])


def _serves(probe: Probe, target: int | str) -> bool:
    """Tell whether a probe goes to a port of its container that is the target port."""
    for name, number in probe.ports:
        if target in ((name, number) if name else (number,)):
            return probe.port in (name, number)
    return False


def _surged(pods: int, surge: str) -> int:
    percent = surge.removesuffix("%")
    if not percent.isdigit():
        return pods
    if percent != surge:
        return pods + ceil(Fraction(pods * int(percent), 100))
    return pods + int(percent)


class Targets:
    """Targets and counts of Service ports, out of one snapshot."""

    def __init__(self, snapshot: Snapshot, provider: Dialect) -> None:
        self._snapshot = snapshot
        self._population = Population(snapshot)
        self._around = endpoints.Around.of(snapshot)
        self._possible = possible_nodes(snapshot.nodes.values(), provider)
        self._every_node = eligible_nodes(self._possible)
        self._nodes_known = "Node" not in snapshot.unknown_kinds and (
            snapshot.live or bool(snapshot.nodes)
        )

    def pods(
        self,
        service: Service,
        port: ServicePort,
        *,
        compatibility: Compatibility = Compatibility.KUBERNETES,
    ) -> tuple[PodTarget, ...] | None:
        """Return the pods of a Service port to register, None where that cannot be known here."""
        slices = self._slices(service.key)
        if slices is None:
            return None
        family = endpoints.address_family(service, slices, compatibility)
        return endpoints.pod_targets(slices, port, family=family, around=self._around)

    def made_by_hand(self, service: Key) -> tuple[str, ...]:
        """Return the addresses of a Service that are not registered, for want of a Pod."""
        return tuple(sorted(set(endpoints.made_by_hand(self._slices(service) or ()))))

    def nodes(
        self,
        service: Service,
        port: ServicePort,
        *,
        labels: Mapping[str, str] = NO_STRINGS,
        compatibility: Compatibility = Compatibility.KUBERNETES,
    ) -> tuple[NodeTarget, ...] | None:
        """Return the nodes to register for a Service port, None where that cannot be known here.

        Under ``externalTrafficPolicy: Local`` a node without a ready pod drops what it gets, so it
        is left out (LBC#4590, LBC#3796); the incumbent controller registers it all the same.
        """
        if not self._nodes_known:
            return None
        chosen = eligible_nodes(self._possible, labels=labels) if labels else self._every_node
        everywhere = compatibility is Compatibility.INCUMBENT
        if everywhere or service.external_traffic_policy != "Local":
            return chosen
        slices = self._slices(service.key)
        if slices is None:
            return None
        serving = endpoints.serving_nodes(slices, port)
        return tuple(n for n in chosen if n.node in serving)

    def count(self, service: Service, pods: tuple[PodTarget, ...] | None) -> TargetCount:
        """Return how many pods a Service has or may have."""
        return self._population.count(service, None if pods is None else len(pods))

    def probe(self, service: Service, port: ServicePort, *, scheme: str) -> Probe | None:
        """Return the readiness probe behind a Service port that a load balancer can ask as well."""
        return self._population.probe(service, port.target_port or port.port, scheme=scheme)

    def target_port(self, service: Service, port: ServicePort) -> int:
        """Return the number of a target port; 0 where it is a name that nothing resolves alike."""
        if isinstance(port.target_port, int):
            return port.target_port or port.port
        numbers = {
            number
            for part in self._slices(service.key) or ()
            if (number := endpoints.slice_port(part, port))
        }
        if numbers:
            return numbers.pop() if len(numbers) == 1 else 0
        return self._population.container_port(service, port.target_port)

    def _slices(self, service: Key) -> tuple[EndpointSlice, ...] | None:
        found = self._snapshot.slices.get(service)
        if "EndpointSlice" in self._snapshot.unknown_kinds:
            return None
        if found is None:
            return () if self._snapshot.live else None
        return found
