"""A plan for a person at a terminal: what changes, field by field, and why.

What does not change is counted, not listed; limits appear from half full on; a rule is a sentence.
The last line is the summary, so that it is what remains on the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from provisioner.model.change import Action, Step
from provisioner.model.plan import LoadBalancerPlan, ModeDecision, Plan
from provisioner.model.resource import SHARED
from provisioner.render import fields, findings, phrases
from provisioner.render.lines import Line, Style, painted, plain
from provisioner.render.usage import worth_mentioning

SYMBOLS: Final[Mapping[Action, str]] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.NOOP: " ",
}
_STYLES: Final[Mapping[Action, Style]] = {
    Action.CREATE: Style.CREATE,
    Action.UPDATE: Style.UPDATE,
    Action.REPLACE: Style.REPLACE,
    Action.DELETE: Style.DELETE,
    Action.NOOP: Style.DIM,
}
_ENTRY_STYLES: Final[Mapping[str, Style]] = {
    "+": Style.CREATE,
    "-": Style.DELETE,
    "~": Style.UPDATE,
    " ": Style.PLAIN,
}


def plan_to_text(plan: Plan, *, width: int = 100, colour: bool = False) -> str:
    """Return the plan as text.

    Args:
        plan: What to print.
        width: Columns to wrap at.
        colour: Whether the reader is a terminal that wants colour.
    """
    lines = plan_lines(plan)
    return painted(lines, width=width) if colour else plain(lines, width=width)


def plan_lines(plan: Plan) -> Iterator[Line]:
    """Yield the plan's lines."""
    cluster = f"cluster {plan.cluster_name}" if plan.cluster_name else "the cluster"
    yield Line(f"Plan for {cluster} on {plan.provider}", Style.HEADING)
    yield Line()
    for part in sorted(plan.load_balancers, key=lambda p: p.group):
        yield from part_lines(part)
        yield Line()
    if plan.shared.changes or worth_mentioning(plan.shared.usages):
        yield from part_lines(plan.shared)
        yield Line()
    if plan.diagnostics:
        yield Line(f"Diagnostics: {findings.tally(plan.diagnostics)}", Style.HEADING)
        yield from findings.diagnostic_lines(plan.diagnostics, indent=2)
        yield Line()
    yield from _closing(plan)


def _closing(plan: Plan) -> Iterator[Line]:
    if sentence := findings.not_applyable(plan):
        yield Line(sentence, Style.WARNING)
    if calls := findings.calls(plan):
        yield Line(calls, Style.DIM)
    yield Line(findings.summary(plan), Style.HEADING)


def part_lines(part: LoadBalancerPlan) -> Iterator[Line]:
    """Yield one load balancer, or what load balancers share."""
    yield from _header(part)
    if part.mode is not None:
        yield from _mode(part.mode)
    if part.approval is not None:
        style = Style.WARNING if part.approval.needed else Style.PLAIN
        yield Line(findings.approval(part.approval), style, 2)
    for step in part.changes:
        yield from step_lines(step)
    unchanged = len(part.steps) - len(part.changes)
    if unchanged:
        yield Line(f"{phrases.counted(unchanged, 'resource')} unchanged", Style.DIM, 2)
    if usages := worth_mentioning(part.usages):
        yield Line("Limits", Style.HEADING, 2)
        for usage in usages:
            style = Style.ERROR if usage.headroom < 0 else Style.PLAIN
            yield Line(findings.limit(usage), style, 4)
            if usage.parts:
                yield Line(f"most of it: {findings.parts(usage)}", Style.DIM, 6)
    yield from _left_out(part)


def _header(part: LoadBalancerPlan) -> Iterator[Line]:
    if part.group == SHARED:
        yield Line("Shared by load balancers", Style.HEADING)
        return
    facts = findings.describe(part)
    yield Line(f"Load balancer {part.group}{f' ({facts})' if facts else ''}", Style.HEADING)
    names = [str(key) for key in sorted(part.ingresses)]
    if names and names != [part.group]:
        word = "Ingress" if len(names) == 1 else "Ingresses"
        yield Line(f"for {word} {', '.join(names)}", Style.DIM, 2)


def _mode(decision: ModeDecision) -> Iterator[Line]:
    yield Line(findings.mode(decision), Style.PLAIN, 2)
    for item in decision.considered:
        yield Line(findings.mode_sum(item), Style.DIM, 4)
    for text in findings.mixed_backends(decision):
        yield Line(text, Style.DIM, 4)


def step_lines(step: Step) -> Iterator[Line]:
    """Yield one step: its head, why, what it waits for, and what changes inside."""
    yield Line(f"{SYMBOLS[step.action]} {step_name(step)}", _STYLES[step.action], 2)
    if why := findings.reason(step):
        yield Line(why, Style.DIM, 6)
    if step.wait is not None:
        yield Line(findings.wait(step.wait, step.group), Style.DIM, 6)
    for entry in fields.entries(step):
        style = _ENTRY_STYLES[entry.sign]
        yield Line(f"{entry.sign} {entry}".strip(), style, 6 if entry.sign == " " else 4, 4)


def step_name(step: Step) -> str:
    """Return ``TargetGroup web:80/pod (ipr-shop-web-1a2b)``, with the stage of a staged change."""
    what = step.title or _rest(step)
    name = f" ({step.name})" if step.name else ""
    _, hash_mark, stage = step.id.partition("#")
    return f"{step.kind} {what}{name}{f', {stage}' if hash_mark else ''}"


def _rest(step: Step) -> str:
    short = phrases.short_address(step.address, step.group)
    return short.partition(" ")[2] or step.group


def _left_out(part: LoadBalancerPlan) -> Iterator[Line]:
    if part.quarantined:
        yield Line("Left out; their last good rules stay", Style.HEADING, 2)
        for item in part.quarantined:
            yield Line(findings.quarantined(item), Style.WARNING, 4)
    if part.kept:
        names = ", ".join(str(key) for key in sorted(part.kept))
        yield Line(f"Not in your files, kept as they are: {names}", Style.DIM, 2)
