"""The Deployment and StatefulSet controllers."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.sandbox.cluster.documents import (
    Document,
    is_terminating,
    labels_of,
    number,
    part,
    uid_of,
)
from provisioner.sandbox.cluster.workloads.cache import Cache, owner_uid
from provisioner.sandbox.cluster.workloads.conditions import with_conditions
from provisioner.sandbox.cluster.workloads.port import WorkloadPort
from provisioner.sandbox.cluster.workloads.rollout import (
    DEPLOYMENT_HASH,
    STATEFUL_SET_HASH,
    Moves,
    deployment_moves,
    is_ready,
    replicas_of,
    stateful_set_moves,
    template_hash,
)
from provisioner.sandbox.cluster.workloads.templates import deployment_pod, stateful_set_pod


class WorkloadController:
    """Makes and removes pods, and says in the status how far it has come."""

    def __init__(self, port: WorkloadPort, cache: Cache) -> None:
        self._port = port
        self._cache = cache
        self._made = 0

    async def reconcile(self, kind: str, namespace: str, name: str) -> None:
        """Bring one workload a step closer to what it wants."""
        workload = self._cache.get(kind, namespace, name)
        pods = self._cache.pods_owned_by(kind, namespace, name)
        if workload is None:
            await self._delete(pods)
            return
        mine = [pod for pod in pods if owner_uid(pod) == uid_of(workload)]
        await self._delete([pod for pod in pods if pod not in mine])
        if is_terminating(workload):
            return
        moves = (
            deployment_moves(workload, mine)
            if kind == "Deployment"
            else stateful_set_moves(workload, mine)
        )
        await self._carry_out(workload, moves)
        await self._tell(workload, kind)

    async def _carry_out(self, workload: Document, moves: Moves) -> None:
        for _ in range(moves.create):
            await self._create(deployment_pod(workload, order=self._next()))
        for ordinal in moves.ordinals:
            await self._create(stateful_set_pod(workload, ordinal, order=self._next()))
        await self._delete(moves.delete)

    async def _create(self, pod: Document) -> None:
        self._cache.keep("Pod", await self._port.create(pod))

    async def _delete(self, pods: Sequence[Document]) -> None:
        for pod in pods:
            if not is_terminating(pod):
                await self._port.delete(pod)

    def _next(self) -> int:
        self._made += 1
        return self._made

    async def _tell(self, workload: Document, kind: str) -> None:
        namespace, name = _place(workload)
        pods = [
            pod
            for pod in self._cache.pods_owned_by(kind, namespace, name)
            if not is_terminating(pod)
        ]
        status = (
            _deployment_status(workload, pods)
            if kind == "Deployment"
            else _stateful_set_status(workload, pods)
        )
        if any(part(workload, "status").get(key) != value for key, value in status.items()):
            self._cache.keep(kind, await self._port.patch_status(workload, status))


def _deployment_status(deployment: Document, pods: Sequence[Document]) -> Document:
    wanted, ready = replicas_of(deployment), sum(is_ready(pod) for pod in pods)
    updated = _with_hash(deployment, pods, DEPLOYMENT_HASH)
    done = updated == wanted == ready == len(pods)
    claims = [
        ("Available", ready >= wanted or ready > 0, "MinimumReplicasAvailable"),
        ("Progressing", True, "NewReplicaSetAvailable" if done else "ReplicaSetUpdated"),
    ]
    return {
        "observedGeneration": number(deployment, "metadata", "generation"),
        "replicas": len(pods),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(wanted - ready, 0),
        "conditions": with_conditions(deployment, claims),
    }


def _stateful_set_status(stateful_set: Document, pods: Sequence[Document]) -> Document:
    ready = sum(is_ready(pod) for pod in pods)
    current = template_hash(stateful_set)
    return {
        "observedGeneration": number(stateful_set, "metadata", "generation"),
        "replicas": len(pods),
        "updatedReplicas": _with_hash(stateful_set, pods, STATEFUL_SET_HASH),
        "currentReplicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "updateRevision": current,
        "currentRevision": current,
    }


def _with_hash(workload: Document, pods: Sequence[Document], label: str) -> int:
    current = template_hash(workload)
    return sum(labels_of(pod).get(label) == current for pod in pods)


def _place(workload: Document) -> tuple[str, str]:
    metadata = part(workload, "metadata")
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))
