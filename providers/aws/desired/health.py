"""Health checks: every figure written out, and checked before AWS would refuse it.

AWS's own defaults differ from what people of this field are used to (interval 15 s, timeout 5 s,
two checks either way), and a plan should say what will hold.

Source: "Health checks for Application Load Balancer target groups", Elastic Load Balancing guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.core.backend_health import HEALTH_CHECK_TARGET_PORT
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import BackendIntent, ProtocolVersion, TargetMode
from provisioner.model.resource import PlainInput, Unknown

TRAFFIC_PORT = "traffic-port"
"""The health check port that is each target's own."""

_RANGES: tuple[tuple[str, str, int, int], ...] = (
    ("HealthCheckIntervalSeconds", "the health check interval", 5, 300),
    ("HealthCheckTimeoutSeconds", "the health check timeout", 2, 120),
    ("HealthyThresholdCount", "the healthy threshold", 2, 10),
    ("UnhealthyThresholdCount", "the unhealthy threshold", 2, 10),
)
_INTERVAL, _TIMEOUT, _SHORTEST_TIMEOUT = 15, 5, 2
_HTTP_CODES = (200, 499)
_GRPC_CODES = (0, 99)
_CODES = re.compile(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*")
_LAST_PORT = 65_535
_LONGEST_PATH = 1024


def undecided() -> Unknown:
    """Return what stands for a value that depends on an undecided target mode."""
    return Unknown("the target mode, which depends on the cluster")


def health_check(
    backend: BackendIntent, mode: TargetMode | None, *, by_number: bool = False
) -> dict[str, PlainInput]:
    """Return the health check fields of a target group, all of them.

    Args:
        backend: What is checked.
        mode: How traffic reaches it.
        by_number: Spell the backend's own port as a number where its name is written, as the
            incumbent controller does; ``traffic-port`` means the same.
    """
    check = backend.health_check
    is_grpc = backend.protocol_version is ProtocolVersion.GRPC
    codes = "GrpcCode" if is_grpc else "HttpCode"
    return {
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": (check.protocol or backend.protocol).value,
        "HealthCheckPort": _health_check_port(backend, mode, by_number=by_number),
        "HealthCheckPath": check.path or ("/AWS.ALB/healthcheck" if is_grpc else "/"),
        **_timing(backend),
        "Matcher": {codes: check.success_codes or ("12" if is_grpc else "200")},
    }


def _timing(backend: BackendIntent) -> dict[str, int]:
    check = backend.health_check
    interval = _INTERVAL if check.interval_seconds is None else check.interval_seconds
    values = (
        (check.interval_seconds, _INTERVAL),
        (check.timeout_seconds, max(_SHORTEST_TIMEOUT, min(_TIMEOUT, interval - 1))),
        (check.healthy_threshold, 2),
        (check.unhealthy_threshold, 2),
    )
    return {
        name: default if value is None else value
        for (name, *_), (value, default) in zip(_RANGES, values, strict=True)
    }


def _health_check_port(
    backend: BackendIntent, mode: TargetMode | None, *, by_number: bool
) -> str | Unknown:
    """Return the port to check; a Service port's name means the port behind it in this mode."""
    wanted = backend.health_check.port
    if wanted.isdecimal() or wanted == TRAFFIC_PORT:
        return wanted
    pods_differ = mode is TargetMode.POD and backend.target_port_named
    if wanted == backend.service_port_name and (not by_number or pods_differ):
        return TRAFFIC_PORT
    match mode:
        case TargetMode.POD:
            number = backend.options.get(HEALTH_CHECK_TARGET_PORT)
            return str(number) if number else Unknown("the port that the pods give this name")
        case TargetMode.NODE_PORT:
            number = backend.health_check_node_port
            return str(number) if number else Unknown("the node port that the cluster allocates")
        case None:
            return undecided()


def problems(backend: BackendIntent) -> Iterator[Diagnostic]:
    """Yield what AWS would refuse about a backend's health check."""
    timing = _timing(backend)
    for name, words, low, high in _RANGES:
        if not low <= timing[name] <= high:
            text = f"{words} of {backend.id} is {timing[name]}; AWS takes {low} to {high}"
            yield _problem(
                backend, "BACKEND-HEALTH-CHECK", text, f"choose a value of {low} to {high}"
            )
    interval, timeout = timing["HealthCheckIntervalSeconds"], timing["HealthCheckTimeoutSeconds"]
    if timeout >= interval:
        yield _problem(
            backend,
            "BACKEND-HEALTH-CHECK",
            f"the health check timeout of {backend.id} ({timeout} s) is not shorter than its "
            f"interval ({interval} s)",
            "shorten the timeout or lengthen the interval",
        )
    yield from _port_problems(backend)
    yield from _text_problems(backend)


def _port_problems(backend: BackendIntent) -> Iterator[Diagnostic]:
    port = backend.health_check.port
    if not port.isdecimal() or 1 <= int(port) <= _LAST_PORT:
        return
    yield _problem(
        backend,
        "BACKEND-HEALTH-CHECK",
        f"the health check port of {backend.id} is {port}, which is no TCP port",
        f"write a number of 1 to {_LAST_PORT}, a Service port's name, or traffic-port",
    )


def _text_problems(backend: BackendIntent) -> Iterator[Diagnostic]:
    check = backend.health_check
    path = check.path or "/"
    if not path.startswith("/") or len(path) > _LONGEST_PATH or not path.isascii():
        yield _problem(
            backend,
            "BACKEND-HEALTH-CHECK",
            f"the health check path of {backend.id} is {path[:40]!r}; AWS takes a path that starts "
            f"with / and has at most {_LONGEST_PATH} ASCII characters",
            "write an absolute path",
        )
    is_grpc = backend.protocol_version is ProtocolVersion.GRPC
    low, high = _GRPC_CODES if is_grpc else _HTTP_CODES
    codes = check.success_codes
    if codes is not None and not _are_codes(codes, low, high):
        yield _problem(
            backend,
            "BACKEND-SUCCESS-CODES",
            f"the success codes of {backend.id} are {codes!r}; AWS takes codes from {low} to "
            f"{high}, as a list (200,202) or a range (200-299)",
            "write a code, a list or a range",
        )


def _are_codes(text: str, low: int, high: int) -> bool:
    if not _CODES.fullmatch(text):
        return False
    ranges = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return all(low <= ends[0] <= ends[-1] <= high for ends in ranges)


def _problem(backend: BackendIntent, code: str, message: str, hint: str) -> Diagnostic:
    return error(
        code,
        f"Ingress {backend.id.ingress}",
        ingress=backend.id.ingress,
        field=backend.field,
        message=message,
        hint=hint,
    )
