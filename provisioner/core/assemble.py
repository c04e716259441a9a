"""Put the results of planning together as a Plan: sorted, counted, digested.

Nothing is decided here. What was decided is given the shape that renderers and ``apply`` read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from provisioner.core.digest import combined, digest_of
from provisioner.core.headroom import usages
from provisioner.model.change import Step
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Intent, Quarantined
from provisioner.model.kube import Key
from provisioner.model.limits import Limits, Usage
from provisioner.model.plan import Inputs, LoadBalancerPlan, ModeDecision, Plan
from provisioner.model.resource import SHARED, ObservedResource, Resource, has_unknown
from provisioner.model.settings import Identity
from provisioner.ports import Expressed, Provider

W = TypeVar("W")
F = TypeVar("F")

ACCOUNT = "the account"
"""The subject of account-wide limits; they are listed once, with the shared part."""


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
    identity: Identity
    applyable: bool


def assemble(
    provider: Provider[W, F], draft: Draft, *, world_inputs: Inputs, limits: Limits
) -> Plan:
    """Return the plan that a draft amounts to."""
    diagnostics = _unique(draft.diagnostics)
    groups = {r.group for r in draft.observed} | {part.group for part in draft.expressed}
    parts = {group: _part(provider, draft, group, diagnostics, limits) for group in sorted(groups)}
    shared = parts.pop(SHARED)
    load_balancers = tuple(parts[group] for group in sorted(parts))
    return Plan(
        provider=provider.name,
        cluster_name=draft.identity.cluster_name,
        digest=combined([shared.digest, *(part.digest for part in load_balancers)]),
        applyable=shared.applyable and all(part.applyable for part in load_balancers),
        load_balancers=load_balancers,
        shared=shared,
        inputs=world_inputs,
        diagnostics=diagnostics,
        outputs=MappingProxyType({r.address: r.outputs for r in draft.observed if r.outputs}),
    )


def _unique(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(diagnostics), key=Diagnostic.sort_key))


def _part(
    provider: Provider[W, F],
    draft: Draft,
    group: str,
    diagnostics: Iterable[Diagnostic],
    limits: Limits,
) -> LoadBalancerPlan:
    intent = next((lb for lb in draft.intent.load_balancers if lb.name == group), None)
    expressed = next((part for part in draft.expressed if part.group == group), None)
    steps = tuple(step for step in draft.steps if step.group == group)
    members = tuple(member.ingress for member in intent.members) if intent else ()
    quarantined = _quarantined(
        (*(intent.quarantined if intent else ()), *(expressed.quarantined if expressed else ()))
    )
    concerned = {*members, *(entry.ingress for entry in quarantined)}
    blocking = [d for d in diagnostics if d.blocking and d.ingress in concerned]
    resources = tuple(r for r in draft.resources if r.group == group)
    return LoadBalancerPlan(
        group=group,
        digest=digest_of(steps, blocking, membership=provider.membership),
        applyable=draft.applyable and not unresolved(steps),
        ingresses=tuple(sorted(members)),
        quarantined=quarantined,
        kept=draft.kept.get(group, ()),
        mode=draft.decisions.get(group),
        steps=steps,
        usages=_usages(provider, draft, group, limits),
        resources=tuple(sorted(resources, key=lambda r: r.address)),
    )


def unresolved(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps whose calls hold a value that nobody here knows; they cannot be applied."""
    return tuple(step for step in steps if any(has_unknown(call.parameters) for call in step.calls))


def _quarantined(entries: Iterable[Quarantined]) -> tuple[Quarantined, ...]:
    return tuple(sorted(set(entries), key=lambda e: (e.ingress, e.path, e.diagnostic.sort_key())))


def _usages(
    provider: Provider[W, F], draft: Draft, group: str, limits: Limits
) -> tuple[Usage, ...]:
    everything = group == SHARED
    found = usages(
        desired=[r for r in draft.resources if everything or r.group == group],
        observed=[r for r in draft.observed if everything or r.group == group],
        steps=[s for s in draft.steps if everything or s.group == group],
        costs=provider.costs,
        limits=limits,
    )
    shared_subjects = {
        cost.subject
        for resource in draft.resources
        if resource.group == SHARED
        for cost in provider.costs(resource)
    } | {ACCOUNT}
    return tuple(u for u in found if (u.subject in shared_subjects) == everything)
