"""Promise of speed: a large cluster is translated in the time that a person does not notice."""

from __future__ import annotations

import time

import pytest

from provisioner.core.translate import intents
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    ADialect,
    KubeObject,
    a_node,
    a_path,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    a_workload,
    an_endpoint,
    an_ingress,
    some_settings,
)


def a_cluster(ingresses: int) -> Snapshot:
    """Return Ingresses in one namespace and one group, with three Services each."""
    objects: list[KubeObject] = [a_node(f"n{n}") for n in range(50)]
    for n in range(ingresses):
        names = [f"s{n}-{s}" for s in range(3)]
        for name in names:
            endpoints = [an_endpoint(f"10.0.{n % 250}.{e}") for e in range(3)]
            objects += [a_service(f"shop/{name}"), a_workload(f"shop/{name}")]
            objects.append(a_slice(f"shop/{name}", *endpoints))
        paths = [a_path(f"/{name}", f"{name}:80") for name in names]
        rules = [a_rule(f"h{n}.example.com", *paths)]
        objects.append(an_ingress(f"shop/i{n}", rules=rules, annotations={"group.name": "edge"}))
    return a_snapshot(*objects)


def seconds(snapshot: Snapshot) -> float:
    """Return the best of three runs."""
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        intents(snapshot, ADialect(), some_settings())
        taken.append(time.perf_counter() - begin)
    return min(taken)


@pytest.mark.benchmark
def test_the_time_grows_with_the_cluster_and_not_with_its_square() -> None:
    """Eight times the Ingresses take about eight times as long, even in one group."""
    small, large = seconds(a_cluster(50)), seconds(a_cluster(400))

    assert large < small * 8 * 3
