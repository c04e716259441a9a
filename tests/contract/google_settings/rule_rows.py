"""Rows of the portable annotations that speak of what happens to a request."""

from __future__ import annotations

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.row import ENVOYS, PORTABLE, Row

_MAP = ("urlMaps.update",)


def _retried(seconds: str, attempts: int, condition: str) -> Json:
    return {
        "numRetries": attempts,
        "perTryTimeout": {"seconds": seconds},
        "retryConditions": [condition],
    }


ROWS: tuple[Row, ...] = (
    Row(
        key=f"{PORTABLE}rewrite-target",
        value="/one",
        other="/two",
        probe=look.routing("urlRewrite.pathPrefixRewrite"),
        seen=("/one", "/two", None),
        change=_MAP,
        removal=_MAP,
        paths=("/cart",),
    ),
    Row(
        key=f"{PORTABLE}weights",
        value="web:80=90,cart:80=10",
        other="web:80=50,cart:80=50",
        probe=look.weights,
        seen=([10, 90], [50, 50], []),
        change=_MAP,
        removal=(
            "backendServices.delete",
            "healthChecks.delete",
            *("networkEndpointGroups.delete",) * 2,  # one in each zone
            *_MAP,
        ),
        paths=("/cart",),
        on=ENVOYS,
    ),
    Row(
        key=f"{PORTABLE}retries",
        value="attempts=3,per-try-timeout=2s,on=5xx",
        other="attempts=2,per-try-timeout=1s,on=connect-failure",
        probe=look.routing("retryPolicy"),
        seen=(_retried("2", 3, "5xx"), _retried("1", 2, "connect-failure"), None),
        change=_MAP,
        removal=_MAP,
        paths=("/cart",),
        on=ENVOYS,
    ),
)
