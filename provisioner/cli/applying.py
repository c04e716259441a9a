"""Carry a plan out for a person: ask, take the cluster's Lease, make sure, act, report.

Shared by ``apply`` and ``purge``. Between the moment a plan is shown and the moment it is carried
out the world may move, so the plan is made once more under the Lease, and what is then not part of
what was shown is refused by name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provisioner import wiring
from provisioner.cli import output as sink
from provisioner.cli.fence import LeaseHeld, open_fence
from provisioner.cli.progress import Reporter, left_out, summary_lines
from provisioner.cli.world import World
from provisioner.core.digest import stale_reasons
from provisioner.kube.registered import TargetRecord
from provisioner.model.change import Step
from provisioner.model.errors import ConfigError, StalePlan
from provisioner.model.plan import Plan
from provisioner.model.resource import Json, to_json
from provisioner.ports import Fence
from provisioner.render.lines import Line, Style
from provisioner.render.text import plan_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the user has said in advance."""

    yes: bool
    all_or_nothing: bool = False
    saved: Sequence[dict[str, Json]] | None = None  # steps of a saved plan, if there is one
    held: Callable[[], int] | None = None  # what to do instead while somebody else may write


def _nothing_more(_fence: Fence) -> None:
    """End where the plan ends."""


def carry_out(
    world: World,
    shown: Plan,
    consent: Consent,
    *,
    afterwards: Callable[[Fence], None] = _nothing_more,
) -> int:
    """Show a plan, ask, and apply it.

    Args:
        world: What is planned.
        shown: The plan.
        consent: What the user has said in advance.
        afterwards: What to do, still under the Lease, once everything was carried out.

    Returns:
        0 if everything was applied, 1 if something failed or could not be applied.

    Raises:
        ProvisionerError: Nothing was done, and why.
    """
    sink.show(plan_lines(shown))
    if consent.saved is not None:
        refuse_if_stale(consent.saved, shown, world)
    refuse_if_not_applyable(shown, consent)
    if not any(part.changes for part in shown.parts if part.applyable):
        if left_out(shown):
            return 1
        if afterwards is _nothing_more:
            return 0
    confirm(consent)
    try:
        return _under_the_lease(world, shown, afterwards)
    except LeaseHeld:
        if consent.held is None:
            raise
        return consent.held()


def _under_the_lease(world: World, shown: Plan, afterwards: Callable[[Fence], None]) -> int:
    with open_fence(world.cluster, instance=world.settings.identity.instance) as fence:
        fresh = world.again().plan()
        refuse_if_stale(entries(shown.steps), fresh, world)
        code = _apply(world, fresh, fence)
        if code == 0:
            afterwards(fence)
        return code


def refuse_if_not_applyable(plan: Plan, consent: Consent) -> None:
    """Stop where nothing may be applied at all."""
    if plan.inputs.account_file is not None:
        raise ConfigError(
            "this plan rests on an account file, so it cannot be applied",
            hint="plan and apply without --account",
        )
    left = left_out(plan)
    nothing = bool(plan.load_balancers) and not any(p.applyable for p in plan.load_balancers)
    if left and (consent.all_or_nothing or nothing):
        raise ConfigError(
            f"cannot be applied: {', '.join(left)}",
            hint="the plan above says why",
        )


def confirm(consent: Consent) -> None:
    """Ask on a terminal; elsewhere insist on ``--yes``."""
    if consent.yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on", hint="apply without asking with --yes")
    print("Apply this plan? Only 'yes' is taken as a yes: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise ConfigError("not applied; nothing was changed")


def entries(steps: Sequence[Step]) -> list[dict[str, Json]]:
    """Return steps in the form in which staleness is judged."""
    return [
        {
            "kind": step.kind,
            "address": step.address,
            "action": step.action.value,
            "before": {change.path: to_json(change.before) for change in step.fields},
            "after": {change.path: to_json(change.after) for change in step.fields},
        }
        for step in steps
    ]


def refuse_if_stale(saved: Sequence[dict[str, Json]], fresh: Plan, world: World) -> None:
    """Stop where a fresh plan has something that the shown or saved one has not."""
    reasons = stale_reasons(saved, fresh.steps, membership=world.provider.membership)
    if reasons:
        raise StalePlan(
            f"the world has moved on since the plan was made: {'; '.join(reasons)}",
            hint="look at a new plan",
        )


def _record(world: World, fence: Fence) -> TargetRecord | None:
    """Return where targets of ours in shared target groups are noted, None without a cluster."""
    if world.cluster is None:
        return None
    instance = world.settings.identity.instance
    return TargetRecord(world.cluster, fence, world.provider, instance=instance)


def _apply(world: World, plan: Plan, fence: Fence) -> int:
    applier = wiring.applier(
        world.provider, world.target, world.settings, reader=world.reader, fence=fence
    )
    sink.show([Line(), Line("Applying", Style.HEADING)])
    record = _record(world, fence)
    if record is not None:
        record.before(plan)
    outcome = applier.run(plan, patient=True, report=Reporter(sink.show))
    if record is not None and outcome.complete:
        record.after(plan)
    sink.show([Line(), *summary_lines(plan, outcome)])
    return 0 if outcome.complete and not left_out(plan) else 1
