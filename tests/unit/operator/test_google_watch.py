"""GKE's objects of settings, watched for real: a change reaches the Ingresses that it concerns."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from providers.gcp import provider
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.decode import decode
from provisioner.kube.kinds import KindInfo, watched_kinds
from provisioner.model.kube import Key
from provisioner.operator.cache import Cache
from provisioner.operator.watch import Watched, Watcher
from provisioner.sandbox.cluster.server import ClusterServer

Concerned = tuple[str, str, frozenset[Key]]
"""Kind, name, and the Ingresses that an event of it concerns."""

WORLD = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {name: web, namespace: shop, annotations: {networking.gke.io/managed-certificates: mc}}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other, namespace: shop}
spec: {defaultBackend: {service: {name: other, port: {number: 80}}}}
---
apiVersion: v1
kind: Service
metadata:
  {name: web, namespace: shop, annotations: {cloud.google.com/backend-config: '{"default": "bc"}'}}
spec: {ports: [{port: 80}]}
---
apiVersion: networking.gke.io/v1
kind: ManagedCertificate
metadata: {name: mc, namespace: shop}
spec: {domains: [a.example.com]}
"""
BACKEND_CONFIG = """\
apiVersion: cloud.google.com/v1beta1
kind: BackendConfig
metadata: {name: bc, namespace: shop}
spec: {timeoutSec: 40}
"""
ISSUED = """\
apiVersion: networking.gke.io/v1
kind: ManagedCertificate
metadata: {name: mc, namespace: shop}
spec: {domains: [a.example.com]}
status: {certificateName: mcrt-1, certificateStatus: Active}
"""
WEB = frozenset({Key("shop", "web")})


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster."""
    with ClusterServer() as server:
        server.apply(WORLD)
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


@pytest.fixture
def events(client: KubeClient) -> Iterator[queue.Queue[Concerned]]:
    """Watch what a controller on Google Cloud watches, and feed a cache with it."""
    cache, told = Cache(), queue.Queue[Concerned]()

    def heard(info: KindInfo, _type: str | None, raw: Mapping[str, object]) -> None:
        meta = raw["metadata"]
        assert isinstance(meta, dict)
        key = Key(meta.get("namespace", ""), meta["name"])
        decoded = decode(info.kind, raw)
        concerned = cache.put(info.kind, key, uid=meta["uid"], decoded=decoded)
        told.put((info.kind, key.name, concerned or frozenset()))

    watched = Watched(
        connection=client.connection,
        kinds=watched_kinds(provider),
        heard=heard,
        ended=lambda _failure: None,
    )
    watcher = Watcher(watched)
    watcher.start()
    yield told
    watcher.stop()


def wait_for(events: queue.Queue[Concerned], kind: str, name: str) -> frozenset[Key]:
    """Return whom the next event of an object concerns."""
    while True:
        found, called, concerned = events.get(timeout=10)
        if (found, called) == (kind, name):
            return concerned


def settled(events: queue.Queue[Concerned]) -> None:
    """Wait until everything that exists has been told."""
    wanted = {("Ingress", "web"), ("Ingress", "other"), ("Service", "web")}
    wanted.add(("ManagedCertificate", "mc"))
    while wanted:
        kind, name, _ = events.get(timeout=10)
        wanted.discard((kind, name))


def test_a_backend_config_and_a_status_reach_their_ingress_alone(
    cluster: ClusterServer, events: queue.Queue[Concerned]
) -> None:
    """An older version of the API is heard under the one that we watch."""
    settled(events)

    cluster.apply(BACKEND_CONFIG)
    came = wait_for(events, "BackendConfig", "bc")
    cluster.apply(BACKEND_CONFIG.replace("40", "41"))
    changed = wait_for(events, "BackendConfig", "bc")
    cluster.apply(ISSUED)
    issued = wait_for(events, "ManagedCertificate", "mc")

    assert came == changed == issued == WEB
