"""What is acted out: manifests of workloads and Ingresses, and words to read documents with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.sandbox.cluster.documents import Document


def annotated(**notes: str) -> Document:
    """Return a patch that annotates."""
    return {"metadata": {"annotations": dict(notes)}}


def text_or_bool(document: object, *path: str) -> object:
    """Return what a path leads to."""
    found: object = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def parts_of(document: object, *path: str) -> list[object]:
    """Return the list that a path leads to, [] where it leads nowhere."""
    found = text_or_bool(document, *path)
    return list(found) if isinstance(found, list) else []


def a_workload(
    name: str,
    *,
    replicas: int = 2,
    port: int = 8080,
    version: str = "1",
    gates: Sequence[str] = (),
) -> str:
    """Return a Deployment with its Service; ``gates`` are readiness gates of its pods."""
    gated = ", ".join(f"{{conditionType: {gate}}}" for gate in gates)
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}, annotations: {{version: "{version}"}}}}
    spec:
      readinessGates: [{gated}]
      containers: [{{name: main, image: example/{name}, ports: [{{containerPort: {port}}}]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{type: NodePort, selector: {{app: {name}}}, ports: [{{port: 80, targetPort: {port}}}]}}
"""


def an_ingress(
    name: str = "web",
    *,
    paths: Mapping[str, str] | None = None,
    host: str = "",
    group: str = "",
    mode: str = "",
    class_name: str = "alb",
    annotations: Mapping[str, str] | None = None,
) -> str:
    """Return an Ingress; ``paths`` are path -> Service; ``annotations`` win over all others."""
    prefix = "ingress-provisioner.io"
    notes = {f"{prefix}/scheme": "external"}
    if group:
        notes[f"{prefix}/group"] = group
    if mode:
        notes[f"{prefix}/target-mode"] = mode
    notes |= annotations or {}
    written = "".join(f'\n    {key}: "{value}"' for key, value in notes.items())
    rules = "".join(
        f"\n      - {{path: {path}, pathType: Prefix,"
        f" backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}"
        for path, service in (paths or {"/": "web"}).items()
    )
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: shop
  annotations:{written}
spec:
  ingressClassName: {class_name}
  rules:
  - host: {host or name + ".example.com"}
    http:
      paths:{rules}
"""
