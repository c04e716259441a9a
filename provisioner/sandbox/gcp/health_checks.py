"""Health checks: completed with the documented defaults, and checked.

Sources: the field descriptions of ``HealthCheck`` and of its parts in the published schema, and
"Health checks overview" (port specification flags, ranges).
"""

from __future__ import annotations

from types import MappingProxyType

from provisioner.sandbox.cluster.documents import Document, number, part, text
from provisioner.sandbox.gcp.errors import invalid, required
from provisioner.sandbox.gcp.kinds import Change, Kind
from provisioner.sandbox.gcp.references import ScopeKind

_PARTS = MappingProxyType(
    {
        "HTTP": "httpHealthCheck",
        "HTTPS": "httpsHealthCheck",
        "HTTP2": "http2HealthCheck",
        "TCP": "tcpHealthCheck",
        "SSL": "sslHealthCheck",
        "GRPC": "grpcHealthCheck",
        "GRPC_WITH_TLS": "grpcTlsHealthCheck",
    }
)
_PORTS = MappingProxyType(
    {"HTTP": 80, "HTTPS": 443, "HTTP2": 443, "TCP": 80, "SSL": 443}  # gRPC has no default
)
_LONGEST_SECONDS = 300
_LARGEST_THRESHOLD = 10
_LONGEST_PATH = 2048


def prepare_health_check(change: Change) -> None:
    """Complete and check a health check."""
    kind = text(change.document, "type")
    if kind not in _PARTS:
        raise required("resource.type")
    change.default(checkIntervalSec=5, timeoutSec=5, healthyThreshold=2, unhealthyThreshold=2)
    change.default(logConfig={"enable": False})
    _check_times(change.document)
    _check_parts(change.document, kind)
    name = _PARTS[kind]
    change.put(**{name: _completed(f"resource.{name}", part(change.document, name), kind)})


def _check_times(document: Document) -> None:
    for name, most in (
        ("checkIntervalSec", _LONGEST_SECONDS),
        ("timeoutSec", _LONGEST_SECONDS),
        ("healthyThreshold", _LARGEST_THRESHOLD),
        ("unhealthyThreshold", _LARGEST_THRESHOLD),
    ):
        value = number(document, name)
        if not 1 <= value <= most:
            raise invalid(f"resource.{name}", value, f"Must be between 1 and {most}.")
    timeout = number(document, "timeoutSec")
    if timeout > number(document, "checkIntervalSec"):
        message = "It is invalid for timeoutSec to have a greater value than checkIntervalSec."
        raise invalid("resource.timeoutSec", timeout, message)


def _check_parts(document: Document, kind: str) -> None:
    for other, name in _PARTS.items():
        if other != kind and name in document:
            raise invalid(f"resource.{name}", other, f"The type of the health check is {kind}.")


def _completed(place: str, check: Document, kind: str) -> Document:
    specification = text(check, "portSpecification")
    if specification == "USE_SERVING_PORT" and ("port" in check or "portName" in check):
        message = "USE_SERVING_PORT excludes port and portName."
        raise invalid(f"{place}.portSpecification", specification, message)
    if specification == "USE_NAMED_PORT" and not text(check, "portName"):
        raise required(f"{place}.portName")
    port = number(check, "port", default=80)
    if not 1 <= port <= 65535:  # noqa: PLR2004  # the largest port
        raise invalid(f"{place}.port", port, "Must be between 1 and 65535.")
    filled: Document = {}
    if specification in ("", "USE_FIXED_PORT") and kind in _PORTS:
        filled["port"] = _PORTS[kind]
    if not kind.startswith("GRPC"):
        filled["proxyHeader"] = "NONE"
    if kind.startswith("HTTP"):
        filled["requestPath"] = "/"
        _check_path(place, text(check, "requestPath"))
    return {**filled, **check}


def _check_path(place: str, path: str) -> None:
    if path and (not path.startswith("/") or len(path) > _LONGEST_PATH):
        raise invalid(f"{place}.requestPath", path, "Must start with '/' and be at most 2 KB.")


HEALTH_CHECKS = Kind(
    collection="healthChecks",
    schema="HealthCheck",
    noun="health_check",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "update", "patch", "delete"}),
    prepare=prepare_health_check,
)
