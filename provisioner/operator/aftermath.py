"""What a reconcile says to the cluster: finalizers before, addresses, Events and release after.

One object that cannot be written must not hold up the others: every write is tried on its own,
what failed is logged, and the reconcile comes back for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from provisioner.engine.applying import Outcome, Progress, Status
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.errors import ClusterError
from provisioner.model.intent import Intent
from provisioner.model.kube import Ingress, Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED, Observed
from provisioner.model.settings import FINALIZER
from provisioner.model.snapshot import Snapshot
from provisioner.operator.logs import fields

_LOG = logging.getLogger(__name__)

_SHORT_DIGEST = len("sha256:") + 12


class Cluster(Protocol):
    """What a reconcile writes to the cluster; every write passes the fence."""

    def add_finalizer(self, ingress: Ingress) -> bool:
        """Hold the Ingress until its cloud resources are gone; False where it is gone itself."""
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

    def withdraw(self, group: str) -> None:
        """Remove the mirror of a load balancer that is gone."""
        ...

    def approved(self, group: str) -> str:
        """Return the digest that somebody has approved for a group, "" for none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What one reconcile starts from.

    ``staying`` are the Ingresses of the snapshot that are on some load balancer of ours, whichever;
    an Ingress with our finalizer that is not among them is leaving. ``approved`` are digests that
    somebody has approved.
    """

    group: str
    snapshot: Snapshot
    fingerprint: str
    staying: frozenset[Key]
    approved: frozenset[str] = frozenset()

    @property
    def leaving(self) -> tuple[Ingress, ...]:
        """Ingresses that hold our finalizer and nothing else."""
        return tuple(
            ingress
            for key, ingress in sorted(self.snapshot.ingresses.items())
            if FINALIZER in ingress.meta.finalizers and key not in self.staying
        )

    def known(self, keys: Iterable[Key]) -> tuple[Ingress, ...]:
        """Return those of these Ingresses that exist."""
        held = self.snapshot.ingresses
        return tuple(held[key] for key in sorted(keys) if key in held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who is on a load balancer, and where it is reachable.

    ``members`` hold our finalizer; ``served`` have something there and show its addresses.
    """

    members: frozenset[Key] = frozenset()
    served: frozenset[Key] = frozenset()
    addresses: tuple[str, ...] = ()


def staying_in(intent: Intent) -> frozenset[Key]:
    """Return the Ingresses that are on some load balancer, quarantined ones included."""
    return frozenset(
        key
        for balancer in intent.load_balancers
        for key in (
            *(member.ingress for member in balancer.members),
            *(entry.ingress for entry in balancer.quarantined),
        )
    )


def standing_after(
    situation: Situation, part: LoadBalancerPlan, outcome: Outcome, addresses: tuple[str, ...]
) -> Standing:
    """Return who is on a load balancer after a run.

    An Ingress that has no address yet gets one when all of its own steps are done: until then
    the load balancer may exist and answer 404.
    """
    present = {key for resource in part.resources for key in resource.ingresses}
    results = outcome.results
    unfinished = {
        key
        for step in part.changes
        if step.id not in results or results[step.id].status is not Status.DONE
        for key in step.ingresses
    }
    held = {*part.ingresses, *(entry.ingress for entry in part.quarantined)}
    served = {
        ingress.key
        for ingress in situation.known(held & present)
        if ingress.addresses or ingress.key not in unfinished
    }
    return Standing(
        members=frozenset(part.ingresses), served=frozenset(served), addresses=addresses
    )


class Aftermath:
    """Writes to the cluster on behalf of reconciles."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def claim(self, ingress: Ingress) -> bool | None:
        """Put our finalizer on an Ingress.

        Returns:
            True if it is there; False if the Ingress is gone or going; None if the cluster did
            not let us.
        """
        if FINALIZER in ingress.meta.finalizers:
            return True
        try:
            return self._cluster.add_finalizer(ingress)
        except ClusterError as error:
            _LOG.warning(
                "finalizer not added: %s", fields(ingress=ingress.key, error=error.message)
            )
            return None

    def keep(self, situation: Situation, standing: Standing) -> bool:
        """Keep finalizers and addresses as they should be; tell whether all of that went well."""
        went_well = [
            self.claim(ingress) is not None
            for ingress in situation.known(standing.members)
            if not ingress.meta.deleting
        ]
        went_well += [
            self._set_addresses(ingress, standing.addresses)
            for ingress in situation.known(standing.served if standing.addresses else ())
            if not ingress.meta.deleting
        ]
        return all(went_well)

    def withdraw_addresses(self, situation: Situation, ours: Iterable[str]) -> bool:
        """Clear the status of Ingresses that leave us and live on, if it still shows our word."""
        known = frozenset(ours)
        went_well = [
            self._set_addresses(ingress, ())
            for ingress in situation.leaving
            if not ingress.meta.deleting
            and ingress.addresses
            and known.issuperset(ingress.addresses)
        ]
        return all(went_well)

    def release(self, situation: Situation, observed: Observed) -> bool:
        """Let go of every leaving Ingress that has nothing in the cloud any more; tell if all."""
        went_well = []
        for ingress in situation.leaving:
            left = _left_of(ingress.key, situation, observed)
            if left:
                _LOG.info(
                    "finalizer stays: %s",
                    fields(ingress=ingress.key, left=len(left), first=left[0]),
                )
                went_well.append(False)
                continue
            went_well.append(
                _tried(ingress, "finalizer", partial(self._cluster.remove_finalizer, ingress))
            )
        return all(went_well)

    def tell(self, situation: Situation, plan: Plan, outcome: Outcome) -> None:
        """Put Events on those concerned: the guilty object, and only it."""
        for diagnostic in plan.diagnostics:
            self._tell_diagnostic(situation, diagnostic)
        everyone = situation.staying | {ingress.key for ingress in situation.leaving}
        for key, failure in _failures(outcome, everyone).items():
            self._event(
                situation,
                key,
                reason="ApplyFailed",
                message=f"{failure.step.address}: {_why(failure)}",
                warning=True,
            )
        digest = plan.digest[:_SHORT_DIGEST]
        for key, count in _done(outcome).items():
            steps = "1 step" if count == 1 else f"{count} steps"
            self._event(
                situation,
                key,
                reason="Applied",
                message=f"carried out {steps} of plan {digest}",
                warning=False,
            )

    def publish(self, plan: Plan, part: LoadBalancerPlan, standing: Standing) -> None:
        """Mirror a load balancer for people."""
        self._cluster.publish(plan, part, standing.addresses)

    def withdraw(self, group: str) -> None:
        """Remove the mirror of a load balancer that is gone."""
        self._cluster.withdraw(group)

    def _set_addresses(self, ingress: Ingress, addresses: tuple[str, ...]) -> bool:
        return _tried(ingress, "status", lambda: self._cluster.set_addresses(ingress, addresses))

    def _tell_diagnostic(self, situation: Situation, diagnostic: Diagnostic) -> None:
        if diagnostic.ingress is None or diagnostic.severity is Severity.INFO:
            return
        self._event(
            situation,
            diagnostic.ingress,
            reason=reason_of(diagnostic.code),
            message=_sentence(diagnostic),
            warning=True,
        )

    def _event(
        self, situation: Situation, key: Key, *, reason: str, message: str, warning: bool
    ) -> None:
        ingress = situation.snapshot.ingresses.get(key)
        if ingress is not None:
            self._cluster.tell(ingress, reason=reason, message=message, warning=warning)


def _tried(ingress: Ingress, what: str, write: Callable[[], None]) -> bool:
    try:
        write()
    except ClusterError as error:
        _LOG.warning("%s not written: %s", what, fields(ingress=ingress.key, error=error.message))
        return False
    return True


def _left_of(key: Key, situation: Situation, observed: Observed) -> list[str]:
    """Return addresses of what an Ingress still has: its own, and a load balancer it was alone on.

    A load balancer bears no Ingress' mark. It is held against a leaving one where it is that
    Ingress' own, or where nobody stays on the one being reconciled.
    """
    alone = {str(key)}
    if not situation.staying:
        alone.add(situation.group)
    return sorted(
        resource.address
        for resource in observed.resources.values()
        if resource.group != SHARED and (key in resource.ingresses or resource.group in alone)
    )


def _sentence(diagnostic: Diagnostic) -> str:
    where = f" ({diagnostic.field})" if diagnostic.field else ""
    hint = f"; {diagnostic.hint}" if diagnostic.hint else ""
    return f"{diagnostic.message}{where}{hint}"


def _why(failure: Progress) -> str:
    if failure.error is None:
        return failure.detail
    hint = f"; {failure.error.hint}" if failure.error.hint else ""
    return f"{failure.error.message}{hint}"


def reason_of(code: str) -> str:
    """Return a diagnostic's code as an Event's reason: ``LIMIT-EXCEEDED`` -> ``LimitExceeded``."""
    return "".join(word.capitalize() for word in code.split("-"))


def _failures(outcome: Outcome, everyone: Iterable[Key]) -> Mapping[Key, Progress]:
    """Return the first failure of each Ingress; what belongs to nobody fails for everyone."""
    found: dict[Key, Progress] = {}
    for progress in outcome.of(Status.FAILED):
        for key in progress.step.ingresses or sorted(everyone):
            found.setdefault(key, progress)
    return found


def _done(outcome: Outcome) -> Mapping[Key, int]:
    """Return how many steps were carried out for each Ingress."""
    found: dict[Key, int] = {}
    for progress in outcome.of(Status.DONE):
        for key in progress.step.ingresses:
            found[key] = found.get(key, 0) + 1
    return found
