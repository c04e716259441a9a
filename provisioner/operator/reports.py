"""Log what reconciles do: one line for a step, one for the whole."""

from __future__ import annotations

import logging

from provisioner.engine.applying import Outcome, Progress, Status
from provisioner.model.plan import Plan
from provisioner.operator.logs import fields

_LOG = logging.getLogger(__name__)


def log_step(group: str, digest: str, progress: Progress) -> None:
    """Log what became of one step."""
    if progress.status in {Status.STARTED, Status.SKIPPED}:
        return
    said = {
        "group": group,
        "step": progress.step.id,
        "status": progress.status.value,
        "plan": digest,
    }
    if progress.error is not None:
        _LOG.warning("step: %s", fields(**said, error=progress.error.message))
    else:
        _LOG.info(
            "step: %s", fields(**said, **({"waits": progress.detail} if progress.detail else {}))
        )


def log_result(group: str, plan: Plan | None, outcome: Outcome | None, again: float | None) -> None:
    """Log what became of a whole plan, if anything did."""
    if outcome is None or not outcome.results:
        return
    _LOG.info(
        "reconciled: %s",
        fields(
            group=group,
            plan=plan.digest if plan is not None else "",
            done=len(outcome.of(Status.DONE)),
            waiting=len(outcome.of(Status.WAITING)),
            failed=len(outcome.of(Status.FAILED)),
            again="" if again is None else f"{again:.1f}",
        ),
    )
