"""Exit codes: whose mistake turns a pipeline red."""

from __future__ import annotations

import pytest

from provisioner.cli.exitcodes import FailOn, exit_code, is_yours
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import Quarantined
from provisioner.model.kube import Key
from provisioner.model.plan import Plan
from tests.unit.render import plans

MINE = frozenset({"Ingress shop/admin", "Service shop/admin"})
OTHERS = frozenset({"Ingress shop/other"})


def plan_with(*diagnostics: Diagnostic, changes: bool = False) -> Plan:
    """Return a plan with these diagnostics, and something to change if asked."""
    steps = (plans.create_rule(),) if changes else ()
    return plans.plan(plans.part(steps=steps), diagnostics=diagnostics)


def test_a_clean_plan_without_changes_is_zero() -> None:
    """Nothing to do is success, also with --detailed-exitcode."""
    assert exit_code(plan_with(), sources=None, detailed=True) == 0


@pytest.mark.parametrize(("detailed", "code"), [(False, 0), (True, 2)])
def test_changes_are_two_only_if_asked_for(*, detailed: bool, code: int) -> None:
    """A script that does not know of 2 must not take changes for a failure."""
    assert exit_code(plan_with(changes=True), sources=None, detailed=detailed) == code


def test_an_error_comes_before_changes() -> None:
    """A plan with an error in your files is not "changes present"."""
    plan = plan_with(plans.mistake(), changes=True)

    assert exit_code(plan, sources=MINE, detailed=True) == 1


def test_your_mistake_is_one_with_files() -> None:
    """An error on an Ingress that the files define fails the command."""
    assert exit_code(plan_with(plans.mistake()), sources=MINE) == 1


def test_a_neighbours_mistake_is_not_yours_with_files() -> None:
    """An Ingress of the cluster that your files do not mention cannot turn you red."""
    assert exit_code(plan_with(plans.mistake()), sources=OTHERS) == 0


def test_a_neighbours_mistake_is_not_yours_in_a_live_plan() -> None:
    """In a live plan something could still be planned, so it is no failure."""
    assert exit_code(plan_with(plans.mistake()), sources=None) == 0


def test_a_live_plan_in_which_nothing_could_be_planned_fails() -> None:
    """When every member of every load balancer is left out, somebody must look."""
    wrong = plans.mistake()
    out = Quarantined(ingress=plans.WEB, path="", diagnostic=wrong)
    plan = plans.plan(plans.part(quarantined=(out,)), diagnostics=(wrong,))

    assert exit_code(plan, sources=None) == 1


def test_one_path_left_out_is_not_everything() -> None:
    """An Ingress of which one path is left out has been planned."""
    wrong = plans.mistake()
    out = Quarantined(ingress=plans.WEB, path="spec.rules[0]", diagnostic=wrong)
    plan = plans.plan(plans.part(quarantined=(out,)), diagnostics=(wrong,))

    assert exit_code(plan, sources=None) == 0


@pytest.mark.parametrize(
    ("fail_on", "finding", "code"),
    [
        (FailOn.NEVER, plans.mistake(), 0),
        (FailOn.ERROR, plans.mistake(), 1),
        (FailOn.ERROR, warning("X", "Ingress a/b", message="m"), 0),
        (FailOn.WARNING, warning("X", "Ingress a/b", message="m"), 1),
        (FailOn.WARNING, info("X", "Ingress a/b", message="m"), 0),
    ],
)
@pytest.mark.parametrize("sources", [None, MINE, OTHERS])
def test_fail_on_overrides_whose_mistake_it_is(
    fail_on: FailOn, finding: Diagnostic, code: int, sources: frozenset[str] | None
) -> None:
    """--fail-on counts every diagnostic of its weight, with files and without."""
    assert exit_code(plan_with(finding), sources=sources, fail_on=fail_on) == code


@pytest.mark.parametrize(
    ("subject", "ingress", "yours"),
    [
        ("Service shop/admin", None, True),
        ("Service shop/other", None, False),
        ("Service shop/other", Key("shop", "admin"), True),
        ("file shop.yaml", None, True),
        ("load balancer shop/web", None, True),
        ("Node n1", None, False),
    ],
)
def test_what_belongs_to_no_object_stands_in_your_way(
    subject: str, ingress: Key | None, *, yours: bool
) -> None:
    """A broken file or account stops your files; a stranger's Service does not."""
    finding = error("X", subject, message="m", ingress=ingress)

    assert is_yours(finding, MINE) is yours
