"""Comparing in a live cluster: Ingresses, Services and TargetGroupBindings come from the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import AwsStage
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.stage import cluster_for, open_cloud
from tests.conformance.takeover import manifests
from tests.conformance.takeover.lbc import CLUSTER, Lbc
from tests.conformance.takeover.site import Plan, diagnostics, more_than_marks
from tests.unit.cli import worlds

pytestmark = pytest.mark.slow

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns-1}\n"


class Stage:
    """A cluster whose Ingress is served by the other controller, and a cloud account."""

    def __init__(self, cloud: AwsStage, cluster: ClusterServer, folder: Path) -> None:
        self.cloud, self.cluster = cloud, cluster
        self.kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
        self.lbc = Lbc(cloud.account)
        backend = self.lbc.backend_group()
        self.lbc.implicit(backend)
        self.lbc.node_rule(backend, 30080, 30090)

    def plan(self) -> Plan:
        """Return the comparison."""
        done = worlds.provisioner(
            "plan", "--take-over", "-o", "json", "--cluster-name", CLUSTER,
            "--endpoint-url", self.cloud.cloud.url, "--region", self.cloud.account.login.region,
            environment={
                "KUBECONFIG": str(self.kubeconfig),
                "AWS_ACCESS_KEY_ID": "sandbox",
                "AWS_SECRET_ACCESS_KEY": "sandbox",
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return msgspec.json.decode(done.stdout, type=Plan)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A cluster with one Ingress of the other controller's class, beside an empty account.

    Emulators of one process share their networks, so what an earlier test made there goes first.
    """
    with CloudServer() as server:
        server.reset()
    with open_cloud("aws") as cloud, cluster_for(cloud) as cluster:
        assert isinstance(cloud, AwsStage)
        for node in cloud.nodes:
            cluster.add_node(
                node.name, zone=node.zone, provider_id=node.provider_id, address=node.address
            )
        made = (NAMESPACE, manifests.CLASSES, *manifests.services("ns-1"), manifests.IMPLICIT)
        cluster.apply("---\n".join(made))
        yield Stage(cloud, cluster, tmp_path)


def bind(stage: Stage, *, second: str = "svc-b") -> None:
    """Make the bindings that the other controller makes."""
    for name, service in (
        ("k8s-ns1-svca-d6ce4265dc", "svc-a"),
        ("k8s-ns1-svcb-3742a140d6", second),
    ):
        arn = stage.lbc.target_groups[name]
        stage.cluster.apply(manifests.binding(name, "ns-1", service, arn, target_type="instance"))


def test_a_live_cluster_needs_nothing_but_our_mark(stage: Stage) -> None:
    """Its Ingresses are of the class of ``ingress.k8s.aws/alb``, which otherwise is not ours."""
    bind(stage)
    written = dict(stage.cloud.mutating_calls())

    plan = stage.plan()

    assert more_than_marks(plan) == []
    assert diagnostics(plan, "TAKE-OVER-BINDING-DIFFERS") == []
    assert dict(stage.cloud.mutating_calls()) == written


def test_bindings_are_read_from_the_cluster(stage: Stage) -> None:
    """One that binds another Service than its target group was made for is told."""
    bind(stage, second="other")

    plan = stage.plan()

    (found,) = diagnostics(plan, "TAKE-OVER-BINDING-DIFFERS")
    assert found.subject == "TargetGroupBinding ns-1/k8s-ns1-svcb-3742a140d6"
    assert found.field == "spec.serviceRef"
