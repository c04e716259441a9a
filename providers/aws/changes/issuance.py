"""Let listeners wait for certificates that ACM has yet to issue.

A certificate that was requested can be attached to nothing before its domains are validated, which
may take seconds or days. Only what needs it waits: the listener that has no other, or its place in
the list of one that has.
"""

from __future__ import annotations

from collections.abc import Sequence

from providers.aws.addresses import Kind
from provisioner.model.change import Action, Change, Wait, WaitFor
from provisioner.model.resource import references

_ISSUED = "ISSUED"
_ATTACHING = frozenset({Kind.LISTENER.value, Kind.LISTENER_CERTIFICATE.value})
ATTACHED = "Certificates"
"""The field that names what is attached."""

ATTACHED_STAGE = "certificates"
"""The stage of a listener's change that waits while the rest of it goes on."""


def pending_certificates(changes: Sequence[Change]) -> frozenset[str]:
    """Return the addresses of requested certificates that are not issued yet."""
    return frozenset(
        change.address
        for change in changes
        if change.kind == Kind.CERTIFICATE.value
        and change.desired is not None
        and "DomainName" in change.desired.spec
        and (change.observed is None or change.observed.state != _ISSUED)
    )


def issuance_wait(change: Change, pending: frozenset[str]) -> WaitFor | None:
    """Return the wait for the certificates that a change attaches, None where all are issued."""
    if change.kind not in _ATTACHING or change.desired is None:
        return None
    changed = any(field.path == ATTACHED for field in change.fields)
    if change.action is Action.UPDATE and not changed:
        return None
    used = {ref.address for ref in references(change.desired.spec.get(ATTACHED))}
    awaited = tuple(sorted(used & pending))
    return WaitFor(kind=Wait.ACTIVE, on=awaited) if awaited else None
