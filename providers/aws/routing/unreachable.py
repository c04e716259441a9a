"""Paths that never serve anybody, because other rules take all their requests.

In our own reading one host and path, asked for in the same words, is served once: whoever comes
second is told and has no rule. A path that is dead for a subtler reason keeps its rule, since it
does no harm and may come to life when its neighbours go; its author is warned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from providers.aws.evaluation.reach import hidden
from providers.aws.routing.conditions import extra_conditions
from providers.aws.routing.drafts import Draft
from provisioner.core.rule_findings import RuleError
from provisioner.core.rule_words import place_of
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import PathRule, PathType
from provisioner.model.resource import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A path, and the earlier one that asks for exactly the same."""

    rule: PathRule
    earlier: PathRule

    @property
    def problem(self) -> RuleError:
        """What the author of the later path is told."""
        return RuleError(
            "PATH-DUPLICATE",
            f"{place_of(self.rule)} is already served for Ingress {self.earlier.ingress} "
            f"({self.earlier.field}), which comes first",
            hint="remove one of the two paths",
        )


def once(ordered: Iterable[PathRule]) -> tuple[list[PathRule], list[Repetition]]:
    """Return the paths without those that ask for exactly what an earlier one asks for."""
    first: dict[tuple[str, ...], PathRule] = {}
    found: list[Repetition] = []
    for rule in ordered:
        path = rule.path
        if rule.path_type is PathType.PREFIX and path != "/":
            path = path.removesuffix("/")
        asked = sorted(canonical(spec) for spec in extra_conditions(rule))
        earlier = first.setdefault((rule.host, rule.path_type.value, path, *asked), rule)
        if earlier is not rule:
            found.append(Repetition(rule=rule, earlier=earlier))
    return list(first.values()), found


def unreachable(drafts: Sequence[Draft]) -> tuple[Diagnostic, ...]:
    """Return a warning for each path none of whose rules can ever match.

    Args:
        drafts: The rules of one listener in evaluation order.
    """
    takers = hidden([draft.asked for draft in drafts])
    by_path: dict[int, list[int]] = {}
    for index, draft in enumerate(drafts):
        if draft.rule is not None:
            by_path.setdefault(id(draft.rule), []).append(index)
    return tuple(
        _warning(drafts[parts[0]], drafts[takers[parts[0]][0]])
        for parts in by_path.values()
        if all(part in takers for part in parts)
    )


def _warning(draft: Draft, owner: Draft) -> Diagnostic:
    rule = draft.rule
    return warning(
        "PATH-UNREACHABLE",
        f"Ingress {draft.ingress}",
        ingress=draft.ingress,
        field=rule.field if rule is not None else "",
        message=(
            f"{_where(draft)} can never match: every such request goes to {_where(owner)} of "
            f"{owner.ingress}, which comes first"
        ),
        hint="remove it, or write the more specific path first",
    )


def _where(draft: Draft) -> str:
    return place_of(draft.rule) if draft.rule is not None else draft.title
