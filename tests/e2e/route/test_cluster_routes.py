"""``provisioner route`` where people use it: a cluster's kubeconfig, an account, no files."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from provisioner import wiring
from provisioner.render.route_wire import RouteWire
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from tests.contract.provider.commands import provisioner
from tests.contract.provider.under_test import CLUSTER_NAME, ROOT, CloudUnderTest

GAME = ROOT / "tests" / "data" / "examples" / "aws-2048"
PODS = 5


def furnish(cluster: ClusterServer, cloud: CloudUnderTest) -> None:
    """Give a cluster the account's nodes, our class and an application, and await its pods."""
    for machine in cloud.machines:
        cluster.add_node(
            machine.name,
            zone=machine.zone,
            provider_id=machine.provider_id,
            address=machine.address,
        )
    controller = wiring.load_provider(cloud.name).controller
    cluster.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": cloud.ingress_class},
            "spec": {"controller": controller},
        }
    )
    for path in sorted(GAME.iterdir()):
        cluster.apply(path)
    deadline = time.monotonic() + 30
    while len(cluster.list("Pod", namespace="game-2048")) < PODS:
        assert time.monotonic() < deadline, "the pods never came"
        time.sleep(0.05)


def test_a_cluster_and_an_account_are_all_it_takes(cloud: CloudUnderTest, tmp_path: Path) -> None:
    """The kubeconfig says who the cluster is; the account says what its load balancers do."""
    workloads = WorkloadSettings(ready_seconds=0.1, addresses=cloud.pod_addresses)
    with ClusterServer(workloads=workloads) as cluster:
        furnish(cluster, cloud)
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
        options = (
            *("--provider", cloud.name, "--cluster-name", CLUSTER_NAME),
            *("--endpoint-url", cloud.url, "--kubeconfig", str(kubeconfig)),
        )
        applied = provisioner("apply", "--yes", *options, env=cloud.environment)
        assert applied.returncode == 0, applied.stdout + applied.stderr

        done = provisioner(
            "route", "http://any.example.com/", "-o", "json", *options, env=cloud.environment
        )

    assert done.returncode == 0, done.stderr
    (backend,) = msgspec.json.decode(done.stdout, type=RouteWire).backends
    assert backend.service == "game-2048/service-2048"
    assert backend.port == 80
    assert backend.targets
