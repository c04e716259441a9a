"""Decide who fits: the gate in front of every limit.

Limits are a gate for *growth*, never a freeze (LBC#4373, #3560, #1856 are what a freeze does).
Members that are programmed keep what they have; whoever lowers usage may always do so; whoever
needs more gets it in order, while there is room. The member that does not fit is refused by name,
with the sum, and everybody else goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provisioner.core.headroom import CostOf, Place, owner_text, tally
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits
from provisioner.model.resource import ObservedResource, Resource

_NAMED_PARTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A member that does not fit, and the sentence that says why."""

    ingress: Key
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What members want and have, for one load balancer (or one account).

    Attributes:
        order: Members in the order in which they are admitted: programmed ones first.
        desired: Resources as everybody wants them.
        observed: Resources as they are.
        foreign: Units that others take, by limit name (account-wide limits).
        advice: Limit name -> a way out, said before the general ones.
    """

    order: Sequence[Key]
    desired: Sequence[Resource]
    observed: Sequence[ObservedResource]
    foreign: Mapping[str, int]
    advice: Mapping[str, str]


def refusals(demand: Demand, costs: CostOf, limits: Limits) -> tuple[Refusal, ...]:
    """Return the members that do not fit, each with the first limit it breaks.

    An empty answer means that the desired resources fit, or that they are over a limit only
    where what exists already was, and do not make it worse.
    """
    wanted = tally(demand.desired, costs)
    present = tally(demand.observed, costs)
    refused: dict[Key, Diagnostic] = {}
    for place in sorted(wanted):
        limit = limits.by_name.get(place[0])
        if limit is None:
            continue
        foreign = demand.foreign.get(place[0], 0)
        total = wanted[place] + foreign
        if total <= limit.value or wanted[place] <= present[place]:
            continue
        for key in _who_does_not_fit(place, demand, costs, limit.value - foreign):
            if key not in refused:
                refused[key] = _refusal(key, place, limit, demand, costs)
    return tuple(
        Refusal(ingress=key, diagnostic=refused[key]) for key in demand.order if key in refused
    )


def admission_order(members: Iterable[Key], programmed: frozenset[Key]) -> tuple[Key, ...]:
    """Return the members, those that are programmed first, otherwise in the order given."""
    listed = list(members)
    return (
        *(key for key in listed if key in programmed),
        *(key for key in listed if key not in programmed),
    )


def _who_does_not_fit(place: Place, demand: Demand, costs: CostOf, room: int) -> list[Key]:
    wanted = _by_member(place, demand.desired, costs)
    present = _by_member(place, demand.observed, costs)
    members = frozenset(demand.order)
    common = sum(units for key, units in wanted.items() if key not in members)
    kept = {key: min(wanted[key], present[key]) for key in demand.order}
    total = common + sum(kept.values())
    refused = []
    for key in demand.order:
        more = wanted[key] - kept[key]
        if more <= 0:
            continue
        if total + more <= room:
            total += more
        else:
            refused.append(key)
    return refused


def _by_member(
    place: Place, resources: Iterable[Resource | ObservedResource], costs: CostOf
) -> Counter[Key | None]:
    """Return the units at one place by member; what several share counts under None."""
    units: Counter[Key | None] = Counter()
    for resource in resources:
        owner = resource.ingresses[0] if len(resource.ingresses) == 1 else None
        for cost in costs(resource):
            if (cost.limit, cost.subject) == place:
                units[owner] += cost.units
    return units


def _refusal(key: Key, place: Place, limit: Limit, demand: Demand, costs: CostOf) -> Diagnostic:
    name, subject = place
    units: Counter[str] = Counter()
    for resource in demand.desired:
        for cost in costs(resource):
            if (cost.limit, cost.subject) == place:
                units[owner_text(resource.ingresses)] += cost.units
    if foreign := demand.foreign.get(name, 0):
        units["others in the account"] += foreign
    total = sum(units.values())
    return error(
        "LIMIT-EXCEEDED",
        f"Ingress {key}",
        ingress=key,
        message=(
            f"{subject} would need {total} of {limit.value} {limit.label}: "
            f"{_sum_text(units, key)} (limit {name}, from {limit.source.value})"
        ),
        hint=_way_out(limit, demand.advice.get(name, "")),
    )


def _sum_text(units: Counter[str], refused: Key) -> str:
    """Return the sum as ``60 (shop/a) + 40 (shop/b) + 1 (shop/c)``, the refused one last."""
    last = str(refused)
    others = sorted(
        ((name, count) for name, count in units.items() if name != last),
        key=lambda part: (-part[1], part[0]),
    )
    shown = [f"{count} ({name})" for name, count in others[:_NAMED_PARTS]]
    if rest := others[_NAMED_PARTS:]:
        shown.append(f"{sum(count for _, count in rest)} ({len(rest)} more)")
    if units[last]:
        shown.append(f"{units[last]} ({last})")
    return " + ".join(shown)


def _way_out(limit: Limit, advice: str) -> str:
    ways = [advice] if advice else []
    if limit.adjustable:
        ways.append(f"raise the quota {limit.name}")
    ways.append("give it a group of its own (annotation ingress-provisioner.io/group)")
    ways.append("or put an in-cluster proxy behind one rule")
    return "; ".join(ways)
