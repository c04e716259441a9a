"""The port to the embedded server, without HTTP.

Faults are rules about HTTP, so the simulator goes on working while a controller under test is cut
off, exactly as kubelets do. Documents are shared with the store and must not be changed in place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from provisioner.sandbox.cluster.admission import WriteOptions
from provisioner.sandbox.cluster.api import ClusterApi, DeleteOptions, Place, WatchStart
from provisioner.sandbox.cluster.documents import Document, name_of, namespace_of, uid_of
from provisioner.sandbox.cluster.kinds import KindTable
from provisioner.sandbox.cluster.patches import Patch, PatchType
from provisioner.sandbox.cluster.reads import ListQuery
from provisioner.sandbox.cluster.selectors import EVERYTHING
from provisioner.sandbox.cluster.statuses import ApiError
from provisioner.sandbox.cluster.watches import EventType, Interest
from provisioner.sandbox.cluster.workloads.port import Change, Listed, PortError


class InProcessPort:
    """Calls the operations of the API in the server's own loop."""

    def __init__(self, api: ClusterApi, kinds: KindTable) -> None:
        self._api = api
        self._kinds = kinds

    async def list(self, kind: str) -> Listed:
        """Return all objects of a kind."""
        page = self._api.list(self._kinds.named(kind), ListQuery())
        return Listed(items=page.items, version=str(page.version))

    async def watch(self, kind: str, version: str) -> AsyncIterator[Change]:
        """Yield what happens after a version."""
        interest = Interest(kind=self._kinds.named(kind), selector=EVERYTHING)
        try:
            watch = self._api.watch(interest, WatchStart(version=int(version)))
        except ApiError as error:
            raise PortError(error.code, error.message) from error
        try:
            while not watch.is_cut:
                await watch.wait()
                for event in watch.drain(present=self._api.version):
                    if event.type is EventType.ERROR:
                        raise PortError(410, "the watch has fallen behind")
                    yield Change(gone=event.type is EventType.DELETED, document=event.document)
        finally:
            watch.close()

    async def create(self, document: Document) -> Document:
        """Create an object."""
        place = self._place(document, named=False)
        try:
            return self._api.create(place, document, WriteOptions()).document
        except ApiError as error:
            raise PortError(error.code, error.message) from error

    async def replace(self, document: Document) -> Document:
        """Replace an object, made from the version that it carries."""
        try:
            return self._api.replace(self._place(document), document, WriteOptions()).document
        except ApiError as error:
            raise PortError(error.code, error.message) from error

    async def patch_status(self, document: Document, status: Document) -> Document:
        """Merge a status into an object's status."""
        place = self._place(document, subresource="status")
        patch = Patch(type=PatchType.MERGE, body={"status": status})
        try:
            return self._api.patch(place, patch, WriteOptions()).document
        except ApiError as error:
            raise PortError(error.code, error.message) from error

    async def bind(self, pod: Document, node_name: str) -> None:
        """Assign a pod to a node."""
        place = self._place(pod, subresource="binding")
        try:
            self._api.create(place, {"target": {"name": node_name}}, WriteOptions())
        except ApiError as error:
            raise PortError(error.code, error.message) from error

    async def delete(self, document: Document, *, grace_seconds: int | None = None) -> None:
        """Delete exactly this object (by uid)."""
        options = DeleteOptions(uid=uid_of(document), grace_seconds=grace_seconds)
        try:
            self._api.delete(self._place(document), options)
        except ApiError as error:
            raise PortError(error.code, error.message) from error

    def _place(self, document: Document, *, subresource: str = "", named: bool = True) -> Place:
        kind = self._kinds.of(document)
        assert kind is not None, f"the simulator made an object of no kind: {document}"
        return Place(
            kind=kind,
            namespace=namespace_of(document),
            name=name_of(document) if named else "",
            subresource=subresource,
        )
