"""Limits are a gate for growth: who does not fit is told by name, everybody else goes on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.contract.provider.desk import Desk, calls_of, failures
from tests.contract.provider.manifests import Document, Route, ingress


def many(name: str, count: int, *, first: int = 0) -> Document:
    """Return a member of the group ``edge`` with so many hosts of one path each."""
    numbers = range(first, first + count)
    routes = [Route(host=f"h{n}.{name}.example.com", path="/", path_type="Exact") for n in numbers]
    return ingress(name, *routes, group="edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A load balancer of two members that take all there is of what is limited: 60 % and 40 %."""

    desk: Desk
    first: int
    second: int


@pytest.fixture
def house(desk: Desk) -> House:
    """Apply the two members."""
    most = desk.cloud.rules_at_most
    made = House(desk=desk, first=most * 6 // 10, second=most * 4 // 10)
    desk.put(many("first", made.first), many("second", made.second))
    assert failures(desk.apply()) == []
    return made


def test_one_rule_too_many(house: House) -> None:
    """Of 60 + 40 + 1 rules the last one's Ingress is refused with the sum, and costs no call."""
    desk = house.desk
    desk.put(many("third", 1))

    plan = desk.plan()

    (refusal,) = [d for d in plan.diagnostics if d.severity.value == "error"]
    assert str(refusal.ingress) == "shop/third"
    sums = f"{house.first} (shop/first) + {house.second} (shop/second) + 1 (shop/third)"
    assert sums in refusal.message
    assert desk.cloud.rule_limit in refusal.message
    assert refusal.hint
    assert calls_of(plan).total() == 0


def test_everybody_else_goes_on(house: House) -> None:
    """While one member is refused, edits and deletions of the others are applied."""
    desk = house.desk
    desk.put(many("first", house.first + 1, first=1), many("second", house.second - 1))
    desk.put(many("third", 1))

    plan = desk.plan()
    desk.cloud.forget_calls()
    outcome = desk.apply(plan)

    (edge,) = plan.load_balancers
    calls = [call for step in edge.changes for call in step.calls]
    assert [str(d.ingress) for d in plan.diagnostics if d.blocking] == ["shop/third"]
    assert failures(outcome) == []
    assert desk.cloud.mutating() == calls_of(plan)
    assert calls
    assert not [call for call in calls if "third" in call.address]
    assert not [a for a in desk.cloud.addresses() if "third" in a]
    desk.assert_at_rest()


def test_a_change_that_does_not_fit_beside_the_old_one(house: House) -> None:
    """A full load balancer can still swap a rule for another: within the limit at every moment."""
    house.desk.put(many("first", house.first, first=1))

    plan = house.desk.converge()

    assert [d.code for d in plan.diagnostics if d.blocking] == []


def test_who_is_refused_keeps_what_it_has(house: House) -> None:
    """A member that outgrows the limit keeps the rules it has and is told; nothing is deleted."""
    desk = house.desk
    before = desk.cloud.addresses()
    desk.put(many("second", house.second + 1))

    plan = desk.plan()
    desk.cloud.forget_calls()
    assert failures(desk.apply(plan)) == []

    assert [str(d.ingress) for d in plan.diagnostics if d.blocking] == ["shop/second"]
    assert desk.cloud.addresses() == before
    assert calls_of(plan).total() == 0


@pytest.mark.parametrize("running", ["aws"], indirect=True)
def test_an_account_with_room(desk: Desk) -> None:
    """Where the account's limit is 200, the same three members all fit; Google's is nobody's."""
    desk.cloud.limit_rules(200)
    desk.put(many("first", 60), many("second", 40), many("third", 1))

    plan = desk.converge()

    assert [d for d in plan.diagnostics if d.severity.value == "error"] == []
    assert desk.cloud.rules() == 101
