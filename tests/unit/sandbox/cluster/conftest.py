"""A cluster and a client for each test that asks; starting one takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """A running cluster without workloads."""
    with ClusterServer(bookmark_seconds=0.1) as server:
        yield server


@pytest.fixture
def api(cluster: ClusterServer) -> Iterator[ApiClient]:
    """A client of the cluster."""
    with ApiClient(cluster.url) as client:
        yield client
