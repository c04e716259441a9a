"""Connecting, and what errors of the API server turn into."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.kube import errors
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.kinds import INGRESS, SERVICE
from provisioner.kube.requests import Timeouts
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key
from provisioner.sandbox.cluster.server import ClusterServer


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterServer]:
    """Start an API server once: these tests leave nothing in it."""
    with ClusterServer() as server:
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect through a kubeconfig, as a user does."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()
    cluster.faults.clear()


WEB = Key("shop", "web")


def test_a_missing_object_is_not_found(client: KubeClient) -> None:
    """The message says what was tried, in RBAC's words."""
    with pytest.raises(errors.NotFound, match=r"get services web in namespace shop"):
        client.get(SERVICE, WEB)


def test_a_forbidden_verb_is_named(client: KubeClient, cluster: ClusterServer) -> None:
    """Who has to grant what is in the message: verb, resource, namespace."""
    cluster.faults.forbid("Ingress")

    with pytest.raises(errors.Forbidden) as caught:
        client.list_page(INGRESS, limit=5)

    assert "list ingresses.networking.k8s.io" in caught.value.message
    assert caught.value.hint == "Grant the verb 'list' on 'ingresses.networking.k8s.io'."


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, errors.Invalid), (401, errors.Unauthorized), (409, errors.Conflict),
        (410, errors.Gone), (422, errors.Invalid), (429, errors.Throttled),
        (500, errors.Unreachable), (503, errors.Unreachable), (418, ClusterError),
    ],
)  # fmt: skip
def test_a_status_is_an_error_of_its_kind(
    client: KubeClient, cluster: ClusterServer, status: int, expected: type[ClusterError]
) -> None:
    """Callers decide by class, never by a number."""
    cluster.faults.fail_next(1, status=status)

    with pytest.raises(expected) as caught:
        client.get(SERVICE, WEB)

    assert type(caught.value) is expected


def test_a_server_that_hangs_is_given_up(client: KubeClient, cluster: ClusterServer) -> None:
    """A request ends within its time limit and is made once: retries are the caller's."""
    cluster.faults.hang(2.0)
    cluster.requests.reset()
    began = time.monotonic()

    with pytest.raises(errors.Unreachable, match="timed out"):
        client.with_timeouts(Timeouts(connect=1, read=0.3)).get(SERVICE, WEB)

    assert time.monotonic() - began < 1.5


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No server, no traceback: the address is in the message."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    path = tmp_path / "config"
    path.write_text(a_kubeconfig(address))
    opened = connect(kubeconfig=str(path))

    with pytest.raises(errors.Unreachable, match=address):
        opened.get(SERVICE, WEB)
    opened.close()


def a_kubeconfig(server: str, *, context: str = "here") -> str:
    """Return a kubeconfig with one context."""
    return (
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        f"clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n"
        "users: [{name: u, user: {}}]\n"
        f"contexts: [{{name: {context}, context: {{cluster: c, user: u}}}}]\n"
    )


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    """The hint says what else there is."""
    with pytest.raises(errors.NoCluster, match="no kubeconfig") as caught:
        connect(kubeconfig=str(tmp_path / "nowhere"))

    assert "KUBECONFIG" in caught.value.hint


def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    """A mistyped context is told apart from a broken file."""
    path = tmp_path / "config"
    path.write_text(a_kubeconfig("http://127.0.0.1:1"))

    with pytest.raises(errors.NoCluster, match="context 'prod'") as caught:
        connect(kubeconfig=str(path), context="prod")

    assert "get-contexts" in caught.value.hint


@pytest.mark.parametrize("text", ["", "[]", "a: [", "clusters: 7", "current-context: 7\n"])
def test_a_broken_kubeconfig_is_named(tmp_path: Path, text: str) -> None:
    """Whatever is in the file, the message says which file cannot be used."""
    path = tmp_path / "config"
    path.write_text(text)

    with pytest.raises(errors.NoCluster, match="cannot be used"):
        connect(kubeconfig=str(path))


def test_a_process_outside_a_cluster_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In-cluster credentials exist in pods only."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(errors.NoCluster, match="not a pod"):
        connect(in_cluster=True)


def test_the_kubeconfig_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, cluster: ClusterServer, tmp_path: Path
) -> None:
    """``KUBECONFIG`` decides, as with kubectl."""
    path = cluster.kubeconfig(tmp_path / "config")
    monkeypatch.setenv("KUBECONFIG", str(path))

    opened = connect()

    assert opened.server == cluster.url
    opened.close()


@pytest.mark.parametrize("namespace", ["default", "team"])
def test_the_namespace_is_that_of_the_context(
    cluster: ClusterServer, tmp_path: Path, namespace: str
) -> None:
    """Manifests without a namespace go where ``kubectl apply`` would put them."""
    path = cluster.kubeconfig(tmp_path / "config", namespace=namespace)

    opened = connect(kubeconfig=str(path))

    assert opened.namespace == namespace
    opened.close()


def test_a_context_without_a_namespace_means_default(tmp_path: Path) -> None:
    """As with kubectl."""
    path = tmp_path / "config"
    path.write_text(a_kubeconfig("http://127.0.0.1:1"))

    opened = connect(kubeconfig=str(path), context="here")

    assert opened.namespace == "default"
    opened.close()
