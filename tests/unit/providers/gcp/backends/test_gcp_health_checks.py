"""Health checks: who has the last word on which figure (GKE documentation and gcp facts)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp.addresses import Kind
from providers.gcp.backend_config import BackendConfig, HealthCheckSettings
from providers.gcp.desired.backends import backends
from providers.gcp.settings import TRANSPARENT_HEALTH_CHECKER
from providers.gcp.variant import Variant
from provisioner.core.backend_health import HEALTH_CHECK_TARGET_PORT
from provisioner.model.intent import (
    BackendId,
    BackendProtocol,
    Compatibility,
    HealthCheck,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.kube import Key
from provisioner.model.probe import Probe
from tests.unit.providers.gcp.backends.building import (
    CLASSIC,
    GLOBAL,
    INCUMBENT,
    INTERNAL,
    KUBERNETES,
    NODE_PORT,
    POD,
    REGIONAL,
    Look,
    a_backend,
    a_context,
    check_of,
    codes,
    only,
)

PROBE = Probe(
    ports=(("http", 8080),),
    port=8080,
    path="/ready",
    headers=(("Host", "shop.example.com"),),
    period_seconds=20,
    timeout_seconds=3,
)


def figures(spec: Look) -> tuple[object, ...]:
    """Return interval, timeout and thresholds of a health check."""
    names = ("checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold")
    return tuple(spec.get(name) for name in names)


def a_config(**fields: object) -> BackendConfig:
    """Return a BackendConfig with a healthCheck block."""
    settings = replace(HealthCheckSettings(), **fields)  # type: ignore[arg-type]  # by name
    return BackendConfig(name="bc", health_check=settings)


@pytest.mark.parametrize(
    ("compatibility", "variant", "mode", "expected"),
    [
        (INCUMBENT, CLASSIC, NODE_PORT, (60, 60, 1, 10)),
        (INCUMBENT, CLASSIC, POD, (15, 15, 1, 2)),
        (INCUMBENT, INTERNAL, POD, (15, 15, 1, 2)),
        (INCUMBENT, REGIONAL, POD, (15, 15, 1, 2)),
        (KUBERNETES, GLOBAL, POD, (15, 5, 2, 2)),
        (KUBERNETES, GLOBAL, NODE_PORT, (15, 5, 2, 2)),
    ],
)
def test_figures_that_nobody_states(
    compatibility: Compatibility, variant: Variant, mode: TargetMode, expected: tuple[int, ...]
) -> None:
    """GKE's defaults depend on what is checked; ours do not (GKE: pkg/healthchecks)."""
    context = a_context(mode=mode, compatibility=compatibility, variant=variant)

    spec = check_of(context)

    assert figures(spec) == expected
    assert spec["type"] == "HTTP"


@pytest.mark.parametrize(
    ("compatibility", "variant", "mode", "interval"),
    [
        (INCUMBENT, CLASSIC, NODE_PORT, 80),
        (INCUMBENT, CLASSIC, POD, 20),
        (KUBERNETES, GLOBAL, NODE_PORT, 20),
        (KUBERNETES, GLOBAL, POD, 20),
    ],
)
def test_the_readiness_probe_is_asked(
    compatibility: Compatibility, variant: Variant, mode: TargetMode, interval: int
) -> None:
    """Path, Host header, timeout and period are the probe's; GKE adds 60 s in front of nodes."""
    backend = a_backend(probe=PROBE)
    context = a_context(backend, mode=mode, compatibility=compatibility, variant=variant)

    spec = check_of(context)

    part = spec["httpHealthCheck"]
    assert part.fields("requestPath", "host") == ("/ready", "shop.example.com")
    assert spec.fields("checkIntervalSec", "timeoutSec") == (interval, 3)


@pytest.mark.parametrize(
    "probe",
    [
        replace(PROBE, host="10.0.0.1"),
        replace(PROBE, headers=(("X-Token", "secret"),)),
        replace(PROBE, scheme="HTTPS"),
        replace(PROBE, port=9090),
        replace(PROBE, port="admin", ports=(("admin", 9090), ("http", 8080))),
    ],
    ids=["host", "header", "scheme", "port", "named port"],
)
def test_a_probe_that_a_load_balancer_cannot_ask_is_left_out(probe: Probe) -> None:
    """It would ask another question than the kubelet, so the default is better."""
    spec = check_of(a_context(a_backend(probe=probe)))

    assert spec["httpHealthCheck"]["requestPath"] == "/"
    assert figures(spec) == (15, 5, 2, 2)


def test_http2_counts_as_https_for_the_probe() -> None:
    """A probe over HTTPS asks what a load balancer asks over HTTP/2 with TLS."""
    backend = a_backend(
        probe=replace(PROBE, scheme="HTTPS"),
        protocol=BackendProtocol.HTTPS,
        protocol_version=ProtocolVersion.HTTP2,
    )

    spec = check_of(a_context(backend))

    assert spec["type"] == "HTTP2"
    assert spec["http2HealthCheck"]["requestPath"] == "/ready"


def test_the_health_check_follows_the_probe() -> None:
    """A changed probe changes the check of a backend that exists (ingress-gce#39, #317, #541)."""
    before = a_context(a_backend(probe=PROBE))
    after = a_context(a_backend(probe=replace(PROBE, path="/healthz")))

    assert check_of(before)["httpHealthCheck"]["requestPath"] == "/ready"
    assert check_of(after)["httpHealthCheck"]["requestPath"] == "/healthz"


def test_a_long_probe_timeout_is_cut_to_the_interval() -> None:
    """The API refuses a timeout that is longer than the interval."""
    backend = a_backend(probe=replace(PROBE, period_seconds=2, timeout_seconds=9))

    spec = check_of(a_context(backend))

    assert spec.fields("checkIntervalSec", "timeoutSec") == (2, 2)


@pytest.mark.parametrize(
    ("setting", "value", "field", "expected"),
    [
        ("interval_seconds", 7, "checkIntervalSec", 7),
        ("timeout_seconds", 4, "timeoutSec", 4),
        ("healthy_threshold", 3, "healthyThreshold", 3),
        ("unhealthy_threshold", 4, "unhealthyThreshold", 4),
        ("type", "HTTPS", "type", "HTTPS"),
    ],
)
def test_a_backend_config_overrides_field_by_field(
    setting: str, value: object, field: str, expected: object
) -> None:
    """What the object says outranks the probe and the portable annotations; the rest stays."""
    portable = HealthCheck(
        interval_seconds=30,
        timeout_seconds=6,
        healthy_threshold=5,
        unhealthy_threshold=5,
    )
    backend = a_backend("web", a_config(**{setting: value}), health_check=portable, probe=PROBE)

    spec = check_of(a_context(backend))

    assert spec[field] == expected
    others = {"checkIntervalSec": 30, "timeoutSec": 6, "healthyThreshold": 5}
    assert all(spec[name] == stated for name, stated in others.items() if name != field)


def test_a_backend_config_says_path_and_port() -> None:
    """A port of its own is asked by number; the Host header stays the probe's."""
    backend = a_backend("web", a_config(request_path="/ok", port=9000), probe=PROBE)

    part = check_of(a_context(backend))["httpHealthCheck"]

    assert part == {
        "host": "shop.example.com",
        "port": 9000,
        "portSpecification": "USE_FIXED_PORT",
        "requestPath": "/ok",
    }


def test_removing_the_block_restores_what_is_derived() -> None:
    """A healthCheck block that is gone leaves nothing behind."""
    spec = check_of(a_context(a_backend("web", BackendConfig(name="bc"))))

    assert figures(spec) == (15, 5, 2, 2)
    assert spec["httpHealthCheck"]["requestPath"] == "/"


@pytest.mark.parametrize(
    ("mode", "compatibility", "expected"),
    [
        (POD, KUBERNETES, {"portSpecification": "USE_SERVING_PORT"}),
        (NODE_PORT, KUBERNETES, {"portSpecification": "USE_SERVING_PORT"}),
        (POD, INCUMBENT, {"portSpecification": "USE_SERVING_PORT"}),
        (NODE_PORT, INCUMBENT, {"portSpecification": "USE_FIXED_PORT", "port": 30080}),
    ],
)
def test_the_port_that_serves_is_asked(
    mode: TargetMode, compatibility: Compatibility, expected: dict[str, object]
) -> None:
    """GKE writes the node port as a number; the named port means the same and needs none."""
    part = check_of(a_context(mode=mode, compatibility=compatibility))["httpHealthCheck"]

    assert part == {**expected, "requestPath": "/"}


@pytest.mark.parametrize(
    ("said", "mode", "port"),
    [
        ("9100", POD, 9100),
        ("admin", POD, 9090),
        ("admin", NODE_PORT, 30999),
        ("traffic-port", POD, None),
        ("http", POD, None),
    ],
)
def test_the_portable_port(said: str, mode: TargetMode, port: object) -> None:
    """A number is itself; another Service port's name is the port behind it in this mode."""
    backend = a_backend(
        health_check=HealthCheck(port=said),
        health_check_node_port=30999,
        options={HEALTH_CHECK_TARGET_PORT: 9090},
    )

    part = check_of(a_context(backend, mode=mode))["httpHealthCheck"]

    assert part.get("port") == port


@pytest.mark.parametrize(
    ("protocol", "version", "type_"),
    [
        (BackendProtocol.HTTP, ProtocolVersion.HTTP1, "HTTP"),
        (BackendProtocol.HTTPS, ProtocolVersion.HTTP1, "HTTPS"),
        (BackendProtocol.HTTPS, ProtocolVersion.HTTP2, "HTTP2"),
        (BackendProtocol.HTTP, ProtocolVersion.HTTP2, "HTTP"),
        (BackendProtocol.HTTP, ProtocolVersion.GRPC, "GRPC"),
        (BackendProtocol.HTTPS, ProtocolVersion.GRPC, "GRPC_WITH_TLS"),
    ],
)
def test_the_check_speaks_what_the_backend_speaks(
    protocol: BackendProtocol, version: ProtocolVersion, type_: str
) -> None:
    """HTTP/2 without TLS has no check of its own; gRPC has the gRPC health protocol."""
    backend = a_backend(protocol=protocol, protocol_version=version)

    spec = check_of(a_context(backend))

    assert spec["type"] == type_


def test_grpc_with_a_path_is_asked_over_http() -> None:
    """A gRPC check has no path, so whoever states one means an HTTP request."""
    backend = a_backend(
        protocol=BackendProtocol.HTTPS,
        protocol_version=ProtocolVersion.GRPC,
        health_check=HealthCheck(path="/live"),
    )

    spec = check_of(a_context(backend))

    assert spec["type"] == "HTTP2"
    assert spec["http2HealthCheck"]["requestPath"] == "/live"


def test_the_portable_protocol_outranks_what_the_backend_speaks() -> None:
    """health-check-protocol says how to ask."""
    backend = a_backend(health_check=HealthCheck(protocol=BackendProtocol.HTTPS))

    assert check_of(a_context(backend))["type"] == "HTTPS"


def test_the_transparent_health_checker_answers_for_pods() -> None:
    """GKE's checker listens on port 7877 of the node and has figures of its own."""
    backend = a_backend(options={TRANSPARENT_HEALTH_CHECKER.name: True})

    spec = check_of(a_context(backend))

    assert figures(spec) == (5, 5, 1, 10)
    assert spec["httpHealthCheck"] == {
        "port": 7877,
        "portSpecification": "USE_FIXED_PORT",
        "requestPath": "/api/podhealth",
    }


@pytest.mark.parametrize(
    ("config", "mode"), [(a_config(interval_seconds=9), POD), (None, NODE_PORT)]
)
def test_the_transparent_health_checker_can_be_in_vain(
    config: BackendConfig | None, mode: TargetMode
) -> None:
    """It is ignored with a warning beside a healthCheck block or in front of nodes."""
    backend = a_backend("web", config, options={TRANSPARENT_HEALTH_CHECKER.name: True})

    found = backends(a_context(backend, mode=mode))

    assert codes(found.diagnostics) == ["ANNOTATION-NO-EFFECT"]
    assert "port" not in Look(only(found, Kind.HEALTH_CHECK).spec)["httpHealthCheck"]


@pytest.mark.parametrize(
    "said",
    [
        HealthCheck(interval_seconds=301),
        HealthCheck(timeout_seconds=301, interval_seconds=300),
        HealthCheck(healthy_threshold=11),
        HealthCheck(unhealthy_threshold=0),
        HealthCheck(interval_seconds=5, timeout_seconds=6),
        HealthCheck(path="healthz"),
        HealthCheck(path="/" + "x" * 2048),
    ],
)
def test_what_google_would_refuse_is_told_before(said: HealthCheck) -> None:
    """The path is set aside with the reason, and nothing is made for it."""
    found = backends(a_context(a_backend(health_check=said)))

    assert "BACKEND-HEALTH-CHECK" in codes(found.diagnostics)
    assert [q.path for q in found.quarantined] == ["spec.rules[0].http.paths[0]"]
    assert found.resources == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (HealthCheck(interval_seconds=3), (3, 3)),
        (HealthCheck(timeout_seconds=40), (40, 40)),
    ],
)
def test_a_derived_figure_gives_way_to_a_stated_one(
    said: HealthCheck, expected: tuple[int, int]
) -> None:
    """Whoever states one of the two figures gets it; the other is made to fit."""
    spec = check_of(a_context(a_backend(health_check=said)))

    assert spec.fields("checkIntervalSec", "timeoutSec") == expected


def test_a_portable_word_that_is_overruled_is_told() -> None:
    """The BackendConfig of the Service is stronger; nobody should have to guess."""
    backend = a_backend(
        "web", a_config(request_path="/ok"), health_check=HealthCheck(path="/other")
    )

    found = backends(a_context(backend))

    assert codes(found.diagnostics) == ["ANNOTATION-OUTRANKED"]
    assert not found.quarantined


def test_a_node_port_that_is_not_known_yet() -> None:
    """GKE's check names the node port, which files do not hold."""
    context = a_context(a_backend(node_port=0), mode=NODE_PORT, compatibility=INCUMBENT)

    assert check_of(context)["httpHealthCheck"]["port"].unknown


def test_gkes_default_backend_is_asked_at_healthz() -> None:
    """It answers 404 elsewhere (ingress-gce: default-http-backend)."""
    theirs = BackendId(
        ingress=Key("shop", "web"), service=Key("kube-system", "default-http-backend"), port="80"
    )

    spec = check_of(a_context(a_backend(id=theirs)))

    assert spec["httpHealthCheck"]["requestPath"] == "/healthz"


def test_an_undecided_mode_leaves_the_port_open() -> None:
    """Only a fixed port depends on the mode."""
    backend = a_backend(health_check=HealthCheck(port="admin"))
    mode: TargetMode | None = None

    part = check_of(a_context(backend, mode=mode))["httpHealthCheck"]

    assert part["port"].unknown
