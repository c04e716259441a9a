"""Promises of readiness gates: which are answered, by what, and when they open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.readiness import asked, is_gated, verdicts, waits
from provisioner.model.kube import Key, Meta, Pod
from provisioner.model.readiness import GateNames, GateVerdict, PodBackend, PodHealth

NAMES = GateNames(by_name=("theirs/",), by_service=("ours/",), labels={})
IP = "10.0.0.1"
GOOD = PodHealth(healthy=True)
BAD = PodHealth(healthy=False, reason="Elb.InitialHealthChecking", message="Initial checks")


def a_pod(*gates: str, containers: str = "True", **conditions: str) -> Pod:
    """Return a pod ``shop/web-0``; ``conditions`` are gates that somebody has set."""
    return Pod(
        meta=Meta(name="web-0", namespace="shop", uid="u0"),
        ip=IP,
        readiness_gates=gates,
        conditions={"ContainersReady": containers, **conditions},
    )


def a_backend(name: str = "tg-1", service: str = "shop/web", *, pods: bool = True) -> PodBackend:
    """Return a target group of a Service."""
    return PodBackend(id=f"arn/{name}", name=name, service=Key.parse(service), takes_pods=pods)


def said(pod: Pod, *backends: PodBackend, **health: PodHealth) -> tuple[GateVerdict, ...]:
    """Return the verdicts; ``health`` is the pod's, by target group (``_`` for the dash)."""
    known = {
        backend.id: {IP: health[key]} if (key := backend.name.replace("-", "_")) in health else {}
        for backend in backends
    }
    return verdicts(pod, backends, NAMES, health=known)


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        (a_pod("ours/web"), ("ours/web",)),
        (a_pod("theirs/tg-1", "ours/web"), ("theirs/tg-1", "ours/web")),
        (a_pod("example.com/warm"), ()),
        (a_pod("ours/web", containers="False"), ()),
        (replace(a_pod("theirs/tg-1"), conditions={"theirs/tg-1": "False"}), ()),
        (
            replace(
                a_pod("theirs/tg-1"),
                conditions={"ContainersReady": "True", "theirs/tg-1": "True"},
            ),
            (),
        ),
        (replace(a_pod("ours/web"), meta=Meta(name="web-0", namespace="shop", deleting=True)), ()),
    ],
    ids=["ours", "both", "foreign", "containers", "containers unknown", "open", "leaving"],
)
def test_a_pod_waits_once_its_containers_are_ready(pod: Pod, expected: tuple[str, ...]) -> None:
    """Before that there is nothing to ask; afterwards an open gate stays open."""
    assert waits(pod, NAMES) == expected


def test_other_peoples_gates_do_not_make_a_pod_interesting() -> None:
    """Only pods with a gate that may be ours are kept in memory."""
    assert is_gated(a_pod("example.com/warm", "ours/web"), NAMES)
    assert not is_gated(a_pod("example.com/warm"), NAMES)


def test_only_target_groups_that_somebody_waits_for_are_asked() -> None:
    """Health costs a call for each of them."""
    mine, other = a_backend("tg-1"), a_backend("tg-2", "shop/api")
    elsewhere, nodes = a_backend("tg-3", "pay/web"), a_backend("tg-4", pods=False)

    found = asked([a_pod("ours/web")], [mine, other, elsewhere, nodes], NAMES)

    assert found == (mine,)


@pytest.mark.parametrize(
    ("gate", "healthy"),
    [("ours/web", True), ("theirs/tg-1", True), ("theirs/tg-2", False), ("ours/api", False)],
)
def test_a_gate_names_a_service_or_a_target_group(gate: str, *, healthy: bool) -> None:
    """Ours a Service, because its target group has no name yet; the incumbent's a target group."""
    web, api = a_backend("tg-1"), a_backend("tg-2", "shop/api")

    (verdict,) = said(a_pod(gate), web, api, tg_1=GOOD, tg_2=BAD)

    assert (verdict.condition, verdict.healthy) == (gate, healthy)


def test_a_pod_behind_two_load_balancers_waits_for_both() -> None:
    """Ready means that traffic may be sent to it from everywhere."""
    one, two = a_backend("tg-1"), a_backend("tg-2")

    (verdict,) = said(a_pod("ours/web"), one, two, tg_1=GOOD, tg_2=BAD)
    (later,) = said(a_pod("ours/web"), one, two, tg_1=GOOD, tg_2=GOOD)

    assert (verdict.healthy, verdict.reason) == (False, "Elb.InitialHealthChecking")
    assert "tg-2" in verdict.message
    assert later.healthy


def test_a_pod_that_is_not_registered_yet_is_told_so() -> None:
    """The condition explains the wait to whoever describes the pod."""
    (verdict,) = said(a_pod("ours/web"), a_backend("tg-1"))

    assert (verdict.healthy, verdict.reason) == (False, "NotRegistered")


def test_where_targets_are_nodes_there_is_nothing_to_wait_for() -> None:
    """A node port has no target that is this pod, so waiting for it would never end."""
    (verdict,) = said(a_pod("ours/web"), a_backend("tg-1", pods=False))

    assert (verdict.healthy, verdict.reason) == (True, "NodeTargets")


def test_a_target_group_of_somebody_else_is_left_to_them() -> None:
    """The incumbent controller may be running; its gates are its own."""
    assert said(a_pod("theirs/tg-9"), a_backend("tg-1"), tg_1=GOOD) == ()


def test_a_service_that_no_load_balancer_leads_to_is_named() -> None:
    """The prefix is ours alone, so nobody else will answer."""
    (verdict,) = said(a_pod("ours/missing"), a_backend("tg-1"), tg_1=GOOD)

    assert (verdict.healthy, verdict.reason) == (False, "NoLoadBalancer")


def test_nothing_is_said_of_a_target_group_that_did_not_answer() -> None:
    """A failed look says nothing about health."""
    assert verdicts(a_pod("ours/web"), [a_backend("tg-1")], NAMES, health={}) == ()
