"""A call that the cloud carries out and never answers is neither forgotten nor made twice."""

from __future__ import annotations

import pytest

from tests.contract.provider.desk import Desk, calls_of, failures
from tests.faults.scenarios import SCENARIOS, begin, inventory, of_every_cloud

pytestmark = pytest.mark.slow


@of_every_cloud(repeats=False)
def test_an_answer_that_is_lost(desk: Desk, name: str) -> None:
    """A call that was carried out but never answered is found out about, not made twice."""
    begin(desk, SCENARIOS[name])
    announced = calls_of(desk.converge())
    expected = inventory(desk)

    for operation, count in sorted(announced.items()):
        for skip in range(count):
            begin(desk, SCENARIOS[name])
            desk.cloud.lose_response(operation, skip=skip)
            first = desk.apply()
            assert bool(failures(first)) is not desk.cloud.sends_again, (operation, skip)

            desk.restart()
            assert failures(desk.apply()) == [], (operation, skip)
            desk.assert_at_rest()
            assert inventory(desk) == expected, (operation, skip)
    desk.clear_out()
