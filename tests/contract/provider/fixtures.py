"""One emulated cloud per process and provider, and a fresh desk per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

from provisioner.sandbox.aws.server import CloudServer
from tests.contract.provider.aws import AwsUnderTest
from tests.contract.provider.desk import Desk
from tests.contract.provider.under_test import CloudUnderTest

__all__ = ["PROVIDERS", "cloud", "desk", "running"]


@contextmanager
def _aws() -> Iterator[CloudUnderTest]:
    with CloudServer() as server:
        yield AwsUnderTest(server)


PROVIDERS: Mapping[str, Callable[[], AbstractContextManager[CloudUnderTest]]] = MappingProxyType(
    {"aws": _aws}
)
"""The clouds that are held to the contract."""


@pytest.fixture(scope="session", params=sorted(PROVIDERS))
def running(request: pytest.FixtureRequest) -> Iterator[CloudUnderTest]:
    """The emulator of each provider in turn."""
    with PROVIDERS[request.param]() as opened:
        yield opened


@pytest.fixture
def cloud(running: CloudUnderTest, monkeypatch: pytest.MonkeyPatch) -> CloudUnderTest:
    """The account with nothing but its network in it, every knob at its default."""
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    running.reset()
    return running


@pytest.fixture
def desk(cloud: CloudUnderTest, tmp_path: Path) -> Desk:
    """A cluster with the account's nodes and a Service ``web`` of two ready pods."""
    found = Desk(cloud=cloud, folder=tmp_path)
    found.furnish("web")
    return found
