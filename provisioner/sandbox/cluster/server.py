"""A cluster on 127.0.0.1, in a thread of its own.

The thread owns the event loop and with it the store; the direct Python API hops onto it and waits,
so that a test, the HTTP clients and the workload simulator see one order of events. ::

    with ClusterServer(workloads=WorkloadSettings()) as cluster:
        cluster.add_node("node-1", pod_cidr="10.0.1.0/24")
        cluster.apply("docs/examples/shop.yaml")
        cluster.kubeconfig(Path("kubeconfig"))
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import msgspec
import yaml
from aiohttp import web

from provisioner.sandbox.cluster.admission import FieldValidation, WriteOptions
from provisioner.sandbox.cluster.api import ClusterApi, DeleteOptions, Place
from provisioner.sandbox.cluster.application import build_application
from provisioner.sandbox.cluster.control import ControlHandler
from provisioner.sandbox.cluster.definitions import ALL_CUSTOM_RESOURCES, ready_made_definitions
from provisioner.sandbox.cluster.documents import Document, name_of, namespace_of, text
from provisioner.sandbox.cluster.faults import Faults
from provisioner.sandbox.cluster.handlers import ResourceHandler
from provisioner.sandbox.cluster.kinds import Kind, KindTable, built_in_kinds
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.nodeports import DEFAULT_SERVICE_CIDR, ServiceAllocator
from provisioner.sandbox.cluster.nodes import (
    free_address,
    internal_address,
    node_manifest,
    with_readiness,
)
from provisioner.sandbox.cluster.patches import Patch, PatchType
from provisioner.sandbox.cluster.reads import ListQuery
from provisioner.sandbox.cluster.requestlog import RequestLog
from provisioner.sandbox.cluster.selectors import parse_selector
from provisioner.sandbox.cluster.statuses import ApiError, bad_request
from provisioner.sandbox.cluster.store import Store
from provisioner.sandbox.cluster.workloads.inprocess import InProcessPort
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from provisioner.sandbox.cluster.workloads.simulator import Simulator

DEFAULT_HISTORY = 4096

_FIRST_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
_START_SECONDS = 10.0
_CONTEXT = "sandbox"

_T = TypeVar("_T")


class ClusterServer:
    """An embedded Kubernetes cluster: API server, and on wish the workload simulator."""

    def __init__(
        self,
        *,
        port: int = 0,
        custom_resources: Sequence[str] = ALL_CUSTOM_RESOURCES,
        workloads: WorkloadSettings | None = None,
        history_limit: int = DEFAULT_HISTORY,
        bookmark_seconds: float = 5.0,
        service_cidr: str = DEFAULT_SERVICE_CIDR,
        kube_system_uid: str = "",
    ) -> None:
        """Prepare a cluster; ``start`` opens its port.

        Args:
            port: The TCP port; 0 takes a free one.
            custom_resources: Names of the ready-made CustomResourceDefinitions to install.
            workloads: How workloads come alive; None: nothing plays kubelet, Pods never run.
            history_limit: How many changes of each kind watches can go back.
            bookmark_seconds: How often a watch that wants bookmarks gets one.
            service_cidr: Where cluster IPs come from.
            kube_system_uid: The UID of the namespace kube-system, the cluster's identity.
        """
        self._port = port
        self._kinds = KindTable(built_in_kinds())
        self._store = Store(history_limit=history_limit)
        self._api = ClusterApi(
            self._store,
            self._kinds,
            allocator=ServiceAllocator(service_cidr=service_cidr),
            history_limit=history_limit,
        )
        self._api.has_kubelet = workloads is not None
        self._workloads = workloads
        self._bookmark_seconds = bookmark_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self.requests = RequestLog()
        self.faults = Faults(self._api, self._kinds, on_loop=self._on_loop)
        self._furnish(custom_resources, kube_system_uid)

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def version(self) -> int:
        """Return the resourceVersion of the latest write."""
        return self._store.version

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds that are served now."""
        return tuple(self._kinds)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> Self:
        """Open the port and return when requests are answered."""
        if self._thread is not None:
            raise RuntimeError("the cluster is already running")
        self._thread = threading.Thread(target=self._run, name="sandbox-cluster", daemon=True)
        self._thread.start()
        started = self._ready.wait(_START_SECONDS)
        if self._failure is not None:
            raise RuntimeError("the cluster could not start") from self._failure
        if not started:
            raise RuntimeError(f"the cluster did not start within {_START_SECONDS} s")
        return self

    def stop(self) -> None:
        """Close the port and end the thread; the objects stay readable."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = None

    def kubeconfig(self, path: str | Path, *, namespace: str = "default") -> Path:
        """Write a kubeconfig whose current context is this cluster and return its path."""
        context = {"cluster": _CONTEXT, "user": _CONTEXT, "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": _CONTEXT, "cluster": {"server": self.url}}],
            "users": [{"name": _CONTEXT, "user": {}}],
            "contexts": [{"name": _CONTEXT, "context": context}],
            "current-context": _CONTEXT,
        }
        target = Path(path)
        target.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        return target

    def create(self, document: Document, *, namespace: str = "default") -> Document:
        """Store a new object and return it; without a namespace of its own it gets this one."""
        kind, home = self._kind_and_home(document, namespace)
        place = Place(kind=kind, namespace=home)
        body = _copied(document)
        return self._copy_of(lambda: self._api.create(place, body, WriteOptions()).document)

    def get(self, kind: str, name: str, namespace: str = "") -> Document | None:
        """Return an object, or None; a namespaced one is in ``default`` unless said otherwise."""
        place = self._place(kind, name, namespace)
        try:
            return self._copy_of(lambda: self._api.get(place))
        except ApiError:
            return None

    def list(
        self, kind: str, namespace: str | None = None, *, labels: str = ""
    ) -> tuple[Document, ...]:
        """Return the objects of a kind, of all namespaces unless one is given."""
        found = self._kinds.named(kind)
        selector = parse_selector(found, labels=labels)
        query = ListQuery(namespace=namespace or "", selector=selector)
        return self._run_here(
            lambda: tuple(_copied(one) for one in self._api.list(found, query).items)
        )

    def replace(self, document: Document, *, subresource: str = "") -> Document:
        """Put an object, or its status, in the place of what is there."""
        kind, home = self._kind_and_home(document, "default")
        place = Place(kind=kind, namespace=home, name=name_of(document), subresource=subresource)
        body = _copied(document)
        return self._copy_of(lambda: self._api.replace(place, body, WriteOptions()).document)

    def patch(
        self,
        kind: str,
        name: str,
        patch: Document,
        *,
        namespace: str = "",
        subresource: str = "",
    ) -> Document:
        """Change an object by a JSON merge patch and return it."""
        main = self._place(kind, name, namespace)
        place = Place(kind=main.kind, namespace=main.namespace, name=name, subresource=subresource)
        merge = Patch(type=PatchType.MERGE, body=_copied(patch))
        return self._copy_of(lambda: self._api.patch(place, merge, WriteOptions()).document)

    def delete(
        self, kind: str, name: str, namespace: str = "", *, grace_seconds: int | None = None
    ) -> None:
        """Delete an object; one that is not there is an ``ApiError`` with code 404."""
        place = self._place(kind, name, namespace)
        options = DeleteOptions(grace_seconds=grace_seconds)
        self._run_here(lambda: self._api.delete(place, options))

    def apply(self, manifests: str | Path, *, namespace: str = "default") -> tuple[Document, ...]:
        """Create or merge every object of a manifest text or file, in its order.

        Unknown fields are refused, as ``kubectl apply`` has them refused.
        """
        return tuple(
            self._apply_one(document, namespace) for document in parse_manifests(manifests)
        )

    def scale(self, kind: str, name: str, replicas: int, *, namespace: str = "") -> None:
        """Set the replicas of a workload."""
        body: Document = {"spec": {"replicas": replicas}}
        self.patch(kind, name, body, namespace=namespace, subresource="scale")

    def add_node(
        self,
        name: str,
        *,
        zone: str = "",
        provider_id: str = "",
        pod_cidr: str = "",
        address: str = "",
        labels: Mapping[str, str] | None = None,
        taints: Sequence[Mapping[str, str]] = (),
        ready: bool = True,
    ) -> Document:
        """Create a Node; see ``nodes.node_manifest``. Nodes may share a ``pod_cidr``."""
        taken = {internal_address(node) for node in self.list("Node")}
        node = node_manifest(
            name,
            zone=zone,
            provider_id=provider_id,
            pod_cidr=pod_cidr,
            address=address or free_address(pod_cidr, taken=taken),
            labels=labels,
            taints=taints,
            ready=ready,
        )
        return self.create(node)

    def set_node_ready(self, name: str, *, ready: bool) -> Document:
        """Let a node's kubelet say that it is ready, or that it is not."""
        node = self.get("Node", name)
        if node is None:
            raise LookupError(f'there is no node "{name}"')
        return self.replace(with_readiness(node, ready=ready), subresource="status")

    def watch_count(self, kind: str) -> int:
        """Return how many HTTP clients (and the simulator) watch a kind now."""
        storage = self._kinds.named(kind).storage
        return self._run_here(lambda: self._api.watches.count(storage))

    def compact(self, kind: str) -> None:
        """Forget the history of a kind; see ``Faults.compact``."""
        self.faults.compact(kind)

    def _apply_one(self, document: Document, namespace: str) -> Document:
        kind, home = self._kind_and_home(document, namespace)
        if not name_of(document):
            raise bad_request(f"{kind.kind}: metadata.name is required to apply a manifest")
        place = Place(kind=kind, namespace=home, name=name_of(document))
        patch = Patch(type=PatchType.APPLY, body=_copied(document))
        options = WriteOptions(field_validation=FieldValidation.STRICT)
        return self._copy_of(lambda: self._api.patch(place, patch, options).document)

    def _kind_and_home(self, document: Document, namespace: str) -> tuple[Kind, str]:
        kind = self._kinds.of(document)
        if kind is None:
            raise bad_request(
                f'no matches for kind "{text(document, "kind")}" '
                f'in version "{text(document, "apiVersion")}"'
            )
        return kind, (namespace_of(document) or namespace) if kind.namespaced else ""

    def _place(self, kind: str, name: str, namespace: str) -> Place:
        found = self._kinds.named(kind)
        home = (namespace or "default") if found.namespaced else ""
        return Place(kind=found, namespace=home, name=name)

    def _copy_of(self, action: Callable[[], Document]) -> Document:
        return self._run_here(lambda: _copied(action()))

    def _on_loop(self, action: Callable[[], object]) -> object:
        return self._run_here(action)

    def _run_here(self, action: Callable[[], _T]) -> _T:
        """Run an action in the loop's thread and return its result."""
        loop = self._loop
        if loop is None or not loop.is_running() or threading.current_thread() is self._thread:
            return action()

        async def run() -> _T:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), loop).result()

    def _furnish(self, custom_resources: Sequence[str], kube_system_uid: str) -> None:
        for name in _FIRST_NAMESPACES:
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if kube_system_uid:
            home = self._store.get("namespaces", "", "kube-system")
            assert home is not None
            metadata = home["metadata"]
            assert isinstance(metadata, dict)
            self._store.put(
                "namespaces", {**home, "metadata": {**metadata, "uid": kube_system_uid}}
            )
        for definition in ready_made_definitions(custom_resources):
            self.create(definition)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 (handed to the thread that called start)
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        handler = ResourceHandler(
            self._api,
            self._kinds,
            faults=self.faults,
            log=self.requests,
            bookmark_seconds=self._bookmark_seconds,
        )
        control = ControlHandler(self.faults, self.requests)
        app = build_application(self._kinds, handler=handler, control=control)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._port = _bound_port(runner)
        self._loop = asyncio.get_running_loop()
        simulator = self._simulator()
        if simulator is not None:
            await simulator.start()
        self._ready.set()
        try:
            await self._stopping.wait()
        finally:
            if simulator is not None:
                await simulator.stop()
            self.faults.clear()
            self._api.watches.cut()
            await runner.cleanup()

    def _simulator(self) -> Simulator | None:
        if self._workloads is None:
            return None
        return Simulator(InProcessPort(self._api, self._kinds), self._workloads)


def _bound_port(runner: web.AppRunner) -> int:
    port = runner.addresses[0][1]
    assert isinstance(port, int)
    return port


def _copied(document: Document) -> Document:
    """Return a copy that its holder may change, and that is JSON and nothing else."""
    try:
        copy: object = msgspec.json.decode(msgspec.json.encode(document))
    except TypeError as error:
        raise bad_request(f"the object is not JSON: {error}") from error
    assert isinstance(copy, dict)
    return copy
