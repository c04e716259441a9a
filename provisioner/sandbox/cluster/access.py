"""Access reviews: everyone may do everything, unless a fault rule forbids it."""

from __future__ import annotations

from provisioner.sandbox.cluster.discovery import REVIEWS
from provisioner.sandbox.cluster.documents import Document, part, text
from provisioner.sandbox.cluster.faults import EVERY, Faults
from provisioner.sandbox.cluster.kinds import KindTable

_GROUP = "authorization.k8s.io"


def is_review(group: str, plural: str) -> bool:
    """Say whether a path names a review."""
    return group == _GROUP and any(plural == f"{review.lower()}s" for review in REVIEWS)


def reviewed(body: Document, *, plural: str, faults: Faults, kinds: KindTable) -> Document:
    """Return a review with its answer."""
    kind = next(review for review in REVIEWS if plural == f"{review.lower()}s")
    wants_rules = kind == "SelfSubjectRulesReview"
    status = _rules(faults, kinds) if wants_rules else _access(body, faults)
    return {**body, "kind": kind, "apiVersion": f"{_GROUP}/v1", "metadata": {}, "status": status}


def _access(body: Document, faults: Faults) -> Document:
    asked = part(body, "spec", "resourceAttributes")
    plural, group = text(asked, "resource"), text(asked, "group")
    qualified = f"{plural}.{group}" if group else plural
    if faults.forbids(text(asked, "verb"), qualified):
        return {"allowed": False, "reason": "forbidden by a fault rule of the sandbox"}
    return {"allowed": True, "reason": "the sandbox allows everything"}


def _rules(faults: Faults, kinds: KindTable) -> Document:
    verbs = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    rules: list[Document] = []
    for kind in kinds:
        allowed = [verb for verb in verbs if not faults.forbids(verb, kind.qualified)]
        if allowed:
            rules.append({"verbs": allowed, "apiGroups": [kind.group], "resources": [kind.plural]})
    return {
        "resourceRules": rules,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": [EVERY]}],
        "incomplete": False,
    }
