"""Text, Markdown and HTML: what readers see, and that nothing they are shown can act."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from provisioner.model.change import Action
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.plan import InputFile, Inputs, Plan
from provisioner.model.resource import Ref, Unknown
from provisioner.render.graph import graph_of
from provisioner.render.html import plan_to_html
from provisioner.render.lines import Line, plain
from provisioner.render.markdown import plan_to_markdown
from provisioner.render.text import plan_to_text
from provisioner.render.usage import next_to_bite
from tests.unit.render import plans

VOID = {"meta", "br", "link"}
NASTY = "</code><script>alert(1)</script> ``` | @all & [x](http://evil) \x1b[31m"


class Page(HTMLParser):
    """Collects tags, text and ids, and complains about what is not balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.labels: set[str] = set()
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has a handler"
            if name == "id":
                assert value not in self.ids, f"id {value} twice"
                self.ids.add(value or "")
            if name == "aria-labelledby":
                self.labels.add(value or "")
            if name in {"src", "href", "action"}:
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} is not balanced"

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def nasty_plan() -> Plan:
    """Return a plan whose every free text tries to break out."""
    finding = warning("X-NASTY", NASTY, message=NASTY, hint=NASTY, field=NASTY)
    step = replace(plans.create_load_balancer(), name=NASTY, title=NASTY, reason=NASTY)
    return plans.plan(
        plans.part(steps=(step,), resources=plans.resources()),
        cluster_name=NASTY,
        diagnostics=(finding,),
    )


@pytest.mark.parametrize("plan", [plans.rich_plan(), nasty_plan(), plans.plan()])
def test_html_is_balanced_and_self_contained(plan: Plan) -> None:
    """One page: every tag closed, every label there, nothing fetched, nothing run."""
    page = Page(plan_to_html(plan))

    assert page.open == []
    assert page.labels <= page.ids
    assert page.addresses == []
    assert "script" not in page.tags


def test_html_shows_hostile_text_as_text() -> None:
    """Whatever a manifest makes a message say is shown, never obeyed."""
    page = Page(plan_to_html(nasty_plan()))

    assert "".join(page.words).count("<script>alert(1)</script>") >= 4


def test_the_picture_follows_a_request_from_left_to_right() -> None:
    """Listener, rule, target group, targets: each to the right of what leads to it."""
    graph = graph_of(plans.part(resources=plans.resources()))

    assert graph is not None
    places = {node.kind: node.x for node in graph.nodes}
    order = ["LoadBalancer", "Listener", "ListenerRule", "TargetGroup", "Targets"]
    assert sorted(places, key=lambda kind: places[kind]) == order
    assert len(graph.edges) == 4


def test_the_picture_says_what_happens_to_each_resource() -> None:
    """Colour alone would exclude readers, so a box also says it in words."""
    part = plans.part(resources=plans.resources(), steps=(plans.shift(), plans.noop()))

    graph = graph_of(part)

    assert graph is not None
    actions = {node.kind: node.action for node in graph.nodes}
    assert actions["ListenerRule"] == "update"
    assert actions["Listener"] == "noop"


def test_a_load_balancer_that_goes_has_no_picture() -> None:
    """There is nothing to draw where nothing will exist."""
    assert graph_of(plans.part()) is None


def test_boxes_of_one_column_do_not_overlap() -> None:
    """A hundred rules make a long picture, not a heap."""
    rules = tuple(
        plans.resource(
            "ListenerRule",
            f"aws:listener-rule/shop/web/80/{n:03}",
            {"Priority": n, "ListenerArn": Ref("aws:listener/shop/web/80", "ListenerArn")},
        )
        for n in range(100)
    )

    graph = graph_of(plans.part(resources=(*plans.resources(), *rules)))

    assert graph is not None
    heights = sorted(node.y for node in graph.nodes if node.kind == "ListenerRule")
    gaps = [b - a for a, b in itertools.pairwise(heights)]
    assert min(gaps) >= graph.box_height
    assert graph.height >= heights[-1] + graph.box_height


def test_markdown_cannot_be_broken_out_of() -> None:
    """A hint with markup, a fence or a mention neither closes a block nor calls anybody."""
    text = plan_to_markdown(nasty_plan())
    outside, inside = _split_fences(text)

    assert "<script>" not in outside
    assert "@" not in outside
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert "\x1b" not in text
    assert "<script>" in inside


def _split_fences(text: str) -> tuple[str, str]:
    """Return what is outside and what is inside fenced blocks, as CommonMark pairs them."""
    outside: list[str] = []
    inside: list[str] = []
    fence = ""
    for line in text.splitlines():
        if not fence and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif fence and line.strip() == fence:
            fence = ""
        else:
            (inside if fence else outside).append(line)
    assert not fence
    return "\n".join(outside), "\n".join(inside)


def test_markdown_puts_the_summary_first() -> None:
    """A reviewer reads the first lines of a comment; the rest is folded away."""
    lines = plan_to_markdown(plans.rich_plan()).splitlines()

    assert lines[2] == "**Plan: 3 to create, 2 to update, 0 to replace, 1 to delete.**"
    assert sum(line.startswith("<details>") for line in lines) == 2
    assert lines.count("</details>") == 2


def test_text_ends_with_the_summary() -> None:
    """The last line is what remains on the screen."""
    text = plan_to_text(plans.rich_plan())

    assert text.endswith("\nPlan: 3 to create, 2 to update, 0 to replace, 1 to delete.\n")


def test_text_says_when_there_is_nothing_to_do() -> None:
    """No change is an answer of its own."""
    text = plan_to_text(plans.plan(plans.part(steps=(plans.noop(),))))

    assert text.endswith("\nNo changes. The cloud is as the Ingresses want it.\n")


def test_text_does_not_call_it_well_when_something_could_not_be_planned() -> None:
    """An error without a change must not end in reassurance."""
    text = plan_to_text(plans.plan(diagnostics=(plans.mistake(),)))

    assert text.endswith("No changes, but not everything could be planned: see the diagnostics.\n")


def test_what_is_not_known_is_said_beside_what_cannot_be_applied() -> None:
    """Whoever cannot apply a plan learns what to provide."""
    change = plans.field("Targets", None, Unknown("the ready pods"))
    step = plans.step(Action.CREATE, "Targets", "aws:targets/x", fields=(change,))
    plan = plans.plan(plans.part(applyable=False, steps=(step,)), applyable=False)

    assert "applied as it stands: shop/web (not known here: the ready pods)." in plan_to_text(plan)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_text_keeps_to_the_width(width: int) -> None:
    """Only a word that is longer than the line may stick out."""
    lines = plan_to_text(plans.rich_plan(), width=width).splitlines()

    too_long = [line for line in lines if len(line) > width and " " in line.strip(" +-~±")]
    assert [line for line in too_long if max(map(len, line.split())) < width - 12] == []


def test_text_without_colour_has_no_escapes_whatever_it_is_given() -> None:
    """A message from a manifest cannot move the cursor of whoever reads a plan."""
    assert "\x1b" not in plan_to_text(nasty_plan())


def test_colour_adds_nothing_but_colour() -> None:
    """Whoever reads the plan in a pipe reads the same words."""
    plan = plans.rich_plan()
    page = plan_to_text(plan, colour=True)
    without = _without_escapes(page)

    assert "\x1b[" in page
    assert without == plan_to_text(plan)


def _without_escapes(text: str) -> str:
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


def test_a_plan_from_an_account_file_says_that_it_cannot_be_applied() -> None:
    """Nobody should wait for an apply that will be refused."""
    inputs = Inputs(account_file=InputFile(path="account.yaml", sha256="00"))
    plan = plans.plan(plans.part(steps=(plans.create_rule(),)), inputs=inputs, applyable=False)

    assert "This plan rests on an account file, so it cannot be applied." in plan_to_text(plan)


def test_parts_that_cannot_be_applied_are_named() -> None:
    """The rest of the plan can be carried out, so the reader must know which part cannot."""
    plan = plans.plan(plans.part(), plans.part(group="edge", applyable=False), applyable=False)

    assert "Cannot be applied as it stands: edge." in plan_to_text(plan)


def test_limits_below_half_are_left_out_of_a_plan() -> None:
    """Twelve targets of a thousand are no news; sixty rules of a hundred are."""
    text = plan_to_text(plans.rich_plan())

    assert "rules per application load balancer" in text
    assert "targets per application load balancer" not in text


def test_a_limit_that_is_over_comes_before_one_that_is_full() -> None:
    """What bites next is what is over already."""
    full = plans.usage("full", 100, 100)
    over = plans.usage("over", 3, 2)

    upcoming = next_to_bite(plans.plan(plans.part(usages=(full, over))))

    assert upcoming is not None
    assert upcoming.usage.limit.name == "over"


def test_a_limit_of_nothing_can_be_shown() -> None:
    """An account may forbid something altogether; a share of zero divides by nothing."""
    forbidden = plans.usage("forbidden", 1, 0)

    text = plan_to_text(plans.plan(plans.part(usages=(forbidden,))))

    assert "forbidden (load balancer shop/web): 1 of 0" in text


def test_diagnostics_keep_their_hint_and_place() -> None:
    """Every renderer shows severity, code, subject, field, message and hint."""
    finding: Diagnostic = plans.mistake()
    plan = plans.plan(diagnostics=(finding,))

    for page in (plan_to_text(plan), plan_to_html(plan)):
        for words in (finding.code, finding.subject, finding.field, finding.message, finding.hint):
            assert words in page


def test_a_line_break_in_a_message_does_not_break_the_layout() -> None:
    """Control characters are shown, not obeyed."""
    assert plain([Line("a\nb\tc")], width=80) == "a\\nb\\tc\n"
