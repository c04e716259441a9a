"""Compute a plan from two worlds: the whole pure pipeline, in the order in which it is told.

Intent -> target modes -> resources -> admission against limits -> differences -> steps -> plan.
Admission may refuse a member, which changes everything before it, so that part repeats until
nobody else is refused; every round refuses at least one more member, so it ends.

Nothing here reads, writes, waits or logs. Equal input gives a byte-identical plan.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Generic, TypeVar

from provisioner.core import mode as modes
from provisioner.core.approvals import Withdrawn, without_room
from provisioner.core.assemble import Draft, assemble, subject_of, unresolved
from provisioner.core.diff import DiffRules, diff
from provisioner.core.gate import Judged, over_the_peak, overfull, programmed
from provisioner.core.headroom import CostOf, Prices, tally
from provisioner.core.membership import Membership, trimmed
from provisioner.core.order import ordered
from provisioner.core.select import is_complete, unmentioned
from provisioner.core.translate import intents
from provisioner.model.change import Step
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.expression import Expressed, Expression, SharedExpression, StepRoom
from provisioner.model.intent import Intent, LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.limits import Limits
from provisioner.model.plan import Inputs, ModeDecision, Plan
from provisioner.model.resource import SHARED, Observed, ObservedResource, Resource
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import ClusterFacts, Provider

W = TypeVar("W")
F = TypeVar("F")

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class World(Generic[F]):
    """Everything a plan is computed from.

    Attributes:
        intent: What the snapshot means, nobody refused yet.
        groups: The load balancers to plan; None for all. ``observed`` is complete for these, and
            an outline of the others, because account-wide limits count everything.
        applyable: False where the cloud behind it is a file, or where the plan is a comparison.
        exclusive: False where what is shared also serves somebody whom no Ingress explains.
        remarks: What was found before planning began.
        approved: Digests of what people have approved.
    """

    snapshot: Snapshot
    intent: Intent
    settings: Settings
    facts: F
    limits: Limits
    observed: Observed
    cluster: ClusterFacts | None = None
    groups: frozenset[str] | None = None
    inputs: Inputs = field(default_factory=Inputs)
    applyable: bool = True
    exclusive: bool = True
    remarks: tuple[Diagnostic, ...] = ()
    approved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One load balancer, expressed; ``resources`` with memberships cut to what fits.

    ``kept`` are Ingresses whose rules stay although nothing here mentions them.
    """

    intent: LoadBalancerIntent
    kept: frozenset[Key]
    decision: ModeDecision
    expressed: Expressed
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One pass over all load balancers, before limits are judged."""

    intent: Intent
    parts: Mapping[str, Part]

    @property
    def decisions(self) -> Mapping[str, ModeDecision]:
        """The target modes, by group."""
        return {name: part.decision for name, part in self.parts.items()}

    @property
    def resources(self) -> Mapping[str, tuple[Resource, ...]]:
        """What is desired, by group."""
        return {name: part.resources for name, part in self.parts.items()}

    @property
    def expressed(self) -> tuple[Expressed, ...]:
        """Every load balancer in the provider's words."""
        return tuple(part.expressed for part in self.parts.values())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found, in the intent and in every part."""
        found = (d for part in self.parts.values() for d in part.diagnostics)
        return (*self.intent.diagnostics, *found)


def compute(provider: Provider[W, F], world: World[F]) -> Plan:
    """Return the plan that leads from what was observed to what is wanted.

    Args:
        provider: The cloud's pure side.
        world: What was read.
    """
    refused: dict[Key, Diagnostic] = {}
    costs = Prices(provider.costs)
    this: Round | None = None
    while True:
        this = _express(provider, world, refused, costs=costs, before=this)
        stopping = _stopping(this)
        if stopping:
            refused.update(stopping)
            continue
        judged = Judged(
            intent=this.intent,
            resources=this.resources,
            observed=world.observed,
            decisions=this.decisions,
            foreign=provider.foreign_usage(world.facts, world.observed),
            refused=refused,
            common={name: part.expressed.common for name, part in this.parts.items()},
        )
        more = overfull(judged, costs, world.limits)
        withdrawn = without_room(this.expressed, this.intent, more)
        if withdrawn.digests:
            world, this = _without(world, withdrawn), None
            continue
        if more:
            refused.update({refusal.ingress: refusal.diagnostic for refusal in more})
            continue
        draft = _draft(provider, world, this, costs)
        late = over_the_peak(judged, draft.steps, costs, world.limits)
        if late is None:
            return assemble(
                draft,
                provider=provider.name,
                membership=provider.membership,
                costs=costs,
                limits=world.limits,
            )
        withdrawn = without_room(this.expressed, this.intent, (late,))
        if withdrawn.digests:
            world, this = _without(world, withdrawn), None
            continue
        refused[late.ingress] = late.diagnostic


def _without(world: World[F], withdrawn: Withdrawn) -> World[F]:
    """Return the world without approvals for which there is no room."""
    return replace(
        world,
        approved=world.approved - withdrawn.digests,
        remarks=(*world.remarks, *withdrawn.diagnostics),
    )


def wanted(provider: Provider[W, F], world: World[F]) -> tuple[Resource, ...]:
    """Return what every load balancer consists of and what they share, before any limit is judged.

    This is what resources that another controller made are compared with, to tell what they are.
    """
    expressed = _express(provider, world, {}, costs=Prices(provider.costs), before=None).expressed
    shared = provider.express_shared(
        expressed,
        world.facts,
        SharedExpression(observed=world.observed, settings=world.settings, complete=False),
    )
    return tuple(resource for part in (*expressed, shared) for resource in part.resources)


def _express(
    provider: Provider[W, F],
    world: World[F],
    refused: Mapping[Key, Diagnostic],
    *,
    costs: CostOf,
    before: Round | None,
) -> Round:
    """Express every load balancer; one that means what it meant before is taken from there."""
    intent = world.intent
    if refused:
        intent = intents(
            world.snapshot, provider, world.settings, observed=world.observed, refused=refused
        )
    parts: dict[str, Part] = {}
    for load_balancer in intent.load_balancers:
        name = load_balancer.name
        if world.groups is not None and name not in world.groups:
            continue
        known = before.parts.get(name) if before is not None else None
        if known is not None and known.intent == load_balancer:
            parts[name] = known
        else:
            parts[name] = _part(provider, world, load_balancer, costs)
    return Round(intent=intent, parts=MappingProxyType(parts))


def _stopping(this: Round) -> Mapping[Key, Diagnostic]:
    """Return members whose wishes keep a load balancer from being made at all, for the others.

    One that names no usable subnet, say, or one too large for either target mode.
    """
    found: dict[Key, Diagnostic] = {}
    for part in this.parts.values():
        members = {member.ingress for member in part.intent.members}
        whole = {q.ingress: q.diagnostic for q in part.expressed.quarantined if not q.path}
        guilty = members & whole.keys()
        if guilty and guilty != members and not part.expressed.resources:
            found.update((key, whole[key]) for key in guilty)
        large = {d.ingress: d for d in part.diagnostics if d.code == modes.NEITHER_FITS}
        oversized = members & large.keys()
        if oversized != members:
            found.update((key, large[key]) for key in oversized)
    return found


def _part(
    provider: Provider[W, F], world: World[F], load_balancer: LoadBalancerIntent, costs: CostOf
) -> Part:
    decision, remarks = _decide(provider, world, load_balancer)
    kept = kept_ingresses(world, load_balancer.name)
    expressed = provider.express(
        Expression(
            intent=load_balancer,
            modes=MappingProxyType({b.backend: b.mode for b in decision.backends}),
            observed=world.observed,
            limits=world.limits,
            settings=world.settings,
            keep=kept,
            approved=world.approved,
        ),
        world.facts,
    )
    fitting, waiting = _trim(provider, world, load_balancer, part=expressed, costs=costs)
    return Part(
        intent=load_balancer,
        kept=kept,
        decision=decision,
        expressed=replace(expressed, common=tuple(r for r in fitting if r.group == SHARED)),
        resources=tuple(r for r in fitting if r.group != SHARED),
        diagnostics=(*remarks, *expressed.diagnostics, *waiting),
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
    return unmentioned(world.snapshot, world.settings, world.observed.of_group(group))


def _trim(
    provider: Provider[W, F],
    world: World[F],
    load_balancer: LoadBalancerIntent,
    *,
    part: Expressed,
    costs: CostOf,
) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    observed = (*world.observed.of_group(part.group), *world.observed.of_group(SHARED))
    there = programmed(observed, costs)
    membership = Membership.of(load_balancer, provider.membership, programmed=there)
    wanted = (*part.resources, *part.common)
    return trimmed(wanted, observed, membership, costs=costs, limits=world.limits)


def _draft(provider: Provider[W, F], world: World[F], this: Round, costs: CostOf) -> Draft:
    kept = {name: tuple(sorted(part.kept)) for name, part in this.parts.items()}
    blind = tuple(_blind(world, this, kept))
    observed = _ours_to_change(world, this.expressed)
    room = StepRoom(limits=world.limits, used=MappingProxyType(tally(observed, costs)))

    def drafted(shared: Expressed) -> tuple[list[Resource], tuple[Step, ...]]:
        resources = [*shared.resources, *(r for own in this.resources.values() for r in own)]
        changes = diff(resources, observed, _diff_rules(provider))
        return resources, ordered(provider.steps(changes, world.observed, room))

    shared = _shared(provider, world, this)
    resources, steps = drafted(shared)
    stuck = {step.group for step in unresolved(steps)} if world.applyable else set()
    if SHARED in stuck and len(stuck) > 1:
        shared = _shared(provider, world, this, without=stuck)
        resources, steps = drafted(shared)
    return Draft(
        intent=this.intent,
        decisions=this.decisions,
        expressed=(shared, *this.expressed),
        resources=tuple(resources),
        observed=tuple(observed),
        steps=steps,
        diagnostics=(
            *world.snapshot.diagnostics,
            *world.remarks,
            *this.diagnostics,
            *shared.diagnostics,
            *blind,
        ),
        kept=kept,
        blocked=frozenset(diagnostic.subject for diagnostic in blind),
        identity=world.settings.identity,
        inputs=world.inputs,
        applyable=world.applyable,
    )


def _shared(
    provider: Provider[W, F], world: World[F], this: Round, *, without: Container[str] = ()
) -> Expressed:
    """Return what load balancers share.

    What cannot be applied yet would keep all of it from being applied, and with it everybody else.
    So the needs of such load balancers (``without``) are left out; what exists for them stays.
    """
    heard = [part for part in this.expressed if part.group not in without]
    everyone = len(heard) == len(this.expressed)
    complete = is_complete(world.snapshot) and world.groups is None and world.exclusive
    return provider.express_shared(
        heard,
        world.facts,
        SharedExpression(
            observed=world.observed, settings=world.settings, complete=complete and everyone
        ),
    )


def _diff_rules(provider: Provider[W, F]) -> DiffRules:
    return DiffRules(
        immutable=provider.immutable,
        create_only=provider.create_only,
        partial=provider.partial,
        owned=provider.owned,
    )


def _blind(
    world: World[F], this: Round, kept: Mapping[str, tuple[Key, ...]]
) -> Iterator[Diagnostic]:
    """Yield a finding for each shared load balancer that would be changed without seeing it all.

    Members of an explicit group live anywhere in the cluster. Files alone cannot tell whether those
    that they do not mention still exist, nor what they say now.
    """
    if world.snapshot.asked_cluster:
        return
    for name, others in kept.items():
        if others and this.parts[name].intent.explicit:
            named = ", ".join(str(key) for key in others[:_NAMED])
            more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
            yield error(
                "GROUP-NOT-IN-FILES",
                subject_of(name),
                message=f"Ingresses that your files do not mention are on it: {named}{more}",
                hint="let the plan see the cluster (--kubeconfig), give it all members, or say "
                "--prune to remove the others",
            )


def _ours_to_change(world: World[F], expressed: Sequence[Expressed]) -> list[ObservedResource]:
    """Return what the plan may touch: planned groups, what is shared, and abandoned groups."""
    planned = {part.group for part in expressed}
    groups = {SHARED} | planned
    if is_complete(world.snapshot):
        groups |= set(world.observed.groups if world.groups is None else world.groups)
    return [r for group in sorted(groups) for r in world.observed.of_group(group)]
