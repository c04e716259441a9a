"""kopf as a watcher, and nothing else: events in, calls to a listener out.

It runs in a thread and an event loop of its own, because at its end it cancels every task of the
loop it is in. Handlers are plain ``on.event`` ones that return None: a returned value would be
written into the user's ``.status``, and kopf's indices and timers cost what they promise to save
(an index opens in quadratic time; a timer writes a finalizer onto the user's objects). Posting is
off, peering is off, and kopf's own kill switch is disarmed.

Its end, for whatever reason, is the end of the process: a controller that no longer hears is worse
than one that restarts.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import kopf

from provisioner.kube.kinds import KindInfo
from provisioner.kube.live import PAGE
from provisioner.kube.requests import Connection

Heard = Callable[[KindInfo, str | None, Mapping[str, object]], None]
"""Told of every event: the kind, the type (None: from a list), the raw object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched, where, and who is told (``ended``: that it ended although nobody asked)."""

    connection: Callable[[], Connection]
    kinds: tuple[KindInfo, ...]
    heard: Heard
    ended: Callable[[BaseException | None], None]


class Watcher:
    """Watches kinds in the whole cluster until stopped.

    Kinds that cannot be listed must not be among them: kopf ends as a whole for the sake of one
    that stays forbidden, be it an optional one.
    """

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch, in a thread of its own."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End watching and wait for the thread."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        failure: BaseException | None = None
        try:
            kopf.run(
                loop=loop,
                registry=self._registry(),
                settings=_settings(),
                standalone=True,
                clusterwide=True,
                stop_flag=self._stop,
            )
        except BaseException as error:  # noqa: BLE001 - whatever it was, the process must hear of it
            failure = error
        finally:
            loop.close()
            if not self._stop.is_set():
                self._watched.ended(failure)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry)
        def login(**_: object) -> kopf.ConnectionInfo:
            return _connection_info(self._watched.connection())

        for info in self._watched.kinds:
            self._listen(registry, info)
        return registry

    def _listen(self, registry: kopf.OperatorRegistry, info: KindInfo) -> None:
        heard = self._watched.heard

        @kopf.on.event(info.group, info.version, info.plural, registry=registry, id=info.kind)
        def on_event(event: kopf.RawEvent, **_: object) -> None:
            heard(info, event["type"], event["object"])


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.process.ultimate_exiting_timeout = None
    settings.scanning.disabled = True
    settings.queueing.exit_timeout = 0.5
    settings.watching.chunk_size = PAGE
    return settings


def _connection_info(connection: Connection) -> kopf.ConnectionInfo:
    return kopf.ConnectionInfo(
        server=connection.server,
        ca_path=connection.ca_path or None,
        insecure=connection.insecure or None,
        token=connection.token or None,
        username=connection.username or None,
        password=connection.password or None,
        certificate_path=connection.certificate_path or None,
        private_key_path=connection.private_key_path or None,
    )
