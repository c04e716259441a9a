"""What of a provider the translation to an Intent may use: its words, never its account.

``ports.Provider`` has all of this and more; the narrow view keeps the translation honest, and lets
its tests bring a provider of a few lines.
"""

from __future__ import annotations

from typing import Protocol

from provisioner.core.annotations import PORTABLE
from provisioner.core.reading import Table
from provisioner.model.annotation import Annotation
from provisioner.model.kube import Node
from provisioner.model.resource import ObservedResource
from provisioner.model.settings import ANNOTATION_PREFIX


class Dialect(Protocol):
    """The part of a provider that Ingresses are read by."""

    @property
    def name(self) -> str:
        """The provider's name, as class objects spell it."""
        ...

    @property
    def controller(self) -> str:
        """What an IngressClass of ours says in ``spec.controller``."""
        ...

    @property
    def annotations(self) -> tuple[Annotation[object], ...]:
        """The native annotations."""
        ...

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes under which every key is ours to know."""
        ...

    def infers_class(self, name: str | None) -> bool:
        """Tell whether files may use this class name without holding the IngressClass."""
        ...

    def node_impossible(self, node: Node) -> str:
        """Return why this node can never be a target, "" where it can."""
        ...

    def serves(self, resource: ObservedResource, host: str) -> bool:
        """Tell whether what was seen in the cloud answers requests for just this host."""
        ...


def table_of(provider: Dialect) -> Table:
    """Return every annotation that Ingresses and Services of this provider may carry."""
    return Table((*PORTABLE, *provider.annotations), (ANNOTATION_PREFIX, *provider.prefixes))


def portable_table() -> Table:
    """Return the annotations that a class object may state."""
    return Table(PORTABLE, (ANNOTATION_PREFIX,))
