"""Promises about steps that failed, and about what load balancers share being narrowed last."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from provisioner.engine.applying import Outcome, Progress, Status
from provisioner.model.change import Action, Step
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED
from provisioner.operator.retries import Retries, postponed_shared

GROUP = "shop/web"


class Time:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def a_step(name: str, *after: str, action: Action = Action.CREATE, group: str = GROUP) -> Step:
    return Step(id=name, action=action, kind="Thing", address=name, group=group, after=after)


def a_plan(*steps: Step) -> Plan:
    def part(group: str) -> LoadBalancerPlan:
        own = tuple(step for step in steps if step.group == group)
        return LoadBalancerPlan(group=group, digest="", applyable=True, steps=own)

    return Plan(
        provider="aws",
        cluster_name="c",
        digest="",
        applyable=True,
        load_balancers=(part(GROUP),),
        shared=part(SHARED),
    )


def an_outcome(**statuses: Status) -> Outcome:
    results: Mapping[str, Progress] = {
        name: Progress(step=a_step(name), status=status) for name, status in statuses.items()
    }
    return Outcome(results=results, outputs=MappingProxyType({}))


def names(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps]


def test_a_failed_step_is_held_back_with_what_needs_it_and_nothing_else() -> None:
    """The rest of the load balancer goes on at its own pace."""
    retries, plan = (
        Retries(Time()),
        a_plan(a_step("a"), a_step("b", "a"), a_step("c", "b"), a_step("d")),
    )

    retries.note(GROUP, an_outcome(a=Status.FAILED))

    assert names(retries.hold_back(GROUP, plan)) == ["d"]
    assert names(retries.hold_back("another", plan)) == ["a", "b", "c", "d"]


def test_pauses_double_up_to_a_longest_and_success_ends_them() -> None:
    """1, 2, 4, then 5 seconds at the most; other steps that are done change nothing."""
    time = Time()
    retries, plan = Retries(time, first=1.0, longest=5.0), a_plan(a_step("a"))

    pauses = []
    for _ in range(5):
        retries.note(GROUP, an_outcome(a=Status.FAILED))
        pauses.append(retries.pause(GROUP, plan))
        retries.note(GROUP, an_outcome(d=Status.DONE))
        assert names(retries.hold_back(GROUP, plan)) == []
        time.at += pauses[-1] or 0
        assert names(retries.hold_back(GROUP, plan)) == ["a"]
    retries.note(GROUP, an_outcome(a=Status.DONE))

    assert pauses == [1, 2, 4, 5, 5]
    assert retries.pause(GROUP, plan) is None


def test_a_step_that_is_not_wanted_any_more_calls_nobody_back() -> None:
    """The Ingress was repaired: what failed before is not in the plan."""
    retries = Retries(Time())
    retries.note(GROUP, an_outcome(a=Status.FAILED))

    assert retries.pause(GROUP, a_plan(a_step("d"))) is None


def test_a_step_that_is_due_but_held_up_by_another_does_not_call_back_at_once() -> None:
    """Else a controller would plan without a pause until the other one is due."""
    time = Time()
    retries, plan = Retries(time), a_plan(a_step("a"), a_step("b", "a"))
    retries.note(GROUP, an_outcome(b=Status.FAILED))
    time.at = 10.0
    retries.note(GROUP, an_outcome(a=Status.FAILED))

    assert names(retries.hold_back(GROUP, plan)) == []
    assert retries.pause(GROUP, plan) == 1.0


def test_news_let_everything_be_tried_at_once() -> None:
    """A person has changed something, perhaps to repair it."""
    retries, plan = Retries(Time()), a_plan(a_step("a"))
    retries.note(GROUP, an_outcome(a=Status.FAILED))

    retries.forget(GROUP)

    assert names(retries.hold_back(GROUP, plan)) == ["a"]


def _close(name: str, *after: str) -> Step:
    return a_step(name, *after, action=Action.DELETE, group=SHARED)


def _open(name: str, *after: str) -> Step:
    return a_step(name, *after, group=SHARED)


@pytest.mark.parametrize(
    ("steps", "postponed"),
    [
        pytest.param([_close("old")], set(), id="nobody-is-busy"),
        pytest.param([a_step("rule"), _close("old")], {"old"}, id="a-switch-is-under-way"),
        pytest.param([a_step("rule"), _open("new")], set(), id="opening-never-waits"),
        pytest.param([_open("new"), _close("old")], {"old"}, id="open-before-close"),
        pytest.param(
            [a_step("lb", action=Action.DELETE), _close("sg", "lb"), _close("more", "sg")],
            {"sg", "more"},
            id="with-what-follows",
        ),
        pytest.param(
            [a_step("lb", action=Action.NOOP), _close("old")], set(), id="no-ops-are-not-busy"
        ),
    ],
)
def test_what_is_shared_is_narrowed_last(steps: list[Step], postponed: set[str]) -> None:
    """An old target group may serve on a port that nobody wants any more."""
    assert postponed_shared(a_plan(*steps)) == postponed
