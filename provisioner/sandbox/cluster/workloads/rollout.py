"""How a workload gets from the pods that it has to the pods that it wants.

Pure: pods in, moves out. Surge first, remove after, never fewer available pods than promised; the
arithmetic is that of the Deployment documentation ("Max Unavailable" rounds down, "Max Surge" up).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from provisioner.sandbox.cluster.documents import (
    Document,
    annotations_of,
    condition_status,
    dig,
    is_terminating,
    labels_of,
    name_of,
    number,
    part,
    text,
)

DEPLOYMENT_HASH = "pod-template-hash"
STATEFUL_SET_HASH = "controller-revision-hash"

#: Annotation: the simulator numbers the pods it makes, because creation times have whole seconds.
CREATION_ORDER = "sandbox.ingress-provisioner.io/creation-order"

_HASH_LENGTH = 10
_DEFAULT_SHARE = "25%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What to do next: how many (or which ordinals) to create, which pods to delete."""

    create: int = 0
    ordinals: tuple[int, ...] = ()
    delete: tuple[Document, ...] = ()


def template_hash(workload: Document) -> str:
    """Return a short hash of the pod template."""
    encoded = msgspec.json.encode(dig(workload, "spec", "template"), order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:_HASH_LENGTH]


def is_ready(pod: Document) -> bool:
    """Say whether a pod's Ready condition holds."""
    return condition_status(pod, "Ready") == "True"


def replicas_of(workload: Document) -> int:
    """Return how many pods a workload wants."""
    return number(workload, "spec", "replicas", default=1)


def deployment_moves(deployment: Document, pods: Sequence[Document]) -> Moves:
    """Return the next moves of a Deployment."""
    current = template_hash(deployment)
    live = [pod for pod in pods if not is_terminating(pod)]
    new = [pod for pod in live if labels_of(pod).get(DEPLOYMENT_HASH) == current]
    old = [pod for pod in live if labels_of(pod).get(DEPLOYMENT_HASH) != current]
    wanted = replicas_of(deployment)
    if text(deployment, "spec", "strategy", "type") == "Recreate":
        others = [pod for pod in pods if labels_of(pod).get(DEPLOYMENT_HASH) != current]
        create = 0 if others else wanted - len(new)
        return Moves(create=max(create, 0), delete=(*old, *_surplus(new, wanted)))
    surge, unavailable = _allowances(deployment, wanted)
    create = min(wanted - len(new), wanted + surge - len(live))
    unready = [pod for pod in old if not is_ready(pod)]
    ready = _newest_first(pod for pod in old if is_ready(pod))
    available = sum(is_ready(pod) for pod in live)
    spare = max(available - (wanted - unavailable), 0)
    return Moves(create=max(create, 0), delete=(*unready, *ready[:spare], *_surplus(new, wanted)))


def stateful_set_moves(stateful_set: Document, pods: Sequence[Document]) -> Moves:
    """Return the next moves of a StatefulSet: in order up, in reverse order down."""
    wanted = replicas_of(stateful_set)
    by_ordinal = {ordinal_of(pod): pod for pod in pods}
    parallel = text(stateful_set, "spec", "podManagementPolicy") == "Parallel"
    missing = [ordinal for ordinal in range(wanted) if ordinal not in by_ordinal]
    surplus = [
        by_ordinal[ordinal] for ordinal in sorted(by_ordinal, reverse=True) if ordinal >= wanted
    ]
    if parallel:
        leaving = [pod for pod in surplus if not is_terminating(pod)]
        return _with_update(
            stateful_set, by_ordinal, Moves(ordinals=tuple(missing), delete=tuple(leaving))
        )
    if missing:
        lower = [by_ordinal[ordinal] for ordinal in range(missing[0])]
        may_create = all(is_ready(pod) and not is_terminating(pod) for pod in lower)
        return Moves(ordinals=tuple(missing[:1]) if may_create else ())
    if surplus:
        return Moves(delete=() if is_terminating(surplus[0]) else (surplus[0],))
    return _with_update(stateful_set, by_ordinal, Moves())


def ordinal_of(pod: Document) -> int:
    """Return the number in the name of a StatefulSet's pod; -1 for a name without one."""
    _, _, last = name_of(pod).rpartition("-")
    return int(last) if last.isdigit() else -1


def _with_update(stateful_set: Document, pods: dict[int, Document], moves: Moves) -> Moves:
    """Add the pod with the highest ordinal that still has the old template, if all others serve."""
    if moves.ordinals or moves.delete:
        return moves
    if text(stateful_set, "spec", "updateStrategy", "type") == "OnDelete":
        return moves
    current = template_hash(stateful_set)
    stale = [
        pods[ordinal]
        for ordinal in sorted(pods, reverse=True)
        if labels_of(pods[ordinal]).get(STATEFUL_SET_HASH) != current
    ]
    others_serve = all(
        is_ready(pod) and not is_terminating(pod) for pod in pods.values() if pod not in stale[:1]
    )
    if stale and others_serve and not is_terminating(stale[0]):
        return Moves(delete=(stale[0],))
    return moves


def _allowances(deployment: Document, wanted: int) -> tuple[int, int]:
    rolling = part(deployment, "spec", "strategy", "rollingUpdate")
    surge = _share(rolling.get("maxSurge", _DEFAULT_SHARE), wanted, up=True)
    unavailable = _share(rolling.get("maxUnavailable", _DEFAULT_SHARE), wanted, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1  # the API server refuses 0 and 0; rounding alone may yield it
    return surge, unavailable


def _share(value: object, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = str(value).removesuffix("%")
    exact = wanted * (int(share) if share.isdigit() else 0) / 100
    return math.ceil(exact) if up else math.floor(exact)


def _surplus(pods: list[Document], wanted: int) -> list[Document]:
    """Return the pods to give up: those that do not serve, then the newest."""
    count = max(len(pods) - wanted, 0)
    return sorted(_newest_first(pods), key=is_ready)[:count]


def _newest_first(pods: Iterable[Document]) -> list[Document]:
    return sorted(pods, key=_age_key, reverse=True)


def _age_key(pod: Document) -> tuple[str, int, str]:
    order = annotations_of(pod).get(CREATION_ORDER, "")
    return (
        text(pod, "metadata", "creationTimestamp"),
        int(order) if order.isdigit() else 0,
        name_of(pod),
    )
