"""One server for the whole folder; the project is made anew for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.sandbox.gcp.account import make_project
from provisioner.sandbox.gcp.server import CloudServer
from tests.unit.providers.gcp.shell.projects import World


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[CloudServer]:
    """The folder's sandbox."""
    with CloudServer() as cloud:
        yield cloud


@pytest.fixture
def world(running_cloud: CloudServer) -> Iterator[World]:
    """A project with a network and machines, without load balancers, every knob at its default."""
    running_cloud.reset()
    world = World(running_cloud, make_project(running_cloud, nodes=4))
    running_cloud.calls.clear()
    yield world
    world.close()
