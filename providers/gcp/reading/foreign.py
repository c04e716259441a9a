"""Annotations of other programs below the prefixes that are read: known, and without effect here.

GKE itself writes some of them on every Service it touches, and those of its load balancers for
Services stand on the Services that Ingresses use. Nobody should be warned of what is right where it
is. Sources: pkg/annotations of kubernetes/ingress-gce and of kubernetes/cloud-provider-gcp, and
"LoadBalancer Service parameters" in the GKE documentation.
"""

from __future__ import annotations

from providers.gcp import settings as gcp
from providers.gcp.reading.rows import foreign
from provisioner.model.annotation import Annotation

_SERVICE_BALANCER = "Of GKE's load balancers for Services"
_WRITTEN = "Written by GKE"

ROWS: tuple[Annotation[object], ...] = (
    foreign(gcp.INGRESS_PREFIX + "class", "The class, where spec.ingressClassName is not used"),
    foreign(gcp.GCP_PREFIX + "instance-groups", f"{_WRITTEN} for Ingresses of several clusters"),
    foreign(gcp.CLOUD_PREFIX + "neg-status", f"{_WRITTEN}: the endpoint groups of a Service"),
    foreign(gcp.CLOUD_PREFIX + "load-balancer-type", _SERVICE_BALANCER),
    foreign(gcp.CLOUD_PREFIX + "network-tier", _SERVICE_BALANCER),
    foreign(gcp.CLOUD_PREFIX + "l4-rbs", _SERVICE_BALANCER),
    foreign(gcp.CLOUD_PREFIX + "load-balancer-backend-share", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "load-balancer-type", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "load-balancer-subnet", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "load-balancer-ip-addresses", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "internal-load-balancer-subnet", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "internal-load-balancer-allow-global-access", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "l4-strong-session-affinity", _SERVICE_BALANCER),
    foreign(gcp.GKE_PREFIX + "weighted-load-balancing", _SERVICE_BALANCER),
)
"""The annotations of others, in the order of the reference page."""
