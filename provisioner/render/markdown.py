"""A plan as a pull-request comment: a summary table first, everything else folded away.

Whatever comes from manifests or from a cloud is escaped: a hint with an angle bracket must not
swallow the comment, and an ``@`` must not call anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from provisioner.model.change import Action
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED
from provisioner.render import findings
from provisioner.render.lines import plain, printable
from provisioner.render.text import step_lines
from provisioner.render.usage import by_fullness

_SPECIAL: Final = re.compile(r"([\\`*_\[\]#|~])")
_COMMENT_WIDTH: Final = 110
_FENCE: Final = re.compile(r"`{3,}")
_DIFF_SIGNS: Final = {"+": "+", "-": "-", "~": "!", "±": "!"}


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    flat = printable(" ".join(text.split()))
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", flat).replace("@", "&#64;")


def plan_to_markdown(plan: Plan) -> str:
    """Return the plan as Markdown."""
    return "\n".join(_plan(plan)) + "\n"


def _plan(plan: Plan) -> Iterator[str]:
    cluster = f" for cluster {escaped(plan.cluster_name)}" if plan.cluster_name else ""
    yield f"## Load balancer plan{cluster} on {escaped(plan.provider)}"
    yield ""
    yield f"**{escaped(findings.summary(plan))}**"
    if sentence := findings.not_applyable(plan):
        yield ""
        yield escaped(sentence)
    yield ""
    parts = _shown(plan)
    if parts:
        yield from _summary(parts)
        yield ""
    if plan.diagnostics:
        yield from _diagnostics(plan.diagnostics)
        yield ""
    for part in parts:
        yield from _details(part)
        yield ""
    yield f"<sub>Digest {escaped(plan.digest)}</sub>"


def _shown(plan: Plan) -> list[LoadBalancerPlan]:
    parts = sorted(plan.load_balancers, key=lambda part: part.group)
    return [*parts, plan.shared] if plan.shared.changes else parts


def _title(part: LoadBalancerPlan) -> str:
    return "Shared by load balancers" if part.group == SHARED else part.group


def _summary(parts: Sequence[LoadBalancerPlan]) -> Iterator[str]:
    yield "| Load balancer | Target mode | Create | Update | Replace | Delete | Fullest limit |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for part in parts:
        mode = part.mode.mode if part.mode is not None else ""
        counts = [sum(s.action is action for s in part.steps) for action in _COUNTED]
        fullest = by_fullness(part.usages)[:1]
        limit = findings.limit(fullest[0]) if fullest else ""
        cells = (_title(part), mode, *map(str, counts), limit)
        yield f"| {' | '.join(escaped(cell) for cell in cells)} |"


_COUNTED: Final = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


def _diagnostics(items: Iterable[Diagnostic]) -> Iterator[str]:
    found = sorted(items, key=Diagnostic.sort_key)
    yield f"### {escaped(findings.tally(found)).capitalize()}"
    yield ""
    for item in found:
        yield (
            f"- **{item.severity.value}** {escaped(findings.place(item))} "
            f"({escaped(item.code)}): {escaped(item.message)}"
        )
        if item.hint:
            yield f"  <br>Hint: {escaped(item.hint)}"


def _details(part: LoadBalancerPlan) -> Iterator[str]:
    changes = len(part.changes)
    what = f"{changes} step{'' if changes == 1 else 's'}" if changes else "no changes"
    yield f"<details><summary>{escaped(_title(part))}: {what}</summary>"
    yield ""
    if part.ingresses:
        yield f"For {escaped(', '.join(str(key) for key in sorted(part.ingresses)))}."
        yield ""
    if part.mode is not None:
        yield escaped(findings.mode(part.mode))
        yield ""
        yield from (f"- {escaped(findings.mode_sum(item))}" for item in part.mode.considered)
        yield ""
    if part.approval is not None:
        yield f"**{escaped(findings.approval(part.approval))}**"
        yield ""
    for item in part.quarantined:
        yield f"- Left out: {escaped(findings.quarantined(item))}"
    if part.kept:
        kept = ", ".join(str(key) for key in sorted(part.kept))
        yield f"- Not in your files, kept as they are: {escaped(kept)}"
    if part.changes:
        yield ""
        yield from _diff(part)
    yield ""
    yield "</details>"


def _diff(part: LoadBalancerPlan) -> Iterator[str]:
    """Yield the steps in a fence longer than any run of backticks inside it."""
    lines = [line for step in part.changes for line in step_lines(step)]
    text = plain(lines, width=_COMMENT_WIDTH)
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}diff"
    yield from (_signed(line) for line in text.splitlines())
    yield fence


def _signed(line: str) -> str:
    """Move the sign of a line into the first column, where a diff has it."""
    body = line.lstrip()
    indent = " " * max(len(line) - len(body) - 2, 0)
    sign = _DIFF_SIGNS.get(body[:1]) if body[1:2] == " " else None
    if sign is None:
        return f"  {indent}{body}".rstrip()
    return f"{sign} {indent}{body[2:]}".rstrip()
