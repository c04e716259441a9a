"""One emulator for the folder; every test finds the account empty but for things to name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.sandbox.aws.server import CloudServer
from tests.contract.annotations.site import Site, Subnets, make_site
from tests.contract.provider.aws import AwsUnderTest


@pytest.fixture(scope="session")
def server() -> Iterator[CloudServer]:
    """The folder's emulator."""
    with CloudServer() as opened:
        yield opened


@pytest.fixture(scope="session")
def furnished(server: CloudServer) -> tuple[AwsUnderTest, Subnets]:
    """The folder's account, and further subnets in it."""
    return AwsUnderTest(server), Subnets()


@pytest.fixture
def site(
    server: CloudServer,
    furnished: tuple[AwsUnderTest, Subnets],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """A cluster, its account, and what annotations can name."""
    cloud, subnets = furnished
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    made = make_site(cloud, subnets, tmp_path)
    server.configure(certificate_validation_seconds=2.0)
    return made
