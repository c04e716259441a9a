"""The API servers that one and the same script is run against.

The embedded server always; a real kube-apiserver when ``KUBEBUILDER_ASSETS`` names a folder with
``etcd`` and ``kube-apiserver``, which is how the envtest tools of the Kubernetes project hand them
out.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient

ASSETS = "KUBEBUILDER_ASSETS"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An API server and how to reach it."""

    url: str
    tls: ssl.SSLContext | None = None


@pytest.fixture(scope="module", params=["embedded", "kube-apiserver"])
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    """Each API server in turn."""
    if request.param == "embedded":
        with ClusterServer(bookmark_seconds=0.2) as server:
            yield Target(url=server.url)
        return
    assets = os.environ.get(ASSETS, "")
    missing = [name for name in ("etcd", "kube-apiserver") if not (Path(assets) / name).is_file()]
    if not assets or missing:
        why = f"it lacks {' and '.join(missing)}" if assets else "it is not set"
        pytest.skip(f"{ASSETS} must name a folder with etcd and kube-apiserver; {why}")
    with real_server(Path(assets), tmp_path_factory.mktemp("envtest")) as found:
        yield found


@pytest.fixture
def api(target: Target) -> Iterator[ApiClient]:
    """A client of the server."""
    with ApiClient(target.url, tls=target.tls) as client:
        yield client


@contextmanager
def real_server(assets: Path, folder: Path) -> Iterator[Target]:
    """Run etcd and kube-apiserver on free ports of 127.0.0.1, and end both."""
    etcd_port, peer_port, port = free_port(), free_port(), free_port()
    key = service_account_key(folder)
    etcd = f"http://127.0.0.1:{etcd_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    with ExitStack() as processes:
        processes.enter_context(
            running(
                folder / "etcd.log",
                str(assets / "etcd"),
                f"--data-dir={folder / 'etcd'}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",
            )
        )
        processes.enter_context(
            running(
                folder / "kube-apiserver.log",
                str(assets / "kube-apiserver"),
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                f"--secure-port={port}",
                f"--cert-dir={folder / 'certificates'}",
                "--service-cluster-ip-range=172.20.0.0/16",
                "--authorization-mode=AlwaysAllow",
                "--anonymous-auth=true",
                # Nothing plays the controller that makes the default service accounts.
                "--disable-admission-plugins=ServiceAccount",
                "--service-account-issuer=https://127.0.0.1/",
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
            )
        )
        yield ready_target(f"https://127.0.0.1:{port}", folder)


@contextmanager
def running(log: Path, *command: str) -> Iterator[None]:
    """Run a program and end it, whatever happens."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ready_target(url: str, folder: Path) -> Target:
    """Return the server once it is ready and its namespace ``default`` exists."""
    certificate = folder / "certificates" / "apiserver.crt"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if certificate.exists() and certificate.stat().st_size:
            target = Target(url=url, tls=ssl.create_default_context(cafile=str(certificate)))
            if answers(target):
                return target
        time.sleep(0.2)
    logs = (folder / "kube-apiserver.log").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"kube-apiserver was not ready within {START_SECONDS} s: {logs}")


def answers(target: Target) -> bool:
    """Say whether the server is ready."""
    try:
        with ApiClient(target.url, tls=target.tls) as client:
            ready = client.get("/readyz").status == 200
            return ready and client.get("/api/v1/namespaces/default").status == 200
    except OSError:
        return False


def service_account_key(folder: Path) -> Path:
    """Write a private key and return its path."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = folder / "service-account.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return path


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port
