"""Attributes of load balancers, listeners and target groups: which exist and what they take.

Keys, defaults and ranges are those that the service's API model documents for Application Load
Balancers. A key that is not listed is refused, which is how the real service treats typing
mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import misconfigured

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import TargetGroupAttributeTypeDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A documented attribute; ``default`` None means it is listed only once it was set."""

    default: str | None
    pattern: str = ".*"
    lowest: int | None = None
    highest: int | None = None

    def accepts(self, value: str) -> bool:
        """Whether the service takes this value."""
        if self.lowest is not None and self.highest is not None:
            return value.isdecimal() and self.lowest <= int(value) <= self.highest
        return re.fullmatch(self.pattern, value) is not None


def _flag(default: str) -> Attribute:
    return Attribute(default=default, pattern="true|false")


def _text(default: str | None = "") -> Attribute:
    return Attribute(default=default)


def _number(default: int, lowest: int, highest: int) -> Attribute:
    return Attribute(default=str(default), lowest=lowest, highest=highest)


def _choice(*values: str) -> Attribute:
    return Attribute(default=values[0], pattern="|".join(map(re.escape, values)))


WEEK = 604_800
Catalogue = Mapping[str, Attribute]

LOAD_BALANCER: Catalogue = MappingProxyType(
    {
        "access_logs.s3.enabled": _flag("false"),
        "access_logs.s3.bucket": _text(),
        "access_logs.s3.prefix": _text(),
        "client_keep_alive.seconds": _number(3600, 60, WEEK),
        "connection_logs.s3.enabled": _flag("false"),
        "connection_logs.s3.bucket": _text(),
        "connection_logs.s3.prefix": _text(),
        "deletion_protection.enabled": _flag("false"),
        "health_check_logs.s3.enabled": _flag("false"),
        "health_check_logs.s3.bucket": _text(),
        "health_check_logs.s3.prefix": _text(),
        "idle_timeout.timeout_seconds": _number(60, 1, 4000),
        "ipv6.deny_all_igw_traffic": _flag("false"),
        "load_balancing.cross_zone.enabled": Attribute(default="true", pattern="true"),
        "routing.http.desync_mitigation_mode": _choice("defensive", "monitor", "strictest"),
        "routing.http.drop_invalid_header_fields.enabled": _flag("false"),
        "routing.http.preserve_host_header.enabled": _flag("false"),
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _flag("false"),
        "routing.http.xff_client_port.enabled": _flag("false"),
        "routing.http.xff_header_processing.mode": _choice("append", "preserve", "remove"),
        "routing.http2.enabled": _flag("true"),
        "waf.fail_open.enabled": _flag("false"),
        "zonal_shift.config.enabled": _flag("false"),
    }
)

NETWORK_LOAD_BALANCER: Catalogue = MappingProxyType(
    {
        "access_logs.s3.enabled": _flag("false"),
        "access_logs.s3.bucket": _text(),
        "access_logs.s3.prefix": _text(),
        "deletion_protection.enabled": _flag("false"),
        "dns_record.client_routing_policy": _choice(
            "any_availability_zone",
            "partial_availability_zone_affinity",
            "availability_zone_affinity",
        ),
        "ipv6.deny_all_igw_traffic": _flag("false"),
        "load_balancing.cross_zone.enabled": _flag("false"),
        "secondary_ips.auto_assigned.per_subnet": _number(0, 0, 7),
        "zonal_shift.config.enabled": _flag("false"),
    }
)
LOAD_BALANCERS: Mapping[str, Catalogue] = MappingProxyType(
    {"application": LOAD_BALANCER, "network": NETWORK_LOAD_BALANCER}
)

_HEADER_NAMES = (
    "x_amzn_mtls_clientcert_serial_number",
    "x_amzn_mtls_clientcert_issuer",
    "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity",
    "x_amzn_mtls_clientcert_leaf",
    "x_amzn_mtls_clientcert",
    "x_amzn_tls_version",
    "x_amzn_tls_cipher_suite",
)
_RESPONSE_HEADERS = (
    "strict_transport_security",
    "access_control_allow_origin",
    "access_control_allow_methods",
    "access_control_allow_headers",
    "access_control_allow_credentials",
    "access_control_expose_headers",
    "access_control_max_age",
    "content_security_policy",
    "x_content_type_options",
    "x_frame_options",
)

LISTENER: Catalogue = MappingProxyType(
    {
        **{f"routing.http.request.{name}.header_name": _text() for name in _HEADER_NAMES},
        "routing.http.response.server.enabled": _flag("true"),
        **{f"routing.http.response.{name}.header_value": _text() for name in _RESPONSE_HEADERS},
    }
)

NETWORK_LISTENER: Catalogue = MappingProxyType({"tcp.idle_timeout.seconds": _number(350, 60, 6000)})
LISTENERS: Mapping[str, Catalogue] = MappingProxyType(
    {"application": LISTENER, "network": NETWORK_LISTENER}
)

TARGET_GROUP: Catalogue = MappingProxyType(
    {
        "deregistration_delay.timeout_seconds": _number(300, 0, 3600),
        "load_balancing.algorithm.anomaly_mitigation": _choice("off", "on"),
        "load_balancing.algorithm.type": _choice(
            "round_robin", "least_outstanding_requests", "weighted_random"
        ),
        "load_balancing.cross_zone.enabled": _choice(
            "use_load_balancer_configuration", "true", "false"
        ),
        "slow_start.duration_seconds": Attribute(
            default="0", pattern="0|[3-9][0-9]|[1-8][0-9]{2}|900"
        ),
        "stickiness.app_cookie.cookie_name": _text(),
        "stickiness.app_cookie.duration_seconds": _number(86_400, 1, WEEK),
        "stickiness.enabled": _flag("false"),
        "stickiness.lb_cookie.duration_seconds": _number(86_400, 1, WEEK),
        "stickiness.type": _choice("lb_cookie", "app_cookie"),
        "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute(
            default="1", pattern="off|[1-9][0-9]*"
        ),
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": Attribute(
            default="off", pattern="off|[1-9][0-9]?|100"
        ),
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute(
            default="1", pattern="[1-9][0-9]*"
        ),
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": Attribute(
            default="off", pattern="off|[1-9][0-9]?|100"
        ),
    }
)


# Page "Target groups for your Network Load Balancers": of type alb none of them can be changed.
BALANCER_TARGET_GROUP: Catalogue = MappingProxyType(
    {
        "load_balancing.cross_zone.enabled": _choice("use_load_balancer_configuration"),
        "target_group_health.dns_failover.minimum_healthy_targets.count": _choice("1"),
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": _choice("off"),
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": _choice("1"),
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": _choice(
            "off"
        ),
    }
)


def defaults(catalogue: Catalogue) -> dict[str, str]:
    """The attributes of a new resource."""
    return {key: each.default for key, each in catalogue.items() if each.default is not None}


def checked(
    noun: str, catalogue: Catalogue, attributes: Iterable[TargetGroupAttributeTypeDef]
) -> dict[str, str]:
    """Attributes of a request, or a refusal that names the first bad one."""
    pairs = {each["Key"]: each.get("Value", "") for each in attributes}
    for key, value in pairs.items():
        known = catalogue.get(key)
        if known is None:
            raise misconfigured(f"{noun} attribute key '{key}' is not recognized")
        if not known.accepts(value):
            raise misconfigured(f"{noun} attribute '{key}' does not accept the value '{value}'")
    return pairs


def as_list(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Attributes as the API spells them."""
    return [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]
