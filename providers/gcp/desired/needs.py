"""What the resources of one load balancer need of the part that all share.

It follows from the resources that stay, those kept of held Ingresses included: a backend service
over instance groups needs machines in them and a named port, endpoints need their ports open, and
whatever nobody answers needs the empty backend service. A backend that nothing leads to opens
nothing.

Where nobody is behind a backend yet, its port is opened all the same, so that the first pod is
served at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.gcp import addresses
from providers.gcp.account import Source
from providers.gcp.addresses import Kind
from providers.gcp.desired import notes
from providers.gcp.desired.backend_ids import Owners
from providers.gcp.desired.context import Context
from providers.gcp.desired.instance_groups import zone_behind
from providers.gcp.desired.machines import Machines
from providers.gcp.desired.notes import NODE_PORTS, UNKNOWN, Note
from providers.gcp.settings import SUPPRESS_FIREWALL_ERROR
from providers.gcp.variant import Variant
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendIntent, Compatibility, TargetMode
from provisioner.model.resource import SHARED, Resource, Value, references

_PORT_NAME = "port"
_PARTS = (
    "httpHealthCheck",
    "httpsHealthCheck",
    "http2HealthCheck",
    "grpcHealthCheck",
    "grpcTlsHealthCheck",
)


def shared_notes(
    context: Context, resources: Sequence[Resource]
) -> tuple[tuple[Note, ...], tuple[Diagnostic, ...]]:
    """Return what these resources need of the shared part, and what is in the way.

    Args:
        context: The load balancer.
        resources: All that stays of it, its own and common ones.
    """
    reader = _Reader.of(context, resources)
    found: set[Note] = set(_nothing(context, resources))
    for resource in resources:
        match resource.kind:
            case Kind.BACKEND_SERVICE.value:
                found.update(reader.node_ports(resource))
            case Kind.NETWORK_ENDPOINTS.value:
                found.update(reader.pod_ports(resource))
            case Kind.HEALTH_CHECK.value:
                found.update(reader.check_ports(resource))
            case _:
                pass
    if found:
        found.update(_told(context))
    return tuple(sorted(found)), ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads needs out of resources.

    ``over_nodes`` and ``over_pods`` find who is behind what is the load balancer's own, and behind
    what is common (first and second).
    """

    context: Context
    machines: Machines
    over_nodes: tuple[Owners, Owners]
    over_pods: tuple[Owners, Owners]
    noted: set[int]

    @classmethod
    def of(cls, context: Context, resources: Iterable[Resource]) -> _Reader:
        """Return the reader of a load balancer's resources."""
        backends = (*context.intent.backends, *context.intent.following)
        zones = {
            str(zone) if isinstance(zone := r.spec.get("zone"), str) else notes.NOT_KNOWN_HERE
            for r in resources
            if r.kind == Kind.NETWORK_ENDPOINTS
        }
        kinds = ("", *(variant.value for variant in Variant))
        groups = (context.group, SHARED)
        nodes = [Owners.of(g, backends, TargetMode.NODE_PORT, tails=kinds) for g in groups]
        pods = [Owners.of(g, backends, TargetMode.POD, tails=sorted(zones)) for g in groups]
        return cls(
            context=context,
            machines=Machines.of(context.facts, backends),
            noted=set(),
            over_nodes=(nodes[0], nodes[1]),
            over_pods=(pods[0], pods[1]),
        )

    def node_ports(self, service: Resource) -> Iterator[Note]:
        """Yield what a backend service over instance groups needs, nothing for one over pods."""
        zones = [zone for zone in map(_zone_of, _entries(service.spec.get("backends"))) if zone]
        if not zones:
            return
        backend = self._behind(service)
        number = _port_number(service.spec.get("portName"))
        reading = self.context.intent.compatibility
        for zone in zones:
            yield notes.instance_group(reading, zone)
            yield notes.named_port(zone, number)
        yield from self._machines(backend, zones)
        whole = reading is Compatibility.INCUMBENT
        yield self._open(NODE_PORTS if whole else number or UNKNOWN)

    def _machines(self, backend: BackendIntent | None, zones: Iterable[str]) -> Iterator[Note]:
        """Yield the machines of a backend; where nobody can tell, those that are there stay."""
        if backend is None or backend.nodes is None:
            for zone in zones:
                yield notes.instance(zone, UNKNOWN)
        elif id(backend.nodes) not in self.noted:  # backends mostly share one tuple of nodes
            self.noted.add(id(backend.nodes))
            for known in self.machines.of_nodes(backend):
                yield notes.instance(known.zone, known.link)

    def pod_ports(self, endpoints: Resource) -> Iterator[Note]:
        """Yield the ports of endpoints, and the one that the first endpoint will have.

        Where pods give that one a name and there are none yet, the first of them will tell.
        """
        listed = _entries(endpoints.spec.get("networkEndpoints"))
        ports = {entry["port"] for entry in listed if isinstance(entry.get("port"), int)}
        backend = self._with_endpoints(endpoints)
        target = backend.target_port if backend is not None else 0
        known = ports | ({target} if target else set())
        for port in known:
            if isinstance(port, int):
                yield self._open(port)
        if not known and (backend is None or backend.pods is None):
            yield self._open(UNKNOWN)

    def check_ports(self, check: Resource) -> Iterator[Note]:
        """Yield a port that is asked besides the one that serves."""
        for name in _PARTS:
            part = check.spec.get(name)
            port = part.get("port") if isinstance(part, Mapping) else None
            if isinstance(port, int) and not self._is_node_port(check, port):
                yield self._open(port)

    def _is_node_port(self, check: Resource, port: int) -> bool:
        """Tell whether a port is a node port that GKE's range holds already."""
        low, _, high = NODE_PORTS.partition("-")
        incumbent = self.context.incumbent
        over_nodes = f"/{TargetMode.NODE_PORT.value}" in check.address
        return incumbent and over_nodes and int(low) <= port <= int(high)

    def _open(self, port: int | str) -> Note:
        region = self.context.region if self.context.variant.regional else ""
        place = region if isinstance(region, str) else UNKNOWN
        return notes.open_port(self.context.intent.compatibility, place, port)

    def _behind(self, service: Resource) -> BackendIntent | None:
        return self.over_nodes[service.group == SHARED].at(service.address)

    def _with_endpoints(self, endpoints: Resource) -> BackendIntent | None:
        group = addresses.endpoint_group_of(endpoints.address)
        return self.over_pods[endpoints.group == SHARED].at(group)


def _nothing(context: Context, resources: Iterable[Resource]) -> Iterator[Note]:
    """Yield which empty backend service something leads to."""
    wanted = addresses.nothing(context.variant.value)
    region = context.region if isinstance(context.region, str) else UNKNOWN
    maps = (resource for resource in resources if resource.kind == Kind.URL_MAP)
    values = (value for each in maps for value in each.spec.values())
    if any(ref.address == wanted for value in values for ref in references(value)):
        yield notes.nothing(context.variant, region)


def _told(context: Context) -> Iterator[Note]:
    """Yield who hears of it where somebody else must open the firewall of a shared VPC."""
    elsewhere = context.facts.host_project and Source.FIREWALLS.value in context.facts.unread
    for member in context.intent.members if elsewhere else ():
        if member.options.get(SUPPRESS_FIREWALL_ERROR.name) is not True:
            yield notes.tell(member.ingress)


def _zone_of(entry: Mapping[str, Value]) -> str:
    return zone_behind(entry.get("group"))


def _port_number(name: Value) -> int | None:
    """Return the number in ``port30080``, None where it is not known."""
    text = name.removeprefix(_PORT_NAME) if isinstance(name, str) else ""
    return int(text) if text.isdecimal() else None


def _entries(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]
