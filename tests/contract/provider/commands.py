"""The command line as its users run it: in a process of its own, far from any configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.contract.provider.desk import IDENTITY, Shelf

_FOREIGN = (
    "AWS_",
    "KUBE",
    "PROVISIONER_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process' environment without anybody's configuration."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    return {**clean, "KUBECONFIG": "/nonexistent", **more}


def command(*arguments: str) -> list[str]:
    """Return the words that start the product."""
    return [sys.executable, "-m", "provisioner.cli", *arguments]


def provisioner(
    *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the product and return what it said."""
    return subprocess.run(
        command(*arguments),
        env=environment(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def files_alone(desk: Shelf) -> list[str]:
    """Return the options that plan a desk's files against its account and ask no cluster."""
    return [
        *("--provider", desk.cloud.name, "--endpoint-url", desk.cloud.url),
        *("--cluster-name", IDENTITY.cluster_name, "--cluster-uid", IDENTITY.cluster_uid),
        *("--no-cluster", "-f", str(desk.file)),
    ]


def in_process(desk: Shelf, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the product on a desk's account."""
    return provisioner(*arguments, env=desk.cloud.environment)
