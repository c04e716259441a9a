"""Limits are a gate for growth: who does not fit is told by name, everybody else goes on."""

from __future__ import annotations

from tests.contract.provider.desk import Desk, calls_of, failures
from tests.contract.provider.manifests import Document, Route, ingress
from tests.contract.provider.under_test import CloudUnderTest

LIMIT = 100


def many(name: str, count: int, *, first: int = 0) -> Document:
    """Return a member of the group ``edge`` with so many paths under a host of its own."""
    routes = [Route(host=f"{name}.example.com", path=f"/p{n}") for n in range(first, first + count)]
    return ingress(name, *(as_exact(route) for route in routes), group="edge")


def as_exact(route: Route) -> Route:
    """Return a route that needs one rule and nothing else."""
    return Route(host=route.host, path=route.path, path_type="Exact")


def full_house(desk: Desk) -> None:
    """Apply two members that take every rule there is: 60 and 40."""
    desk.put(many("first", 60), many("second", 40))
    assert failures(desk.apply()) == []


def test_one_rule_too_many(desk: Desk) -> None:
    """Of 60 + 40 + 1 rules the last one's Ingress is refused with the sum, and costs no call."""
    desk.cloud.limit_rules(LIMIT)
    full_house(desk)
    desk.put(many("third", 1))

    plan = desk.plan()

    (refusal,) = [d for d in plan.diagnostics if d.severity.value == "error"]
    assert str(refusal.ingress) == "shop/third"
    assert "60 (shop/first) + 40 (shop/second) + 1 (shop/third)" in refusal.message
    assert desk.cloud.rule_limit in refusal.message
    assert refusal.hint
    assert calls_of(plan).total() == 0


def test_everybody_else_goes_on(desk: Desk) -> None:
    """While one member is refused, edits and deletions of the others are applied."""
    desk.cloud.limit_rules(LIMIT)
    full_house(desk)
    desk.put(many("first", 61, first=1), many("second", 39), many("third", 1))

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


def test_a_change_that_does_not_fit_beside_the_old_one(desk: Desk) -> None:
    """A full load balancer can still swap a path for another: within the limit at every moment."""
    desk.cloud.limit_rules(LIMIT)
    full_house(desk)
    desk.put(many("first", 60, first=1))

    plan = desk.converge()

    assert [d.code for d in plan.diagnostics if d.blocking] == []


def test_who_is_refused_keeps_what_it_has(desk: Desk) -> None:
    """A member that outgrows the limit keeps the rules it has and is told; nothing is deleted."""
    desk.cloud.limit_rules(LIMIT)
    full_house(desk)
    before = desk.cloud.addresses()
    desk.put(many("second", 41))

    plan = desk.plan()
    desk.cloud.forget_calls()
    assert failures(desk.apply(plan)) == []

    assert [str(d.ingress) for d in plan.diagnostics if d.blocking] == ["shop/second"]
    assert desk.cloud.addresses() == before
    assert calls_of(plan).total() == 0


def test_an_account_with_room(desk: Desk) -> None:
    """Where the account's limit is 200, the same three members all fit."""
    desk.cloud.limit_rules(200)
    desk.put(many("first", 60), many("second", 40), many("third", 1))

    plan = desk.converge()

    assert [d for d in plan.diagnostics if d.severity.value == "error"] == []
    assert _rules(desk.cloud) == 101


def _rules(cloud: CloudUnderTest) -> int:
    return len(cloud.leftovers()["rules"])
