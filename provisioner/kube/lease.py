"""Be the one who writes: our own small loop over a ``coordination.k8s.io/v1`` Lease.

The kubernetes client has an elector; with an API server that hangs it leaves the deposed leader
writing for as long as the hang lasts, beside the new one. Here leadership is a claim that runs
out by itself, on our own clock, whatever the network does:

* A renewal counts from the moment *before* it was sent, and only if it was answered. Every
  exception means "not renewed".
* ``check`` (the fence before every write) holds until ``duration - margin`` after the last
  renewal. The margin is longer than the longest call, so the last call of a deposed leader has
  ended before anybody else may begin.
* Others judge a Lease by how long *they* have seen it unchanged, never by its timestamps, so the
  clocks of two machines need not agree.

A Lease is released on stop, so that a successor need not wait.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from provisioner.kube import errors
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import LEASE
from provisioner.kube.requests import Timeouts
from provisioner.model.errors import ConfigError, NotLeader
from provisioner.model.kube import Key
from provisioner.ports import Clock

DEFAULT_NAME: Final = "ingress-provisioner"
DEFAULT_NAMESPACE: Final = "kube-system"

_LOG: Final = logging.getLogger(__name__)


def lease_name(instance: str) -> str:
    """Return the Lease of an installation: one for everybody who writes under the same mark."""
    return DEFAULT_NAME if instance == "default" else f"{DEFAULT_NAME}-{instance}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSettings:
    """Which Lease, who we are in it, and the times, in seconds.

    ``identity`` must differ between any two processes, restarts of one pod included.
    """

    identity: str
    namespace: str = DEFAULT_NAMESPACE
    name: str = DEFAULT_NAME
    duration: float = 12.0
    renew_deadline: float = 5.0
    retry: float = 1.0
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(connect=1.0, read=2.0))

    def __post_init__(self) -> None:
        """Refuse times under which a hanging request could outlive the leadership."""
        request = self.timeouts.connect + self.timeouts.read
        if not self.retry < self.renew_deadline < self.duration:
            raise ConfigError("The Lease needs retry < renew deadline < duration.")
        if request >= self.renew_deadline:
            raise ConfigError("A request to the Lease must end before the renew deadline.")

    @property
    def key(self) -> Key:
        """Namespace and name of the Lease."""
        return Key(self.namespace, self.name)

    @property
    def margin(self) -> float:
        """How long before others may lead we stop: room for the longest call."""
        return self.duration - self.renew_deadline


class LeaseSpec(msgspec.Struct, rename="camel"):
    """The spec of a Lease; all of it optional, as in the API."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _LeaseMeta(msgspec.Struct, rename="camel"):
    resource_version: str | None = None


class _Lease(msgspec.Struct):
    metadata: _LeaseMeta = msgspec.field(default_factory=_LeaseMeta)
    spec: LeaseSpec = msgspec.field(default_factory=LeaseSpec)


@dataclass(slots=True)
class _Observed:
    """The Lease as last seen, and when we first saw it so."""

    lease: _Lease
    since: float

    def is_held(self, now: float, *, default_duration: float) -> bool:
        """Tell whether its holder may still be at work."""
        spec = self.lease.spec
        duration = spec.lease_duration_seconds or math.ceil(default_duration)
        return bool(spec.holder_identity) and now < self.since + duration


def _nothing() -> None:
    """Do nothing: nobody asked to be told."""


class Leadership:
    """Contends for a Lease in a thread of its own; a Fence for everything that writes."""

    def __init__(
        self,
        client: KubeClient,
        settings: LeaseSettings,
        *,
        clock: Clock,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_gain: Callable[[], None] = _nothing,
        on_loss: Callable[[], None] = _nothing,
    ) -> None:
        self._client = client.with_timeouts(settings.timeouts)
        self._settings, self._clock, self._wall = settings, clock, wall
        self._on_gain, self._on_loss = on_gain, on_loss
        self._observed: _Observed | None = None
        self._renewed_at: float | None = None  # None: we do not lead
        self._told = False
        self._stopping = threading.Event()
        self._gained = threading.Event()
        self._thread: threading.Thread | None = None

    def check(self) -> None:
        """Raise NotLeader unless we may write now (and for ``margin`` seconds from now)."""
        if self.leads:
            return
        holder = self.holder
        who = f"{holder} holds the Lease" if holder else "the Lease is not ours"
        raise NotLeader(
            f"Not allowed to write now: {who} {self._settings.key}.",
            hint="Whoever holds the Lease does the work; nothing is lost.",
        )

    @property
    def leads(self) -> bool:
        """True while we may write."""
        renewed_at, settings = self._renewed_at, self._settings
        if renewed_at is None:
            return False
        return self._clock.now() < renewed_at + settings.duration - settings.margin

    @property
    def holder(self) -> str:
        """Who else was last seen to hold the Lease, "" where nobody is known to."""
        observed = self._observed
        name = (observed.lease.spec.holder_identity if observed else None) or ""
        return "" if name == self._settings.identity else name

    def start(self) -> None:
        """Begin to contend."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
            self._thread.start()

    def wait(self, timeout: float) -> bool:
        """Wait until we lead; tell whether we do."""
        return self._gained.wait(timeout) and self.leads

    def stop(self) -> None:
        """Stop contending and release the Lease; whoever writes must have stopped before."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self.release()

    def release(self) -> None:
        """Give the Lease up, if it is ours; nothing is written after this."""
        led, self._renewed_at = self._renewed_at is not None, None
        self._tell()
        if not led or self._observed is None:
            return
        try:
            self._write(self._observed.lease, holder="")
        except Exception as err:  # noqa: BLE001 - the Lease then runs out by itself
            _LOG.warning("The Lease was not released, so it must run out: %s", err)

    def contend(self) -> bool:
        """Make one attempt to take or renew the Lease; tell whether we lead."""
        began = self._clock.now()
        try:
            won = self._attempt()
        except Exception as err:  # noqa: BLE001 - whatever went wrong, the Lease was not renewed
            _LOG.warning("The Lease was not renewed: %s", err)
        else:
            self._renewed_at = began if won else None
        self._tell()
        return self.leads

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.contend()
            except Exception:  # noqa: BLE001 - a listener's; the loop must outlive it
                _LOG.exception("A change of leadership could not be reported")
            self._stopping.wait(self._settings.retry)

    def _tell(self) -> None:
        """Report a change of leadership once."""
        leads = self.leads
        if leads == self._told:
            return
        self._told = leads
        if leads:
            self._gained.set()
            self._on_gain()
        else:
            self._gained.clear()
            self._on_loss()

    def _attempt(self) -> bool:
        """Take or renew the Lease; False where somebody else has it."""
        if self._renewed_at is not None and self._observed is not None:
            try:
                self._write(self._observed.lease, holder=self._settings.identity)
            except (errors.Conflict, errors.NotFound):
                pass  # it changed under us: read what it is now
            else:
                return True
        try:
            observed = self._see(_decoded(self._client.get(LEASE, self._settings.key)))
        except errors.NotFound:
            return self._create()
        if self._is_others(observed):
            return False
        try:
            self._write(observed.lease, holder=self._settings.identity)
        except errors.Conflict:
            return False
        return True

    def _is_others(self, observed: _Observed) -> bool:
        """Tell whether somebody else holds the Lease and may still be at work."""
        if observed.lease.spec.holder_identity == self._settings.identity:
            return False
        return observed.is_held(self._clock.now(), default_duration=self._settings.duration)

    def _see(self, lease: _Lease) -> _Observed:
        """Remember a Lease; the time counts from when it was first seen as it is."""
        seen = self._observed
        if seen is None or seen.lease.metadata != lease.metadata:
            seen = self._observed = _Observed(lease, self._clock.now())
        return seen

    def _create(self) -> bool:
        settings = self._settings
        document = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"namespace": settings.namespace, "name": settings.name},
            "spec": self._spec(LeaseSpec(), settings.identity),
        }
        try:
            created = self._client.create(LEASE, document, namespace=settings.namespace)
        except errors.Conflict:
            return False
        self._see(_decoded(created))
        return True

    def _write(self, lease: _Lease, *, holder: str) -> None:
        settings = self._settings
        document = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {
                "namespace": settings.namespace,
                "name": settings.name,
                "resourceVersion": lease.metadata.resource_version,
            },
            "spec": self._spec(lease.spec, holder),
        }
        self._see(_decoded(self._client.replace(LEASE, settings.key, document)))

    def _spec(self, before: LeaseSpec, holder: str) -> LeaseSpec:
        """Return the spec of a Lease that this holder takes, keeps, or ("") gives up."""
        now = self._wall().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        keeps = before.holder_identity == holder
        changes = bool(holder) and not keeps and before.renew_time is not None
        return LeaseSpec(
            holder_identity=holder or None,  # the API refuses an empty name
            lease_duration_seconds=math.ceil(self._settings.duration) if holder else 1,
            acquire_time=before.acquire_time if keeps and before.acquire_time else now,
            renew_time=now,
            lease_transitions=(before.lease_transitions or 0) + changes,
        )


def holder(client: KubeClient, settings: LeaseSettings, *, clock: Clock) -> str:
    """Return who holds the Lease and is alive, "" where nobody is.

    A holder that renews is found out within its renewal period. One that does not is watched for
    as long as its Lease lasts: its timestamps say nothing, because its clock is not ours.

    Raises:
        ClusterError: The Lease cannot be read.
    """
    first = _read_or_none(client, settings)
    if first is None or first.spec.holder_identity in {None, "", settings.identity}:
        return ""
    observed = _Observed(first, clock.now())
    name = first.spec.holder_identity or ""
    while observed.is_held(clock.now(), default_duration=settings.duration):
        clock.sleep(settings.retry)
        now = _read_or_none(client, settings)
        if now is None or not now.spec.holder_identity:
            return ""
        if now.metadata != first.metadata:
            return now.spec.holder_identity
    _LOG.info("The Lease of %s has run out.", name)
    return ""


def _read_or_none(client: KubeClient, settings: LeaseSettings) -> _Lease | None:
    try:
        return _decoded(client.with_timeouts(settings.timeouts).get(LEASE, settings.key))
    except errors.NotFound:
        return None


def _decoded(raw: bytes) -> _Lease:
    return msgspec.json.decode(raw, type=_Lease)


class Unfenced:
    """A fence that is always open, for what a person does and not the controller (an approval)."""

    def check(self) -> None:
        """Let everything pass."""
