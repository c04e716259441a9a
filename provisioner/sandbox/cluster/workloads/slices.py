"""Which endpoints a Service has, and how they are spread over EndpointSlices.

Pure. Follows the EndpointSlice documentation: at most a hundred endpoints per slice, existing
slices change as little as possible, a named target port is looked up pod by pod (so pods with other
numbers go into other slices), and a Service without pods has one empty slice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    parts,
    text,
    texts,
    uid_of,
)
from provisioner.sandbox.cluster.workloads.cache import SERVICE_LABEL
from provisioner.sandbox.cluster.workloads.rollout import is_ready
from provisioner.sandbox.cluster.workloads.templates import owner_reference

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"

_HEADLESS = "service.kubernetes.io/headless"
_ZONE = "topology.kubernetes.io/zone"
_ENDED = frozenset({"Failed", "Succeeded"})

#: (name, port, protocol, appProtocol) of each port of a slice; the port is None for all ports.
PortSet = tuple[tuple[str, int | None, str, str], ...]
NodeLookup = Callable[[str], Document | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceMoves:
    """What to write."""

    create: tuple[Document, ...] = ()
    replace: tuple[Document, ...] = ()
    delete: tuple[Document, ...] = ()


def wanted_endpoints(
    service: Document, pods: Sequence[Document], *, node_of: NodeLookup
) -> dict[PortSet, dict[str, Document]]:
    """Return the endpoints of a Service by the ports they serve and by the pod's uid."""
    wanted: dict[PortSet, dict[str, Document]] = {}
    for pod in sorted(pods, key=name_of):
        if not text(pod, "status", "podIP") or text(pod, "status", "phase") in _ENDED:
            continue
        ports = _ports_at(service, pod)
        endpoint = _endpoint(service, pod, node_of(text(pod, "spec", "nodeName")))
        wanted.setdefault(ports, {})[uid_of(pod)] = endpoint
    return wanted or {(): {}}


def arranged(
    service: Document,
    wanted: Mapping[PortSet, Mapping[str, Document]],
    slices: Sequence[Document],
    *,
    size: int,
) -> SliceMoves:
    """Return how to bring the slices of a Service to the wanted endpoints."""
    create: list[Document] = []
    replace: list[Document] = []
    delete: list[Document] = []
    left_over = {text(one, "metadata", "uid"): one for one in slices}
    for ports, endpoints in wanted.items():
        present = [one for one in slices if _ports_of(one) == ports]
        for one in present:
            left_over.pop(uid_of(one))
        filled = _filled([_kept(one, endpoints) for one in present], endpoints, size=size)
        for one, content in zip(present, filled, strict=False):
            if not content and (len(filled) > 1 or endpoints):
                delete.append(one)
            elif content != parts(one, "endpoints") or not _is_labelled(service, one):
                replace.append(_with_content(service, one, content))
        create.extend(_slice(service, ports, content) for content in filled[len(present) :])
    delete.extend(left_over.values())
    return SliceMoves(create=tuple(create), replace=tuple(replace), delete=tuple(delete))


def _kept(slice_: Document, endpoints: Mapping[str, Document]) -> list[Document]:
    """Return the endpoints of a slice that stay, as they are now."""
    uids = [text(one, "targetRef", "uid") for one in parts(slice_, "endpoints")]
    return [endpoints[uid] for uid in uids if uid in endpoints]


def _filled(
    contents: list[list[Document]], endpoints: Mapping[str, Document], *, size: int
) -> list[list[Document]]:
    """Return the contents with every endpoint in exactly one of them."""
    placed: set[str] = set()
    for content in contents:
        content[:] = [one for one in content if text(one, "targetRef", "uid") not in placed][:size]
        placed.update(text(one, "targetRef", "uid") for one in content)
    waiting = [one for uid, one in endpoints.items() if uid not in placed]
    for content in contents:
        room = size - len(content)
        content.extend(waiting[:room])
        waiting = waiting[room:]
    while waiting or not contents:
        contents.append(waiting[:size])
        waiting = waiting[size:]
    return contents


def _endpoint(service: Document, pod: Document, node: Document | None) -> Document:
    leaving, serving = is_terminating(pod), is_ready(pod)
    publish = dig(service, "spec", "publishNotReadyAddresses") is True
    endpoint: Document = {
        "addresses": [text(pod, "status", "podIP")],
        "conditions": {
            "ready": publish or (serving and not leaving),
            "serving": serving,
            "terminating": leaving,
        },
        "nodeName": text(pod, "spec", "nodeName"),
        "targetRef": {
            "kind": "Pod",
            "namespace": namespace_of(pod),
            "name": name_of(pod),
            "uid": uid_of(pod),
        },
    }
    if zone := labels_of(node).get(_ZONE):
        endpoint["zone"] = zone
    hostname = text(pod, "spec", "hostname")
    if hostname and text(pod, "spec", "subdomain") == name_of(service):
        endpoint["hostname"] = hostname
    return endpoint


def _ports_at(service: Document, pod: Document) -> PortSet:
    found: list[tuple[str, int | None, str, str]] = []
    for port in parts(service, "spec", "ports"):
        number = _target_port(port, pod)
        if number is not None:
            protocol = text(port, "protocol") or "TCP"
            found.append((text(port, "name"), number, protocol, text(port, "appProtocol")))
    return tuple(found)


def _target_port(port: Document, pod: Document) -> int | None:
    """Return the number of a Service port at a pod; None: the pod has no port of that name."""
    target = port.get("targetPort", port.get("port"))
    if isinstance(target, int):
        return target
    for container in parts(pod, "spec", "containers"):
        for one in parts(container, "ports"):
            number = one.get("containerPort")
            same = text(one, "protocol") in {"", text(port, "protocol") or "TCP"}
            if text(one, "name") == target and same and isinstance(number, int):
                return number
    return None


def _ports_of(slice_: Document) -> PortSet:
    found: list[tuple[str, int | None, str, str]] = []
    for port in parts(slice_, "ports"):
        number = port.get("port")
        found.append(
            (
                text(port, "name"),
                number if isinstance(number, int) else None,
                text(port, "protocol"),
                text(port, "appProtocol"),
            )
        )
    return tuple(found)


def _slice(service: Document, ports: PortSet, content: Sequence[Document]) -> Document:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name_of(service)}-",
            "namespace": namespace_of(service),
            "labels": _labels(service),
            "ownerReferences": [owner_reference(service, "Service", "v1")],
        },
        "addressType": "IPv4",
        "endpoints": list(content),
        "ports": [_port(*port) for port in ports],
    }


def _port(name: str, number: int | None, protocol: str, app_protocol: str) -> Document:
    port: Document = {"name": name, "port": number, "protocol": protocol}
    return {**port, "appProtocol": app_protocol} if app_protocol else port


def _labels(service: Document) -> dict[str, str]:
    labels = {**labels_of(service), SERVICE_LABEL: name_of(service), MANAGED_BY: MANAGER}
    if (
        "None" in texts(service, "spec", "clusterIPs")
        or dig(service, "spec", "clusterIP") == "None"
    ):
        labels[_HEADLESS] = ""
    return labels


def _is_labelled(service: Document, slice_: Document) -> bool:
    return labels_of(slice_) == _labels(service)


def _with_content(service: Document, slice_: Document, content: Sequence[Document]) -> Document:
    metadata = slice_["metadata"]
    assert isinstance(metadata, dict)
    return {
        **slice_,
        "metadata": {**metadata, "labels": _labels(service)},
        "endpoints": list(content),
    }
