"""What native settings mean for a backend: mode, protocol and probe, below portable words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.gcp import provider
from provisioner.core.translate import intents
from provisioner.model.intent import (
    BackendIntent,
    BackendProtocol,
    Compatibility,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.kube import NO_STRINGS
from provisioner.model.probe import Probe
from tests.factories import a_port, a_service, a_snapshot, a_workload, an_ingress, some_settings

NEG = "cloud.google.com/neg"
PROTOCOLS = "cloud.google.com/app-protocols"
MODE = "ingress-provisioner.io/target-mode"
PROTOCOL = "ingress-provisioner.io/backend-protocol"
PLAIN = Probe(ports=(("http", 8080),), port=8080, path="/plain")
TLS = replace(PLAIN, scheme="HTTPS", path="/tls")
POD, NODE = TargetMode.POD, TargetMode.NODE_PORT


def backend(
    service: Mapping[str, str] = NO_STRINGS,
    ingress: Mapping[str, str] = NO_STRINGS,
    *,
    class_name: str | None = None,
    target_mode: str = "",
    compatibility: Compatibility = Compatibility.KUBERNETES,
) -> BackendIntent:
    """Return the one backend of an Ingress."""
    workload = replace(a_workload("shop/web"), probes=(PLAIN, TLS))
    snapshot = a_snapshot(
        an_ingress("shop/web", class_name=class_name, annotations=ingress),
        a_service("shop/web", a_port(name="http"), annotations=service),
        workload,
    )
    settings = some_settings(compatibility=compatibility, target_mode=target_mode)
    [load_balancer] = intents(snapshot, provider, settings).load_balancers
    assert load_balancer.quarantined == ()
    [found] = [b for b in load_balancer.backends if b.id.service.name == "web"]
    return found


def test_a_service_that_asks_for_endpoint_groups_is_reached_at_its_pods() -> None:
    """``{"ingress": true}`` is container-native load balancing; it says where that stands."""
    found = backend({NEG: '{"ingress": true}'})

    assert found.mode is POD
    assert NEG in found.mode_source


@pytest.mark.parametrize("place", ["service", "ingress"])
def test_a_portable_target_mode_counts_before_it(place: str) -> None:
    """GKE writes the annotation unasked on some clusters (kubernetes/ingress-gce#2581)."""
    service = {NEG: '{"ingress": true}'}
    ingress: dict[str, str] = {}
    (service if place == "service" else ingress)[MODE] = "node-port"

    assert backend(service, ingress).mode is NODE


def test_it_counts_before_the_controllers_default() -> None:
    """What an object says is stronger than a flag."""
    assert backend({NEG: '{"ingress": true}'}, target_mode="node-port").mode is POD


@pytest.mark.parametrize(
    ("class_name", "compatibility", "expected"),
    [
        (None, Compatibility.KUBERNETES, None),
        (None, Compatibility.INCUMBENT, NODE),
        ("gce-internal", Compatibility.KUBERNETES, POD),
        ("gce-internal", Compatibility.INCUMBENT, POD),
        ("gce-regional-external", Compatibility.INCUMBENT, POD),
    ],
)
def test_where_nobody_asks_the_kind_of_load_balancer_and_compatibility_decide(
    class_name: str | None, compatibility: Compatibility, expected: TargetMode | None
) -> None:
    """GKE: instance groups; regional load balancers take only pods; else ``auto``."""
    found = backend(class_name=class_name, compatibility=compatibility)

    assert (found.mode, found.default_mode) == (None, expected)


@pytest.mark.parametrize(
    ("said", "protocol", "version", "path"),
    [
        ({}, BackendProtocol.HTTP, ProtocolVersion.HTTP1, "/plain"),
        (
            {PROTOCOLS: '{"http": "HTTPS"}'},
            BackendProtocol.HTTPS,
            ProtocolVersion.HTTP1,
            "/tls",
        ),
        (
            {PROTOCOLS: '{"http": "HTTP2"}'},
            BackendProtocol.HTTPS,
            ProtocolVersion.HTTP2,
            "/tls",
        ),
        (
            {PROTOCOLS: '{"other": "HTTPS"}'},
            BackendProtocol.HTTP,
            ProtocolVersion.HTTP1,
            "/plain",
        ),
        (
            {PROTOCOLS: '{"http": "HTTPS"}', PROTOCOL: "HTTP"},
            BackendProtocol.HTTP,
            ProtocolVersion.HTTP1,
            "/plain",
        ),
    ],
)
def test_the_protocol_of_a_port_decides_which_probe_can_be_asked(
    said: Mapping[str, str], protocol: BackendProtocol, version: ProtocolVersion, path: str
) -> None:
    """GKE takes a probe whose scheme is that of the backend; HTTP2 counts as HTTPS."""
    found = backend(said)

    assert (found.protocol, found.protocol_version) == (protocol, version)
    assert found.probe is not None
    assert found.probe.path == path
