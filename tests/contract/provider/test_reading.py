"""Planning never writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from provisioner.model.change import FieldChange
from tests.contract.provider.commands import files_alone, in_process
from tests.contract.provider.desk import Desk, changes_of
from tests.contract.provider.manifests import Route, ingress


def test_planning_needs_no_permission_to_write(desk: Desk) -> None:
    """With every operation denied that does not read, a plan of anything can still be made."""
    desk.put(ingress("web", Route()))
    desk.converge()
    desk.put(
        ingress("web", Route(), mode="node-port"), ingress("blog", Route(host="b.example.com"))
    )
    desk.cloud.deny_writes()
    desk.cloud.forget_calls()

    plan = desk.plan()

    assert changes_of(plan) != {}
    assert desk.cloud.mutating() == Counter()


def test_the_command_that_plans_writes_nothing(desk: Desk) -> None:
    """``provisioner plan`` of a first deployment makes no call that changes anything."""
    desk.put(ingress("web", Route()))
    desk.cloud.deny_writes()
    desk.cloud.forget_calls()

    done = in_process(desk, "plan", "--detailed-exitcode", *files_alone(desk))

    assert done.returncode == 2, done.stderr
    assert desk.cloud.mutating() == Counter()
    assert not desk.cloud.addresses()


def test_the_shape_of_what_is_planned_is_checked(desk: Desk) -> None:
    """The check behind every plan of this suite does find values that the API would not take."""
    desk.put(ingress("web", Route()))
    plan = desk.plan()
    part = plan.load_balancers[0]

    def spoilt(field: FieldChange) -> FieldChange:
        return replace(field, after=(True,)) if isinstance(field.after, str) else field

    steps = tuple(replace(s, fields=tuple(map(spoilt, s.fields))) for s in part.steps)
    broken = replace(plan, load_balancers=(replace(part, steps=steps),))

    assert desk.cloud.misshapen(broken)
