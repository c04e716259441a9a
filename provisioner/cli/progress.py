"""What a person sees while a plan is carried out: a line per step as it happens, then a summary."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from provisioner.engine.applying import Outcome, Progress, Status
from provisioner.model.plan import Plan
from provisioner.render.findings import wait
from provisioner.render.lines import Line, Style
from provisioner.render.text import SYMBOLS, step_name

_STYLES = {
    Status.STARTED: Style.DIM,
    Status.DONE: Style.CREATE,
    Status.WAITING: Style.UPDATE,
    Status.FAILED: Style.ERROR,
    Status.SKIPPED: Style.DIM,
}


@dataclass(slots=True)
class Reporter:
    """Turns the engine's progress into lines.

    Args:
        show: Where the lines go.
        now: Monotonic seconds, to say how long a step took.
    """

    show: Callable[[list[Line]], None]
    now: Callable[[], float] = time.monotonic
    _since: dict[str, float] = field(default_factory=dict)

    def __call__(self, progress: Progress) -> None:
        """Report one thing that happened; a start is only noted."""
        step = progress.step
        if progress.status is Status.STARTED:
            self._since[step.id] = self.now()
            return
        style = _STYLES[progress.status]
        lines = [Line(f"{SYMBOLS[step.action]} {step_name(step)}: {self._said(progress)}", style)]
        if progress.error is not None and progress.error.hint:
            lines.append(Line(f"hint: {progress.error.hint}", Style.DIM, 2))
        self.show(lines)

    def _said(self, progress: Progress) -> str:
        step = progress.step
        match progress.status:
            case Status.DONE:
                calls = ", ".join(f"{n} x {count}" if count > 1 else n for n, count in step.counts)
                took = self.now() - self._since.get(step.id, self.now())
                return f"done ({calls or 'no call needed'}, {took:.1f} s)"
            case Status.WAITING:
                return wait(step.wait, step.group) if step.wait else progress.detail
            case Status.FAILED:
                return f"failed: {progress.error}"
            case Status.SKIPPED:
                return f"not done: {progress.detail}"
            case Status.STARTED:
                return "started"


def summary_lines(plan: Plan, outcome: Outcome) -> list[Line]:
    """Return what became of a plan: counts, and the load balancers that were left out."""
    done, failed = len(outcome.of(Status.DONE)), len(outcome.of(Status.FAILED))
    rest = len(outcome.results) - done - failed
    lines = []
    if left := left_out(plan):
        lines.append(Line(f"Not applied, see the plan above: {', '.join(left)}.", Style.WARNING))
    text = f"Applied: {done} of {len(outcome.results)} steps done"
    text += f", {failed} failed" * bool(failed) + f", {rest} not reached" * bool(rest)
    lines.append(Line(f"{text}.", Style.HEADING))
    return lines


def left_out(plan: Plan) -> list[str]:
    """Return the parts of a plan that cannot be applied although they would change something."""
    return [part.group for part in plan.parts if not part.applyable]
