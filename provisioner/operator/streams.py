"""Watches of a few objects, beside kopf, which knows only watches of whole kinds.

One namespace, or one object by a field selector: whatever the query says. A watch tells what
happened after a version; whoever lists first misses nothing. That a watch ends is its nature, so
the end is an exception that says how long to stay away.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
import msgspec

from provisioner.kube.client import KubeClient
from provisioner.kube.requests import Connection

STREAM_SECONDS = 300
"""How long one watch lasts before the server is to end it."""

_SLACK_SECONDS = 30.0
_FORBIDDEN, _GONE, _OK = 403, 410, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Seconds between attempts: after a broken watch, and where watching is forbidden."""

    broken: float = 1.0
    forbidden: float = 60.0


class Event(msgspec.Struct):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class BrokenError(Exception):
    """A watch that cannot go on from where it was; ``pause`` is how long to leave it."""

    def __init__(self, pause: float = 0.0) -> None:
        super().__init__()
        self.pause = pause


class Streams:
    """Opens watches; of one event loop alone."""

    def __init__(self, client: KubeClient, pauses: Pauses) -> None:
        self._client = client
        self._pauses = pauses
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[Connection, ssl.SSLContext | bool] | None = None

    async def events(
        self, path: str, *, version: str, query: Mapping[str, str]
    ) -> AsyncIterator[Event]:
        """Yield what one watch tells, without bookmarks, until it ends.

        Raises:
            BrokenError: It cannot go on from this version, or is not allowed.
        """
        connection = self._client.connection()
        parameters = {"watch": "1", "timeoutSeconds": str(STREAM_SECONDS), **query}
        if version:
            parameters["resourceVersion"] = version
        async with self._http().get(
            connection.server + path,
            params=parameters,
            headers=_credentials(connection),
            ssl=self._context(connection),
        ) as answer:
            if answer.status != _OK:
                raise BrokenError(self._pause(answer.status))
            async for line in _lines(answer.content):
                event = msgspec.json.decode(line, type=Event)
                if event.type == "ERROR":
                    raise BrokenError
                if event.type in {"ADDED", "MODIFIED", "DELETED"}:
                    yield event

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    def _pause(self, status: int) -> float:
        if status == _GONE:
            return 0.0
        return self._pauses.forbidden if status == _FORBIDDEN else self._pauses.broken

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            read = STREAM_SECONDS + _SLACK_SECONDS
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=read),
                headers={"User-Agent": "ingress-provisioner"},
                trust_env=True,
            )
        return self._session

    def _context(self, connection: Connection) -> ssl.SSLContext | bool:
        """Return what the server's certificate is held against; made anew with new credentials."""
        if self._tls is None or self._tls[0] != connection:
            self._tls = (connection, _context(connection))
        return self._tls[1]


def _credentials(connection: Connection) -> Mapping[str, str]:
    if connection.token:
        return {"Authorization": f"Bearer {connection.token}"}
    if connection.username:
        basic = aiohttp.BasicAuth(connection.username, connection.password)
        return {"Authorization": basic.encode()}
    return {}


def _context(connection: Connection) -> ssl.SSLContext | bool:
    if not connection.server.startswith("https:"):
        return True
    context = ssl.create_default_context(cafile=connection.ca_path or None)
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.certificate_path:
        context.load_cert_chain(connection.certificate_path, connection.private_key_path or None)
    return context


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a stream, however long they are; an object may hold a megabyte."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
