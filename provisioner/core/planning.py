"""Compute a plan from two worlds: the whole pure pipeline, in the order in which it is told.

Intent -> target modes -> resources -> admission against limits -> differences -> steps -> plan.
Admission may refuse a member, which changes everything before it, so that part repeats until
nobody else is refused; every round refuses at least one more member, so it ends.

Nothing here reads, writes, waits or logs. Equal input gives a byte-identical plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

from provisioner.core import mode as modes
from provisioner.core.admission import Demand, Refusal, admission_order, refusals
from provisioner.core.assemble import Draft, assemble
from provisioner.core.diff import DiffRules, diff
from provisioner.core.headroom import peak
from provisioner.core.membership import Membership, trimmed
from provisioner.core.order import ordered
from provisioner.core.translate import intents
from provisioner.model.change import Step
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Intent, LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.limits import Limits
from provisioner.model.plan import Inputs, ModeDecision, Plan
from provisioner.model.resource import SHARED, Observed, ObservedResource, Resource
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import (
    ClusterFacts,
    Expressed,
    Expression,
    Provider,
    SharedExpression,
    StepRoom,
)

W = TypeVar("W")
F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class World(Generic[F]):
    """Everything a plan is computed from.

    Attributes:
        groups: The load balancers to plan; None for all. ``observed`` covers all of them either
            way, because account-wide limits count everything.
        applyable: False where the cloud behind it is a file.
    """

    snapshot: Snapshot
    settings: Settings
    facts: F
    limits: Limits
    observed: Observed
    cluster: ClusterFacts | None = None
    groups: frozenset[str] | None = None
    inputs: Inputs = field(default_factory=Inputs)
    applyable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One pass over all load balancers, before limits are judged."""

    intent: Intent
    decisions: Mapping[str, ModeDecision]
    expressed: tuple[Expressed, ...]
    diagnostics: tuple[Diagnostic, ...]


def compute(provider: Provider[W, F], world: World[F]) -> Plan:
    """Return the plan that leads from what was observed to what is wanted.

    Args:
        provider: The cloud's pure side.
        world: What was read.
    """
    refused: dict[Key, Diagnostic] = {}
    while True:
        this = _express(provider, world, refused)
        more = _overfull(provider, world, this, refused)
        if more:
            refused.update({refusal.ingress: refusal.diagnostic for refusal in more})
            continue
        draft = _draft(provider, world, this)
        late = _peak_refusal(provider, world, draft, refused)
        if late is None:
            return assemble(provider, draft, world_inputs=world.inputs, limits=world.limits)
        refused[late.ingress] = late.diagnostic


def _express(provider: Provider[W, F], world: World[F], refused: Mapping[Key, Diagnostic]) -> Round:
    intent = intents(
        world.snapshot, provider, world.settings, observed=world.observed, refused=refused
    )
    decisions: dict[str, ModeDecision] = {}
    expressed: list[Expressed] = []
    findings = [*intent.diagnostics]
    for load_balancer in intent.load_balancers:
        if world.groups is not None and load_balancer.name not in world.groups:
            continue
        decision, remarks = _decide(provider, world, load_balancer)
        part = provider.express(
            Expression(
                intent=load_balancer,
                modes=MappingProxyType({b.backend: b.mode for b in decision.backends}),
                observed=world.observed,
                limits=world.limits,
                settings=world.settings,
                keep=kept_ingresses(world, load_balancer.name),
            ),
            world.facts,
        )
        decisions[load_balancer.name] = decision
        expressed.append(part)
        findings += [*remarks, *part.diagnostics]
    return Round(
        intent=intent,
        decisions=MappingProxyType(decisions),
        expressed=tuple(expressed),
        diagnostics=tuple(findings),
    )


def _decide(
    provider: Provider[W, F], world: World[F], load_balancer: LoadBalancerIntent
) -> tuple[ModeDecision, tuple[Diagnostic, ...]]:
    return modes.decide(
        load_balancer,
        room=provider.mode_room(load_balancer, world.facts, world.limits),
        present=provider.present_modes(load_balancer.name, world.observed),
        settings=world.settings,
        pods_routable=world.cluster.pods_routable if world.cluster else None,
    )


def kept_ingresses(world: World[F], group: str) -> frozenset[Key]:
    """Return the Ingresses whose rules stay although nothing here mentions them.

    Files are rarely the whole truth: what they do not mention may belong to somebody else.
    """
    if is_complete(world.snapshot) or world.settings.prune:
        return frozenset()
    seen = {key for r in world.observed.of_group(group) for key in r.ingresses}
    return frozenset(seen - world.snapshot.ingresses.keys())


def is_complete(snapshot: Snapshot) -> bool:
    """Tell whether what the snapshot lacks is truly absent, so that it may be deleted."""
    return snapshot.complete and not snapshot.unknown_kinds & {"Ingress", "IngressClass"}


def _programmed(observed: Iterable[ObservedResource]) -> frozenset[Key]:
    """Return the Ingresses that have something in the cloud that is theirs alone."""
    return frozenset(r.ingresses[0] for r in observed if len(r.ingresses) == 1)


def _overfull(
    provider: Provider[W, F], world: World[F], this: Round, refused: Mapping[Key, Diagnostic]
) -> tuple[Refusal, ...]:
    """Return who must be refused next: within each load balancer, then within the account."""
    found: list[Refusal] = []
    for part in this.expressed:
        observed = world.observed.of_group(part.group)
        programmed = _programmed(observed)
        desired, _ = _trim(provider, world, this.intent, part)
        demand = Demand(
            order=_order(this.intent, part.group, programmed),
            desired=desired,
            observed=observed,
            foreign={},
            advice=_advice(this.decisions[part.group]),
        )
        found += refusals(demand, provider.costs, world.limits)
    return tuple(r for r in found or _account(provider, world, this) if r.ingress not in refused)


def _account(provider: Provider[W, F], world: World[F], this: Round) -> tuple[Refusal, ...]:
    """Judge account-wide limits: a whole group is the unit, told through its first member."""
    planned = {part.group for part in this.expressed}
    others = [r for r in world.observed.resources.values() if r.group not in planned | {SHARED}]
    desired = [_as_group(r) for part in this.expressed for r in part.resources]
    observed = [
        _as_group_observed(r) for group in sorted(planned) for r in world.observed.of_group(group)
    ]
    foreign = dict(provider.foreign_usage(world.facts))
    for resource in others:
        for cost in provider.costs(resource):
            if cost.limit in foreign:
                foreign[cost.limit] += cost.units
    units = tuple(Key("", part.group) for part in this.expressed)
    exists = frozenset(key for key in units if world.observed.of_group(key.name))
    account_only = Limits(
        by_name={name: world.limits[name] for name in foreign if name in world.limits.by_name}
    )
    demand = Demand(
        order=admission_order(units, exists),
        desired=desired,
        observed=observed,
        foreign=foreign,
        advice={},
    )
    members = {lb.name: lb.members for lb in this.intent.load_balancers}
    return tuple(
        Refusal(ingress=member.ingress, diagnostic=_for_member(refusal.diagnostic, member.ingress))
        for refusal in refusals(demand, provider.costs, account_only)
        for member in members[refusal.ingress.name]
    )


def _as_group(resource: Resource) -> Resource:
    return Resource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        spec=resource.spec,
        ingresses=(Key("", resource.group),),
    )


def _as_group_observed(resource: ObservedResource) -> ObservedResource:
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        spec=resource.spec,
        ingresses=(Key("", resource.group),),
    )


def _for_member(diagnostic: Diagnostic, member: Key) -> Diagnostic:
    return error(
        diagnostic.code,
        f"Ingress {member}",
        ingress=member,
        message=diagnostic.message,
        hint=diagnostic.hint,
    )


def _order(intent: Intent, group: str, programmed: frozenset[Key]) -> tuple[Key, ...]:
    load_balancer = next(lb for lb in intent.load_balancers if lb.name == group)
    return admission_order((m.ingress for m in load_balancer.members), programmed)


def _advice(decision: ModeDecision) -> Mapping[str, str]:
    """Return the sentence about the other target mode, where it would fit."""
    for option in decision.considered:
        if option.mode.value != decision.mode and option.fits:
            text = (
                f"target mode {option.mode.value} would fit ({option.arithmetic}; annotation "
                "ingress-provisioner.io/target-mode)"
            )
            return {
                "targets-per-application-load-balancer": text,
                "targets-per-target-group": text,
            }
    return {}


def _trim(
    provider: Provider[W, F], world: World[F], intent: Intent, part: Expressed
) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    load_balancer = next(lb for lb in intent.load_balancers if lb.name == part.group)
    observed = world.observed.of_group(part.group)
    zone_of = {pod.ip: pod.zone for backend in load_balancer.backends for pod in backend.pods or ()}
    membership = Membership(
        fields=provider.membership, zone_of=zone_of, programmed=_programmed(observed)
    )
    return trimmed(part.resources, observed, membership, costs=provider.costs, limits=world.limits)


def _draft(provider: Provider[W, F], world: World[F], this: Round) -> Draft:
    complete = is_complete(world.snapshot) and world.groups is None
    shared = provider.express_shared(
        this.expressed,
        world.facts,
        SharedExpression(observed=world.observed, settings=world.settings, complete=complete),
    )
    findings = [*this.diagnostics, *shared.diagnostics]
    resources: list[Resource] = [*shared.resources]
    for part in this.expressed:
        kept, remarks = _trim(provider, world, this.intent, part)
        resources += kept
        findings += remarks
    observed = _ours_to_change(world, this.expressed)
    steps = _steps(provider, world, resources, observed)
    return Draft(
        intent=this.intent,
        decisions=this.decisions,
        expressed=(shared, *this.expressed),
        resources=tuple(resources),
        observed=tuple(observed),
        steps=steps,
        diagnostics=(*world.snapshot.diagnostics, *findings),
        kept={p.group: tuple(sorted(kept_ingresses(world, p.group))) for p in this.expressed},
        identity=world.settings.identity,
        applyable=world.applyable,
    )


def _ours_to_change(world: World[F], expressed: Sequence[Expressed]) -> list[ObservedResource]:
    """Return what the plan may touch: planned groups, what is shared, and abandoned groups."""
    planned = {part.group for part in expressed}
    groups = {SHARED} | planned
    if is_complete(world.snapshot):
        groups |= set(world.observed.groups if world.groups is None else world.groups)
    return [r for group in sorted(groups) for r in world.observed.of_group(group)]


def _steps(
    provider: Provider[W, F],
    world: World[F],
    desired: Sequence[Resource],
    observed: Sequence[ObservedResource],
) -> tuple[Step, ...]:
    rules = DiffRules(
        immutable=provider.immutable, create_only=provider.create_only, partial=provider.partial
    )
    changes = diff(desired, observed, rules)
    used = {
        (cost.limit, cost.subject): 0 for resource in observed for cost in provider.costs(resource)
    }
    for resource in observed:
        for cost in provider.costs(resource):
            used[cost.limit, cost.subject] += cost.units
    room = StepRoom(limits=world.limits, used=MappingProxyType(used))
    return ordered(provider.steps(changes, world.observed, room))


def _peak_refusal(
    provider: Provider[W, F], world: World[F], draft: Draft, refused: Mapping[Key, Diagnostic]
) -> Refusal | None:
    """Return the last member whose change does not fit on the way, though its end state would."""
    for part in draft.expressed:
        if part.group == SHARED:
            continue
        desired = [r for r in draft.resources if r.group == part.group]
        observed = [r for r in draft.observed if r.group == part.group]
        steps = [step for step in draft.steps if step.group == part.group]
        worst = peak(desired=desired, observed=observed, steps=steps, costs=provider.costs)
        now = peak(desired=(), observed=observed, steps=(), costs=provider.costs)
        for place in sorted(worst):
            limit = world.limits.by_name.get(place[0])
            if limit is None or worst[place] <= max(limit.value, now[place]):
                continue
            for key in reversed(_order(draft.intent, part.group, _programmed(observed))):
                if key not in refused and _adds(provider, desired, steps, place, key):
                    return Refusal(
                        ingress=key,
                        diagnostic=error(
                            "LIMIT-PEAK",
                            f"Ingress {key}",
                            ingress=key,
                            message=(
                                f"{place[1]} would need {worst[place]} of {limit.value} "
                                f"{limit.label} while this change is under way, because the new "
                                "is created before the old is deleted"
                            ),
                            hint="make room first: remove something, or change fewer backends "
                            "at once",
                        ),
                    )
    return None


def _adds(
    provider: Provider[W, F],
    desired: Sequence[Resource],
    steps: Sequence[Step],
    place: tuple[str, str],
    key: Key,
) -> bool:
    created = {step.address for step in steps if step.action.value in {"create", "replace"}}
    return any(
        (cost.limit, cost.subject) == place
        for resource in desired
        if resource.address in created and resource.ingresses == (key,)
        for cost in provider.costs(resource)
    )
