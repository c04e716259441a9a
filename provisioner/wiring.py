"""The composition root: find a cloud by its entry point and put the parts together.

Nothing else in the product knows which clouds exist. A third one is a package that declares an
entry point in the group ``ingress_provisioner.providers``.
"""

from __future__ import annotations

import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from provisioner.engine.applying import Applier, Settling
from provisioner.engine.planning import Planner
from provisioner.model.errors import ConfigError
from provisioner.model.settings import Settings
from provisioner.ports import Clock, CloudTarget, Fence, Provider, Reader

PROVIDER_GROUP = "ingress_provisioner.providers"

W = TypeVar("W")
F = TypeVar("F")


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class OpenFence:
    """A fence that always lets pass: for worlds without a cluster, where nobody else can write."""

    def check(self) -> None:
        """Do nothing."""


def provider_names() -> tuple[str, ...]:
    """Return the names of the installed clouds, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=PROVIDER_GROUP)}))


def load_provider(name: str) -> Provider[object, object]:
    """Return a cloud's pure side by name.

    Raises:
        ConfigError: No such cloud is installed.
    """
    for point in entry_points(group=PROVIDER_GROUP, name=name):
        provider: Provider[object, object] = point.load()
        return provider
    known = ", ".join(provider_names()) or "none"
    raise ConfigError(
        f"there is no provider named {name!r} (installed: {known})",
        hint="name one with --provider, or install the extra that brings it",
    )


def open_reader(
    provider: Provider[W, F], target: CloudTarget, account_file: str = ""
) -> Reader[W, F]:
    """Return a reader: of an account file where one is named, else of the live account.

    Raises:
        ConfigError: The file cannot be read or does not make sense; credentials are missing.
    """
    if not account_file:
        return provider.open_reader(target)
    try:
        content = Path(account_file).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"account file {account_file}: {error.strerror}",
            hint="write one with `provisioner account export`, or see docs/examples",
        ) from error
    return provider.read_account(content, account_file)


def planner(provider: Provider[W, F], reader: Reader[W, F], settings: Settings) -> Planner[W, F]:
    """Return what plans; it holds a reader and no way to write."""
    return Planner(provider, reader, settings)


def applier(
    provider: Provider[W, F],
    target: CloudTarget,
    settings: Settings,
    *,
    reader: Reader[W, F],
    fence: Fence,
    clock: Clock | None = None,
    settling: Settling | None = None,
    poll_seconds: float = 2.0,
) -> Applier[W, F]:
    """Return what carries plans out; every write of it passes the fence."""
    return Applier(
        reader,
        provider.open_writer(target, fence, reader),
        settings,
        clock or SystemClock(),
        settling=settling,
        poll_seconds=poll_seconds,
    )
