"""Annotations that speak of the ports of an Ingress and of its certificates."""

from __future__ import annotations

from providers.gcp import settings as gcp
from providers.gcp.reading import words
from providers.gcp.reading.managed_certificate import ManagedCertificateNames
from providers.gcp.reading.rows import on_ingress
from provisioner.core.values import boolean
from provisioner.model.annotation import Annotation, Merge, TakenFor

ROWS: tuple[Annotation[object], ...] = (
    on_ingress(
        gcp.INGRESS_PREFIX + "allow-http",
        gcp.ALLOW_HTTP,
        boolean,
        Merge.MEMBER,
        kind="boolean",
        summary="Whether this Ingress is served over HTTP, beside HTTPS.",
        default="true",
        taken_for=TakenFor(value=True, words="true"),
    ),
    on_ingress(
        gcp.GCP_PREFIX + "pre-shared-cert",
        gcp.PRE_SHARED_CERTIFICATES,
        words.resource_names,
        Merge.MEMBER,
        kind="list of names",
        summary="Compute SSL certificates that exist, before those of the Secrets in spec.tls;"
        " GKE writes those of ManagedCertificates here.",
        default="none",
    ),
    on_ingress(
        gcp.GKE_PREFIX + "managed-certificates",
        gcp.MANAGED_CERTIFICATES,
        ManagedCertificateNames.parse,
        Merge.MEMBER,
        kind="list of names",
        summary="ManagedCertificates of the same namespace, for which GKE makes certificates.",
        default="none",
    ),
    on_ingress(
        gcp.GKE_PREFIX + "certmap",
        gcp.CERTIFICATE_MAP,
        words.resource_name,
        Merge.EXCLUSIVE,
        kind="name of a certificate map",
        summary="Certificate map of Certificate Manager (global load balancers): more than 15"
        " certificates, and wildcards. It replaces every other certificate.",
        default="none",
    ),
    on_ingress(
        gcp.GKE_PREFIX + "suppress-firewall-xpn-error",
        gcp.SUPPRESS_FIREWALL_ERROR,
        boolean,
        Merge.MEMBER,
        kind="boolean",
        summary="Says nothing of firewall rules that somebody else must make (Shared VPC).",
        default="false",
    ),
)
"""The annotations of this level, in the order of the reference page."""
