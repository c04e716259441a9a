"""Rules that move, and switches beside target groups of others: no two rules ever share a place."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.changes.steps import steps
from provisioner.core.order import ordered
from provisioner.model.change import Step, Wait
from provisioner.model.intent import FixedResponse
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, PlainInput, Ref, Resource, freeze_spec, to_json
from tests.unit.providers.aws.rules.building import (
    GROUP,
    LISTENER,
    OTHER,
    a_listener,
    a_path,
    changes,
    incumbent,
    seen,
    some_room,
)
from tests.unit.providers.aws.rules.small_alb import SmallAlb

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/theirs/0123456789abcdef"
OLD = addresses.target_group(GROUP, "shop/web/web:80/pod")
NEW = addresses.target_group(GROUP, "shop/web/web:80/node-port")
RULE = addresses.listener_rule(GROUP, 80, "rule")


def rules(names: str) -> list[Resource]:
    """Return the incumbent's rules for these paths, in this order."""
    paths = [
        a_path("", f"/{name}", OTHER, place=(n, 0), action=FixedResponse(status=200))
        for n, name in enumerate(names)
    ]
    return list(incumbent(a_listener(*paths)).resources)


def plan(desired: Sequence[Resource], present: Sequence[Resource]) -> list[Step]:
    """Return the steps in an order that their edges allow."""
    there = [seen(resource) for resource in present]
    observed = Observed(resources={r.address: r for r in there})
    return list(ordered(steps(changes(desired, there), observed, some_room())))


def test_a_rule_that_goes_makes_way_first() -> None:
    """Its priority is wanted, so it moves behind all others in the call that moves the rest."""
    before, after = rules("ab"), rules("cb")
    gone, new = before[0].address, after[0].address

    found = {step.id: step for step in plan(after, before)}

    priorities = found[f"{LISTENER}#priorities"]
    assert to_json(priorities.calls[0].parameters["RulePriorities"]) == [
        {"RuleArn": {"ref": f"{gone}.RuleArn"}, "Priority": 50000}
    ]
    assert priorities.id in found[new].after
    assert new in found[gone].after


def test_rules_that_go_keep_their_order_behind_the_others() -> None:
    """What was evaluated first still is, until it is gone."""
    found = {step.id: step for step in plan(rules("xy"), rules("ab"))}
    first, second = (rule.address for rule in rules("ab"))

    moved = found[f"{LISTENER}#priorities"].calls[0].parameters["RulePriorities"]

    assert {str(entry["RuleArn"]): entry["Priority"] for entry in _entries(moved)} == {
        f"{first}.RuleArn": 49999,
        f"{second}.RuleArn": 50000,
    }


def _entries(moved: object) -> list[dict[str, object]]:
    assert isinstance(moved, tuple)
    return [dict(entry) for entry in moved]


def test_rules_in_nobodys_way_do_not_move() -> None:
    """The last rule of a listener is just deleted."""
    found = plan(rules("a"), rules("ab"))

    assert not any(step.id.endswith("#priorities") for step in found)


@given(st.permutations("abcdef"), st.permutations("cdefgh"), st.integers(0, 6), st.integers(0, 6))
def test_consecutive_priorities_are_reached_without_collision(
    present: Sequence[str], wanted: Sequence[str], shown: int, taken: int
) -> None:
    """From any listener of the incumbent to any other: AWS refuses a priority that is in use."""
    before, after = rules("".join(present[:shown])), rules("".join(wanted[:taken]))
    alb = SmallAlb(resources={r.address: r for r in before}, alive=frozenset())
    desired = {r.address: r for r in after}

    alb.walk(plan(after, before), desired, most=100)

    assert {a: r.spec["Priority"] for a, r in alb.resources.items()} == {
        a: r.spec["Priority"] for a, r in desired.items()
    }


def a_forward(*groups: tuple[str, int], alone: bool = False) -> Resource:
    """Return a rule that forwards to addresses of ours and ARNs of others, by weight."""
    entries: list[PlainInput] = [
        {
            "TargetGroupArn": group if group == ARN else Ref(group, "TargetGroupArn"),
            **({} if alone else {"Weight": weight}),
        }
        for group, weight in groups
    ]
    return Resource(
        kind=Kind.LISTENER_RULE.value,
        address=RULE,
        group=GROUP,
        ingresses=(Key("shop", "web"),),
        spec=freeze_spec(
            {
                "ListenerArn": Ref(LISTENER, "ListenerArn"),
                "Priority": 1,
                "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": entries}}],
            }
        ),
    )


def stages(before: Resource, after: Resource) -> dict[str, Step]:
    """Return the steps of one rule."""
    return {step.id.removeprefix(RULE): step for step in plan([after], [before])}


def test_a_backend_is_switched_in_stages_beside_what_others_keep() -> None:
    """Theirs keeps its weight in every stage; ours waits until it is healthy."""
    found = stages(a_forward((ARN, 5), (OLD, 1)), a_forward((ARN, 5), (NEW, 1)))

    assert sorted(found) == ["", "#attach", "#shift"]
    shift = found["#shift"]
    assert shift.wait is not None
    assert (shift.wait.kind, shift.wait.on) == (Wait.HEALTHY, (NEW,))
    for step in found.values():
        text = str(to_json(step.calls[0].parameters["Actions"]))
        assert f"'TargetGroupArn': '{ARN}', 'Weight': 5" in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_forward((ARN, 1), alone=True), a_forward((OLD, 1), alone=True)),
        (a_forward((OLD, 1), alone=True), a_forward((ARN, 1), alone=True)),
        (a_forward((ARN, 1), (OLD, 1)), a_forward((ARN, 9), (OLD, 1))),
        (a_forward((OLD, 1), (NEW, 1)), a_forward((OLD, 9), (NEW, 1))),
    ],
)
def test_one_update_where_nothing_of_ours_takes_over(before: Resource, after: Resource) -> None:
    """Nobody can tell how healthy theirs is; and weights alone put nobody out of service."""
    found = stages(before, after)

    assert list(found) == [""]
    assert [call.operation for call in found[""].calls] == ["ModifyRule"]


def test_transforms_that_go_are_reset() -> None:
    """``ModifyRule`` leaves alone what it is not told, so it is told."""
    rewrite: PlainInput = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": []}}
    before = a_forward((OLD, 1), alone=True).with_spec(Transforms=[rewrite])
    after = a_forward((OLD, 1), alone=True).with_spec(Transforms=[])

    [step] = stages(before, after).values()

    assert [to_json(call.parameters) for call in step.calls] == [
        {"RuleArn": {"ref": f"{RULE}.RuleArn"}, "ResetTransforms": True}
    ]
