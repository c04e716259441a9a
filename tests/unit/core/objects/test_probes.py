"""Promises about probes: a load balancer asks what the kubelet asks, where it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from provisioner.core.targets import Targets
from provisioner.model.kube import ServicePort, Workload
from provisioner.model.probe import Probe
from tests.factories import ADialect, a_meta, a_port, a_service, a_snapshot, a_workload

HTTP = Probe(ports=(("http", 8080), ("admin", 9090)), port=8080, path="/ready")


def with_probes(name: str, probes: Sequence[Probe], *, created: str = "") -> Workload:
    """Return a workload whose pods Service shop/web selects."""
    workload = a_workload(name, labels={"app": "web"})
    return replace(workload, meta=a_meta(name, created=created), probes=tuple(probes))


def chosen(
    *workloads: Workload, port: ServicePort | None = None, scheme: str = "HTTP"
) -> Probe | None:
    service = a_service("shop/web")
    targets = Targets(a_snapshot(service, *workloads), ADialect())
    return targets.probe(service, port or a_port(target_port=8080), scheme=scheme)


@pytest.mark.parametrize("target", [8080, "http"])
@pytest.mark.parametrize("port", [8080, "http"])
def test_the_probe_of_the_container_that_serves_the_port_counts(
    target: int | str, port: int | str
) -> None:
    """Service and probe may each name the port or give its number."""
    probe = replace(HTTP, port=port)

    assert chosen(with_probes("shop/web", [probe]), port=a_port(target_port=target)) == probe


def test_a_service_without_target_port_means_its_own_number() -> None:
    """As the Kubernetes API says."""
    probe = replace(HTTP, ports=(("", 80),), port=80)

    assert chosen(with_probes("shop/web", [probe]), port=a_port(80, target_port=0)) == probe


@pytest.mark.parametrize(
    "probe",
    [
        replace(HTTP, port=9090),
        replace(HTTP, port="admin"),
        replace(HTTP, ports=()),
        replace(HTTP, ports=(("http", 8081),), port="http"),
        replace(HTTP, host="other.example.com"),
        replace(HTTP, headers=(("Authorization", "x"),)),
        replace(HTTP, headers=(("Host", "a.example.com"), ("Accept", "*/*"))),
        replace(HTTP, scheme="HTTPS"),
    ],
    ids=[
        "another port",
        "another port by name",
        "no ports declared",
        "serves another port",
        "a host to ask",
        "a header",
        "several headers",
        "another scheme",
    ],
)
def test_what_a_load_balancer_cannot_ask_is_passed_over(probe: Probe) -> None:
    """GKE takes plain probes of the serving port alone; one header, Host, is plain."""
    assert chosen(with_probes("shop/web", [probe])) is None


def test_a_host_header_is_asked_with() -> None:
    """A health check has a host of its own."""
    probe = replace(HTTP, headers=(("host", "a.example.com"),))

    assert chosen(with_probes("shop/web", [probe])) == probe


def test_the_scheme_is_that_of_the_backend() -> None:
    """HTTP2 to targets is TLS, so it counts as HTTPS."""
    plain, tls = HTTP, replace(HTTP, scheme="HTTPS", path="/tls")
    workload = with_probes("shop/web", [plain, tls])

    assert chosen(workload) == plain
    assert chosen(workload, scheme="HTTPS") == tls


def test_the_oldest_workload_decides_then_the_first_by_name() -> None:
    """The answer must not depend on the order of a list; what is in a file alone is youngest."""
    old = with_probes("shop/z", [replace(HTTP, path="/old")], created="2026-01-01T00:00:00Z")
    new = with_probes("shop/b", [replace(HTTP, path="/new")], created="2026-02-01T00:00:00Z")
    written = with_probes("shop/a", [replace(HTTP, path="/file")])

    found = [chosen(*order) for order in ((old, new, written), (written, new, old))]
    unborn = chosen(with_probes("shop/b", [replace(HTTP, path="/b")]), written)

    assert [probe.path for probe in found if probe] == ["/old", "/old"]
    assert unborn is not None
    assert unborn.path == "/file"


def test_a_workload_without_a_usable_probe_lets_the_next_decide() -> None:
    """GKE walks on until one container qualifies."""
    first = with_probes("shop/a", [replace(HTTP, host="x")], created="2026-01-01T00:00:00Z")
    second = with_probes("shop/b", [HTTP], created="2026-02-01T00:00:00Z")

    assert chosen(first, second) == HTTP
