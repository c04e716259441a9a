"""Annotations of Services: how their pods are reached, and which object holds their settings.

GKE reads them on Services alone, so they stand nowhere else. Most are JSON; one that is not is told
to every Ingress that uses the Service, and only to those.
"""

from __future__ import annotations

from providers.gcp import settings as gcp
from providers.gcp.reading import json_words, words
from providers.gcp.reading.rows import on_service
from provisioner.model.annotation import Annotation, TakenFor

_CONFIG_SUMMARY = "BackendConfig of each port, by name or number, and of all others."
_PROTOCOLS_SUMMARY = "What the load balancer speaks to ports, by their names."
SCALERS = (0.1, 1.0)  # beside 0; the Compute API takes nothing between

ROWS: tuple[Annotation[object], ...] = (
    on_service(
        gcp.CLOUD_PREFIX + "neg",
        gcp.NEG,
        json_words.neg,
        kind=json_words.NEG_FORM,
        summary="Reaches pods straight where ingress is true; GKE adds it by itself on VPC-native"
        " clusters. Endpoint groups for exposed_ports are GKE's.",
        default="no wish",
        taken_for=TakenFor(value=False, words="no wish for endpoint groups"),
    ),
    on_service(
        gcp.CLOUD_PREFIX + "backend-config",
        gcp.BACKEND_CONFIG,
        json_words.backend_configs,
        kind=json_words.CONFIG_FORM,
        summary=_CONFIG_SUMMARY,
        default="none",
    ),
    on_service(
        gcp.BETA_PREFIX + "backend-config",
        gcp.BACKEND_CONFIG,
        json_words.backend_configs,
        kind=json_words.CONFIG_FORM,
        summary=f"{_CONFIG_SUMMARY} Heard only where cloud.google.com/backend-config is not there.",
        default="none",
        alias=True,
    ),
    on_service(
        gcp.ALPHA_APP_PROTOCOLS,
        gcp.APP_PROTOCOLS,
        json_words.app_protocols,
        kind=json_words.PROTOCOLS_FORM,
        summary=_PROTOCOLS_SUMMARY,
        default="HTTP",
    ),
    on_service(
        gcp.CLOUD_PREFIX + "app-protocols",
        gcp.APP_PROTOCOLS,
        json_words.app_protocols,
        kind=json_words.PROTOCOLS_FORM,
        summary=f"{_PROTOCOLS_SUMMARY} Heard only where {gcp.ALPHA_APP_PROTOCOLS} is not there.",
        default="HTTP",
        alias=True,  # GKE asks the older one first
    ),
    on_service(
        gcp.GKE_PREFIX + "max-rate-per-endpoint",
        gcp.MAX_RATE_PER_ENDPOINT,
        words.above_zero,
        kind="number",
        summary="Requests per second that a pod is meant to take (pod mode).",
        default="1",
    ),
    on_service(
        gcp.GKE_PREFIX + "capacity-scaler",
        gcp.CAPACITY_SCALER,
        words.scaler(*SCALERS),
        kind="0, or 0.1 to 1",
        summary="Share of the capacity of its pods that is used; 0 drains them.",
        default="1",
    ),
    on_service(
        gcp.GKE_PREFIX + "transparent-health-checker",
        gcp.TRANSPARENT_HEALTH_CHECKER,
        json_words.transparent_health_checker,
        kind=json_words.CHECKER_FORM,
        summary="Asks a checker on the node (port 7877, /api/podhealth) whether a pod is ready.",
        default='{"enabled": false}',
    ),
)
"""The annotations of this level, in the order of the reference page."""
