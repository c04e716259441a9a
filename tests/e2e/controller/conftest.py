"""One cloud server for the folder, an account and a cluster of its own for every test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from provisioner.sandbox.aws.account import make_account
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import AwsStage
from provisioner.sandbox.stage import cluster_for, furnish
from tests.e2e.controller.scene import Scene
from tests.e2e.controller.stagehand import Stage
from tests.e2e.gcp.project import Project, a_project

_NUMBERS = itertools.count(410000000001)


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[CloudServer]:
    """The folder's server."""
    with CloudServer() as cloud:
        yield cloud


@pytest.fixture
def a_stage(
    running_cloud: CloudServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Stage]]:
    """Return a maker of stages; ``without`` are custom resources to leave out."""
    running_cloud.reset(keep_network=True)
    number = str(next(_NUMBERS))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", number)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    account = make_account(running_cloud.url, zones=2, nodes=2, access_key=number)
    running_cloud.calls.clear()
    with ExitStack() as stack:

        def make(*, custom_resources: bool = True) -> Stage:
            cloud = AwsStage(running_cloud, account)
            cluster = cluster_for(cloud, ready_seconds=0.05)
            if not custom_resources:
                for name in ("loadbalancers", "loadbalancerclasses"):
                    cluster.delete("CustomResourceDefinition", f"{name}.ingress-provisioner.io")
            stack.enter_context(cluster)
            furnish(cluster, cloud)
            cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
            return Stage(running_cloud, account, cluster, tmp_path)

        yield make
        running_cloud.faults.clear()


@pytest.fixture
def stage(a_stage: Callable[..., Stage]) -> Stage:
    """A cluster with all custom resources beside an account with two nodes."""
    return a_stage()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A cluster beside a Google project with two nodes."""
    with a_project(tmp_path) as made:
        yield made


@pytest.fixture(params=["aws", "gcp"])
def anywhere(request: pytest.FixtureRequest) -> Scene:
    """A cluster on each cloud in turn, for promises that are the same on all of them."""
    fixtures = {"aws": "stage", "gcp": "project"}
    made: Scene = request.getfixturevalue(fixtures[request.param])
    return made
