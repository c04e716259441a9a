"""What every part of expressing one load balancer looks at, gathered once.

A ``Context`` answers the questions that several modules ask of the same inputs: what exists
already, what must be held because its owner cannot be read right now, which VPC it is, and whom a
problem of the whole load balancer concerns.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from providers.aws import addresses
from providers.aws.account import Facts
from providers.aws.labels import Labels
from providers.aws.settings import PREFIX
from provisioner.core.translate import STATED
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.expression import Expression
from provisioner.model.intent import Compatibility, LoadBalancerIntent
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import ObservedResource, Unknown, Value
from provisioner.model.settings import Identity


def native_field(suffix: str) -> str:
    """Return the field path of a native annotation, for diagnostics."""
    return f"metadata.annotations[{PREFIX}{suffix}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One load balancer's request, and the account it lands in."""

    request: Expression
    facts: Facts

    @property
    def intent(self) -> LoadBalancerIntent:
        """What the members want."""
        return self.request.intent

    @property
    def group(self) -> str:
        """The group's name."""
        return self.request.intent.name

    @property
    def identity(self) -> Identity:
        """Who we are."""
        return self.request.settings.identity

    @property
    def members(self) -> tuple[Key, ...]:
        """The Ingresses that are planned, in group order."""
        return tuple(member.ingress for member in self.request.intent.members)

    @property
    def observed(self) -> tuple[ObservedResource, ...]:
        """What this group owns now."""
        return self.request.observed.of_group(self.group)

    @property
    def address(self) -> str:
        """The load balancer's address: that of the one that exists, else of the first."""
        return addresses.newest_load_balancer(self.group, self.request.observed.resources)

    @property
    def existing(self) -> ObservedResource | None:
        """The load balancer that exists; of several, the newest generation."""
        return self.at(self.address)

    @property
    def held(self) -> frozenset[Key]:
        """Ingresses that keep their last good rules: they cannot be planned, or not read, here."""
        quarantined = frozenset(q.ingress for q in self.intent.quarantined if not q.path)
        return (quarantined | self.request.keep) - set(self.members) - set(self.intent.leaving)

    @property
    def holding(self) -> bool:
        """Whether something in the cloud belongs to a held Ingress.

        What such an Ingress asked for is not known here. So a setting of the load balancer that
        nobody else states keeps its present value instead of going back to its default.
        """
        held = self.held
        return any(held.intersection(resource.ingresses) for resource in self.observed)

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

    def at(self, address: str) -> ObservedResource | None:
        """Return what exists at an address."""
        return self.request.observed.resources.get(address)

    @property
    def incumbent(self) -> bool:
        """Whether the incumbent controller's reading applies."""
        return self.intent.compatibility is Compatibility.INCUMBENT

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

    def errors(
        self,
        code: str,
        message: str,
        *,
        field: str = "",
        hint: str = "",
        setting: str = "",
        among: Container[Key] | None = None,
    ) -> tuple[Diagnostic, ...]:
        """Return a blocking error of the whole load balancer, or of a part of it.

        It is told to the members that state ``setting``, in their own field; where that is not what
        is wrong, or nobody states it, to every member. ``among`` are those of the part.
        """
        return tuple(
            error(code, subject, message=message, field=said or field, hint=hint, ingress=ingress)
            for subject, ingress, said in self._told(setting, among)
        )

    def warnings(
        self,
        code: str,
        message: str,
        *,
        field: str = "",
        hint: str = "",
        setting: str = "",
        among: Container[Key] | None = None,
    ) -> tuple[Diagnostic, ...]:
        """Return a warning about the whole load balancer, told to the same members as an error."""
        return tuple(
            warning(code, subject, message=message, field=said or field, hint=hint, ingress=ingress)
            for subject, ingress, said in self._told(setting, among)
        )

    def stating(self, setting: str) -> tuple[Key, ...]:
        """Return the members that state a setting."""
        return tuple(ingress for _, ingress, _ in self._stating(setting) if ingress is not None)

    def _told(
        self, setting: str, among: Container[Key] | None
    ) -> tuple[tuple[str, Key | None, str], ...]:
        part = _within(self._stating(setting), among) or _within(self._concerned(), among)
        return part or self._concerned()

    def _concerned(self) -> tuple[tuple[str, Key | None, str], ...]:
        found = tuple((f"Ingress {member}", member, "") for member in self.members)
        return found or ((f"load balancer {self.group}", None, ""),)

    def _stating(self, setting: str) -> tuple[tuple[str, Key | None, str], ...]:
        stated = self.intent.options.get(STATED)
        members = stated.get(setting, ()) if isinstance(stated, Mapping) else ()
        return tuple((f"Ingress {member}", member, field) for member, field in members)


def _within(
    told: tuple[tuple[str, Key | None, str], ...], among: Container[Key] | None
) -> tuple[tuple[str, Key | None, str], ...]:
    if among is None:
        return told
    return tuple(each for each in told if each[1] is not None and each[1] in among)
