"""Controllers that live beside us in a cluster, by the names that IngressClasses give them.

An Ingress of theirs is never ours to plan, and saying whose it is saves a search. Names that are
classes rather than controllers are those that a controller acts on without any IngressClass.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from provisioner.model.kube import Ingress

LOAD_BALANCER_CONTROLLER: Final = "ingress.k8s.aws/alb"
AUTO_MODE: Final = "eks.amazonaws.com/alb"

INCUMBENT_CONTROLLERS: Final = frozenset({LOAD_BALANCER_CONTROLLER})
"""Whose resources can be taken over. Those of EKS Auto Mode carry other tags, and AWS writes them:
nobody but AWS can let go of them."""

PARAMETER_KINDS: Final = frozenset(
    {("elbv2.k8s.aws", "IngressClassParams"), ("eks.amazonaws.com", "IngressClassParams")}
)

_FINALIZER: Final = "ingress.k8s.aws/resources"
_GROUP_FINALIZER: Final = "group.ingress.k8s.aws/"

_CONTROLLERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        LOAD_BALANCER_CONTROLLER: "AWS Load Balancer Controller",
        AUTO_MODE: "EKS Auto Mode",
        "k8s.io/ingress-nginx": "ingress-nginx",
        "nginx.org/ingress-controller": "NGINX Ingress Controller",
        "traefik.io/ingress-controller": "Traefik",
        "ingress-provisioner.io/gcp": "Ingress Provisioner on Google Cloud",
    }
)
_CLASS_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gce": "GKE Ingress",
        "gce-internal": "GKE Ingress",
        "gce-regional-external": "GKE Ingress",
        "gce-multi-cluster": "GKE Ingress",
    }
)


def incumbent_trace(ingress: Ingress) -> str:
    """Return which finalizer shows that AWS Load Balancer Controller serves an Ingress, "" if none.

    It has one for an Ingress alone and one that names the group
    (LBC, ``pkg/ingress/finalizer.go``).
    """
    held = (
        name
        for name in ingress.meta.finalizers
        if name == _FINALIZER or name.startswith(_GROUP_FINALIZER)
    )
    return next((f"finalizer {name}" for name in held), "")


def neighbour(*, controller: str, class_name: str) -> str:
    """Return the product behind a controller or a well-known class name, "" if unknown."""
    return _CONTROLLERS.get(controller, "") or _CLASS_NAMES.get(class_name, "")
