"""Every request the emulated cloud has answered, in order.

Tests compare what a plan announced with what arrived, so the log keeps the decoded parameters
and tells reads from writes by the operation's name, as the API's own naming allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

# The last two are REST requests that the service models here do not name.
READING_PREFIXES = ("Describe", "List", "Get", "Head", "Lookup", "Search", "GET ", "HEAD ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, decoded."""

    service: str
    operation: str
    params: Mapping[str, object]
    account: str
    region: str

    @property
    def name(self) -> str:
        """Service and operation as an IAM policy writes them: ``elbv2:CreateRule``."""
        return f"{self.service}:{self.operation}"

    @property
    def mutates(self) -> bool:
        """Whether carrying the call out changes something; a dry run does not."""
        return not self.operation.startswith(READING_PREFIXES) and not self.params.get("DryRun")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A call and what became of it.

    Attributes:
        service: boto3's name of the service.
        operation: The API's name of the operation.
        params: Decoded parameters.
        account: Twelve digits.
        region: Region the request was signed for.
        mutates: Whether the operation changes something when it succeeds.
        status: HTTP status that was decided on; 0 when the connection was cut.
        carried_out: Whether the state was changed (or read), whatever the caller was told.
        time: Seconds on the sandbox's clock.
    """

    service: str
    operation: str
    params: Mapping[str, object]
    account: str
    region: str
    mutates: bool
    status: int
    carried_out: bool
    time: float


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

    def mutating(self, service: str | None = None) -> tuple[CallRecord, ...]:
        """Calls that changed something, oldest first; refused ones are not among them."""
        return tuple(
            record
            for record in self
            if record.mutates and record.carried_out and service in (None, record.service)
        )

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
