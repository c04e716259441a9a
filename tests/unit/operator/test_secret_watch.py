"""Promises of the watches on Secrets: each by name, told at once, ended when nobody asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from providers.aws import provider
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.live import read_snapshot
from provisioner.kube.secrets import with_secrets
from provisioner.model.kube import Key
from provisioner.model.snapshot import Snapshot
from provisioner.operator.secrets import SecretWatch
from provisioner.operator.streams import Pauses
from provisioner.sandbox.cluster.server import ClusterServer
from tests.factories import some_settings

TLS = Key("shop", "tls")
WEB = Key("shop", "web")
OBJECTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress-provisioner.io/aws}
---
apiVersion: v1
kind: Secret
metadata: {name: nobody-names-it, namespace: shop}
stringData: {a: b}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations: {ingress-provisioner.io/certificates: from-secret}
spec:
  ingressClassName: alb
  tls: [{hosts: [web.example.com], secretName: tls}]
  rules: [{host: web.example.com}]
"""


def a_secret(text: str) -> str:
    """Return the Secret that the Ingress names."""
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: tls, namespace: shop}}
stringData: {{tls.crt: {text}}}
"""


def until(holds: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """A cluster with an Ingress that names a Secret."""
    with ClusterServer() as server:
        server.apply(OBJECTS)
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """A client of that cluster."""
    found = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "kubeconfig")), in_cluster=False)
    yield found
    found.close()


class Ear:
    """Hears which Ingresses are concerned."""

    def __init__(self) -> None:
        self.heard: list[frozenset[Key]] = []
        self._lock = threading.Lock()

    def __call__(self, ingresses: frozenset[Key]) -> None:
        with self._lock:
            self.heard.append(ingresses)

    def has_heard(self, times: int) -> bool:
        """Tell whether it was told so often."""
        return len(self.heard) >= times


@pytest.fixture
def watch(client: KubeClient) -> Iterator[SecretWatch]:
    """A running watch."""
    pauses = Pauses(broken=0.05, forbidden=0.1)
    found = SecretWatch(client, provider, some_settings(), pauses=pauses)
    found.start()
    yield found
    found.stop()


def content(snapshot: Snapshot) -> bytes | None:
    """Return what the Secret holds, None where there is none."""
    secret = snapshot.secrets.get(TLS)
    return secret.data["tls.crt"] if secret is not None else None


def test_a_plan_reads_the_named_secrets_and_no_others(
    cluster: ClusterServer, client: KubeClient
) -> None:
    """By name: no right to list Secrets is needed, and none is used."""
    cluster.apply(a_secret("one"))
    cluster.requests.reset()

    found = with_secrets(read_snapshot(client), client, provider, some_settings())

    assert content(found) == b"one"
    asked = [(r.verb, r.name) for r in cluster.requests.recent() if r.kind == "Secret"]
    assert asked == [("get", "tls")]


def test_a_secret_that_may_not_be_read_is_unknown(
    cluster: ClusterServer, client: KubeClient
) -> None:
    """Forbidden is not the same as absent."""
    absent = with_secrets(read_snapshot(client), client, provider, some_settings())
    cluster.faults.forbid("Secret")
    forbidden = with_secrets(read_snapshot(client), client, provider, some_settings())

    assert (dict(absent.secrets), dict(absent.unread_secrets)) == ({}, {})
    assert list(forbidden.unread_secrets) == [TLS]
    assert "Not allowed to get secrets tls" in forbidden.unread_secrets[TLS]


def test_changes_are_told_by_the_ingresses_that_name_the_secret(
    cluster: ClusterServer, client: KubeClient, watch: SecretWatch
) -> None:
    """Made, changed and deleted: each is told once, and true when told."""
    ear = Ear()
    watch.changed = ear
    snapshot = read_snapshot(client)
    assert content(watch.complete(snapshot, whole=False)) is None

    told: list[bytes | None] = []
    for text in ("one", "two", ""):
        before = len(ear.heard)
        if text:
            cluster.apply(a_secret(text))
        else:
            cluster.delete("Secret", "tls", "shop")
        until(partial(ear.has_heard, before + 1))
        told.append(content(watch.complete(snapshot, whole=False)))

    assert told == [b"one", b"two", None]
    assert ear.heard == [frozenset({WEB})] * 3


def test_what_changes_nothing_is_not_told(
    cluster: ClusterServer, client: KubeClient, watch: SecretWatch
) -> None:
    """Labels and annotations of a Secret mean nothing."""
    cluster.apply(a_secret("one"))
    ear = Ear()
    watch.changed = ear
    watch.complete(read_snapshot(client), whole=False)

    cluster.patch("Secret", "tls", {"metadata": {"labels": {"a": "b"}}}, namespace="shop")
    cluster.apply(a_secret("two"))
    until(lambda: bool(ear.heard))

    assert ear.heard == [frozenset({WEB})]


def test_a_secret_that_nobody_names_any_more_is_watched_no_longer(
    cluster: ClusterServer, client: KubeClient, watch: SecretWatch
) -> None:
    """Only a look at all Ingresses can tell; one at some of them ends nothing."""
    cluster.apply(a_secret("one"))
    watch.complete(read_snapshot(client), whole=True)
    cluster.delete("Ingress", "web", "shop")
    rest = read_snapshot(client)

    watch.complete(rest, whole=False)
    during = watch.watched()
    watch.complete(rest, whole=True)

    assert during == {TLS}
    assert watch.watched() == frozenset()


def test_a_watch_that_breaks_begins_again_with_a_read(
    cluster: ClusterServer, client: KubeClient, watch: SecretWatch
) -> None:
    """What happened while it was down is found by looking."""
    cluster.apply(a_secret("one"))
    ear = Ear()
    watch.changed = ear
    snapshot = read_snapshot(client)
    watch.complete(snapshot, whole=True)
    until(lambda: any(r.verb == "watch" for r in cluster.requests.recent()))

    cluster.faults.cut_watches("Secret")
    cluster.apply(a_secret("two"))
    until(lambda: content(watch.complete(snapshot, whole=False)) == b"two")

    assert set(ear.heard) == {frozenset({WEB})}
