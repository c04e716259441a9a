"""What a comparison with an incumbent controller tells people besides the plan.

A comparison shows what taking over would come to and can never be applied; everybody who reads one
must see that at once, whatever the cloud, and how much of what the other controller made was
recognised at all: a comparison that recognises nothing shows a plan that looks like a new start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.model.diagnostic import Diagnostic, info
from provisioner.model.incumbent import Takeover
from provisioner.model.resource import ObservedResource


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Findings, and whether everything shared is explained by Ingresses."""

    diagnostics: tuple[Diagnostic, ...]
    exclusive: bool


def compared(
    takeover: Takeover,
    recognised: Sequence[ObservedResource],
    words: Sequence[tuple[str, str]],
) -> Diagnostic:
    """Return how much was recognised, as a remark on the whole plan.

    Args:
        takeover: What was compared.
        recognised: What stands for something of ours.
        words: The kinds that are counted one by one, and what people call them.
    """
    counts = Counter(resource.kind for resource in recognised)
    parts = [counted(counts[kind], word) for kind, word in words if counts[kind]]
    total = counted(len(recognised), "resource")
    return info(
        "TAKE-OVER-COMPARED",
        "the plan",
        message=f"this is a comparison: recognised {total} of {takeover.incumbent.controller}"
        + (f" ({', '.join(parts)})" if parts else ""),
        hint="nothing of it can be applied; the changes are what taking over would come to",
    )


def counted(number: int, word: str) -> str:
    """Return a number of things: ``1 rule``, ``2 rules``."""
    return f"{number} {word}{'' if number == 1 else 's'}"
