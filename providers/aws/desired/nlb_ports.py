"""Which port of the network load balancer leads to which port of the other one, and how it checks.

A member that states a mapping names every port there is for it; the ports of a member that states
none are there under their own numbers. A mapping to a port that nobody listens on leads nowhere;
AWS Load Balancer Controller skips it without a word, here it is told.

A target group takes one load balancer, and AWS wants that one to listen on the target group's own
port. So there is one target group for each port that something leads to. The incumbent controller
makes one for each port of the network load balancer, with that port's number.

Sources: AWS Load Balancer Controller 3.5.0, ``pkg/ingress/model_build_frontend_nlb.go``; "Use an
Application Load Balancer as a target of a Network Load Balancer", Elastic Load Balancing guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.aws import settings as aws
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.nlb_options import number, pairs, text
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import Key
from provisioner.model.resource import PlainInput, Resource

TRAFFIC_PORT = "traffic-port"
_HTTP, _HTTPS = "HTTP", "HTTPS"
_CODES = re.compile(r"[2-5]\d\d(-[2-5]\d\d)?(,[2-5]\d\d(-[2-5]\d\d)?)*")
_INTERVAL, _TIMEOUT, _SHORTEST_TIMEOUT, _CHECKS = 15, 5, 2, 2
_LONGEST_PATH = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One port of the network load balancer, and the port of the other one that it leads to."""

    port: int
    to: int
    members: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """All of them, by port."""

    ways: tuple[Way, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The health check of every target group; no fields where it cannot be as it is stated."""

    fields: Mapping[str, PlainInput]
    port: str
    protocol: str
    diagnostics: tuple[Diagnostic, ...] = ()


def port_of(listener: Resource) -> int:
    """Return the port of a listener."""
    value = listener.spec.get("Port")
    return value if isinstance(value, int) else 0


def ways(context: Context, listeners: Sequence[Resource]) -> Ways:
    """Return where each port leads, given the listeners of the load balancer behind."""
    stated = pairs(context.intent.options, aws.NLB_PORTS.name)
    stating = frozenset(context.stating(aws.NLB_PORTS.name))
    behind = {port_of(listener): listener for listener in listeners}
    found: dict[int, Way] = {}
    unknown: list[str] = []
    for port, to in sorted((int(port), int(to)) for port, to in stated.items()):
        if to in behind:
            found[port] = Way(port=port, to=to, members=behind[to].ingresses)
        else:
            unknown.append(f"{port}={to}")
    hidden: list[int] = []
    for port, listener in sorted(behind.items()):
        if stated and stating.issuperset(listener.ingresses):
            continue
        way = found.setdefault(port, Way(port=port, to=port, members=listener.ingresses))
        if way.to != port:
            hidden.append(port)
    return Ways(
        ways=tuple(found[port] for port in sorted(found)),
        diagnostics=(
            *_unknown(context, unknown, sorted(behind)),
            *_hidden(context, hidden),
            *(() if found else _nothing(context)),
        ),
    )


def _unknown(
    context: Context, entries: Sequence[str], behind: Sequence[int]
) -> tuple[Diagnostic, ...]:
    if not entries:
        return ()
    listening = ", ".join(map(str, behind)) or "none"
    return context.warnings(
        "NLB-PORT-UNKNOWN",
        f"{', '.join(entries)} lead nowhere: the load balancer listens on {listening}",
        field=native_field(aws.NLB_PORTS.name),
        setting=aws.NLB_PORTS.name,
        hint='write "<port of the network load balancer>=<port of listen-ports>"',
    )


def _hidden(context: Context, ports: Sequence[int]) -> tuple[Diagnostic, ...]:
    if not ports:
        return ()
    return context.warnings(
        "NLB-PORT-TAKEN",
        f"clients of the network load balancer do not reach port {', '.join(map(str, ports))} of "
        "the load balancer: another member maps these numbers to other ports",
        field=native_field(aws.NLB_PORTS.name),
        setting=aws.NLB_PORTS.name,
        hint="map the port to a free number",
    )


def _nothing(context: Context) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "NLB-NO-PORT",
        "the network load balancer has no port that leads anywhere",
        field=native_field(aws.NLB_PORTS.name),
        setting=aws.NLB_PORTS.name,
        hint="map a port that the load balancer listens on",
    )


# -- health checks --------------------------------------------------------------------------------


def check(context: Context, found: Sequence[Way], listeners: Sequence[Resource]) -> Check:
    """Return the health check, every figure written out and judged as AWS would."""
    options = context.intent.options
    interval = number(options, aws.NLB_CHECK_INTERVAL.name, _INTERVAL)
    timeout = max(_SHORTEST_TIMEOUT, min(_TIMEOUT, interval - 1))
    timeout = number(options, aws.NLB_CHECK_TIMEOUT.name, timeout)
    protocol = text(options, aws.NLB_CHECK_PROTOCOL.name, _HTTP)
    port = text(options, aws.NLB_CHECK_PORT.name, TRAFFIC_PORT)
    path = text(options, aws.NLB_CHECK_PATH.name, "/")
    codes = text(options, aws.NLB_CHECK_CODES.name, "200")
    fields: dict[str, PlainInput] = {
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": protocol,
        "HealthCheckPort": port,
        "HealthCheckPath": path,
        "HealthCheckIntervalSeconds": interval,
        "HealthCheckTimeoutSeconds": timeout,
        "HealthyThresholdCount": number(options, aws.NLB_CHECK_HEALTHY.name, _CHECKS),
        "UnhealthyThresholdCount": number(options, aws.NLB_CHECK_UNHEALTHY.name, _CHECKS),
        "Matcher": {"HttpCode": codes},
    }
    problems: list[Diagnostic] = []
    if timeout >= interval:
        problems += _problem(
            context,
            aws.NLB_CHECK_TIMEOUT.name,
            f"the health check timeout ({timeout} s) is not shorter than the interval "
            f"({interval} s)",
            "shorten the timeout or lengthen the interval",
        )
    if not path.startswith("/") or len(path) > _LONGEST_PATH or not path.isascii():
        problems += _problem(
            context,
            aws.NLB_CHECK_PATH.name,
            f"the health check path is {path[:40]!r}; AWS takes a path that starts with / and has "
            f"at most {_LONGEST_PATH} ASCII characters",
            "write an absolute path",
        )
    if not _CODES.fullmatch(codes):
        problems += _problem(
            context,
            aws.NLB_CHECK_CODES.name,
            f"the success codes are {codes!r}; AWS takes codes from 200 to 599",
            "write a code, a list (200,302) or a range (200-399)",
        )
    problems += _unfit(context, found, listeners, port=port, protocol=protocol)
    return Check(fields=fields, port=port, protocol=protocol, diagnostics=tuple(problems))


def _problem(context: Context, name: str, message: str, hint: str) -> tuple[Diagnostic, ...]:
    return context.errors(
        "NLB-HEALTH-CHECK", message, field=native_field(name), setting=name, hint=hint
    )


def _unfit(
    context: Context,
    found: Sequence[Way],
    listeners: Sequence[Resource],
    *,
    port: str,
    protocol: str,
) -> tuple[Diagnostic, ...]:
    """Return a warning where the check asks a port that nobody listens on, or in another tongue.

    A network load balancer whose targets are all unhealthy sends traffic to them nevertheless; so
    this is a matter of alarms, not of traffic.
    """
    tongues = {port_of(each): str(each.spec.get("Protocol")) for each in listeners}
    asked = {int(port)} if port.isdecimal() else {way.to for way in found}
    deaf = sorted(asked - tongues.keys())
    if deaf:
        return context.warnings(
            "NLB-CHECK-PORT",
            f"the health check asks port {deaf[0]}, which the load balancer does not listen on; it "
            "will count as unhealthy",
            field=native_field(aws.NLB_CHECK_PORT.name),
            setting=aws.NLB_CHECK_PORT.name,
            hint=f"use {TRAFFIC_PORT} or a port of listen-ports",
        )
    foreign = sorted(each for each in asked if tongues[each] != protocol)
    if not foreign:
        return ()
    other = _HTTPS if protocol == _HTTP else _HTTP
    return context.warnings(
        "NLB-CHECK-PROTOCOL",
        f"the health check speaks {protocol} to port {', '.join(map(str, foreign))}, which speaks "
        f"{other}; the load balancer will count as unhealthy there",
        field=native_field(aws.NLB_CHECK_PROTOCOL.name),
        setting=aws.NLB_CHECK_PROTOCOL.name,
        hint=f"set {aws.NLB_CHECK_PROTOCOL.name} to {other}, or {aws.NLB_CHECK_PORT.name} to a "
        f"port that speaks {protocol}",
    )
