"""Calls about what guards a load balancer: associate and disassociate, protect and let go.

The resource says what is to be, "nothing" included, so creating, updating and deleting are one
question: is there to be something? Associating twice does no harm, nor does taking away what is not
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from providers.aws.addresses import Kind
from providers.aws.changes.call_parts import call_to
from provisioner.model.change import Call, Change
from provisioner.model.resource import PlainInput, Ref, Value

_TARGET = "ResourceArn"
_NAME_CHARACTERS = 128
_FOREIGN = re.compile(r"[^ A-Za-z0-9_.-]")  # what the name of a protection must not hold
_ACL_FIELDS: Mapping[Kind, str] = {
    Kind.WEB_ACL_ASSOCIATION: "WebACLArn",
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: "WebACLId",
}


def web_acl(change: Change) -> Iterator[Call]:
    """Yield the call that makes a web ACL guard a load balancer, or none do."""
    kind = Kind(change.kind)
    target: dict[str, PlainInput] = {_TARGET: _said(change, _TARGET)}
    field = _ACL_FIELDS[kind]
    acl = change.desired.spec.get(field) if change.desired is not None else None
    if acl:
        yield call_to(change.address, kind, "AssociateWebACL", {**target, field: acl})
    else:
        yield call_to(change.address, kind, "DisassociateWebACL", target)


def protection(change: Change) -> Iterator[Call]:
    """Yield the call that protects a load balancer, or ends that; none where there is nothing."""
    kind = Kind.PROTECTION
    if change.desired is not None and change.desired.spec.get("Enabled") is True:
        parameters: dict[str, PlainInput] = {
            "Name": _FOREIGN.sub("-", change.group)[:_NAME_CHARACTERS],
            _TARGET: _said(change, _TARGET),
        }
        yield call_to(change.address, kind, "CreateProtection", parameters)
        return
    foreign = change.desired.spec.get("ProtectionId") if change.desired is not None else None
    ours = change.observed is not None and change.observed.spec.get("Enabled") is True
    identifier = foreign or (Ref(change.address, "ProtectionId") if ours else None)
    if identifier is not None:
        yield call_to(change.address, kind, "DeleteProtection", {"ProtectionId": identifier})


def _said(change: Change, field: str) -> Value:
    if change.desired is not None:
        return change.desired.spec.get(field)
    return change.observed.spec.get(field) if change.observed is not None else None
