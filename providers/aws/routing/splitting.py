"""Deal the conditions of one path out over as many rules as they need.

A rule holds a handful of values (account limits; 5 unless the account says otherwise), in any
distribution over its conditions. A rule that needs more becomes several with one action: one
condition's values are alternatives, so dealing them out over several rules changes nothing.

AWS Load Balancer Controller never splits, and AWS refuses its rule. So a rule that fits stays whole
in either reading, and only what could not be made at all is made in parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod

from providers.aws.routing.condition_specs import (
    HEADER,
    HOST,
    PATH,
    QUERY,
    field_of,
    is_regex,
    texts_of,
    values_of,
    with_values,
)
from provisioner.core.rule_findings import RuleError
from provisioner.model.resource import Spec

_WITH_WILDCARDS = frozenset({HOST, PATH, HEADER, QUERY})
_WILDCARDS = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one rule may hold."""

    values: int
    evaluations: int
    wildcards: int
    rules: int
    """Rules on the load balancer: what one path could take at most."""


def split(conditions: Sequence[Spec], allowance: Allowance) -> tuple[tuple[Spec, ...], ...]:
    """Return the conditions as one rule's worth each, in order; one where they fit.

    Raises:
        RuleError: Not even one value per condition fits.
    """
    if _fits(conditions, allowance):
        return (tuple(conditions),)
    sizes = [len(values_of(spec)) for spec in conditions]
    choices = sorted(_chunk_sizes(sizes, min(allowance.values, allowance.evaluations)))
    if choices and choices[0][0] > allowance.rules:
        raise RuleError(
            "PATH-CONDITIONS",
            f"the path would need {choices[0][0]} rules for all values of its conditions; an ALB "
            f"holds {allowance.rules}",
            hint="compare with fewer values, or with wildcards",
        )
    for count, chunk in choices:
        if count > allowance.rules:
            break
        dealt = [_deal(spec, size) for spec, size in zip(conditions, chunk, strict=True)]
        parts = tuple(product(*dealt))
        if all(_fits(part, allowance) for part in parts):
            return parts
    raise RuleError(
        "PATH-CONDITIONS",
        f"the path needs {len(sizes)} conditions at once, with {_wildcards(conditions)} wildcards; "
        f"an ALB rule holds {allowance.values} values and {allowance.wildcards} wildcards",
        hint="use fewer conditions or wildcards",
    )


def _chunk_sizes(sizes: Sequence[int], budget: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield every way to cut the conditions into pieces within the budget, with the rules it takes.

    The first conditions are cut as little as possible among ways that take equally many rules.
    """
    if len(sizes) > budget:
        return
    ranges = [range(1, min(size, budget) + 1) for size in sizes]
    for pieces in product(*ranges):
        if sum(pieces) <= budget:
            count = prod(ceil(size / piece) for size, piece in zip(sizes, pieces, strict=True))
            yield count, pieces


def _deal(spec: Spec, size: int) -> list[Spec]:
    values = values_of(spec)
    return [
        with_values(spec, values[start : start + size]) for start in range(0, len(values), size)
    ]


def _fits(conditions: Sequence[Spec], allowance: Allowance) -> bool:
    values = sum(len(values_of(spec)) for spec in conditions)
    return (
        values <= min(allowance.values, allowance.evaluations)
        and _wildcards(conditions) <= allowance.wildcards
    )


def _wildcards(conditions: Iterable[Spec]) -> int:
    """Count wildcards the way AWS does: characters in values of conditions that know wildcards."""
    return sum(
        len(_WILDCARDS.findall(text))
        for spec in conditions
        if field_of(spec) in _WITH_WILDCARDS and not is_regex(spec)
        for text in texts_of(spec)
    )
