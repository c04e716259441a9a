"""How target groups check their targets: defaults and what is refused.

Defaults are those of the page CreateTargetGroup; a target group of protocol TCP whose target is a
load balancer checks it by HTTP.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import invalid
from provisioner.sandbox.aws.state import HealthCheck

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import CreateTargetGroupInputTypeDef, MatcherTypeDef

HIGHEST_PORT = 65_535
PROTOCOLS = ("HTTP", "HTTPS")
HTTP_CODES = re.compile(r"[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*")
GRPC_CODES = re.compile(r"\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*")


def default_health_check(protocol: str, version: str) -> HealthCheck:
    """How a target group checks its targets unless told otherwise."""
    if protocol == "TCP":
        return HealthCheck(
            protocol="HTTP",
            port="traffic-port",
            path="/",
            interval_seconds=30,
            timeout_seconds=6,
            healthy_threshold=5,
            unhealthy_threshold=2,
            matcher={"HttpCode": "200-399"},
        )
    grpc = version == "GRPC"
    return HealthCheck(
        protocol=protocol,
        port="traffic-port",
        path="/AWS.ALB/healthcheck" if grpc else "/",
        interval_seconds=30,
        timeout_seconds=5,
        healthy_threshold=5,
        unhealthy_threshold=2,
        matcher={"GrpcCode": "12"} if grpc else {"HttpCode": "200"},
    )


def checked_health_check(
    request: CreateTargetGroupInputTypeDef, version: str, current: HealthCheck
) -> HealthCheck:
    """The health check that a request asks for; what it does not name stays as it is."""
    check = HealthCheck(
        protocol=request.get("HealthCheckProtocol", current.protocol),
        port=request.get("HealthCheckPort", current.port),
        path=request.get("HealthCheckPath", current.path),
        interval_seconds=request.get("HealthCheckIntervalSeconds", current.interval_seconds),
        timeout_seconds=request.get("HealthCheckTimeoutSeconds", current.timeout_seconds),
        healthy_threshold=request.get("HealthyThresholdCount", current.healthy_threshold),
        unhealthy_threshold=request.get("UnhealthyThresholdCount", current.unhealthy_threshold),
        matcher=request.get("Matcher", current.matcher),
    )
    if check.protocol not in PROTOCOLS:
        raise invalid(f"Health check protocol '{check.protocol}' must be HTTP or HTTPS")
    port = check.port
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= HIGHEST_PORT):
        raise invalid(f"Health check port '{port}' must be 'traffic-port' or in the range 1-65535")
    if not check.path.startswith("/"):
        raise invalid(f"Health check path '{check.path}' must begin with '/'")
    if check.timeout_seconds >= check.interval_seconds:
        raise invalid("Health check timeout must be smaller than the interval")
    if request.get("HealthCheckEnabled") is False:
        raise invalid("Health checks of target types instance, ip and alb cannot be disabled")
    _check_matcher(check.matcher, version)
    return check


def _check_matcher(matcher: MatcherTypeDef, version: str) -> None:
    http, grpc = matcher.get("HttpCode"), matcher.get("GrpcCode")
    if version == "GRPC" and (http is not None or not GRPC_CODES.fullmatch(grpc or "")):
        raise invalid("The matcher of a GRPC target group must be gRPC codes from 0 to 99")
    if version != "GRPC" and (grpc is not None or not HTTP_CODES.fullmatch(http or "")):
        raise invalid("The matcher must be HTTP codes from 200 to 499")
