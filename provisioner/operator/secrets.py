"""Watch the Secrets that Ingresses name: each by its own name, all in one thread.

A watch of all Secrets would need the right to read all of them. So each one gets a watch with a
field selector, for which "get" and "watch" on that very name are enough; kopf knows only watches of
whole kinds. What changed is told by the Ingresses that name the Secret.

The first look at a Secret is a plain read, so whoever asks has an answer at once. A watch that
breaks begins again with a read, because what happened meanwhile is nobody's to tell later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from provisioner.core.dialect import Dialect
from provisioner.core.secrets import named_secrets
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import SECRET
from provisioner.kube.secrets import (
    ABSENT,
    SecretState,
    keys_of,
    read_secret,
    state_of,
    together,
)
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.operator.follower import Follower, Place
from provisioner.operator.logs import fields
from provisioner.operator.streams import Event, Pauses

_LOG = logging.getLogger(__name__)


class SecretWatch:
    """The Secrets that Ingresses name, as they are now.

    Args:
        client: The cluster.
        provider: Whose annotations name Secrets.
        settings: Of this installation.
        pauses: Between attempts.
    """

    def __init__(
        self,
        client: KubeClient,
        provider: Dialect,
        settings: Settings,
        *,
        pauses: Pauses | None = None,
    ) -> None:
        self._client = client
        self._provider = provider
        self._settings = settings
        self._follower = Follower(client, self, name="secrets", pauses=pauses)
        self._lock = threading.Lock()
        self._states: dict[Key, SecretState] = {}
        self._named: dict[Key, frozenset[Key]] = {}  # Ingress -> Secrets
        self.changed: Callable[[frozenset[Key]], None] = lambda _ingresses: None
        """Told of the Ingresses whose Secret has changed."""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._follower.start()

    def stop(self) -> None:
        """End every watch."""
        self._follower.stop()

    def complete(self, snapshot: Snapshot, *, whole: bool) -> Snapshot:
        """Return a snapshot together with the Secrets that its Ingresses name, and watch those.

        Args:
            snapshot: Of some Ingresses, or of all.
            whole: It is of all: what none of them names is watched no longer.
        """
        named = named_secrets(snapshot, self._provider, self._settings)
        wanted = {key for keys in named.values() for key in keys}
        with self._lock:
            if whole:
                self._named = {}
            self._named.update(dict.fromkeys(snapshot.ingresses, frozenset()))
            self._named.update(named)
            unknown = sorted(wanted - self._states.keys())
        for key in unknown:
            self._begin(key, read_secret(self._client, key))
        if whole:
            self._end_others(wanted)
        with self._lock:
            states = {key: self._states.get(key, ABSENT) for key in wanted}
        return together(states).within(snapshot)

    def watched(self) -> frozenset[Key]:
        """Return the Secrets that are watched."""
        with self._lock:
            return frozenset(self._states)

    # -- which to watch -------------------------------------------------------------------------

    def _begin(self, key: Key, state: SecretState) -> None:
        with self._lock:
            if key in self._states:
                return
            self._states[key] = state
        _LOG.info("watching: %s", fields(secret=key))
        self._follower.follow(key, _version(state))

    def _end_others(self, wanted: set[Key]) -> None:
        with self._lock:
            left = self._states.keys() - wanted
            for key in left:
                del self._states[key]
        for key in left:
            self._follower.forget(key)

    # -- watching -------------------------------------------------------------------------------

    def place(self, key: Key) -> Place:
        """Return the watch of one Secret: the whole kind, by its name alone."""
        query = {"fieldSelector": f"metadata.name={key.name}"}
        return Place(path=SECRET.path(namespace=key.namespace), query=query)

    def take(self, key: Key, event: Event) -> None:
        """Take in what its watch tells."""
        gone = event.type == "DELETED"
        self._note(key, ABSENT if gone else state_of(bytes(event.object)))

    def look_again(self, key: Key) -> str:
        """Read it; one that cannot be read may still be watched."""
        try:
            state = read_secret(self._client, key)
        except ClusterError as error:
            state = SecretState(why=error.message.rstrip("."))
        self._note(key, state)
        return _version(state)

    def _note(self, key: Key, state: SecretState) -> None:
        with self._lock:
            before = self._states.get(key)
            if before is None or _same(before, state):
                return
            self._states[key] = state
            users = keys_of(self._named).get(key, frozenset())
        _LOG.info("changed: %s", fields(secret=key, ingresses=len(users)))
        self.changed(users)


def _same(before: SecretState, now: SecretState) -> bool:
    if before.secret is None or now.secret is None:
        return before == now
    return (before.secret.type, before.secret.data) == (now.secret.type, now.secret.data)


def _version(state: SecretState) -> str:
    """Return where to watch from; "" tells of what exists first."""
    return state.secret.meta.resource_version if state.secret is not None else ""
