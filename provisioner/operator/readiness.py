"""Open readiness gates: tell pods when the load balancer finds them healthy.

Health is asked for at a steady pace, and only of target groups for which some pod waits; without
such pods this costs nothing. What target groups there are is learned from finished reconciles.

A failure here delays a rollout and harms nobody else, so it is logged, and tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from provisioner.core import readiness
from provisioner.kube.client import KubeClient
from provisioner.kube.pods import set_condition
from provisioner.model.errors import ProvisionerError
from provisioner.model.kube import Pod
from provisioner.model.readiness import GateVerdict, PodBackend, PodHealth
from provisioner.operator.logs import fields
from provisioner.operator.pods import PodWatch
from provisioner.operator.reconcile import Result
from provisioner.ports import Fence, Provider, Reader

_LOG = logging.getLogger(__name__)

_STOP_SECONDS = 1.0
"""How long a stop waits; whatever is still under way stops at the fence."""

W = TypeVar("W")
F = TypeVar("F")


class Readiness(Generic[W, F]):
    """Sets the conditions that pods wait for.

    Args:
        provider: Whose gates are answered.
        reader: Tells the health of targets.
        pods: The pods with such gates.
        client: The cluster, to write to.
        fence: Whether we may write.
        may_work: Whether we hold the Lease, asked before anything is read.
        interval: Seconds between two looks.
    """

    def __init__(
        self,
        provider: Provider[W, F],
        reader: Reader[W, F],
        pods: PodWatch,
        *,
        client: KubeClient,
        fence: Fence,
        may_work: Callable[[], bool],
        interval: float,
    ) -> None:
        self._provider = provider
        self._reader = reader
        self._pods = pods
        self._client = client
        self._fence = fence
        self._may_work = may_work
        self._interval = interval
        self._lock = threading.Lock()
        self._backends: dict[str, tuple[PodBackend, ...]] = {}  # by group
        self._said: dict[tuple[str, str], str] = {}  # (pod uid, condition) -> reason
        self._trouble = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def learn(self, group: str, result: Result) -> None:
        """Take over from a reconcile which target groups a load balancer has."""
        if result.plan is None or result.outcome is None:
            return
        outputs = result.outcome.outputs
        found = tuple(
            backend
            for part in result.plan.load_balancers
            if part.group == group
            for backend in self._provider.pod_backends(part.resources, outputs)
        )
        with self._lock:
            self._backends.pop(group, None)
            if found:
                self._backends[group] = found

    def look(self) -> None:
        """Look once at every pod that waits, and write what has changed.

        Raises:
            NotLeader: Somebody else may write now.
        """
        names = self._provider.gate_names
        waiting = [pod for pod in self._pods.pods() if readiness.waits(pod, names)]
        self._forget_all_but({pod.meta.uid for pod in waiting})
        if not waiting:
            return
        with self._lock:
            backends = [backend for each in self._backends.values() for backend in each]
        health = self._ask(readiness.asked(waiting, backends, names))
        for pod in waiting:
            for verdict in readiness.verdicts(pod, backends, names, health=health):
                self._tell(pod, verdict)

    def _ask(self, backends: Iterable[PodBackend]) -> Mapping[str, Mapping[str, PodHealth]]:
        """Return the health of these backends; one that does not answer is left out."""
        health: dict[str, Mapping[str, PodHealth]] = {}
        for backend in backends:
            try:
                health[backend.id] = self._reader.pod_health(backend.id)
            except ProvisionerError as error:
                self._complain(error.message)
        return health

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            if not self._may_work():
                continue
            try:
                self.look()
            except ProvisionerError as error:
                self._complain(error.message)
            except Exception:  # noqa: BLE001 - a bug must not end the thread that opens gates
                _LOG.exception("readiness gates were not looked at")

    def _complain(self, trouble: str) -> None:
        """Log what is wrong, once as long as it stays the same."""
        if trouble != self._trouble:
            self._trouble = trouble
            _LOG.warning("readiness gates: %s", fields(error=trouble))

    def _tell(self, pod: Pod, verdict: GateVerdict) -> None:
        """Write a verdict unless the pod says so already."""
        key = (pod.meta.uid, verdict.condition)
        if not verdict.healthy and self._said.get(key) == verdict.reason:
            return
        if set_condition(self._client, self._fence, pod=pod, verdict=verdict):
            self._said[key] = verdict.reason
            said = {"pod": pod.key, "gate": verdict.condition, "why": verdict.reason}
            _LOG.info("gate %s: %s", "open" if verdict.healthy else "shut", fields(**said))

    def _forget_all_but(self, uids: set[str]) -> None:
        self._said = {key: reason for key, reason in self._said.items() if key[0] in uids}
