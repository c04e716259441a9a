"""Watch the pods of namespaces where readiness gates wait for a load balancer, and of no others.

Pods are the largest and liveliest kind of a cluster; most load balancers never need to see one,
because EndpointSlices say what is ready. A namespace is watched when its label says that gates are
injected there, or when a workload in it is written with such a gate. Of its pods only those with a
gate that may be ours are kept.

The first look is a list, so whoever asks has an answer at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import msgspec

from provisioner.core.readiness import is_gated
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import POD
from provisioner.kube.pods import PodList, list_pods, pod_of
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key, Pod
from provisioner.model.readiness import GateNames
from provisioner.model.snapshot import Snapshot
from provisioner.operator.follower import Follower, Place
from provisioner.operator.logs import fields
from provisioner.operator.streams import BrokenError, Event, Pauses

_LOG = logging.getLogger(__name__)


class PodWatch:
    """The pods that wait for load balancers, as they are now.

    Args:
        client: The cluster.
        names: Which gates may be ours.
        pauses: Between attempts.
    """

    def __init__(
        self, client: KubeClient, names: GateNames, *, pauses: Pauses | None = None
    ) -> None:
        self._client = client
        self._names = names
        self._pauses = pauses or Pauses()
        self._follower = Follower(client, self, name="pods", pauses=self._pauses)
        self._lock = threading.Lock()
        self._pods: dict[str, dict[Key, Pod]] = {}  # namespace -> its pods with gates
        self._unread: set[str] = set()
        self.changed: Callable[[frozenset[Key]], None] = lambda _pods: None
        """Told of pods that have changed, come or gone."""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._follower.start()

    def stop(self) -> None:
        """End every watch."""
        self._follower.stop()

    def complete(self, snapshot: Snapshot, *, whole: bool) -> Snapshot:
        """Return a snapshot together with the pods that wait, and watch their namespaces.

        Args:
            snapshot: Of some Ingresses, or of all.
            whole: It is of all: namespaces without a gate in it are watched no longer.
        """
        here = {key.namespace for key in snapshot.ingresses}
        wanted = {namespace for namespace in here if self._has_gates(namespace, snapshot)}
        with self._lock:
            new = sorted(wanted - self._pods.keys())
        for namespace in new:
            self._begin(namespace)
        if whole:
            self._end_others(wanted)
        with self._lock:
            pods = {
                key: pod
                for namespace in wanted
                for key, pod in self._pods.get(namespace, {}).items()
            }
            unread = frozenset(wanted & self._unread)
        return replace(snapshot, pods=MappingProxyType(pods), unread_pods=unread)

    def pods(self) -> tuple[Pod, ...]:
        """Return every pod with a gate that may be ours, by key."""
        with self._lock:
            found = {key: pod for each in self._pods.values() for key, pod in each.items()}
        return tuple(found[key] for key in sorted(found))

    def watched(self) -> frozenset[str]:
        """Return the namespaces that are watched."""
        with self._lock:
            return frozenset(self._pods)

    # -- which to watch -------------------------------------------------------------------------

    def _has_gates(self, namespace: str, snapshot: Snapshot) -> bool:
        meta = snapshot.namespaces.get(namespace)
        labels = meta.labels if meta is not None else {}
        if any(labels.get(name) == value for name, value in self._names.labels.items()):
            return True
        return any(
            workload.meta.namespace == namespace and self._names.serves(gate)
            for workload in snapshot.workloads
            for gate in workload.readiness_gates
        )

    def _begin(self, namespace: str) -> None:
        listed = self._list(namespace)
        with self._lock:
            if namespace in self._pods:
                return
            self._keep(namespace, listed)
        _LOG.info("watching pods: %s", fields(namespace=namespace))
        self._follower.follow(namespace, _version(listed))

    def _end_others(self, wanted: set[str]) -> None:
        with self._lock:
            left = self._pods.keys() - wanted
            for namespace in left:
                del self._pods[namespace]
                self._unread.discard(namespace)
        for namespace in left:
            self._follower.forget(namespace)

    # -- watching -------------------------------------------------------------------------------

    def place(self, key: str) -> Place:
        """Return the watch of one namespace."""
        return Place(path=POD.path(namespace=key))

    def look_again(self, key: str) -> str | None:
        """List its pods and put them in the place of what was known."""
        listed = self._list(key)
        self._take_over(key, listed)
        return _version(listed)

    def take(self, key: str, event: Event) -> None:
        """Take in what its watch tells."""
        try:
            pod = pod_of(event.object)
        except msgspec.MsgspecError as error:
            raise BrokenError(self._pauses.broken) from error
        gone = event.type == "DELETED" or not is_gated(pod, self._names)
        with self._lock:
            known = self._pods.get(key)
            if known is None:
                return
            before = known.pop(pod.key, None)
            if not gone:
                known[pod.key] = pod
        if (before is None) != gone or (not gone and _differs(before, pod)):
            self.changed(frozenset({pod.key}))

    def _take_over(self, namespace: str, listed: PodList | None) -> None:
        """Put a new list in the place of what was known."""
        with self._lock:
            if namespace not in self._pods:
                return
            before = dict(self._pods[namespace])
            self._keep(namespace, listed)
            now = dict(self._pods[namespace])
        keys = {*before, *now}
        touched = {key for key in keys if _differs(before.get(key), now.get(key))}
        if touched:
            self.changed(frozenset(touched))

    def _keep(self, namespace: str, listed: PodList | None) -> None:
        """Note a list; without one, what was known stays, and is doubtful."""
        if listed is None:
            self._pods.setdefault(namespace, {})
            self._unread.add(namespace)
            return
        self._unread.discard(namespace)
        self._pods[namespace] = {
            key: pod for key, pod in listed.pods.items() if is_gated(pod, self._names)
        }

    def _list(self, namespace: str) -> PodList | None:
        try:
            return list_pods(self._client, namespace)
        except ClusterError as error:
            _LOG.warning("pods not read: %s", fields(namespace=namespace, error=error.message))
            return None


def _version(listed: PodList | None) -> str | None:
    return listed.version if listed is not None else None


def _differs(before: Pod | None, now: Pod | None) -> bool:
    """Tell whether anything but the version of a pod has changed."""
    if before is None or now is None:
        return before is not now
    return replace(before, meta=now.meta) != now or before.meta.uid != now.meta.uid
