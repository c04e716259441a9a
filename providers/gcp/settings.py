"""The settings that only Google Cloud has, and the nouns their values are made of.

``annotations`` parses the text of an annotation into these; whoever expresses a load balancer finds
them in ``options``: of the load balancer (exclusive settings), of a member (what concerns one
Ingress as a whole) or of a backend. Settings that every cloud knows are in ``core.annotations``.

GKE keeps most settings of a backend in an object, the BackendConfig, and those of the front in a
FrontendConfig. Their values here tell *not said* (None) from *said*: what nobody says, whoever
expresses the resource states as Google's default, so that a block which is removed takes its effect
along (GKE leaves it behind: ingress-gce#1706, #2209).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from providers.gcp.backend_config import NO_BACKEND_CONFIG, BackendConfig
from providers.gcp.variant import Variant
from provisioner.core.object_error import ObjectRemark
from provisioner.model.annotation import Setting
from provisioner.model.settings import ANNOTATION_PREFIX

OURS = ANNOTATION_PREFIX
INGRESS_PREFIX = "kubernetes.io/ingress."
GCP_PREFIX = "ingress.gcp.kubernetes.io/"
GKE_PREFIX = "networking.gke.io/"
CLOUD_PREFIX = "cloud.google.com/"
BETA_PREFIX = "beta.cloud.google.com/"
ALPHA_APP_PROTOCOLS = "service.alpha.kubernetes.io/app-protocols"

PREFIXES = (
    INGRESS_PREFIX,
    GCP_PREFIX,
    GKE_PREFIX,
    CLOUD_PREFIX,
    BETA_PREFIX,
    ALPHA_APP_PROTOCOLS,  # nothing else below that prefix is about Ingresses
)
"""Where native annotations stand; unknown keys below are told, except those of other programs."""

BACKEND_CONFIG_KIND = "BackendConfig"
FRONTEND_CONFIG_KIND = "FrontendConfig"
MANAGED_CERTIFICATE_KIND = "ManagedCertificate"
OBJECT_KINDS = frozenset(
    {
        ("cloud.google.com", BACKEND_CONFIG_KIND),
        ("networking.gke.io", FRONTEND_CONFIG_KIND),
        ("networking.gke.io", MANAGED_CERTIFICATE_KIND),
    }
)
"""Group and kind of the objects of settings that annotations name."""


class AppProtocol(StrEnum):
    """What a load balancer speaks to one port of a Service."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    HTTP2 = "HTTP2"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressName:
    """The name of a static address that somebody reserved."""

    name: str
    regional: bool = False

    def __str__(self) -> str:
        return f"{'regional' if self.regional else 'global'} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpsRedirect:
    """What a FrontendConfig says of requests over HTTP; ``code`` is Google's name of a status."""

    enabled: bool
    code: str = "MOVED_PERMANENTLY_DEFAULT"

    @property
    def status(self) -> int:
        """The status that the name stands for."""
        return REDIRECT_STATUS[self.code]


REDIRECT_STATUS: Mapping[str, int] = {
    "MOVED_PERMANENTLY_DEFAULT": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendConfig:
    """What a FrontendConfig says.

    ``ssl_policy`` None leaves it to Google's default (and, under ``incumbent``, what is there), ""
    takes away what is there. Two objects that say the same are equal, whatever they are called.
    """

    ssl_policy: str | None = None
    redirect: HttpsRedirect | None = None
    name: str = field(default="", compare=False)
    object_remarks: tuple[ObjectRemark, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        redirect = self.redirect
        code = redirect.code if redirect is not None and redirect.enabled else "none"
        policy = "not said" if self.ssl_policy is None else self.ssl_policy or "none"
        return f"FrontendConfig {self.name} (sslPolicy {policy}, redirectToHttps {code})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedCertificate:
    """A ManagedCertificate of GKE's: what it is for, and which Compute certificate it became.

    ``certificate_name`` is "" until GKE has made one; files rarely hold it. ``live`` says that the
    object was read from a cluster, so that what it does not say is truly not there yet.
    """

    name: str
    domains: tuple[str, ...] = ()
    certificate_name: str = ""
    status: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedCertificates:
    """The ManagedCertificates that an Ingress names, in written order."""

    certificates: tuple[ManagedCertificate, ...]
    object_remarks: tuple[ObjectRemark, ...] = field(default=(), compare=False)


# Load balancer (options of the load balancer)
VARIANT: Setting[Variant] = Setting("google-load-balancer")
STATIC_ADDRESS: Setting[AddressName] = Setting("static-address")
CERTIFICATE_MAP: Setting[str] = Setting("certificate-map")
FRONTEND_CONFIG: Setting[object] = Setting("frontend-config")  # once filled: FrontendConfig

# One Ingress as a whole (options of a member)
ALLOW_HTTP: Setting[bool] = Setting("allow-http")
PRE_SHARED_CERTIFICATES: Setting[tuple[str, ...]] = Setting("pre-shared-certificates")
MANAGED_CERTIFICATES: Setting[object] = Setting("managed-certificates")  # ManagedCertificates
SUPPRESS_FIREWALL_ERROR: Setting[bool] = Setting("suppress-firewall-error")

# Backends (options of a backend)
BACKEND_CONFIG: Setting[object] = Setting("backend-config")  # once filled: BackendConfig
APP_PROTOCOLS: Setting[Mapping[str, AppProtocol]] = Setting("app-protocols")  # by port name
NEG: Setting[bool] = Setting("neg")  # pods are to be reached straight
MAX_RATE_PER_ENDPOINT: Setting[float] = Setting("max-rate-per-endpoint")
CAPACITY_SCALER: Setting[float] = Setting("capacity-scaler")
TRANSPARENT_HEALTH_CHECKER: Setting[bool] = Setting("transparent-health-checker")

# Known so that nobody is warned of them
FOREIGN: Setting[object] = Setting("foreign")


def backend_config(options: Mapping[str, object]) -> BackendConfig:
    """Return the BackendConfig of a backend; one that says nothing where there is none."""
    found = options.get(BACKEND_CONFIG.name)
    return found if isinstance(found, BackendConfig) else NO_BACKEND_CONFIG


def frontend_config(options: Mapping[str, object]) -> FrontendConfig:
    """Return the FrontendConfig of a load balancer; one that says nothing where there is none."""
    found = options.get(FRONTEND_CONFIG.name)
    return found if isinstance(found, FrontendConfig) else FrontendConfig()


def managed_certificates(options: Mapping[str, object]) -> tuple[ManagedCertificate, ...]:
    """Return the ManagedCertificates that a member names."""
    found = options.get(MANAGED_CERTIFICATES.name)
    return found.certificates if isinstance(found, ManagedCertificates) else ()
