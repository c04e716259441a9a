"""Attributes by key and value: a map that AWS knows the keys of.

AWS refuses a key that it does not know, in the middle of an apply. A key that is nearly one of
those documented is a typing mistake and refused here, with the right one; any other is left to
AWS, which may have learned it since. AWS takes all attributes of a load balancer or none, so a
value that it refuses would hold up those of every member of a group: the documented ones are
checked as well.

Sources: LoadBalancerAttribute, TargetGroupAttribute and ListenerAttribute in the Elastic Load
Balancing API reference, those that apply to Application Load Balancers and, for the load balancer
in front, Network Load Balancers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from provisioner.core.values import quoted, string_map
from provisioner.model.annotation import AnnotationError

_LETTERS = 2.01  # how many may differ: "timeout_second" is a mistake, "connection_logs" is not

LOAD_BALANCER = (
    "access_logs.s3.bucket",
    "access_logs.s3.enabled",
    "access_logs.s3.prefix",
    "client_keep_alive.seconds",
    "connection_logs.s3.bucket",
    "connection_logs.s3.enabled",
    "connection_logs.s3.prefix",
    "deletion_protection.enabled",
    "dns_record.client_routing_policy",
    "health_check_logs.s3.bucket",
    "health_check_logs.s3.enabled",
    "health_check_logs.s3.prefix",
    "idle_timeout.timeout_seconds",
    "ipv6.deny_all_igw_traffic",
    "load_balancing.cross_zone.enabled",
    "routing.http.desync_mitigation_mode",
    "routing.http.drop_invalid_header_fields.enabled",
    "routing.http.preserve_host_header.enabled",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "routing.http.xff_client_port.enabled",
    "routing.http.xff_header_processing.mode",
    "routing.http2.enabled",
    "secondary_ips.auto_assigned.per_subnet",
    "waf.fail_open.enabled",
    "zonal_shift.config.enabled",
)
_HEALTH = tuple(
    f"target_group_health.{what}.minimum_healthy_targets.{unit}"
    for what in ("dns_failover", "unhealthy_state_routing")
    for unit in ("count", "percentage")
)
TARGET_GROUP = (
    "deregistration_delay.timeout_seconds",
    "load_balancing.algorithm.anomaly_mitigation",
    "load_balancing.algorithm.type",
    "load_balancing.cross_zone.enabled",
    "slow_start.duration_seconds",
    "stickiness.app_cookie.cookie_name",
    "stickiness.app_cookie.duration_seconds",
    "stickiness.enabled",
    "stickiness.lb_cookie.duration_seconds",
    "stickiness.type",
    *_HEALTH,
)
LISTENER = (
    *(
        f"routing.http.request.{header}.header_name"
        for header in (
            "x_amzn_mtls_clientcert",
            "x_amzn_mtls_clientcert_issuer",
            "x_amzn_mtls_clientcert_leaf",
            "x_amzn_mtls_clientcert_serial_number",
            "x_amzn_mtls_clientcert_subject",
            "x_amzn_mtls_clientcert_validity",
            "x_amzn_tls_cipher_suite",
            "x_amzn_tls_version",
        )
    ),
    *(
        f"routing.http.response.{header}.header_value"
        for header in (
            "access_control_allow_credentials",
            "access_control_allow_headers",
            "access_control_allow_methods",
            "access_control_allow_origin",
            "access_control_expose_headers",
            "access_control_max_age",
            "content_security_policy",
            "strict_transport_security",
            "x_content_type_options",
            "x_frame_options",
        )
    ),
    "routing.http.response.server.enabled",
)


_SWITCH = frozenset({"true", "false"})
_WORDS: Mapping[str, frozenset[str]] = {
    "load_balancing.algorithm.anomaly_mitigation": frozenset({"on", "off"}),
    "load_balancing.algorithm.type": frozenset(
        {"round_robin", "least_outstanding_requests", "weighted_random"}
    ),
    "load_balancing.cross_zone.enabled": _SWITCH | {"use_load_balancer_configuration"},
    "routing.http.desync_mitigation_mode": frozenset({"monitor", "defensive", "strictest"}),
    "routing.http.xff_header_processing.mode": frozenset({"append", "preserve", "remove"}),
    "stickiness.type": frozenset({"lb_cookie", "app_cookie"}),
}
_WEEK = 604_800
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "client_keep_alive.seconds": (60, _WEEK),
    "deregistration_delay.timeout_seconds": (0, 3600),
    "idle_timeout.timeout_seconds": (1, 4000),
    "slow_start.duration_seconds": (0, 900),
    "stickiness.app_cookie.duration_seconds": (1, _WEEK),
    "stickiness.lb_cookie.duration_seconds": (1, _WEEK),
}


def check(found: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Refuse what AWS would refuse: a mistyped key, an impossible value.

    Args:
        found: Attributes by key.
        known: The documented keys of their kind of resource.
    """
    _check_keys(found, known)
    _check_values({key: value for key, value in found.items() if key in known})


def _check_values(values: Mapping[str, str]) -> None:
    """Refuse a value that AWS documents as impossible for its attribute."""
    for key, value in values.items():
        words = _WORDS.get(key) or (_SWITCH if key.endswith(".enabled") else frozenset())
        if words and value not in words:
            raise AnnotationError(
                f"{quoted(value)} is no value of attribute {key}",
                hint="write " + " or ".join(sorted(words)),
            )
        low, high = _NUMBERS.get(key, (0, 0))
        if high and not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise AnnotationError(
                f"{quoted(value)} is no value of attribute {key}",
                hint=f"write a number from {low} to {high}",
            )


def _check_keys(keys: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Refuse a key that is nearly a documented one."""
    for key in keys:
        if key in known:
            continue
        near = get_close_matches(key, known, n=1, cutoff=max(0.0, 1 - _LETTERS / len(key)))
        if near:
            raise AnnotationError(
                f"AWS has no attribute {quoted(key)}", hint=f"did you mean {near[0]}?"
            )


def attributes(known: tuple[str, ...]) -> Callable[[str], Mapping[str, str]]:
    """Return a parser of attributes of one kind of resource."""

    def parse(raw: str) -> Mapping[str, str]:
        found = string_map(raw)
        check(found, known)
        return found

    return parse
