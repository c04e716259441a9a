"""A process for one cloud never loads another cloud's libraries, whatever it does.

Google's take seconds and 150 MB, and who installs the product for one cloud has no other.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from tests.contract.provider.commands import environment, files_alone
from tests.contract.provider.desk import Desk
from tests.contract.provider.fixtures import cloud, desk, emulators, running
from tests.contract.provider.manifests import ingress, service
from tests.contract.provider.under_test import CLUSTER_NAME, ROOT, CloudUnderTest
from tests.e2e.apply.example import furnish

__all__ = ["cloud", "desk", "emulators", "running"]

pytestmark = pytest.mark.slow

LIBRARIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "aws": frozenset({"boto3", "botocore", "s3transfer", "moto"}),
        "gcp": frozenset({"google.auth", "google.cloud", "google.protobuf", "requests", "grpc"}),
    }
)
"""The libraries of each cloud, its emulator's included."""

KUBERNETES = frozenset({"google.auth", "requests"})
"""What the Kubernetes client loads by itself: one it needs, the other where it is installed."""

# The names of all libraries of clouds that a process has loaded when it ends, on stderr.
RECORDED = f"""
import atexit, sys
libraries = {sorted(frozenset().union(*LIBRARIES.values()))!r}
def tell():
    print("LOADED", *(name for name in libraries if name in sys.modules), file=sys.stderr)
    print("OURS", *sorted(n for n in sys.modules if n.startswith("providers.")), file=sys.stderr)
atexit.register(tell)
from provisioner.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def loaded(desk: Desk, *arguments: str) -> tuple[set[str], set[str]]:
    """Return the libraries of clouds, and the parts of ours, that a command loads."""
    done = subprocess.run(
        [sys.executable, "-c", RECORDED, *arguments],
        env=environment(desk.cloud.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return told(done.stderr)


def told(text: str) -> tuple[set[str], set[str]]:
    """Return what a process has said at its end."""
    words = {line.split()[0]: set(line.split()[1:]) for line in text.splitlines() if line.strip()}
    return words["LOADED"], words["OURS"]


def foreign(cloud: CloudUnderTest) -> frozenset[str]:
    """Return the libraries of the other clouds."""
    others = [names for name, names in LIBRARIES.items() if name != cloud.name]
    return frozenset().union(*others)


def assert_alone(cloud: CloudUnderTest, found: tuple[set[str], set[str]]) -> None:
    """Nothing of another cloud was loaded: no library, and of ours what is for one or for all."""
    libraries, ours = found
    assert libraries & foreign(cloud) == set()
    assert {name.split(".")[1] for name in ours} <= {cloud.name, "shell"}
    assert any(name.startswith(f"providers.{cloud.name}.") for name in ours)


def test_a_plan_of_files(desk: Desk) -> None:
    """From an account file nothing of any cloud is loaded, not even the one that is planned."""
    example = ROOT / "tests" / "data" / "examples" / min(desk.cloud.examples)

    found = loaded(
        desk,
        *("plan", "--provider", desk.cloud.name, "-f", str(example)),
        *("--account", str(desk.cloud.account_file)),
    )

    assert_alone(desk.cloud, found)
    assert found[0] == set()


def test_a_live_plan_and_its_apply(desk: Desk) -> None:
    """Against an account the libraries of its cloud are loaded, and no other's."""
    desk.put(ingress("web"))

    for words in (("plan",), ("apply", "--yes")):
        found = loaded(desk, *words, *files_alone(desk))

        assert_alone(desk.cloud, found)
        assert found[0] & LIBRARIES[desk.cloud.name], words
    assert desk.cloud.addresses()


def test_a_controller(cloud: CloudUnderTest, tmp_path: Path) -> None:
    """``provisioner run`` at work on an Ingress: its cluster, its cloud, and no other."""
    workloads = WorkloadSettings(ready_seconds=0.05, addresses=cloud.pod_addresses)
    with ClusterServer(workloads=workloads) as cluster:
        furnish(cluster, cloud)
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        cluster.create(dict(service()))
        cluster.create(dict(ingress(class_name=cloud.ingress_class)))
        words = [
            *(sys.executable, "-c", RECORDED, "run", "--provider", cloud.name),
            *("--cluster-name", CLUSTER_NAME, "--endpoint-url", cloud.url),
            *("--kubeconfig", str(kubeconfig)),
            *("--health-host", "127.0.0.1", "--health-port", "0"),
        ]
        env, log = environment(cloud.environment), tmp_path / "log"
        with log.open("wb") as output, subprocess.Popen(words, env=env, stderr=output) as process:
            try:
                deadline = time.monotonic() + 60
                while not cloud.addresses():
                    assert process.poll() is None, log.read_text(encoding="utf-8")
                    assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
                    time.sleep(0.1)
                process.terminate()
                process.wait(timeout=60)
            finally:
                process.kill()

    libraries, ours = told(log.read_text(encoding="utf-8"))
    others = libraries - (KUBERNETES - LIBRARIES[cloud.name])
    assert_alone(cloud, (others, ours))
    assert others & LIBRARIES[cloud.name]
