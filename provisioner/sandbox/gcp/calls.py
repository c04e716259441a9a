"""Every request the emulated cloud has answered, in order.

Tests compare what a plan announced with what arrived, so the log keeps the operation's published
name (``urlMaps.insert``) and the body, and tells reads from writes as the API itself does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

# POST, yet nothing changes: ``validate`` creates nothing, and the others answer questions.
READING_POSTS = frozenset(
    {"getHealth", "listInstances", "listNetworkEndpoints", "validate", "wait", "testIamPermissions"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, decoded.

    Attributes:
        operation: The method's published name without ``compute.``: ``urlMaps.insert``.
        method: HTTP method.
        path: What the URL names, by parameter: ``project``, ``region``, ``urlMap``, ...
        query: Query parameters.
        body: The JSON of the request, or None.
    """

    operation: str
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: object

    @property
    def verb(self) -> str:
        """The last word of the operation."""
        return self.operation.rpartition(".")[2]

    @property
    def project(self) -> str:
        """The project it is about."""
        return self.path.get("project", "")

    @property
    def mutates(self) -> bool:
        """Whether carrying the call out changes something."""
        return self.method != "GET" and self.verb not in READING_POSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A call and what became of it.

    Attributes:
        operation: The method's published name.
        path: What the URL named, by parameter.
        query: Query parameters.
        body: The JSON of the request, or None.
        mutates: Whether the operation changes something when it succeeds.
        status: HTTP status that was decided on; 0 when the connection was cut.
        carried_out: Whether the state was changed (or read), whatever the caller was told. An
            operation that fails later counts: the request itself was accepted.
        time: Seconds on the sandbox's clock.
    """

    operation: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: object
    mutates: bool
    status: int
    carried_out: bool
    time: float

    @property
    def name(self) -> str:
        """The name of the resource that the URL ends in, if it names one."""
        names = [value for key, value in self.path.items() if key not in _PLACES]
        return names[-1] if names else ""


_PLACES = ("project", "region", "zone")


class CallLog:
    """The records, safe to read while the server works."""

    def __init__(self) -> None:
        self._records: list[CallRecord] = []
        self._lock = Lock()

    def append(self, record: CallRecord) -> None:
        """Add the newest record."""
        with self._lock:
            self._records.append(record)

    def clear(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._records.clear()

    def mutating(self) -> tuple[CallRecord, ...]:
        """Calls that changed something, oldest first; refused ones are not among them."""
        return tuple(record for record in self if record.mutates and record.carried_out)

    def counts(self) -> Counter[str]:
        """How often each operation changed something."""
        return Counter(record.operation for record in self.mutating())

    def named(self, operation: str) -> tuple[CallRecord, ...]:
        """All calls of one operation, refused ones included."""
        return tuple(record for record in self if record.operation == operation)

    def __iter__(self) -> Iterator[CallRecord]:
        with self._lock:
            return iter(tuple(self._records))

    def __len__(self) -> int:
        with self._lock:
            return len(self._records)
