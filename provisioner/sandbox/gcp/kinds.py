"""What tells one kind of resource from another: a row in a table, and two functions.

``prepare`` completes a document with what the server fills in and refuses what breaks the rules;
``render`` adds what is computed when the resource is read. Everything else (names, references,
fingerprints, operations, locks, quotas) is the same for all kinds and lives in ``verbs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.references import Ref, ScopeKind
from provisioner.sandbox.gcp.state import Resource

Path = tuple[str, ...]  # names of fields; "*" stands for every element of a list

READ = frozenset({"get", "list", "aggregatedList"})
CREATE = frozenset({"insert", "delete"})
CHANGE = frozenset({"update", "patch"})
ANYWHERE = frozenset(ScopeKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A field that holds the URL of another resource.

    Attributes:
        path: Where.
        collections: What it may name.
        uses: Whether the named resource is kept from deletion by it.
        same_scope: Whether both must be global, or of the same region.
    """

    path: Path
    collections: tuple[str, ...]
    uses: bool = True
    same_scope: bool = True


@dataclass(slots=True, kw_only=True)
class Change:
    """A new document on its way in.

    Attributes:
        compute: The cloud.
        ref: What it is for.
        verb: The method.
        document: The document; functions that complete it put a new one here.
        previous: The present document, or None on insert.
        inputs: Fields that are taken in but never answered (private keys).
    """

    compute: Compute
    ref: Ref
    verb: str
    document: Document
    previous: Document | None

    def default(self, **values: object) -> None:
        """Fill fields that are missing."""
        self.document = {**values, **self.document}

    def put(self, **values: object) -> None:
        """Set fields, whatever they were."""
        self.document = {**self.document, **values}


def nothing_to_prepare(_change: Change) -> None:
    """Accept the document as it is."""


def as_stored(_compute: Compute, resource: Resource) -> Document:
    """Answer the document as it is."""
    return resource.document


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource.

    Attributes:
        collection: The word in URLs.
        schema: The name of its schema.
        noun: What error messages call it.
        scopes: Where it can live.
        verbs: The common methods it has.
        references: Its fields that name other resources.
        prepare: Completes and checks a new document.
        render: The document as answered.
        fingerprint: Whether it carries a fingerprint.
        guarded: Methods that insist on the fingerprint.
        fixed: Fields that cannot be changed once set.
        users: What keeps it from deletion besides references to it.
    """

    collection: str
    schema: str
    noun: str
    scopes: frozenset[ScopeKind]
    verbs: frozenset[str]
    references: tuple[Reference, ...] = ()
    prepare: Callable[[Change], None] = nothing_to_prepare
    render: Callable[[Compute, Resource], Document] = as_stored
    fingerprint: bool = False
    guarded: frozenset[str] = field(default_factory=frozenset)
    fixed: tuple[str, ...] = ()
    users: Callable[[Compute, Resource], Iterator[Ref]] = lambda _compute, _resource: iter(())
