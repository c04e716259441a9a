"""The values that the API server itself fills in.

Only defaults that a reader of the stored object meets: a Service without protocol is served with
one, a Deployment without replicas has one. Without them our own readers would be tested against
objects that no real cluster ever returns.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from provisioner.sandbox.cluster.documents import (
    Document,
    overlaid,
    pairs,
    part,
    parts,
    replaced,
    text,
    without,
)
from provisioner.sandbox.cluster.kinds import Kind


def with_defaults(kind: Kind, document: Document) -> Document:
    """Return the object with the defaults of its kind; a malformed one is left for validation."""
    fill = _FILLERS.get(kind.storage)
    if fill is None:
        return document
    return fill(document)


def _namespace(document: Document) -> Document:
    labels = {**part(document, "metadata", "labels")}
    labels["kubernetes.io/metadata.name"] = text(document, "metadata", "name")
    document = replaced(document, labels, "metadata", "labels")
    spec = overlaid(part(document, "spec"), defaults={"finalizers": ["kubernetes"]})
    return replaced(document, spec, "spec")


def _service(document: Document) -> Document:
    spec = overlaid(
        part(document, "spec"),
        defaults={"type": "ClusterIP", "sessionAffinity": "None"},
    )
    if spec["type"] != "ExternalName":
        spec = overlaid(spec, defaults={"internalTrafficPolicy": "Cluster"})
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec = overlaid(spec, defaults={"externalTrafficPolicy": "Cluster"})
    if spec["type"] == "LoadBalancer":
        spec = overlaid(spec, defaults={"allocateLoadBalancerNodePorts": True})
    if isinstance(spec.get("ports"), list):
        spec["ports"] = [_service_port(port) for port in parts(spec, "ports")]
    return replaced(document, spec, "spec")


def _service_port(port: Document) -> Document:
    return overlaid(port, defaults={"protocol": "TCP", "targetPort": port.get("port")})


def _deployment(document: Document) -> Document:
    rolling: Document = {"maxUnavailable": "25%", "maxSurge": "25%"}
    strategy = overlaid(part(document, "spec", "strategy"), defaults={"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = overlaid(part(strategy, "rollingUpdate"), defaults=rolling)
    spec = overlaid(
        part(document, "spec"),
        defaults={"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    )
    spec["strategy"] = strategy
    return _template(replaced(document, spec, "spec"))


def _stateful_set(document: Document) -> Document:
    update: Document = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    spec = overlaid(
        part(document, "spec"),
        defaults={
            "replicas": 1,
            "podManagementPolicy": "OrderedReady",
            "revisionHistoryLimit": 10,
            "updateStrategy": update,
        },
    )
    return _template(replaced(document, spec, "spec"))


def _template(document: Document) -> Document:
    template = part(document, "spec", "template")
    if not part(template, "spec"):
        return document
    return replaced(document, _pod_spec(part(template, "spec")), "spec", "template", "spec")


def _pod(document: Document) -> Document:
    if not part(document, "spec"):
        return document
    spec = overlaid(
        _pod_spec(part(document, "spec")),
        defaults={"serviceAccountName": "default", "enableServiceLinks": True},
    )
    return replaced(document, spec, "spec")


def _pod_spec(spec: Document) -> Document:
    spec = overlaid(
        spec,
        defaults={
            "restartPolicy": "Always",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "terminationGracePeriodSeconds": 30,
            "securityContext": {},
        },
    )
    for field in ("containers", "initContainers"):
        if isinstance(spec.get(field), list):
            spec[field] = [_container(container) for container in parts(spec, field)]
    return spec


def _container(container: Document) -> Document:
    image = text(container, "image")
    latest = ":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest")
    container = overlaid(
        container,
        defaults={
            "imagePullPolicy": "Always" if latest else "IfNotPresent",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        },
    )
    if isinstance(container.get("ports"), list):
        container["ports"] = [
            overlaid(port, defaults={"protocol": "TCP"}) for port in parts(container, "ports")
        ]
    return container


def _endpoint_slice(document: Document) -> Document:
    if not isinstance(document.get("ports"), list):
        return document
    ports = [
        overlaid(port, defaults={"protocol": "TCP", "name": ""})
        for port in parts(document, "ports")
    ]
    return replaced(document, ports, "ports")


def _ingress_class(document: Document) -> Document:
    if not part(document, "spec", "parameters"):
        return document
    parameters = overlaid(part(document, "spec", "parameters"), defaults={"scope": "Cluster"})
    return replaced(document, parameters, "spec", "parameters")


def _secret(document: Document) -> Document:
    document = overlaid(document, defaults={"type": "Opaque"})
    plain = pairs(document, "stringData")
    if not plain:
        return document
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    return without({**document, "data": {**part(document, "data"), **encoded}}, "stringData")


_FILLERS: Mapping[str, Callable[[Document], Document]] = {
    "namespaces": _namespace,
    "services": _service,
    "pods": _pod,
    "secrets": _secret,
    "deployments.apps": _deployment,
    "statefulsets.apps": _stateful_set,
    "endpointslices.discovery.k8s.io": _endpoint_slice,
    "ingressclasses.networking.k8s.io": _ingress_class,
}
