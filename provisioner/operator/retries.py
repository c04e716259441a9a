"""Steps that failed, and when each may be tried again.

Kept per step and not per load balancer: a step that fails must not hold up one that merely waits,
and one that waits a few seconds must not make the one that fails be tried every few seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from provisioner.engine.applying import Outcome, Status
from provisioner.model.change import Action, Step
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.ports import Clock

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """How often a step has failed in a row, and when it is due again."""

    count: int
    due: float


class Retries:
    """Failed steps by group; safe to use from several threads, one per group at a time.

    Args:
        clock: Time.
        first: Seconds until the second attempt; doubled for each one after it.
        longest: The most seconds between two attempts.
    """

    def __init__(
        self, clock: Clock, *, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS
    ) -> None:
        self._clock = clock
        self._first = first
        self._longest = longest
        self._lock = threading.Lock()
        self._failures: dict[str, dict[str, _Failure]] = {}

    def forget(self, group: str) -> None:
        """Let everything of a group be tried at once, because something about it is new."""
        with self._lock:
            self._failures.pop(group, None)

    def hold_back(self, group: str, plan: Plan) -> Plan:
        """Return the plan without the steps that are not due yet, and without what needs them."""
        with self._lock:
            now = self._clock.now()
            failures = self._failures.get(group, {})
            early = {step_id for step_id, failure in failures.items() if failure.due > now}
        if not early:
            return plan
        return without(plan, early)

    def note(self, group: str, outcome: Outcome) -> None:
        """Remember what failed; forget what was done."""
        failed = {progress.step.id for progress in outcome.of(Status.FAILED)}
        with self._lock:
            failures = self._failures.pop(group, {})
            left = {name: f for name, f in failures.items() if name not in outcome.results}
            for name in failed:
                count = failures[name].count + 1 if name in failures else 1
                pause = min(self._longest, self._first * 2.0 ** min(count - 1, 30))
                left[name] = _Failure(count=count, due=self._clock.now() + pause)
            if left:
                self._failures[group] = left

    def pause(self, group: str, plan: Plan) -> float | None:
        """Return in how many seconds to come back for failed steps of a plan, None without one.

        A step that is due and was not tried waits for another one; it does not call us back at
        once, or we would run in circles until that other one is due.
        """
        wanted = {step.id for step in plan.steps}
        with self._lock:
            now = self._clock.now()
            failures = self._failures.get(group, {})
            pauses = [failure.due - now for name, failure in failures.items() if name in wanted]
        ahead = [pause for pause in pauses if pause > 0]
        return min(ahead or [self._first]) if pauses else None


def without(plan: Plan, unwanted: Iterable[str]) -> Plan:
    """Return a plan without some steps and without everything that comes after them."""
    gone = dependent(plan.steps, unwanted)

    def kept(part: LoadBalancerPlan) -> LoadBalancerPlan:
        return replace(part, steps=tuple(step for step in part.steps if step.id not in gone))

    parts = tuple(kept(part) for part in plan.load_balancers)
    return replace(plan, shared=kept(plan.shared), load_balancers=parts)


def dependent(steps: Iterable[Step], first: Iterable[str]) -> frozenset[str]:
    """Return these step ids and those of every step that comes after one of them."""
    followers: dict[str, list[str]] = {}
    for step in steps:
        for earlier in step.after:
            followers.setdefault(earlier, []).append(step.id)
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        step_id = waiting.pop()
        if step_id not in found:
            found.add(step_id)
            waiting += followers.get(step_id, ())
    return frozenset(found)


def postponed_shared(plan: Plan) -> frozenset[str]:
    """Return the shared steps whose time has not come, given a plan for everything.

    What load balancers share is narrowed last: as long as one of them is still to be changed, an
    old target group may serve on a port that nobody wants any more; and what replaces a rule is
    opened before the rule is closed. Steps that come after one of a load balancer wait for it.
    """
    busy = {step.id for part in plan.load_balancers for step in part.changes}
    opening = any(step.action is not Action.DELETE for step in plan.shared.changes)
    first = {
        step.id
        for step in plan.shared.changes
        if busy.intersection(step.after) or ((busy or opening) and _narrows(step))
    }
    shared = {step.id for step in plan.shared.steps}
    return dependent(plan.shared.steps, first) & shared


def _narrows(step: Step) -> bool:
    return step.action in {Action.DELETE, Action.REPLACE}
