"""Put the controller together and run it until it is told to stop.

Order matters at both ends. Beginning: probes first (so that "not ready" has an answer), then the
watch, then the Lease. Ending: workers before the Lease, so that nobody else may write while our
last call is still under way. Work that does not end in time is stopped at the fence, between two
calls, where it may be stopped at any time.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from provisioner import wiring
from provisioner.engine.applying import Settling
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import KindInfo, watched_kinds
from provisioner.kube.lease import Leadership, LeaseSettings, lease_name
from provisioner.kube.live import present_keys
from provisioner.kube.registered import TargetRecord, with_registered
from provisioner.model.errors import NotLeader
from provisioner.model.kube import Key
from provisioner.model.settings import Settings
from provisioner.operator.cache import Cache
from provisioner.operator.cluster import ClusterWriter
from provisioner.operator.controller import ClusterView, Controller, Rhythm, Surroundings
from provisioner.operator.health import HealthServer
from provisioner.operator.membership import Members
from provisioner.operator.pods import PodWatch
from provisioner.operator.readiness import Readiness
from provisioner.operator.reconcile import Reconciler, Result
from provisioner.operator.secrets import SecretWatch
from provisioner.ports import CloudTarget, Fence, Provider

_LOG = logging.getLogger(__name__)

CALL_SECONDS = 7.5
"""A call that passed the fence has ended after this long (2 s to connect, 5 s to read)."""

W = TypeVar("W")
F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(Generic[W, F]):
    """Everything ``provisioner run`` is told.

    ``identity`` must differ between any two processes. ``lease`` replaces it and the Lease's name
    where its times are to be others than the usual ones. ``observer`` hears of every finished
    reconcile (the demo prints them).
    """

    provider: Provider[W, F]
    target: CloudTarget
    settings: Settings
    client: KubeClient
    identity: str
    lease: LeaseSettings | None = None
    health_host: str = "0.0.0.0"  # noqa: S104 - kubelet probes come from outside the pod
    health_port: int = 8081
    rhythm: Rhythm = field(default_factory=Rhythm)
    wait_seconds: float = 5.0
    observer: Callable[[str, Result], None] = lambda _group, _result: None


class Gate:
    """A fence that can be shut for good, in front of the one that the Lease makes."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._shut = threading.Event()

    def shut(self) -> None:
        """Let nothing be written from now on."""
        self._shut.set()

    def check(self) -> None:
        """Raise NotLeader unless we may write now."""
        if self._shut.is_set():
            raise NotLeader("the controller is stopping")
        self._fence.check()


class Running(Generic[W, F]):
    """A controller with its Lease and its probes, started and stopped as one."""

    def __init__(self, options: RunOptions[W, F]) -> None:
        clock = wiring.SystemClock()
        client = options.client
        lease = options.lease or LeaseSettings(
            identity=options.identity,
            name=lease_name(options.settings.identity.instance),
        )
        self.leadership = Leadership(client, lease, clock=clock)
        self._gate = Gate(self.leadership)
        reader = wiring.open_reader(options.provider, options.target)
        cache = Cache(fallback=options.provider.fallback_service)
        members = Members(options.provider, options.settings, cache)
        self._secrets = SecretWatch(client, options.provider, options.settings)
        self._pods = PodWatch(client, options.provider.gate_names)
        view = ClusterView(
            cache,
            members,
            secrets=self._secrets,
            pods=self._pods,
            registered=partial(
                with_registered,
                client=client,
                asking=options.provider.sharing,
                instance=options.settings.identity.instance,
            ),
        )
        self._readiness = Readiness(
            options.provider,
            reader,
            self._pods,
            client=client,
            fence=self._gate,
            may_work=lambda: self.leadership.leads,
            interval=options.rhythm.readiness,
        )
        reconciler = Reconciler(
            wiring.planner(options.provider, reader, options.settings),
            wiring.applier(
                options.provider,
                options.target,
                options.settings,
                reader=reader,
                fence=self._gate,
                clock=clock,
                settling=Settling(),
            ),
            world=view,
            cluster=ClusterWriter(client, self._gate, clock),
            clock=clock,
            record=TargetRecord(
                client,
                self._gate,
                options.provider,
                instance=options.settings.identity.instance,
            ),
            wait_seconds=options.wait_seconds,
        )
        self.controller = Controller(
            view,
            members,
            reconciler,
            surroundings=Surroundings(
                kinds=watched_kinds(options.provider),
                connection=client.connection,
                list_keys=_lister(client),
                may_work=lambda: self.leadership.leads,
                observe=lambda: reader.observe(None),
                observer=self._heard(options.observer),
            ),
            clock=clock,
            rhythm=options.rhythm,
        )
        self.health = HealthServer(
            self.controller.problems, host=options.health_host, port=options.health_port
        )

    def start(self) -> None:
        """Begin: probes, watch and workers, then the Lease."""
        self.health.start()
        self._secrets.start()
        self._pods.start()
        self.controller.start()
        self.leadership.start()
        self._readiness.start()

    def stop(self) -> None:
        """End: workers, then the Lease, then the probes."""
        self._readiness.stop()
        ended = self.controller.stop()
        self._gate.shut()
        if not ended:
            self.controller.join(CALL_SECONDS)
        self.leadership.stop()
        self._secrets.stop()
        self._pods.stop()
        self.health.stop()

    def _heard(self, observer: Callable[[str, Result], None]) -> Callable[[str, Result], None]:
        """Return what is told of every finished reconcile: readiness gates, then the observer."""

        def heard(group: str, result: Result) -> None:
            self._readiness.learn(group, result)
            observer(group, result)

        return heard


def run(options: RunOptions[W, F]) -> int:
    """Run the controller until SIGTERM or SIGINT; return the process' exit code.

    A watch that ends by itself is an error: the process exits 1 and is restarted by whoever runs
    it, because a controller that no longer hears does harm by standing still.
    """
    running = Running(options)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    running.start()
    _LOG.info("started as %s", options.identity)
    try:
        while not (stopping.wait(0.2) or running.controller.wait(0)):
            pass
    finally:
        running.stop()
    failure = running.controller.failure
    if failure is not None:
        _LOG.error("ended: %s", failure)
        return 1
    return 0


def _lister(client: KubeClient) -> Callable[[KindInfo], Mapping[Key, str] | None]:
    def list_keys(info: KindInfo) -> Mapping[Key, str] | None:
        return present_keys(client, info)

    return list_keys
