"""From ``kubectl apply`` to a load balancer, read back with the cloud's own SDK."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from provisioner.model.resource import Json
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from tests.contract.provider.commands import provisioner
from tests.contract.provider.under_test import CLUSTER_NAME, CloudUnderTest
from tests.e2e.apply.example import Example, example, furnish, ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """An embedded cluster beside an account, and the commands that people type there."""

    cluster: ClusterServer
    cloud: CloudUnderTest
    kubeconfig: Path
    folder: Path
    example: Example

    def bring(self) -> None:
        """Let the example be in the cluster, of our class, and its pods be ready.

        GKE's own example names no class, which in a cluster is what GKE itself serves.
        """
        found, spec = self.example, {"spec": {"ingressClassName": self.cloud.ingress_class}}
        self.kubectl("apply", "-f", str(found.files))
        self.kubectl(
            *("-n", found.namespace, "patch", "ingress", found.ingress, "--type", "merge"),
            *("-p", json.dumps(spec)),
        )
        self.until("all pods are ready", lambda: len(self.ready()) == found.pods)

    def kubectl(self, *arguments: str) -> None:
        """Run kubectl."""
        words = ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr

    def provisioner(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the product against this cluster and this account."""
        return provisioner(
            *arguments,
            *("--provider", self.cloud.name, "--cluster-name", CLUSTER_NAME),
            *("--endpoint-url", self.cloud.url, "--kubeconfig", str(self.kubeconfig)),
            env=self.cloud.environment,
        )

    def plan(self, *arguments: str) -> dict[str, Json]:
        """Return a plan as JSON."""
        done = self.provisioner("plan", "-o", "json", *arguments)
        assert done.returncode == 0, done.stderr
        return cast("dict[str, Json]", json.loads(done.stdout))

    def ready(self) -> set[str]:
        """Return the addresses of the ready endpoints of the example's namespace."""
        return ready(self.cluster, self.example.namespace)

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for the embedded cluster."""
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, what
            time.sleep(0.05)


@pytest.fixture
def site(cloud: CloudUnderTest, tmp_path: Path) -> Iterator[Site]:
    """A cluster with the account's nodes and our IngressClass."""
    workloads = WorkloadSettings(ready_seconds=0.1, addresses=cloud.pod_addresses)
    with ClusterServer(workloads=workloads) as cluster:
        furnish(cluster, cloud)
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
        yield Site(
            cluster=cluster,
            cloud=cloud,
            kubeconfig=kubeconfig,
            folder=tmp_path,
            example=example(cloud),
        )


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_what_plan_printed_is_what_exists(site: Site) -> None:
    """Every planned field is read back as planned, and the targets are the ready endpoints.

    A second plan is empty and exits 0 with ``--detailed-exitcode``; deleting the Ingress again
    leaves nothing in the account.
    """
    site.bring()
    plan = site.plan()

    site.cloud.forget_calls()
    done = site.provisioner("apply", "--yes")

    assert done.returncode == 0, done.stdout + done.stderr
    assert site.cloud.mutating() == _announced(plan)
    assert list(site.cloud.misread(plan)) == []
    healthy = site.cloud.healthy_targets(site.example.group)
    assert {each.rpartition(":")[0] for found in healthy.values() for each in found} == site.ready()

    site.cloud.forget_calls()
    again = site.provisioner("plan", "--detailed-exitcode")
    assert again.returncode == 0, again.stdout
    assert site.cloud.mutating() == Counter()

    site.cloud.spoil_by_hand()
    assert list(site.cloud.misread(plan)) != []  # the comparison does compare

    site.kubectl("-n", site.example.namespace, "delete", "ingress", site.example.ingress)
    gone = site.provisioner("apply", "--yes")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert site.cloud.leftovers() == {}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_files_are_resolved_from_the_cluster(site: Site) -> None:
    """What an offline plan could not know becomes what the cluster says; nothing else differs.

    The plan of ``-f`` with a cluster has the fields of the plan without one, with a value wherever
    that one said "known after apply"; applied, everything is read back as planned.
    """
    files = str(site.example.files)
    offline = site.provisioner("plan", "-o", "json", "-f", files, "--account", str(_export(site)))
    site.bring()

    resolved = site.plan("-f", files)
    done = site.provisioner("apply", "--yes", "-f", files)

    before, after = _fields(json.loads(offline.stdout)), _fields(resolved)
    unknown = {path for path, value in before.items() if value is None}
    assert unknown
    assert {path for path in after if after[path] is None} == set()
    assert {p: v for p, v in before.items() if p not in unknown} == {
        p: v for p, v in after.items() if p not in unknown
    }
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(site.cloud.misread(resolved)) == []


def _export(site: Site) -> Path:
    """Return the account, exported while the cluster held no Ingress yet."""
    path = site.folder / "account.json"
    done = site.provisioner("account", "export", "-f", str(site.example.files), "--out", str(path))
    assert done.returncode == 0, done.stderr
    return path


def _announced(plan: Mapping[str, Json]) -> Counter[str]:
    found: Counter[str] = Counter()
    for step in _steps(plan):
        for call in cast("list[dict[str, int]]", step["calls"]):
            found[str(call["operation"])] += call["count"]
    return found


def _steps(plan: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    parts = [plan["shared"], *cast("list[Json]", plan["loadBalancers"])]
    for part in cast("list[dict[str, list[dict[str, Json]]]]", parts):
        yield from part["steps"]


def _fields(plan: Mapping[str, Json]) -> dict[str, Json]:
    return {
        f"{step['address']} {change['path']}": change["after"]
        for step in _steps(plan)
        for change in cast("list[dict[str, Json]]", step["changes"])
    }
