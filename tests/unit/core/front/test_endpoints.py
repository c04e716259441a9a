"""Promises of endpoints: which of them are registered, and which only in need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.endpoints import Around, address_family, pod_targets
from provisioner.model.intent import Compatibility, PodTarget
from provisioner.model.kube import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Key,
    Meta,
    Node,
    Pod,
)
from tests.factories import a_node, a_port, a_service, a_slice, an_endpoint


def a_waiting_pod(name: str = "pod-10-0-0-1", *, containers: str = "True") -> Pod:
    """Return a pod whose readiness gate is shut."""
    return Pod(
        meta=Meta(name=name, namespace="shop"),
        readiness_gates=("target-health.elbv2.k8s.aws/k8s-shop-web-0123456789",),
        conditions={"ContainersReady": containers, "Ready": "False"},
    )


@pytest.mark.parametrize(
    ("endpoint", "taken"),
    [
        (an_endpoint(ready=True), True),
        (an_endpoint(ready=None), True),
        (an_endpoint(ready=False), False),
        (an_endpoint(ready=True, terminating=True), False),
        (an_endpoint(ready=None, terminating=False), True),
        (Endpoint(addresses=()), False),
        (Endpoint(addresses=("10.0.0.9",), ready=True), False),
    ],
)
def test_ready_endpoints_are_targets(endpoint: Endpoint, taken: bool) -> None:  # noqa: FBT001 - a table column
    """Unknown readiness counts as ready, terminating never, what is made by hand neither."""
    assert bool(pod_targets([a_slice("shop/web", endpoint)], a_port())) is taken


def test_only_the_first_address_of_an_endpoint_counts() -> None:
    """The addresses of one endpoint are the same pod."""
    endpoint = replace(an_endpoint(zone="z"), addresses=("10.0.0.1", "10.0.0.2"))

    assert pod_targets([a_slice("shop/web", endpoint)], a_port()) == (
        PodTarget(ip="10.0.0.1", port=8080, node="n1", zone="z"),
    )


@pytest.mark.parametrize(
    ("endpoint", "pod", "node", "taken"),
    [
        (an_endpoint(ready=False), a_waiting_pod(), a_node(), True),
        (an_endpoint(ready=False), a_waiting_pod(containers="False"), a_node(), False),
        (an_endpoint(ready=False, terminating=True), a_waiting_pod(), a_node(), False),
        (an_endpoint(ready=False), a_waiting_pod(), a_node(ready="False"), False),
        (an_endpoint(ready=False), a_waiting_pod("another"), a_node(), False),
        (an_endpoint(ready=False), a_waiting_pod(), a_node("n2"), False),
    ],
    ids=["waits", "containers", "leaves", "node is not ready", "unknown pod", "unknown node"],
)
def test_a_pod_that_waits_for_its_readiness_gates_is_registered(
    endpoint: Endpoint,
    pod: Pod,
    node: Node,
    taken: bool,  # noqa: FBT001 - a table column
) -> None:
    """It can become ready only once the load balancer finds it healthy, so it must be found."""
    around = Around(pods={pod.key: pod}, nodes={node.name: node})

    assert bool(pod_targets([a_slice("shop/web", endpoint)], a_port(), around=around)) is taken


@pytest.mark.parametrize(
    "around",
    [
        Around(
            pods={Key("shop", "pod-10-0-0-1"): a_waiting_pod()},
            nodes={"n1": a_node(ready="Unknown")},
        ),
        Around(unread=frozenset({"shop"})),
    ],
    ids=["its node is out of sight", "pods could not be listed"],
)
def test_a_pod_nobody_can_vouch_for_is_registered_where_there_is_no_other(around: Around) -> None:
    """Better a target that the health check may refuse than none at all."""
    doubtful, good = an_endpoint("10.0.0.1", ready=False), an_endpoint("10.0.0.2", node="n2")

    alone = pod_targets([a_slice("shop/web", doubtful)], a_port(), around=around)
    beside = pod_targets([a_slice("shop/web", doubtful, good)], a_port(), around=around)

    assert [target.ip for target in alone] == ["10.0.0.1"]
    assert [target.ip for target in beside] == ["10.0.0.2"]


def test_a_pod_in_two_slices_is_one_target() -> None:
    """An endpoint may appear twice while slices are rebalanced."""
    slices = [a_slice("shop/web", an_endpoint(), suffix=s) for s in ("a", "b")]

    assert len(pod_targets(slices, a_port())) == 1


def test_the_slice_port_is_found_by_the_name_of_the_service_port() -> None:
    """One slice carries all ports of a Service; pods may resolve a name differently."""
    part = EndpointSlice(
        meta=Meta(name="web-1", namespace="shop"),
        service="web",
        ports=(EndpointPort(number=9090, name="metrics"), EndpointPort(number=8080, name="http")),
        endpoints=(an_endpoint(),),
    )
    other = replace(part, ports=(EndpointPort(number=8081, name="http"),))

    found = pod_targets([part, other], a_port(name="http", target_port="http"))

    assert [t.port for t in found] == [8080, 8081]
    assert pod_targets([part], a_port(name="absent")) == ()


def test_ipv6_slices_are_no_ipv4_targets() -> None:
    """A dual-stack Service has a slice per family."""
    six = a_slice("shop/web", an_endpoint("fd00::1"), address_type="IPv6")

    assert pod_targets([six], a_port()) == ()


def test_ipv6_addresses_are_registered_where_the_family_is_ipv6() -> None:
    """A target group has one family; a dual-stack Service has slices of both."""
    six = a_slice("shop/web", an_endpoint("fd00::1"), address_type="IPv6", suffix="six")
    four = a_slice("shop/web", an_endpoint("10.0.0.1"))

    found = pod_targets([six, four], a_port(), family="IPv6")

    assert [target.ip for target in found] == ["fd00::1"]


@pytest.mark.parametrize(
    ("families", "compatibility", "expected"),
    [
        (("IPv4",), Compatibility.KUBERNETES, "IPv4"),
        (("IPv6",), Compatibility.KUBERNETES, "IPv6"),
        (("IPv4", "IPv6"), Compatibility.KUBERNETES, "IPv4"),
        (("IPv6", "IPv4"), Compatibility.KUBERNETES, "IPv6"),
        (("IPv4", "IPv6"), Compatibility.INCUMBENT, "IPv6"),
        ((), Compatibility.INCUMBENT, "IPv4"),
        ((), Compatibility.KUBERNETES, "IPv6"),
    ],
)
def test_the_family_is_that_of_the_service(
    families: tuple[str, ...], compatibility: Compatibility, expected: str
) -> None:
    """The Service's first; the incumbent takes IPv6 wherever there is any; else what exists."""
    service = replace(a_service(), ip_families=families)
    six = a_slice("shop/web", an_endpoint("fd00::1"), address_type="IPv6")

    assert address_family(service, [six], compatibility) == expected


def test_a_slice_for_all_ports_uses_the_target_port() -> None:
    """A slice port without number stands for every port."""
    part = a_slice("shop/web", an_endpoint(), port=0)

    assert [t.port for t in pod_targets([part], a_port(80, target_port=3000))] == [3000]
    assert [t.port for t in pod_targets([part], a_port(80, target_port="x"))] == [80]
