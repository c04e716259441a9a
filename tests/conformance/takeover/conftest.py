"""Fixtures of the tests about GKE; those about AWS Load Balancer Controller have their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.sandbox.gcp.server import CloudServer
from tests.conformance.takeover.gke_site import GkeSite


@pytest.fixture(scope="module")
def google() -> Iterator[CloudServer]:
    """The embedded cloud, one for all tests of a file."""
    with CloudServer() as server:
        yield server


@pytest.fixture
def site(google: CloudServer, tmp_path: Path) -> GkeSite:
    """A site in a fresh project."""
    return GkeSite(google, tmp_path)
