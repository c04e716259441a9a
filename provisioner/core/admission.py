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

from provisioner.core.headroom import CostOf, Place, tally
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
    over = {
        place: limit
        for place in sorted(wanted)
        if (limit := limits.by_name.get(place[0])) is not None
        and wanted[place] + demand.foreign.get(place[0], 0) > limit.value
        and wanted[place] > present[place]
    }
    if not over:
        return ()
    owners = {resource.address: _owner(resource) for resource in demand.desired}
    growth = _shares(demand.desired, costs, over, owners)
    kept = _shares(demand.observed, costs, over, owners)
    refused: dict[Key, Diagnostic] = {}
    for place, limit in over.items():
        room = limit.value - demand.foreign.get(place[0], 0)
        told = _Told(place, limit, growth[place], demand)
        found = _who_does_not_fit(demand.order, growth[place], kept[place], room)
        for key in found or _last_to_share(demand, costs, place):
            refused.setdefault(key, told.refusal(key))
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


def _owner(resource: Resource | ObservedResource) -> Key | None:
    return resource.ingresses[0] if len(resource.ingresses) == 1 else None


def _shares(
    resources: Iterable[Resource | ObservedResource],
    costs: CostOf,
    places: Iterable[Place],
    owners: Mapping[str, Key | None],
) -> dict[Place, Counter[Key | None]]:
    """Return the units at some places by member; what several share counts under None.

    Not everything in the cloud says whose it is; ``owners`` says who wants it, by address.
    """
    shares: dict[Place, Counter[Key | None]] = {place: Counter() for place in places}
    for resource in resources:
        owner = _owner(resource) or owners.get(resource.address)
        for cost in costs(resource):
            share = shares.get((cost.limit, cost.subject))
            if share is not None:
                share[cost.ingress or owner] += cost.units
    return shares


def _who_does_not_fit(
    order: Sequence[Key], wanted: Counter[Key | None], present: Counter[Key | None], room: int
) -> list[Key]:
    members = frozenset(order)
    common = sum(units for key, units in wanted.items() if key not in members)
    kept = {key: min(wanted[key], present[key]) for key in order}
    total = common + sum(kept.values())
    refused = []
    for key in order:
        more = wanted[key] - kept[key]
        if more <= 0:
            continue
        if total + more <= room:
            total += more
        else:
            refused.append(key)
    return refused


def _last_to_share(demand: Demand, costs: CostOf, place: Place) -> list[Key]:
    """Return the last member that shares something that grew, where no growth is one's own."""

    def units(resource: Resource | ObservedResource) -> int:
        return sum(c.units for c in costs(resource) if (c.limit, c.subject) == place)

    before = {resource.address: units(resource) for resource in demand.observed}
    sharing = {
        key
        for resource in demand.desired
        if units(resource) > before.get(resource.address, 0)
        for key in resource.ingresses
    }
    return [key for key in reversed(demand.order) if key in sharing][:1]


class _Told:
    """The sentence about one overfull place, for whoever is refused there."""

    def __init__(
        self, place: Place, limit: Limit, units: Counter[Key | None], demand: Demand
    ) -> None:
        self._place = place
        self._limit = limit
        self._hint = _way_out(limit, demand.advice.get(place[0], ""))
        self._parts = {_owner_text(key): count for key, count in units.items() if count}
        if foreign := demand.foreign.get(place[0], 0):
            self._parts["others in the account"] = foreign
        self._total = sum(self._parts.values())
        self._ranked = sorted(self._parts.items(), key=lambda part: (-part[1], part[0]))

    def refusal(self, key: Key) -> Diagnostic:
        """Return the diagnostic for one member."""
        limit = self._limit
        return error(
            "LIMIT-EXCEEDED",
            f"Ingress {key}",
            ingress=key,
            message=(
                f"{self._place[1]} would need {self._total} of {limit.value} {limit.label}: "
                f"{self._sum(str(key))} (limit {limit.name}, from {limit.source.value})"
            ),
            hint=self._hint,
        )

    def _sum(self, last: str) -> str:
        """Return the sum as ``60 (shop/a) + 40 (shop/b) + 1 (shop/c)``, the refused one last."""
        own = self._parts.get(last, 0)
        others = [part for part in self._ranked[: _NAMED_PARTS + 1] if part[0] != last]
        shown = others[:_NAMED_PARTS]
        texts = [f"{count} ({name})" for name, count in shown]
        rest = self._total - own - sum(count for _, count in shown)
        if rest:
            names = len(self._parts) - len(shown) - (1 if own else 0)
            texts.append(f"{rest} ({names} more)")
        if own:
            texts.append(f"{own} ({last})")
        return " + ".join(texts)


def _owner_text(key: Key | None) -> str:
    return "shared by its members" if key is None else str(key)


def _way_out(limit: Limit, advice: str) -> str:
    ways = [way for way in (advice, limit.advice) if way]
    if limit.adjustable:
        ways.append(f"raise the quota {limit.name}")
    ways.append("give it a group of its own (annotation ingress-provisioner.io/group)")
    ways.append("or put an in-cluster proxy behind one rule")
    return "; ".join(ways)
