"""The simulator: watches, marks what changed, and lets one worker after another look at it.

Level-triggered like the controllers it plays: a worker is told a key and looks at the cache, never
at the event. A refused write is simply looked at again a moment later.
"""

from __future__ import annotations

import asyncio
import contextlib

from provisioner.sandbox.cluster.documents import Document, key_of, pairs, uid_of
from provisioner.sandbox.cluster.workloads.cache import (
    KINDS,
    SERVICE_LABEL,
    Cache,
    owner_of,
    owner_uid,
)
from provisioner.sandbox.cluster.workloads.controllers import WorkloadController
from provisioner.sandbox.cluster.workloads.kubelet import Kubelet
from provisioner.sandbox.cluster.workloads.port import PortError, WorkloadPort
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from provisioner.sandbox.cluster.workloads.slices import (
    MANAGED_BY,
    MANAGER,
    arranged,
    wanted_endpoints,
)
from provisioner.sandbox.cluster.workloads.work import WorkKey, WorkQueue

_RETRY_SECONDS = 0.1

#: Endpoints of a Service are written at most this often; a rollout changes many pods at once.
_SERVICE_SECONDS = 0.02


class Simulator:
    """Plays scheduler, kubelets and the controllers between workloads and EndpointSlices."""

    def __init__(self, port: WorkloadPort, settings: WorkloadSettings) -> None:
        self._port = port
        self._settings = settings
        self._cache = Cache()
        self._queue = WorkQueue()
        self._controller = WorkloadController(port, self._cache)
        self._kubelet = Kubelet(port, self._cache, queue=self._queue, settings=settings)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; returns once everything that exists is known."""
        versions = {kind: await self._list(kind) for kind in KINDS}
        self._tasks = [asyncio.create_task(self._follow(kind, versions[kind])) for kind in KINDS]
        self._tasks.append(asyncio.create_task(self._work()))

    async def stop(self) -> None:
        """End."""
        self._queue.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _follow(self, kind: str, version: str) -> None:
        while True:
            with contextlib.suppress(PortError):
                async for change in self._port.watch(kind, version):
                    await self._learn(kind, change.document, gone=change.gone)
            await asyncio.sleep(_RETRY_SECONDS)
            with contextlib.suppress(PortError):
                version = await self._list(kind)

    async def _list(self, kind: str) -> str:
        """Take over everything of a kind, including that something is no longer there."""
        listed = await self._port.list(kind)
        present = {key_of(document): uid_of(document) for document in listed.items}
        for known in self._cache.all(kind):
            if present.get(key_of(known)) != uid_of(known):
                await self._learn(kind, known, gone=True)
        for document in listed.items:
            await self._learn(kind, document, gone=False)
        return listed.version

    async def _learn(self, kind: str, document: Document, *, gone: bool) -> None:
        if gone:
            before = self._cache.drop(kind, key_of(document))
            if kind == "Pod":
                await self._kubelet.forget(document)
        else:
            before = self._cache.keep(kind, document)
        self._mark(kind, document)
        if before is not None:
            self._mark(kind, before)

    def _mark(self, kind: str, document: Document) -> None:
        """Mark everything that a change of an object may concern."""
        namespace, name = key_of(document)
        match kind:
            case "Node":
                for pod in (*self._cache.pods_on(name), *self._cache.pods_on("")):
                    self._queue.add("Pod", *key_of(pod))
            case "Pod":
                self._queue.add("Pod", namespace, name)
                if owner := owner_of(document):
                    self._queue.add(*owner)
                for service in self._cache.services_selecting(document):
                    self._queue.add_later(_SERVICE_SECONDS, ("Service", *service))
            case "EndpointSlice":
                service_name = pairs(document, "metadata", "labels").get(SERVICE_LABEL, "")
                self._queue.add_later(_SERVICE_SECONDS, ("Service", namespace, service_name))
            case _:
                self._queue.add(kind, namespace, name)

    async def _work(self) -> None:
        while True:
            key = await self._queue.next()
            try:
                await self._look_at(key)
            except (PortError, LookupError):
                self._queue.add_later(_RETRY_SECONDS, key)

    async def _look_at(self, key: WorkKey) -> None:
        kind, namespace, name = key
        match kind:
            case "Pod":
                await self._kubelet.reconcile(namespace, name)
            case "Service":
                await self._write_slices(namespace, name)
            case "Deployment" | "StatefulSet":
                await self._controller.reconcile(kind, namespace, name)
            case _:
                return

    async def _write_slices(self, namespace: str, name: str) -> None:
        service = self._cache.get("Service", namespace, name)
        slices = [
            one
            for one in self._cache.slices_of(namespace, name)
            if pairs(one, "metadata", "labels").get(MANAGED_BY) == MANAGER
        ]
        if service is None:
            await self._delete_slices(slices)
            return
        if not pairs(service, "spec", "selector"):
            return
        mine = [one for one in slices if owner_uid(one) == uid_of(service)]
        await self._delete_slices([one for one in slices if one not in mine])
        pods = self._cache.pods_selected_by(service)
        wanted = wanted_endpoints(
            service, pods, node_of=lambda node: self._cache.get("Node", "", node)
        )
        moves = arranged(service, wanted, mine, size=self._settings.slice_size)
        for one in moves.create:
            self._cache.keep("EndpointSlice", await self._port.create(one))
        for one in moves.replace:
            self._cache.keep("EndpointSlice", await self._port.replace(one))
        await self._delete_slices(moves.delete)

    async def _delete_slices(self, slices: list[Document] | tuple[Document, ...]) -> None:
        for one in slices:
            self._cache.drop("EndpointSlice", key_of(one))
            await self._port.delete(one)
