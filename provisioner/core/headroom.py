"""Count what resources take of each limit, now, in the end, and at the worst moment between.

A provider says what one resource costs (``Provider.costs``); adding up is the same everywhere.
The *peak* matters because replacing creates before it deletes: a load balancer that ends at 100
rules may need room for 101 on the way. So may a resource that is changed in stages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from provisioner.model.change import Action, Step
from provisioner.model.expression import Cost
from provisioner.model.kube import Key
from provisioner.model.limits import Limits, Usage
from provisioner.model.resource import ObservedResource, Resource

Place: TypeAlias = tuple[str, str]
"""A limit's name and what it is counted over ("load balancer shop/web")."""

CostOf: TypeAlias = Callable[[Resource | ObservedResource], tuple[Cost, ...]]

_LARGEST_PARTS = 5


class Prices:
    """A provider's price list that works out each resource once; lives as long as one plan."""

    def __init__(self, costs: CostOf) -> None:
        self._costs = costs
        self._known: dict[int, tuple[Resource | ObservedResource, tuple[Cost, ...]]] = {}

    def __call__(self, resource: Resource | ObservedResource) -> tuple[Cost, ...]:
        """Return what a resource takes of the provider's limits."""
        found = self._known.get(id(resource))
        if found is None:
            found = self._known[id(resource)] = (resource, self._costs(resource))
        return found[1]


def tally(resources: Iterable[Resource | ObservedResource], costs: CostOf) -> Counter[Place]:
    """Return the units that these resources take, by place."""
    total: Counter[Place] = Counter()
    for resource in resources:
        for cost in costs(resource):
            total[cost.limit, cost.subject] += cost.units
    return total


def usages(
    *,
    desired: Sequence[Resource],
    observed: Sequence[ObservedResource],
    steps: Sequence[Step],
    costs: CostOf,
    limits: Limits,
) -> tuple[Usage, ...]:
    """Return the usage of every limit that these resources touch, by limit and subject.

    Args:
        desired: The end state.
        observed: What exists now.
        steps: How one becomes the other, in order.
        costs: The provider's price list.
        limits: The account's limits; a cost under a name that has no limit is left out.
    """
    end = tally(desired, costs)
    worst = peak(desired=desired, observed=observed, steps=steps, costs=costs)
    parts = _parts(desired, costs)
    places = sorted(place for place in end | worst if place[0] in limits.by_name)
    return tuple(
        Usage(
            limit=limits[name],
            subject=subject,
            used=end[name, subject],
            peak=max(worst[name, subject], end[name, subject]),
            parts=tuple(parts.get((name, subject), Counter()).most_common(_LARGEST_PARTS)),
        )
        for name, subject in places
    )


def peak(
    *,
    desired: Sequence[Resource],
    observed: Sequence[ObservedResource],
    steps: Sequence[Step],
    costs: CostOf,
) -> Counter[Place]:
    """Return the highest number of units at any moment of walking these steps.

    Steps that may run at the same time are taken at their worst: everything that may be created
    is, before anything that need not have been deleted by then.
    """
    walked = _Walk(desired, observed)
    now = tally(observed, costs)
    worst = Counter(now)
    for step in _creations_first(steps):
        gained, lost = walked.moved(step, costs)
        now.update(gained)
        for place in gained:
            worst[place] = max(worst[place], now[place])
        now.subtract(lost)
    return worst


def greatest(
    *,
    desired: Sequence[Resource],
    observed: Sequence[ObservedResource],
    steps: Sequence[Step],
    costs: CostOf,
    place: Place,
) -> Mapping[Key, int]:
    """Return by how much each Ingress's own use of a place grows at some moment of these steps.

    Args:
        desired: The end state.
        observed: What exists now.
        steps: How one becomes the other, in order.
        costs: The provider's price list.
        place: The limit and what it is counted over.
    """
    walked = _Walk(desired, observed)
    growth: Counter[Key] = Counter()
    for step in _creations_first(steps):
        before, after = walked.states(step)
        first = walked.first(step.address)
        if after is None or after is before:
            continue
        grown = _by_ingress([after], costs, place)
        grown.subtract(_by_ingress([first] if first is not None else [], costs, place))
        for key, units in grown.items():
            growth[key] = max(growth[key], units)
    return {key: units for key, units in growth.items() if units > 0}


class _Walk:
    """The resources as they are while steps are walked.

    A stage of a change (``address#stage``) is what is there with the fields that it changes.
    """

    def __init__(self, desired: Sequence[Resource], observed: Sequence[ObservedResource]) -> None:
        self._after = {resource.address: resource for resource in desired}
        self._first = {resource.address: resource for resource in observed}
        self._now: dict[str, Resource | ObservedResource] = {**self._first}

    def first(self, address: str) -> ObservedResource | None:
        """Return what was there in the beginning."""
        return self._first.get(address)

    def states(
        self, step: Step
    ) -> tuple[Resource | ObservedResource | None, Resource | ObservedResource | None]:
        """Return a step's resource before and after it, and go on to the latter."""
        before = self._now.get(step.address)
        after = before if step.action is Action.NOOP else self._following(step, before)
        if after is None:
            self._now.pop(step.address, None)
        else:
            self._now[step.address] = after
        return before, after

    def moved(self, step: Step, costs: CostOf) -> tuple[Counter[Place], Counter[Place]]:
        """Return what one step adds and takes away; an update counts by its difference."""
        before, after = self.states(step)
        if before is after:
            return Counter(), Counter()
        gained = tally([after], costs) if after is not None else Counter()
        lost = tally([before], costs) if before is not None else Counter()
        return gained - lost, lost - gained

    def _following(
        self, step: Step, before: Resource | ObservedResource | None
    ) -> Resource | ObservedResource | None:
        if "#" not in step.id:
            return self._after.get(step.address)
        if before is None or not step.fields:
            return before
        fields = {**before.spec, **{field.path: field.after for field in step.fields}}
        spec = {path: value for path, value in fields.items() if value is not None}
        return replace(before, spec=MappingProxyType(spec))


def _by_ingress(
    resources: Iterable[Resource | ObservedResource], costs: CostOf, place: Place
) -> Counter[Key]:
    """Return what Ingresses take of a place for themselves alone."""
    found: Counter[Key] = Counter()
    for resource in resources:
        owner = resource.ingresses[0] if len(resource.ingresses) == 1 else None
        for cost in costs(resource):
            key = cost.ingress or owner
            if key is not None and (cost.limit, cost.subject) == place:
                found[key] += cost.units
    return found


def _creations_first(steps: Sequence[Step]) -> list[Step]:
    """Return the steps in the order that a hurried executor could take: deletes last."""
    done: set[str] = set()
    walk: list[Step] = []
    pending = list(steps)
    while pending:
        ready = [step for step in pending if done.issuperset(step.after)]
        batch = [step for step in ready if step.action is not Action.DELETE] or ready
        if not batch:
            return [*walk, *pending]
        walk.extend(batch)
        done.update(step.id for step in batch)
        pending = [step for step in pending if step.id not in done]
    return walk


def _parts(desired: Sequence[Resource], costs: CostOf) -> dict[Place, Counter[str]]:
    """Return who takes how much of each place, by the names people know."""
    parts: dict[Place, Counter[str]] = {}
    for resource in desired:
        owner = owner_text(resource.ingresses)
        for cost in costs(resource):
            name = str(cost.ingress) if cost.ingress is not None else owner
            parts.setdefault((cost.limit, cost.subject), Counter())[name] += cost.units
    return parts


def owner_text(ingresses: Sequence[Key]) -> str:
    """Return whose a resource is, for sums in messages."""
    return str(ingresses[0]) if len(ingresses) == 1 else "shared by its members"
