"""What every emulated cloud remembers of the requests it has answered.

Tests compare what a plan announced with what arrived. What a request consists of differs from
cloud to cloud, and so does what tells a read from a write; what became of a request, and how one
asks a log for it, does not. So a cloud adds the parts of its requests to ``CallRecord`` and uses
``CallLog`` as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Protocol, TypeVar


class NamedCall(Protocol):
    """A request, as far as all clouds agree on one."""

    def is_named(self, pattern: str) -> bool:
        """Whether a glob over names of operations, as the cloud writes them, means the call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """What became of a call.

    Attributes:
        operation: The API's name of the operation.
        mutates: Whether the operation changes something when it succeeds.
        status: HTTP status that was decided on; 0 when the connection was cut.
        carried_out: Whether the state was changed (or read), whatever the caller was told.
        time: Seconds on the sandbox's clock.
    """

    operation: str
    mutates: bool
    status: int
    carried_out: bool
    time: float


RecordT = TypeVar("RecordT", bound=CallRecord)


class CallLog(Generic[RecordT]):
    """The records, oldest first; safe to read while the server works."""

    def __init__(self) -> None:
        self._records: list[RecordT] = []
        self._lock = Lock()

    def append(self, record: RecordT) -> None:
        """Add the newest record."""
        with self._lock:
            self._records.append(record)

    def clear(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._records.clear()

    def mutating(self) -> tuple[RecordT, ...]:
        """Calls that changed something, oldest first; refused ones are not among them."""
        return tuple(record for record in self if record.mutates and record.carried_out)

    def counts(self) -> Counter[str]:
        """How often each operation changed something."""
        return Counter(record.operation for record in self.mutating())

    def named(self, operation: str) -> tuple[RecordT, ...]:
        """All calls of one operation, refused ones included."""
        return tuple(record for record in self if record.operation == operation)

    def __iter__(self) -> Iterator[RecordT]:
        with self._lock:
            return iter(tuple(self._records))

    def __len__(self) -> int:
        with self._lock:
            return len(self._records)
