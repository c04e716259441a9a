"""A rule before it has a priority: what it asks for, what it does, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from providers.aws.routing.actions import UNAVAILABLE
from providers.aws.routing.condition_specs import as_specs
from provisioner.model.intent import PathRule, RuleAction
from provisioner.model.kube import Key
from provisioner.model.resource import Spec


class Role(StrEnum):
    """What a rule is for; part of its identity."""

    PATH = "path"
    CLOSING = "closing"
    BLOCKING = "blocking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule before it has a priority.

    Attributes:
        rule: The path that it is for, None for rules that only keep hosts apart.
        entry: What a client has to pass before the action.
        spec: That of an existing rule to be left alone.
        dispensable: A 503 that may go where somebody else's rule needs the place.
    """

    address: str
    ingress: Key
    title: str
    rule: PathRule | None = None
    conditions: tuple[Spec, ...] = ()
    action: RuleAction = UNAVAILABLE
    entry: tuple[Spec, ...] = ()
    transforms: tuple[Spec, ...] = ()
    spec: Spec | None = None
    dispensable: bool = False

    @property
    def asked(self) -> tuple[Spec, ...]:
        """The conditions that it will have, of an existing rule those that it has."""
        return self.conditions if self.spec is None else as_specs(self.spec.get("Conditions"))
