"""What ``plan`` prints is exactly what ``apply`` calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.provider.desk import Desk, calls_of, changes_of
from tests.contract.provider.manifests import Route, ingress

CART = Route(path="/cart", service="web")


def edit_a_path(desk: Desk) -> None:
    """Serve one path more and another one elsewhere."""
    desk.put(ingress("web", Route(path="/basket"), Route(path="/new")))


def switch_mode(desk: Desk) -> None:
    """Reach pods through node ports."""
    desk.put(ingress("web", Route(), CART, mode="node-port"))


def replace_backend(desk: Desk) -> None:
    """Speak HTTPS to the pods, which a target group cannot learn."""
    desk.put(ingress("web", Route(), CART, annotations={"backend-protocol": "HTTPS"}))


def scale(desk: Desk) -> None:
    """Run five pods instead of two."""
    desk.scale("web", 5)


def shrink(desk: Desk) -> None:
    """Run one pod instead of two."""
    desk.scale("web", 1)


def add_member(desk: Desk) -> None:
    """Add a second Ingress, which gets a load balancer of its own."""
    desk.put(ingress("blog", Route(host="blog.example.com")))


def delete_all(desk: Desk) -> None:
    """Delete the only Ingress."""
    desk.drop("Ingress shop/web")


def drop_a_path(desk: Desk) -> None:
    """Serve one path less."""
    desk.put(ingress("web", Route()))


CHANGES = (
    edit_a_path,
    switch_mode,
    replace_backend,
    scale,
    shrink,
    add_member,
    delete_all,
    drop_a_path,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_apply_calls_what_plan_printed(desk: Desk, change: Callable[[Desk], None]) -> None:
    """The multiset of mutating calls of an apply is that of the plan's ``calls``; then it rests."""
    desk.put(ingress("web", Route(), CART))
    first = desk.converge()
    change(desk)

    plan = desk.converge()

    assert calls_of(first)
    assert changes_of(plan) != {}
    desk.clear_out()


def test_members_of_a_group_come_and_go_alone(desk: Desk) -> None:
    """Deleting one member of a shared load balancer changes nothing that is another's."""
    desk.put(ingress("web", Route(), group="edge"))
    desk.put(ingress("blog", Route(host="blog.example.com"), CART, group="edge"))
    desk.converge()
    serving = desk.cloud.healthy_targets("edge")
    kept = {a for a in desk.cloud.addresses() if "/shop/blog/" not in a}

    desk.drop("Ingress shop/blog")
    plan = desk.converge()

    changed = [step for step in plan.steps if step.id in changes_of(plan)]
    alone = [step for step in changed if step.kind not in desk.cloud.kinds_of_all]
    assert {str(key) for step in alone for key in step.ingresses} == {"shop/blog"}
    assert desk.cloud.healthy_targets("edge").items() <= serving.items()
    assert desk.cloud.addresses() <= kept
    desk.clear_out()
