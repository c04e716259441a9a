"""What every part of expressing one load balancer looks at, gathered once.

A ``Context`` answers the questions that several modules ask of the same inputs. Those that the
request answers by itself are the same on every cloud (``core.context``); here are those that the
account has a say in: which load balancer exists already, which VPC it is, and whether IPv6 works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.aws import addresses
from providers.aws.account import Facts
from providers.aws.labels import Labels
from providers.aws.settings import PREFIX
from provisioner.core.context import RequestContext
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import ObservedResource, Unknown, Value


def native_field(suffix: str) -> str:
    """Return the field path of a native annotation, for diagnostics."""
    return f"metadata.annotations[{PREFIX}{suffix}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(RequestContext):
    """One load balancer's request, and the account it lands in."""

    facts: Facts

    @property
    def address(self) -> str:
        """The load balancer's address: that of the one that exists, else of the first."""
        known = (resource.address for resource in self.observed)
        return addresses.newest_load_balancer(self.group, known)

    @property
    def existing(self) -> ObservedResource | None:
        """The load balancer that exists; of several, the newest generation."""
        return self.at(self.address)

    @property
    def offline(self) -> bool:
        """Whether no account was read at all, so that everything it would say is unknown."""
        return self.facts.vpc is None and not self.facts.vpc_problem

    @property
    def vpc_id(self) -> str | Unknown:
        """The VPC, where one can be told."""
        if self.facts.vpc is not None:
            return self.facts.vpc.id
        return Unknown(self.facts.vpc_problem or "depends on the account's VPC")

    @property
    def dualstack(self) -> bool:
        """Whether clients may come over IPv6."""
        return self.address_type.startswith("dualstack")

    @property
    def address_type(self) -> str:
        """What someone states, else (while something is held) what is, else IPv4.

        IPv6 needs subnets that have it; a load balancer that exists stays as it is without them.
        """
        existing = self.existing
        present = existing.spec.get("IpAddressType") if existing is not None else None
        was = present if isinstance(present, str) else "ipv4"
        wanted = self.intent.address_type
        if wanted:
            return was if wanted.startswith("dualstack") and self.without_ipv6 else wanted
        return was if self.holding else "ipv4"

    @property
    def without_ipv6(self) -> tuple[str, ...]:
        """The subnets of the load balancer that exists which have no IPv6 block."""
        existing = self.existing
        if existing is None or self.intent.subnets:
            return ()
        kept = existing.spec.get("Subnets")
        ids = kept if isinstance(kept, tuple) else ()
        return tuple(s.id for s in self.facts.subnets if s.id in ids and not s.ipv6)

    @property
    def labels(self) -> Labels:
        """What everything of this group is called."""
        return Labels.of(self.request)

    def tags(
        self,
        address: str,
        *,
        role: str,
        user: Mapping[str, str] = NO_STRINGS,
        ingress: Key | None = None,
    ) -> Value:
        """Return the ``Tags`` of a resource of this group; the installation's own are included."""
        return self.labels.tags(address, role=role, user=user, ingress=ingress)
