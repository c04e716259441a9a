"""The settings that Ingresses can state, and the portable annotations that state them.

A *setting* is the neutral name of something configurable. The portable table is here; a provider
brings a native one whose annotations feed the same settings. Most settings named here have a field
in the Intent. Any other setting of a provider's table travels to it in ``options``, under the
setting's name: of the load balancer, of each backend, or of each path.

Portable annotations that belong to the published set but are not built yet are in the table too,
with a parser that refuses them, so that nobody mistakes silence for success.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, cast

from provisioner.core.json_values import portable_listen_ports
from provisioner.core.values import (
    ListenPort,
    choice,
    group_name,
    integer,
    port,
    refuse,
    required_text,
    strings,
    text,
)
from provisioner.model.annotation import Annotation, Merge, Place, Setting
from provisioner.model.intent import (
    BackendProtocol,
    FixedResponse,
    ProtocolVersion,
    Redirect,
    Scheme,
)
from provisioner.model.kube import PortRef
from provisioner.model.settings import ANNOTATION_PREFIX

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
    """An action that forwards to Services of the Ingress' namespace."""

    services: tuple[ServiceWeight, ...]


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

FROM_SECRETS = "from-secret"
"""What ``certificates`` says instead of a name to take those of the Secrets in ``spec.tls``."""

# Rules
ACTIONS: Setting[NamedAction] = Setting("actions")

_INGRESS = frozenset({Place.INGRESS})
_BOTH = frozenset({Place.INGRESS, Place.SERVICE})


def annotation(
    key: str,
    setting: Setting[T],
    parse: Callable[[str], T],
    *,
    places: frozenset[Place],
    merge: Merge,
    type_name: str,
    summary: str,
    default: str = "",
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
    )
    return cast("Annotation[object]", row)


def _portable(
    setting: Setting[T],
    parse: Callable[[str], T],
    *,
    merge: Merge,
    type_name: str,
    summary: str,
    default: str = "",
) -> Annotation[object]:
    places = _BOTH if setting.name in _ON_SERVICES else _INGRESS
    return annotation(
        ANNOTATION_PREFIX + setting.name,
        setting,
        parse,
        places=places,
        merge=merge,
        type_name=type_name,
        summary=summary,
        default=default,
    )


_ON_SERVICES = frozenset(
    {
        "target-mode",
        "backend-protocol",
        "load-balancing-algorithm",
        "session-affinity",
        *(
            f"health-check-{part}"
            for part in (
                "port",
                "protocol",
                "path",
                "interval-seconds",
                "timeout-seconds",
                "healthy-threshold",
                "unhealthy-threshold",
                "success-codes",
            )
        ),
    }
)

_PROTOCOLS = {p.value: p for p in BackendProtocol}

_LOAD_BALANCER = (
    _portable(
        GROUP,
        group_name,
        merge=Merge.OWN,
        type_name="group name",
        summary="Shares one load balancer with every Ingress that names the same group.",
        default="a load balancer of its own",
    ),
    _portable(
        GROUP_ORDER,
        integer(-1000, 1000),
        merge=Merge.OWN,
        type_name="number, -1000 to 1000",
        summary="Place among the members of a group; lower comes first, then age.",
        default="0",
    ),
    _portable(
        SCHEME,
        choice({s.value: s for s in Scheme}),
        merge=Merge.EXCLUSIVE,
        type_name="internal | external",
        summary="Who can reach the load balancer.",
        default="internal on AWS, external on Google",
    ),
    _portable(
        TIMEOUT_SECONDS,
        integer(1, 86_400),
        merge=Merge.EXCLUSIVE,
        type_name="seconds",
        summary="How long a connection may be silent (AWS) or a response may take (Google).",
        default="the cloud's own",
    ),
    _portable(
        LISTEN_PORTS,
        portable_listen_ports,
        merge=Merge.OWN,
        type_name='"HTTP:80, HTTPS:443", or a JSON list of {PROTO: port}',
        summary="Ports on which this Ingress is served.",
        default="HTTPS:443 where certificates are named, else HTTP:80",
    ),
    _portable(
        SSL_REDIRECT,
        port,
        merge=Merge.EXCLUSIVE,
        type_name="port",
        summary="Redirects every HTTP port of the load balancer to this HTTPS port.",
    ),
    _portable(
        CERTIFICATES,
        strings,
        merge=Merge.OWN,
        type_name="list",
        summary="Certificates for the HTTPS ports; the first is the default.",
        default="found by host name",
    ),
)

_BACKENDS = (
    _portable(
        TARGET_MODE,
        choice({w.value: w for w in ModeWish}),
        merge=Merge.OWN,
        type_name="pod | node-port | auto",
        summary="How traffic reaches pods: straight, through node ports, or as the sums decide.",
        default="auto",
    ),
    _portable(
        BACKEND_PROTOCOL,
        choice(_PROTOCOLS),
        merge=Merge.OWN,
        type_name="HTTP | HTTPS",
        summary="What the load balancer speaks to targets.",
        default="HTTP",
    ),
    _portable(
        LOAD_BALANCING_ALGORITHM,
        choice({w: w for w in ("round-robin", "least-requests", "random")}),
        merge=Merge.OWN,
        type_name="round-robin | least-requests | random",
        summary="How a target is chosen for a request.",
        default="the cloud's own",
    ),
    _portable(
        SESSION_AFFINITY,
        choice({w: w for w in ("none", "cookie")}),
        merge=Merge.OWN,
        type_name="none | cookie",
        summary="Whether a client stays with its target, by a cookie of the load balancer.",
        default="none",
    ),
)

_HEALTH_CHECKS = (
    _portable(
        HEALTH_CHECK_PORT,
        required_text,
        merge=Merge.OWN,
        type_name="number, Service port name or traffic-port",
        summary="Port that is checked.",
        default="traffic-port",
    ),
    _portable(
        HEALTH_CHECK_PROTOCOL,
        choice(_PROTOCOLS),
        merge=Merge.OWN,
        type_name="HTTP | HTTPS",
        summary="What a check speaks.",
        default="the backend protocol",
    ),
    _portable(
        HEALTH_CHECK_PATH,
        text,
        merge=Merge.OWN,
        type_name="path",
        summary="Path that is requested.",
        default="/",
    ),
    _portable(
        HEALTH_CHECK_INTERVAL,
        integer(1, 300),
        merge=Merge.OWN,
        type_name="seconds",
        summary="Time between two checks of one target.",
        default="15",
    ),
    _portable(
        HEALTH_CHECK_TIMEOUT,
        integer(1, 300),
        merge=Merge.OWN,
        type_name="seconds",
        summary="Time after which a check without an answer has failed.",
        default="5",
    ),
    _portable(
        HEALTHY_THRESHOLD,
        integer(1, 10),
        merge=Merge.OWN,
        type_name="number",
        summary="Checks in a row that make a target healthy.",
        default="2",
    ),
    _portable(
        UNHEALTHY_THRESHOLD,
        integer(1, 10),
        merge=Merge.OWN,
        type_name="number",
        summary="Failed checks in a row that make a target unhealthy.",
        default="2",
    ),
    _portable(
        SUCCESS_CODES,
        required_text,
        merge=Merge.OWN,
        type_name="list of codes or ranges",
        summary="Status codes that count as healthy.",
        default="200",
    ),
)


def _not_built(name: str, capability: str, *harmless: str) -> Annotation[object]:
    return annotation(
        ANNOTATION_PREFIX + name,
        Setting(name),
        refuse(capability, harmless=frozenset(harmless)),
        places=_BOTH,
        merge=Merge.OWN,
        type_name="-",
        summary=f"{capability}: refused by name until it is built.",
    )


_NOT_BUILT = (
    _not_built("rewrite-target", "Rewriting paths"),
    _not_built("weights", "Splitting traffic by weight"),
    _not_built("access-logs", "Writing access logs", "false", ""),
    _not_built("overflow", "Moving to another load balancer when a limit is reached", "refuse"),
    _not_built("dry-run", "Planning a single Ingress without applying it", "false"),
    _not_built("approval", "Waiting for approval of a single Ingress", "automatic"),
)

PORTABLE: tuple[Annotation[object], ...] = (
    *_LOAD_BALANCER,
    *_BACKENDS,
    *_HEALTH_CHECKS,
    *_NOT_BUILT,
)
"""Every portable annotation, in the order of the reference page."""
