"""Promises of targets: who stands behind a Service port, and how many there may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from provisioner.core.targets import Targets, eligible_nodes, possible_nodes
from provisioner.model.intent import Compatibility, NodeTarget, TargetCount
from provisioner.model.kube import (
    NO_STRINGS,
    Autoscaler,
    Endpoint,
    EndpointSlice,
    Key,
    Meta,
    Node,
    Pod,
    Service,
    Taint,
    Workload,
)
from tests.factories import (
    ADialect,
    KubeObject,
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    a_workload,
    an_autoscaler,
    an_endpoint,
)


def a_waiting_pod(name: str = "pod-10-0-0-1", *, containers: str = "True") -> Pod:
    """Return a pod whose readiness gate is shut."""
    return Pod(
        meta=Meta(name=name, namespace="shop"),
        readiness_gates=("target-health.elbv2.k8s.aws/k8s-shop-web-0123456789",),
        conditions={"ContainersReady": containers, "Ready": "False"},
    )


def targets(*objects: KubeObject, live: bool = True) -> Targets:
    return Targets(a_snapshot(*objects, live=live), ADialect())


def eligible(*nodes: Node, labels: Mapping[str, str] = NO_STRINGS) -> list[str]:
    """Names of the nodes that are registered."""
    possible = possible_nodes(nodes, ADialect())
    return [target.node for target in eligible_nodes(possible, labels=labels)]


def test_endpoints_without_a_pod_are_named() -> None:
    """They are left out, which somebody must be told."""
    part = a_slice("shop/web", Endpoint(addresses=("10.0.0.9",), ready=True), an_endpoint())

    assert targets(part).made_by_hand(Key("shop", "web")) == ("10.0.0.9",)


@pytest.mark.parametrize(
    "node",
    [
        a_node(labels={"node.kubernetes.io/exclude-from-external-load-balancers": ""}),
        a_node(labels={"node-role.kubernetes.io/master": "true"}),
        a_node(taints=[Taint(key="ToBeDeletedByClusterAutoscaler", effect="NoSchedule")]),
        a_node(taints=[Taint(key="karpenter.sh/disrupted", effect="NoSchedule")]),
        a_node(labels={"eks.amazonaws.com/compute-type": "fargate"}),
        a_node(ready="False"),
    ],
)
def test_nodes_that_must_not_take_traffic_are_left_out(node: Node) -> None:
    """Labels, taints of nodes that go away, what the provider rules out, and what is not ready."""
    assert eligible(node) == []


def test_other_taints_and_cordons_do_not_matter() -> None:
    """A cordoned node still serves the pods it has."""
    busy = Taint(key="karpenter.sh/disrupted", effect="PreferNoSchedule")
    node = replace(a_node(taints=[busy]), unschedulable=True)

    assert eligible(node) == ["n1"]


def test_nodes_out_of_sight_stay_only_when_none_is_ready() -> None:
    """When the control plane loses its nodes, the load balancer must not be emptied."""
    lost = [a_node("n1", ready="Unknown"), a_node("n2", ready="Unknown")]
    down = a_node("n3", ready="False")

    assert eligible(*lost, down) == ["n1", "n2"]
    assert eligible(*lost, a_node("n4")) == ["n4"]


def test_nodes_out_of_sight_stay_when_none_of_the_chosen_ones_is_ready() -> None:
    """Nodes that the labels leave out do not vouch for those that they choose."""
    lost = a_node("n1", ready="Unknown", labels={"pool": "a"})

    assert eligible(lost, a_node("n2", labels={"pool": "b"}), labels={"pool": "a"}) == ["n1"]


def test_with_local_traffic_policy_only_nodes_with_a_ready_pod_are_registered() -> None:
    """Others would fail their health checks for ever (LBC#4590, LBC#3796)."""
    local = a_service(local=True)
    part = a_slice(
        "shop/web", an_endpoint("10.0.0.1", node="n2"), an_endpoint("10.0.0.2", ready=False)
    )
    known = targets(local, part, a_node("n1"), a_node("n2"))
    nobody_knows = targets(local, a_node("n1"), live=False)

    assert known.nodes(local, a_port()) == (
        NodeTarget(node="n2", provider_id="aws:///eu-west-1a/i-n2"),
    )
    assert nobody_knows.nodes(local, a_port()) is None


def test_the_incumbent_registers_every_node_whatever_the_traffic_policy() -> None:
    """AWS Load Balancer Controller does not look at ``externalTrafficPolicy``."""
    local = a_service(local=True)
    known = targets(local, a_slice("shop/web", an_endpoint(node="n2")), a_node("n1"), a_node("n2"))

    found = known.nodes(local, a_port(), compatibility=Compatibility.INCUMBENT)

    assert found is not None
    assert [target.node for target in found] == ["n1", "n2"]


def test_a_node_whose_pods_wait_for_the_load_balancer_serves_no_local_traffic() -> None:
    """A node port under Local leads to ready pods alone, so health through it could never come."""
    local = a_service(local=True)
    waiting = an_endpoint("10.0.0.1", node="n1", ready=False)
    snapshot = replace(
        a_snapshot(local, a_slice("shop/web", waiting), a_node("n1"), live=True),
        pods={Key("shop", waiting.pod): a_waiting_pod(waiting.pod)},
    )
    known = Targets(snapshot, ADialect())

    assert known.pods(local, a_port()) != ()
    assert known.nodes(local, a_port()) == ()


def test_nodes_can_be_chosen_by_label() -> None:
    """A Service may ask for a part of the nodes."""
    known = targets(a_node("n1", labels={"pool": "a"}), a_node("n2", labels={"pool": "b"}))

    chosen = known.nodes(a_service(), a_port(), labels={"pool": "b"})

    assert chosen is not None
    assert [n.node for n in chosen] == ["n2"]


def test_what_files_do_not_hold_is_unknown_rather_than_empty() -> None:
    """No EndpointSlice in a file says nothing about pods; in a cluster it says there are none."""
    offline, live = targets(a_service(), live=False), targets(a_service(), live=True)

    assert offline.pods(a_service(), a_port()) is None
    assert offline.nodes(a_service(), a_port()) is None
    assert live.pods(a_service(), a_port()) == ()
    assert live.nodes(a_service(), a_port()) == ()


def test_a_kind_that_could_not_be_listed_is_unknown() -> None:
    """Forbidden is not absent."""
    snapshot = replace(
        a_snapshot(a_service(), a_slice("shop/web", an_endpoint()), a_node(), live=True),
        unknown_kinds=frozenset({"EndpointSlice", "Node"}),
    )
    known = Targets(snapshot, ADialect())

    assert known.pods(a_service(), a_port()) is None
    assert known.nodes(a_service(), a_port()) is None


def counted(
    *objects: Workload | Autoscaler | Service | EndpointSlice, live: bool = True
) -> TargetCount:
    known = targets(a_service(), *objects, live=live)
    return known.count(a_service(), known.pods(a_service(), a_port()))


@pytest.mark.parametrize(
    ("replicas", "surge", "expected"),
    [
        (4, "25%", 5),
        (5, "25%", 7),
        (4, "2", 6),
        (4, "", 4),
        (4, "0", 4),
        (0, "25%", 0),
        (3, "odd", 3),
    ],
)
def test_the_maximum_includes_what_a_rollout_surges(
    replicas: int, surge: str, expected: int
) -> None:
    """Percentages are rounded up, as the Deployment controller does."""
    assert counted(a_workload(replicas=replicas, max_surge=surge)).maximum == expected


def test_an_autoscaler_raises_the_maximum() -> None:
    """A load balancer must hold what the autoscaler may ask for."""
    assert counted(a_workload(replicas=2, max_surge="50%"), an_autoscaler(maximum=10)).maximum == 15


def test_more_ready_pods_than_replicas_count_too() -> None:
    """Reality outranks the manifest."""
    endpoints = [an_endpoint(f"10.0.0.{n}") for n in range(8)]

    count = counted(a_workload(replicas=2, max_surge="25%"), a_slice("shop/web", *endpoints))

    assert count == TargetCount(ready=8, maximum=10, estimated=False)


def test_several_workloads_behind_one_service_add_up() -> None:
    """Blue and green may both be selected; a workload that matches in part is not."""
    blue = a_workload("shop/blue", replicas=2, max_surge="", labels={"app": "web", "c": "b"})
    green = a_workload("shop/green", replicas=3, max_surge="1", labels={"app": "web"})
    other = a_workload("shop/other", replicas=9, labels={"app": "other"})
    elsewhere = a_workload("pay/web", replicas=9)

    assert counted(blue, green, other, elsewhere).maximum == 6


def test_counts_from_manifests_alone_are_marked_as_estimates() -> None:
    """Replicas in a file are a promise, not an observation."""
    assert counted(a_workload(replicas=4), live=False) == TargetCount(
        ready=None, maximum=5, estimated=True
    )


def test_a_service_without_selector_has_no_workloads() -> None:
    """An empty selector selects nothing here, not everything."""
    service = a_service(selector={})
    known = targets(service, a_workload(replicas=9))

    assert known.count(service, ()).maximum == 0


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ((a_workload(container_ports=[("http", 3000)]),), 3000),
        ((a_slice("shop/web", an_endpoint(), port=3001),), 3001),
        ((a_slice("shop/web", port=1, suffix="a"), a_slice("shop/web", port=2, suffix="b")), 0),
        ((), 0),
    ],
    ids=["from the containers", "from the slices", "pods disagree", "nothing tells"],
)
def test_named_target_ports_are_resolved_where_everybody_agrees(
    objects: tuple[KubeObject, ...], expected: int
) -> None:
    """Pods may give a port name different numbers; then there is no single number."""
    known = targets(*objects, live=False)

    assert known.target_port(a_service(), a_port(target_port="http")) == expected


def test_a_numeric_target_port_is_itself_and_none_is_the_port() -> None:
    """``targetPort`` defaults to ``port``."""
    known = targets()

    assert known.target_port(a_service(), a_port(80, target_port=3000)) == 3000
    assert known.target_port(a_service(), a_port(80, target_port=0)) == 80
