"""Rows of the annotations that Services carry: GKE's, and the portable ones of backends."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.config_rows import CHECK, SERVICE
from tests.contract.google_settings.row import (
    ENVOYS,
    NOTHING,
    PORTABLE,
    WORLDWIDE,
    Kind,
    Row,
    Where,
)

ONE, TWO = "shared-a", "shared-b"
"""BackendConfigs with a timeout of 40 and of 50 seconds."""

ANEW = (
    "backendServices.delete",
    "backendServices.insert",
    "healthChecks.delete",
    "healthChecks.insert",
)
"""The calls of a backend that is made anew: the new one is warmed before the old one goes."""
_ANSWERED_BY_THE_NODE = look.check("httpHealthCheck.port", "httpHealthCheck.requestPath")


def said(
    key: str,
    value: str,
    other: str,
    probe: look.Probe,
    seen: tuple[Json, Json, Json],
    *,
    change: tuple[str, ...] = SERVICE,
    removal: tuple[str, ...] = SERVICE,
    beside: Mapping[str, Json] = NOTHING,
    on: tuple[Kind, ...] = tuple(Kind),
    mode: str = "pod",
) -> Row:
    """Return the row of an annotation of a Service."""
    return Row(
        key=key,
        value=value,
        other=other,
        probe=probe,
        seen=seen,
        change=change,
        removal=removal,
        where=Where.SERVICE,
        beside=beside,
        on=on,
        mode=mode,
    )


def _configured(key: str) -> Row:
    return said(
        key,
        f'{{"default": "{ONE}"}}',
        f'{{"default": "{ONE}", "ports": {{"http": "{TWO}"}}}}',
        look.service("timeoutSec"),
        ([40], [50], [30]),
    )


def _spoken(key: str) -> Row:
    return said(
        key,
        '{"http": "HTTPS"}',
        '{"http": "HTTP2"}',
        lambda seen: [look.service("protocol")(seen), look.check("type")(seen)],
        ([["HTTPS"], ["HTTPS"]], [["HTTP2"], ["HTTP2"]], [["HTTP"], ["HTTP"]]),
        change=ANEW,
        removal=ANEW,
    )


def _checked(word: str, value: Json, other: Json, probe: str, *, default: Json) -> Row:
    """Return the row of a setting of the health check, which is one call to change."""
    return said(
        f"{PORTABLE}{word}",
        str(value),
        str(other),
        look.check(probe),
        ([value], [other], [default]),
        change=CHECK,
        removal=CHECK if other != default else (),
    )


NATIVE: tuple[Row, ...] = (
    said(
        "cloud.google.com/neg",
        '{"ingress": true}',
        '{"exposed_ports": {"80": {}}}',
        look.group_kinds,
        (["networkEndpointGroups"], ["networkEndpointGroups"], ["networkEndpointGroups"]),
        change=(),  # auto changes no mode
        removal=(),
        mode="",
    ),
    _configured("cloud.google.com/backend-config"),
    _configured("beta.cloud.google.com/backend-config"),
    _spoken("cloud.google.com/app-protocols"),
    _spoken("service.alpha.kubernetes.io/app-protocols"),
    said(
        "networking.gke.io/max-rate-per-endpoint",
        "12.5",
        "100",
        look.capacity("maxRatePerEndpoint"),
        ([12.5], [100], [1]),
    ),
    said(
        "networking.gke.io/capacity-scaler",
        "0.5",
        "0",
        look.capacity("capacityScaler"),
        ([0.5], [0], [1]),
    ),
    said(
        "networking.gke.io/transparent-health-checker",
        '{"enabled": true}',
        '{"enabled": false}',
        _ANSWERED_BY_THE_NODE,
        ([7877, "/api/podhealth"], [None, "/"], [None, "/"]),
        change=CHECK,
        removal=(),
    ),
)

PORTABLE_ROWS: tuple[Row, ...] = (
    said(
        f"{PORTABLE}target-mode",
        "node-port",
        "pod",
        look.group_kinds,
        (["instanceGroups"], ["networkEndpointGroups"], ["networkEndpointGroups"]),
        change=(
            *ANEW,
            *("networkEndpointGroups.attachNetworkEndpoints",) * 2,  # one in each zone
            *("networkEndpointGroups.insert",) * 2,
        ),
        removal=(),
        mode="",
        on=WORLDWIDE,
    ),
    said(
        f"{PORTABLE}backend-protocol",
        "HTTPS",
        "HTTP",
        lambda seen: [look.service("protocol")(seen), look.check("type")(seen)],
        ([["HTTPS"], ["HTTPS"]], [["HTTP"], ["HTTP"]], [["HTTP"], ["HTTP"]]),
        change=ANEW,
        removal=(),
    ),
    said(
        f"{PORTABLE}load-balancing-algorithm",
        "least-requests",
        "random",
        look.service("localityLbPolicy"),
        (["LEAST_REQUEST"], ["RANDOM"], ["ROUND_ROBIN"]),
        on=ENVOYS,
    ),
    said(
        f"{PORTABLE}session-affinity",
        "cookie",
        "none",
        look.service("sessionAffinity"),
        (["GENERATED_COOKIE"], ["NONE"], ["NONE"]),
        removal=(),
    ),
    said(
        f"{PORTABLE}circuit-breakers",
        "max-connections=100,max-retries=3",
        "max-requests=50",
        look.service("circuitBreakers"),
        ([{"maxConnections": 100, "maxRetries": 3}], [{"maxRequests": 50}], [None]),
        on=ENVOYS,
    ),
    said(
        f"{PORTABLE}health-check-port",
        "9000",
        "traffic-port",
        look.check("httpHealthCheck.port", "httpHealthCheck.portSpecification"),
        ([9000, "USE_FIXED_PORT"], [None, "USE_SERVING_PORT"], [None, "USE_SERVING_PORT"]),
        change=CHECK,
        removal=(),
    ),
    _checked("health-check-protocol", "HTTPS", "HTTP", "type", default="HTTP"),
    _checked("health-check-path", "/ready", "/live", "httpHealthCheck.requestPath", default="/"),
    _checked("health-check-interval-seconds", 30, 60, "checkIntervalSec", default=15),
    _checked("health-check-timeout-seconds", 3, 4, "timeoutSec", default=5),
    _checked("health-check-healthy-threshold", 3, 4, "healthyThreshold", default=2),
    _checked("health-check-unhealthy-threshold", 3, 4, "unhealthyThreshold", default=2),
)

FEATURES: Mapping[str, int] = MappingProxyType({ONE: 40, TWO: 50})
