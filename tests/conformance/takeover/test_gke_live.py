"""Comparing in a live cluster that GKE serves, and leaving alone what it serves there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.gcp.account import make_project
from provisioner.sandbox.gcp.server import CloudServer
from tests.conformance.takeover import gke_manifests
from tests.conformance.takeover import gke_names as gke
from tests.conformance.takeover.gke import Gke
from tests.conformance.takeover.gke_backends import Body
from tests.conformance.takeover.gke_names import INGRESS_UID, KUBE_SYSTEM_UID, REGION
from tests.conformance.takeover.gke_site import more_than_marks
from tests.conformance.takeover.site import Plan, Run, diagnostics
from tests.unit.cli import worlds

pytestmark = pytest.mark.slow

UIDS = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: ingress-uid, namespace: kube-system}}
data: {{provider-uid: "{INGRESS_UID}", uid: "{INGRESS_UID}"}}
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
FIRST, SECOND = "networking.gke.io/ingress-finalizer", "networking.gke.io/ingress-finalizer-V2"
WRITTEN = {
    "ingress.kubernetes.io/backends": '{"k8s-be-30080--0123456789abcdef":"HEALTHY"}',
    "ingress.kubernetes.io/forwarding-rule": "k8s2-fr-7kpbhpki-shop-plain-3qv8szep",
    "ingress.kubernetes.io/target-proxy": "k8s2-tp-7kpbhpki-shop-plain-3qv8szep",
    "ingress.kubernetes.io/url-map": "k8s2-um-7kpbhpki-shop-plain-3qv8szep",
}
BLOG = gke_manifests.PLAIN.replace("plain", "blog")


class GkeStage:
    """A cluster whose Ingresses GKE serves, beside the project in which it does."""

    def __init__(self, cloud: CloudServer, cluster: ClusterServer, folder: Path) -> None:
        self.cloud, self.cluster, self.folder = cloud, cluster, folder
        self.kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
        self.project = make_project(cloud, nodes=2)
        self.gke = Gke(cloud.url, self.project)
        self.gke.make()
        documents = gke_manifests.everything(self.project, self.gke.pem)
        cluster.apply("---\n".join([NAMESPACE, UIDS, *documents]))
        for name in ("plain", "web", "managed", "inner", "wide"):
            self.serve(name, SECOND)
        self.serve("old", FIRST)
        self.annotate(
            "managed", {"ingress.gcp.kubernetes.io/pre-shared-cert": gke.MANAGED_CERTIFICATE}
        )
        cloud.calls.clear()

    def serve(self, name: str, *finalizers: str) -> None:
        """Let an Ingress bear what GKE writes there."""
        self.patch(name, {"metadata": {"finalizers": list(finalizers)}})
        self.annotate(name, WRITTEN)

    def annotate(self, name: str, annotations: dict[str, str]) -> None:
        """Annotate an Ingress."""
        self.patch(name, {"metadata": {"annotations": dict(annotations)}})

    def patch(self, name: str, patch: Document) -> None:
        """Change an Ingress."""
        self.cluster.patch("Ingress", name, patch, namespace="shop")

    def compare(self) -> Plan:
        """Return the comparison, which has made no writing call."""
        done = self.run("plan", "--take-over", "-o", "json")
        assert done.code == 0, done.err
        assert self.cloud.calls.mutating() == ()
        return msgspec.json.decode(done.out, type=Plan)

    def run(self, command: str, *options: str) -> Run:
        """Run a command on the cluster and the project."""
        done = worlds.provisioner(
            command, "--provider", "gcp", "--cluster-name", "demo", "--endpoint-url",
            self.cloud.url, *options,
            environment={"KUBECONFIG": str(self.kubeconfig)},
        )  # fmt: skip
        return Run(code=done.returncode, out=done.stdout, err=done.stderr)

    def made(self) -> list[Body]:
        """Return every global forwarding rule."""
        found: list[Body] = self.gke.get("global/forwardingRules")["items"]
        return found

    def file(self, *documents: str) -> str:
        """Write documents into a file and return its path."""
        path = self.folder / "files.yaml"
        path.write_text("---\n".join(documents))
        return str(path)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GkeStage]:
    """A fresh cluster and a fresh project."""
    with CloudServer() as cloud, ClusterServer(kube_system_uid=KUBE_SYSTEM_UID) as cluster:
        yield GkeStage(cloud, cluster, tmp_path)


def test_a_live_cluster_needs_nothing_but_our_mark(stage: GkeStage) -> None:
    """Ingresses without a class are GKE's; the cluster tells identifiers, project and region."""
    plan = stage.compare()

    assert more_than_marks(plan) == []
    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "recognised 54 resources of GKE Ingress" in found.message


def test_the_firewall_rule_may_go_by_an_identifier_of_its_own(stage: GkeStage) -> None:
    """``provider-uid`` in the ConfigMap; a rule that goes by ``uid`` is then none of GKE's."""
    body = stage.gke.get(f"global/firewalls/{gke.FIREWALL}")
    kept = {k: body[k] for k in ("description", "network", "sourceRanges", "targetTags")}
    ports = [{"IPProtocol": "tcp", "ports": ["30000-32767", "8080", "8443", "9090"]}]
    body = {**kept, "name": "k8s-fw-l7--fw-1", "allowed": ports}
    stage.gke.make_one("global/firewalls", body)
    stage.gke.call("DELETE", f"global/firewalls/{gke.FIREWALL}")
    stage.cluster.patch(
        "ConfigMap", "ingress-uid", {"data": {"provider-uid": "fw-1"}}, namespace="kube-system"
    )
    stage.cloud.calls.clear()

    plan = stage.compare()

    assert more_than_marks(plan) == []
    assert "k8s-fw-l7--fw-1" in stage.run("plan", "--take-over").out


@pytest.mark.parametrize(
    ("finalizers", "annotations", "trace"),
    [
        ([SECOND], WRITTEN, f"finalizer {SECOND}"),
        ([FIRST], dict.fromkeys(WRITTEN), f"finalizer {FIRST}"),
        ([], WRITTEN, "annotation ingress.kubernetes.io/forwarding-rule"),
    ],
)
def test_what_gke_serves_is_not_applied_from_files(
    stage: GkeStage, finalizers: list[str], annotations: dict[str, str | None], trace: str
) -> None:
    """Files without a class are ours, unless GKE has the Ingress already; the others go on."""
    stage.patch("plain", {"metadata": {"finalizers": finalizers, "annotations": annotations}})

    done = stage.run("apply", "-f", stage.file(gke_manifests.PLAIN, BLOG), "--yes")

    assert done.code == 1
    assert "TAKE-OVER-SERVED" in done.out
    assert f"({trace})" in " ".join(done.out.split())
    made = {rule["description"] for rule in stage.made()}
    assert [said for said in made if '"ingress-provisioner.io/ingress":"shop/blog"' in said]
    assert not [said for said in made if '"ingress-provisioner.io/ingress":"shop/plain"' in said]


def test_a_file_that_says_more_of_itself_than_the_cluster_is_no_reason(stage: GkeStage) -> None:
    """A manifest copied from a GKE cluster may bear its finalizer; the cluster's object counts."""
    copied = BLOG.replace("{name: blog,", f"{{finalizers: [{SECOND}], name: blog,")

    done = stage.run("plan", "-f", stage.file(copied))

    assert done.code == 0, done.out
    assert "TAKE-OVER-SERVED" not in done.out


def test_files_alone_know_nothing_of_it(stage: GkeStage) -> None:
    """Without a cluster there is nothing to compare with, and plans are made as always."""
    path = stage.file(*gke_manifests.everything(stage.project, stage.gke.pem))

    done = stage.run(
        "plan", "-f", path, "--no-cluster", "--cluster-uid", "another", "--region", REGION,
        "--project", stage.project.project,
    )  # fmt: skip

    assert "TAKE-OVER-SERVED" not in done.out
    assert "shop/plain" in done.out
