"""Health checks: what somebody says, else what the pods' readiness probe asks, else defaults.

The strongest word on each figure is the BackendConfig's, then that of a portable annotation, then
the readiness probe of the container that serves the port: a load balancer that asks what the
kubelet asks finds the same pods ready (ingress-gce#1656). It is derived anew for every plan, so it
follows the probe (ingress-gce#39, #317, #541, where it is fixed at creation).

Under ``incumbent`` the defaults are GKE's: 60 s for instance groups, because every front end of
Google's checks every node, and 15 s for network endpoint groups.

Sources: "Health checks overview" of Cloud Load Balancing, the description of ``HealthCheck`` in the
Compute API, kubernetes/ingress-gce ``pkg/healthchecks``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.gcp.backend_config import HealthCheckSettings
from providers.gcp.desired.problems import odd, refused
from providers.gcp.settings import TRANSPARENT_HEALTH_CHECKER, backend_config
from provisioner.core.backend_health import HEALTH_CHECK_TARGET_PORT
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendIntent, ProtocolVersion, TargetMode
from provisioner.model.probe import Probe
from provisioner.model.resource import PlainInput, Unknown

SERVING_PORT = "USE_SERVING_PORT"
FIXED_PORT = "USE_FIXED_PORT"
TRANSPARENT_PORT = 7877
"""Where GKE's transparent health checker listens on every node."""

TRAFFIC_PORT = "traffic-port"

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "HTTP": "httpHealthCheck",
        "HTTPS": "httpsHealthCheck",
        "HTTP2": "http2HealthCheck",
        "GRPC": "grpcHealthCheck",
        "GRPC_WITH_TLS": "grpcTlsHealthCheck",
    }
)
"""Type of a health check -> the field that says how it asks."""

_TYPES: Mapping[str, str] = MappingProxyType(
    # The API's HTTP/2 check wants TLS; servers of H2C answer HTTP/1.1 as well.
    {"HTTP": "HTTP", "HTTPS": "HTTPS", "HTTP2": "HTTP2", "H2C": "HTTP"}
)
_GRPC_TYPES: Mapping[str, str] = MappingProxyType({"H2C": "GRPC", "HTTP2": "GRPC_WITH_TLS"})
_LONGEST = 300
_LARGEST_THRESHOLD = 10
_LONGEST_PATH = 2048
_PROBE_SLACK = 60
"""What GKE adds to the period of a probe where every node is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The four figures of a health check; None: not said."""

    interval: int | None = None
    timeout: int | None = None
    healthy: int | None = None
    unhealthy: int | None = None


_OURS = Timing(interval=15, timeout=5, healthy=2, unhealthy=2)
_THEIRS_NODES = Timing(interval=60, timeout=60, healthy=1, unhealthy=10)
_THEIRS_PODS = Timing(interval=15, timeout=15, healthy=1, unhealthy=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is checked: a backend, the way to it, and what it speaks.

    ``protocol`` is that of the backend service; ``incumbent`` takes GKE's defaults; ``path`` is
    what is asked for where nobody says it.
    """

    backend: BackendIntent
    mode: TargetMode | None
    protocol: str
    incumbent: bool = False
    path: str = "/"

    @property
    def settings(self) -> HealthCheckSettings:
        """What the BackendConfig says."""
        return backend_config(self.backend.options).health_check or HealthCheckSettings()

    @property
    def transparent(self) -> bool:
        """Whether GKE's own checker on the node answers for the pods."""
        asked = self.backend.options.get(TRANSPARENT_HEALTH_CHECKER.name) is True
        configured = backend_config(self.backend.options).health_check is not None
        return asked and not configured and self.mode is TargetMode.POD

    @property
    def probe(self) -> Probe | None:
        """The readiness probe, where a load balancer can ask the same question."""
        probe = self.backend.probe
        return probe if probe is not None and _can_ask(probe, self) else None


def health_check(checked: Checked) -> dict[str, PlainInput]:
    """Return the fields of a health check, all of them but its name."""
    if checked.transparent:
        return _transparent()
    type_ = _type(checked)
    return {
        "type": type_,
        **_figures(_timing(checked)),
        PARTS[type_]: _question(checked, type_),
    }


def stated_fields(checked: Checked) -> frozenset[str]:
    """Return the fields that a BackendConfig or an annotation states."""
    figures = _figures(_stated(checked))
    path = checked.settings.request_path or checked.backend.health_check.path
    named = {name for name, value in figures.items() if value is not None}
    return frozenset(named | ({"requestPath"} if path else set()))


def problems(checked: Checked) -> Iterator[Diagnostic]:
    """Yield what Google would refuse about a backend's health check, and what is overruled."""
    backend, said = checked.backend, checked.backend.health_check
    for words, value, most in (
        ("health check interval", said.interval_seconds, _LONGEST),
        ("health check timeout", said.timeout_seconds, _LONGEST),
        ("healthy threshold", said.healthy_threshold, _LARGEST_THRESHOLD),
        ("unhealthy threshold", said.unhealthy_threshold, _LARGEST_THRESHOLD),
    ):
        if value is not None and not 1 <= value <= most:
            text = f"the {words} of {backend.id} is {value}; Google takes 1 to {most}"
            hint = f"choose a value of 1 to {most}"
            yield refused(backend, "BACKEND-HEALTH-CHECK", text, hint=hint)
    yield from _time_problems(checked)
    path = said.path
    if path is not None and not _is_path(path):
        yield refused(
            backend,
            "BACKEND-HEALTH-CHECK",
            f"the health check path of {backend.id} is {path[:40]!r}; Google takes one that starts"
            f" with / and has at most {_LONGEST_PATH} ASCII characters",
            hint="write an absolute path",
        )
    yield from _overruled(checked)


def _time_problems(checked: Checked) -> Iterator[Diagnostic]:
    stated = _stated(checked)
    if stated.interval is None or stated.timeout is None or stated.timeout <= stated.interval:
        return
    yield refused(
        checked.backend,
        "BACKEND-HEALTH-CHECK",
        f"the health check timeout of {checked.backend.id} ({stated.timeout} s) is longer than its"
        f" interval ({stated.interval} s)",
        hint="shorten the timeout or lengthen the interval",
    )


def _overruled(checked: Checked) -> Iterator[Diagnostic]:
    """Yield what a BackendConfig overrules, and a checker that is asked for in vain."""
    backend, said, config = checked.backend, checked.backend.health_check, checked.settings
    for words, portable, native in (
        ("health-check-path", said.path, config.request_path),
        ("health-check-interval-seconds", said.interval_seconds, config.interval_seconds),
        ("health-check-timeout-seconds", said.timeout_seconds, config.timeout_seconds),
        ("health-check-healthy-threshold", said.healthy_threshold, config.healthy_threshold),
        ("health-check-unhealthy-threshold", said.unhealthy_threshold, config.unhealthy_threshold),
    ):
        if portable is not None and native is not None and portable != native:
            name = backend_config(backend.options).name
            text = f"{words} {portable} of {backend.id} gives way to {native} of BackendConfig"
            hint = "say it in one of the two"
            yield odd(backend, "ANNOTATION-OUTRANKED", f"{text} {name}", hint=hint)
    if backend.options.get(TRANSPARENT_HEALTH_CHECKER.name) is True and not checked.transparent:
        yield odd(
            backend,
            "ANNOTATION-NO-EFFECT",
            f"the transparent health checker of {backend.id} is not used: it serves pods that are"
            " targets themselves, and only where no BackendConfig has a healthCheck block",
            hint="remove the annotation, or the healthCheck block",
        )


def _stated(checked: Checked) -> Timing:
    """Return the figures that people state."""
    config, said = checked.settings, checked.backend.health_check
    return Timing(
        interval=_first(config.interval_seconds, said.interval_seconds),
        timeout=_first(config.timeout_seconds, said.timeout_seconds),
        healthy=_first(config.healthy_threshold, said.healthy_threshold),
        unhealthy=_first(config.unhealthy_threshold, said.unhealthy_threshold),
    )


def _timing(checked: Checked) -> Timing:
    """Return all four figures; of two derived ones, a timeout never outlasts the interval."""
    stated, derived, default = _stated(checked), _probed(checked), _default(checked)
    interval = _first(stated.interval, derived.interval, default.interval) or 1
    timeout = _first(stated.timeout, derived.timeout, default.timeout) or 1
    if timeout > interval:
        if stated.timeout is None:
            timeout = interval
        elif stated.interval is None:
            interval = timeout
    return Timing(
        interval=interval,
        timeout=timeout,
        healthy=_first(stated.healthy, default.healthy),
        unhealthy=_first(stated.unhealthy, default.unhealthy),
    )


def _default(checked: Checked) -> Timing:
    if not checked.incumbent:
        return _OURS
    return _THEIRS_NODES if checked.mode is TargetMode.NODE_PORT else _THEIRS_PODS


def _probed(checked: Checked) -> Timing:
    probe = checked.probe
    if probe is None:
        return Timing()
    slack = checked.incumbent and checked.mode is TargetMode.NODE_PORT
    period = probe.period_seconds + (_PROBE_SLACK if slack else 0)
    return Timing(
        interval=min(max(period, 1), _LONGEST), timeout=min(max(probe.timeout_seconds, 1), _LONGEST)
    )


def _figures(timing: Timing) -> dict[str, PlainInput]:
    return {
        "checkIntervalSec": timing.interval,
        "timeoutSec": timing.timeout,
        "healthyThreshold": timing.healthy,
        "unhealthyThreshold": timing.unhealthy,
    }


def _type(checked: Checked) -> str:
    """Return the type: as stated, else by what the backend speaks."""
    said = checked.backend.health_check
    stated = checked.settings.type or (said.protocol.value if said.protocol else None)
    if stated is not None:
        return stated
    is_grpc = checked.backend.protocol_version is ProtocolVersion.GRPC
    if is_grpc and not _path(checked):
        return _GRPC_TYPES.get(checked.protocol, "GRPC")
    return _TYPES.get(checked.protocol, "HTTP")


def _question(checked: Checked, type_: str) -> dict[str, PlainInput]:
    port = _port(checked)
    if type_.startswith("GRPC"):
        return port
    probe = checked.probe
    host = _host(probe) if probe is not None else ""
    return {
        **port,
        "requestPath": _path(checked) or checked.path,
        **({"host": host} if host else {}),
    }


def _path(checked: Checked) -> str:
    probe = checked.probe
    said = checked.settings.request_path or checked.backend.health_check.path
    return said or (_absolute(probe.path) if probe is not None else "")


def _absolute(path: str) -> str:
    """Return a probe's path as the kubelet asks for it: Kubernetes takes one without a slash."""
    return path if not path or path.startswith("/") else f"/{path}"


def _port(checked: Checked) -> dict[str, PlainInput]:
    """Return which port is asked. GKE asks the node port of an instance group by its number."""
    config, backend = checked.settings, checked.backend
    wanted = backend.health_check.port
    if config.port is not None:
        return _fixed(config.port)
    if wanted.isdecimal():
        return _fixed(int(wanted))
    if wanted not in {TRAFFIC_PORT, backend.service_port_name}:
        return _fixed(_named_port(checked))
    if checked.incumbent and checked.mode is TargetMode.NODE_PORT:
        return _fixed(backend.node_port or Unknown("the node port that the cluster allocates"))
    return {"portSpecification": SERVING_PORT}


def _fixed(port: PlainInput) -> dict[str, PlainInput]:
    return {"portSpecification": FIXED_PORT, "port": port}


def _named_port(checked: Checked) -> int | Unknown:
    """Return the port behind another Service port's name, in this mode."""
    backend = checked.backend
    match checked.mode:
        case TargetMode.POD:
            number = backend.options.get(HEALTH_CHECK_TARGET_PORT)
            known = number if isinstance(number, int) else 0
            return known or Unknown("the port that the pods give this name")
        case TargetMode.NODE_PORT:
            number = backend.health_check_node_port
            return number or Unknown("the node port that the cluster allocates")
        case None:
            return Unknown("the target mode, which depends on the cluster")


def _transparent() -> dict[str, PlainInput]:
    """Return the check of GKE's transparent health checker."""
    return {
        "type": "HTTP",
        "checkIntervalSec": 5,
        "timeoutSec": 5,
        "healthyThreshold": 1,
        "unhealthyThreshold": 10,
        PARTS["HTTP"]: {**_fixed(TRANSPARENT_PORT), "requestPath": "/api/podhealth"},
    }


def _can_ask(probe: Probe, checked: Checked) -> bool:
    """Tell whether a load balancer can ask what a probe asks: host, headers, scheme and port."""
    scheme = "HTTPS" if checked.protocol in {"HTTPS", "HTTP2"} else "HTTP"
    only_host = all(name.lower() == "host" for name, _ in probe.headers)
    return not probe.host and only_host and probe.scheme == scheme and _same_port(probe, checked)


def _same_port(probe: Probe, checked: Checked) -> bool:
    """Tell whether a probe asks the port that serves; a port nobody can number is believed."""
    target = checked.backend.target_port
    number = probe.port if isinstance(probe.port, int) else dict(probe.ports).get(probe.port, 0)
    return not target or not number or number == target


def _host(probe: Probe) -> str:
    return next((value for name, value in probe.headers if name.lower() == "host"), "")


def _is_path(path: str) -> bool:
    return path.startswith("/") and len(path) <= _LONGEST_PATH and path.isascii()


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
