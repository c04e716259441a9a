"""Manifests and commands for tests of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ACCOUNT = Path(__file__).parents[3] / "docs" / "examples" / "account-aws.yaml"

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""


def ingress(name: str = "web", *, host: str = "shop.example.com", service: str = "web") -> str:
    """Return an Ingress manifest."""
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: shop}}
spec:
  ingressClassName: alb
  rules:
  - host: {host}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: {service}, port: {{number: 80}}}}}}
"""


def shop(folder: Path, *documents: str) -> Path:
    """Write a small application and return its file."""
    path = folder / "shop.yaml"
    path.write_text("---\n".join(documents or (ingress(), SERVICE, DEPLOYMENT)))
    return path


def provisioner(
    *arguments: str, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, far from any kubeconfig and credentials."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "KUBE"))}
    return subprocess.run(
        [sys.executable, "-m", "provisioner.cli", *arguments],
        env={**clean, "KUBECONFIG": "/nonexistent", **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
