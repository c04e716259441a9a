"""Services: ports, types and selectors. Allocation of ports is in ``nodeports.py``."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, dig, number, part, parts, text
from provisioner.sandbox.cluster.statuses import (
    Cause,
    duplicate,
    prohibited,
    required,
    unsupported,
    wrong,
)
from provisioner.sandbox.cluster.validation.metadata import label_problem, subdomain_problem

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_POLICIES = ("Cluster", "Local")
_MAX_PORT = 65535
_MAX_PORT_NAME = 15
_IN_RANGE = "must be between 1 and 65535, inclusive"


def service_causes(service: Document, _before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with a Service."""
    spec = part(service, "spec")
    kind = text(spec, "type")
    if kind not in _TYPES:
        yield unsupported("spec.type", spec.get("type"), _TYPES)
    if kind == "ExternalName":
        yield from _external_name_causes(text(spec, "externalName"))
    elif not parts(spec, "ports") and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if kind in {"NodePort", "LoadBalancer"} and spec.get("clusterIP") == "None":
        yield wrong("spec.clusterIPs[0]", "None", "may not be set to 'None' for this type")
    if policy := text(spec, "externalTrafficPolicy"):
        if policy not in _POLICIES:
            yield unsupported("spec.externalTrafficPolicy", policy, _POLICIES)
        elif kind not in {"NodePort", "LoadBalancer"} and not parts(spec, "externalIPs"):
            yield wrong(
                "spec.externalTrafficPolicy",
                policy,
                "may only be set for externally-accessible services",
            )
    yield from _port_list_causes(parts(spec, "ports"), may_have_node_ports=kind != "ClusterIP")


def _external_name_causes(name: str) -> Iterator[Cause]:
    if not name:
        yield required("spec.externalName")
    elif problem := subdomain_problem(name.rstrip(".")):
        yield wrong("spec.externalName", name, problem)


def _port_list_causes(ports: list[Document], *, may_have_node_ports: bool) -> Iterator[Cause]:
    names: set[str] = set()
    identities: set[tuple[object, str]] = set()
    for index, port in enumerate(ports):
        field = f"spec.ports[{index}]"
        yield from _port_causes(field, port, name_required=len(ports) > 1)
        name, identity = text(port, "name"), (port.get("port"), text(port, "protocol"))
        if name and name in names:
            yield duplicate(f"{field}.name", name)
        if identity in identities:
            yield duplicate(field, f"{identity[0]}/{identity[1]}")
        if port.get("nodePort") and not may_have_node_ports:
            yield prohibited(f"{field}.nodePort", "may not be used when `type` is 'ClusterIP'")
        names.add(name)
        identities.add(identity)


def _port_causes(field: str, port: Document, *, name_required: bool) -> Iterator[Cause]:
    name = text(port, "name")
    if name_required and not name:
        yield required(f"{field}.name")
    elif name and (problem := label_problem(name)):
        yield wrong(f"{field}.name", name, problem)
    if not 1 <= number(port, "port") <= _MAX_PORT:
        yield wrong(f"{field}.port", port.get("port"), _IN_RANGE)
    if text(port, "protocol") not in _PROTOCOLS:
        yield unsupported(f"{field}.protocol", port.get("protocol"), _PROTOCOLS)
    yield from _target_port_causes(f"{field}.targetPort", dig(port, "targetPort"))


def _target_port_causes(field: str, target: object) -> Iterator[Cause]:
    if isinstance(target, str):
        if len(target) > _MAX_PORT_NAME or label_problem(target):
            yield wrong(field, target, "must be a port name of at most 15 characters")
    elif not isinstance(target, int) or not 1 <= target <= _MAX_PORT:
        yield wrong(field, target, _IN_RANGE)
