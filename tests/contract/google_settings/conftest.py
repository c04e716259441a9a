"""One emulator for the folder; every test finds the project empty but for things to name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from provisioner.sandbox.gcp.server import CloudServer
from tests.contract.google_settings.site import Site, make_site
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.gcp_things import Rest


@pytest.fixture(scope="session")
def server() -> Iterator[CloudServer]:
    """The folder's emulator."""
    with CloudServer() as opened:
        yield opened


@pytest.fixture(scope="session")
def project(server: CloudServer) -> Iterator[GcpUnderTest]:
    """The folder's project."""
    with closing(GcpUnderTest(server)) as opened:
        yield opened


@pytest.fixture
def site(
    server: CloudServer,
    project: GcpUnderTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """A cluster, its project, and what settings can name."""
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    with closing(Rest(project.url, project.project.project)) as rest:
        yield make_site(server, project, rest, tmp_path)
