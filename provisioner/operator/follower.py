"""Follow a few objects, or namespaces, each with a watch of its own, all in one thread.

A watch that breaks says nothing of what happened meanwhile, so after every end somebody looks
again, and watches from there. What is looked at, and what becomes of an event, is the source's
business.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

import aiohttp

from provisioner.kube.client import KubeClient
from provisioner.model.errors import ClusterError
from provisioner.operator.logs import fields
from provisioner.operator.streams import BrokenError, Event, Pauses, Streams

_LOG = logging.getLogger(__name__)

_STOP_SECONDS = 5.0

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What to watch: a URL path, and what of it."""

    path: str
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Source(Protocol[K_contra]):
    """What is followed, key by key."""

    def place(self, key: K_contra) -> Place:
        """Return what to watch."""
        ...

    def take(self, key: K_contra, event: Event) -> None:
        """Take in what a watch tells; called in the follower's thread.

        Raises:
            BrokenError: The event cannot be read, so the watch is to begin again.
        """
        ...

    def look_again(self, key: K_contra) -> str | None:
        """Look at it without a watch; blocks, and is called in a thread of its own.

        Returns:
            The version to watch from: "" tells of what exists first. None where nothing could be
            seen, so that there is nothing to watch from yet.
        """
        ...


class Follower(Generic[K]):
    """Follows keys of one source until told to stop.

    Args:
        client: The cluster.
        source: What is followed.
        name: Of the thread, and for the log.
        pauses: Between attempts.
    """

    def __init__(
        self, client: KubeClient, source: Source[K], *, name: str, pauses: Pauses | None = None
    ) -> None:
        self._client = client
        self._source = source
        self._name = name
        self._pauses = pauses or Pauses()
        self._tasks: dict[K, asyncio.Task[None]] = {}  # of the loop's thread alone
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._streams: Streams | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name=self._name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End every watch."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_STOP_SECONDS)
        self._loop = None

    def follow(self, key: K, version: str | None) -> None:
        """Watch from a version on, as ``Source.look_again`` gives it; nothing before the start."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._follow_in_loop, loop, key, version)

    def forget(self, key: K) -> None:
        """Watch it no longer."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._forget_in_loop, key)

    def _follow_in_loop(self, loop: asyncio.AbstractEventLoop, key: K, version: str | None) -> None:
        self._forget_in_loop(key)
        self._tasks[key] = loop.create_task(self._watch(key, version))

    def _forget_in_loop(self, key: K) -> None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

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

    async def _watch(self, key: K, version: str | None) -> None:
        """Watch one key until cancelled; whatever breaks, begin again with a look."""
        while True:
            pause = self._pauses.broken
            try:
                if version is not None:
                    await self._stream(key, version)
                    pause = 0.0
            except BrokenError as broken:
                pause = broken.pause
            except (aiohttp.ClientError, OSError, TimeoutError, ClusterError) as error:
                why = type(error).__name__
                _LOG.debug("a watch broke: %s", fields(of=self._name, key=key, why=why))
            except Exception:  # noqa: BLE001 - a bug in one event must not end the watch
                _LOG.exception("a watch broke: %s", fields(of=self._name, key=key))
            await asyncio.sleep(pause)
            version = await asyncio.to_thread(self._source.look_again, key)

    async def _stream(self, key: K, version: str) -> None:
        """Take in what one watch tells, until it ends."""
        if self._streams is None:
            self._streams = Streams(self._client, self._pauses)
        place = self._source.place(key)
        async for event in self._streams.events(place.path, version=version, query=place.query):
            self._source.take(key, event)
