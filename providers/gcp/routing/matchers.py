"""Hosts as the host rules and path matchers of a URL map.

Every host has a path matcher of its own, since paths of different Ingresses rarely agree, and its
name tells the host: ``host`` and the MD5 of it, which is also what GKE calls it. The order of path
rules means nothing to a URL map; each path of an Ingress is one rule, so that a plan reads like the
Ingress, except under ``incumbent``, where each pattern is one, as GKE has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from providers.gcp.routing import owners
from providers.gcp.routing.canonical import as_default, canonical
from providers.gcp.routing.drafts import Answer, Claim, HostDraft
from providers.gcp.routing.owners import OwnedRule, Told
from providers.gcp.routing.paths import BELOW
from provisioner.model.kube import Key
from provisioner.model.resource import PlainInput, Spec
from provisioner.model.resource import canonical as text_of

_Rule: TypeAlias = tuple[tuple[str, ...], Claim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a URL map holds, and (host, Ingress) pairs whose rules are not told apart in it."""

    spec: Spec
    untold: tuple[tuple[str, Key], ...] = ()


def content(drafts: Sequence[HostDraft], answer: Answer, *, one_each: bool) -> Content:
    """Return the content of a URL map.

    Args:
        drafts: Its hosts.
        answer: What answers for all others.
        one_each: Each pattern is a path rule, instead of each path.
    """
    matchers: list[PlainInput] = []
    untold: list[tuple[str, Key]] = []
    for draft in drafts:
        matcher, described = _matcher(draft, one_each=one_each)
        matchers.append(matcher)
        untold += [(draft.host, key) for key in described.untold]
    body: dict[str, PlainInput] = {
        **as_default(answer.action),
        "hostRules": [
            {"hosts": [draft.host], "pathMatcher": matcher_name(draft.host)} for draft in drafts
        ],
        "pathMatchers": matchers,
    }
    return Content(spec=canonical(body), untold=tuple(untold))


def matcher_name(host: str) -> str:
    """Return the name of a host's path matcher."""
    return f"host{hashlib.md5(host.encode(), usedforsecurity=False).hexdigest()}"


def told(claims: Sequence[Claim], default: Key | None, *, one_each: bool) -> Told:
    """Return how a path matcher tells whose its paths are.

    Args:
        claims: Its paths.
        default: Whose default backend answers for the others.
        one_each: Each pattern is a path rule, instead of each path.
    """
    return _told(_rules(claims, one_each=one_each), default)


def _told(rules: Sequence[_Rule], default: Key | None) -> Told:
    return owners.described(
        [OwnedRule(paths=paths, owner=claim.ingress) for paths, claim in rules], default
    )


def _rules(claims: Sequence[Claim], *, one_each: bool) -> list[_Rule]:
    """Return the path rules in their order: the paths of each, and one of its claims."""
    groups: dict[tuple[str, ...], list[Claim]] = {}
    for claim in claims:
        stem = claim.pattern if one_each else claim.pattern.removesuffix(BELOW)
        groups.setdefault((stem, str(claim.ingress), text_of(claim.action)), []).append(claim)
    return sorted(
        ((tuple(sorted(claim.pattern for claim in group)), group[0]) for group in groups.values()),
        key=lambda rule: rule[0],
    )


def _matcher(draft: HostDraft, *, one_each: bool) -> tuple[dict[str, PlainInput], Told]:
    rules = _rules(draft.claims, one_each=one_each)
    described = _told(rules, draft.answer.owner)
    matcher: dict[str, PlainInput] = {
        "name": matcher_name(draft.host),
        "description": described.text,
        **as_default(draft.answer.action),
        "pathRules": [{"paths": paths, **claim.action} for paths, claim in rules],
    }
    return matcher, described
