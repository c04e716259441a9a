"""Change what several backends lean on in two stages: first wider, later narrower.

A named port, a firewall rule and the groups behind a backend service are lists in which something
comes and something goes. What comes is there before anybody needs it; what goes stays until nobody
does: a named port or a firewall rule until the backend services that used it are gone, a group
until what came in its place has had time to be known everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.gcp.addresses import Kind
from providers.gcp.changes.call_parts import entries
from provisioner.model.change import Action, Change, FieldChange
from provisioner.model.resource import Value, canonical, freeze

WIDEN = "widen"
"""The stage that adds what is wanted, and takes nothing away."""

_LISTS: Mapping[str, tuple[str, ...]] = {
    Kind.NAMED_PORTS.value: ("namedPorts",),
    Kind.FIREWALL.value: ("allowed", "sourceRanges", "targetTags"),
    Kind.BACKEND_SERVICE.value: ("backends",),
}


def widened(change: Change) -> Change | None:
    """Return the change that only adds, None where nothing goes or nothing comes."""
    lists = _LISTS.get(change.kind)
    if change.action is not Action.UPDATE or lists is None or change.desired is None:
        return None
    both = {f.path: _union(f.before, f.after) for f in change.fields if f.path in lists}
    fields = {
        path: value
        for path, value in both.items()
        if any(f.path == path and canonical(f.before) != canonical(value) for f in change.fields)
    }
    narrows = any(
        field.path in both and canonical(both[field.path]) != canonical(field.after)
        for field in change.fields
    )
    if not fields or not narrows:
        return None
    desired = change.desired.with_spec(**both)
    changed = tuple(
        FieldChange(path=f.path, before=f.before, after=fields.get(f.path, f.after))
        for f in change.fields
        if f.path not in both or f.path in fields
    )
    return replace(change, desired=desired, fields=changed)


def narrowed(change: Change, wide: Change) -> Change:
    """Return what is left of a change when it has been widened."""
    if wide.desired is None:
        return change
    spec = wide.desired.spec
    fields = tuple(
        FieldChange(path=f.path, before=spec.get(f.path), after=f.after)
        for f in change.fields
        if canonical(spec.get(f.path)) != canonical(f.after)
    )
    observed = replace(change.observed, spec=spec) if change.observed is not None else None
    return replace(change, fields=fields, observed=observed)


def narrows(change: Change) -> bool:
    """Tell whether something goes that others may lean on."""
    lists = _LISTS.get(change.kind, ())
    if change.action is Action.DELETE:
        return True
    return change.action is Action.UPDATE and any(
        f.path in lists and canonical(_union(f.before, f.after)) != canonical(_sorted(f.after))
        for f in change.fields
    )


def _union(before: Value, after: Value) -> Value:
    """Return what either of two lists holds; entries of one identity as they are to be."""
    found: dict[str, Value] = {}
    for entry in (*entries(before), *entries(after)):
        if isinstance(entry, Mapping) and "IPProtocol" in entry:
            old = found.get(_identity(entry))
            ports = _union(old.get("ports") if isinstance(old, Mapping) else (), entry.get("ports"))
            found[_identity(entry)] = freeze({**entry, "ports": ports})
        else:
            found[_identity(entry)] = entry
    return _sorted(tuple(found.values()))


def _sorted(value: Value) -> Value:
    return tuple(sorted(entries(value), key=canonical))


def _identity(entry: Value) -> str:
    """Return what tells the entries of these lists apart."""
    if isinstance(entry, Mapping):
        for field in ("group", "IPProtocol", "name"):
            if field in entry:
                return canonical(entry[field])
    return canonical(entry)
