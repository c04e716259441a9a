"""Tell people about their objects in Kubernetes Events, without flooding them.

An Event of the same object, reason and message is one Event with a count, under a name made from
what it says: so a restarted controller goes on counting where the old one stopped. Repeats within
five minutes are counted here and sent together, and one object has a budget, because a message
with a changing number in it is new every time.

Events are how we speak, never a reason to fail: a server that does not take them is logged once.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from provisioner.kube import errors
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import EVENT, KindInfo
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key
from provisioner.ports import Clock, Fence

COMPONENT: Final = "ingress-provisioner"
MESSAGE_LIMIT: Final = 1024  # bytes; the API refuses longer notes
REPEAT_SECONDS: Final = 300.0
BUDGET: Final = 25
"""Distinct Events per object within REPEAT_SECONDS, as client-go's spam filter has it."""
REMEMBERED: Final = 4096

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened to an object. ``reason`` is a code in UpperCamelCase."""

    kind: KindInfo
    key: Key
    uid: str
    reason: str
    message: str
    warning: bool = False

    @property
    def name(self) -> str:
        """The name of its Event: readable, and the same for the same occurrence."""
        says = "\0".join((self.kind.kind, str(self.key), self.uid, self.reason, self.message))
        digest = hashlib.sha256(f"{says}\0{self.warning}".encode()).hexdigest()[:16]
        return f"{self.key.name[:200]}.{digest}"


@dataclass(slots=True)
class _Series:
    """How often an occurrence was seen since it was last sent."""

    sent_at: float
    unsent: int = 0


class _Counted(msgspec.Struct):
    count: int | None = None


class EventRecorder:
    """Writes Events; one recorder per process."""

    def __init__(
        self,
        client: KubeClient,
        fence: Fence,
        *,
        clock: Clock,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._fence, self._clock, self._wall = client, fence, clock, wall
        self._series: OrderedDict[str, _Series] = OrderedDict()
        self._spent: OrderedDict[tuple[str, Key], list[float]] = OrderedDict()
        self._complained = False

    def record(self, occurrence: Occurrence) -> bool:
        """Write an Event or count it; tell whether the server was written to.

        Raises:
            NotLeader: Somebody else speaks now; nothing was sent.
        """
        name, now = occurrence.name, self._clock.now()
        series = self._series.get(name)
        if series is not None and now - series.sent_at < REPEAT_SECONDS:
            series.unsent += 1
            return False
        if series is None and not self._affordable(occurrence, now):
            return False
        self._fence.check()
        try:
            self._send(occurrence, times=1 + (series.unsent if series else 0))
        except ClusterError as err:
            if not self._complained:
                _LOG.warning("Events cannot be written: %s %s", err.message, err.hint)
                self._complained = True
            return False
        _remember(self._series, name, _Series(now))
        return True

    def _affordable(self, occurrence: Occurrence, now: float) -> bool:
        """Tell whether the object's budget allows another Event, and take it from there."""
        whose = (occurrence.kind.kind, occurrence.key)
        recent = [at for at in self._spent.get(whose, ()) if now - at < REPEAT_SECONDS]
        allowed = len(recent) < BUDGET
        _remember(self._spent, whose, [*recent, now] if allowed else recent)
        return allowed

    def _send(self, occurrence: Occurrence, *, times: int) -> None:
        """Create the Event, or raise its count where it exists from before."""
        namespace = occurrence.key.namespace or "default"
        key = Key(namespace, occurrence.name)
        at = self._wall().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            present = msgspec.json.decode(self._client.get(EVENT, key), type=_Counted)
        except errors.NotFound:
            self._client.create(EVENT, _document(occurrence, key, times, at), namespace=namespace)
        else:
            patch = {"count": (present.count or 0) + times, "lastTimestamp": at}
            self._client.merge_patch(EVENT, key, patch)


def _document(occurrence: Occurrence, key: Key, times: int, at: str) -> dict[str, object]:
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {"namespace": key.namespace, "name": key.name},
        "involvedObject": {
            "apiVersion": occurrence.kind.api_version,
            "kind": occurrence.kind.kind,
            "namespace": occurrence.key.namespace,
            "name": occurrence.key.name,
            "uid": occurrence.uid,
        },
        "type": "Warning" if occurrence.warning else "Normal",
        "reason": occurrence.reason,
        "message": _cut(occurrence.message),
        "count": times,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
    }


def _cut(message: str) -> str:
    """Return the message within the API's limit, which counts bytes."""
    raw = message.encode()
    if len(raw) <= MESSAGE_LIMIT:
        return message
    return raw[: MESSAGE_LIMIT - 3].decode(errors="ignore") + "..."


K = TypeVar("K")
V = TypeVar("V")


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep a value as the newest, forgetting the oldest beyond the bound."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
