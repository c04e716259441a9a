"""Promises of the process: killed anywhere it leaves nothing behind, told to stop it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import Stage, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


def actor_command(stage: Stage) -> list[str]:
    """Return the command for a controller with short times."""
    where = [str(stage.kubeconfig), stage.cloud.url, stage.account.login.region]
    return [sys.executable, "-m", "tests.e2e.controller.actor", *where]


def product_command(stage: Stage) -> list[str]:
    """Return the command that users run."""
    command = [sys.executable, "-m", "provisioner.cli", "run", "--cluster-name", "demo"]
    command += ["--kubeconfig", str(stage.kubeconfig), "--provider", "aws"]
    command += ["--endpoint-url", stage.cloud.url, "--region", stage.account.login.region]
    return [*command, "--health-host", "127.0.0.1", "--health-port", "0"]


@contextmanager
def a_process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a controller in a process of its own."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(os.environ), stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("calls", [1, 4, 8])
def test_killed_after_a_call_the_next_one_neither_doubles_nor_orphans(
    stage: Stage, tmp_path: Path, calls: int
) -> None:
    """The last answer is lost with the process; the next one finds what exists by its marks."""
    stage.serve("web")
    stage.apply(an_ingress())
    with a_process(actor_command(stage), tmp_path / "log") as actor:
        stage.cloud.faults.kill_after(calls, actor.kill)
        until("it was killed", lambda: actor.poll() is not None)
    assert actor.returncode == -signal.SIGKILL

    with stage.controller("actor") as troupe:
        stage.until_settled(troupe)
        assert {kind: len(names) for kind, names in stage.left().items()} == {
            "load-balancers": 1,
            "listeners": 1,
            "rules": 1,
            "target-groups": 1,
            "security-groups": 2,
            "node-security-group-rules": 1,
            "network-interfaces": 2,
        }
        assert stage.targets_of("web") == stage.ready("web")
        stage.cluster.delete("Ingress", "web", "shop")
        until("the account is empty", lambda: not stage.left() and not stage.ingress())


def test_killed_while_deleting_the_next_one_finishes(stage: Stage, tmp_path: Path) -> None:
    """The finalizer holds the Ingress until everything of it is gone."""
    stage.serve("web")
    with stage.controller("actor") as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
    stage.cluster.delete("Ingress", "web", "shop")
    with a_process(actor_command(stage), tmp_path / "log") as actor:
        stage.cloud.faults.kill_after(1, actor.kill)
        until("it was killed", lambda: actor.poll() is not None)
    assert stage.ingress()

    with stage.controller("actor"):
        until("the Ingress is gone", lambda: not stage.ingress())
        until("the account is empty", lambda: not stage.left())


def test_sigterm_ends_it_soon_with_the_lease_given_up(stage: Stage, tmp_path: Path) -> None:
    """Exit code 0, nobody holds the Lease, no traceback."""
    stage.serve("web")
    with a_process(product_command(stage), tmp_path / "log") as process:
        stage.apply(an_ingress())
        until("it serves", stage.hostnames)
        began = time.monotonic()
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 8

    lease = stage.cluster.get("Lease", "ingress-provisioner", "kube-system")
    assert lease is not None
    assert text(lease, "spec", "holderIdentity") == ""
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_watch_that_ends_ends_the_process_with_an_error(stage: Stage, tmp_path: Path) -> None:
    """A controller that no longer hears must not stand still: exit code 1, the Lease given up."""
    stage.serve("web")
    with a_process(product_command(stage), tmp_path / "log") as process:
        stage.apply(an_ingress())
        until("it serves", stage.hostnames)
        stage.cluster.faults.fail_next(1000, kind="Service", verb="watch", status=401)
        stage.cluster.faults.fail_next(1000, kind="Service", verb="list", status=401)
        stage.cluster.faults.cut_watches("Service")
        assert process.wait(timeout=20) == 1
        stage.cluster.faults.clear()

    lease = stage.cluster.get("Lease", "ingress-provisioner", "kube-system")
    assert lease is not None
    assert text(lease, "spec", "holderIdentity") == ""
