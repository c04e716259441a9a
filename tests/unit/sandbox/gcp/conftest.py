"""One server and one network for the whole folder; load balancing is emptied between tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.sandbox.gcp.account import ProjectInfo, make_project
from provisioner.sandbox.gcp.server import CloudServer
from tests.unit.sandbox.gcp.workbench import Workbench


@pytest.fixture(scope="session")
def running_bench() -> Iterator[Workbench]:
    """The folder's server with Google's clients."""
    with CloudServer() as cloud:
        bench = Workbench(cloud, _project(cloud))
        yield bench
        bench.close()


@pytest.fixture
def bench(running_bench: Workbench) -> Workbench:
    """A project with a network and machines, without load balancers, every knob at its default."""
    running_bench.cloud.reset()
    running_bench.project = _project(running_bench.cloud)
    running_bench.cloud.calls.clear()
    return running_bench


def _project(cloud: CloudServer) -> ProjectInfo:
    return make_project(cloud, nodes=4)
