"""A saved plan is carried out as it was shown, or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.contract.provider.commands import files_alone, in_process
from tests.contract.provider.desk import Desk, Killed
from tests.contract.provider.manifests import Route, ingress
from tests.contract.provider.under_test import ROOT


@pytest.fixture
def saved(desk: Desk) -> Path:
    """A plan, saved, of a path more on a load balancer that exists."""
    desk.put(ingress("web", Route()))
    desk.converge()
    desk.put(ingress("web", Route(), Route(path="/cart")))
    return save(desk)


def save(desk: Desk) -> Path:
    """Return a plan file of the desk's files."""
    path = desk.folder / "plan.json"
    done = in_process(desk, "plan", "--out", str(path), *files_alone(desk))
    assert done.returncode == 0, done.stderr
    return path


def apply(desk: Desk, path: Path) -> subprocess.CompletedProcess[str]:
    """Apply a saved plan."""
    desk.cloud.forget_calls()
    return in_process(desk, "apply", "--yes", str(path))


def test_a_saved_plan_is_carried_out(desk: Desk, saved: Path) -> None:
    """``apply plan.json`` does what was saved; then there is nothing to do."""
    done = apply(desk, saved)

    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.cloud.mutating().total() > 0
    desk.assert_at_rest()


def test_a_saved_plan_of_another_world(desk: Desk, saved: Path) -> None:
    """Something changed by hand since makes the plan stale; it is named, and nothing is done."""
    address = desk.cloud.spoil_by_hand()

    done = apply(desk, saved)

    assert done.returncode == 1
    assert address in done.stderr
    assert "moved on" in done.stderr
    assert desk.cloud.mutating().total() == 0


def test_a_saved_plan_of_other_files(desk: Desk, saved: Path) -> None:
    """A file changed since is named, and nothing is done."""
    desk.put(ingress("web", Route(), Route(path="/other")))

    done = apply(desk, saved)

    assert done.returncode == 1
    assert str(desk.file) in done.stderr
    assert desk.cloud.mutating().total() == 0


def test_a_saved_plan_goes_on_after_an_interruption(desk: Desk) -> None:
    """What a killed apply had done already does not make its plan stale."""
    desk.put(ingress("web", Route(), Route(path="/cart")))
    path = save(desk)
    for last in (1, 3, 2):
        with pytest.raises(Killed):
            desk.apply(dies_after=last)

    done = apply(desk, path)

    assert done.returncode == 0, done.stdout + done.stderr
    desk.assert_at_rest()


def test_a_plan_from_an_account_file_cannot_be_applied(desk: Desk, tmp_path: Path) -> None:
    """A plan that rests on an account file says so when somebody tries to apply it."""
    path = tmp_path / "plan.json"
    example = ROOT / "tests" / "data" / "examples" / min(desk.cloud.examples)
    done = in_process(
        desk,
        *("plan", "--provider", desk.cloud.name, "-f", str(example), "--out", str(path)),
        *("--account", str(desk.cloud.account_file)),
    )
    assert done.returncode == 0, done.stderr

    refused = apply(desk, path)

    assert refused.returncode == 1
    assert "account file" in refused.stderr
    assert desk.cloud.mutating().total() == 0


def test_applying_twice_does_nothing_the_second_time(desk: Desk, saved: Path) -> None:
    """A plan that was carried out already leaves nothing to do, and is no error."""
    assert apply(desk, saved).returncode == 0

    done = apply(desk, saved)

    assert done.returncode == 0, done.stderr
    assert desk.cloud.mutating().total() == 0
