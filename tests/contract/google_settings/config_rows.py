"""Rows of the fields of a BackendConfig, but for those of its CDN (``cdn_rows``)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.row import ENVOYS, NOTHING, WORLDWIDE, Kind, Row, Where

SERVICE = ("backendServices.update",)
CHECK = ("healthChecks.update",)
GUARDED = (Kind.GLOBAL, Kind.CLASSIC, Kind.INTERNAL)
"""Where Identity-Aware Proxy may stand: "Ingress configuration on Google Cloud" has it for external
and internal Ingresses, and GKE refuses it on regional external ones."""

_GUARD: Mapping[str, Json] = MappingProxyType({"iap": {"enabled": True}})
_COOKIE: Mapping[str, Json] = MappingProxyType(
    {"sessionAffinity": {"affinityType": "GENERATED_COOKIE"}}
)
_LOGGED: Mapping[str, Json] = MappingProxyType({"logging": {"enable": True}})
_CLIENT = look.service("iap.oauth2ClientId", "iap.oauth2ClientSecretSha256")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def field(
    key: str,
    value: Json,
    other: Json,
    probe: look.Probe,
    seen: tuple[Json, Json, Json],
    *,
    on: tuple[Kind, ...] = tuple(Kind),
    change: tuple[str, ...] = SERVICE,
    removal: tuple[str, ...] = SERVICE,
    beside: Mapping[str, Json] = NOTHING,
    without: Mapping[str, Json] | None = None,
) -> Row:
    """Return the row of a field; most changes are one update of the backend service."""
    return Row(
        key=key,
        value=value,
        other=other,
        probe=probe,
        seen=seen,
        change=change,
        removal=removal,
        where=Where.BACKEND_CONFIG,
        beside=beside,
        without=without,
        on=on,
    )


def _check(key: str, value: Json, other: Json, probe: str, *, default: Json) -> Row:
    """Return the row of a field of the health check, which is one call to change."""
    return field(
        f"healthCheck.{key}",
        value,
        other,
        look.check(probe),
        ([value], [other], [default]),
        change=CHECK,
        removal=CHECK,
    )


ROWS: tuple[Row, ...] = (
    field(
        "iap.enabled",
        True,
        False,
        look.switched("iap.enabled"),
        (True, False, False),
        removal=(),
        on=GUARDED,
    ),
    field(
        "iap.oauthclientCredentials.secretName",
        "oauth-a",
        "oauth-b",
        _CLIENT,
        (["id-a", _digest("word-a")], ["id-b", _digest("word-b")], [None, None]),
        beside=_GUARD,
        without=NOTHING,
        on=GUARDED,
    ),
    field(
        "iap.oauthclientCredentials.clientID",
        "one",
        "two",
        _CLIENT,
        (["one", _digest("word")], ["two", _digest("word")], [None, None]),
        beside={"iap": {"enabled": True, "oauthclientCredentials": {"clientSecret": "word"}}},
        without=NOTHING,
        on=GUARDED,
    ),
    field(
        "iap.oauthclientCredentials.clientSecret",
        "first",
        "second",
        _CLIENT,
        (["id", _digest("first")], ["id", _digest("second")], [None, None]),
        beside={"iap": {"enabled": True, "oauthclientCredentials": {"clientID": "id"}}},
        without=NOTHING,
        on=GUARDED,
    ),
    field(
        "securityPolicy.name",
        "own-a",
        "own-b",
        look.policy,
        ("own-a", "own-b", None),
        change=("backendServices.setSecurityPolicy",),
        removal=("backendServices.setSecurityPolicy",),
        on=WORLDWIDE,
    ),
    field("timeoutSec", 90, 120, look.service("timeoutSec"), ([90], [120], [30])),
    field(
        "connectionDraining.drainingTimeoutSec",
        60,
        120,
        look.service("connectionDraining.drainingTimeoutSec"),
        ([60], [120], [0]),
    ),
    field(
        "sessionAffinity.affinityType",
        "CLIENT_IP",
        "GENERATED_COOKIE",
        look.service("sessionAffinity"),
        (["CLIENT_IP"], ["GENERATED_COOKIE"], ["NONE"]),
    ),
    field(
        "sessionAffinity.affinityCookieTtlSec",
        3600,
        1_209_600,
        look.service("affinityCookieTtlSec"),
        ([3600], [1_209_600], [0]),
        beside=_COOKIE,
    ),
    field(
        "customRequestHeaders.headers",
        ["X-One: 1", "X-Two: 2"],
        ["X-Two: 2"],
        look.service("customRequestHeaders"),
        ([["X-One: 1", "X-Two: 2"]], [["X-Two: 2"]], [None]),
    ),
    field(
        "customResponseHeaders.headers",
        ["X-One: 1"],
        ["X-One: 1", "X-Two: 2"],
        look.service("customResponseHeaders"),
        ([["X-One: 1"]], [["X-One: 1", "X-Two: 2"]], [None]),
    ),
    _check("checkIntervalSec", 30, 60, "checkIntervalSec", default=15),
    _check("timeoutSec", 3, 4, "timeoutSec", default=5),
    _check("healthyThreshold", 3, 4, "healthyThreshold", default=2),
    _check("unhealthyThreshold", 3, 4, "unhealthyThreshold", default=2),
    _check("type", "HTTPS", "HTTP2", "type", default="HTTP"),
    field(
        "healthCheck.port",
        9000,
        9001,
        look.check("httpHealthCheck.port", "httpHealthCheck.portSpecification"),
        ([9000, "USE_FIXED_PORT"], [9001, "USE_FIXED_PORT"], [None, "USE_SERVING_PORT"]),
        change=CHECK,
        removal=CHECK,
    ),
    _check("requestPath", "/ready", "/live", "httpHealthCheck.requestPath", default="/"),
    field(
        "logging.enable",
        True,
        False,
        look.service("logConfig.enable"),
        ([True], [False], [False]),
        removal=(),
    ),
    field(
        "logging.sampleRate",
        0.5,
        0.25,
        look.service("logConfig.sampleRate"),
        ([0.5], [0.25], [1]),
        beside=_LOGGED,
    ),
)

__all__ = ["ENVOYS", "ROWS", "field"]
