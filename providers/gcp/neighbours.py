"""Controllers that live beside us in a cluster, by the names that IngressClasses give them.

An Ingress of theirs is never ours to plan, and saying whose it is saves a search. GKE's own
controller has no IngressClass at all: it goes by the annotation ``kubernetes.io/ingress.class``,
and by the absence of any class. What its class names ask for is here too, because manifests keep
the names when they move.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from providers.gcp.incumbent import FINALIZERS
from providers.gcp.settings import INGRESS_PREFIX, VARIANT
from providers.gcp.variant import Variant
from provisioner.model.annotation import ClassWord, ClassWords
from provisioner.model.kube import Ingress, Key

GLOBAL, INTERNAL, REGIONAL = "gce", "gce-internal", "gce-regional-external"
SEVERAL_CLUSTERS = "gce-multi-cluster"

INCUMBENT_CONTROLLERS: Final[frozenset[str]] = frozenset()
"""GKE's controller passes over an Ingress that names an IngressClass, whatever that one says."""

DEFAULT_BACKEND: Final = Key("kube-system", "default-http-backend")
"""The Service that GKE installs to answer what no rule does."""

_SERVED: Final = frozenset({"", GLOBAL, INTERNAL, REGIONAL, SEVERAL_CLUSTERS})
_INFERRED: Final = frozenset({None, "", GLOBAL, INTERNAL, REGIONAL})
_CLASS: Final = f"{INGRESS_PREFIX}class"
_WRITTEN: Final = (
    "ingress.kubernetes.io/forwarding-rule",
    "ingress.kubernetes.io/https-forwarding-rule",
)
_VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {INTERNAL: Variant.REGIONAL_INTERNAL, REGIONAL: Variant.REGIONAL_EXTERNAL}
)
_GKE: Final = "GKE Ingress"
_CONTROLLERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "k8s.io/ingress-gce": _GKE,  # people write it; GKE itself goes by no IngressClass
        "ingress.k8s.aws/alb": "AWS Load Balancer Controller",
        "eks.amazonaws.com/alb": "EKS Auto Mode",
        "k8s.io/ingress-nginx": "ingress-nginx",
        "nginx.org/ingress-controller": "NGINX Ingress Controller",
        "traefik.io/ingress-controller": "Traefik",
        "ingress-provisioner.io/aws": "Ingress Provisioner on AWS",
    }
)
_CLASS_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        GLOBAL: _GKE,
        INTERNAL: _GKE,
        REGIONAL: _GKE,
        SEVERAL_CLUSTERS: "GKE Ingress for several clusters",
        "alb": "AWS Load Balancer Controller",
    }
)


def neighbour(*, controller: str, class_name: str) -> str:
    """Return the product behind a controller or a well-known class name, "" if unknown."""
    return _CONTROLLERS.get(controller, "") or _CLASS_NAMES.get(class_name, "")


def infers_class(name: str | None) -> bool:
    """Tell whether files may use this class name, or none, without holding the IngressClass.

    Ingresses of several clusters are left out: GKE makes no more than instance groups for them.
    """
    return name in _INFERRED


def incumbent_serves(*, annotation: str | None, class_name: str | None) -> bool:
    """Tell whether GKE's controller serves an Ingress.

    The annotation counts before the field, whatever that says; without it, an Ingress that names an
    IngressClass is left alone, and one that names none is served (kubernetes/ingress-gce,
    ``pkg/utils``).
    """
    if annotation is None:
        return class_name is None
    return annotation in _SERVED


def incumbent_trace(ingress: Ingress) -> str:
    """Return what on an Ingress of a cluster shows that GKE's controller serves it now.

    Its finalizer is there from the first resource to the last. What it writes beside that may have
    been left behind, so it tells only where the class says so, too.
    """
    held = next((name for name in ingress.meta.finalizers if name in FINALIZERS), "")
    if held:
        return f"finalizer {held}"
    said = ingress.meta.annotations
    if incumbent_serves(annotation=said.get(_CLASS), class_name=ingress.class_name):
        return next((f"annotation {name}" for name in _WRITTEN if name in said), "")
    return ""


def named_class(name: str) -> ClassWords:
    """Return which load balancer a class name of GKE's asks for, below everything that is said.

    ``gce`` asks for a global external one; which of the two that is, compatibility decides.
    """
    variant = _VARIANTS.get(name)
    if variant is None:
        return ClassWords()
    field = f"metadata.annotations[{INGRESS_PREFIX}class]"
    return ClassWords(words=(ClassWord(setting=VARIANT.name, value=variant, field=field),))
