"""What every part of expressing one load balancer looks at, gathered once.

A ``Context`` answers the questions that several modules ask of the same inputs. Those that the
request answers by itself are the same on every cloud (``core.context``); here are those that the
project has a say in: which of Google's load balancers it is, and where it lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.desired.choice import VariantChoice, choose_variant
from providers.gcp.labels import Labels
from providers.gcp.variant import Variant
from provisioner.core.context import RequestContext
from provisioner.model.resource import Unknown, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(RequestContext):
    """One load balancer's request, and the project it lands in.

    ``beside`` are the IP addresses of the group's other load balancers, where one replaces another.
    """

    facts: Facts
    beside: frozenset[str] = frozenset()
    _choice: VariantChoice = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Choose the kind once: every part asks for it, and it is read from all that exists."""
        object.__setattr__(self, "_choice", choose_variant(self.intent, self.observed))

    @property
    def balancer(self) -> int:
        """Which load balancer of the group this is, where one replaces another."""
        return self.request.generation

    @property
    def exists(self) -> bool:
        """Whether clients can reach a load balancer of this group now."""
        return any(resource.kind == Kind.FORWARDING_RULE for resource in self.observed)

    @property
    def offline(self) -> bool:
        """Whether no project was read at all, so that everything it would say is unknown."""
        return not self.facts.project and not self.facts.network_problem

    @property
    def choice(self) -> VariantChoice:
        """Which kind of load balancer it is, and which one was asked for."""
        return self._choice

    @property
    def variant(self) -> Variant:
        """Which of Google's load balancers it is."""
        return self.choice.variant

    @property
    def region(self) -> str | Unknown:
        """Where a regional load balancer lives, "" for a global one."""
        if not self.variant.regional:
            return ""
        return self.facts.region or Unknown("depends on the region of the cluster")

    @property
    def place(self) -> Mapping[str, Value]:
        """The spec fields that say where a resource lives: none for a global one."""
        return {"region": self.region} if self.variant.regional else {}

    @property
    def network(self) -> str | Unknown:
        """The network, where one can be told."""
        why = self.facts.network_problem or "depends on the network of the cluster"
        return self.facts.network or Unknown(why)

    @property
    def subnetwork(self) -> str | Unknown:
        """The subnetwork of the nodes, where one can be told."""
        return self.facts.subnetwork or Unknown("depends on the subnetwork of the nodes")

    @property
    def labels(self) -> Labels:
        """What everything of this group is called."""
        return Labels.of(self.request)
