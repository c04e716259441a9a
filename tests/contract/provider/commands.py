"""The command line, far from any configuration: in a process of its own, or quicker in this one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from provisioner.cli.main import run
from tests.contract.provider.desk import IDENTITY, Shelf

_FOREIGN = (
    "AWS_",
    "GOOGLE_",
    "CLOUDSDK_",
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
    """Run the product in this process, which saves its start, and return what it said."""
    said, complained = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        _environment(environment(env or {})),
        redirect_stdout(said),
        redirect_stderr(complained),
        Path(os.devnull).open(encoding="utf-8") as nothing,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", nothing)
        code = run(arguments)
    return subprocess.CompletedProcess(arguments, code, _text(said), _text(complained))


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Let just what differs be as wanted for a while: other threads are at work."""
    before = dict(os.environ)
    _become(wanted)
    try:
        yield
    finally:
        _become(before)


def _become(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update({k: v for k, v in wanted.items() if os.environ.get(k) != v})


def process(
    *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the product as its users do, in a process of its own, and return what it said."""
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
