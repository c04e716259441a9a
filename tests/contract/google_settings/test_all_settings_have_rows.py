"""No setting is left out: every annotation and every field has a row, or says where it is held."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.gcp.annotations import NATIVE as NATIVE_TABLE
from provisioner.core.portable import PORTABLE as PORTABLE_TABLE
from tests.contract.google_settings.row import PORTABLE
from tests.contract.google_settings.test_google_settings import LEVELS

_GROUPS = "needs several Ingresses: test_google_groups"
_KINDS = "another load balancer in stages that people approve: test_google_kinds has what is made"
_CANNOT = "no load balancer of Google's can do another: test_what_google_lacks"
_NOT_BUILT = "refused by name until it is built: tests of the table"
_FOREIGN = "other programs', without effect: test_google_kinds"
_HOST_PROJECT = "needs a Shared VPC: test_shared_vpc"

ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "ingress-provisioner.io/google-load-balancer": _KINDS,
        "kubernetes.io/ingress.class": _KINDS,
        "networking.gke.io/suppress-firewall-xpn-error": _HOST_PROJECT,
        "ingress.gcp.kubernetes.io/instance-groups": _FOREIGN,
        "cloud.google.com/neg-status": _FOREIGN,
        "cloud.google.com/load-balancer-type": _FOREIGN,
        "cloud.google.com/network-tier": _FOREIGN,
        "cloud.google.com/l4-rbs": _FOREIGN,
        "cloud.google.com/load-balancer-backend-share": _FOREIGN,
        "networking.gke.io/load-balancer-type": _FOREIGN,
        "networking.gke.io/load-balancer-subnet": _FOREIGN,
        "networking.gke.io/load-balancer-ip-addresses": _FOREIGN,
        "networking.gke.io/internal-load-balancer-subnet": _FOREIGN,
        "networking.gke.io/internal-load-balancer-allow-global-access": _FOREIGN,
        "networking.gke.io/l4-strong-session-affinity": _FOREIGN,
        "networking.gke.io/weighted-load-balancing": _FOREIGN,
        f"{PORTABLE}group": _GROUPS,
        f"{PORTABLE}group-order": _GROUPS,
        f"{PORTABLE}scheme": _KINDS,
        f"{PORTABLE}health-check-success-codes": _CANNOT,
        f"{PORTABLE}overflow": _NOT_BUILT,
        f"{PORTABLE}dry-run": _NOT_BUILT,
        f"{PORTABLE}approval": _NOT_BUILT,
    }
)
"""Annotations without a row, and where they are held to their promise instead."""

FIELDS = frozenset(
    {
        "BackendConfig iap.enabled",
        "BackendConfig iap.oauthclientCredentials.secretName",
        "BackendConfig iap.oauthclientCredentials.clientID",
        "BackendConfig iap.oauthclientCredentials.clientSecret",
        "BackendConfig cdn.enabled",
        "BackendConfig cdn.cachePolicy.includeHost",
        "BackendConfig cdn.cachePolicy.includeProtocol",
        "BackendConfig cdn.cachePolicy.includeQueryString",
        "BackendConfig cdn.cachePolicy.queryStringBlacklist",
        "BackendConfig cdn.cachePolicy.queryStringWhitelist",
        "BackendConfig cdn.cacheMode",
        "BackendConfig cdn.clientTtl",
        "BackendConfig cdn.defaultTtl",
        "BackendConfig cdn.maxTtl",
        "BackendConfig cdn.negativeCaching",
        "BackendConfig cdn.negativeCachingPolicy",
        "BackendConfig cdn.requestCoalescing",
        "BackendConfig cdn.serveWhileStale",
        "BackendConfig cdn.bypassCacheOnRequestHeaders",
        "BackendConfig cdn.signedUrlCacheMaxAgeSec",
        "BackendConfig cdn.signedUrlKeys",
        "BackendConfig securityPolicy.name",
        "BackendConfig timeoutSec",
        "BackendConfig connectionDraining.drainingTimeoutSec",
        "BackendConfig sessionAffinity.affinityType",
        "BackendConfig sessionAffinity.affinityCookieTtlSec",
        "BackendConfig customRequestHeaders.headers",
        "BackendConfig customResponseHeaders.headers",
        "BackendConfig healthCheck.checkIntervalSec",
        "BackendConfig healthCheck.timeoutSec",
        "BackendConfig healthCheck.healthyThreshold",
        "BackendConfig healthCheck.unhealthyThreshold",
        "BackendConfig healthCheck.type",
        "BackendConfig healthCheck.port",
        "BackendConfig healthCheck.requestPath",
        "BackendConfig logging.enable",
        "BackendConfig logging.sampleRate",
        "FrontendConfig sslPolicy",
        "FrontendConfig redirectToHttps.enabled",
        "FrontendConfig redirectToHttps.responseCodeName",
        "ManagedCertificate certificateName",
    }
)
"""Every field of GKE's objects of settings, by their CustomResourceDefinitions.

Of a ManagedCertificate the status counts: its ``domains`` are an order to GKE, and reach nothing of
ours; those that GKE cannot carry out are told (``bad_front_cases``).
"""


def test_every_annotation_has_a_row() -> None:
    """No annotation of the tables is left out, and no row is of one that is not there."""
    rows = {
        row.name.removeprefix("Service ")
        for level in LEVELS.values()
        for row in level
        if row.name not in FIELDS
    }

    tables = {row.key for row in (*NATIVE_TABLE, *PORTABLE_TABLE)}

    assert rows | ELSEWHERE.keys() == tables
    assert rows.isdisjoint(ELSEWHERE)


def test_every_field_of_the_objects_has_a_row() -> None:
    """No field of BackendConfig, FrontendConfig and ManagedCertificate is left out."""
    rows = {row.name for level in LEVELS.values() for row in level}

    assert rows >= FIELDS
    objects = ("BackendConfig ", "FrontendConfig ", "ManagedCertificate ")
    assert {name for name in rows if name.startswith(objects)} == FIELDS
