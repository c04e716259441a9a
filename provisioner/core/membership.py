"""Keep registered targets within the limits: register as many as fit, never freeze.

A backend that outgrows a limit while it serves must not stop being updated (LBC#4360: targets
went stale and everything was lost). So its dead targets always leave, those that are registered
stay, new ones are added up to the limit, spread over zones, and a warning says how many wait.

This is for members that are programmed; one that never was is refused by ``core.admission``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from provisioner.core.headroom import CostOf, Place, tally
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.limits import Limits
from provisioner.model.resource import (
    NO_SPEC,
    ObservedResource,
    Resource,
    Value,
    canonical,
    has_unknown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What trimming needs to know.

    ``fields`` is kind -> the spec field that lists targets; ``zone_of`` is a target's Id -> zone.
    ``members`` hear of targets that are nobody's in particular.
    """

    fields: Mapping[str, str]
    zone_of: Mapping[str, str]
    programmed: frozenset[Key]
    members: tuple[Key, ...] = ()

    @classmethod
    def of(
        cls,
        load_balancer: LoadBalancerIntent,
        fields: Mapping[str, str],
        *,
        programmed: frozenset[Key],
    ) -> Membership:
        """Return what is to be known of one load balancer."""
        backends = (*load_balancer.backends, *load_balancer.following)
        return cls(
            fields=fields,
            zone_of={pod.ip: pod.zone for backend in backends for pod in backend.pods or ()},
            programmed=programmed,
            members=tuple(member.ingress for member in load_balancer.members),
        )


def trimmed(
    desired: Sequence[Resource],
    observed: Sequence[ObservedResource],
    membership: Membership,
    *,
    costs: CostOf,
    limits: Limits,
) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """Return the resources with memberships cut to what fits, and a warning for each cut."""
    present = {resource.address: resource for resource in observed}
    total = tally(desired, costs)
    result: list[Resource] = []
    findings: list[Diagnostic] = []
    for resource in desired:
        listed = _targets(resource, membership)
        if listed is None or not membership.programmed.issuperset(resource.ingresses):
            result.append(resource)
            continue
        over = _worst(resource, total, costs, limits)
        if over is None:
            result.append(resource)
            continue
        (place, excess) = over
        field = membership.fields[resource.kind]
        already = present.get(resource.address)
        old = already.spec.get(field) if already is not None else ()
        kept = _keep(listed, _set(old), len(listed) - excess, membership.zone_of)
        smaller = resource.with_spec(**{**NO_SPEC, field: kept})
        total.subtract(tally([resource], costs) - tally([smaller], costs))
        result.append(smaller)
        said = _waiting(resource, place, len(listed), len(kept), limits)
        findings += [said] if resource.ingresses else _told(said, membership.members)
    return tuple(result), tuple(findings)


def _targets(resource: Resource, membership: Membership) -> tuple[Value, ...] | None:
    value = resource.spec.get(membership.fields.get(resource.kind, ""))
    return value if isinstance(value, tuple) and not has_unknown(value) else None


def _set(value: Value) -> frozenset[str]:
    return frozenset(canonical(item) for item in value) if isinstance(value, tuple) else frozenset()


def _worst(
    resource: Resource, total: Counter[Place], costs: CostOf, limits: Limits
) -> tuple[Place, int] | None:
    """Return the place this resource's targets overfill the most, and by how many targets."""
    worst: tuple[Place, int] | None = None
    for cost in costs(resource):
        place = (cost.limit, cost.subject)
        limit = limits.by_name.get(cost.limit)
        if limit is None or cost.units <= 1:
            continue
        excess = min(total[place] - limit.value, cost.units)
        if excess > 0 and (worst is None or excess > worst[1]):
            worst = (place, excess)
    return worst


def _keep(
    targets: Iterable[Value], registered: frozenset[str], room: int, zone_of: Mapping[str, str]
) -> tuple[Value, ...]:
    """Return the targets that stay: those registered first, then new ones zone by zone."""
    listed = list(targets)
    stays = [target for target in listed if canonical(target) in registered][:room]
    by_zone: dict[str, list[Value]] = {}
    for target in listed:
        if canonical(target) not in registered:
            by_zone.setdefault(_zone(target, zone_of), []).append(target)
    queues = [by_zone[zone] for zone in sorted(by_zone)]
    chosen = {canonical(target) for target in stays}
    turn = 0
    while len(chosen) < room and any(queues):
        queue = queues[turn % len(queues)]
        if queue:
            chosen.add(canonical(queue.pop(0)))
        turn += 1
    return tuple(target for target in listed if canonical(target) in chosen)


def _zone(target: Value, zone_of: Mapping[str, str]) -> str:
    identity = target.get("Id") if isinstance(target, Mapping) else None
    return zone_of.get(identity, "") if isinstance(identity, str) else ""


def _told(said: Diagnostic, members: Sequence[Key]) -> Iterator[Diagnostic]:
    """Yield what every member is told of targets that all of them may send requests to."""
    for member in members:
        yield replace(said, subject=f"Ingress {member}", ingress=member)


def _waiting(
    resource: Resource, place: Place, wanted: int, kept: int, limits: Limits
) -> Diagnostic:
    limit = limits[place[0]]
    owner = resource.ingresses[0] if len(resource.ingresses) == 1 else None
    return warning(
        "LIMIT-TARGETS",
        f"Ingress {owner}" if owner is not None else resource.address,
        ingress=owner,
        message=(
            f"{wanted - kept} of {wanted} targets of {resource.title or resource.address} wait: "
            f"{place[1]} has {limit.value} {limit.label} (limit {limit.name}, from "
            f"{limit.source.value})"
        ),
        hint="raise the quota, use node ports where nodes are fewer, or put an in-cluster proxy "
        "in front",
    )
