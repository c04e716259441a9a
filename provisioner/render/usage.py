"""Which limits deserve a reader's attention: how full each is, and which bites next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provisioner.model.limits import Usage
from provisioner.model.plan import Plan

WORTH_MENTIONING: Final = 0.5
"""A plan for people mentions limits from this share on; ``provisioner limits`` shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedUsage:
    """A usage and the part of the plan that it belongs to."""

    group: str
    usage: Usage


def share(usage: Usage) -> float:
    """Return how full a limit is at its worst moment, 1.0 being full."""
    worst = max(usage.used, usage.peak)
    if usage.limit.value <= 0:
        return 1.0 if worst <= 0 else float(worst) + 1.0
    return worst / usage.limit.value


def by_fullness(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """Return usages, the fullest first."""
    return tuple(sorted(usages, key=lambda u: (-share(u), u.limit.name, u.subject)))


def worth_mentioning(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """Return the usages that matter to a reader of a plan: half full or more."""
    return tuple(usage for usage in by_fullness(usages) if share(usage) >= WORTH_MENTIONING)


def next_to_bite(plan: Plan) -> PlacedUsage | None:
    """Return the usage with the least room in proportion; None where nothing is used at all."""
    placed = [
        PlacedUsage(group=part.group, usage=usage)
        for part in plan.parts
        for usage in part.usages
        if max(usage.used, usage.peak) > 0
    ]
    return min(
        placed,
        key=lambda p: (-share(p.usage), p.group, p.usage.limit.name, p.usage.subject),
        default=None,
    )
