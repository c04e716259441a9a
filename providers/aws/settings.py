"""The settings that only AWS has, and the nouns their values are made of.

``annotations`` parses the text of an annotation into these; whoever expresses a load balancer finds
them in ``options``: of the load balancer (exclusive and union settings, ``name:port`` for those of
one port), of a backend, or of a path. Settings that every cloud knows are in ``core.annotations``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from provisioner.core.secret_error import SecretError
from provisioner.model.annotation import PortWord, Setting
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Fingerprint, Spec

PREFIX = "alb.ingress.kubernetes.io/"
"""The prefix of the native annotations."""


class MutualTlsMode(StrEnum):
    """What a listener does with certificates of clients."""

    OFF = "off"
    PASSTHROUGH = "passthrough"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualTls(PortWord):
    """Mutual TLS of one port. ``trust_store`` is a name or an ARN, "" outside ``verify``."""

    mode: MutualTlsMode
    trust_store: str = ""
    ignore_expiry: bool | None = None
    advertise_ca_names: bool | None = None

    def __str__(self) -> str:
        return f"{self.mode} {self.trust_store}".rstrip()


class AuthType(StrEnum):
    """How people are made to sign in."""

    NONE = "none"
    OIDC = "oidc"
    COGNITO = "cognito"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider:
    """An OpenID Connect identity provider. ``client_id`` and ``client_secret`` come from a Secret.

    Both are fingerprints everywhere but on their way to AWS; ``None`` until the Secret was read.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    secret_name: str
    extra_params: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    client_id: Fingerprint | None = None
    client_secret: Fingerprint | None = None

    def filled(
        self, data: Mapping[str, bytes], seal: Callable[[str, str], Fingerprint]
    ) -> OidcProvider:
        """Return the provider with what its Secret holds (``core.secrets.NamesSecret``).

        Editors and ``echo`` leave line ends behind: the id loses white space at its end, the secret
        control characters alone, because a blank may belong to it.
        """
        name = "clientID" if "clientID" in data else "clientId"
        client_id = _secret_text(data, name).rstrip()
        client_secret = _secret_text(data, "clientSecret").rstrip(_CONTROLS)
        for key, text in ((name, client_id), ("clientSecret", client_secret)):
            if not text:
                raise SecretError(f"has nothing under key {key}")
        return replace(
            self,
            client_id=seal(client_id, "oidc-client-id"),
            client_secret=seal(client_secret, "oidc-client-secret"),
        )


_CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))


def _secret_text(data: Mapping[str, bytes], name: str) -> str:
    if name not in data:
        shown = "clientID" if name == "clientId" else name
        raise SecretError(f"has no key {shown}", hint="it needs the keys clientID and clientSecret")
    try:
        return data[name].decode()
    except UnicodeDecodeError:
        raise SecretError(f"holds under key {name} what is no text") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitoPool:
    """A Cognito user pool."""

    user_pool_arn: str
    user_pool_client_id: str
    user_pool_domain: str
    extra_params: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtClaim:
    """A claim that a token must carry; ``format`` is AWS's word (``single-string``, ...)."""

    format: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtValidation:
    """Tokens that a listener accepts."""

    jwks_endpoint: str
    issuer: str
    claims: tuple[JwtClaim, ...] = ()


# Load balancer (options of the load balancer)
CUSTOMER_OWNED_POOL: Setting[str] = Setting("customer-owned-ipv4-pool")
IPAM_POOL: Setting[str] = Setting("ipam-ipv4-pool-id")
MINIMUM_CAPACITY: Setting[int] = Setting("minimum-load-balancer-capacity")  # LCUs; 0 resets
WEB_ACL_ARN: Setting[str] = Setting("wafv2-acl-arn")
WEB_ACL_NAME: Setting[str] = Setting("wafv2-acl-name")
CLASSIC_WEB_ACL: Setting[str] = Setting("waf-acl-id")
SHIELD: Setting[bool] = Setting("shield-advanced-protection")
SUBNET_TAGS: Setting[Mapping[str, tuple[str, ...]]] = Setting("subnet-tags")  # class only

# Listeners
MUTUAL_TLS: Setting[tuple[MutualTls, ...]] = Setting("mutual-authentication")
LISTENER_ATTRIBUTES: Setting[Mapping[str, str]] = Setting("listener-attributes")  # a family
CREATE_CERTIFICATE: Setting[bool] = Setting("create-acm-cert")
PRIVATE_CA: Setting[str] = Setting("acm-pca-arn")

# Backends
MULTI_CLUSTER: Setting[bool] = Setting("multi-cluster-target-group")
CONTROL_PORT: Setting[int] = Setting("target-control-port")  # a family: ${service}.${port}

# Rules (options of a path; AUTH_* of the backend where a Service states them)
AUTH_TYPE: Setting[AuthType] = Setting("auth-type")
AUTH_OIDC: Setting[OidcProvider] = Setting("auth-idp-oidc")
AUTH_COGNITO: Setting[CognitoPool] = Setting("auth-idp-cognito")
AUTH_ON_UNAUTHENTICATED: Setting[str] = Setting("auth-on-unauthenticated-request")
AUTH_SCOPE: Setting[str] = Setting("auth-scope")
AUTH_SESSION_COOKIE: Setting[str] = Setting("auth-session-cookie")
AUTH_SESSION_TIMEOUT: Setting[int] = Setting("auth-session-timeout")
JWT: Setting[JwtValidation] = Setting("jwt-validation")
CONDITIONS: Setting[tuple[Spec, ...]] = Setting("conditions")  # a family, in botocore's form
TRANSFORMS: Setting[tuple[Spec, ...]] = Setting("transforms")  # a family, in botocore's form
REGEX_PATHS: Setting[bool] = Setting("use-regex-path-match")

# The network load balancer in front
NLB: Setting[bool] = Setting("enable-frontend-nlb")
NLB_SCHEME: Setting[str] = Setting("frontend-nlb-scheme")
NLB_SUBNETS: Setting[tuple[str, ...]] = Setting("frontend-nlb-subnets")
NLB_SECURITY_GROUPS: Setting[tuple[str, ...]] = Setting("frontend-nlb-security-groups")
NLB_PORTS: Setting[Mapping[str, str]] = Setting("frontend-nlb-listener-port-mapping")
NLB_ADDRESSES: Setting[tuple[str, ...]] = Setting("frontend-nlb-eip-allocations")
NLB_ATTRIBUTES: Setting[Mapping[str, str]] = Setting("frontend-nlb-attributes")
NLB_TAGS: Setting[Mapping[str, str]] = Setting("frontend-nlb-tags")
NLB_CHECK_PORT: Setting[str] = Setting("frontend-nlb-healthcheck-port")
NLB_CHECK_PROTOCOL: Setting[str] = Setting("frontend-nlb-healthcheck-protocol")
NLB_CHECK_PATH: Setting[str] = Setting("frontend-nlb-healthcheck-path")
NLB_CHECK_INTERVAL: Setting[int] = Setting("frontend-nlb-healthcheck-interval-seconds")
NLB_CHECK_TIMEOUT: Setting[int] = Setting("frontend-nlb-healthcheck-timeout-seconds")
NLB_CHECK_HEALTHY: Setting[int] = Setting("frontend-nlb-healthcheck-healthy-threshold-count")
NLB_CHECK_UNHEALTHY: Setting[int] = Setting("frontend-nlb-healthcheck-unhealthy-threshold-count")
NLB_CHECK_CODES: Setting[str] = Setting("frontend-nlb-healthcheck-success-codes")
