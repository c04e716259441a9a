"""The scheduler: pods go round the nodes that will have them."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.sandbox.cluster.documents import (
    Document,
    condition_status,
    dig,
    is_terminating,
    labels_of,
    name_of,
    pairs,
    parts,
    text,
)

_REPELLING = frozenset({"NoSchedule", "NoExecute"})


class Scheduler:
    """Chooses nodes in turn."""

    def __init__(self) -> None:
        self._turn = 0

    def choose(self, pod: Document, nodes: Sequence[Document]) -> Document | None:
        """Return the next node in turn that is ready and takes the pod; None: it has to wait."""
        willing = sorted((node for node in nodes if _takes(node, pod)), key=name_of)
        if not willing:
            return None
        chosen = willing[self._turn % len(willing)]
        self._turn += 1
        return chosen


def is_node_ready(node: Document | None) -> bool:
    """Say whether a node exists and is ready."""
    return node is not None and condition_status(node, "Ready") == "True"


def _takes(node: Document, pod: Document) -> bool:
    wanted = pairs(pod, "spec", "nodeSelector")
    return (
        is_node_ready(node)
        and not is_terminating(node)
        and dig(node, "spec", "unschedulable") is not True
        and wanted.items() <= labels_of(node).items()
        and all(_is_tolerated(taint, pod) for taint in parts(node, "spec", "taints"))
    )


def _is_tolerated(taint: Document, pod: Document) -> bool:
    if text(taint, "effect") not in _REPELLING:
        return True
    return any(_tolerates(one, taint) for one in parts(pod, "spec", "tolerations"))


def _tolerates(toleration: Document, taint: Document) -> bool:
    effect, key = text(toleration, "effect"), text(toleration, "key")
    exists = text(toleration, "operator") == "Exists"
    return (
        effect in {"", text(taint, "effect")}
        and (key == text(taint, "key") or (exists and not key))
        and (exists or text(toleration, "value") == text(taint, "value"))
    )
