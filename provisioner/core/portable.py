"""The portable annotations: ``ingress-provisioner.io/*``, which mean the same on every cloud.

What one cloud cannot do is refused there by name (``Dialect.inexpressible``). Annotations that
belong to the published set but are not built yet are in the table too, with a parser that refuses
them, so that nobody mistakes silence for success.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from provisioner.core import portable_values
from provisioner.core.annotations import (
    ACCESS_LOGS,
    BACKEND_PROTOCOL,
    CERTIFICATES,
    CIRCUIT_BREAKERS,
    GROUP,
    GROUP_ORDER,
    HEALTH_CHECK_INTERVAL,
    HEALTH_CHECK_PATH,
    HEALTH_CHECK_PORT,
    HEALTH_CHECK_PROTOCOL,
    HEALTH_CHECK_TIMEOUT,
    HEALTHY_THRESHOLD,
    LISTEN_PORTS,
    LOAD_BALANCING_ALGORITHM,
    RETRIES,
    REWRITE_TARGET,
    SCHEME,
    SESSION_AFFINITY,
    SSL_REDIRECT,
    SUCCESS_CODES,
    TARGET_MODE,
    TIMEOUT_SECONDS,
    UNHEALTHY_THRESHOLD,
    WEIGHTS,
    ModeWish,
    annotation,
)
from provisioner.core.json_values import portable_listen_ports
from provisioner.core.values import (
    choice,
    group_name,
    integer,
    port,
    refuse,
    required_text,
    text,
)
from provisioner.model.annotation import Annotation, Merge, Place, Setting
from provisioner.model.intent import BackendProtocol, Scheme
from provisioner.model.settings import ANNOTATION_PREFIX

T = TypeVar("T")

_INGRESS = frozenset({Place.INGRESS})
_BOTH = frozenset({Place.INGRESS, Place.SERVICE})


def _portable(
    setting: Setting[T],
    parse: Callable[[str], T | None],
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
        "circuit-breakers",
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
        default="HTTPS:443 where certificates are named, else HTTP:80; by GKE's annotations both",
    ),
    _portable(
        SSL_REDIRECT,
        port,
        merge=Merge.EXCLUSIVE,
        type_name="port (Google: 443)",
        summary="Redirects every HTTP port of the load balancer to this HTTPS port.",
    ),
    _portable(
        CERTIFICATES,
        portable_values.certificates,
        merge=Merge.OWN,
        type_name="list | from-secret | managed",
        summary="Certificates for the HTTPS ports, the first is the default; or those of the"
        " Secrets in spec.tls; or new ones of the cloud's own.",
        default="found by host name on AWS; on Google those of the Secrets in spec.tls",
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
        summary="How a target is chosen for a request; a classic load balancer of Google's refuses"
        " all but round-robin.",
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
        default="/; on Google that of the readiness probe",
    ),
    _portable(
        HEALTH_CHECK_INTERVAL,
        integer(1, 300),
        merge=Merge.OWN,
        type_name="seconds",
        summary="Time between two checks of one target.",
        default="15; on Google that of the readiness probe",
    ),
    _portable(
        HEALTH_CHECK_TIMEOUT,
        integer(1, 300),
        merge=Merge.OWN,
        type_name="seconds",
        summary="Time after which a check without an answer has failed; on Google at most the"
        " time between two.",
        default="5; on Google that of the readiness probe",
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
        type_name="list of codes or ranges (Google: 200)",
        summary="Status codes that count as healthy.",
        default="200",
    ),
)

_RULES = (
    _portable(
        REWRITE_TARGET,
        portable_values.rewrite_target,
        merge=Merge.OWN,
        type_name="path",
        summary="Replaces the part of the request's path that the rule matched (the prefix of a"
        " Prefix path, all of an Exact one) before a target sees it.",
        default="the path as the client sent it",
    ),
    _portable(
        WEIGHTS,
        portable_values.weights,
        merge=Merge.OWN,
        type_name='"service:port=weight,...", or a JSON object of them',
        summary="Splits the traffic of each path that leads to one of these Services among all of"
        " them; two to five, weights 0 to 999. A classic load balancer of Google's refuses it.",
        default="all of it to the Service that the path names",
    ),
    _portable(
        RETRIES,
        portable_values.retries,
        merge=Merge.OWN,
        type_name='"attempts=3,per-try-timeout=2s,on=5xx connect-failure"',
        summary="Repeats requests that failed; an ALB and a classic load balancer of Google's"
        " cannot, and refuse it.",
        default="none",
    ),
)

_OPERATIONS = (
    _portable(
        ACCESS_LOGS,
        portable_values.access_logs,
        merge=Merge.EXCLUSIVE,
        type_name='false | s3://bucket/prefix | true | 0 to 1; ",format=json" may follow',
        summary="Where requests are logged (AWS: a bucket), or what share of them (Google).",
        default="what exists is left alone on AWS; on Google every request",
    ),
    _portable(
        CIRCUIT_BREAKERS,
        portable_values.circuit_breakers,
        merge=Merge.OWN,
        type_name='"max-connections=100,max-requests=1000"',
        summary="Caps on what is sent to a backend; an ALB and a classic load balancer of"
        " Google's have none, and refuse it.",
        default="none",
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
    _not_built("overflow", "Moving to another load balancer when a limit is reached", "refuse"),
    _not_built("dry-run", "Planning a single Ingress without applying it", "false"),
    _not_built("approval", "Waiting for approval of a single Ingress", "automatic"),
)

PORTABLE: tuple[Annotation[object], ...] = (
    *_LOAD_BALANCER,
    *_BACKENDS,
    *_HEALTH_CHECKS,
    *_RULES,
    *_OPERATIONS,
    *_NOT_BUILT,
)
"""Every portable annotation, in the order of the reference page."""
