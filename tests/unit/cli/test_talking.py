"""What the command says and asks while it works."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from dataclasses import replace

import pytest

from provisioner.cli.applying import Consent, confirm, refuse_if_not_applyable
from provisioner.cli.main import run
from provisioner.cli.output import chosen_format
from provisioner.cli.progress import Reporter, left_out, summary_lines
from provisioner.cli.replay import changed_files, entry
from provisioner.core.digest import stale_reasons
from provisioner.engine.applying import Outcome, Progress, Status
from provisioner.model.errors import ConfigError, ProvisionerError
from provisioner.model.plan import InputFile, Inputs
from provisioner.render.documents import plan_to_json
from provisioner.render.lines import Line, plain
from provisioner.render.saved import plan_from_json
from tests.unit.render import plans


def said(*progress: Progress) -> str:
    """Return what a reporter says, one tick per look at the clock."""
    lines: list[Line] = []
    ticks = iter(range(100))
    reporter = Reporter(lines.extend, now=lambda: float(next(ticks)))
    for item in progress:
        reporter(item)
    return plain(lines, width=200)


def test_a_step_that_is_done_says_what_it_called_and_how_long_it_took() -> None:
    """Progress names the step as the plan did, its calls, and its time."""
    step = plans.create_rule()

    text = said(Progress(step=step, status=Status.STARTED), Progress(step=step, status=Status.DONE))

    assert text == "+ ListenerRule 80/0123456789: done (CreateRule, 1.0 s)\n"


def test_a_wait_says_what_for() -> None:
    """Whoever watches knows what has to happen."""
    text = said(Progress(step=plans.shift(), status=Status.WAITING))

    assert "waits until target-group web:80/pod has a healthy target" in text


def test_a_failure_keeps_its_hint() -> None:
    """The message of the cloud, and one way out."""
    error = ProvisionerError("no permission", hint="grant elasticloadbalancing:CreateRule")

    text = said(Progress(step=plans.create_rule(), status=Status.FAILED, error=error))

    assert "failed: no permission\n" in text
    assert "hint: grant elasticloadbalancing:CreateRule\n" in text


def test_the_summary_counts_what_was_done_and_names_what_was_left_out() -> None:
    """After an apply nobody has to count lines."""
    done, failed = plans.create_rule(), plans.create_targets()
    outcome = Outcome(
        results={
            done.id: Progress(step=done, status=Status.DONE),
            failed.id: Progress(step=failed, status=Status.FAILED),
            "c": Progress(step=plans.shift(), status=Status.SKIPPED),
        },
        outputs={},
    )
    plan = plans.plan(plans.part(), plans.part(group="edge", applyable=False))

    text = plain(summary_lines(plan, outcome), width=100)

    assert "Not applied, see the plan above: edge.\n" in text
    assert text.endswith("Applied: 1 of 3 steps done, 1 failed, 1 not reached.\n")


def test_without_a_terminal_yes_must_be_said_beforehand() -> None:
    """A pipeline never hangs on a question, and never applies by accident."""
    assert not sys.stdin.isatty()

    with pytest.raises(ConfigError, match="no terminal"):
        confirm(Consent(yes=False))


def test_yes_is_enough() -> None:
    """With --yes nothing is asked."""
    confirm(Consent(yes=True))


@pytest.mark.parametrize("all_or_nothing", [True, False])
def test_one_load_balancer_that_cannot_be_applied_stops_the_others_only_if_asked(
    *, all_or_nothing: bool
) -> None:
    """The applyable ones are carried out; --all-or-nothing refuses instead."""
    plan = plans.plan(plans.part(), plans.part(group="edge", applyable=False))
    consent = Consent(yes=True, all_or_nothing=all_or_nothing)

    if all_or_nothing:
        with pytest.raises(ConfigError, match="cannot be applied: edge"):
            refuse_if_not_applyable(plan, consent)
    else:
        refuse_if_not_applyable(plan, consent)
        assert left_out(plan) == ["edge"]


def test_nothing_is_shared_for_nobody() -> None:
    """Where no load balancer can be applied, what they share is not created either."""
    plan = plans.plan(plans.part(applyable=False))

    with pytest.raises(ConfigError, match="cannot be applied: shop/web"):
        refuse_if_not_applyable(plan, Consent(yes=True))


def test_a_plan_that_rests_on_an_account_file_is_refused() -> None:
    """``apply -f --account`` plans against a file, so it has nothing to write to."""
    inputs = Inputs(account_file=InputFile(path="a.yaml", sha256="00"))

    with pytest.raises(ConfigError, match="account file"):
        refuse_if_not_applyable(plans.plan(inputs=inputs), Consent(yes=True))


def test_files_that_changed_came_or_went_are_named() -> None:
    """A saved plan holds for the very files it was made from."""
    then = tuple(InputFile(path=p, sha256="1") for p in ("same", "changed", "gone"))
    now = (
        InputFile(path="same", sha256="1"),
        InputFile(path="changed", sha256="2"),
        InputFile(path="new", sha256="1"),
    )

    assert changed_files(then, now) == ["changed", "gone", "new"]


def test_a_saved_plan_is_not_stale_against_itself() -> None:
    """Writing and reading a plan loses nothing that staleness looks at."""
    plan = plans.rich_plan()
    saved = plan_from_json(plan_to_json(plan))

    reasons = stale_reasons(
        [entry(step) for step in saved.steps], plan.steps, membership={"Targets": "Targets"}
    )

    assert reasons == ()


def test_a_saved_plan_is_stale_when_a_resource_has_changed_since() -> None:
    """Somebody else's change is named by the resource, and nothing is done."""
    plan = plans.rich_plan()
    saved = plan_from_json(plan_to_json(plan))
    rule = plans.create_rule()
    moved = replace(rule, fields=(*rule.fields[:2], plans.field("Priority", None, 7)))

    reasons = stale_reasons([entry(step) for step in saved.steps], [moved], membership={})

    assert len(reasons) == 1
    assert plans.RULE in reasons[0]


@pytest.mark.parametrize(
    ("output", "out", "chosen"),
    [
        (None, "", "text"),
        ("json", "", "json"),
        ("text", "plan.json", "text"),
        (None, "plan.JSON", "json"),
        (None, "limits.html", "text"),
        (None, "plan.yaml", "text"),
    ],
)
def test_the_format_is_what_was_said_then_what_the_name_says(
    output: str | None, out: str, chosen: str
) -> None:
    """A format that a command lacks is never chosen by a file's name."""
    assert chosen_format(output, out, ("text", "json", "markdown")) == chosen


def test_an_exit_code_is_returned_not_raised() -> None:
    """``run`` is what tests and other programs call; only ``main`` leaves the process."""
    with redirect_stdout(io.StringIO()) as page:
        code = run(["--version"])

    assert code == 0
    assert page.getvalue().startswith("provisioner ")
