"""What a person has to agree to, and one load balancer taking over from another.

A plan says what it would do at once, and what it would do only if somebody approves. The approval
names a digest, and the digest covers what is asked (which load balancer, replaced by or deleted in
favour of what) and nothing that moves meanwhile, so that a pod or a rule more does not void it.
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.model.change import WaitFor


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A decision that is left to people.

    Attributes:
        digest: What an approval has to name.
        reason: One sentence: what would be done, and what that means.
        needed: True while nobody has approved; False where the plan carries out what was approved.
    """

    digest: str
    reason: str
    needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """Two load balancers of one group: one takes over, the other still serves.

    Attributes:
        old: Address of the load balancer that goes.
        new: Address of the one that stays.
        doors: Addresses of what clients reach the new one by.
        complete: Whether everything of the new one exists and nobody is missing on it.
        waits: What must be true before clients are sent to the new one.
        due_seconds: When the plan will say more than it does now, None for never by itself.
    """

    old: str
    new: str
    doors: tuple[str, ...]
    complete: bool
    waits: tuple[WaitFor, ...]
    due_seconds: float | None = None
