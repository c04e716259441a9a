"""The few things that the simulator asks of an API server.

Two implementations: ``inprocess.py`` calls the embedded server's operations directly,
``remote.py`` speaks HTTP to any API server, such as a real kube-apiserver started for a test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from provisioner.sandbox.cluster.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Everything of a kind, and the version from which to watch."""

    items: tuple[Document, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event of a watch."""

    gone: bool
    document: Document


class PortError(Exception):
    """A request was refused; the simulator tries again from a fresh look."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class WorkloadPort(Protocol):
    """An API server, as the simulator needs it. Kinds are named as in manifests (``Pod``)."""

    async def list(self, kind: str) -> Listed:
        """Return all objects of a kind."""
        ...

    def watch(self, kind: str, version: str) -> AsyncIterator[Change]:
        """Yield what happens after a version; ends, or raises PortError, when it has to."""
        ...

    async def create(self, document: Document) -> Document:
        """Create an object."""
        ...

    async def replace(self, document: Document) -> Document:
        """Replace an object, made from the version that it carries."""
        ...

    async def patch_status(self, document: Document, status: Document) -> Document:
        """Merge a status into an object's status."""
        ...

    async def bind(self, pod: Document, node_name: str) -> None:
        """Assign a pod to a node."""
        ...

    async def delete(self, document: Document, *, grace_seconds: int | None = None) -> None:
        """Delete exactly this object (by uid)."""
        ...
