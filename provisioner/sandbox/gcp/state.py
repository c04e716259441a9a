"""What the emulated cloud remembers: resources, operations, and who belongs to which group.

Documents are replaced, never changed in place, so that an answer under way and an operation that
is still running never see half a change.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.errors import RefusalError
from provisioner.sandbox.gcp.references import BASE_URL, Ref, Scope

FIRST_NUMBER = 1_000_000_000_000_000_000  # ids are 19 digits, as Google's are


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """A network endpoint in a group; ``detached_at`` is set while it drains."""

    document: Document
    attached_at: float
    detached_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Resource:
    """A resource and what the API keeps about it besides its document.

    Attributes:
        ref: Its identity.
        number: Its id, which no later resource of the same name shares.
        document: The resource as it is answered, without fields that are computed on reading.
        version: Counts changes; the fingerprint is made of it.
        busy: The name of the operation that is under way on it, or an empty string.
        coming: What an update under way will make of it.
        changed_at: When its latest change took effect.
        endpoints: Members of a network endpoint group, by address, port and instance.
        members: Members of an instance group and since when.
    """

    ref: Ref
    number: int
    document: Document
    version: int = 1
    busy: str = ""
    coming: Document | None = None
    changed_at: float = 0.0
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    members: dict[Ref, float] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Eight bytes in base64 that differ after every change."""
        return digest(f"{self.number}/{self.version}")

    @property
    def documents(self) -> tuple[Document, ...]:
        """The present document and the one to come: what either refers to is in use."""
        return (self.document,) if self.coming is None else (self.document, self.coming)


@dataclass(slots=True, kw_only=True)
class Operation:
    """A change that was accepted and takes its time.

    Attributes:
        name: Name in URLs.
        number: Its id.
        project: The project it is in.
        scope: Global, or the region or zone it is in.
        verb: The method that started it.
        target: What it changes.
        target_number: The id of what it changes.
        request_id: The caller's ``requestId``, or an empty string.
        started_at: When it was accepted, on the sandbox's clock.
        started: The same as a date.
        extra_seconds: How much longer it takes than others.
        apply: What it does when it is over; None once done.
        undo: What is done instead when it fails.
        error: What it fails with.
        finished_at: When it was over, or None.
        finished: The same as a date.
    """

    name: str
    number: int
    project: str
    scope: Scope
    verb: str
    target: Ref
    target_number: int
    request_id: str
    started_at: float
    started: str
    extra_seconds: float
    apply: Callable[[], None] | None
    undo: Callable[[], None]
    error: RefusalError | None
    finished_at: float | None = None
    finished: str = ""

    @property
    def url(self) -> str:
        """Its ``selfLink``."""
        return f"{BASE_URL}projects/{self.project}/{self.scope.path}/operations/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project and the places it can use.

    Attributes:
        name: The project id.
        number: The project number.
        regions: Names of zones by region.
        xpn_host: The project whose networks it shares, or an empty string.
        xpn_status: ``HOST`` for a project that shares its networks, else unspecified.
    """

    name: str
    number: int
    regions: dict[str, tuple[str, ...]]
    xpn_host: str = ""
    xpn_status: str = "UNSPECIFIED_XPN_PROJECT_STATUS"


class Resources:
    """Resources by identity, and by collection for whoever looks for all of a kind."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._by_collection: dict[str, dict[Ref, Resource]] = {}
        for resource in resources:
            self.put(resource)

    def put(self, resource: Resource) -> None:
        """Add a resource."""
        self._by_collection.setdefault(resource.ref.collection, {})[resource.ref] = resource

    def drop(self, ref: Ref) -> None:
        """Take a resource away, if it is there."""
        self._by_collection.get(ref.collection, {}).pop(ref, None)

    def get(self, ref: Ref) -> Resource | None:
        """Return a resource, or None."""
        return self._by_collection.get(ref.collection, {}).get(ref)

    def of(self, collection: str) -> Iterable[Resource]:
        """The resources of a collection, in the order of their creation."""
        return self._by_collection.get(collection, {}).values()

    def __contains__(self, ref: Ref) -> bool:
        return self.get(ref) is not None

    def __iter__(self) -> Iterator[Resource]:
        for found in self._by_collection.values():
            yield from found.values()


class State:
    """All resources and operations of all projects."""

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.resources = Resources()
        self.operations: dict[tuple[str, Scope, str], Operation] = {}
        self.under_way: dict[int, Operation] = {}
        self.requests: dict[tuple[str, str], Operation] = {}
        self.departed: dict[str, float] = {}
        self.serving: dict[tuple[Ref, Ref], float] = {}
        self._count = 0

    def next_number(self) -> int:
        """Return an id that was never given before."""
        self._count += 1
        return FIRST_NUMBER + self._count

    def of(self, collection: str, project: str = "") -> Iterator[Resource]:
        """The resources of a collection, of one project or of all."""
        for resource in self.resources.of(collection):
            if project in ("", resource.ref.project):
                yield resource


def digest(content: str) -> str:
    """Return a fingerprint of a text: eight bytes in base64."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()[:8]).decode()
