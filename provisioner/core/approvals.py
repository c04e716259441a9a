"""Withdraw an approved replacement that the account has no room for.

A load balancer that is replaced exists twice for a while. Where a limit does not allow that, the
replacement has to wait; its members go on being served and updated on the one they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioner.core.admission import Refusal
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.expression import Expressed
from provisioner.model.intent import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Approvals that cannot be acted on now, by digest, and why."""

    digests: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def without_room(
    expressed: Sequence[Expressed], intent: Intent, refusals: Iterable[Refusal]
) -> Withdrawn:
    """Return the approved replacements that put their load balancer over a limit.

    Args:
        expressed: Every load balancer, as planned.
        intent: Who is on which.
        refusals: Who would have to be refused.
    """
    refused = {refusal.ingress: refusal.diagnostic for refusal in refusals}
    members = {lb.name: [m.ingress for m in lb.members] for lb in intent.load_balancers}
    digests: set[str] = set()
    found: list[Diagnostic] = []
    for part in expressed:
        guilty = [key for key in members.get(part.group, ()) if key in refused]
        approval = part.approval
        if part.succession is None or approval is None or approval.needed or not guilty:
            continue
        digests.add(approval.digest)
        found.append(
            warning(
                "REPLACEMENT-WAITS",
                f"load balancer {part.group}",
                message="it cannot be replaced now, because for a while there would be two: "
                f"{refused[guilty[0]].message}",
                hint="make room, or raise the limit; the approval still holds then",
            )
        )
    return Withdrawn(digests=frozenset(digests), diagnostics=tuple(found))
