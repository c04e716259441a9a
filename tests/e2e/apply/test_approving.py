"""``apply --approve`` as people type it: what needs a yes is shown, and done only with one."""

from __future__ import annotations

import json
import re
import subprocess
from typing import cast

import pytest

from provisioner.model.resource import Json
from tests.contract.provider.commands import files_alone, provisioner
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import ingress

pytestmark = pytest.mark.slow

ROUTE = "http://shop.example.com/cart"


class Typist:
    """Types commands about one desk, with short times."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        files = files_alone(self._desk)
        return provisioner(command, *arguments, *files, env=self._desk.cloud.environment)

    def approval(self, *arguments: str) -> dict[str, Json]:
        """What the JSON plan says of an approval."""
        done = self.run("plan", "-o", "json", *arguments)
        assert done.returncode == 0, done.stderr
        (part,) = json.loads(done.stdout)["loadBalancers"]
        return cast("dict[str, Json]", part["approval"])

    def balancers(self) -> set[str]:
        """Generations of the load balancer that limits are counted for, "" being the first."""
        done = self.run("limits", "-o", "json")
        assert done.returncode == 0, done.stderr
        (part,) = json.loads(done.stdout)["loadBalancers"]
        found = {limit["subject"] for limit in part["limits"]}
        first = self._desk.cloud.words.counted.format(group="shop/web")
        return {subject.removeprefix(first) for subject in found if subject.startswith(first)}


@pytest.fixture
def typist(desk: Desk) -> Typist:
    """An internal load balancer exists; the files want an internet-facing one."""
    typing = Typist(desk)
    desk.put(ingress("web", annotations={"scheme": "internal"}))
    done = typing.run("apply", "--yes")
    assert done.returncode == 0, done.stderr
    desk.put(ingress("web"))
    desk.cloud.forget_calls()
    return typing


def test_a_scheme_changes_by_two_commands(typist: Typist, desk: Desk) -> None:
    """Build with the first yes, delete with the second; between them both are accounted for."""
    assert typist.approval()["needed"] is True

    built = typist.run("apply", "--approve", "--yes")

    assert built.returncode == 0, built.stderr
    assert re.search("Approved: the load balancer is [a-z-]*internal", built.stdout)
    assert typist.balancers() == {"", " (2)"}
    routed = typist.run("route", ROUTE)
    assert routed.returncode == 0, routed.stderr
    soon = ("--drain-dns-seconds", "0")
    assert typist.approval() is None
    assert typist.approval(*soon)["needed"] is True

    deleted = typist.run("apply", "--approve=shop/web", "--yes", *soon)

    assert deleted.returncode == 0, deleted.stderr
    assert typist.balancers() == {" (2)"}
    assert typist.approval(*soon) is None
    desk.clear_out()


def test_without_an_approval_nothing_is_built(typist: Typist, desk: Desk) -> None:
    """The plan says what it would take, in every format."""
    done = typist.run("apply", "--yes")

    assert done.returncode == 0, done.stderr
    assert not desk.cloud.mutating()
    assert "Needs an approval" in done.stdout
    assert done.stdout.rstrip().endswith("No changes without an approval.")
    for form in ("markdown", "html"):
        assert "Needs an approval" in typist.run("plan", "-o", form).stdout
    desk.clear_out()


@pytest.mark.parametrize("group", ["shop/other", ""])
def test_an_approval_of_nothing_is_an_error(desk: Desk, group: str) -> None:
    """Who misspells a group, or approves what nobody asks, hears of it."""
    desk.put(ingress("web"))
    word = f"--approve={group}" if group else "--approve"

    done = Typist(desk).run("apply", word, "--yes")

    assert done.returncode == 1
    assert "needs an approval" in done.stderr
    assert not desk.cloud.mutating()


def test_an_approval_needs_a_terminal_or_a_yes(typist: Typist, desk: Desk) -> None:
    """--approve says what may be in the plan, --yes that the shown plan is right."""
    done = typist.run("apply", "--approve")

    assert done.returncode == 1
    assert "--yes" in done.stderr
    assert not desk.cloud.mutating()
    desk.clear_out()
