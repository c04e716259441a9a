"""The controller process: threads, and what flows between them.

    watch (kopf) --> cache --> queue --> workers --> reconcile
                       ^
    verify ------------+   lists keys, opens the barrier, drops what vanished

A standby does all of it but the work: its cache is warm when the Lease becomes its own.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from provisioner.kube.decode import decode
from provisioner.kube.kinds import NODE, POD, SECRET, KindInfo
from provisioner.kube.requests import Connection
from provisioner.model.errors import NotLeader, ProvisionerError
from provisioner.model.kube import Key
from provisioner.model.resource import SHARED, Observed
from provisioner.model.snapshot import Snapshot
from provisioner.operator.barrier import Barrier, ListKeys
from provisioner.operator.cache import Cache
from provisioner.operator.logs import fields
from provisioner.operator.membership import Members
from provisioner.operator.pods import PodWatch
from provisioner.operator.queue import GroupQueue
from provisioner.operator.reconcile import Reconciler, Result
from provisioner.operator.secrets import SecretWatch
from provisioner.operator.watch import Watched, Watcher
from provisioner.ports import Clock

_LOG = logging.getLogger(__name__)

_TENDER_SECONDS = 1.0
"""How long a stop waits for the thread that lists; it only reads, so it may be left behind."""

W = TypeVar("W")
F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often the controller does what nobody asks for, in seconds.

    ``grace`` is how long a stopping controller lets reconciles under way go on; ``readiness`` how
    often the health of targets is asked for while a pod waits for it.
    """

    debounce: float = 0.2
    verify: float = 600.0
    verify_retry: float = 1.0
    drift: float = 600.0
    grace: float = 3.0
    readiness: float = 15.0
    workers: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the controller needs of the cluster and of its process.

    Attributes:
        kinds: Every kind to watch.
        connection: How kopf reaches the API server, asked anew when credentials expire.
        list_keys: Keys and uids of a kind; None where its API group is not there.
        may_work: Whether we hold the Lease.
        observe: What exists in the cloud under our mark.
        observer: Told of every finished reconcile.
    """

    kinds: tuple[KindInfo, ...]
    connection: Callable[[], Connection]
    list_keys: ListKeys
    may_work: Callable[[], bool]
    observe: Callable[[], Observed]
    observer: Callable[[str, Result], None] = lambda _group, _result: None


class ClusterView(Generic[W, F]):
    """The cluster as reconciles see it: the cache, believed as far as the barrier says."""

    def __init__(
        self,
        cache: Cache,
        members: Members[W, F],
        *,
        secrets: SecretWatch,
        pods: PodWatch,
        registered: Callable[[Snapshot], Snapshot],
    ) -> None:
        self._registered = registered
        self.cache = cache
        self.led = cache.led
        self.secrets = secrets
        self.pods = pods
        self._members = members
        self.unknown: Callable[[], frozenset[str]] = frozenset

    def members(self, group: str) -> frozenset[Key]:
        """Return the Ingresses that are on a load balancer, or are leaving it."""
        return self._members.of(group)

    def snapshot(self, ingresses: Iterable[Key] | None) -> Snapshot:
        """Return what these Ingresses (None: all) need, as it is now."""
        found = self.cache.snapshot(unknown=self.unknown(), ingresses=ingresses)
        whole = ingresses is None
        found = self.pods.complete(self.secrets.complete(found, whole=whole), whole=whole)
        return self._registered(found)


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
        view.secrets.changed = self._secret_changed
        view.pods.changed = self._pods_changed
        self._stopping = threading.Event()
        self._relisted: dict[str, float] = {}  # kind -> when its watch last told of its list
        self._leading = False
        self._shares_members = False
        self.failure: BaseException | None = None
        self._watcher: Watcher | None = None
        self._watched: frozenset[str] = frozenset()
        self._workers = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True)
            for n in range(rhythm.workers)
        ]
        self._tender = threading.Thread(target=self._tend, name="verify", daemon=True)

    def start(self) -> None:
        """Begin to watch and to work."""
        for thread in (*self._workers, self._tender):
            thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the controller has ended or was told to; tell whether it has."""
        return self._stopping.wait(timeout)

    def stop(self) -> bool:
        """Take no more work, let what is under way go on for the grace period, and stop watching.

        Returns:
            Whether all work has ended. What has not must be kept from writing.
        """
        self._stopping.set()
        self._queue.close()
        ended = self.join(self._rhythm.grace)
        self._tender.join(_TENDER_SECONDS)
        if self._watcher is not None:
            self._watcher.stop()
        return ended

    def join(self, seconds: float) -> bool:
        """Wait for work under way; tell whether all of it has ended."""
        deadline = self._clock.now() + seconds
        for thread in self._workers:
            thread.join(max(0.0, deadline - self._clock.now()))
        return not any(thread.is_alive() for thread in self._workers)

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
            self._concern(info.kind, self._cache.drop(info.kind, key))
            return
        if event is None:
            self._relisted[info.kind] = self._clock.now()
        touched = self._cache.put(info.kind, key, uid=uid, decoded=decode(info.kind, raw))
        self._concern(info.kind, touched)

    def _vanished(self, info: KindInfo, key: Key, uid: str) -> None:
        _LOG.info("vanished while its watch was down: %s", fields(kind=info.kind, key=key))
        self._concern(info.kind, self._cache.drop(info.kind, key, uid=uid))

    def _secret_changed(self, ingresses: frozenset[Key]) -> None:
        self._concern(SECRET.kind, ingresses)

    def _pods_changed(self, pods: frozenset[Key]) -> None:
        self._concern(POD.kind, self._cache.concerned_by_pods(pods))

    def _concern(self, kind: str, touched: frozenset[Key] | None) -> None:
        if touched is not None and not touched:
            return
        groups = self._members.concerned(kind, touched)
        if kind == NODE.kind and self._shares_members:
            groups |= {SHARED}  # a node that leaves is still a target of what all have in common
        if self._leading:
            for group in groups:
                self._queue.add(group)

    def _watch_ended(self, failure: BaseException | None) -> None:
        self.failure = failure or RuntimeError("the watch has ended")
        _LOG.error("the watch has ended: %s", fields(error=self.failure))
        self._stopping.set()
        self._queue.close()

    # -- verifying ----------------------------------------------------------------------------

    def _tend(self) -> None:
        """Keep the barrier honest, take over when the Lease comes, and look for drift."""
        verified_at: dict[str, float] = {}
        said: dict[str, str] = {}
        drifted_at = self._clock.now()
        while not self._stopping.is_set():
            try:
                self._verify_due(verified_at, said)
                self._watch_what_is_there()
                self._follow_lease()
                if self._leading and self._clock.now() - drifted_at >= self._rhythm.drift:
                    drifted_at = self._clock.now()
                    self._start_over()
            except Exception:  # noqa: BLE001 - a bug must not end the only thread that verifies
                _LOG.exception("verifying failed")
            self._stopping.wait(self._rhythm.verify_retry)

    def _verify_due(self, verified_at: dict[str, float], said: dict[str, str]) -> None:
        """List the kinds whose time has come; a watch that is still telling of its list is let."""
        doubtful = self._barrier.doubtful()
        for info in self._around.kinds:
            now = self._clock.now()
            told = self._relisted.get(info.kind)
            relisted = told is not None and now - told >= self._rhythm.verify_retry
            due = now - verified_at.get(info.kind, -math.inf) >= self._rhythm.verify
            if self._stopping.is_set() or not (relisted or due or info.kind in doubtful):
                continue
            if relisted:
                self._relisted.pop(info.kind, None)
            verdict = self._barrier.verify(info.kind)
            verified_at[info.kind] = now
            if verdict.why != said.get(info.kind, ""):
                said[info.kind] = verdict.why
                state = verdict.state.value
                _LOG.info("verified: %s", fields(kind=info.kind, state=state, why=verdict.why))

    def _watch_what_is_there(self) -> None:
        """Watch every kind that can be listed; begin anew when there is one more."""
        there = self._barrier.listable() | self._watched
        if there == self._watched or self._stopping.is_set():
            return
        if self._watcher is not None:
            self._watcher.stop()
        self._watched = there
        kinds = tuple(info for info in self._around.kinds if info.kind in there)
        self._watcher = Watcher(
            Watched(
                connection=self._around.connection,
                kinds=kinds,
                heard=self._heard,
                ended=self._watch_ended,
            )
        )
        self._watcher.start()

    def _follow_lease(self) -> None:
        leads = self._barrier.is_open and self._around.may_work()
        if leads and not self._leading:
            _LOG.info("the cache is complete and the Lease is ours: working")
            self._start_over()
        elif not leads and self._leading:
            _LOG.info("the Lease or the barrier is lost: standing by")
            self._leading = False

    def _start_over(self) -> None:
        """Look at every load balancer in full: those that are wanted and those that exist."""
        try:
            observed = self._around.observe()
        except ProvisionerError as error:
            _LOG.warning("the cloud could not be read: %s", fields(error=error.message))
            return
        self._members.learn(observed)
        self._reconciler.forget()
        self._leading = True
        for group in sorted({*self._members.groups(), *observed.groups, SHARED}):
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
            # The Lease may be back before anybody saw it lost, so the name must not get lost.
            _LOG.info("stopped: %s", fields(group=group, why=error.message))
            self._queue.done(group)
            self._queue.add_after(group, self._rhythm.verify_retry)
        except ProvisionerError as error:
            delay = self._queue.failed(group)
            _LOG.warning("failed: %s", fields(group=group, again=delay, error=error.message))
        except Exception:  # noqa: BLE001 - one group's bug must not stop the others
            delay = self._queue.failed(group)
            _LOG.exception("a bug: %s", fields(group=group, again=delay))
        else:
            self._finish(group, result)

    def _finish(self, group: str, result: Result) -> None:
        if result.failed and result.again is None:
            self._queue.failed(group)
        else:
            self._queue.done(group)
            if result.again is not None:
                self._queue.add_after(group, result.again)
        if group != SHARED and result.structural:
            self._queue.add(SHARED)
        if result.plan is not None:
            self._shares_members = result.shares_members
        self._around.observer(group, result)


def _identity(raw: Mapping[str, object]) -> tuple[Key, str]:
    meta = raw.get("metadata")
    if not isinstance(meta, Mapping):
        return Key("", ""), ""
    key = Key(str(meta.get("namespace") or ""), str(meta.get("name") or ""))
    return key, str(meta.get("uid") or "")
