"""A plain HTTP client of a Kubernetes API, with nothing between a test and the wire."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

from provisioner.sandbox.cluster.documents import Document

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response, read to its end."""

    status: int
    body: Document
    headers: Mapping[str, str]
    warnings: tuple[str, ...] = ()


class ApiClient:
    """One connection to an API server."""

    def __init__(self, url: str, *, token: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._parts = urlsplit(url)
        self._token = token
        self._tls = tls
        self._connection = self._connect(timeout=20)

    def __enter__(self) -> Self:
        """Return the client; the connection opens at the first request."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        query: Mapping[str, object] | None = None,
    ) -> Answer:
        """Send a request and return the answer, whatever its status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = self._headers(accept)
        if body is not None:
            headers["Content-Type"] = content_type
        target = path + (f"?{urlencode(query)}" if query else "")
        self._connection.request(method, target, data if body is not None else None, headers)
        response = self._connection.getresponse()
        raw = response.read()
        return Answer(
            status=response.status,
            body=_decoded(raw),
            headers=dict(response.getheaders()),
            warnings=tuple(response.headers.get_all("Warning") or ()),
        )

    def get(self, path: str, **query: object) -> Answer:
        """GET."""
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: object, **query: object) -> Answer:
        """POST JSON."""
        return self.ask("POST", path, body, query=query)

    def put(self, path: str, body: object, **query: object) -> Answer:
        """PUT JSON."""
        return self.ask("PUT", path, body, query=query)

    def patch(self, path: str, body: object, type_: str = MERGE, **query: object) -> Answer:
        """PATCH; a merge patch unless said otherwise."""
        return self.ask("PATCH", path, body, content_type=type_, query=query)

    def delete(self, path: str, body: object = None, **query: object) -> Answer:
        """DELETE."""
        return self.ask("DELETE", path, body, query=query)

    def watch(self, path: str, *, timeout: float = 5.0, **query: object) -> WatchStream:
        """Open a watch on a connection of its own."""
        connection = self._connect(timeout=timeout)
        target = f"{path}?{urlencode({'watch': 'true', **query})}"
        connection.request("GET", target, headers=self._headers("application/json"))
        try:
            return WatchStream(connection)
        except BaseException:
            connection.close()
            raise

    def _connect(self, *, timeout: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _headers(self, accept: str) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": "test"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


class WatchStream:
    """The events of a watch, one at a time."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._response = connection.getresponse()
        self.status = self._response.status

    def __enter__(self) -> Self:
        """Return the open stream."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the watch."""
        self._response.close()
        self._connection.close()

    def __iter__(self) -> Iterator[Document]:
        """Yield events until the stream ends."""
        while (event := self.next()) is not None:
            yield event

    def next(self) -> Document | None:
        """Return the next event, waiting for it; None at the end of the stream."""
        line = self._response.readline()
        return _decoded(line) if line.strip() else None

    def take(self, count: int) -> list[tuple[str, str]]:
        """Return the next events as (type, name)."""
        found: list[tuple[str, str]] = []
        for _ in range(count):
            event = self.next()
            assert event is not None, f"the stream ended after {found}"
            found.append(told(event))
        return found


def told(event: Document) -> tuple[str, str]:
    """Return (type, name of the object) of a watch event."""
    document = event["object"]
    assert isinstance(document, dict)
    metadata = document.get("metadata") or {}
    return str(event["type"]), str(metadata.get("name", ""))


def _decoded(raw: bytes) -> Document:
    try:
        value = json.loads(raw)
    except json.JSONDecodeError:
        return {"text": raw.decode(errors="replace")}
    return value if isinstance(value, dict) else {"value": value}
