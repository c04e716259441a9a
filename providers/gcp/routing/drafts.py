"""What a host of a URL map gets, before it is spelled as a path matcher.

Google keeps one path matcher per host, to which several Ingresses may contribute. Who gets which
pattern is settled on drafts, where it is still known who asked for it and who could do without.
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.model.intent import PathRule
from provisioner.model.kube import Key
from provisioner.model.resource import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One pattern of one host: whose it is, and what is done.

    ``rule`` is the path that asks for it, None for what is kept of an Ingress that is not planned.
    ``dispensable`` ones may go where somebody else's path needs the place.
    """

    pattern: str
    ingress: Key | None
    action: Spec
    rule: PathRule | None = None
    dispensable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What answers where nothing matched. ``owner`` is None where it is nobody's wish."""

    action: Spec
    owner: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDraft:
    """One host: what its paths do, and what answers for the others."""

    host: str
    claims: tuple[Claim, ...]
    answer: Answer
