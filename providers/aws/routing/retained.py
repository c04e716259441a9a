"""Where rules stand that are left alone, among those that are planned around them.

The rules of an Ingress that cannot be planned stay as they are, but not at any price in the order:
a wildcard that stays must not come before the rules of a host that changes just now, nor "/" before
a longer path. So they are told by what they match (host, then path, as everything in our reading);
the order that they have now decides only among equals.

The incumbent compares nothing, and there they stay behind the rule that they stood behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.aws.routing import conditions, hosts
from providers.aws.routing.condition_specs import PATH, as_specs, field_of, is_regex, texts_of
from providers.aws.routing.conditions import prefix_values
from providers.aws.routing.drafts import Draft
from providers.aws.routing.priorities import with_retained
from provisioner.model.resource import Resource, Value

_BLOCKING, _EXACT, _PREFIX, _PATTERN, _EVERYTHING = range(-1, 4)

_Place = tuple[tuple[int, int, str], tuple[int, int]]


def in_place(
    drafts: Sequence[Draft], retained: Mapping[str, Resource], existing: Mapping[str, int]
) -> tuple[str, ...]:
    """Return the addresses of planned and retained rules in evaluation order.

    Args:
        drafts: The planned rules, in order; it is kept.
        retained: The rules that stay, by address.
        existing: The priorities that rules have now.
    """
    planned: dict[_Place, list[str]] = {}
    highest: _Place | None = None
    for draft in drafts:
        place = _place(draft.asked)
        highest = place if highest is None else max(highest, place)
        planned.setdefault(highest, []).append(draft.address)
    staying: dict[_Place, list[str]] = {}
    for address, rule in retained.items():
        staying.setdefault(_place(rule.spec.get("Conditions")), []).append(address)
    return tuple(
        address
        for place in sorted({*planned, *staying})
        for address in with_retained(planned.get(place, ()), staying.get(place, ()), existing)
    )


def _place(written: Value) -> _Place:
    """Return the sort key of what conditions match."""
    found = conditions.hosts_of(written)
    widest = max(found, key=hosts.rank)
    longer = widest.removeprefix(hosts.WILDCARD)
    if longer != widest and longer.startswith(hosts.WILDCARD):
        return (hosts.rank(longer), (_BLOCKING, 0))
    return (hosts.rank(widest), _path(written))


def _path(written: Value) -> tuple[int, int]:
    spec = next((spec for spec in as_specs(written) if field_of(spec) == PATH), None)
    if spec is None:
        return (_EVERYTHING, 0)
    values = () if is_regex(spec) else tuple(texts_of(spec))
    if len(values) == 1 and "*" not in values[0] and "?" not in values[0]:
        return (_EXACT, 0)
    if values and values == prefix_values("/" if values == ("/*",) else values[0]):
        return (_PREFIX, -len(values[0].removesuffix("/*")))
    return (_PATTERN, 0)
