"""The native annotations: everything under ``alb.ingress.kubernetes.io/`` that manifests carry.

All of AWS Load Balancer Controller's annotations are known here by name, values written as it reads
them, so a manifest moves over unchanged. Each one that is honoured feeds a setting of
``core.annotations``; ``refused`` has those that are not built yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from providers.aws.refused import NOT_BUILT, PREFIX
from provisioner.core import annotations as settings
from provisioner.core.annotations import ModeWish, annotation
from provisioner.core.json_values import listen_ports
from provisioner.core.values import (
    boolean,
    choice,
    cidrs,
    group_name,
    integer,
    matching,
    port,
    quoted,
    required_text,
    string_map,
    strings,
    text,
)
from provisioner.model.annotation import Annotation, AnnotationError, Merge, Place, Setting
from provisioner.model.intent import BackendProtocol, ProtocolVersion, Scheme
from provisioner.model.settings import ANNOTATION_PREFIX

T = TypeVar("T")

DRY_RUN_PLAN: Setting[str] = Setting("dry-run-plan")
"""Written by the incumbent controller, for people; known so that nobody is warned of it."""

_INGRESS = frozenset({Place.INGRESS})
_BOTH = frozenset({Place.INGRESS, Place.SERVICE})
_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_TAG_TEXT = re.compile(r"[\w\s+\-=.:/@]*")

_ADDRESS_TYPES = ("ipv4", "dualstack", "dualstack-without-public-ipv4")


def tags(raw: str) -> Mapping[str, str]:
    """Return tags, none of which AWS would refuse or mistake for a mark of ours."""
    found = string_map(raw)
    for key, value in found.items():
        if key.startswith(("aws:", ANNOTATION_PREFIX)):
            raise AnnotationError(
                f"tag key {quoted(key)} is reserved", hint="choose a key of your own"
            )
        fits = len(key) <= _LONGEST_KEY and len(value) <= _LONGEST_VALUE
        if not fits or not _TAG_TEXT.fullmatch(key + value):
            raise AnnotationError(
                f"{quoted(f'{key}={value}')} is not a tag that AWS takes",
                hint=f"keys have up to {_LONGEST_KEY} and values up to {_LONGEST_VALUE} letters, "
                "digits, spaces and + - = . _ : / @",
            )
    return found


def prefix_lists(raw: str) -> tuple[str, ...]:
    """Return ids of prefix lists, sorted, each once."""
    found = tuple(sorted(set(strings(raw))))
    wrong = [item for item in found if not item.startswith("pl-")]
    if wrong:
        raise AnnotationError(
            f"{quoted(wrong[0])} is not the id of a prefix list", hint="write ids such as pl-0a1b2c"
        )
    return found


def _on_ingress(
    suffix: str,
    setting: Setting[T],
    parse: Callable[[str], T],
    merge: Merge,
    *,
    kind: str,
    summary: str,
    default: str = "",
) -> Annotation[object]:
    return annotation(
        PREFIX + suffix,
        setting,
        parse,
        places=_INGRESS,
        merge=merge,
        type_name=kind,
        summary=summary,
        default=default,
    )


def _on_backend(
    suffix: str,
    setting: Setting[T],
    parse: Callable[[str], T],
    *,
    kind: str,
    summary: str,
    default: str = "",
) -> Annotation[object]:
    return annotation(
        PREFIX + suffix,
        setting,
        parse,
        places=_BOTH,
        merge=Merge.OWN,
        type_name=kind,
        summary=summary,
        default=default,
    )


_LOAD_BALANCER = (
    _on_ingress(
        "load-balancer-name",
        settings.LOAD_BALANCER_NAME,
        required_text,
        Merge.EXCLUSIVE,
        kind="string",
        summary="Name of the load balancer; matters when it is created, AWS cannot rename one.",
        default="ipr-<namespace>-<name>-<hash>",
    ),
    _on_ingress(
        "group.name",
        settings.GROUP,
        group_name,
        Merge.OWN,
        kind="string",
        summary="Shares one load balancer with every Ingress that names the same group.",
        default="a load balancer of its own",
    ),
    _on_ingress(
        "group.order",
        settings.GROUP_ORDER,
        integer(-1000, 1000),
        Merge.OWN,
        kind="number, -1000 to 1000",
        summary="Place among the members of a group; lower comes first, then age.",
        default="0",
    ),
    _on_ingress(
        "scheme",
        settings.SCHEME,
        choice({"internal": Scheme.INTERNAL, "internet-facing": Scheme.EXTERNAL}),
        Merge.EXCLUSIVE,
        kind="internal | internet-facing",
        summary="Who can reach the load balancer.",
        default="internal",
    ),
    _on_ingress(
        "ip-address-type",
        settings.IP_ADDRESS_TYPE,
        choice({word: word for word in _ADDRESS_TYPES}),
        Merge.EXCLUSIVE,
        kind=" | ".join(_ADDRESS_TYPES),
        summary="Which addresses clients can use.",
        default="ipv4",
    ),
    _on_ingress(
        "subnets",
        settings.SUBNETS,
        strings,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Ids or Name tags of the subnets, one per zone.",
        default="found by role tags",
    ),
    _on_ingress(
        "security-groups",
        settings.SECURITY_GROUPS,
        strings,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Ids or Name tags of security groups to use instead of a managed one.",
        default="a managed one",
    ),
    _on_ingress(
        "manage-backend-security-group-rules",
        settings.MANAGE_BACKEND_SECURITY_GROUP_RULES,
        boolean,
        Merge.EXCLUSIVE,
        kind="boolean",
        summary="With security-groups: add the shared backend group and open nodes and pods to it.",
        default="false",
    ),
    _on_ingress(
        "inbound-cidrs",
        settings.INBOUND_CIDRS,
        cidrs,
        Merge.PER_PORT,
        kind="string list",
        summary="Who the managed security group lets in.",
        default="0.0.0.0/0, and ::/0 on dualstack",
    ),
    _on_ingress(
        "security-group-prefix-lists",
        settings.PREFIX_LISTS,
        prefix_lists,
        Merge.PER_PORT,
        kind="string list",
        summary="Prefix lists that the managed security group lets in.",
    ),
    _on_ingress(
        "load-balancer-attributes",
        settings.LOAD_BALANCER_ATTRIBUTES,
        string_map,
        Merge.UNION,
        kind="string map",
        summary="Attributes of the load balancer; those not listed are left alone.",
    ),
    annotation(
        f"{PREFIX}tags",
        settings.TAGS,
        tags,
        places=_BOTH,
        merge=Merge.UNION,
        type_name="string map",
        summary="Tags on everything that is made for this Ingress or Service.",
    ),
)

_LISTENERS = (
    _on_ingress(
        "listen-ports",
        settings.LISTEN_PORTS,
        listen_ports,
        Merge.OWN,
        kind="JSON list of {PROTOCOL: port}",
        summary="Ports on which this Ingress is served.",
        default='[{"HTTPS": 443}] where certificates are named, else [{"HTTP": 80}]',
    ),
    _on_ingress(
        "ssl-redirect",
        settings.SSL_REDIRECT,
        port,
        Merge.EXCLUSIVE,
        kind="port",
        summary="Redirects every HTTP port of the load balancer to this HTTPS port.",
    ),
    _on_ingress(
        "certificate-arn",
        settings.CERTIFICATES,
        strings,
        Merge.OWN,
        kind="string list",
        summary="Certificates for the HTTPS ports; the first is the default.",
        default="found in ACM by host name",
    ),
    _on_ingress(
        "ssl-policy",
        settings.SSL_POLICY,
        matching(r"ELBSecurityPolicy-[A-Za-z0-9-]+", example="ELBSecurityPolicy-TLS13-1-2-2021-06"),
        Merge.PER_PORT,
        kind="string",
        summary="Security policy of the HTTPS ports.",
        default="ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
)

_BACKENDS = (
    _on_backend(
        "target-type",
        settings.TARGET_MODE,
        choice({"ip": ModeWish.POD, "instance": ModeWish.NODE_PORT}),
        kind="instance | ip",
        summary="How traffic reaches pods: through node ports, or straight.",
        default="decided by the arithmetic of both",
    ),
    _on_backend(
        "backend-protocol",
        settings.BACKEND_PROTOCOL,
        choice({p.value: p for p in BackendProtocol}),
        kind="HTTP | HTTPS",
        summary="What the load balancer speaks to targets.",
        default="HTTP",
    ),
    _on_backend(
        "backend-protocol-version",
        settings.BACKEND_PROTOCOL_VERSION,
        choice({v.value: v for v in ProtocolVersion}),
        kind="HTTP1 | HTTP2 | GRPC",
        summary="Which HTTP the load balancer speaks to targets.",
        default="HTTP1",
    ),
    _on_backend(
        "target-group-attributes",
        settings.TARGET_GROUP_ATTRIBUTES,
        string_map,
        kind="string map",
        summary="Attributes of the target group; those not listed are left alone.",
    ),
    _on_backend(
        "target-node-labels",
        settings.TARGET_NODE_LABELS,
        string_map,
        kind="string map",
        summary="Labels that a node must have to be a target.",
        default="every eligible node",
    ),
)

_HEALTH_CHECKS = (
    _on_backend(
        "healthcheck-port",
        settings.HEALTH_CHECK_PORT,
        required_text,
        kind="number, Service port name or traffic-port",
        summary="Port that is checked.",
        default="traffic-port",
    ),
    _on_backend(
        "healthcheck-protocol",
        settings.HEALTH_CHECK_PROTOCOL,
        choice({p.value: p for p in BackendProtocol}),
        kind="HTTP | HTTPS",
        summary="What a check speaks.",
        default="the backend protocol",
    ),
    _on_backend(
        "healthcheck-path",
        settings.HEALTH_CHECK_PATH,
        text,
        kind="string",
        summary="Path that is requested.",
        default="/, for GRPC /AWS.ALB/healthcheck",
    ),
    _on_backend(
        "healthcheck-interval-seconds",
        settings.HEALTH_CHECK_INTERVAL,
        integer(5, 300),
        kind="seconds, 5 to 300",
        summary="Time between two checks of one target.",
        default="15",
    ),
    _on_backend(
        "healthcheck-timeout-seconds",
        settings.HEALTH_CHECK_TIMEOUT,
        integer(2, 120),
        kind="seconds, 2 to 120",
        summary="Time after which a check without an answer has failed.",
        default="5",
    ),
    _on_backend(
        "healthy-threshold-count",
        settings.HEALTHY_THRESHOLD,
        integer(2, 10),
        kind="number, 2 to 10",
        summary="Checks in a row that make a target healthy.",
        default="2",
    ),
    _on_backend(
        "unhealthy-threshold-count",
        settings.UNHEALTHY_THRESHOLD,
        integer(2, 10),
        kind="number, 2 to 10",
        summary="Failed checks in a row that make a target unhealthy.",
        default="2",
    ),
    _on_backend(
        "success-codes",
        settings.SUCCESS_CODES,
        required_text,
        kind="list of codes or ranges",
        summary="Status codes that count as healthy.",
        default="200, for GRPC 12",
    ),
)

_IGNORED = (
    _on_ingress(
        "dry-run-plan",
        DRY_RUN_PLAN,
        text,
        Merge.OWN,
        kind="string",
        summary="Written by AWS Load Balancer Controller; has no effect.",
    ),
)

NATIVE: tuple[Annotation[object], ...] = (
    *_LOAD_BALANCER,
    *_LISTENERS,
    *_BACKENDS,
    *_HEALTH_CHECKS,
    *NOT_BUILT,
    *_IGNORED,
)
"""Every native annotation, in the order of the reference page."""
