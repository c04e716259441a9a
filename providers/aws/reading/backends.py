"""Annotations that speak of backends: how targets are reached, chosen and judged healthy."""

from __future__ import annotations

from dataclasses import replace

from providers.aws import settings as aws
from providers.aws.reading import attributes, words
from providers.aws.reading.rows import on_backend
from provisioner.core import annotations as settings
from provisioner.core.annotations import ModeWish
from provisioner.core.values import (
    boolean,
    choice,
    integer,
    port,
    required_text,
    string_map,
    text,
)
from provisioner.model.annotation import Annotation
from provisioner.model.intent import BackendProtocol, ProtocolVersion

TARGET_TYPES = {"ip": ModeWish.POD, "instance": ModeWish.NODE_PORT}
_PROTOCOLS = {p.value: p for p in BackendProtocol}

_TARGETS = (
    on_backend(
        "target-type",
        settings.TARGET_MODE,
        choice(TARGET_TYPES),
        kind="instance | ip",
        summary="How traffic reaches pods: through node ports, or straight.",
        default="decided by the arithmetic of both",
    ),
    on_backend(
        "backend-protocol",
        settings.BACKEND_PROTOCOL,
        choice(_PROTOCOLS),
        kind="HTTP | HTTPS",
        summary="What the load balancer speaks to targets.",
        default="HTTP",
    ),
    on_backend(
        "backend-protocol-version",
        settings.BACKEND_PROTOCOL_VERSION,
        choice({v.value: v for v in ProtocolVersion}),
        kind="HTTP1 | HTTP2 | GRPC",
        summary="Which HTTP the load balancer speaks to targets.",
        default="HTTP1",
    ),
    on_backend(
        "target-group-attributes",
        settings.TARGET_GROUP_ATTRIBUTES,
        attributes.attributes(attributes.TARGET_GROUP),
        kind="string map",
        summary="Attributes of the target group; those not listed are left alone.",
    ),
    on_backend(
        "target-node-labels",
        settings.TARGET_NODE_LABELS,
        string_map,
        kind="string map",
        summary="Labels that a node must have to be a target.",
        default="every eligible node",
    ),
    replace(
        on_backend(
            "multi-cluster-target-group",
            aws.MULTI_CLUSTER,
            boolean,
            kind="boolean",
            summary="Leaves targets alone that others registered; true on either object counts.",
            default="false",
        ),
        either=True,
    ),
    on_backend(
        "target-control-port.*",
        aws.CONTROL_PORT,
        port,
        kind="port",
        summary="Port on which pods of one Service port take control traffic, named as in"
        " target-control-port.web.80.",
        default="none",
        check_suffix=words.check_service_port,
    ),
)

_HEALTH_CHECKS = (
    on_backend(
        "healthcheck-port",
        settings.HEALTH_CHECK_PORT,
        required_text,
        kind="number, Service port name or traffic-port",
        summary="Port that is checked.",
        default="traffic-port",
    ),
    on_backend(
        "healthcheck-protocol",
        settings.HEALTH_CHECK_PROTOCOL,
        choice(_PROTOCOLS),
        kind="HTTP | HTTPS",
        summary="What a check speaks.",
        default="the backend protocol",
    ),
    on_backend(
        "healthcheck-path",
        settings.HEALTH_CHECK_PATH,
        text,
        kind="string",
        summary="Path that is requested.",
        default="/, for GRPC /AWS.ALB/healthcheck",
    ),
    on_backend(
        "healthcheck-interval-seconds",
        settings.HEALTH_CHECK_INTERVAL,
        integer(5, 300),
        kind="seconds, 5 to 300",
        summary="Time between two checks of one target.",
        default="15",
    ),
    on_backend(
        "healthcheck-timeout-seconds",
        settings.HEALTH_CHECK_TIMEOUT,
        integer(2, 120),
        kind="seconds, 2 to 120",
        summary="Time after which a check without an answer has failed.",
        default="5",
    ),
    on_backend(
        "healthy-threshold-count",
        settings.HEALTHY_THRESHOLD,
        integer(2, 10),
        kind="number, 2 to 10",
        summary="Checks in a row that make a target healthy.",
        default="2",
    ),
    on_backend(
        "unhealthy-threshold-count",
        settings.UNHEALTHY_THRESHOLD,
        integer(2, 10),
        kind="number, 2 to 10",
        summary="Failed checks in a row that make a target unhealthy.",
        default="2",
    ),
    on_backend(
        "success-codes",
        settings.SUCCESS_CODES,
        required_text,
        kind="list of codes or ranges",
        summary="Status codes that count as healthy.",
        default="200, for GRPC 12",
    ),
)

ROWS: tuple[Annotation[object], ...] = (*_TARGETS, *_HEALTH_CHECKS)
"""The annotations of this level, in the order of the reference page."""
