"""The members of a load balancer on the eve of its listeners: what they bring, what is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.core.admittance import Rights
from provisioner.core.conflicts import Ledger
from provisioner.core.dialect import Dialect
from provisioner.core.rules import Draft
from provisioner.core.tls import Brought
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Compatibility, Quarantined
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource


@dataclass(slots=True)
class Findings:
    """What building the listeners brought to light, each thing once."""

    diagnostics: dict[Diagnostic, None] = field(default_factory=dict)
    quarantined: dict[Quarantined, None] = field(default_factory=dict)

    def remark(self, diagnostic: Diagnostic) -> None:
        """Add something that blocks nothing."""
        self.diagnostics[diagnostic] = None

    def quarantine(self, ingress: Key, path: str, diagnostic: Diagnostic) -> None:
        """Take one path out."""
        found = Quarantined(ingress=ingress, path=path, diagnostic=diagnostic)
        self.quarantined[found] = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cloud holds of one load balancer, and who can read it.

    ``unmentioned`` are Ingresses that have rules there, and that files need not mention.
    """

    resources: tuple[ObservedResource, ...]
    dialect: Dialect
    unmentioned: frozenset[Key]

    def ingresses(self, host: str) -> frozenset[Key]:
        """Return the Ingresses that a host is programmed for."""
        return frozenset(
            key for resource in self.resources for key in self.dialect.served(resource, host)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The members of a load balancer as they stand when its listeners are built.

    Attributes:
        accepted: Healthy members in group order.
        retained: Broken members of which something exists: their certificates stay, and their
            hosts stay theirs.
        ledger: What everybody agreed on.
        compatibility: Whose reading applies.
        seen: What the cloud holds of this load balancer.
        rights: What a policy says about it.
        brought: The certificates that members bring along in Secrets.
    """

    accepted: tuple[Draft, ...]
    retained: tuple[Draft, ...]
    ledger: Ledger
    compatibility: Compatibility
    seen: Seen
    rights: Rights
    brought: Mapping[Key, Brought]
