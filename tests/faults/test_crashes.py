"""Killed after any single call, the next run converges: nothing orphaned, nothing duplicated."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

import pytest

from tests.contract.provider.commands import command, environment, files_alone
from tests.contract.provider.desk import Desk, Killed, calls_of, failures
from tests.contract.provider.under_test import Pace
from tests.faults.scenarios import SCENARIOS, begin, inventory, of_every_cloud

pytestmark = pytest.mark.slow


def uninterrupted(desk: Desk, name: str) -> tuple[int, dict[str, int]]:
    """Return how many calls a change takes in peace, and what is in the account then."""
    begin(desk, SCENARIOS[name])
    plan = desk.converge()
    return calls_of(plan).total(), inventory(desk)


def dark(before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the rules that reached a healthy target before and reach none now."""
    return [rule for rule, targets in before.items() if targets and now.get(rule) == []]


@of_every_cloud()
def test_a_process_that_dies_after_any_call(desk: Desk, name: str) -> None:
    """Whichever call is a process' last, no rule is left dark and the next process finishes."""
    calls, expected = uninterrupted(desk, name)

    begin(desk, SCENARIOS[name])
    serving = desk.cloud.healthy_targets("shop/web")  # the same at every beginning

    for last in range(1, calls + 1):
        begin(desk, SCENARIOS[name])
        with pytest.raises(Killed):
            desk.apply(dies_after=last)
        assert dark(serving, desk.cloud.healthy_targets("shop/web")) == [], last

        desk.restart()
        assert failures(desk.apply()) == [], last
        desk.assert_at_rest()
        assert inventory(desk) == expected, last
    desk.clear_out()


def test_a_command_that_is_killed_after_a_call(desk: Desk) -> None:
    """``provisioner apply`` killed by the system in a first deployment is no other case.

    Every call is some process' last in the test above; here it is the first one, the last one and
    a few between, because starting a process takes longer than all that it does.
    """
    calls, expected = uninterrupted(desk, "fresh")
    assert calls > 5

    for last in sorted({1, 2, calls // 2, calls - 1, calls}):
        begin(desk, SCENARIOS["fresh"])
        desk.cloud.slow(Pace())
        process = subprocess.Popen(
            command("apply", "--yes", *files_alone(desk)),
            env=environment(desk.cloud.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        desk.cloud.kill_after(last, process.kill)
        assert process.wait(timeout=60) == -9, last

        desk.restart()
        assert failures(desk.apply()) == [], last
        desk.assert_at_rest()
        assert inventory(desk) == expected, last
    desk.clear_out()
