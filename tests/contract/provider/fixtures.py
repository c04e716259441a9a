"""One emulated cloud per process and provider, and a fresh desk per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

from provisioner.sandbox.aws import server as aws
from provisioner.sandbox.gcp import server as gcp
from tests.contract.provider.aws import AwsUnderTest
from tests.contract.provider.desk import Desk
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.under_test import CloudUnderTest

__all__ = ["PROVIDERS", "cloud", "desk", "emulators", "running"]


@contextmanager
def _aws() -> Iterator[CloudUnderTest]:
    with aws.CloudServer() as server:
        yield AwsUnderTest(server)


@contextmanager
def _gcp() -> Iterator[CloudUnderTest]:
    with gcp.CloudServer() as server, closing(GcpUnderTest(server)) as cloud:
        yield cloud


PROVIDERS: Mapping[str, Callable[[], AbstractContextManager[CloudUnderTest]]] = MappingProxyType(
    {"aws": _aws, "gcp": _gcp}
)
"""The clouds that are held to the contract."""


class Emulators:
    """The emulators that are running: tests of all clouds come in any order, and starting takes."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._opened: dict[str, CloudUnderTest] = {}

    def __getitem__(self, provider: str) -> CloudUnderTest:
        if provider not in self._opened:
            self._opened[provider] = self._stack.enter_context(PROVIDERS[provider]())
        return self._opened[provider]


@pytest.fixture(scope="session")
def emulators() -> Iterator[Emulators]:
    """Every emulator that a test has asked for, until the end."""
    with ExitStack() as stack:
        yield Emulators(stack)


@pytest.fixture(params=sorted(PROVIDERS))
def running(request: pytest.FixtureRequest, emulators: Emulators) -> CloudUnderTest:
    """The emulator of each provider in turn."""
    return emulators[request.param]


@pytest.fixture
def cloud(running: CloudUnderTest, monkeypatch: pytest.MonkeyPatch) -> CloudUnderTest:
    """The account with nothing but its network in it, every knob at its default."""
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "CLOUDSDK_CORE_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    running.reset()
    return running


@pytest.fixture
def desk(cloud: CloudUnderTest, tmp_path: Path) -> Desk:
    """A cluster with the account's nodes and a Service ``web`` of two ready pods."""
    found = Desk(cloud=cloud, folder=tmp_path)
    found.furnish("web")
    return found
