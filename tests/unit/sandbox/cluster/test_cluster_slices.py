"""How endpoints are spread over slices, and how workloads move: the pure parts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from provisioner.sandbox.cluster.documents import Document, dig, name_of, number, part, parts, text
from provisioner.sandbox.cluster.workloads.rollout import (
    CREATION_ORDER,
    DEPLOYMENT_HASH,
    deployment_moves,
    stateful_set_moves,
    template_hash,
)
from provisioner.sandbox.cluster.workloads.slices import SliceMoves, arranged, wanted_endpoints
from tests.contract.cluster.manifests import a_pod, a_service, a_workload


def test_a_slice_holds_a_hundred_endpoints() -> None:
    """250 pods make three slices, each pod in one of them."""
    moves = spread(a_running_pods(250))

    assert [len(parts(one, "endpoints")) for one in moves.create] == [100, 100, 50]
    assert len({uid for one in moves.create for uid in uids(one)}) == 250


def test_a_service_without_pods_has_one_empty_slice() -> None:
    """As the real controller does, so that a reader can tell "none" from "unknown"."""
    moves = spread([])

    assert [parts(one, "endpoints") for one in moves.create] == [[]]


def test_nothing_is_written_when_nothing_changed() -> None:
    """Level-triggered looks cost no writes."""
    pods = a_running_pods(150)
    slices = stored(spread(pods))

    assert spread(pods, slices=slices) == SliceMoves()


def test_a_leaving_pod_changes_its_own_slice_only() -> None:
    """Endpoints stay where they are; the gap is filled by the next newcomer."""
    pods = a_running_pods(150)
    slices = stored(spread(pods))

    moves = spread(pods[1:], slices=slices)

    assert [name_of(one) for one in moves.replace] == [name_of(slices[0])]
    assert len(parts(moves.replace[0], "endpoints")) == 99
    assert (moves.create, moves.delete) == ((), ())


def test_an_emptied_slice_is_deleted() -> None:
    """But the last one stays."""
    pods = a_running_pods(150)
    slices = stored(spread(pods))

    moves = spread(pods[:100], slices=slices)

    assert [name_of(one) for one in moves.delete] == [name_of(slices[1])]


def test_the_last_slice_is_emptied_and_kept_or_replaced() -> None:
    """Scaling to zero leaves exactly one slice, and it is empty."""
    slices = stored(spread(a_running_pods(2)))

    moves = spread([], slices=slices)

    assert len(moves.create) + len(moves.replace) == 1
    left = (*moves.create, *moves.replace)[0]
    assert parts(left, "endpoints") == []


def test_pods_with_other_port_numbers_get_other_slices() -> None:
    """A named target port is looked up pod by pod, as during a rollout that moves it."""
    old = a_running_pods(1, port=8080)
    new = a_running_pods(1, port=9090, first=1)
    service = a_service(ports=[{"name": "web", "port": 80, "targetPort": "http"}])

    moves = spread(old + new, service=service)

    assert {number(parts(one, "ports")[0], "port") for one in moves.create} == {8080, 9090}


def test_a_pod_without_the_named_port_serves_nothing() -> None:
    """Its endpoint is in a slice without ports."""
    service = a_service(ports=[{"name": "web", "port": 80, "targetPort": "metrics"}])

    (slice_,) = spread(a_running_pods(1), service=service).create

    assert (parts(slice_, "ports"), len(parts(slice_, "endpoints"))) == ([], 1)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pods_that_have_ended_are_no_endpoints(phase: str) -> None:
    """Neither are pods without an address."""
    (pod,) = a_running_pods(1)
    ended = {**pod, "status": {**part(pod, "status"), "phase": phase}}

    (slice_,) = spread([ended, a_pod("new")]).create

    assert parts(slice_, "endpoints") == []


@pytest.mark.parametrize(
    ("replicas", "old", "new", "create", "delete"),
    [
        (3, 0, 0, 3, 0),
        (3, 0, 3, 0, 0),
        (3, 0, 5, 0, 2),
        (4, 4, 0, 1, 1),
        (4, 4, 1, 0, 2),
        (4, 3, 2, 0, 2),
        (4, 0, 4, 0, 0),
        (0, 2, 1, 0, 3),
        (1, 1, 0, 1, 0),
        (1, 1, 1, 0, 1),
    ],
)
def test_deployment_arithmetic(replicas: int, old: int, new: int, create: int, delete: int) -> None:
    """25 % surge rounds up, 25 % unavailable rounds down; every pod here is ready."""
    deployment = a_workload(replicas=replicas)
    current = template_hash(deployment)
    pods = [a_ready_pod(f"old-{n}", hash_="other") for n in range(old)]
    pods += [a_ready_pod(f"new-{n}", hash_=current) for n in range(new)]

    moves = deployment_moves(deployment, pods)

    assert (moves.create, len(moves.delete)) == (create, delete)


def test_unready_pods_go_first() -> None:
    """Scaling down costs as little capacity as possible."""
    deployment = a_workload(replicas=2)
    current = template_hash(deployment)
    pods = [a_ready_pod(f"new-{n}", hash_=current, order=n) for n in range(3)]
    unready = {**pods[0], "status": {}}

    moves = deployment_moves(deployment, [unready, *pods[1:]])

    assert [name_of(pod) for pod in moves.delete] == ["new-0"]


def test_no_surge_and_no_unavailability_still_moves() -> None:
    """Percentages may round to zero and zero; then one pod may be missing."""
    rolling: Document = {"maxSurge": "0%", "maxUnavailable": "10%"}
    deployment = a_workload(
        replicas=2, spec={"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}
    )
    pods = [a_ready_pod(f"old-{n}", hash_="other") for n in range(2)]

    assert len(deployment_moves(deployment, pods).delete) == 1


def test_parallel_stateful_sets_start_at_once() -> None:
    """All ordinals at the same time, as podManagementPolicy Parallel says."""
    stateful_set = a_workload(
        kind="StatefulSet", replicas=3, spec={"podManagementPolicy": "Parallel"}
    )

    assert stateful_set_moves(stateful_set, []).ordinals == (0, 1, 2)


def test_ordered_stateful_sets_wait_for_the_lower_ones() -> None:
    """web-1 is not made before web-0 is ready."""
    stateful_set = a_workload(kind="StatefulSet", replicas=3)
    unready = {**a_ready_pod("web-0", hash_="x"), "status": {}}

    waiting = stateful_set_moves(stateful_set, [unready])
    going = stateful_set_moves(stateful_set, [a_ready_pod("web-0", hash_="x")])

    assert (waiting.ordinals, going.ordinals) == ((), (1,))


def test_on_delete_leaves_old_pods() -> None:
    """With updateStrategy OnDelete the user decides."""
    stateful_set = a_workload(
        kind="StatefulSet", replicas=1, spec={"updateStrategy": {"type": "OnDelete"}}
    )

    assert stateful_set_moves(stateful_set, [a_ready_pod("web-0", hash_="x")]).delete == ()


def spread(
    pods: Sequence[Document],
    *,
    service: Document | None = None,
    slices: Sequence[Document] = (),
) -> SliceMoves:
    """Return the slice moves for pods of a Service."""
    of = service or a_service(ports=[{"name": "web", "port": 80, "targetPort": 8080}])
    wanted = wanted_endpoints(of, pods, node_of=lambda _name: None)
    return arranged(of, wanted, slices, size=100)


def stored(moves: SliceMoves) -> list[Document]:
    """Return created slices as the server would give them back."""
    return [
        {**one, "metadata": {**part(one, "metadata"), "name": f"s{n}", "uid": f"s{n}"}}
        for n, one in enumerate(moves.create)
    ]


def a_running_pods(count: int, *, port: int = 8080, first: int = 0) -> list[Document]:
    """Return ready pods with addresses and a port called http."""
    container: Document = {
        "name": "main",
        "image": "web:1",
        "ports": [{"name": "http", "containerPort": port}],
    }
    return [
        {
            **a_pod(f"p{n:03}", containers=[container]),
            "metadata": {"name": f"p{n:03}", "namespace": "default", "uid": f"u{n}"},
            "status": {
                "phase": "Running",
                "podIP": f"10.0.{n // 250}.{n % 250}",
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
        for n in range(first, first + count)
    ]


def a_ready_pod(name: str, *, hash_: str, order: int = 0) -> Document:
    """Return a ready pod of a template hash."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {DEPLOYMENT_HASH: hash_, "controller-revision-hash": hash_},
            "annotations": {CREATION_ORDER: str(order)},
        },
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def uids(slice_: Document) -> list[str]:
    """Return the pods in a slice."""
    return [text(one, "targetRef", "uid") for one in parts(slice_, "endpoints")]


def test_zones_come_from_the_node() -> None:
    """Topology is the node's label."""
    node: Document = {"metadata": {"labels": {"topology.kubernetes.io/zone": "eu-west-1a"}}}

    wanted = wanted_endpoints(a_service(), a_running_pods(1), node_of=lambda _name: node)

    (endpoints,) = wanted.values()
    assert [dig(one, "zone") for one in endpoints.values()] == ["eu-west-1a"]
