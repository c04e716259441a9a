"""GKE's default backend: who answers what no rule does, where a load balancer cannot or shall not.

The API wants a default service on every URL map, and a classic load balancer cannot answer 404 by
itself. GKE installs a Service for that in every cluster and leads there, on every kind of load
balancer, wherever an Ingress names nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from providers.gcp.desired.choice import choose_variant
from providers.gcp.neighbours import DEFAULT_BACKEND
from providers.gcp.variant import Variant
from provisioner.model.intent import Compatibility, LoadBalancerIntent
from provisioner.model.kube import Meta, Service, ServicePort
from provisioner.model.resource import ObservedResource


def fallback(intent: LoadBalancerIntent, present: Iterable[ObservedResource]) -> Service | None:
    """Return the default backend where somebody has to answer and nobody else does."""
    alone = any(
        listener.redirect_to is None and listener.default_ingress is None
        for listener in intent.listeners
    )
    incumbent = intent.compatibility is Compatibility.INCUMBENT
    if not alone:
        return None
    choice = choose_variant(intent, present)
    if not incumbent and Variant.CLASSIC not in {choice.variant, choice.wanted}:
        return None
    return Service(
        meta=Meta(name=DEFAULT_BACKEND.name, namespace=DEFAULT_BACKEND.namespace),
        type="NodePort",
        ports=(ServicePort(port=80, name="http", target_port=8080),),
    )
