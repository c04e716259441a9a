"""Replacing a load balancer: two approvals, two load balancers, and a crash anywhere between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import pytest

from provisioner.model.plan import LoadBalancerPlan
from tests.contract.provider.desk import Desk, Killed, calls_of, changes_of, failures
from tests.contract.provider.manifests import Route, ingress
from tests.faults.scenarios import SLOW

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("running", ["aws", "gcp"], indirect=True),
]

ROUTES = (Route(), Route(path="/cart"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What tells a cloud's two load balancers, and what both count towards.

    ``kind`` is what clients reach a load balancer by; ``total`` a limit of the account of which
    each takes one; ``each`` what each takes of the limit on rules, whose name begins with
    ``rules``. ``room`` is a quota of load balancers that has room for the first alone: on Google
    each kind has a quota of its own.
    """

    kind: str
    first: str
    total: str
    rules: str
    each: Mapping[str, int]
    room: int

    @property
    def second(self) -> str:
        """The address of the load balancer that replaces the first."""
        return f"{self.first}@2"


SHAPES = MappingProxyType(
    {
        "aws": Shape(
            kind="LoadBalancer",
            first="aws:load-balancer/shop/web",
            total="application-load-balancers",
            rules="rules-per",
            each={"load balancer shop/web": 2, "load balancer shop/web (2)": 2},
            room=1,
        ),
        "gcp": Shape(
            kind="ForwardingRule",
            first="gcp:forwarding-rule/shop/web/80",
            total="URL_MAPS",
            rules="host-rules-per",
            each={"URL map shop/web/main": 1, "URL map shop/web/main (2)": 1},
            room=0,
        ),
    }
)


def shape(desk: Desk) -> Shape:
    """The shape of the cloud under test."""
    return SHAPES[desk.cloud.name]


def part_of(desk: Desk) -> LoadBalancerPlan:
    """The only load balancer's part of the plan."""
    (part,) = desk.plan().load_balancers
    return part


def asked(desk: Desk) -> LoadBalancerPlan:
    """An internal load balancer that serves, and the wish for an internet-facing one."""
    desk.cloud.reset()
    desk.cloud.slow(SLOW)
    desk.restart()
    desk.approved = frozenset()
    desk.settings = replace(desk.settings, drain_dns_seconds=3600.0)
    desk.documents = {k: v for k, v in desk.documents.items() if not k.startswith("Ingress ")}
    desk.put(ingress("web", *ROUTES, annotations={"scheme": "internal"}))
    assert failures(desk.apply()) == []
    desk.cloud.clock.sleep(120)
    desk.put(ingress("web", *ROUTES))
    return part_of(desk)


def approve(desk: Desk) -> None:
    """Approve what the plan asks for."""
    approval = part_of(desk).approval
    assert approval is not None
    assert approval.needed
    desk.approved |= {approval.digest}
    desk.cloud.forget_calls()


def approved(desk: Desk) -> None:
    """The replacement is approved and not begun."""
    asked(desk)
    approve(desk)


def replaced(desk: Desk) -> None:
    """Both load balancers serve, and the deletion of the old one is approved."""
    approved(desk)
    assert failures(desk.apply()) == []
    desk.cloud.clock.sleep(120)
    desk.settings = replace(desk.settings, drain_dns_seconds=0.0)
    approve(desk)


def balancers(desk: Desk) -> list[str]:
    """Which load balancers the plan wants."""
    return [r.address for r in part_of(desk).resources if r.kind == shape(desk).kind]


def inventory(desk: Desk) -> dict[str, int]:
    """How many things of each kind are in the account, marked or not."""
    return {kind: len(names) for kind, names in desk.cloud.leftovers().items()}


def test_every_stage_waits_for_its_approval_and_is_at_rest_meanwhile(desk: Desk) -> None:
    """A plan without an approval changes nothing; with one it does what it says, to the end."""
    part = asked(desk)
    first, second = shape(desk).first, shape(desk).second
    assert not part.changes
    assert balancers(desk) == [first]

    approve(desk)
    desk.converge()
    part = part_of(desk)
    assert balancers(desk) == [first, second]
    assert part.approval is None
    assert part.succession is not None
    assert part.succession.complete
    assert part.succession.due_seconds is not None

    desk.settings = replace(desk.settings, drain_dns_seconds=0.0)
    desk.cloud.clock.sleep(120)
    assert not changes_of(desk.plan())
    approve(desk)
    desk.converge()
    assert balancers(desk) == [second]
    assert part_of(desk).approval is None
    desk.clear_out()


def test_both_load_balancers_count_towards_the_limits_of_the_account(desk: Desk) -> None:
    """A plan says that for a while there are two, before anybody approves the second's end."""
    approved(desk)

    plan = desk.plan()

    counted = {u.limit.name: (u.used, u.peak) for u in plan.shared.usages}
    assert counted[shape(desk).total] == (2, 2)
    own = plan.load_balancers[0].usages
    rules = {u.subject: u.used for u in own if u.limit.name.startswith(shape(desk).rules)}
    assert rules == shape(desk).each


def test_without_room_for_a_second_load_balancer_the_first_serves_on(desk: Desk) -> None:
    """A limit of the account holds the replacement up, and nobody who is served."""
    approved(desk)
    desk.cloud.limit_load_balancers(shape(desk).room)

    plan = desk.plan()

    assert not changes_of(plan)
    assert [d.code for d in plan.diagnostics if d.code.startswith("REPLACEMENT")] == [
        "REPLACEMENT-WAITS"
    ]
    assert not any(d.blocking for d in plan.diagnostics)
    assert part_of(desk).quarantined == ()


@pytest.mark.parametrize("stage", [approved, replaced])
def test_a_process_that_dies_after_any_call(desk: Desk, stage: Callable[[Desk], None]) -> None:
    """Whichever call is a process' last, the next one finishes the stage it was in."""
    stage(desk)
    calls = calls_of(desk.plan()).total()
    desk.converge()
    expected = inventory(desk)
    assert calls > 1

    for last in range(1, calls + 1):
        stage(desk)
        with pytest.raises(Killed):
            desk.apply(dies_after=last)
        desk.restart()
        assert failures(desk.apply()) == [], last
        desk.assert_at_rest()
        assert inventory(desk) == expected, last


@pytest.mark.parametrize("calls", [1, 3, 6])
def test_a_change_of_mind_half_way_leaves_one_load_balancer_or_two_that_serve(
    desk: Desk, calls: int
) -> None:
    """The wish taken back before the second exists leaves nothing of it; later, both stay."""
    approved(desk)
    with pytest.raises(Killed):
        desk.apply(dies_after=calls)
    desk.restart()
    desk.put(ingress("web", *ROUTES, annotations={"scheme": "internal"}))

    assert failures(desk.apply()) == []

    desk.assert_at_rest()
    first, second = shape(desk).first, shape(desk).second
    assert balancers(desk) in ([first], [first, second])
    desk.clear_out()


def test_an_ingress_that_goes_takes_both_load_balancers_with_it(desk: Desk) -> None:
    """Deleting the Ingress needs no approval, whatever was under way."""
    approved(desk)
    assert failures(desk.apply()) == []

    desk.clear_out()
