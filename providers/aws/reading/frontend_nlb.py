"""Annotations that speak of the network load balancer in front: fixed addresses for an ALB."""

from __future__ import annotations

from providers.aws import settings as aws
from providers.aws.reading import attributes, words
from providers.aws.reading.rows import on_ingress
from provisioner.core.values import (
    boolean,
    choice,
    integer,
    required_text,
    strings,
)
from provisioner.model.annotation import Annotation, Merge

_SCHEMES = ("internal", "internet-facing")
_PROTOCOLS = ("HTTP", "HTTPS")

_ITSELF = (
    on_ingress(
        "enable-frontend-nlb",
        aws.NLB,
        boolean,
        Merge.EXCLUSIVE,
        kind="boolean",
        summary="Puts a network load balancer in front, for addresses that stay the same.",
        default="false",
    ),
    on_ingress(
        "frontend-nlb-scheme",
        aws.NLB_SCHEME,
        choice({word: word for word in _SCHEMES}),
        Merge.EXCLUSIVE,
        kind=" | ".join(_SCHEMES),
        summary="Who can reach the network load balancer; the ALB behind it may differ.",
        default="internal",
    ),
    on_ingress(
        "frontend-nlb-subnets",
        aws.NLB_SUBNETS,
        strings,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Ids or Name tags of its subnets, one per zone.",
        default="found by role tags",
    ),
    on_ingress(
        "frontend-nlb-security-groups",
        aws.NLB_SECURITY_GROUPS,
        strings,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Ids or Name tags of its security groups.",
        default="those of the ALB",
    ),
    on_ingress(
        "frontend-nlb-listener-port-mapping",
        aws.NLB_PORTS,
        words.port_mapping,
        Merge.UNION,
        kind="map of NLB port = ALB port",
        summary="Which of its ports lead to which port of the ALB; ports that are not mapped are"
        " left out.",
        default="every port of the ALB under its own number",
    ),
    on_ingress(
        "frontend-nlb-eip-allocations",
        aws.NLB_ADDRESSES,
        words.allocations,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Elastic IP addresses, one per subnet; only where it is internet-facing.",
        default="addresses of Amazon's choice",
    ),
    on_ingress(
        "frontend-nlb-attributes",
        aws.NLB_ATTRIBUTES,
        attributes.attributes(attributes.LOAD_BALANCER),
        Merge.EXCLUSIVE,
        kind="string map",
        summary="Its attributes; those not listed are left alone.",
    ),
    on_ingress(
        "frontend-nlb-tags",
        aws.NLB_TAGS,
        words.tags,
        Merge.EXCLUSIVE,
        kind="string map",
        summary="Its tags.",
        default="those of the ALB",
    ),
)

_HEALTH_CHECKS = (
    on_ingress(
        "frontend-nlb-healthcheck-port",
        aws.NLB_CHECK_PORT,
        words.check_port,
        Merge.EXCLUSIVE,
        kind="number or traffic-port",
        summary="Port of the ALB that is checked.",
        default="traffic-port",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-protocol",
        aws.NLB_CHECK_PROTOCOL,
        choice({word: word for word in _PROTOCOLS}),
        Merge.EXCLUSIVE,
        kind=" | ".join(_PROTOCOLS),
        summary="What a check of the ALB speaks.",
        default="HTTP",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-path",
        aws.NLB_CHECK_PATH,
        required_text,
        Merge.EXCLUSIVE,
        kind="string",
        summary="Path that is requested of the ALB.",
        default="/",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-interval-seconds",
        aws.NLB_CHECK_INTERVAL,
        integer(5, 300),
        Merge.EXCLUSIVE,
        kind="seconds, 5 to 300",
        summary="Time between two checks of the ALB.",
        default="15",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-timeout-seconds",
        aws.NLB_CHECK_TIMEOUT,
        integer(2, 120),
        Merge.EXCLUSIVE,
        kind="seconds, 2 to 120",
        summary="Time after which a check without an answer has failed.",
        default="5",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-healthy-threshold-count",
        aws.NLB_CHECK_HEALTHY,
        integer(2, 10),
        Merge.EXCLUSIVE,
        kind="number, 2 to 10",
        summary="Checks in a row that make the ALB healthy.",
        default="2",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-unhealthy-threshold-count",
        aws.NLB_CHECK_UNHEALTHY,
        integer(2, 10),
        Merge.EXCLUSIVE,
        kind="number, 2 to 10",
        summary="Failed checks in a row that make the ALB unhealthy.",
        default="2",
    ),
    on_ingress(
        "frontend-nlb-healthcheck-success-codes",
        aws.NLB_CHECK_CODES,
        required_text,
        Merge.EXCLUSIVE,
        kind="list of codes or ranges",
        summary="Status codes that count as healthy.",
        default="200",
    ),
)

ROWS: tuple[Annotation[object], ...] = (*_ITSELF, *_HEALTH_CHECKS)
"""The annotations of this level, in the order of the reference page."""
