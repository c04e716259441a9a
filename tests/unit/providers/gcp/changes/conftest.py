"""One emulated project for the tests of this folder that carry steps out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.sandbox.gcp.account import make_project
from provisioner.sandbox.gcp.server import CloudServer
from tests.unit.providers.gcp.shell.projects import World


@pytest.fixture(scope="session")
def running_steps_cloud() -> Iterator[CloudServer]:
    """The folder's sandbox."""
    with CloudServer() as cloud:
        yield cloud


@pytest.fixture
def world(running_steps_cloud: CloudServer) -> Iterator[World]:
    """A project with a network and machines, every knob at its default."""
    running_steps_cloud.reset()
    world = World(running_steps_cloud, make_project(running_steps_cloud, nodes=4))
    running_steps_cloud.calls.clear()
    yield world
    world.close()
