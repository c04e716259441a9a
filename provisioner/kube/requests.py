"""What passes between the client and whatever carries its requests to a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlencode

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait for a connection and for each piece of the answer."""

    connect: float = 2.0
    read: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, relative to the server."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = JSON

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


class Response(NamedTuple):
    """Status code and body of an answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How another client reaches the same server with the same rights; "" where there is none."""

    server: str
    ca_path: str = ""
    insecure: bool = False
    token: str = ""
    username: str = ""
    password: str = ""
    certificate_path: str = ""
    private_key_path: str = ""


class NoAnswer(Exception):
    """A request got no answer; the text says why."""


class Transport(Protocol):
    """Sends requests to one server."""

    server: str
    namespace: str

    def send(self, request: Request, timeouts: Timeouts) -> Response:
        """Send one request, once; raise NoAnswer where there is none."""
        ...

    def connection(self) -> Connection:
        """Return the credentials as they are now; refreshed where they expire."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
