"""Promises of the watch on pods: only where gates are, told at once, never empty for want of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from providers.aws.readiness import GATES
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.kinds import NAMESPACE
from provisioner.kube.live import read_snapshot
from provisioner.model.kube import Key
from provisioner.model.snapshot import Snapshot
from provisioner.operator.pods import PodWatch
from provisioner.operator.streams import Pauses
from provisioner.sandbox.cluster.server import ClusterServer

GATE = "target-health.ingress-provisioner.io/web"
LABEL = "elbv2.k8s.aws/pod-readiness-gate-inject"
FIRST, SECOND = Key("shop", "web-0"), Key("shop", "web-1")
OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {%s}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{host: web.example.com}]}
"""
WORKLOAD = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      readinessGates: [{{conditionType: {GATE}}}]
      containers: [{{name: main, image: web}}]
"""


def a_pod(name: str = "web-0", *, gate: str = GATE) -> str:
    """Return a pod with a readiness gate."""
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop}}
spec:
  readinessGates: [{{conditionType: {gate}}}]
  containers: [{{name: main, image: web}}]
"""


def until(holds: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """A cluster with one Ingress in a namespace whose pods get gates."""
    with ClusterServer() as server:
        server.apply(OBJECTS % f"{LABEL}: enabled")
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """A client of that cluster."""
    found = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "kubeconfig")), in_cluster=False)
    yield found
    found.close()


@pytest.fixture
def watch(client: KubeClient) -> Iterator[PodWatch]:
    """A running watch."""
    found = PodWatch(client, GATES, pauses=Pauses(broken=0.05, forbidden=0.1))
    found.start()
    yield found
    found.stop()


class Ear:
    """Hears which pods have changed."""

    def __init__(self) -> None:
        self._heard: list[Key] = []
        self._lock = threading.Lock()

    def __call__(self, pods: frozenset[Key]) -> None:
        with self._lock:
            self._heard += sorted(pods)

    def has_heard(self, key: Key) -> bool:
        """Tell whether it was told of a pod."""
        return key in self._heard


def snapshot_of(client: KubeClient) -> Snapshot:
    """Return what the cluster holds, namespaces included."""
    return read_snapshot(client, more=(NAMESPACE,))


def seen(watch: PodWatch, client: KubeClient) -> Mapping[Key, object]:
    """Return the pods that a snapshot has now."""
    return watch.complete(snapshot_of(client), whole=True).pods


def test_the_first_snapshot_has_the_pods_that_wait(
    cluster: ClusterServer, client: KubeClient, watch: PodWatch
) -> None:
    """Whoever asks need not wait for a watch; pods without a gate of ours are not kept."""
    cluster.apply(a_pod())
    cluster.apply(a_pod("other", gate="example.com/warm"))

    assert seen(watch, client).keys() == {FIRST}


def test_what_happens_to_a_pod_is_told_at_once(
    cluster: ClusterServer, client: KubeClient, watch: PodWatch
) -> None:
    """Created, its conditions changed, deleted."""
    watch.changed = ear = Ear()
    seen(watch, client)
    cluster.apply(a_pod())
    until(lambda: ear.has_heard(FIRST))

    cluster.apply(a_pod("web-1"))
    until(lambda: ear.has_heard(SECOND))
    cluster.delete("Pod", "web-0", "shop")
    until(lambda: [pod.key for pod in watch.pods()] == [SECOND])

    assert seen(watch, client).keys() == {SECOND}


def test_namespaces_without_gates_are_not_looked_at(
    cluster: ClusterServer, client: KubeClient, watch: PodWatch
) -> None:
    """Pods are the largest kind there is; most load balancers never need to see one."""
    cluster.patch("Namespace", "shop", {"metadata": {"labels": {LABEL: None}}})
    cluster.apply(a_pod())

    assert seen(watch, client) == {}
    assert watch.watched() == frozenset()


def test_a_workload_with_a_gate_is_enough(
    cluster: ClusterServer, client: KubeClient, watch: PodWatch
) -> None:
    """A gate may be written by hand, where no webhook and no label is."""
    cluster.patch("Namespace", "shop", {"metadata": {"labels": {LABEL: None}}})
    cluster.apply(WORKLOAD)
    cluster.apply(a_pod())

    assert seen(watch, client).keys() == {FIRST}


def test_pods_that_may_not_be_listed_are_unknown(
    cluster: ClusterServer, client: KubeClient, watch: PodWatch
) -> None:
    """Unknown is not empty: the namespace is named, so that nobody concludes anything from it."""
    cluster.faults.forbid("Pod")
    doubtful = watch.complete(snapshot_of(client), whole=True)

    cluster.faults.clear()
    cluster.apply(a_pod())
    until(lambda: [pod.key for pod in watch.pods()] == [FIRST])

    assert doubtful.unread_pods == {"shop"}
    assert watch.complete(snapshot_of(client), whole=True).unread_pods == frozenset()
