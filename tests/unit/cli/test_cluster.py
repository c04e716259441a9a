"""The command with a cluster: live plans, the Lease, and what is left on the Ingresses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioner.cli.fence import open_fence
from provisioner.kube.client import connect
from provisioner.model.settings import FINALIZER, Identity
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.stage import CloudStage, cluster_for, furnish, open_cloud
from tests.unit.cli import worlds

pytestmark = pytest.mark.slow

NODE_PORT = worlds.SERVICE.replace("spec:", "spec:\n  type: NodePort")
CLASS = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress-provisioner.io/aws}
"""


class Stage:
    """A cluster and a cloud, and commands between them."""

    def __init__(self, cloud: CloudStage, cluster: ClusterServer, folder: Path) -> None:
        self.cloud, self.cluster, self.folder = cloud, cluster, folder
        self.kubeconfig = cluster.kubeconfig(folder / "kubeconfig")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the live cluster."""
        target = self.cloud.target(Identity(cluster_name="demo"))
        return worlds.provisioner(
            *command,
            "--cluster-name", "demo", "--endpoint-url", target.endpoint_url,
            "--region", target.region, "--settle-seconds", "0",
            environment={
                "KUBECONFIG": str(self.kubeconfig),
                "AWS_ACCESS_KEY_ID": "sandbox",
                "AWS_SECRET_ACCESS_KEY": "sandbox",
            },
        )  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A cluster with one Ingress, and an empty cloud account."""
    with opened(tmp_path) as found:
        yield found


@contextmanager
def opened(folder: Path) -> Iterator[Stage]:
    """Start both worlds."""
    with open_cloud("aws") as cloud, cluster_for(cloud) as cluster:
        furnish(cluster, cloud)
        if cluster.get("IngressClass", "alb") is None:
            cluster.apply(CLASS)
        cluster.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
        documents = (worlds.ingress(), NODE_PORT, worlds.DEPLOYMENT)
        cluster.apply("---\n".join(documents))
        yield Stage(cloud, cluster, folder)


def test_a_live_plan_reads_the_cluster_and_apply_leaves_nothing_to_do(stage: Stage) -> None:
    """Without -f the cluster of the kubeconfig is the input, node ports included."""
    planned = stage.run("plan", "--target-mode", "node-port", "-o", "json")
    applied = stage.run("apply", "--target-mode", "node-port", "--yes")
    again = stage.run("plan", "--target-mode", "node-port", "--detailed-exitcode")

    document = json.loads(planned.stdout)
    assert document["loadBalancers"][0]["group"] == "shop/web"
    assert document["inputs"]["cluster"] == "current context"
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert again.returncode == 0, again.stdout


def test_purge_lets_go_of_the_ingresses(stage: Stage) -> None:
    """After a purge an Ingress can be deleted although no controller runs."""
    stage.run("apply", "--target-mode", "node-port", "--yes")
    patch: dict[str, object] = {"metadata": {"finalizers": [FINALIZER]}}
    stage.cluster.patch("Ingress", "web", patch, namespace="shop")

    purged = stage.run("purge", "--yes")

    assert purged.returncode == 0, purged.stdout + purged.stderr
    assert "released Ingress shop/web" in purged.stdout
    left = stage.cluster.get("Ingress", "web", "shop")
    assert left is not None
    assert "finalizers" not in str(left["metadata"])


def test_nothing_is_applied_while_a_controller_holds_the_lease(stage: Stage) -> None:
    """Two writers would undo each other; the holder is named and nothing is sent."""
    client = connect(kubeconfig=str(stage.kubeconfig), in_cluster=False)
    with open_fence(client, instance="default"):
        refused = stage.run("apply", "--target-mode", "node-port", "--yes")

    assert refused.returncode == 1
    assert "holds the Lease kube-system/ingress-provisioner" in refused.stderr
    # The embedded cluster gives its pods addresses meanwhile; nobody else may have written.
    assert set(stage.cloud.mutating_calls()) <= {"AssignPrivateIpAddresses"}


def test_a_lease_is_given_back(stage: Stage) -> None:
    """The next one need not wait for the Lease to run out."""
    client = connect(kubeconfig=str(stage.kubeconfig), in_cluster=False)
    with open_fence(client, instance="default") as first:
        first.check()

    with open_fence(client, instance="default") as second:
        second.check()


def test_without_a_cluster_there_is_nobody_to_ask() -> None:
    """--no-cluster is for worlds in which no controller can run."""
    with open_fence(None, instance="default") as fence:
        fence.check()


def test_a_cluster_that_was_named_and_is_not_there_is_an_error(
    tmp_path: Path,
) -> None:
    """Whoever names a cluster does not want a plan without it."""
    done = worlds.provisioner(
        "plan", "-f", str(worlds.shop(tmp_path)), "--context", "nowhere", "--cluster-name", "x"
    )

    assert done.returncode == 1
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
