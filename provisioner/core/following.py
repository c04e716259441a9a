"""Find who is behind target groups that exist and that no rule asks for any more.

A broken Ingress keeps its last good rules, and they may lead to a Service that it no longer names:
the most common mistake is an edit that names another Service, or one that does not exist. Their
targets must follow the pods of the old Service all the same, or the first rollout leaves rules that
lead nowhere. Only who is behind such a Service port counts here. What its annotations say of health
checks or attributes does not, because the target group stays as it is; so an annotation that
cannot be read stands in nobody's way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from provisioner.core.annotations import TARGET_NODE_LABELS
from provisioner.core.backends import Backends
from provisioner.core.dialect import Dialect
from provisioner.core.group import Candidate
from provisioner.core.service_ports import can_node_port, port_of
from provisioner.core.targets import Targets
from provisioner.model.intent import BackendId, BackendIntent, Compatibility
from provisioner.model.kube import NO_STRINGS, Key, PortRef
from provisioner.model.snapshot import Snapshot

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the targets of an Ingress are chosen: by whose rules, among which nodes.

    ``labels`` are what nodes must carry, None where that cannot be read.
    """

    compatibility: Compatibility = Compatibility.KUBERNETES
    labels: Labels | None = None


Read = Callable[[BackendId], Reading | None]
"""Says how the targets of a backend are chosen, None for one that is not to be followed."""


class Following:
    """Resolves backends that only the cloud knows of; reads the snapshot once it has to."""

    def __init__(self, snapshot: Snapshot, provider: Dialect) -> None:
        self._snapshot = snapshot
        self._provider = provider
        self._targets: Targets | None = None

    def of(self, wanted: Iterable[BackendId], read: Read) -> tuple[BackendIntent, ...]:
        """Return these backends with who is behind them now, in order.

        Left out is what the cluster does not have: a Service or port that is gone. There nobody
        can tell who is behind it, so its targets stay as they are.
        """
        found = (self._resolved(id_, read(id_)) for id_ in sorted(set(wanted)))
        return tuple(backend for backend in found if backend is not None)

    def _resolved(self, id_: BackendId, reading: Reading | None) -> BackendIntent | None:
        service = self._snapshot.services.get(id_.service)
        if reading is None or service is None or service.type == "ExternalName":
            return None
        port = port_of(service, _reference(id_.port))
        if port is None:
            return None
        if self._targets is None:
            self._targets = Targets(self._snapshot, self._provider)
        targets, how, labels = self._targets, reading.compatibility, reading.labels
        pods = targets.pods(service, port, compatibility=how)
        nodes = (
            None
            if labels is None
            else targets.nodes(service, port, labels=labels, compatibility=how)
        )
        return BackendIntent(
            id=id_,
            field="",
            service_port=port.port,
            target_port=targets.target_port(service, port),
            node_port=port.node_port,
            can_node_port=can_node_port(service, port),
            pods=pods,
            nodes=nodes,
            count=targets.count(service, pods),
        )


def read_by(
    candidates: Iterable[Candidate],
    backends: Backends,
    *,
    unmentioned: frozenset[Key],
    compatibility: Compatibility,
) -> Read:
    """Return how the targets of the Ingresses of one load balancer are chosen.

    Args:
        candidates: Those that are on it. Whoever is leaving is not followed.
        backends: Reads the annotations of Services.
        unmentioned: Ingresses that nothing at hand says anything of, but that others may define.
        compatibility: Whose reading applies on the load balancer.
    """
    known = {candidate.key: candidate for candidate in candidates}

    def read(id_: BackendId) -> Reading | None:
        candidate = known.get(id_.ingress)
        if candidate is None:
            return Reading(compatibility=compatibility) if id_.ingress in unmentioned else None
        return Reading(
            compatibility=candidate.policy.compatibility,
            labels=_node_labels(candidate, backends, id_.service),
        )

    return read


def behind(
    snapshot: Snapshot, provider: Dialect, led_to: Iterable[BackendId]
) -> tuple[BackendIntent, ...]:
    """Return who is behind these backends, whatever their Ingresses say: to notice changes by."""
    return Following(snapshot, provider).of(led_to, lambda _id: Reading(labels=NO_STRINGS))


def _node_labels(candidate: Candidate, backends: Backends, service: Key) -> Labels | None:
    unread = candidate.failed | backends.unread(candidate, service)
    if TARGET_NODE_LABELS.name in unread:
        return None
    return backends.values_with(candidate, service).get(TARGET_NODE_LABELS) or NO_STRINGS


def _reference(port: str) -> PortRef:
    """Return the Service port that a target group was made for; a name is never all digits."""
    return PortRef(number=int(port)) if port.isdecimal() else PortRef(name=port)
