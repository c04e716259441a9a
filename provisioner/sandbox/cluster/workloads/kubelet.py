"""The kubelet: pods start, become ready, serve to the end of their grace period, and go."""

from __future__ import annotations

import asyncio
import time

from provisioner.sandbox.cluster.admission import now
from provisioner.sandbox.cluster.documents import (
    Document,
    annotations_of,
    condition_status,
    is_terminating,
    key_of,
    name_of,
    number,
    part,
    parts,
    text,
    uid_of,
)
from provisioner.sandbox.cluster.nodes import internal_address
from provisioner.sandbox.cluster.workloads.cache import Cache
from provisioner.sandbox.cluster.workloads.conditions import with_conditions
from provisioner.sandbox.cluster.workloads.port import WorkloadPort
from provisioner.sandbox.cluster.workloads.scheduler import Scheduler, is_node_ready
from provisioner.sandbox.cluster.workloads.settings import READY_AFTER, WorkloadSettings
from provisioner.sandbox.cluster.workloads.work import WorkQueue

_NEVER = float("inf")


class Kubelet:
    """Plays the kubelets of all nodes, and lets the scheduler choose one for each pod."""

    def __init__(
        self, port: WorkloadPort, cache: Cache, *, queue: WorkQueue, settings: WorkloadSettings
    ) -> None:
        self._port = port
        self._cache = cache
        self._queue = queue
        self._settings = settings
        self._scheduler = Scheduler()
        self._ready_at: dict[str, float] = {}
        self._gone_at: dict[str, float] = {}

    async def reconcile(self, namespace: str, name: str) -> None:
        """Bring one pod a step further in its life."""
        pod = self._cache.get("Pod", namespace, name)
        if pod is None:
            return
        node_name = text(pod, "spec", "nodeName")
        if not node_name:
            await self._schedule(pod)
            return
        node = self._cache.get("Node", "", node_name)
        if node is None:
            # What the pod garbage collector does with pods of a node that is gone.
            await self._port.delete(pod, grace_seconds=0)
        elif is_terminating(pod):
            await self._terminate(pod)
        elif not text(pod, "status", "podIP"):
            await self._start(pod, node)
        else:
            await self._update(pod, node)

    async def forget(self, pod: Document) -> None:
        """Clean up after a pod that is gone."""
        self._ready_at.pop(uid_of(pod), None)
        self._gone_at.pop(uid_of(pod), None)
        if address := text(pod, "status", "podIP"):
            release = self._settings.addresses.release
            await asyncio.to_thread(release, text(pod, "spec", "nodeName"), pod, address)

    async def _schedule(self, pod: Document) -> None:
        if is_terminating(pod):
            return
        node = self._scheduler.choose(pod, self._cache.all("Node"))
        if node is not None:
            await self._port.bind(pod, name_of(node))
        elif condition_status(pod, "PodScheduled") != "False":
            claims = [("PodScheduled", False, "Unschedulable")]
            status: Document = {"conditions": with_conditions(pod, claims)}
            self._cache.keep("Pod", await self._port.patch_status(pod, status))

    async def _start(self, pod: Document, node: Document) -> None:
        address = await asyncio.to_thread(self._settings.addresses.allocate, node, pod)
        status: Document = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": internal_address(node),
            "startTime": now(),
            "containerStatuses": _container_statuses(pod, ready=False),
            "conditions": self._conditions(pod, ready=False),
        }
        started = await self._port.patch_status(pod, status)
        self._cache.keep("Pod", started)
        await self._update(started, node)

    async def _update(self, pod: Document, node: Document) -> None:
        ready_in = self._ready_at_of(pod) - time.monotonic()
        if 0 < ready_in < _NEVER:
            self._queue.add_later(ready_in, ("Pod", *key_of(pod)))
        ready = ready_in <= 0 and is_node_ready(node)
        status: Document = {
            "containerStatuses": _container_statuses(pod, ready=ready),
            "conditions": self._conditions(pod, ready=ready),
        }
        if any(part(pod, "status").get(key) != value for key, value in status.items()):
            self._cache.keep("Pod", await self._port.patch_status(pod, status))

    async def _terminate(self, pod: Document) -> None:
        grace = number(pod, "metadata", "deletionGracePeriodSeconds")
        stay = min(self._settings.termination_seconds, float(grace))
        gone_at = self._gone_at.setdefault(uid_of(pod), time.monotonic() + stay)
        left = gone_at - time.monotonic()
        if left > 0:
            self._queue.add_later(left, ("Pod", *key_of(pod)))
        elif grace:
            await self._port.delete(pod, grace_seconds=0)

    def _ready_at_of(self, pod: Document) -> float:
        known = self._ready_at.get(uid_of(pod))
        if known is not None:
            return known
        wish = annotations_of(pod).get(READY_AFTER, "")
        delay = _NEVER if wish == "never" else _seconds(wish, self._settings.ready_seconds)
        if condition_status(pod, "ContainersReady") == "True":
            delay = 0.0  # it was ready before this simulator began to look
        return self._ready_at.setdefault(uid_of(pod), time.monotonic() + delay)

    def _conditions(self, pod: Document, *, ready: bool) -> list[Document]:
        gates = [text(gate, "conditionType") for gate in parts(pod, "spec", "readinessGates")]
        open_ = all(condition_status(pod, gate) == "True" for gate in gates)
        containers_reason = "" if ready else "ContainersNotReady"
        reason = containers_reason if not ready or open_ else "ReadinessGatesNotReady"
        return with_conditions(
            pod,
            [
                ("PodScheduled", True, ""),
                ("Initialized", True, ""),
                ("ContainersReady", ready, containers_reason),
                ("Ready", ready and open_, reason),
            ],
        )


def _seconds(wish: str, default: float) -> float:
    try:
        return float(wish)
    except ValueError:
        return default


def _container_statuses(pod: Document, *, ready: bool) -> list[Document]:
    before = {text(one, "name"): one for one in parts(pod, "status", "containerStatuses")}
    return [
        _container_status(container, before.get(text(container, "name"), {}), ready=ready)
        for container in parts(pod, "spec", "containers")
    ]


def _container_status(container: Document, before: Document, *, ready: bool) -> Document:
    return {
        "name": text(container, "name"),
        "image": text(container, "image"),
        "imageID": text(container, "image"),
        "ready": ready,
        "started": True,
        "restartCount": number(before, "restartCount"),
        "state": before.get("state") or {"running": {"startedAt": now()}},
    }
