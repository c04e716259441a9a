"""Who may write: whoever holds the cluster's Lease; anybody where there is no cluster.

``apply`` takes the same Lease as the controller, so the two never write side by side. A controller
renews it every second; a Lease whose holder is gone runs out while we watch, hence the patience.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from provisioner import wiring
from provisioner.kube.client import KubeClient
from provisioner.kube.lease import Leadership, LeaseSettings, lease_name
from provisioner.model.errors import ClusterError, ConfigError
from provisioner.ports import Fence

_PATIENCE: Final = 3.0
"""Seconds beyond the Lease's own duration, for the requests that take it."""


class LeaseHeld(ConfigError):
    """Somebody else writes to the cloud: a controller, or another apply."""


@contextmanager
def open_fence(cluster: KubeClient | None, *, instance: str) -> Iterator[Fence]:
    """Hold the right to write under an instance's mark for as long as the block runs.

    Raises:
        LeaseHeld: Somebody else holds the Lease; the holder is named.
        ClusterError: The Lease cannot be taken.
    """
    if cluster is None:
        yield wiring.OpenFence()
        return
    who = f"apply-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    settings = LeaseSettings(identity=who, name=lease_name(instance))
    leadership = Leadership(cluster, settings, clock=wiring.SystemClock())
    leadership.start()
    try:
        if not leadership.wait(settings.duration + _PATIENCE):
            raise _refusal(leadership.holder, settings)
        yield leadership
    finally:
        leadership.stop()


def _refusal(holder: str, settings: LeaseSettings) -> ConfigError | ClusterError:
    if holder:
        return LeaseHeld(
            f"{holder} holds the Lease {settings.key} and writes to the cloud",
            hint="a controller does the work where one runs; stop it first to apply by hand",
        )
    return ClusterError(
        f"the Lease {settings.key} could not be taken",
        hint="apply needs to get, create and update it",
    )
