"""Rows of the annotations that speak of backends; every other one stands on the Service."""

from __future__ import annotations

from provisioner.model.resource import Json
from tests.contract.annotations import look
from tests.contract.annotations.row import NATIVE, Row

_DELAY = "deregistration_delay.timeout_seconds"
CHECK = ("ModifyTargetGroup",)
ANEW = (
    "CreateTargetGroup",
    "DeleteTargetGroup",
    *("ModifyRule",) * 5,  # of two rules: attach to one, shift both, detach from both
    "RegisterTargets",
)
"""The calls of a backend that is made anew: the new one is warmed before the old one goes."""


def _check(
    suffix: str,
    field: str,
    value: Json,
    other: Json,
    *,
    default: Json,
    on_service: bool = False,
) -> Row:
    """Return the row of a setting of the health check, which is one call to change."""
    return Row(
        key=f"{NATIVE}{suffix}",
        value=str(value),
        other=str(other),
        probe=look.target_group(field),
        seen=([value], [other], [default]),
        change=CHECK,
        removal=CHECK if other != default else (),
        on_service=on_service,
    )


ROWS: tuple[Row, ...] = (
    Row(
        key=f"{NATIVE}target-type",
        value="ip",
        other="instance",
        probe=look.target_type,
        seen=(["ip", True], ["instance", True], ["instance", True]),  # auto changes no mode
        change=ANEW,
        removal=(),
        on_service=True,
        mode="",
    ),
    Row(
        key=f"{NATIVE}backend-protocol",
        value="HTTPS",
        other="HTTP",
        probe=look.target_group("Protocol", "HealthCheckProtocol"),
        seen=(["HTTPS", "HTTPS"], ["HTTP", "HTTP"], ["HTTP", "HTTP"]),
        change=ANEW,
        removal=(),
    ),
    Row(
        key=f"{NATIVE}backend-protocol-version",
        value="HTTP2",
        other="GRPC",
        probe=look.target_group("ProtocolVersion", "HealthCheckPath"),
        seen=(["HTTP2", "/"], ["GRPC", "/AWS.ALB/healthcheck"], ["HTTP1", "/"]),
        change=ANEW,
        removal=ANEW,
        on_service=True,
    ),
    Row(
        key=f"{NATIVE}target-group-attributes",
        value=f"{_DELAY}=30",
        other=f"{_DELAY}=60",
        probe=look.target_group_attribute(_DELAY),
        seen=(["30"], ["60"], ["60"]),  # what nobody lists is left alone
        change=("ModifyTargetGroupAttributes",),
        removal=(),
    ),
    Row(
        key=f"{NATIVE}target-node-labels",
        value="disk=fast",
        other="disk=slow",
        probe=look.target_ids,
        seen=(["$node_a"], ["$node_b"], ["$node_a", "$node_b"]),
        change=("DeregisterTargets", "RegisterTargets"),
        removal=("RegisterTargets",),
        on_service=True,
        mode="node-port",
    ),
    Row(
        key=f"{NATIVE}target-control-port.*",
        suffix="web.80",
        value="3000",
        other="3001",
        probe=look.target_group("TargetControlPort"),
        seen=([3000], [3001], [None]),
        change=ANEW,
        removal=ANEW,
    ),
    Row(
        key=f"{NATIVE}healthcheck-port",
        value="9000",
        other="traffic-port",
        probe=look.target_group("HealthCheckPort"),
        seen=(["9000"], ["traffic-port"], ["traffic-port"]),
        change=CHECK,
        removal=(),
    ),
    _check("healthcheck-protocol", "HealthCheckProtocol", "HTTPS", "HTTP", default="HTTP"),
    _check("healthcheck-path", "HealthCheckPath", "/ready", "/live", default="/", on_service=True),
    _check("healthcheck-interval-seconds", "HealthCheckIntervalSeconds", 30, 60, default=15),
    _check(
        "healthcheck-timeout-seconds",
        "HealthCheckTimeoutSeconds",
        3,
        4,
        default=5,
        on_service=True,
    ),
    _check("healthy-threshold-count", "HealthyThresholdCount", 3, 4, default=2),
    _check("unhealthy-threshold-count", "UnhealthyThresholdCount", 3, 4, default=2),
    Row(
        key=f"{NATIVE}success-codes",
        value="200-299",
        other="204",
        probe=look.target_group("Matcher"),
        seen=([{"HttpCode": "200-299"}], [{"HttpCode": "204"}], [{"HttpCode": "200"}]),
        change=CHECK,
        removal=CHECK,
        on_service=True,
    ),
)
