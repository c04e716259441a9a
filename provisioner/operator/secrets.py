"""Watch the Secrets that Ingresses name: each by its own name, all in one thread.

A watch of all Secrets would need the right to read all of them. So each one gets a watch with a
field selector, for which "get" and "watch" on that very name are enough; kopf knows only watches of
whole kinds. What changed is told by the Ingresses that name the Secret.

The first look at a Secret is a plain read, so whoever asks has an answer at once. A watch that
breaks begins again with a read, because what happened meanwhile is nobody's to tell later.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import aiohttp

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
from provisioner.operator.logs import fields
from provisioner.operator.streams import BrokenError, Event, Pauses, Streams

_LOG = logging.getLogger(__name__)

_STOP_SECONDS = 5.0


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
        self._pauses = pauses or Pauses()
        self._lock = threading.Lock()
        self._states: dict[Key, SecretState] = {}
        self._named: dict[Key, frozenset[Key]] = {}  # Ingress -> Secrets
        self._tasks: dict[Key, asyncio.Task[None]] = {}  # of the loop's thread alone
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._streams: Streams | None = None
        self.changed: Callable[[frozenset[Key]], None] = lambda _ingresses: None
        """Told of the Ingresses whose Secret has changed."""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="secrets", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every watch."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_STOP_SECONDS)
        self._loop = None

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
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._follow_in_loop, loop, key, state)

    def _end_others(self, wanted: set[Key]) -> None:
        with self._lock:
            left = self._states.keys() - wanted
            for key in left:
                del self._states[key]
        loop = self._loop
        if loop is not None:
            for key in left:
                loop.call_soon_threadsafe(self._forget_in_loop, key)

    def _follow_in_loop(
        self, loop: asyncio.AbstractEventLoop, key: Key, state: SecretState
    ) -> None:
        self._forget_in_loop(key)
        self._tasks[key] = loop.create_task(self._follow(key, state))

    def _forget_in_loop(self, key: Key) -> None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

    # -- watching -------------------------------------------------------------------------------

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._close())
            loop.close()

    async def _close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._streams is not None:
            await self._streams.close()
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _follow(self, key: Key, state: SecretState) -> None:
        """Watch one Secret until cancelled; whatever breaks, begin again with a read."""
        while True:
            pause = self._pauses.broken
            try:
                await self._stream(key, _version(state))
                pause = 0.0
            except BrokenError as broken:
                pause = broken.pause
            except (aiohttp.ClientError, OSError, TimeoutError, ClusterError) as error:
                _LOG.debug("a watch broke: %s", fields(secret=key, why=type(error).__name__))
            except Exception:  # noqa: BLE001 - a bug in one event must not end the watch
                _LOG.exception("a watch broke: %s", fields(secret=key))
            await asyncio.sleep(pause)
            state = await self._look_again(key)

    async def _look_again(self, key: Key) -> SecretState:
        try:
            state = await asyncio.to_thread(read_secret, self._client, key)
        except ClusterError as error:
            state = SecretState(why=error.message.rstrip("."))
        self._note(key, state)
        if state.why:
            await asyncio.sleep(self._pauses.broken)
        return state

    async def _stream(self, key: Key, version: str) -> None:
        """Take in what one watch tells, until it ends."""
        if self._streams is None:
            self._streams = Streams(self._client, self._pauses)
        path = SECRET.path(namespace=key.namespace)
        query = {"fieldSelector": f"metadata.name={key.name}"}
        async for event in self._streams.events(path, version=version, query=query):
            self._take(key, event)

    def _take(self, key: Key, event: Event) -> None:
        gone = event.type == "DELETED"
        self._note(key, ABSENT if gone else state_of(bytes(event.object)))

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
