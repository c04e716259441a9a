"""Throttles, reads that lag behind writes, and backends that never become healthy."""

from __future__ import annotations

import pytest

from tests.contract.provider.desk import Desk, calls_of, failures
from tests.contract.provider.manifests import Route, ingress
from tests.contract.provider.under_test import Pace
from tests.faults.scenarios import SCENARIOS, begin, of_every_cloud

pytestmark = pytest.mark.slow


@of_every_cloud()
def test_every_operation_is_throttled_once(desk: Desk, name: str) -> None:
    """A call that is refused as too fast is made again; nothing fails and nothing is made twice."""
    begin(desk, SCENARIOS[name])
    announced = calls_of(desk.converge())
    begin(desk, SCENARIOS[name])
    for operation in [*sorted(announced), *desk.cloud.reading_operations]:
        desk.cloud.throttle(operation)

    plan = desk.plan()
    desk.cloud.forget_calls()
    outcome = desk.apply(plan)

    assert failures(outcome) == []
    assert desk.cloud.mutating() == announced
    desk.assert_at_rest()


@of_every_cloud()
def test_reads_that_lag_behind_writes(desk: Desk, name: str) -> None:
    """With listings two seconds late an apply still ends well and leaves nothing to do."""
    begin(desk, SCENARIOS[name])
    desk.cloud.slow(Pace(lag=2, health=5, linger=10, draining=5))

    plan = desk.plan()
    desk.cloud.forget_calls()
    outcome = desk.apply(plan)

    assert failures(outcome) == []
    assert desk.cloud.mutating() == calls_of(plan)
    desk.cloud.clock.sleep(3)
    desk.assert_at_rest()


def test_a_new_backend_that_never_becomes_healthy(desk: Desk) -> None:
    """A switch to a backend without a healthy target is given up; the old one goes on serving."""
    desk.cloud.slow(Pace(health=10))
    desk.put(ingress("web", Route()))
    desk.converge()
    desk.cloud.clock.sleep(60)
    serving = desk.cloud.healthy_targets("shop/web")
    for machine in desk.cloud.machines:
        desk.cloud.sicken(machine)
    desk.put(ingress("web", Route(), mode="node-port"))

    outcome = desk.apply()

    assert failures(outcome) != []
    assert desk.cloud.healthy_targets("shop/web") == serving
    assert all(serving.values())


def test_the_same_switch_again_much_later(desk: Desk) -> None:
    """A deadline counts from this wait, not from one that the same step had an hour ago."""
    desk.cloud.slow(Pace(health=10))
    for mode in ("pod", "node-port", "pod", "node-port"):
        desk.put(ingress("web", Route(), mode=mode))
        desk.converge()
        desk.cloud.clock.sleep(3600)
