"""Conditions, whose transition time moves only when the status does."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.sandbox.cluster.admission import now
from provisioner.sandbox.cluster.documents import Document, parts, text

Claim = tuple[str, bool, str]


def with_conditions(document: Document, claims: Sequence[Claim]) -> list[Document]:
    """Return the object's conditions after (type, holds, reason) claims; others are kept."""
    present = {text(one, "type"): one for one in parts(document, "status", "conditions")}
    for type_, holds, reason in claims:
        status = "True" if holds else "False"
        before = present.get(type_, {})
        moment = text(before, "lastTransitionTime")
        if text(before, "status") != status or not moment:
            moment = now()
        present[type_] = {
            **before,
            "type": type_,
            "status": status,
            "lastTransitionTime": moment,
            **({"reason": reason} if reason else {}),
        }
        if not reason:
            present[type_].pop("reason", None)
    return list(present.values())
