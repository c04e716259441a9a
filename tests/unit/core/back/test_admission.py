"""Promises of admission: limits gate growth and freeze nobody."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.core.admission import Demand, Refusal, admission_order, refusals
from provisioner.core.headroom import tally
from provisioner.model.expression import Cost
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.resource import ObservedResource, Resource

RULES = "rules-per-application-load-balancer"
A, B, C = Key("shop", "a"), Key("shop", "b"), Key("shop", "c")


def limit(value: int) -> Limits:
    return Limits(
        by_name={
            RULES: Limit(
                name=RULES,
                value=value,
                source=LimitSource.ACCOUNT,
                adjustable=True,
                label="rules",
            )
        }
    )


def costs(_resource: Resource | ObservedResource) -> tuple[Cost, ...]:
    return (Cost(limit=RULES, subject="load balancer edge", units=1),)


def rules(owner: Key, count: int) -> list[Resource]:
    return [
        Resource(kind="ListenerRule", address=f"{owner}:{n}", group="edge", ingresses=(owner,))
        for n in range(count)
    ]


def existing(owner: Key, count: int) -> list[ObservedResource]:
    return [
        ObservedResource(
            kind="ListenerRule", address=f"{owner}:{n}", group="edge", ingresses=(owner,)
        )
        for n in range(count)
    ]


def refused(
    desired: Sequence[Resource], observed: Sequence[ObservedResource], *, room: int
) -> tuple[Refusal, ...]:
    programmed = frozenset(r.ingresses[0] for r in observed)
    demand = Demand(
        order=admission_order((A, B, C), programmed),
        desired=desired,
        observed=observed,
        foreign={},
        advice={},
    )
    return refusals(demand, costs, limit(room))


def test_the_one_that_does_not_fit_is_refused_with_the_sum() -> None:
    """60 + 40 + 1 rules on a load balancer of 100 (LBC#4373)."""
    desired = rules(A, 60) + rules(B, 40) + rules(C, 1)

    (only,) = refused(desired, existing(A, 60) + existing(B, 40), room=100)

    assert only.ingress == C
    assert "101 of 100 rules: 60 (shop/a) + 40 (shop/b) + 1 (shop/c)" in only.diagnostic.message
    assert RULES in only.diagnostic.hint
    assert only.diagnostic.blocking


def test_an_account_with_a_higher_limit_refuses_nobody() -> None:
    """The account's number counts, not the documented one."""
    assert refused(rules(A, 60) + rules(B, 40) + rules(C, 1), [], room=200) == ()


def test_members_that_are_programmed_keep_their_place() -> None:
    """An older member that comes late does not push out one that serves."""
    (only,) = refused(rules(A, 1) + rules(C, 3), existing(C, 3), room=3)

    assert only.ingress == A


@pytest.mark.parametrize(("before", "after"), [(120, 110), (120, 120), (5, 0)])
def test_lowering_usage_is_never_refused(before: int, after: int) -> None:
    """What is over a limit already may shrink and may stay (LBC#3560: it could not be deleted)."""
    assert refused(rules(A, after), existing(A, before), room=100) == ()


def test_growth_of_a_programmed_member_is_refused_but_not_its_neighbours() -> None:
    """Everyone else's changes go on."""
    desired = rules(A, 8) + rules(B, 3)

    (only,) = refused(desired, existing(A, 5) + existing(B, 5), room=10)

    assert only.ingress == A


def test_room_that_others_free_is_used() -> None:
    """A deletion and an addition in one plan: what is freed counts."""
    assert refused(rules(B, 5) + rules(C, 5), existing(A, 5) + existing(B, 5), room=10) == ()


@given(
    counts=st.tuples(*[st.tuples(st.integers(0, 8), st.integers(0, 8))] * 3),
    room=st.integers(0, 20),
)
def test_what_is_admitted_fits_or_does_not_grow(
    counts: tuple[tuple[int, int], ...], room: int
) -> None:
    """After refusing, the load balancer is within its limit, or no fuller than it was."""
    members = dict(zip((A, B, C), counts, strict=True))
    desired = [r for key, (_, want) in members.items() for r in rules(key, want)]
    observed = [r for key, (have, _) in members.items() for r in existing(key, have)]

    out = {refusal.ingress for refusal in refused(desired, observed, room=room)}

    result = sum(have if key in out else want for key, (have, want) in members.items())
    place = (RULES, "load balancer edge")
    assert result <= max(room, tally(observed, costs)[place])
    assert all(members[key][1] > members[key][0] for key in out)
