"""Bring one load balancer to what its Ingresses say now, and tell everyone concerned.

Takes a name, never an event, and reads everything again. A reconcile that would plan from what the
last complete one planned from makes no cloud call at all. A wait never holds a worker: what can be
done is done, and the name comes back later.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from provisioner.core.assemble import ACCOUNT_WIDE
from provisioner.core.translate import intents
from provisioner.engine.applying import Applier, Outcome, Progress, Status
from provisioner.engine.planning import Planner
from provisioner.model.change import Action, Step
from provisioner.model.kube import Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED, Observed
from provisioner.model.snapshot import Snapshot
from provisioner.operator.aftermath import (
    Aftermath,
    Cluster,
    Situation,
    Standing,
    standing_after,
    staying_in,
)
from provisioner.operator.approvals import Approvals, has_moved, shown
from provisioner.operator.led import Led, who_is_behind
from provisioner.operator.reports import log_result, log_step
from provisioner.operator.retries import Retries, postponed_shared, without
from provisioner.ports import Clock

_BUILDS = frozenset({Action.CREATE, Action.REPLACE})
_SELDOM = 6
"""By how much longer than for a wait to stay away where somebody else will call."""

W = TypeVar("W")
F = TypeVar("F")


class World(Protocol):
    """Where a reconcile reads the cluster from. ``led``: what load balancers lead to."""

    led: Led

    def members(self, group: str) -> frozenset[Key]:
        """Return the Ingresses that are on a load balancer, or are leaving it."""
        ...

    def snapshot(self, ingresses: Iterable[Key] | None) -> Snapshot:
        """Return what these Ingresses (None: all) need, as it is now."""
        ...


class Record(Protocol):
    """Keeps what must be remembered of a plan outside the cloud, before and after it."""

    def before(self, plan: Plan) -> None:
        """Note what a plan is about to do; raises where that is impossible."""
        ...

    def after(self, plan: Plan) -> None:
        """Note what holds now that a plan was carried out completely."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a reconcile ended.

    ``again`` says in how many seconds to come back, None for not before something changes.
    ``failed`` means that something did not work; without ``again`` it asks for a growing delay.
    ``structural`` tells that more than the membership of target groups was changed,
    ``shares_members`` that load balancers have targets in common, such as a group of nodes.
    """

    again: float | None = None
    failed: bool = False
    structural: bool = False
    shares_members: bool = False
    plan: Plan | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the last complete reconcile of a group was made from and led to."""

    epoch: int
    fingerprint: str
    standing: Standing
    until: float | None = None  # the plan will say more then, though nothing has changed


class Reconciler(Generic[W, F]):
    """Reconciles groups, several at a time, each by one worker.

    Args:
        planner: Reads and plans.
        applier: Carries out, without patience.
        world: The cluster, from the cache.
        cluster: The cluster, to write to.
        clock: Time.
        record: Told of every plan that is carried out.
        wait_seconds: When to come back to a step that waits.
    """

    def __init__(
        self,
        planner: Planner[W, F],
        applier: Applier[W, F],
        *,
        world: World,
        cluster: Cluster,
        clock: Clock,
        record: Record,
        wait_seconds: float = 5.0,
    ) -> None:
        self._planner = planner
        self._applier = applier
        self._world = world
        self._clock = clock
        self._aftermath = Aftermath(cluster)
        self._approvals = Approvals(cluster)
        self._wait_seconds = wait_seconds
        self._record = record
        self._retries = Retries(clock)
        self._epoch = 0
        self._known: dict[str, _Known] = {}
        self._seen: dict[str, str] = {}  # group -> fingerprint of its last reconcile
        self._account = threading.Lock()

    def forget(self) -> None:
        """Make every group be looked at in full again (the drift pass).

        A reconcile that is under way counts as one from before.
        """
        self._epoch += 1

    def reconcile(self, group: str) -> Result:
        """Bring one group (or ``shared``) up to date.

        Raises:
            NotLeader: Somebody else may write now.
            ProvisionerError: The cloud or the cluster could not be read or written.
        """
        if group == SHARED:
            return self._reconcile_shared()
        epoch = self._epoch
        approved = self._approvals.heard(group, again=group not in self._known)
        situation = self._look(group, self._world.snapshot(self._world.members(group)), approved)
        known = self._known.get(group)
        if known is not None and self._is_as_before(known, epoch, situation.fingerprint):
            kept = self._aftermath.keep(situation, known.standing)
            return Result(failed=not kept, again=self._pause(group, known))
        if self._seen.get(group) != situation.fingerprint:
            self._retries.forget(group)
            self._seen[group] = situation.fingerprint
        return self._bring_up_to_date(situation, epoch)

    # -- one load balancer ----------------------------------------------------------------------

    def _is_as_before(self, known: _Known, epoch: int, fingerprint: str) -> bool:
        due = known.until is not None and self._clock.now() >= known.until
        return not due and (known.epoch, known.fingerprint) == (epoch, fingerprint)

    def _pause(self, group: str, known: _Known) -> float | None:
        """Return when to look again at a group that is as it should be."""
        if self._approvals.awaits(group):
            return self._wait_seconds
        return None if known.until is None else max(0.0, known.until - self._clock.now())

    def _look(self, group: str, snapshot: Snapshot, approved: frozenset[str]) -> Situation:
        """Return what a snapshot says, read without a look at the cloud."""
        provider, settings = self._planner.provider, self._planner.settings
        intent = intents(snapshot, provider, settings, observed=Observed(), refused={})
        meant = hashlib.sha256(repr((intent, sorted(approved))).encode()).hexdigest()
        return Situation(
            group=group,
            snapshot=snapshot,
            fingerprint=f"{meant} {self._behind(group, snapshot)}",
            staying=staying_in(intent),
            approved=approved,
        )

    def _behind(self, group: str, snapshot: Snapshot) -> str:
        """Return a text that changes with who is behind what a load balancer leads to."""
        return who_is_behind(snapshot, self._planner.provider, self._world.led.of(group))

    def _lead(self, situation: Situation, plan: Plan, *, complete: bool) -> Situation:
        """Note where a plan leads; until it is complete, also where the load balancer led before.

        Returns:
            The situation as the next look will find it if nothing changes.
        """
        group, led = situation.group, self._world.led
        part = _part(plan, group)
        leads = self._planner.provider.backends_in(part.resources if part is not None else ())
        led.note(group, leads if complete else leads | led.of(group))
        meant = situation.fingerprint.partition(" ")[0]
        now = f"{meant} {self._behind(group, situation.snapshot)}"
        if self._seen.get(group, "").startswith(meant):
            self._seen[group] = now
        return replace(situation, fingerprint=now)

    def _bring_up_to_date(self, situation: Situation, epoch: int) -> Result:
        plan = self._plan(situation)
        turned_away, went_well = self._claim(situation, plan)
        if turned_away:
            held = situation.snapshot.ingresses.items()
            kept = {key: ingress for key, ingress in held if key not in turned_away}
            rest = replace(situation.snapshot, ingresses=MappingProxyType(kept))
            situation = self._look(situation.group, rest, situation.approved)
            plan = self._plan(situation)
        if self._takes_account_room(plan):
            with self._account:
                plan, outcome = self._carry_out(situation, self._plan(situation))
        else:
            plan, outcome = self._carry_out(situation, plan)
        return self._conclude(situation, plan, outcome, epoch=epoch, went_well=went_well)

    def _plan(self, situation: Situation) -> Plan:
        return self._planner.plan(
            situation.snapshot,
            groups=frozenset({situation.group}),
            approved=situation.approved,
        )

    def _claim(self, situation: Situation, plan: Plan) -> tuple[frozenset[Key], bool]:
        """Put our finalizer on every member before anything is made for it.

        Returns:
            Members that must be planned without, because they are gone, or because the cluster
            refuses the finalizer and nothing exists of them yet; and whether all went well.
        """
        part = _part(plan, situation.group)
        answers = {
            ingress.key: self._aftermath.claim(ingress)
            for ingress in situation.known(part.ingresses if part is not None else ())
        }
        gone = {key for key, answer in answers.items() if answer is False}
        refused = {key for key, answer in answers.items() if answer is None}
        if refused:
            observed = self._planner.reader.observe(None)
            present = {key for r in observed.resources.values() for key in r.ingresses}
            gone |= refused - present
        return frozenset(gone), not refused

    def _carry_out(self, situation: Situation, plan: Plan) -> tuple[Plan, Outcome]:
        """Carry out what is due; returns the whole plan and what became of the due part."""
        self._lead(situation, plan, complete=False)
        due = self._retries.hold_back(situation.group, plan)
        outcome = self._run(due, situation.group)
        self._retries.note(situation.group, outcome)
        return plan, outcome

    def _run(self, plan: Plan, group: str) -> Outcome:
        def report(progress: Progress) -> None:
            log_step(group, plan.digest, progress)

        self._record.before(plan)
        outcome = self._applier.run(plan, patient=False, report=report)
        if outcome.complete:
            self._record.after(plan)
        return outcome

    def _conclude(
        self, situation: Situation, plan: Plan, outcome: Outcome, *, epoch: int, went_well: bool
    ) -> Result:
        """Tell the cluster what has become of a load balancer, and remember it if all is well."""
        group = situation.group
        addresses_of = self._planner.provider.status_addresses
        part = _part(plan, group)
        self._aftermath.tell(situation, plan, outcome)
        standing, moved = Standing(), True
        if part is not None:
            moved = has_moved(
                situation,
                part,
                outcome.outputs,
                addresses_of=addresses_of,
                holds=self._planner.reader.holds,
            )
            addresses = addresses_of(group, shown(part, outcome.outputs, moved=moved))
            standing = standing_after(situation, part, outcome, addresses)
            went_well &= self._aftermath.keep(situation, standing)
        self._approvals.note(group, part)
        ours = (*addresses_of(group, plan.outputs), *standing.addresses)
        went_well &= self._aftermath.withdraw_addresses(situation, ours)
        complete = _is_complete(plan, outcome)
        situation = self._lead(situation, plan, complete=complete)
        if complete and situation.leaving:
            went_well &= self._aftermath.release(situation, self._planner.reader.observe(None))
        self._mirror(plan, part, standing, complete=complete)
        known = None
        if complete and went_well and moved:
            known = self._known[group] = _Known(
                epoch=epoch,
                fingerprint=situation.fingerprint,
                standing=standing,
                until=self._until(part),
            )
            if part is None or not part.resources:
                self._drop(group)
        result = self._result(group, plan, outcome, complete=complete and went_well)
        pause = self._pause(group, known) if known is not None else self._wait_seconds
        if result.again is None and not result.failed and (known is not None or not moved):
            return replace(result, again=pause)
        return result

    def _until(self, part: LoadBalancerPlan | None) -> float | None:
        """Return when a plan will say more than this one, though nothing has changed.

        Once what was approved is done, that is now: a load balancer of another kind has more to it.
        """
        if part is not None and part.approval is not None and not part.approval.needed:
            return self._clock.now()
        due = part.succession.due_seconds if part is not None and part.succession else None
        return None if due is None else self._clock.now() + due

    def _mirror(
        self, plan: Plan, part: LoadBalancerPlan | None, standing: Standing, *, complete: bool
    ) -> None:
        if part is not None and (part.resources or not complete):
            self._aftermath.publish(plan, part, standing)
        elif part is not None:
            self._aftermath.withdraw(part.group)

    def _drop(self, group: str) -> None:
        """Forget a group of which nothing is left."""
        if not self._world.members(group):
            self._known.pop(group, None)
            self._seen.pop(group, None)
            self._retries.forget(group)

    def _result(self, group: str, plan: Plan, outcome: Outcome, *, complete: bool) -> Result:
        pauses = [self._retries.pause(group, plan)]
        if outcome.of(Status.WAITING):
            pauses.append(self._wait_seconds)
        again = min((pause for pause in pauses if pause is not None), default=None)
        membership = self._planner.provider.membership
        result = Result(
            again=again,
            failed=bool(outcome.of(Status.FAILED)) or (not complete and again is None),
            structural=any(p.step.kind not in membership for p in outcome.of(Status.DONE)),
            shares_members=any(each.kind in membership for each in plan.shared.resources),
            plan=plan,
            outcome=outcome,
        )
        log_result(group, plan, outcome, result.again)
        return result

    def _takes_account_room(self, plan: Plan) -> bool:
        """Tell whether a plan takes from what all groups share, so that they must take turns."""
        if plan.shared.changes:
            return True
        created = {step.address for step in plan.steps if step.action in _BUILDS}
        return any(
            cost.subject in ACCOUNT_WIDE
            for part in plan.parts
            for resource in part.resources
            if resource.address in created
            for cost in self._planner.provider.costs(resource)
        )

    # -- what load balancers share --------------------------------------------------------------

    def _reconcile_shared(self) -> Result:
        """Recompute what load balancers share from all of them; only this may narrow it."""
        with self._account:
            plan = self._planner.plan(self._world.snapshot(None))
            postponed = postponed_shared(plan)
            due = replace(without(plan, postponed), load_balancers=())
            due = self._retries.hold_back(SHARED, due)
            outcome = self._run(due, SHARED)
            self._retries.note(SHARED, outcome)
        result = self._result(SHARED, plan, outcome, complete=outcome.complete)
        if postponed and result.again is None and not result.failed:
            # Whoever is busy asks for this when done; coming back by ourselves is a safety net.
            return replace(result, again=self._wait_seconds * _SELDOM)
        return result


def _part(plan: Plan, group: str) -> LoadBalancerPlan | None:
    return next((part for part in plan.load_balancers if part.group == group), None)


def _is_complete(plan: Plan, outcome: Outcome) -> bool:
    """Tell whether everything planned was done: nothing held back, nothing that cannot be done."""
    wanted: Mapping[str, Step] = {step.id: step for part in plan.parts for step in part.changes}
    return outcome.complete and wanted.keys() <= outcome.results.keys()
