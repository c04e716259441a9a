"""What expressing one load balancer looks at on every cloud, gathered once.

Each provider has a ``Context`` of its own, which adds its facts and what follows from them. What
follows from the request alone is here, because it must mean the same on both clouds: what exists
already, what is held because its owner cannot be read right now, and whom a problem of the whole
load balancer is told to. The last is told where it can be mended: to those who state what is
wrong, in their own field, and only where nobody does to every member.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from provisioner.core.translate import STATED
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.expression import Expression
from provisioner.model.intent import Compatibility, LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource
from provisioner.model.settings import Identity

Audience: TypeAlias = tuple[tuple[str, Key | None, str], ...]
"""Whom something is told to: a subject, its Ingress (where it is one), and its own field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """One load balancer's request, and the questions that it answers by itself."""

    request: Expression

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
    def incumbent(self) -> bool:
        """Whether the incumbent controller's reading applies."""
        return self.intent.compatibility is Compatibility.INCUMBENT

    @property
    def members(self) -> tuple[Key, ...]:
        """The Ingresses that are planned, in group order."""
        return tuple(member.ingress for member in self.request.intent.members)

    @property
    def observed(self) -> tuple[ObservedResource, ...]:
        """What this group owns now."""
        return self.request.observed.of_group(self.group)

    def at(self, address: str) -> ObservedResource | None:
        """Return what exists at an address."""
        return self.request.observed.resources.get(address)

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
            for subject, ingress, said in self._audience(setting, among)
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
            for subject, ingress, said in self._audience(setting, among)
        )

    def stating(self, setting: str) -> tuple[Key, ...]:
        """Return the members that state a setting."""
        return tuple(ingress for _, ingress, _ in self._stating(setting) if ingress is not None)

    def _audience(self, setting: str, among: Container[Key] | None) -> Audience:
        part = _within(self._stating(setting), among) or _within(self._concerned(), among)
        return part or self._concerned()

    def _concerned(self) -> Audience:
        found = tuple((f"Ingress {member}", member, "") for member in self.members)
        return found or ((f"load balancer {self.group}", None, ""),)

    def _stating(self, setting: str) -> Audience:
        stated = self.intent.options.get(STATED)
        members = stated.get(setting, ()) if isinstance(stated, Mapping) else ()
        return tuple((f"Ingress {member}", member, field) for member, field in members)


def _within(told: Audience, among: Container[Key] | None) -> Audience:
    if among is None:
        return told
    return tuple(each for each in told if each[1] is not None and each[1] in among)
