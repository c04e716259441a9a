"""Let an HTTPS proxy keep its old certificates until the one that takes over has been issued.

Google issues a managed certificate only once it is attached, and that takes up to an hour. So it is
attached beside the old ones first, and these are let go when it is ACTIVE. A proxy holds fifteen;
where there is no room for both, there is nothing to wait with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.gcp.addresses import Kind
from providers.gcp.changes.call_parts import entries
from provisioner.model.change import Action, Change, FieldChange, Wait, WaitFor
from provisioner.model.resource import Ref, Value, canonical

ATTACH = "attach"
"""The stage that attaches certificates and lets none go."""

_FIELD = "sslCertificates"


def beside(change: Change, changes: Mapping[str, Change], *, most: int) -> Change | None:
    """Return the change that only attaches, None where nothing has to be waited for.

    Args:
        change: A change of an HTTPS proxy.
        changes: All changes by address.
        most: How many certificates a proxy may have.
    """
    field = _certificates(change)
    if field is None or change.desired is None or not awaited(change, changes):
        return None
    both = (*entries(field.after), *_gone(field))
    if len(both) > most:
        return None
    fields = tuple(
        replace(each, after=both) if each is field else each
        for each in change.fields
        if each is not field or _set(both) != _set(field.before)
    )
    return replace(change, desired=change.desired.with_spec(sslCertificates=both), fields=fields)


def awaited(change: Change, changes: Mapping[str, Change]) -> WaitFor | None:
    """Return the wait for managed certificates of ours before others are let go."""
    field = _certificates(change)
    if field is None or not _gone(field):
        return None
    pending = sorted(
        ref.address
        for ref in entries(field.after)
        if isinstance(ref, Ref) and _is_managed(changes.get(ref.address))
    )
    return WaitFor(kind=Wait.ACTIVE, on=tuple(pending)) if pending else None


def _certificates(change: Change) -> FieldChange | None:
    if change.kind != Kind.TARGET_HTTPS_PROXY.value or change.action is not Action.UPDATE:
        return None
    return next((field for field in change.fields if field.path == _FIELD), None)


def _gone(field: FieldChange) -> tuple[Value, ...]:
    kept = _set(field.after)
    return tuple(entry for entry in entries(field.before) if canonical(entry) not in kept)


def _set(value: Value) -> frozenset[str]:
    return frozenset(canonical(entry) for entry in entries(value))


def _is_managed(change: Change | None) -> bool:
    return (
        change is not None
        and change.desired is not None
        and (change.desired.spec.get("type") == "MANAGED")
    )
