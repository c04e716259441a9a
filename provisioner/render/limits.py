"""How full every limit is, per load balancer, and which one bites next."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.model.limits import Usage
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED
from provisioner.render.findings import diagnostic_lines, parts
from provisioner.render.lines import Line, Style
from provisioner.render.markdown import escaped
from provisioner.render.tables import table
from provisioner.render.usage import PlacedUsage, by_fullness, next_to_bite, share

_HEAD = ("Limit", "Of", "Used", "Limit", "Headroom", "Share", "Source")
_NUMBERS = frozenset({2, 3, 4, 5})


def limits_lines(plan: Plan) -> Iterator[Line]:
    """Yield the table of every part that uses anything, then the limit that bites next."""
    for part in _used(plan):
        yield Line(_title(part), Style.HEADING)
        usages = by_fullness(part.usages)
        head, *rows = table(_HEAD, [_cells(usage) for usage in usages], right=_NUMBERS)
        yield Line(head, Style.DIM, 2, whole=True)
        for usage, row in zip(usages, rows, strict=True):
            yield Line(row, _style(usage), 2, whole=True)
        yield Line()
    yield from diagnostic_lines(plan.diagnostics)
    if plan.diagnostics:
        yield Line()
    yield Line(next_sentence(next_to_bite(plan)), Style.HEADING)


def limits_to_markdown(plan: Plan) -> str:
    """Return the same as Markdown tables."""
    lines = ["## Limits", ""]
    for part in _used(plan):
        lines += [f"### {escaped(_title(part))}", "", _markdown_row(_HEAD)]
        lines.append("|" + "|".join("---:" if i in _NUMBERS else "---" for i in range(7)) + "|")
        lines += [_markdown_row(_cells(usage)) for usage in by_fullness(part.usages)]
        lines.append("")
    lines.append(f"**{escaped(next_sentence(next_to_bite(plan)))}**")
    return "\n".join(lines) + "\n"


def next_sentence(upcoming: PlacedUsage | None) -> str:
    """Return which limit bites next, in one sentence."""
    if upcoming is None:
        return "Nothing is used yet."
    usage = upcoming.usage
    label = usage.limit.label or usage.limit.name
    text = f"Next to bite: {label} of {usage.subject}, {usage.headroom} left of {usage.limit.value}"
    most = f", most of it {parts(usage)}" if usage.parts else ""
    return f"{text}{most}."


def _used(plan: Plan) -> list[LoadBalancerPlan]:
    ordered = sorted(plan.load_balancers, key=lambda part: part.group)
    return [part for part in (*ordered, plan.shared) if part.usages]


def _title(part: LoadBalancerPlan) -> str:
    return "Shared and account-wide" if part.group == SHARED else f"Load balancer {part.group}"


def _cells(usage: Usage) -> tuple[str, ...]:
    peak = f" (peak {usage.peak})" if usage.peak > usage.used else ""
    adjustable = "" if usage.limit.adjustable else ", fixed"
    return (
        usage.limit.label or usage.limit.name,
        usage.subject,
        f"{usage.used}{peak}",
        str(usage.limit.value),
        str(usage.headroom),
        f"{share(usage):.0%}",
        f"{usage.limit.source.value}{adjustable}",
    )


def _style(usage: Usage) -> Style:
    if usage.headroom < 0:
        return Style.ERROR
    return Style.WARNING if share(usage) >= 0.8 else Style.PLAIN  # noqa: PLR2004 - where mode switches are proposed


def _markdown_row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"
