"""Ports of Services: which one a reference means, and whether it has node ports."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.model.kube import PortRef, Service, ServicePort

DEFAULT_BACKEND = "spec.defaultBackend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A mention of a Service port in an Ingress; ``field`` is where it stands."""

    service: str
    port: PortRef
    field: str

    def at(self, part: str) -> str:
        """Return the field path of a part of the backend's Service."""
        inside = "" if self.field == DEFAULT_BACKEND else ".backend"
        return f"{self.field}{inside}.service.{part}"


def port_of(service: Service, wanted: PortRef) -> ServicePort | None:
    """Return the TCP port that a reference means, by name or by number."""
    for port in service.ports:
        matches = port.name == wanted.name if wanted.name else port.port == wanted.number
        if matches and port.protocol == "TCP":
            return port
    return None


def can_node_port(service: Service, port: ServicePort) -> bool:
    """Tell whether a Service port has node ports, or will have them."""
    if service.type == "NodePort" or port.node_port:
        return True
    return service.type == "LoadBalancer" and service.allocates_node_ports


def ports_hint(service: Service) -> str:
    """Return which ports a Service has, as a hint."""
    ports = [f"{p.port} ({p.name})" if p.name else str(p.port) for p in service.ports]
    return f"its ports are {', '.join(ports)}" if ports else "it has no ports at all"
