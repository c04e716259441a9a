"""Judge a round of planning against every limit, and say who must be refused next.

Three gates, one after the other: limits of one load balancer, limits of the account (there a whole
group is the unit), and the peak while a change is under way. The rules of admission themselves are
in ``core.admission``; here they are given what to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from provisioner.core.admission import Demand, Refusal, admission_order, refusals
from provisioner.core.headroom import CostOf, Place, greatest, peak, tally
from provisioner.model.change import Step
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Intent, LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits
from provisioner.model.plan import ModeDecision
from provisioner.model.resource import Observed, ObservedResource, Resource, by_group

_MEMBERSHIP_LIMITS = (
    "targets-per-application-load-balancer",
    "targets-per-target-group",
    "endpoints-per-network-endpoint-group",
    "instances-per-instance-group",
)
"""Limits that the other target mode may not meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the gates look at.

    Attributes:
        intent: Who is on which load balancer, in order.
        resources: What is desired, by planned group, memberships already trimmed.
        observed: Everything of ours, of all groups.
        decisions: Target modes, for advice.
        foreign: What others take of account-wide limits, by limit name.
        refused: Who has been refused already.
        common: What of the shared part load balancers want, by planned group.
    """

    intent: Intent
    resources: Mapping[str, Sequence[Resource]]
    observed: Observed
    decisions: Mapping[str, ModeDecision]
    foreign: Mapping[str, int]
    refused: Mapping[Key, Diagnostic]
    common: Mapping[str, Sequence[Resource]] = field(default_factory=lambda: MappingProxyType({}))


def overfull(judged: Judged, costs: CostOf, limits: Limits) -> tuple[Refusal, ...]:
    """Return who must be refused next: within each load balancer, then within the account."""
    found: list[Refusal] = []
    for group, desired in judged.resources.items():
        observed = judged.observed.of_group(group)
        demand = Demand(
            order=_order(judged.intent, group, programmed(observed, costs)),
            desired=desired,
            observed=observed,
            foreign={},
            advice=_advice(judged.decisions[group]),
        )
        found += refusals(demand, costs, limits)
    if not found:
        found += _of_account(judged, costs, limits)
    return tuple(refusal for refusal in found if refusal.ingress not in judged.refused)


def over_the_peak(
    judged: Judged, steps: Sequence[Step], costs: CostOf, limits: Limits
) -> Refusal | None:
    """Return the last member whose change does not fit on the way, though its end state would."""
    walks = by_group(steps)
    rises: list[Rise] = []
    for group, desired in judged.resources.items():
        observed = judged.observed.of_group(group)
        own = walks.get(group, [])
        rise = Rise(
            group=group,
            steps=own,
            worst=peak(desired=desired, observed=observed, steps=own, costs=costs),
            now=peak(desired=(), observed=observed, steps=(), costs=costs),
        )
        rises.append(rise)
        for place in sorted(rise.worst):
            limit = limits.by_name.get(place[0])
            if limit is None or rise.worst[place] <= max(limit.value, rise.now[place]):
                continue
            if refusal := _last(judged, rise, place, rise.worst[place], costs=costs, limit=limit):
                return refusal
    return _over_in_account(judged, rises, costs, limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """What a load balancer takes on its way: at the worst moment, and now."""

    group: str
    steps: Sequence[Step]
    worst: Counter[Place]
    now: Counter[Place]


def _over_in_account(
    judged: Judged, rises: Sequence[Rise], costs: CostOf, limits: Limits
) -> Refusal | None:
    """Return the last member whose change takes more of the account for a while than there is.

    All load balancers may be at their worst at the same time. One that ends with what it takes at
    its worst is judged by the end state.
    """
    taken: Counter[Place] = Counter()
    peaks: Counter[Place] = Counter()
    for rise in rises:
        taken.update({p: units for p, units in rise.now.items() if p[0] in judged.foreign})
        peaks.update({p: units for p, units in rise.worst.items() if p[0] in judged.foreign})
    rising = [place for place in sorted(peaks) if peaks[place] > taken[place]]
    foreign = _of_others(judged, costs) if rising else {}
    for place in rising:
        limit, others = limits.by_name.get(place[0]), foreign[place[0]]
        if limit is None or others + peaks[place] <= max(limit.value, others + taken[place]):
            continue
        for rise in reversed(rises):
            end = tally(judged.resources[rise.group], costs)[place]
            if rise.worst[place] <= max(end, rise.now[place]):
                continue
            worst = others + peaks[place]
            if refusal := _last(judged, rise, place, worst, costs=costs, limit=limit):
                return refusal
    return None


def _last(
    judged: Judged, rise: Rise, place: Place, worst: int, *, costs: CostOf, limit: Limit
) -> Refusal | None:
    """Return the last member of a load balancer whose own share of a place grows on the way."""
    observed = judged.observed.of_group(rise.group)
    desired = judged.resources[rise.group]
    growth = greatest(
        desired=desired, observed=observed, steps=rise.steps, costs=costs, place=place
    )
    for key in reversed(_order(judged.intent, rise.group, programmed(observed, costs))):
        if key not in judged.refused and key in growth:
            sentence = (
                f"{place[1]} would need {worst} of {limit.value} {limit.label} "
                "while this change is under way, because the new is created before the "
                "old is deleted"
            )
            return Refusal(ingress=key, diagnostic=_peak_error(key, sentence))
    return None


def programmed(observed: Sequence[ObservedResource], costs: CostOf) -> frozenset[Key]:
    """Return the Ingresses that have something in the cloud that is theirs alone.

    That may be a part of a resource that many share, such as their rules of a URL map.
    """
    alone = frozenset(r.ingresses[0] for r in observed if len(r.ingresses) == 1)
    parts = (cost.ingress for resource in observed for cost in costs(resource))
    return alone | frozenset(key for key in parts if key is not None)


def _of_account(judged: Judged, costs: CostOf, limits: Limits) -> Iterable[Refusal]:
    """Judge account-wide limits: a whole group is the unit, told through its members.

    What the rest of the account takes is added up only where something grows: most plans change
    nothing, and the account may be large.
    """
    planned = judged.resources.keys()
    desired = [
        (group, resource)
        for group, resource in (*_own(judged), *_new_common(judged))
        if any(cost.limit in judged.foreign for cost in costs(resource))
    ]
    observed = [resource for group in planned for resource in judged.observed.of_group(group)]
    if not _grows((resource for _, resource in desired), observed, costs, judged.foreign):
        return
    units = tuple(Key("", group) for group in planned)
    exists = frozenset(key for key in units if judged.observed.of_group(key.name))
    foreign = _of_others(judged, costs)
    demand = Demand(
        order=admission_order(units, exists),
        desired=[replace(each, ingresses=(Key("", group),)) for group, each in desired],
        observed=[replace(each, ingresses=(Key("", each.group),)) for each in observed],
        foreign=foreign,
        advice={},
    )
    account_wide = Limits(
        by_name={name: limits[name] for name in foreign if name in limits.by_name}
    )
    members = {lb.name: lb.members for lb in judged.intent.load_balancers}
    for refusal in refusals(demand, costs, account_wide):
        for member in members[refusal.ingress.name]:
            told = _for_member(refusal.diagnostic, member.ingress)
            yield Refusal(ingress=member.ingress, diagnostic=told)


def _grows(
    desired: Iterable[Resource],
    observed: Iterable[ObservedResource],
    costs: CostOf,
    account_wide: Container[str],
) -> bool:
    """Tell whether more of some account-wide limit is wanted than there is."""
    wanted, present = tally(desired, costs), tally(observed, costs)
    return any(wanted[place] > present[place] for place in wanted if place[0] in account_wide)


def _of_others(judged: Judged, costs: CostOf) -> Mapping[str, int]:
    """Return what is taken of account-wide limits by whatever is not planned here."""
    foreign = dict(judged.foreign)
    for resource in judged.observed.resources.values():
        if resource.group in judged.resources:
            continue
        for cost in costs(resource):
            if cost.limit in foreign:
                foreign[cost.limit] += cost.units
    return foreign


def _own(judged: Judged) -> Iterator[tuple[str, Resource]]:
    for group, resources in judged.resources.items():
        for resource in resources:
            yield group, resource


def _new_common(judged: Judged) -> Iterator[tuple[str, Resource]]:
    """Yield what has to be made for several load balancers, with the first that wants it."""
    known = set(judged.observed.resources)
    for group in judged.resources:
        for resource in judged.common.get(group, ()):
            if resource.address not in known:
                known.add(resource.address)
                yield group, resource


def _for_member(diagnostic: Diagnostic, member: Key) -> Diagnostic:
    return replace(diagnostic, subject=f"Ingress {member}", ingress=member)


def _order(intent: Intent, group: str, serving: frozenset[Key]) -> tuple[Key, ...]:
    found = _load_balancer(intent, group)
    return admission_order((member.ingress for member in found.members), serving)


def _load_balancer(intent: Intent, group: str) -> LoadBalancerIntent:
    return next(lb for lb in intent.load_balancers if lb.name == group)


def _advice(decision: ModeDecision) -> Mapping[str, str]:
    """Return the sentence about the other target mode, where it would fit."""
    for option in decision.considered:
        if option.mode.value != decision.mode and option.fits:
            text = (
                f"target mode {option.mode.value} would fit ({option.arithmetic}; annotation "
                "ingress-provisioner.io/target-mode)"
            )
            return dict.fromkeys(_MEMBERSHIP_LIMITS, text)
    return {}


def _peak_error(key: Key, sentence: str) -> Diagnostic:
    return error(
        "LIMIT-PEAK",
        f"Ingress {key}",
        ingress=key,
        message=sentence,
        hint="make room first: remove something, or change fewer backends at once",
    )
