"""The paths of one host, each claimed once.

A URL map tries the longest path first, in whatever order they are written, so nothing is sorted
here. But a pattern can stand in it once only. Exact ``/cart`` and Prefix ``/cart`` both want the
literal path: the Ingress API gives it to Exact. Then come Prefix and ImplementationSpecific, within
one type the senior Ingress. Whoever has nothing left is told: a repetition is quarantined, a path
that others take entirely is warned about.

What is kept of Ingresses that cannot be planned stays where nobody planned asks for the same; an
Exact path of theirs outranks the literal half of somebody's Prefix, as it did before.

GKE reads all this otherwise, and so does ``incumbent``: of several rules for a host the last one
counts, and of equal patterns the last one, whatever its type. It has no load balancer that several
Ingresses share; there the first one has a pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.gcp.routing.claims import claims_of, is_held
from providers.gcp.routing.drafts import Claim
from providers.gcp.routing.entries import Entry
from providers.gcp.routing.scenes import Scene
from provisioner.core.rule_findings import RuleError
from provisioner.core.rule_words import place_of
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import PathRule, PathType
from provisioner.model.kube import Key

MOST_PATHS = 1000
"""Paths per path matcher: "match predicates per path matcher", Quotas and limits."""

_RANK: Mapping[PathType, int] = MappingProxyType(
    {PathType.EXACT: 0, PathType.PREFIX: 1, PathType.IMPLEMENTATION_SPECIFIC: 2}
)


def host_claims(scene: Scene, host: str, rules: Sequence[PathRule]) -> tuple[Claim, ...]:
    """Return what the paths of a host do, what is kept of others included."""
    kept = scene.kept(host)
    taken = _as_written(scene, host, rules) if scene.context.incumbent else _Taken()
    if not scene.context.incumbent:
        _by_meaning(scene, host, rules, taken=taken, exact=[e for e in kept if e.literal])
    for entry in kept:
        taken.keep(entry)
    return _within_limit(tuple(taken.by_pattern.values()))


@dataclass(slots=True)
class _Taken:
    """The patterns of a host so far."""

    by_pattern: dict[str, Claim] = field(default_factory=dict)

    def add(self, scene: Scene, claims: Sequence[Claim]) -> None:
        """Add what is still free of a path's claims; tell its author where nothing is."""
        free = [claim for claim in claims if claim.pattern not in self.by_pattern]
        for claim in free:
            self.by_pattern[claim.pattern] = claim
        if claims and not free:
            _tell(scene, claims[0], self.by_pattern[claims[-1].pattern])

    def replace(self, claims: Iterable[Claim]) -> None:
        """Put claims in the place of those that have their patterns."""
        self.by_pattern |= {claim.pattern: claim for claim in claims}

    def keep(self, entry: Entry) -> None:
        """Keep what exists where nothing else is."""
        claim = Claim(pattern=entry.path, ingress=entry.ingress, action=entry.action)
        self.by_pattern.setdefault(entry.path, claim)


def _by_meaning(
    scene: Scene,
    host: str,
    rules: Sequence[PathRule],
    *,
    taken: _Taken,
    exact: Sequence[Entry],
) -> None:
    """Let paths claim their patterns by type, then by seniority."""

    def rank(rule: PathRule) -> tuple[object, ...]:
        own = (scene.place(rule.ingress), rule.position)
        return (_RANK[rule.path_type], is_held(scene, rule), own)

    ordered = sorted(rules, key=rank)
    for rule in (rule for rule in ordered if rule.path_type is PathType.EXACT):
        taken.add(scene, claims_of(scene, host, rule))
    for entry in exact:
        taken.keep(entry)
    for rule in (rule for rule in ordered if rule.path_type is not PathType.EXACT):
        taken.add(scene, claims_of(scene, host, rule))


def _as_written(scene: Scene, host: str, rules: Sequence[PathRule]) -> _Taken:
    """Return the patterns as GKE has them: of each Ingress the last rule and the last path."""
    taken = _Taken()
    places = {member: place for place, member in enumerate(scene.context.members)}
    by_ingress: dict[Key, list[PathRule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.position):
        by_ingress.setdefault(rule.ingress, []).append(rule)
    for ingress in sorted(by_ingress, key=lambda key: (places.get(key, len(places)), key)):
        own = by_ingress[ingress]
        last = own[-1].position[0]
        for rule in (rule for rule in own if rule.position[0] != last):
            scene.findings.remark(_overwritten(rule, f"spec.rules[{last}] has the same host"))
        mine = _last_ones(scene, host, [rule for rule in own if rule.position[0] == last])
        for rule, claims in _by_rule(mine):
            _add_of_group(scene, taken, rule, claims)
    return taken


def _last_ones(scene: Scene, host: str, rules: Sequence[PathRule]) -> _Taken:
    """Return the patterns of one rule's list of paths: later ones replace earlier ones."""
    mine = _Taken()
    for rule in rules:
        claims = claims_of(scene, host, rule)
        lost = {id(c.rule): c.rule for p in claims if (c := mine.by_pattern.get(p.pattern))}
        mine.replace(claims)
        left = {id(claim.rule) for claim in mine.by_pattern.values()}
        for known, earlier in lost.items():
            if known not in left and earlier is not None:
                scene.findings.remark(_overwritten(earlier, f"{rule.field} has the same path"))
    return mine


def _by_rule(mine: _Taken) -> list[tuple[PathRule, list[Claim]]]:
    found: dict[int, tuple[PathRule, list[Claim]]] = {}
    for claim in mine.by_pattern.values():
        if claim.rule is not None:
            found.setdefault(id(claim.rule), (claim.rule, []))[1].append(claim)
    return list(found.values())


def _add_of_group(scene: Scene, taken: _Taken, rule: PathRule, claims: Sequence[Claim]) -> None:
    """Add a path of an Ingress that shares the load balancer, where GKE has no rule of its own."""
    free = [claim for claim in claims if claim.pattern not in taken.by_pattern]
    taken.replace(free)
    if not free and not is_held(scene, rule):
        scene.blame(rule, _duplicate(rule, taken.by_pattern[claims[0].pattern]))


def _within_limit(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Return the claims, without the 503s of paths that never worked where there are too many."""
    if len(claims) <= MOST_PATHS:
        return claims
    return tuple(claim for claim in claims if not claim.dispensable)


def _tell(scene: Scene, claim: Claim, taker: Claim) -> None:
    """Tell the author of a path that others leave nothing to."""
    rule, other = claim.rule, taker.rule
    if rule is None or is_held(scene, rule):
        return
    if other is not None and other.path_type is rule.path_type:
        scene.blame(rule, _duplicate(rule, taker))
    else:
        scene.findings.remark(_unreachable(rule, taker))


def _duplicate(rule: PathRule, taker: Claim) -> RuleError:
    where = f" ({taker.rule.field})" if taker.rule is not None else ""
    return RuleError(
        "PATH-DUPLICATE",
        f"{place_of(rule)} is already served for Ingress {taker.ingress}{where}, which comes first",
        hint="remove one of the two paths",
    )


def _unreachable(rule: PathRule, taker: Claim) -> Diagnostic:
    by = place_of(taker.rule) if taker.rule is not None else taker.pattern
    return warning(
        "PATH-UNREACHABLE",
        f"Ingress {rule.ingress}",
        ingress=rule.ingress,
        field=rule.field,
        message=f"{place_of(rule)} can never match: every such request goes to {by} of"
        f" {taker.ingress}, which comes first",
        hint="remove it",
    )


def _overwritten(rule: PathRule, why: str) -> Diagnostic:
    return warning(
        "PATH-OVERWRITTEN",
        f"Ingress {rule.ingress}",
        ingress=rule.ingress,
        field=rule.field,
        message=f"{place_of(rule)} has no rule: {why}, and under compatibility incumbent the last"
        " one replaces those before it, as with GKE",
        hint="write all paths of a host in one rule, or use compatibility kubernetes",
    )
