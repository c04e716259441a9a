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
from typing import Generic, Protocol, TypeVar

from provisioner.core.assemble import ACCOUNT
from provisioner.core.translate import intents
from provisioner.engine.applying import Applier, Outcome, Progress, Status
from provisioner.engine.planning import Planner
from provisioner.model.change import Action
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.kube import Ingress, Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED, Observed
from provisioner.model.settings import FINALIZER
from provisioner.model.snapshot import Snapshot

W = TypeVar("W")
F = TypeVar("F")


class Cluster(Protocol):
    """What a reconcile writes to the cluster; every write passes the fence."""

    def add_finalizer(self, ingress: Ingress) -> None:
        """Hold the Ingress until its cloud resources are gone."""
        ...

    def remove_finalizer(self, ingress: Ingress) -> None:
        """Let the Ingress go."""
        ...

    def set_addresses(self, ingress: Ingress, addresses: tuple[str, ...]) -> None:
        """Write where the Ingress is reachable, if that is news."""
        ...

    def tell(self, ingress: Ingress, *, reason: str, message: str, warning: bool) -> None:
        """Put an Event on the Ingress."""
        ...

    def publish(self, plan: Plan, part: LoadBalancerPlan, addresses: tuple[str, ...]) -> None:
        """Mirror the load balancer's state for people."""
        ...


class World(Protocol):
    """Where a reconcile reads the cluster from."""

    def members(self, group: str) -> frozenset[Key]:
        """Return the Ingresses that are on a load balancer, or are leaving it."""
        ...

    def snapshot(self, ingresses: Iterable[Key] | None) -> Snapshot:
        """Return what these Ingresses (None: all) need, as it is now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a reconcile ended.

    ``again`` says in how many seconds to come back, None for not before something changes;
    ``failed`` asks for a growing delay instead.
    """

    again: float | None = None
    failed: bool = False
    plan: Plan | None = None
    outcome: Outcome | None = None


class Reconciler(Generic[W, F]):
    """Reconciles groups, several at a time, each by one worker.

    Args:
        planner: Reads and plans.
        applier: Carries out, without patience.
        world: The cluster, from the cache.
        cluster: The cluster, to write to.
        wait_seconds: When to come back to a step that waits.
    """

    def __init__(
        self,
        planner: Planner[W, F],
        applier: Applier[W, F],
        *,
        world: World,
        cluster: Cluster,
        wait_seconds: float = 5.0,
    ) -> None:
        self._planner = planner
        self._applier = applier
        self._world = world
        self._cluster = cluster
        self._wait_seconds = wait_seconds
        self._planned: dict[str, str] = {}  # group -> what its last complete run planned from
        self._account = threading.Lock()

    def forget(self) -> None:
        """Make every group be looked at in full again (the drift pass)."""
        self._planned.clear()

    def reconcile(self, group: str) -> Result:
        """Bring one group (or ``shared``) up to date.

        Raises:
            NotLeader: Somebody else may write now.
            ProvisionerError: The cloud or the cluster could not be read or written.
        """
        if group == SHARED:
            return self._reconcile_shared()
        snapshot = self._world.snapshot(self._world.members(group))
        fingerprint = self._fingerprint(snapshot)
        if self._planned.get(group) == fingerprint:
            return Result()
        plan = self._planner.plan(snapshot, groups=frozenset({group}))
        if self._takes_account_room(plan):
            with self._account:
                plan = self._planner.plan(snapshot, groups=frozenset({group}))
                outcome = self._carry_out(plan, group, snapshot)
        else:
            outcome = self._carry_out(plan, group, snapshot)
        result = self._result(plan, outcome)
        if outcome.complete:
            self._planned[group] = fingerprint
        return result

    def _reconcile_shared(self) -> Result:
        """Recompute what load balancers share from all of them; only this may narrow it."""
        with self._account:
            plan = self._planner.plan(self._world.snapshot(None))
            busy = {step.id for part in plan.load_balancers for step in part.changes}
            steps = tuple(s for s in plan.shared.steps if not busy.intersection(s.after))
            postponed = len(steps) < len(plan.shared.steps)
            only = replace(plan, shared=replace(plan.shared, steps=steps), load_balancers=())
            outcome = self._applier.run(only, patient=False)
        result = self._result(only, outcome)
        if postponed and result.again is None and not result.failed:
            return replace(result, again=self._wait_seconds)
        return result

    def _fingerprint(self, snapshot: Snapshot) -> str:
        intent = intents(
            snapshot,
            self._planner.provider,
            self._planner.settings,
            observed=Observed(),
            refused={},
        )
        return hashlib.sha256(repr(intent).encode()).hexdigest()

    def _takes_account_room(self, plan: Plan) -> bool:
        """Tell whether a plan takes from what all groups share, so that they must take turns."""
        if plan.shared.changes:
            return True
        created = {step.address for step in plan.steps if step.action is Action.CREATE}
        return any(
            cost.subject == ACCOUNT
            for part in plan.parts
            for resource in part.resources
            if resource.address in created
            for cost in self._planner.provider.costs(resource)
        )

    def _carry_out(self, plan: Plan, group: str, snapshot: Snapshot) -> Outcome:
        part = next((p for p in plan.load_balancers if p.group == group), None)
        staying = set(part.ingresses) if part is not None else set()
        self._claim(snapshot, staying)
        outcome = self._applier.run(plan, patient=False)
        addresses = self._planner.provider.status_addresses(group, outcome.outputs)
        self._tell(snapshot, plan, outcome)
        held = staying | {entry.ingress for entry in part.quarantined} if part else staying
        for ingress in _known(snapshot, held):
            if addresses and not ingress.meta.deleting:
                self._cluster.set_addresses(ingress, addresses)
        if outcome.complete:
            self._release(snapshot, held)
        if part is not None:
            self._cluster.publish(plan, part, addresses)
        return outcome

    def _claim(self, snapshot: Snapshot, staying: set[Key]) -> None:
        """Put our finalizer on every member before anything is made for it."""
        for ingress in _known(snapshot, staying):
            if FINALIZER not in ingress.meta.finalizers:
                self._cluster.add_finalizer(ingress)

    def _release(self, snapshot: Snapshot, held: set[Key]) -> None:
        """Let go of every Ingress that has nothing in the cloud any more."""
        for key, ingress in sorted(snapshot.ingresses.items()):
            if FINALIZER in ingress.meta.finalizers and key not in held:
                self._cluster.remove_finalizer(ingress)

    def _tell(self, snapshot: Snapshot, plan: Plan, outcome: Outcome) -> None:
        """Put Events on those concerned: the guilty object, and only it."""
        for diagnostic in plan.diagnostics:
            ingress = _subject(snapshot, diagnostic)
            if ingress is not None and diagnostic.severity is not Severity.INFO:
                self._cluster.tell(
                    ingress,
                    reason=reason_of(diagnostic.code),
                    message=_sentence(diagnostic),
                    warning=True,
                )
        for key, failure in _failures(outcome).items():
            if key in snapshot.ingresses and failure.error is not None:
                self._cluster.tell(
                    snapshot.ingresses[key],
                    reason="ApplyFailed",
                    message=f"{failure.step.address}: {failure.error.message}",
                    warning=True,
                )
        for key, count in _done(outcome).items():
            if key in snapshot.ingresses:
                self._cluster.tell(
                    snapshot.ingresses[key],
                    reason="Applied",
                    message=f"{count} steps of plan {plan.digest[:19]} were carried out",
                    warning=False,
                )

    def _result(self, plan: Plan, outcome: Outcome) -> Result:
        failed = bool(outcome.of(Status.FAILED))
        waits = bool(outcome.of(Status.WAITING))
        again = self._wait_seconds if waits and not failed else None
        return Result(again=again, failed=failed, plan=plan, outcome=outcome)


def _known(snapshot: Snapshot, keys: Iterable[Key]) -> list[Ingress]:
    return [snapshot.ingresses[key] for key in sorted(keys) if key in snapshot.ingresses]


def _subject(snapshot: Snapshot, diagnostic: Diagnostic) -> Ingress | None:
    return snapshot.ingresses.get(diagnostic.ingress) if diagnostic.ingress is not None else None


def _sentence(diagnostic: Diagnostic) -> str:
    where = f" ({diagnostic.field})" if diagnostic.field else ""
    hint = f"; {diagnostic.hint}" if diagnostic.hint else ""
    return f"{diagnostic.message}{where}{hint}"


def reason_of(code: str) -> str:
    """Return a diagnostic's code as an Event's reason: ``LIMIT-EXCEEDED`` -> ``LimitExceeded``."""
    return "".join(word.capitalize() for word in code.split("-"))


def _failures(outcome: Outcome) -> Mapping[Key, Progress]:
    """Return the first failure of each Ingress."""
    found: dict[Key, Progress] = {}
    for progress in outcome.of(Status.FAILED):
        for key in progress.step.ingresses:
            found.setdefault(key, progress)
    return found


def _done(outcome: Outcome) -> Mapping[Key, int]:
    """Return how many steps were carried out for each Ingress."""
    found: dict[Key, int] = {}
    for progress in outcome.of(Status.DONE):
        for key in progress.step.ingresses:
            found[key] = found.get(key, 0) + 1
    return found
