"""``provisioner route`` where people use it: a cluster's kubeconfig, an account, no files."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from provisioner.render.route_wire import RouteWire
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from tests.contract.provider.commands import provisioner
from tests.contract.provider.under_test import CLUSTER_NAME, CloudUnderTest
from tests.e2e.apply.example import Example, example, furnish, ready


def bring(cluster: ClusterServer, cloud: CloudUnderTest, found: Example) -> None:
    """Give a cluster the account's nodes, our class and an application, and await its pods."""
    furnish(cluster, cloud)
    for path in sorted(found.files.iterdir()):
        cluster.apply(path)
    spec: dict[str, object] = {
        "spec": {"ingressClassName": cloud.ingress_class}
    }  # GKE's example names none
    cluster.patch("Ingress", found.ingress, spec, namespace=found.namespace)
    deadline = time.monotonic() + 30
    while len(ready(cluster, found.namespace)) < found.pods:
        assert time.monotonic() < deadline, "the pods never came"
        time.sleep(0.05)


def test_a_cluster_and_an_account_are_all_it_takes(cloud: CloudUnderTest, tmp_path: Path) -> None:
    """The kubeconfig says who the cluster is; the account says what its load balancers do."""
    published = example(cloud)
    workloads = WorkloadSettings(ready_seconds=0.1, addresses=cloud.pod_addresses)
    with ClusterServer(workloads=workloads) as cluster:
        bring(cluster, cloud, published)
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
    service, port = published.first
    assert (backend.service, backend.port) == (f"{published.namespace}/{service}", port)
    assert backend.targets
