"""Promises of digests: they change with what was approved, and with nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from provisioner.core.digest import digest_of, significant_fields, stale_reasons
from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.diagnostic import error, warning
from provisioner.model.resource import Json, PlainInput, Unknown, freeze, to_json

MEMBERSHIP = {"Targets": "Targets"}


def step(
    action: Action = Action.UPDATE,
    *,
    before: PlainInput = None,
    after: PlainInput = "/healthz",
    path: str = "HealthCheckPath",
    kind: str = "TargetGroup",
    stage: str = "",
) -> Step:
    address = f"aws:{kind.lower()}/shop/web/web:80/pod"
    return Step(
        id=address + stage,
        action=action,
        kind=kind,
        address=address,
        group="shop/web",
        fields=(FieldChange(path=path, before=freeze(before), after=freeze(after)),),
    )


def digest(*steps: Step) -> str:
    return digest_of(steps, (), membership=MEMBERSHIP)


def saved(*steps: Step) -> list[Mapping[str, Json]]:
    """Steps as a plan file gives them back."""
    return [
        {
            "kind": s.kind,
            "address": s.address,
            "action": s.action.value,
            "before": {f.path: to_json(f.before) for f in s.fields},
            "after": {f.path: to_json(f.after) for f in s.fields},
        }
        for s in steps
    ]


def stale(old: Sequence[Step], new: Sequence[Step]) -> tuple[str, ...]:
    return stale_reasons(saved(*old), new, membership=MEMBERSHIP)


@pytest.mark.parametrize(
    "other",
    [
        step(after="/other"),
        step(before="/was"),
        step(Action.CREATE),
        step(path="HealthCheckPort"),
        step(kind="Listener"),
    ],
)
def test_every_part_of_a_change_is_in_the_digest(other: Step) -> None:
    """Kind, address, action, before and after: none may move under an approval."""
    assert digest(other) != digest(step())


def test_order_reasons_and_no_ops_are_not_in_the_digest() -> None:
    """What is for people only, or does nothing, changes no approval."""
    one, two = step(), step(kind="Listener")
    told = replace(one, reason="because", title="web", after=("x",))

    assert digest(one, two) == digest(two, told, step(Action.NOOP, kind="LoadBalancer"))


def test_pods_may_come_and_go_under_an_approved_plan() -> None:
    """Target membership is no part of a digest, whether created or changed."""
    few = step(kind="Targets", path="Targets", after=[{"Id": "10.0.0.1"}])
    many = step(kind="Targets", path="Targets", after=[{"Id": "10.0.0.1"}, {"Id": "10.0.0.2"}])

    assert digest(few) == digest(many) == digest()
    assert significant_fields(few, MEMBERSHIP) == ()


def test_blocking_diagnostics_are_in_the_digest_and_remarks_are_not() -> None:
    """Who is refused is part of what was approved."""
    refusal = error("LIMIT-EXCEEDED", "Ingress shop/c", message="too many")
    remark = warning("ANNOTATION-UNKNOWN", "Ingress shop/c", message="did you mean")

    plain = digest_of([], [], membership=MEMBERSHIP)

    assert digest_of([], [refusal], membership=MEMBERSHIP) != plain
    assert digest_of([], [remark], membership=MEMBERSHIP) == plain


def test_a_saved_plan_is_good_while_the_world_is_as_it_found_it() -> None:
    """The simplest case: nothing happened since."""
    assert stale([step()], [step()]) == ()


def test_a_saved_plan_is_good_after_part_of_it_was_done() -> None:
    """An interrupted apply goes on: what is in its after state needs nothing."""
    assert stale([step(), step(kind="Listener")], [step()]) == ()


def test_a_staged_change_is_recognised_in_the_middle() -> None:
    """Attached at weight 0, then crashed: the remaining stages are those that were saved."""
    attach = step(before="old", after="old+new", stage="#attach")
    shift = step(before="old+new", after="new+old", stage="#shift")

    assert stale([attach, shift], [shift]) == ()


def test_stages_that_are_cut_otherwise_in_the_middle_are_one_change() -> None:
    """What is done decides how the rest is cut into stages; where they begin and end counts."""
    first = step(before="old", after="half", stage="#settings")
    second = step(before="half", after="new", stage="#shift")
    other = step(before="half", after="three quarters", stage="#arrivals")
    last = step(before="three quarters", after="new", stage="#shift")

    assert stale([first, second], [other, last]) == ()
    assert stale([first, second], [step(before="half", after="elsewhere")]) != ()


def test_stages_never_lead_back() -> None:
    """A world that somebody set back from the end of a plan to its beginning is another world."""
    first = step(before="old", after="half", stage="#settings")
    second = step(before="half", after="new", stage="#shift")

    assert stale([first, second], [step(before="new", after="old")]) != ()


def test_a_creation_that_was_cut_short_goes_on() -> None:
    """Created, then crashed before its attributes were set: the rest is still what was saved."""
    creation = step(Action.CREATE, path="Attributes", after="wanted")
    rest = step(Action.UPDATE, path="Attributes", before="default", after="wanted")

    assert stale([creation], [rest]) == ()


@pytest.mark.parametrize(
    "now",
    [
        step(before="/somebody-elses"),
        step(after="/wanted-now"),
        step(Action.CREATE),
        step(kind="Listener"),
    ],
)
def test_anything_else_is_refused_and_named(now: Step) -> None:
    """A resource in neither its before nor its after state makes the plan stale."""
    (reason,) = stale([step()], [now])

    assert now.address in reason


def test_values_known_only_after_apply_match_when_they_still_are() -> None:
    """A plan from files is compared as it was written: null for what nobody knew."""
    unknown = replace(
        step(Action.CREATE),
        fields=(FieldChange(path="Port", before=None, after=Unknown("node port")),),
    )

    assert stale([unknown], [unknown]) == ()
