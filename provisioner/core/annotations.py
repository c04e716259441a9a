"""The settings that Ingresses can state, and the nouns that their values are made of.

A *setting* is the neutral name of something configurable. ``portable`` has the annotations of ours
that state settings; a provider brings a table of native ones that feed the same settings. Most
settings named here have a field in the Intent. Any other setting of a provider's table travels to
it in ``options``, under the setting's name: of the load balancer, of each backend, or of each path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, cast

from provisioner.core.values import ListenPort
from provisioner.model.annotation import Annotation, Merge, Place, Setting, TakenFor
from provisioner.model.intent import (
    BackendProtocol,
    FixedResponse,
    ForeignBackend,
    ProtocolVersion,
    Redirect,
    Scheme,
)
from provisioner.model.kube import PortRef

T = TypeVar("T")


class ModeWish(StrEnum):
    """What someone says about the target mode; ``auto`` leaves it to the arithmetic."""

    POD = "pod"
    NODE_PORT = "node-port"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWeight:
    """A Service port named by an action, and its share of the traffic."""

    service: str
    port: PortRef
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardTo:
    """An action that forwards to Services of the Ingress' namespace, and to what others keep.

    Both lists are in written order. ``stickiness_seconds`` keeps a client on the backend that it
    met first (None: it does not).
    """

    services: tuple[ServiceWeight, ...]
    foreign: tuple[ForeignBackend, ...] = ()
    stickiness_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How a load balancer repeats requests that failed; ``conditions`` in the words of Envoy."""

    attempts: int
    per_try_seconds: float | None = None
    conditions: tuple[str, ...] = ()


NamedAction = Redirect | FixedResponse | ForwardTo
"""What ``actions.${name}`` may hold; a path selects it with the port name ``use-annotation``."""

# Load balancer
GROUP: Setting[str] = Setting("group")
GROUP_ORDER: Setting[int] = Setting("group-order")
SCHEME: Setting[Scheme] = Setting("scheme")
LOAD_BALANCER_NAME: Setting[str] = Setting("load-balancer-name")
IP_ADDRESS_TYPE: Setting[str] = Setting("ip-address-type")
SUBNETS: Setting[tuple[str, ...]] = Setting("subnets")
SECURITY_GROUPS: Setting[tuple[str, ...]] = Setting("security-groups")
MANAGE_BACKEND_SECURITY_GROUP_RULES: Setting[bool] = Setting("manage-backend-security-group-rules")
LOAD_BALANCER_ATTRIBUTES: Setting[Mapping[str, str]] = Setting("load-balancer-attributes")
TAGS: Setting[Mapping[str, str]] = Setting("tags")
TIMEOUT_SECONDS: Setting[int] = Setting("timeout-seconds")

# Listeners
LISTEN_PORTS: Setting[tuple[ListenPort, ...]] = Setting("listen-ports")
SSL_REDIRECT: Setting[int] = Setting("ssl-redirect")
CERTIFICATES: Setting[tuple[str, ...]] = Setting("certificates")
SSL_POLICY: Setting[str] = Setting("ssl-policy")
INBOUND_CIDRS: Setting[tuple[str, ...]] = Setting("inbound-cidrs")
PREFIX_LISTS: Setting[tuple[str, ...]] = Setting("prefix-lists")

# Backends
TARGET_MODE: Setting[ModeWish] = Setting("target-mode")
BACKEND_PROTOCOL: Setting[BackendProtocol] = Setting("backend-protocol")
BACKEND_PROTOCOL_VERSION: Setting[ProtocolVersion] = Setting("backend-protocol-version")
HEALTH_CHECK_PORT: Setting[str] = Setting("health-check-port")
HEALTH_CHECK_PROTOCOL: Setting[BackendProtocol] = Setting("health-check-protocol")
HEALTH_CHECK_PATH: Setting[str] = Setting("health-check-path")
HEALTH_CHECK_INTERVAL: Setting[int] = Setting("health-check-interval-seconds")
HEALTH_CHECK_TIMEOUT: Setting[int] = Setting("health-check-timeout-seconds")
HEALTHY_THRESHOLD: Setting[int] = Setting("health-check-healthy-threshold")
UNHEALTHY_THRESHOLD: Setting[int] = Setting("health-check-unhealthy-threshold")
SUCCESS_CODES: Setting[str] = Setting("health-check-success-codes")
TARGET_GROUP_ATTRIBUTES: Setting[Mapping[str, str]] = Setting("target-group-attributes")
TARGET_NODE_LABELS: Setting[Mapping[str, str]] = Setting("target-node-labels")
LOAD_BALANCING_ALGORITHM: Setting[str] = Setting("load-balancing-algorithm")
SESSION_AFFINITY: Setting[str] = Setting("session-affinity")

# Rules and listeners that every cloud knows, in its own way
REWRITE_TARGET: Setting[str] = Setting("rewrite-target")
WEIGHTS: Setting[tuple[ServiceWeight, ...]] = Setting("weights")
ACCESS_LOGS: Setting[str] = Setting("access-logs")
RETRIES: Setting[Retries] = Setting("retries")
CIRCUIT_BREAKERS: Setting[Mapping[str, int]] = Setting("circuit-breakers")

FROM_SECRETS = "from-secret"
"""What ``certificates`` says instead of a name to take those of the Secrets in ``spec.tls``."""

MANAGED = "managed"
"""What ``certificates`` says instead of a name to have the cloud issue one for the hosts."""

# Rules
ACTIONS: Setting[NamedAction] = Setting("actions")

RESOLVED = frozenset(
    setting.name
    for setting in (
        GROUP,
        GROUP_ORDER,
        SCHEME,
        LOAD_BALANCER_NAME,
        IP_ADDRESS_TYPE,
        SUBNETS,
        SECURITY_GROUPS,
        LOAD_BALANCER_ATTRIBUTES,
        TAGS,
        LISTEN_PORTS,
        SSL_REDIRECT,
        CERTIFICATES,
        SSL_POLICY,
        INBOUND_CIDRS,
        PREFIX_LISTS,
        TARGET_MODE,
        BACKEND_PROTOCOL,
        BACKEND_PROTOCOL_VERSION,
        HEALTH_CHECK_PORT,
        HEALTH_CHECK_PROTOCOL,
        HEALTH_CHECK_PATH,
        HEALTH_CHECK_INTERVAL,
        HEALTH_CHECK_TIMEOUT,
        HEALTHY_THRESHOLD,
        UNHEALTHY_THRESHOLD,
        SUCCESS_CODES,
        TARGET_GROUP_ATTRIBUTES,
        TARGET_NODE_LABELS,
        ACTIONS,
    )
)
"""Settings with a field of their own in the Intent; all others travel in ``options``."""


def annotation(
    key: str,
    setting: Setting[T],
    parse: Callable[[str], T | None],
    *,
    places: frozenset[Place],
    merge: Merge,
    type_name: str,
    summary: str,
    default: str = "",
    alias: bool = False,
    check_suffix: Callable[[str], None] | None = None,
    taken_for: TakenFor[T] | None = None,
) -> Annotation[object]:
    """Return a row of a table. Tables hold many types, so the row's own is forgotten here.

    That is sound: a row's value is only ever read back through its setting, whose type the
    signature ties to the parser's.
    """
    row = Annotation(
        key=key,
        setting=setting,
        parse=parse,
        places=places,
        merge=merge,
        type_name=type_name,
        summary=summary,
        default=default,
        alias=alias,
        check_suffix=check_suffix,
        taken_for=taken_for,
    )
    return cast("Annotation[object]", row)
