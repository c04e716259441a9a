"""Every request the emulated cloud has answered, in order.

Tests compare what a plan announced with what arrived, so the log keeps the decoded parameters
and tells reads from writes by the operation's name, as the API's own naming allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from provisioner.sandbox import calls

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

    def is_named(self, pattern: str) -> bool:
        """Whether a glob over ``CreateRule`` or, with a colon, ``elbv2:CreateRule`` means it."""
        return fnmatchcase(self.name if ":" in pattern else self.operation, pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord(calls.CallRecord):
    """A call and what became of it.

    Attributes:
        service: boto3's name of the service.
        params: Decoded parameters.
        account: Twelve digits.
        region: Region the request was signed for.
    """

    service: str
    params: Mapping[str, object]
    account: str
    region: str


class CallLog(calls.CallLog[CallRecord]):
    """The records, safe to read while the server works."""

    def mutating(self, service: str | None = None) -> tuple[CallRecord, ...]:
        """Calls that changed something, of one service or of all; refused ones are not there."""
        return tuple(record for record in super().mutating() if service in (None, record.service))
