"""Small objects for tests of the API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.sandbox.cluster.documents import Document

SERVICES = "/api/v1/namespaces/default/services"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LOAD_BALANCERS = "/apis/ingress-provisioner.io/v1alpha1/loadbalancers"


def a_config_map(
    name: str,
    *,
    namespace: str = "default",
    labels: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
) -> Document:
    """Return a ConfigMap, the kind with the fewest rules of its own."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
        "data": dict(data or {}),
    }


def a_service(
    name: str = "web",
    *,
    namespace: str = "default",
    type_: str = "ClusterIP",
    ports: Sequence[Document] = ({"port": 80},),
    **spec: object,
) -> Document:
    """Return a Service that selects ``app: <name>``."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": type_, "selector": {"app": name}, "ports": list(ports), **spec},
    }


def an_ingress(
    name: str = "web",
    *,
    namespace: str = "default",
    path: Document | None = None,
    class_name: str = "alb",
    host: str = "",
) -> Document:
    """Return an Ingress with one rule and one path."""
    default: Document = {
        "path": "/",
        "pathType": "Prefix",
        "backend": {"service": {"name": "web", "port": {"number": 80}}},
    }
    rule: Document = {"http": {"paths": [default if path is None else path]}}
    if host:
        rule["host"] = host
    spec: Document = {"rules": [rule]}
    if class_name:
        spec["ingressClassName"] = class_name
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def a_workload(
    name: str = "web",
    *,
    kind: str = "Deployment",
    namespace: str = "default",
    replicas: int = 1,
    image: str = "web:1",
    annotations: Mapping[str, str] | None = None,
    spec: Mapping[str, object] | None = None,
    pod: Mapping[str, object] | None = None,
) -> Document:
    """Return a Deployment or StatefulSet whose pods carry ``app: <name>`` and serve 8080."""
    container: Document = {
        "name": "main",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    template: Document = {
        "metadata": {"labels": {"app": name}, "annotations": dict(annotations or {})},
        "spec": {"containers": [container], **(pod or {})},
    }
    body: Document = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": name}},
        "template": template,
    }
    if kind == "StatefulSet":
        body["serviceName"] = name
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**body, **(spec or {})},
    }


def a_pod(
    name: str,
    *,
    namespace: str = "default",
    labels: Mapping[str, str] | None = None,
    **spec: object,
) -> Document:
    """Return a bare Pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
        "spec": {"containers": [{"name": "main", "image": "web:1"}], **spec},
    }


def a_lease(name: str = "leader", *, holder: str = "a") -> Document:
    """Return a Lease."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 12,
            "leaseTransitions": 0,
            "acquireTime": "2026-11-20T10:00:00.000000Z",
            "renewTime": "2026-11-20T10:00:00.000000Z",
        },
    }


def a_definition(
    *,
    plural: str = "widgets",
    kind: str = "Widget",
    scope: str = "Namespaced",
    schema: Mapping[str, object] | None = None,
    status: bool = True,
) -> Document:
    """Return a CustomResourceDefinition in the group ``example.com``."""
    body: Document = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: Document = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": dict(schema) if schema is not None else body},
        "additionalPrinterColumns": [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {
                "name": "Ready",
                "type": "string",
                "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
            },
        ],
    }
    if status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"plural": plural, "kind": kind, "singular": kind.lower()},
            "versions": [version],
        },
    }
