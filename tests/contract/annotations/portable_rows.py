"""Rows of the portable annotations, as AWS has them."""

from __future__ import annotations

from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.annotations import look
from tests.contract.annotations.backend_rows import ANEW, CHECK
from tests.contract.annotations.row import HTTPS, NATIVE, PORTABLE, Path, Row

_IDLE = "idle_timeout.timeout_seconds"
_LOGS = ("access_logs.s3.enabled", "access_logs.s3.bucket", "access_logs.s3.prefix")


def _check(name: str, field: str, value: Json, other: Json, *, default: Json) -> Row:
    """Return the row of a setting of the health check, which is one call to change."""
    return Row(
        key=f"{PORTABLE}health-check-{name}",
        value=str(value),
        other=str(other),
        probe=look.target_group(field),
        seen=([value], [other], [default]),
        change=CHECK,
        removal=CHECK if other != default else (),
    )


ROWS: tuple[Row, ...] = (
    Row(
        key=f"{PORTABLE}timeout-seconds",
        value="90",
        other="120",
        probe=look.balancer_attribute(_IDLE),
        seen=(["90"], ["120"], ["120"]),
        change=("ModifyLoadBalancerAttributes",),
        removal=(),
    ),
    Row(
        key=f"{PORTABLE}listen-ports",
        value="HTTP:80, HTTPS:443",
        other="HTTPS:443",
        probe=look.ports,
        seen=(["HTTP:80", "HTTPS:443"], ["HTTPS:443"], ["HTTP:80"]),
        change=("DeleteListener", "RevokeSecurityGroupIngress"),
        removal=(
            "AuthorizeSecurityGroupIngress",
            "CreateListener",
            "CreateRule",
            "DeleteListener",
            "RevokeSecurityGroupIngress",
        ),
        beside=MappingProxyType({}),
    ),
    Row(
        key=f"{PORTABLE}ssl-redirect",
        value="443",
        other="8443",
        probe=look.redirects_to,
        seen=(["443", 0], ["8443", 0], [None, 1]),
        change=("ModifyListener",),
        removal=("CreateRule", "ModifyListener"),
        beside=MappingProxyType(
            {f"{NATIVE}listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}, {"HTTPS": 8443}]'}
        ),
    ),
    Row(
        key=f"{PORTABLE}certificates",
        value="$certificate_a",
        other="from-secret",
        probe=look.certificates,
        seen=(["$certificate_a"], ["$imported"], ["$shop_certificate"]),
        change=("ImportCertificate", "ModifyListener"),
        removal=("DeleteCertificate", "ModifyListener"),
    ),
    Row(
        key=f"{PORTABLE}target-mode",
        value="node-port",
        other="pod",
        probe=look.target_type,
        seen=(["instance", True], ["ip", True], ["ip", True]),  # auto changes no mode
        change=ANEW,
        removal=(),
        mode="",
    ),
    Row(
        key=f"{PORTABLE}backend-protocol",
        value="HTTPS",
        other="HTTP",
        probe=look.target_group("Protocol"),
        seen=(["HTTPS"], ["HTTP"], ["HTTP"]),
        change=ANEW,
        removal=(),
        on_service=True,
    ),
    Row(
        key=f"{PORTABLE}load-balancing-algorithm",
        value="least-requests",
        other="random",
        probe=look.target_group_attribute("load_balancing.algorithm.type"),
        seen=(["least_outstanding_requests"], ["weighted_random"], ["weighted_random"]),
        change=("ModifyTargetGroupAttributes",),
        removal=(),
    ),
    Row(
        key=f"{PORTABLE}session-affinity",
        value="cookie",
        other="none",
        probe=look.target_group_attribute("stickiness.enabled"),
        seen=(["true"], ["false"], ["false"]),
        change=("ModifyTargetGroupAttributes",),
        removal=(),
        on_service=True,
    ),
    Row(
        key=f"{PORTABLE}health-check-port",
        value="9000",
        other="traffic-port",
        probe=look.target_group("HealthCheckPort"),
        seen=(["9000"], ["traffic-port"], ["traffic-port"]),
        change=CHECK,
        removal=(),
    ),
    _check("protocol", "HealthCheckProtocol", "HTTPS", "HTTP", default="HTTP"),
    _check("path", "HealthCheckPath", "/ready", "/live", default="/"),
    _check("interval-seconds", "HealthCheckIntervalSeconds", 30, 60, default=15),
    _check("timeout-seconds", "HealthCheckTimeoutSeconds", 3, 4, default=5),
    _check("healthy-threshold", "HealthyThresholdCount", 3, 4, default=2),
    _check("unhealthy-threshold", "UnhealthyThresholdCount", 3, 4, default=2),
    Row(
        key=f"{PORTABLE}health-check-success-codes",
        value="200-299",
        other="204",
        probe=look.target_group("Matcher"),
        seen=([{"HttpCode": "200-299"}], [{"HttpCode": "204"}], [{"HttpCode": "200"}]),
        change=CHECK,
        removal=CHECK,
    ),
    Row(
        key=f"{PORTABLE}rewrite-target",
        value="/one",
        other="/two",
        probe=look.rewrites,
        seen=([["^/cart(.*)$$", "/one$$1"]], [["^/cart(.*)$$", "/two$$1"]], []),
        change=("ModifyRule", "ModifyRule"),
        removal=("ModifyRule", "ModifyRule"),
        paths=(Path(path="/cart"),),
    ),
    Row(
        key=f"{PORTABLE}weights",
        value="web:80=90,cart:80=10",
        other="web:80=50,cart:80=50",
        probe=look.weights,
        seen=([10, 90], [50, 50], [1]),
        change=("ModifyRule", "ModifyRule"),
        removal=("DeleteTargetGroup", *("ModifyRule",) * 4),
    ),
    Row(
        key=f"{PORTABLE}access-logs",
        value="s3://$bucket_a/shop",
        other="false",
        probe=look.balancer_attribute(*_LOGS),
        seen=(
            ["true", "$bucket_a", "shop"],
            ["false", "$bucket_a", "shop"],
            ["false", "$bucket_a", "shop"],
        ),
        change=("ModifyLoadBalancerAttributes",),
        removal=(),
        beside=HTTPS,
    ),
)
