"""Promises of counting: the end, and the worst moment on the way."""

from __future__ import annotations

from provisioner.core.headroom import peak, tally, usages
from provisioner.model.change import Action, Call, Step
from provisioner.model.expression import Cost
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.resource import NO_SPEC, ObservedResource, Resource

PLACE = ("rules", "load balancer shop/web")
LIMITS = Limits(
    by_name={
        "rules": Limit(
            name="rules", value=100, source=LimitSource.DEFAULT, adjustable=True, label="rules"
        )
    }
)


def costs(_resource: Resource | ObservedResource) -> tuple[Cost, ...]:
    return (Cost(limit=PLACE[0], subject=PLACE[1], units=1),)


def wanted(*names: str) -> list[Resource]:
    return [
        Resource(kind="R", address=name, group="shop/web", ingresses=(Key("shop", "web"),))
        for name in names
    ]


def there(*names: str) -> list[ObservedResource]:
    return [ObservedResource(kind="R", address=name, group="shop/web") for name in names]


def step(name: str, action: Action, *after: str) -> Step:
    call = Call(service="s", operation="o", parameters=NO_SPEC, address=name)
    return Step(
        id=name, action=action, kind="R", address=name, group="shop/web", calls=(call,), after=after
    )


def test_the_peak_counts_what_is_created_before_anything_is_deleted() -> None:
    """Two rules replaced by two others exist four at a time unless the order forbids it."""
    steps = [
        step("new1", Action.CREATE),
        step("new2", Action.CREATE),
        step("old1", Action.DELETE, "new1"),
        step("old2", Action.DELETE, "new2"),
    ]

    worst = peak(
        desired=wanted("new1", "new2"), observed=there("old1", "old2"), steps=steps, costs=costs
    )

    assert worst[PLACE] == 4


def test_an_order_of_delete_then_create_keeps_the_peak_down() -> None:
    """At the limit, one place is freed before it is taken."""
    steps = [step("old", Action.DELETE), step("new", Action.CREATE, "old")]

    worst = peak(desired=wanted("new"), observed=there("old"), steps=steps, costs=costs)

    assert worst[PLACE] == 1


def test_usage_shows_end_peak_and_who_takes_how_much() -> None:
    """A reader of the plan sees the sum and its parts."""
    steps = [step("new", Action.CREATE), step("old", Action.DELETE, "new")]

    (usage,) = usages(
        desired=wanted("new"), observed=there("old"), steps=steps, costs=costs, limits=LIMITS
    )

    assert (usage.used, usage.peak, usage.headroom) == (1, 2, 98)
    assert usage.parts == (("shop/web", 1),)


def test_costs_without_a_limit_are_left_out() -> None:
    """A name that the account does not limit is nobody's business."""
    found = usages(
        desired=wanted("a"), observed=[], steps=[], costs=costs, limits=Limits(by_name={})
    )

    assert found == ()
    assert tally(wanted("a", "b"), costs)[PLACE] == 2
