"""What was deleted by hand is planned again, and nothing else is."""

from __future__ import annotations

import random

import pytest

from tests.contract.provider.desk import Desk, changes_of
from tests.contract.provider.manifests import Route, ingress

SEEDS = range(6)


def two_load_balancers(desk: Desk) -> None:
    """Apply a shared load balancer, one of its own with HTTPS, and both target modes."""
    desk.furnish("web", "cart")
    desk.put(ingress("web", Route(), Route(path="/cart", service="cart"), group="edge"))
    desk.put(ingress("blog", Route(host="blog.example.com"), group="edge", mode="node-port"))
    desk.put(ingress("own", Route(service="cart"), annotations=desk.cloud.https))
    desk.converge()


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_everything_is_deleted_by_hand(desk: Desk, seed: int) -> None:
    """A plan creates again exactly what is gone; applying it heals; then there is nothing to do."""
    two_load_balancers(desk)
    everything = {step.address for step in desk.plan().steps}
    marked = sorted(desk.cloud.addresses())
    chosen = random.Random(seed).sample(marked, len(marked) // 2)  # noqa: S311 - which half is no secret

    gone = desk.cloud.delete_by_hand(chosen)
    plan = desk.plan()

    expected = gone | {a for a in everything if desk.cloud.gone_with(a, gone)}
    created = {step.address for step in plan.steps if step.action.value in {"create", "replace"}}
    destroyed = [s.id for s in plan.steps if s.action.value == "delete"]
    assert gone
    assert created == expected
    assert destroyed == []
    desk.converge()
    desk.clear_out()


def test_one_rule_is_one_call(desk: Desk) -> None:
    """A rule that somebody deleted is one change, and one call."""
    two_load_balancers(desk)

    rule = desk.cloud.delete_a_rule_by_hand()
    plan = desk.converge()

    assert changes_of(plan) == {rule: desk.cloud.repairs_a_rule}
    assert sum(count for step in plan.steps for _, count in step.counts) == 1


def test_a_setting_changed_by_hand_is_set_back(desk: Desk) -> None:
    """A setting that somebody changed is one update of that field."""
    two_load_balancers(desk)

    address = desk.cloud.spoil_by_hand()
    plan = desk.converge()

    assert changes_of(plan) == {address: "update"}
