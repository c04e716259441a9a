"""Start the controller from a request."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from dataclasses import dataclass, replace

from provisioner.cli.clouds import open_cloud
from provisioner.cli.options import Request
from provisioner.cli.world import open_cluster
from provisioner.model.errors import ConfigError
from provisioner.operator.main import RunOptions
from provisioner.operator.main import run as run_operator

INDEX_SECONDS = 5.0
"""How long the controller may believe its list of load balancers; what it writes counts at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Where /healthz and /readyz answer."""

    host: str
    port: int


def run_controller(request: Request, *, probes: Probes, log_level: str) -> int:
    """Run until stopped and return the exit code.

    Raises:
        ConfigError: There is no cluster to watch, or the cloud is not named.
    """
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    cluster = open_cluster(request)
    if cluster is None:
        raise ConfigError("there is no cluster to watch")
    cloud = open_cloud(request, cluster)
    return run_operator(
        RunOptions(
            provider=cloud.provider,
            target=replace(cloud.target, cache_seconds=INDEX_SECONDS),
            settings=cloud.settings,
            client=cluster,
            identity=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            health_host=probes.host,
            health_port=probes.port,
        )
    )
