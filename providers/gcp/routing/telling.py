"""Room to tell whose every path is: a description takes so many characters, and no newcomer more.

What is not told of a host that several Ingresses share is lost to them at their next mistake, and
free for others to claim. Within a namespace that is a warning. But nobody does it to another
namespace: where a host has no room left to tell everybody's paths, one that is new gives way, as
with any other limit. What is programmed stays, then senior Ingresses come first.
"""

from __future__ import annotations

from collections.abc import Sequence

from providers.gcp.marks import LONGEST
from providers.gcp.routing.claims import is_held
from providers.gcp.routing.drafts import Answer, Claim
from providers.gcp.routing.matchers import told
from providers.gcp.routing.scenes import Scene
from provisioner.core.rule_findings import RuleError
from provisioner.core.rule_words import place_of
from provisioner.model.intent import PathRule
from provisioner.model.kube import Key


def with_room(
    scene: Scene, host: str, claims: tuple[Claim, ...], answer: Answer
) -> tuple[Claim, ...]:
    """Return the claims on a host that its path matcher can tell the owners of.

    Args:
        scene: The URL map.
        host: The host, as the map calls it.
        claims: Everybody's.
        answer: What answers for the other paths.
    """

    def untold(some: Sequence[Claim]) -> frozenset[Key]:
        return frozenset(told(some, answer.owner, one_each=scene.context.incumbent).untold)

    if not _of_others(untold(claims), None):
        return claims
    left = [claim for claim in claims if _is_programmed(scene, host, claim)]
    lost = untold(left)
    for newcomer, theirs in _newcomers(scene, host, claims):
        now = untold([*left, *theirs])
        if _of_others(now - lost, newcomer):
            _refuse(scene, newcomer, theirs)
        else:
            left, lost = [*left, *theirs], now
    stay = {claim.pattern for claim in left}
    return tuple(claim for claim in claims if claim.pattern in stay)


def _of_others(untold: frozenset[Key], newcomer: Key | None) -> bool:
    """Tell whether somebody of another namespace is not told of; None is nobody's namespace."""
    return any(newcomer is None or key.namespace != newcomer.namespace for key in untold)


def _is_programmed(scene: Scene, host: str, claim: Claim) -> bool:
    entry = scene.present.get((host, claim.pattern))
    return claim.rule is None or (entry is not None and entry.ingress == claim.ingress)


def _newcomers(
    scene: Scene, host: str, claims: Sequence[Claim]
) -> Sequence[tuple[Key, list[Claim]]]:
    found: dict[Key, list[Claim]] = {}
    for claim in claims:
        if claim.ingress is not None and not _is_programmed(scene, host, claim):
            found.setdefault(claim.ingress, []).append(claim)
    return sorted(found.items(), key=lambda item: scene.place(item[0]))


def _refuse(scene: Scene, newcomer: Key, claims: Sequence[Claim]) -> None:
    rules: dict[int, PathRule] = {id(c.rule): c.rule for c in claims if c.rule is not None}
    for rule in rules.values():
        if not is_held(scene, rule):
            scene.blame(
                rule,
                RuleError(
                    "HOST-SHARED-TOO-WIDELY",
                    f"{place_of(rule)} has no room: the Ingresses that share the host have so many"
                    f" paths that, with those of Ingress {newcomer}, a description of {LONGEST}"
                    " characters cannot tell any more whose each is",
                    hint="give it a host of its own, or fewer and shorter paths",
                ),
            )
