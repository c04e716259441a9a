"""A list of steps under construction: add them, then say what comes after what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from provisioner.model.change import Action, Call, Change, FieldChange, Step, WaitFor


def step_of(
    change: Change,
    *,
    stage: str = "",
    fields: tuple[FieldChange, ...] | None = None,
    calls: tuple[Call, ...] = (),
    wait: WaitFor | None = None,
    reason: str = "",
) -> Step:
    """Return a change, or one stage of it, as a step.

    Args:
        change: The change.
        stage: "" for the step that completes the change.
        fields: What this step changes, where it is not all of the change.
        calls: What it sends.
        wait: What must be true before.
        reason: Why, where the change's own reason does not say it.
    """
    desired, observed = change.desired, change.observed
    name = desired.name if desired is not None else observed.name if observed is not None else ""
    title = desired.title if desired is not None else observed.title if observed is not None else ""
    return Step(
        id=f"{change.address}#{stage}" if stage else change.address,
        action=change.action,
        kind=change.kind,
        address=change.address,
        group=change.group,
        name=name if isinstance(name, str) else "",
        title=title,
        ingresses=change.ingresses,
        reason=reason or change.reason,
        fields=change.fields if fields is None else fields,
        calls=calls,
        wait=wait,
    )


class StepList:
    """Steps by id, in the order in which they were added, and the edges between them."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self._after: dict[str, set[str]] = {}

    def add(self, step: Step, *, after: Iterable[str] = ()) -> str:
        """Add a step and return its id."""
        self._steps[step.id] = step
        self._after[step.id] = {*step.after, *after}
        return step.id

    def has(self, identity: str) -> bool:
        """Tell whether there is a step with this id."""
        return identity in self._steps

    def after(self, identity: str, earlier: Iterable[str]) -> None:
        """Note that a step comes after others; in the end, ids of no step are left out."""
        self._after[identity].update(e for e in earlier if e != identity)

    def of_group(self, group: str) -> tuple[Step, ...]:
        """Return the steps of one load balancer that do something."""
        return tuple(
            s for s in self._steps.values() if s.group == group and s.action is not Action.NOOP
        )

    def sends(self, identity: str) -> bool:
        """Tell whether there is such a step and it makes a call."""
        return identity in self._steps and bool(self._steps[identity].calls)

    def waits(self, identity: str) -> bool:
        """Tell whether a step waits for something to become true."""
        return self._steps[identity].wait is not None

    def changing(self, address: str, field: str) -> tuple[str, ...]:
        """Return the updates of a resource that change a field."""
        return tuple(
            step.id
            for step in self._steps.values()
            if step.address == address
            and step.action is Action.UPDATE
            and any(change.path == field for change in step.fields)
        )

    def result(self) -> tuple[Step, ...]:
        """Return the steps, each with what comes before it."""
        known = self._steps.keys()
        return tuple(
            replace(step, after=tuple(sorted(self._after[step.id] & known)))
            for step in self._steps.values()
        )
