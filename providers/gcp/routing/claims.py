"""What a path claims: its patterns on its host, and what is done there.

A path that cannot be expressed is quarantined alone. What it did last stays, pattern by pattern; a
pattern that it never had answers 503, so that no wider path gets requests which are not meant for
it.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.gcp.routing.actions import action_of
from providers.gcp.routing.drafts import Claim
from providers.gcp.routing.paths import Patterns, patterns
from providers.gcp.routing.rewrites import rewritten
from providers.gcp.routing.scenes import Scene
from provisioner.core.actions import NO_SERVICE
from provisioner.core.rule_findings import RuleError
from provisioner.model.intent import FixedResponse, PathRule


def claims_of(scene: Scene, host: str, rule: PathRule) -> tuple[Claim, ...]:
    """Return what a path claims, () where a URL map cannot match it; its author is told."""
    try:
        found = patterns(rule)
    except RuleError as problem:
        scene.blame(rule, problem)
        return ()
    if _says_nothing(scene, rule):
        return ()
    if is_held(scene, rule):
        return tuple(_last_good(scene, host, rule, found))
    try:
        action = action_of(
            rule.action, rule.options, scene.destinations, protocol=scene.listener.protocol
        )
        done = tuple(rewritten(rule, found, action))
    except RuleError as problem:
        scene.blame(rule, problem)
        return tuple(_last_good(scene, host, rule, found))
    return tuple(
        Claim(pattern=pattern, ingress=rule.ingress, action=what, rule=rule)
        for pattern, what in done
    )


def is_held(scene: Scene, rule: PathRule) -> bool:
    """Tell whether a path keeps what it did last: something of it cannot be planned.

    GKE's reading calls a missing Service an answer of 503; what worked before it is better.
    """
    return rule.held or rule.action == NO_SERVICE or not scene.destinations.serve(rule.action)


def _says_nothing(scene: Scene, rule: PathRule) -> bool:
    """Tell whether a host without paths and default backend gets what its host gets anyway."""
    return rule.action == FixedResponse() and scene.destinations.answer(rule.action.status) is None


def _last_good(scene: Scene, host: str, rule: PathRule, found: Patterns) -> Iterator[Claim]:
    unavailable = scene.destinations.unavailable()
    for pattern in found.all:
        entry = scene.present.get((host, pattern))
        if entry is not None and entry.ingress == rule.ingress:
            yield Claim(pattern=pattern, ingress=rule.ingress, action=entry.action, rule=rule)
        elif unavailable is not None:
            yield Claim(
                pattern=pattern,
                ingress=rule.ingress,
                action=unavailable,
                rule=rule,
                dispensable=True,
            )
