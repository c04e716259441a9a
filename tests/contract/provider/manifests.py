"""Kubernetes objects as documents, in short words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from provisioner.model.resource import Json
from tests.contract.provider.under_test import Machine, Pod

Document: TypeAlias = dict[str, Json]

NAMESPACE = "shop"
PORTABLE = "ingress-provisioner.io/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path of an Ingress."""

    host: str = "shop.example.com"
    path: str = "/"
    service: str = "web"
    path_type: str = "Prefix"
    port: int = 80


def ingress(
    name: str = "web",
    *routes: Route,
    group: str = "",
    mode: str = "",
    class_name: str = "",
    annotations: Mapping[str, str] | None = None,
) -> Document:
    """Return an Ingress; without routes it has one. Bare annotation keys are the portable ones."""
    said = {"scheme": "external", "group": group, "target-mode": mode, **(annotations or {})}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": {
                key if "/" in key else PORTABLE + key: value for key, value in said.items() if value
            },
        },
        "spec": {"ingressClassName": class_name, "rules": _rules(routes or (Route(),))},
    }


def _rules(routes: Sequence[Route]) -> list[Json]:
    hosts: dict[str, list[Json]] = {}
    for route in routes:
        backend: Json = {"service": {"name": route.service, "port": {"number": route.port}}}
        hosts.setdefault(route.host, []).append(
            {"path": route.path, "pathType": route.path_type, "backend": backend}
        )
    return [
        {**({"host": host} if host else {}), "http": {"paths": paths}}
        for host, paths in hosts.items()
    ]


def service(name: str = "web", *, node_port: int = 30080, port: int = 80) -> Document:
    """Return a NodePort Service whose pods listen on 8080."""
    entry: Document = {"port": port, "targetPort": 8080, "protocol": "TCP"}
    if node_port:
        entry["nodePort"] = node_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"type": "NodePort", "selector": {"app": name}, "ports": [entry]},
    }


def endpoints(name: str, pods: Sequence[Pod]) -> Document:
    """Return an EndpointSlice of a Service with these pods, all ready."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {
            "name": f"{name}-1",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": name},
        },
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": [pod.address],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": pod.node,
                "zone": pod.zone,
                "targetRef": {"kind": "Pod", "name": f"{name}-{index}", "namespace": NAMESPACE},
            }
            for index, pod in enumerate(pods)
        ],
    }


def node(machine: Machine) -> Document:
    """Return a ready Node."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": machine.name,
            "labels": {"topology.kubernetes.io/zone": machine.zone},
        },
        "spec": {"providerID": machine.provider_id},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": machine.address}],
        },
    }


def key_of(document: Document) -> str:
    """Return what a document is called: ``Ingress shop/web``."""
    meta = document["metadata"]
    assert isinstance(meta, dict)
    namespace = f"{meta['namespace']}/" if "namespace" in meta else ""
    return f"{document['kind']} {namespace}{meta['name']}"
