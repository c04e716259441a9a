"""Count what resources take of each limit, now, in the end, and at the worst moment between.

A provider says what one resource costs (``Provider.costs``); adding up is the same everywhere.
The *peak* matters because replacing creates before it deletes: a load balancer that ends at 100
rules may need room for 101 on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    after = {resource.address: resource for resource in desired}
    before = {resource.address: resource for resource in observed}
    now = tally(observed, costs)
    worst = Counter(now)
    for step in _creations_first(steps):
        gained, lost = _moved(step, before, after, costs)
        now.update(gained)
        for place in gained:
            worst[place] = max(worst[place], now[place])
        now.subtract(lost)
    return worst


def _moved(
    step: Step,
    before: Mapping[str, ObservedResource],
    after: Mapping[str, Resource],
    costs: CostOf,
) -> tuple[Counter[Place], Counter[Place]]:
    """Return what one step adds and takes away; an update counts by its difference."""
    if "#" in step.id or step.action is Action.NOOP:
        return Counter(), Counter()
    gained = tally([after[step.address]], costs) if step.address in after else Counter()
    lost = tally([before[step.address]], costs) if step.address in before else Counter()
    return gained - lost, lost - gained


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
            parts.setdefault((cost.limit, cost.subject), Counter())[owner] += cost.units
    return parts


def owner_text(ingresses: Sequence[Key]) -> str:
    """Return whose a resource is, for sums in messages."""
    return str(ingresses[0]) if len(ingresses) == 1 else "shared by its members"
