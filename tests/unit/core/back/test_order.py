"""Promises of the order: references hold at every moment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.core.order import CyclicOrderError, ordered
from provisioner.model.change import Action, Call, FieldChange, Step
from provisioner.model.resource import NO_SPEC, PlainInput, Ref, freeze


def step(
    address: str,
    action: Action,
    *,
    before: Mapping[str, PlainInput] | None = None,
    after: Mapping[str, PlainInput] | None = None,
    calls: int = 1,
    follows: tuple[str, ...] = (),
) -> Step:
    paths = sorted({*(before or {}), *(after or {})})
    call = Call(service="elbv2", operation="Do", parameters=NO_SPEC, address=address)
    return Step(
        id=address,
        action=action,
        kind="Thing",
        address=address,
        group="shop/web",
        fields=tuple(
            FieldChange(
                path=path,
                before=freeze((before or {}).get(path)),
                after=freeze((after or {}).get(path)),
            )
            for path in paths
        ),
        calls=(call,) * calls,
        after=follows,
    )


def ref(address: str) -> Ref:
    return Ref(address, "Arn")


def order_of(*steps: Step) -> list[str]:
    return [s.id for s in ordered(steps)]


def test_a_resource_is_created_after_what_it_refers_to() -> None:
    """A rule needs its listener, a listener its load balancer."""
    rule = step("rule", Action.CREATE, after={"ListenerArn": ref("listener")})
    listener = step("listener", Action.CREATE, after={"LoadBalancerArn": ref("lb")})
    balancer = step("lb", Action.CREATE, after={"Name": "a"})

    assert order_of(rule, listener, balancer) == ["lb", "listener", "rule"]


def test_a_resource_is_deleted_after_its_last_user_let_go() -> None:
    """A target group goes only when no rule names it: deleted or pointed elsewhere."""
    group = step("old", Action.DELETE, before={"Name": "x"})
    rule = step(
        "rule", Action.UPDATE, before={"Actions": [ref("old")]}, after={"Actions": [ref("new")]}
    )
    gone = step("other-rule", Action.DELETE, before={"Actions": [ref("old")]})
    new = step("new", Action.CREATE, after={"Name": "y"})

    result = {s.id: s.after for s in ordered([group, rule, gone, new])}

    assert result["old"] == ("other-rule", "rule")
    assert result["rule"] == ("new",)


def test_what_goes_with_its_parent_goes_after_the_parents_call() -> None:
    """Deleting a load balancer deletes its rules; their target groups go after that call."""
    balancer = step("lb", Action.DELETE, before={"Name": "a"})
    listener = step("listener", Action.DELETE, before={"LoadBalancerArn": ref("lb")}, calls=0)
    rule = step(
        "rule",
        Action.DELETE,
        before={"ListenerArn": ref("listener"), "Actions": [ref("tg")]},
        calls=0,
    )
    group = step("tg", Action.DELETE, before={"Name": "b"})

    assert order_of(group, rule, listener, balancer) == ["lb", "listener", "rule", "tg"]


def test_order_that_only_the_provider_knows_is_kept() -> None:
    """No reference says that rules are created before others are deleted."""
    delete = step("a", Action.DELETE, before={"Priority": 1}, follows=("b",))
    create = step("b", Action.CREATE, after={"Priority": 2})

    assert order_of(delete, create) == ["b", "a"]


def test_independent_steps_keep_their_given_order() -> None:
    """Equal input gives an equal plan, byte for byte."""
    names = ["d", "a", "c", "b"]

    assert order_of(*(step(name, Action.CREATE, after={}) for name in names)) == names


def test_edges_to_steps_that_do_not_exist_are_dropped() -> None:
    """What already exists needs no step and holds nothing up."""
    (only,) = ordered([step("a", Action.CREATE, after={"X": ref("there")}, follows=("gone",))])

    assert only.after == ()


def test_steps_that_wait_for_each_other_are_a_bug_that_is_named() -> None:
    """Better no plan than one that would hang."""
    one = step("a", Action.CREATE, after={"X": ref("b")})
    two = step("b", Action.CREATE, after={"X": ref("a")})

    with pytest.raises(CyclicOrderError, match="a, b"):
        ordered([one, two])
