"""Compare what should exist with what was seen, field by field.

The smallest piece of the product and the one everything rests on: two equal worlds give no
change, whatever the order in which they were listed. Providers make that possible by spelling
desired and observed alike; here nothing is known of any cloud.

Only fields that the desired side names are compared: what nobody asked for is not ours to reset.
Where a provider answers for a field (``owned``), naming none means that there is to be none.
A field that is known only after apply is a difference only where the resource does not exist yet;
on an existing one, files cannot tell and must not guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provisioner.model.change import Action, Change, FieldChange
from provisioner.model.resource import ObservedResource, Resource, Value, canonical, has_unknown

NO_FIELDS: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRules:
    """What a provider says about its fields, by kind.

    ``create_only`` fields matter at creation alone. Of ``partial`` fields (lists of
    ``{"Key", "Value"}``) only the desired keys are compared. ``immutable`` fields stay for good;
    a resource that needs another value of one appears under its next generation's address.
    ``owned`` fields are to be absent where the desired side does not name them.
    """

    immutable: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FIELDS)
    create_only: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FIELDS)
    partial: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FIELDS)
    owned: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FIELDS)


def diff(
    desired: Iterable[Resource], observed: Iterable[ObservedResource], rules: DiffRules
) -> tuple[Change, ...]:
    """Return one change per address of either side, no-ops included, by address.

    Args:
        desired: What should exist; addresses are unique.
        observed: What exists and is ours to change; whatever of it is not desired is deleted.
        rules: The provider's word on its fields.
    """
    wanted = {resource.address: resource for resource in desired}
    present = {resource.address: resource for resource in observed}
    generations = {_base(address) for address in present}
    changes = [
        _compare(resource, present[address], rules)
        if address in present
        else _create(resource, replaces=_base(address) in generations)
        for address, resource in wanted.items()
    ]
    changes.extend(
        _delete(resource) for address, resource in present.items() if address not in wanted
    )
    return tuple(sorted(changes, key=lambda change: change.address))


def _base(address: str) -> str:
    """Return the address without its generation."""
    head, at, generation = address.rpartition("@")
    return head if at and generation.replace(".", "", 1).isdecimal() else address


def _create(resource: Resource, *, replaces: bool) -> Change:
    return Change(
        action=Action.REPLACE if replaces else Action.CREATE,
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        fields=tuple(
            FieldChange(path=path, before=None, after=value)
            for path, value in sorted(resource.spec.items())
        ),
        desired=resource,
        reason="a field that cannot be updated changes" if replaces else "does not exist",
    )


def _delete(resource: ObservedResource) -> Change:
    return Change(
        action=Action.DELETE,
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        fields=tuple(
            FieldChange(path=path, before=value, after=None)
            for path, value in sorted(resource.spec.items())
        ),
        observed=resource,
        reason="nothing asks for it any more",
    )


def _compare(desired: Resource, observed: ObservedResource, rules: DiffRules) -> Change:
    skipped = rules.create_only.get(desired.kind, frozenset()) | rules.immutable.get(
        desired.kind, frozenset()
    )
    partial = rules.partial.get(desired.kind, frozenset())
    owned = rules.owned.get(desired.kind, frozenset()) & observed.spec.keys()
    fields = []
    for path in sorted(desired.spec.keys() | owned):
        before, after = observed.spec.get(path), desired.spec.get(path)
        if path in partial:
            before = _restricted(before, to=after)
        if path in skipped or has_unknown(after) or canonical(before) == canonical(after):
            continue
        fields.append(FieldChange(path=path, before=before, after=after))
    return Change(
        action=Action.UPDATE if fields else Action.NOOP,
        kind=desired.kind,
        address=desired.address,
        group=desired.group,
        fields=tuple(fields),
        desired=desired,
        observed=observed,
        reason=_differs(fields),
    )


def _restricted(value: Value, *, to: Value) -> Value:
    """Return the entries of a Key/Value list whose keys the other list names."""
    keys = {entry.get("Key") for entry in _entries(to)}
    return tuple(entry for entry in _entries(value) if entry.get("Key") in keys)


def _entries(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [entry for entry in value if isinstance(entry, Mapping)]


def _differs(fields: list[FieldChange]) -> str:
    return f"{', '.join(change.path for change in fields)} differ" if fields else ""
