"""Put the results of planning together as a Plan: sorted, counted, digested.

Nothing is decided here. What was decided is given the shape that renderers and ``apply`` read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from provisioner.core.digest import combined, digest_of
from provisioner.core.headroom import CostOf, usages
from provisioner.model.change import Step
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expressed
from provisioner.model.intent import Intent, Quarantined
from provisioner.model.kube import Key
from provisioner.model.limits import Limits, Usage
from provisioner.model.plan import Inputs, LoadBalancerPlan, ModeDecision, Plan
from provisioner.model.resource import SHARED, ObservedResource, Resource, by_group, has_unknown
from provisioner.model.settings import Identity

ACCOUNT_WIDE = frozenset({"the account", "the project"})
"""The subjects of account-wide limits; they are listed once, with the shared part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan before it is sorted into parts."""

    intent: Intent
    decisions: Mapping[str, ModeDecision]
    expressed: tuple[Expressed, ...]  # the shared part first
    resources: tuple[Resource, ...]
    observed: tuple[ObservedResource, ...]
    steps: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...]
    kept: Mapping[str, tuple[Key, ...]]
    blocked: frozenset[str]  # subjects of findings that make a whole load balancer unappliable
    identity: Identity
    inputs: Inputs
    applyable: bool


def assemble(
    draft: Draft, *, provider: str, membership: Mapping[str, str], costs: CostOf, limits: Limits
) -> Plan:
    """Return the plan that a draft amounts to.

    Args:
        draft: What was computed.
        provider: The provider's name.
        membership: Kind -> the field that lists its targets; left out of digests.
        costs: The provider's price list.
        limits: The account's limits.
    """
    diagnostics = _unique(draft.diagnostics)
    sorter = _Sorter(draft, diagnostics, membership)
    shared_subjects = _subjects(sorter.resources.get(SHARED, []), costs) | ACCOUNT_WIDE
    parts = {}
    for group in sorter.groups:
        everything = group == SHARED
        found = usages(
            desired=draft.resources if everything else sorter.resources.get(group, []),
            observed=draft.observed if everything else sorter.observed.get(group, []),
            steps=draft.steps if everything else sorter.steps.get(group, []),
            costs=costs,
            limits=limits,
        )
        own = tuple(u for u in found if (u.subject in shared_subjects) == everything)
        parts[group] = sorter.part(group, own)
    shared = parts.pop(SHARED)
    load_balancers = tuple(_held_back(part, shared) for part in parts.values())
    return Plan(
        provider=provider,
        cluster_name=draft.identity.cluster_name,
        digest=combined([shared.digest, *(part.digest for part in load_balancers)]),
        applyable=shared.applyable and all(part.applyable for part in load_balancers),
        load_balancers=load_balancers,
        shared=shared,
        inputs=draft.inputs,
        diagnostics=diagnostics,
        outputs=MappingProxyType({r.address: r.outputs for r in draft.observed if r.outputs}),
    )


def _held_back(part: LoadBalancerPlan, shared: LoadBalancerPlan) -> LoadBalancerPlan:
    """Return a load balancer, not applyable where it rests on what is shared and is not.

    Half of it would be made, and the rest would fail for want of what it refers to.
    """
    if shared.applyable or not part.applyable:
        return part
    missing = {step.id: step.address for step in shared.changes}
    lacks = {missing[name] for step in part.changes for name in step.after if name in missing}
    if not lacks:
        return part
    return replace(part, applyable=False, lacks=tuple(sorted(lacks)))


class _Sorter:
    """Sorts a draft's pieces by load balancer, each piece once."""

    def __init__(
        self, draft: Draft, diagnostics: Iterable[Diagnostic], membership: Mapping[str, str]
    ) -> None:
        self._draft = draft
        self._membership = membership
        self._intents = {lb.name: lb for lb in draft.intent.load_balancers}
        self._expressed = {part.group: part for part in draft.expressed}
        self._blocking: dict[Key, list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            if diagnostic.blocking and diagnostic.ingress is not None:
                self._blocking.setdefault(diagnostic.ingress, []).append(diagnostic)
        self.resources = by_group(draft.resources)
        self.observed = by_group(draft.observed)
        self.steps = by_group(draft.steps)
        self.groups = tuple(sorted({*self.observed, *self._expressed}))

    def part(self, group: str, usage: tuple[Usage, ...]) -> LoadBalancerPlan:
        """Return one load balancer's part of the plan."""
        intent, expressed = self._intents.get(group), self._expressed.get(group)
        members = tuple(member.ingress for member in intent.members) if intent else ()
        quarantined = self._quarantined(group)
        steps = tuple(self.steps.get(group, []))
        concerned = {*members, *(entry.ingress for entry in quarantined)}
        blocking = [d for key in concerned for d in self._blocking.get(key, [])]
        return LoadBalancerPlan(
            group=group,
            digest=digest_of(steps, blocking, membership=self._membership),
            applyable=self._applyable(group, steps),
            ingresses=tuple(sorted(members)),
            quarantined=quarantined,
            kept=self._draft.kept.get(group, ()),
            mode=self._draft.decisions.get(group),
            steps=steps,
            usages=usage,
            resources=tuple(sorted(self.resources.get(group, []), key=lambda r: r.address)),
            approval=expressed.approval if expressed is not None else None,
            succession=expressed.succession if expressed is not None else None,
        )

    def _applyable(self, group: str, steps: Iterable[Step]) -> bool:
        if not self._draft.applyable or subject_of(group) in self._draft.blocked:
            return False
        return not unresolved(steps)

    def _quarantined(self, group: str) -> tuple[Quarantined, ...]:
        intent, expressed = self._intents.get(group), self._expressed.get(group)
        entries = {
            *(intent.quarantined if intent else ()),
            *(expressed.quarantined if expressed else ()),
        }
        return tuple(sorted(entries, key=lambda e: (e.ingress, e.path, e.diagnostic.sort_key())))


def subject_of(group: str) -> str:
    """Return a load balancer as diagnostics name it."""
    return f"load balancer {group}"


def _unique(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(diagnostics), key=Diagnostic.sort_key))


def _subjects(resources: Iterable[Resource], costs: CostOf) -> set[str]:
    return {cost.subject for resource in resources for cost in costs(resource)}


def unresolved(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps whose calls hold a value that nobody here knows; they cannot be applied."""
    return tuple(step for step in steps if any(has_unknown(call.parameters) for call in step.calls))
