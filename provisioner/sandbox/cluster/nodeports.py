"""Node ports and cluster IPs: what only the cluster can hand out.

A controller that targets nodes learns its ports from the Service after the API server chose them,
so the choice, its permanence over updates and the refusal of a clash are played here as
kube-apiserver does them. Free ports are handed out in a circle: a port that was released is not
reused at once, which would hide stale targets.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    key_of,
    number,
    part,
    parts,
    replaced,
    text,
    texts,
)
from provisioner.sandbox.cluster.history import Happened, Happening
from provisioner.sandbox.cluster.statuses import Cause, wrong

FIRST_NODE_PORT = 30000
LAST_NODE_PORT = 32767

#: What EKS gives clusters whose VPC lies in 10.0.0.0/8.
DEFAULT_SERVICE_CIDR = "172.20.0.0/16"

_KUBERNETES_SERVICE = 1  # the first address belongs to default/kubernetes
_WITH_NODE_PORTS = frozenset({"NodePort", "LoadBalancer"})
_OF_LOAD_BALANCERS = ("healthCheckNodePort", "allocateLoadBalancerNodePorts")

Owner = tuple[str, str]


class ServiceAllocator:
    """Gives Services their node ports and cluster IPs; learns what is taken from the store."""

    def __init__(self, *, service_cidr: str = DEFAULT_SERVICE_CIDR) -> None:
        self._network = ipaddress.ip_network(service_cidr)
        self._ports: dict[int, Owner] = {}
        self._addresses: dict[str, Owner] = {}
        self._next_port = FIRST_NODE_PORT
        self._next_address = _KUBERNETES_SERVICE + 1

    def follow(self, storage: str, change: Happened) -> None:
        """Keep the tables true to the stored Services."""
        if storage != "services":
            return
        for port in _node_ports_of(change.before):
            self._ports.pop(port, None)
        self._addresses.pop(text(change.before, "spec", "clusterIP"), None)
        if change.happening is Happening.DELETED:
            return
        self._ports.update(dict.fromkeys(_node_ports_of(change.after), change.key))
        if address := text(change.after, "spec", "clusterIP"):
            self._addresses[address] = change.key

    def allocated(
        self, service: Document, before: Document | None
    ) -> tuple[Document, tuple[Cause, ...]]:
        """Return the Service with everything allocated, and what was wrong with its wishes.

        Nothing is taken until the result is stored, so a dry run costs no port.
        """
        if text(service, "spec", "type") == "ExternalName":
            return service, ()
        service, address_causes = self._with_cluster_ip(service, before)
        if text(service, "spec", "type") not in _WITH_NODE_PORTS:
            return service, address_causes
        service, port_causes = self._with_node_ports(service, before)
        return self._with_health_check_port(service, before), address_causes + port_causes

    def _with_cluster_ip(
        self, service: Document, before: Document | None
    ) -> tuple[Document, tuple[Cause, ...]]:
        wish = text(service, "spec", "clusterIP") or next(
            iter(texts(service, "spec", "clusterIPs")), ""
        )
        had = text(before, "spec", "clusterIP")
        if had and wish and wish != had:
            return service, (wrong("spec.clusterIPs[0]", wish, "may not change once set"),)
        address = wish or had or self._free_address()
        cause = self._address_cause(address, key_of(service))
        spec = {
            "clusterIP": address,
            "clusterIPs": [address],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
        }
        return replaced(service, {**part(service, "spec"), **spec}, "spec"), cause

    def _address_cause(self, address: str, owner: Owner) -> tuple[Cause, ...]:
        field = "spec.clusterIPs[0]"
        if address == "None":
            return ()
        try:
            inside = ipaddress.ip_address(address) in self._network
        except ValueError:
            return (wrong(field, address, "must be a valid IP address or None"),)
        if not inside:
            hint = (
                "failed to allocate IP: the provided IP is not in the valid range. "
                f"The range of valid IPs is {self._network}"
            )
            return (wrong(field, address, hint),)
        if self._addresses.get(address, owner) != owner:
            return (wrong(field, address, "provided IP is already allocated"),)
        return ()

    def _with_node_ports(
        self, service: Document, before: Document | None
    ) -> tuple[Document, tuple[Cause, ...]]:
        kept = {_port_identity(port): number(port, "nodePort") for port in _ports(before)}
        wishes = {number(port, "nodePort") for port in _ports(service)} - {0}
        owner = key_of(service)
        causes: list[Cause] = []
        ports: list[object] = []
        free = self._free_ports(taken=wishes | set(kept.values()))
        for index, port in enumerate(_ports(service)):
            wish = number(port, "nodePort") or kept.get(_port_identity(port), 0)
            causes.extend(self._port_causes(f"spec.ports[{index}].nodePort", wish, owner))
            ports.append({**port, "nodePort": wish or next(free)})
        return replaced(service, ports, "spec", "ports"), tuple(causes)

    def _port_causes(self, field: str, port: int, owner: Owner) -> Iterator[Cause]:
        if not port:
            return
        if not FIRST_NODE_PORT <= port <= LAST_NODE_PORT:
            yield wrong(
                field,
                port,
                "provided port is not in the valid range. "
                f"The range of valid ports is {FIRST_NODE_PORT}-{LAST_NODE_PORT}",
            )
        elif self._ports.get(port, owner) != owner:
            yield wrong(field, port, "provided port is already allocated")

    def _with_health_check_port(self, service: Document, before: Document | None) -> Document:
        spec = part(service, "spec")
        local = spec.get("externalTrafficPolicy") == "Local" and spec.get("type") == "LoadBalancer"
        if not local or number(spec, "healthCheckNodePort"):
            return service
        had = number(before, "spec", "healthCheckNodePort")
        taken = {number(port, "nodePort") for port in _ports(service)}
        port = had or next(self._free_ports(taken=taken))
        return replaced(service, port, "spec", "healthCheckNodePort")

    def _free_ports(self, *, taken: set[int]) -> Iterator[int]:
        size = LAST_NODE_PORT - FIRST_NODE_PORT + 1
        for _ in range(size):
            port = self._next_port
            self._next_port = FIRST_NODE_PORT + (port + 1 - FIRST_NODE_PORT) % size
            if port not in self._ports and port not in taken:
                yield port
        raise RuntimeError("every node port of the sandbox is allocated")

    def _free_address(self) -> str:
        usable = self._network.num_addresses - 2
        for _ in range(usable):
            position = self._next_address
            self._next_address = position % usable + 1
            address = str(self._network[position])
            if position != _KUBERNETES_SERVICE and address not in self._addresses:
                return address
        raise RuntimeError("every cluster IP of the sandbox is allocated")


def without_leftovers(service: Document, before: Document | None) -> Document:
    """Return a Service that changed its type without what belonged to the old one.

    Only what is unchanged goes: a writer who asks for a node port by hand is to be refused.
    """
    kind = text(service, "spec", "type")
    if before is None or kind == text(before, "spec", "type"):
        return service
    spec, had = part(service, "spec"), part(before, "spec")
    dropped = set(_OF_LOAD_BALANCERS)
    if kind not in _WITH_NODE_PORTS:
        dropped.add("externalTrafficPolicy")
        if "ports" in spec:
            spec = {**spec, "ports": _without_node_ports(service, before)}
    if kind == "ExternalName":
        dropped |= {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}
    elif kind == "LoadBalancer":
        dropped.clear()
    kept = {
        key: value for key, value in spec.items() if key not in dropped or value != had.get(key)
    }
    return replaced(service, kept, "spec")


def _without_node_ports(service: Document, before: Document) -> list[Document]:
    had = set(_node_ports_of(before))
    return [
        {key: value for key, value in port.items() if key != "nodePort" or value not in had}
        for port in _ports(service)
    ]


def _ports(service: Document | None) -> list[Document]:
    return parts(service, "spec", "ports")


def _port_identity(port: Document) -> tuple[object, str]:
    return dig(port, "port"), text(port, "protocol") or "TCP"


def _node_ports_of(service: Document | None) -> list[int]:
    ports = [number(port, "nodePort") for port in _ports(service)]
    ports.append(number(service, "spec", "healthCheckNodePort"))
    return [port for port in ports if port]
