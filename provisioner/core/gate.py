"""Judge a round of planning against every limit, and say who must be refused next.

Three gates, one after the other: limits of one load balancer, limits of the account (there a whole
group is the unit), and the peak while a change is under way. The rules of admission themselves are
in ``core.admission``; here they are given what to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from provisioner.core.admission import Demand, Refusal, admission_order, refusals
from provisioner.core.headroom import CostOf, peak
from provisioner.model.change import Action, Step
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Intent, LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.limits import Limits
from provisioner.model.plan import ModeDecision
from provisioner.model.resource import SHARED, Observed, ObservedResource, Resource, by_group

_BUILDS = frozenset({Action.CREATE, Action.REPLACE})


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
    """

    intent: Intent
    resources: Mapping[str, Sequence[Resource]]
    observed: Observed
    decisions: Mapping[str, ModeDecision]
    foreign: Mapping[str, int]
    refused: Mapping[Key, Diagnostic]


def overfull(judged: Judged, costs: CostOf, limits: Limits) -> tuple[Refusal, ...]:
    """Return who must be refused next: within each load balancer, then within the account."""
    found: list[Refusal] = []
    for group, desired in judged.resources.items():
        observed = judged.observed.of_group(group)
        demand = Demand(
            order=_order(judged.intent, group, programmed(observed)),
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
    for group, desired in judged.resources.items():
        observed = judged.observed.of_group(group)
        own = walks.get(group, [])
        worst = peak(desired=desired, observed=observed, steps=own, costs=costs)
        now = peak(desired=(), observed=observed, steps=(), costs=costs)
        for place in sorted(worst):
            limit = limits.by_name.get(place[0])
            if limit is None or worst[place] <= max(limit.value, now[place]):
                continue
            for key in reversed(_order(judged.intent, group, programmed(observed))):
                if key not in judged.refused and _adds(desired, own, costs, place, key):
                    sentence = (
                        f"{place[1]} would need {worst[place]} of {limit.value} {limit.label} "
                        "while this change is under way, because the new is created before the "
                        "old is deleted"
                    )
                    return Refusal(ingress=key, diagnostic=_peak_error(key, sentence))
    return None


def programmed(observed: Iterable[ObservedResource]) -> frozenset[Key]:
    """Return the Ingresses that have something in the cloud that is theirs alone."""
    return frozenset(r.ingresses[0] for r in observed if len(r.ingresses) == 1)


def _of_account(judged: Judged, costs: CostOf, limits: Limits) -> Iterable[Refusal]:
    """Judge account-wide limits: a whole group is the unit, told through its members."""
    planned = judged.resources.keys()
    foreign = dict(judged.foreign)
    for resource in judged.observed.resources.values():
        if resource.group in planned or resource.group == SHARED:
            continue
        for cost in costs(resource):
            if cost.limit in foreign:
                foreign[cost.limit] += cost.units
    units = tuple(Key("", group) for group in planned)
    exists = frozenset(key for key in units if judged.observed.of_group(key.name))
    demand = Demand(
        order=admission_order(units, exists),
        desired=[
            replace(resource, ingresses=(Key("", group),))
            for group, resources in judged.resources.items()
            for resource in resources
            if any(cost.limit in foreign for cost in costs(resource))
        ],
        observed=[
            replace(resource, ingresses=(Key("", group),))
            for group in planned
            for resource in judged.observed.of_group(group)
        ],
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
            return {
                "targets-per-application-load-balancer": text,
                "targets-per-target-group": text,
            }
    return {}


def _peak_error(key: Key, sentence: str) -> Diagnostic:
    return error(
        "LIMIT-PEAK",
        f"Ingress {key}",
        ingress=key,
        message=sentence,
        hint="make room first: remove something, or change fewer backends at once",
    )


def _adds(
    desired: Sequence[Resource],
    steps: Sequence[Step],
    costs: CostOf,
    place: tuple[str, str],
    key: Key,
) -> bool:
    created = {step.address for step in steps if step.action in _BUILDS}
    return any(
        (cost.limit, cost.subject) == place
        for resource in desired
        if resource.address in created and resource.ingresses == (key,)
        for cost in costs(resource)
    )
