"""The controller process: threads, and what flows between them.

    watch (kopf) --> cache --> queue --> workers --> reconcile
                       ^
    verify ------------+   lists keys, opens the barrier, drops what vanished

A standby does all of it but the work: its cache is warm when the Lease becomes its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from provisioner.kube.client import Connection
from provisioner.kube.decode import decode
from provisioner.kube.kinds import KindInfo
from provisioner.model.kube import Key
from provisioner.model.resource import SHARED
from provisioner.model.snapshot import Snapshot
from provisioner.operator.barrier import Barrier, ListKeys
from provisioner.operator.cache import Cache
from provisioner.operator.membership import Members
from provisioner.operator.queue import GroupQueue
from provisioner.operator.reconcile import Reconciler, Result
from provisioner.operator.watch import Watched, Watcher
from provisioner.ports import Clock, NotLeader, ProvisionerError

_LOG = logging.getLogger(__name__)

W = TypeVar("W")
F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often the controller does what nobody asks for, in seconds."""

    debounce: float = 0.2
    verify: float = 600.0
    verify_retry: float = 1.0
    drift: float = 600.0
    workers: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the controller needs of the cluster and of its process.

    Attributes:
        kinds: Every kind to watch.
        connection: How kopf reaches the API server, asked anew when credentials expire.
        list_keys: Keys and uids of a kind; None where its API group is not there.
        may_work: Whether we hold the Lease.
        owned_groups: Groups that exist in the cloud under our mark.
        observer: Told of every finished reconcile.
    """

    kinds: tuple[KindInfo, ...]
    connection: Callable[[], Connection]
    list_keys: ListKeys
    may_work: Callable[[], bool]
    owned_groups: Callable[[], Iterable[str]]
    observer: Callable[[str, Result], None] = lambda _group, _result: None


class ClusterView(Generic[W, F]):
    """The cluster as reconciles see it: the cache, believed as far as the barrier says."""

    def __init__(self, cache: Cache, members: Members[W, F]) -> None:
        self.cache = cache
        self._members = members
        self.unknown: Callable[[], frozenset[str]] = frozenset

    def members(self, group: str) -> frozenset[Key]:
        """Return the Ingresses that are on a load balancer, or are leaving it."""
        return self._members.of(group)

    def snapshot(self, ingresses: Iterable[Key] | None) -> Snapshot:
        """Return what these Ingresses (None: all) need, as it is now."""
        return self.cache.snapshot(unknown=self.unknown(), ingresses=ingresses)


class Controller(Generic[W, F]):
    """Watches, verifies and reconciles until stopped."""

    def __init__(
        self,
        view: ClusterView[W, F],
        members: Members[W, F],
        reconciler: Reconciler[W, F],
        *,
        surroundings: Surroundings,
        clock: Clock,
        rhythm: Rhythm,
    ) -> None:
        self._cache = view.cache
        self._members = members
        self._reconciler = reconciler
        self._around = surroundings
        self._clock = clock
        self._rhythm = rhythm
        self._queue = GroupQueue(clock.now, debounce_seconds=rhythm.debounce)
        self._barrier = Barrier(
            surroundings.kinds, self._cache, surroundings.list_keys, self._vanished
        )
        view.unknown = self._barrier.unknown_kinds
        self._stopping = threading.Event()
        self._relisted: set[str] = set()
        self._wake = threading.Event()
        self._leading = False
        self.failure: BaseException | None = None
        self._watcher = Watcher(
            Watched(
                connection=surroundings.connection,
                kinds=surroundings.kinds,
                heard=self._heard,
                ended=self._watch_ended,
            )
        )
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True)
            for n in range(rhythm.workers)
        ]
        self._threads.append(threading.Thread(target=self._tend, name="verify", daemon=True))

    def start(self) -> None:
        """Begin to watch and to work."""
        self._watcher.start()
        for thread in self._threads:
            thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the controller has ended or was told to; tell whether it has."""
        return self._stopping.wait(timeout)

    def stop(self) -> None:
        """Let reconciles under way end, then end everything."""
        self._stopping.set()
        self._wake.set()
        self._queue.close()
        self._watcher.stop()
        for thread in self._threads:
            thread.join()

    def problems(self) -> Mapping[str, str]:
        """Return why the controller is not ready, by name; empty when it is."""
        found = dict(self._barrier.problems())
        if self._stopping.is_set():
            found["controller"] = "stopping" if self.failure is None else str(self.failure)
        return found

    @property
    def idle(self) -> bool:
        """Whether the barrier is open, we lead, and no group waits for work at this moment."""
        return self._barrier.is_open and self._leading and self._queue.idle

    # -- hearing ------------------------------------------------------------------------------

    def _heard(self, info: KindInfo, event: str | None, raw: Mapping[str, object]) -> None:
        key, uid = _identity(raw)
        if event == "DELETED":
            self._concern(info.kind, key, self._cache.drop(info.kind, key))
            return
        if event is None:
            self._relisted.add(info.kind)
            self._wake.set()
        touched = self._cache.put(info.kind, key, uid=uid, decoded=decode(info.kind, raw))
        self._concern(info.kind, key, touched)

    def _vanished(self, info: KindInfo, key: Key) -> None:
        _LOG.info("%s %s vanished while its watch was down", info.kind, key)
        self._concern(info.kind, key, self._cache.drop(info.kind, key))

    def _concern(self, kind: str, key: Key, touched: frozenset[Key] | None) -> None:
        if touched is not None and not touched:
            return
        groups = self._members.update(touched)
        _LOG.debug("%s %s concerns %s", kind, key, sorted(groups))
        if self._leading:
            for group in groups:
                self._queue.add(group)

    def _watch_ended(self, failure: BaseException | None) -> None:
        if not self._stopping.is_set():
            self.failure = failure or RuntimeError("the watch has ended")
            _LOG.error("the watch has ended: %s", self.failure)
        self._stopping.set()
        self._wake.set()
        self._queue.close()

    # -- verifying ----------------------------------------------------------------------------

    def _tend(self) -> None:
        """Keep the barrier honest, take over when the Lease comes, and look for drift."""
        verified_at: dict[str, float] = {}
        drifted_at = self._clock.now()
        while not self._stopping.is_set():
            self._wake.clear()
            self._verify_due(verified_at)
            self._follow_lease()
            if self._leading and self._clock.now() - drifted_at >= self._rhythm.drift:
                drifted_at = self._clock.now()
                self._reconciler.forget()
                self._enqueue_all()
            self._wake.wait(self._rhythm.verify_retry)

    def _verify_due(self, verified_at: dict[str, float]) -> None:
        now = self._clock.now()
        problems = self._barrier.problems()
        for info in self._around.kinds:
            relisted = info.kind in self._relisted
            due = now - verified_at.get(info.kind, -1e9) >= self._rhythm.verify
            if not (relisted or due or info.kind in problems):
                continue
            self._relisted.discard(info.kind)
            verdict = self._barrier.verify(info.kind)
            verified_at[info.kind] = now
            if verdict.why:
                _LOG.info("%s: %s", info.kind, verdict.why)

    def _follow_lease(self) -> None:
        leads = self._barrier.is_open and self._around.may_work()
        if leads and not self._leading:
            _LOG.info("the cache is complete and the Lease is ours: working")
            self._leading = True
            self._reconciler.forget()
            self._enqueue_all()
        elif not leads and self._leading:
            _LOG.info("the Lease or the barrier is lost: standing by")
            self._leading = False

    def _enqueue_all(self) -> None:
        groups = set(self._members.groups())
        try:
            groups.update(self._around.owned_groups())
        except ProvisionerError as error:
            _LOG.warning("what exists in the cloud could not be listed: %s", error.message)
            self._leading = False
            return
        for group in sorted(groups | {SHARED}):
            self._queue.add(group)

    # -- working ------------------------------------------------------------------------------

    def _work(self) -> None:
        while (group := self._queue.take()) is not None:
            if not self._leading:
                self._queue.done(group)
                continue
            self._one(group)

    def _one(self, group: str) -> None:
        try:
            result = self._reconciler.reconcile(group)
        except NotLeader as error:
            _LOG.info("%s: %s", group, error.message)
            self._queue.done(group)
        except ProvisionerError as error:
            delay = self._queue.failed(group)
            _LOG.warning("%s: %s; again in %.0f s", group, error.message, delay)
        except Exception:  # noqa: BLE001 - one group's bug must not stop the others
            delay = self._queue.failed(group)
            _LOG.exception("%s: a bug; again in %.0f s", group, delay)
        else:
            self._finish(group, result)

    def _finish(self, group: str, result: Result) -> None:
        if result.failed:
            self._queue.failed(group)
        else:
            self._queue.done(group)
            if result.again is not None:
                self._queue.add_after(group, result.again)
        if group != SHARED and result.outcome is not None and result.outcome.results:
            self._queue.add(SHARED)
        self._around.observer(group, result)


def _identity(raw: Mapping[str, object]) -> tuple[Key, str]:
    meta = raw.get("metadata")
    if not isinstance(meta, Mapping):
        return Key("", ""), ""
    key = Key(str(meta.get("namespace") or ""), str(meta.get("name") or ""))
    return key, str(meta.get("uid") or "")
