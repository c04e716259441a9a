"""Annotations that speak of the load balancer as a whole: what it is, and its address."""

from __future__ import annotations

from providers.gcp import settings as gcp
from providers.gcp.reading import words
from providers.gcp.reading.frontend_config import FrontendConfigName
from providers.gcp.reading.rows import on_ingress
from providers.gcp.variant import Variant
from provisioner.core.values import choice
from provisioner.model.annotation import Annotation, Merge

ROWS: tuple[Annotation[object], ...] = (
    on_ingress(
        gcp.OURS + gcp.VARIANT.name,
        gcp.VARIANT,
        choice({variant.value: variant for variant in Variant}),
        Merge.EXCLUSIVE,
        kind=" | ".join(Variant),
        summary="Which of Google's Application Load Balancers this is.",
        default="by class and scheme; external ones global-external, under incumbent"
        " compatibility classic",
    ),
    on_ingress(
        gcp.INGRESS_PREFIX + "global-static-ip-name",
        gcp.STATIC_ADDRESS,
        words.global_address,
        Merge.EXCLUSIVE,
        kind="name of a global address",
        summary="Static address of a global load balancer; it is used and never deleted.",
        default="an address of its own",
    ),
    on_ingress(
        gcp.INGRESS_PREFIX + "regional-static-ip-name",
        gcp.STATIC_ADDRESS,
        words.regional_address,
        Merge.EXCLUSIVE,
        kind="name of a regional address",
        summary="The same of a regional load balancer.",
        default="an address of its own",
    ),
    on_ingress(
        gcp.GKE_PREFIX + "v1beta1.FrontendConfig",
        gcp.FRONTEND_CONFIG,
        FrontendConfigName.parse,
        Merge.EXCLUSIVE,
        kind="name of a FrontendConfig",
        summary="SSL policy, and redirects to HTTPS, from a FrontendConfig of the same namespace.",
        default="none",
    ),
)
"""The annotations of this level, in the order of the reference page."""
