"""Every request the emulated cloud has answered, in order.

Tests compare what a plan announced with what arrived, so the log keeps the operation's published
name (``urlMaps.insert``) and the body, and tells reads from writes as the API itself does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from provisioner.sandbox import calls

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

    def is_named(self, pattern: str) -> bool:
        """Whether a glob over published names, such as ``*.insert``, means the call."""
        return fnmatchcase(self.operation, pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord(calls.CallRecord):
    """A call and what became of it.

    An operation that fails later was carried out all the same: its request was accepted.

    Attributes:
        path: What the URL named, by parameter.
        query: Query parameters.
        body: The JSON of the request, or None.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: object

    @property
    def name(self) -> str:
        """The name of the resource that the URL ends in, if it names one."""
        names = [value for key, value in self.path.items() if key not in _PLACES]
        return names[-1] if names else ""


_PLACES = ("project", "region", "zone")


class CallLog(calls.CallLog[CallRecord]):
    """The records, safe to read while the server works."""
