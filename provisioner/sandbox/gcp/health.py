"""Who is healthy: what ``getHealth`` and ``listNetworkEndpoints`` say.

Probes run only where a forwarding rule leads to the backend service ("Health checks overview":
probes need a complete configuration), so an endpoint turns healthy a settable time after the last
of three moments: it joined its group, the group became a backend, the service came into use.
"""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.sandbox.cluster.documents import Document, number, parts, text, texts
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import invalid, required
from provisioner.sandbox.gcp.reach import serving_pairs
from provisioner.sandbox.gcp.references import Ref, parse_reference
from provisioner.sandbox.gcp.schema import conform
from provisioner.sandbox.gcp.state import Endpoint, Resource


def note_serving(compute: Compute) -> None:
    """Remember since when each group serves each backend service that is in use."""
    now, before = compute.now(), compute.state.serving
    compute.state.serving = {pair: before.get(pair, now) for pair in serving_pairs(compute)}


def get_health(compute: Compute, request: Request) -> Document:
    """Answer the health of one group of a backend service."""
    service = compute.get(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body)
    spelled = text(body, "group")
    if not spelled:
        raise required("resource.group")
    group = parse_reference(spelled, request.project)
    groups = {text(backend, "group") for backend in parts(service.document, "backends")}
    if group is None or group.url not in groups:
        raise invalid("resource.group", spelled, "It is not a backend of the backend service.")
    statuses = _statuses(compute, service, compute.get(group))
    answer: Document = {"kind": "compute#backendServiceGroupHealth"}
    return answer | ({"healthStatus": statuses} if statuses else {})


def endpoint_healths(
    compute: Compute, group: Resource, endpoint: Endpoint, *, services: Sequence[Resource]
) -> list[Document]:
    """Return an endpoint's health as each of the backend services sees it."""
    if endpoint.detached_at is not None:
        return [{"healthState": "DRAINING"}]
    found: list[Document] = []
    for service in services:
        since = compute.state.serving.get((service.ref, group.ref))
        state = "UNKNOWN"
        if since is not None:
            state = _state(compute, since, endpoint.attached_at, _names_of(endpoint.document))
        checks = texts(service.document, "healthChecks")
        found.append(
            {
                "backendService": {"backendService": service.ref.url},
                "healthCheck": {"healthCheck": checks[0] if checks else ""},
                "healthState": state,
            }
        )
    return found


def _statuses(compute: Compute, service: Resource, group: Resource) -> list[Document]:
    since = compute.state.serving.get((service.ref, group.ref))
    if since is None:
        return []
    if group.ref.collection == "instanceGroups":
        return _instances(compute, service, group, since)
    return [
        {
            "healthState": _state(
                compute, since, endpoint.attached_at, _names_of(endpoint.document)
            ),
            "ipAddress": text(endpoint.document, "ipAddress"),
            "port": number(endpoint.document, "port"),
            **_instance_of(group.ref, endpoint.document),
        }
        for endpoint in group.endpoints.values()
        if endpoint.detached_at is None
    ]


def _instance_of(group: Ref, endpoint: Document) -> Document:
    name = text(endpoint, "instance")
    if not name:
        return {}
    machine = Ref(project=group.project, scope=group.scope, collection="instances", name=name)
    return {"instance": machine.url}


def _instances(
    compute: Compute, service: Resource, group: Resource, since: float
) -> list[Document]:
    wanted = text(service.document, "portName")
    ports = [
        number(port, "port")
        for port in parts(group.document, "namedPorts")
        if text(port, "name") == wanted
    ]
    found: list[Document] = []
    for ref, joined in group.members.items():
        machine = compute.state.resources.get(ref)
        interfaces = parts(machine.document, "networkInterfaces") if machine is not None else []
        address = text(interfaces[0], "networkIP") if interfaces else ""
        for port in ports or [number(service.document, "port")]:
            names = (ref.name, address, f"{address}:{port}")
            state = _state(compute, since, joined, names) if ports else "UNHEALTHY"
            found.append(
                {
                    "healthState": state,
                    "instance": ref.url,
                    "ipAddress": address,
                    "port": port,
                }
            )
    return found


def _names_of(endpoint: Document) -> tuple[str, ...]:
    address = text(endpoint, "ipAddress")
    return (address, f"{address}:{number(endpoint, 'port')}", text(endpoint, "instance"))


def _state(compute: Compute, since: float, joined: float, names: tuple[str, ...]) -> str:
    ready = max(since, joined) + compute.settings.health_seconds
    failing = compute.unhealthy.intersection(names)
    return "HEALTHY" if compute.now() >= ready and not failing else "UNHEALTHY"
