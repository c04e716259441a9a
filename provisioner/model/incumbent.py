"""What another controller made for the same cluster, as values: the other side of a take-over.

Nothing here is ours, so nothing here has an address of ours yet. A provider's reader recognises the
resources by the other controller's own marks; its pure side then says which of them stands for
which of ours (``Provider.adopt``), and planning goes on as if they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Intent
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import NO_SPEC, Observed, Resource, Spec
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot

F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignResource:
    """Something that another controller made.

    Attributes:
        kind: The cloud's own word, as in ``Resource.kind``.
        id: What the cloud calls it; "" where the kind has no id of its own.
        parent: The id of what it hangs on (a rule: its listener), "" for none.
        name: Its physical name.
        tags: All of its tags.
        spec: As an observed resource of ours would spell it, but for two things: ids stand where
            ours have Refs, and the tags are not in it.
        outputs: The values that Refs to it stand for.
        title: A few words for people.
        healthy: Healthy targets (target groups only).
        state: The provider's word for its condition.
        order: Its place among its siblings.
    """

    kind: str
    id: str = ""
    parent: str = ""
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    spec: Spec = field(default_factory=lambda: NO_SPEC)
    outputs: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    title: str = ""
    healthy: int | None = None
    state: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """Everything that another controller made for this cluster.

    Attributes:
        controller: Its name, for people.
        resources: What was recognised, sorted by kind and id.
    """

    controller: str
    resources: tuple[ForeignResource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What ``Provider.adopt`` is given besides the facts.

    ``wanted`` are the resources of all load balancers as they are wanted; () where nobody has
    expressed them yet, so that what is told apart by its content alone (a rule) has no counterpart.
    """

    incumbent: Incumbent
    intent: Intent
    snapshot: Snapshot
    settings: Settings
    observed: Observed
    wanted: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption(Generic[F]):
    """The incumbent's resources, seen as ours.

    Attributes:
        observed: What is ours, and what would be: each under the address that it stands for.
        facts: The facts, where what would be ours no longer counts as others'.
        diagnostics: What was recognised, and what was not.
        exclusive: False where what is shared also serves somebody whom no Ingress explains, so
            that it must not be narrowed.
    """

    observed: Observed
    facts: F
    diagnostics: tuple[Diagnostic, ...] = ()
    exclusive: bool = True
