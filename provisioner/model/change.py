"""Changes and steps: the difference between two worlds, and the order in which to walk it.

A *change* is about one resource: what it is, what it should be, field by field. A *step* is a
change (or one stage of it) put in its place: what must be done or true before it, and exactly
which API calls it makes. The calls are part of the value, parameters included, so what ``plan``
prints and what ``apply`` sends cannot differ: they are the same objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, Resource, Spec, Value


class Action(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"  # created anew under the next generation, because a field is immutable
    DELETE = "delete"
    NOOP = "noop"


class Wait(StrEnum):
    """What must be true of the world before a step's calls are made."""

    ACTIVE = "active"  # the load balancer has left provisioning
    HEALTHY = "healthy"  # the new backend has a healthy target, or the old one has none
    SETTLED = "settled"  # a change of weights has reached the data plane
    DRAINED = "drained"  # nothing is in flight any more, no interface lingers


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor:
    """A wait and its objects.

    ``on`` are addresses: the new target groups (HEALTHY), the rule whose weights moved (SETTLED),
    the target group or load balancer that empties (DRAINED). ``instead_of`` are the addresses of
    the old backends: HEALTHY does not hold a change back when none of them has a healthy target.
    ``seconds`` is how long SETTLED takes where that is not what the settings say.
    """

    kind: Wait
    on: tuple[str, ...]
    instead_of: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One top-level field of a spec, before and after. Absent is None on either side."""

    path: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The difference of one resource."""

    action: Action
    kind: str
    address: str
    group: str
    fields: tuple[FieldChange, ...] = ()
    desired: Resource | None = None
    observed: ObservedResource | None = None
    reason: str = ""

    @property
    def ingresses(self) -> tuple[Key, ...]:
        """Whose change it is: the desired side's word, else the observed side's."""
        if self.desired is not None:
            return self.desired.ingresses
        return self.observed.ingresses if self.observed is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One mutating API call, parameters and all.

    Attributes:
        service: The client it belongs to (``elbv2``, ``ec2``).
        operation: The API's name for it (``CreateRule``).
        parameters: As the API spells them; Refs are resolved right before sending.
        address: The resource the call is about, for logs and errors.
        outputs: Output name of that resource -> path in the response
            (``{"RuleArn": "Rules.0.RuleArn"}``).
        already_done: Error codes that mean "somebody (perhaps we, before a crash) did it": a delete
            that finds nothing.
    """

    service: str
    operation: str
    parameters: Spec
    address: str
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    already_done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change, or one stage of it, in its place.

    ``id`` is unique in the plan: the address, with ``#stage`` where a change takes several steps.
    ``after`` are ids of steps that must be complete first; ``wait`` must then hold as well.
    """

    id: str
    action: Action
    kind: str
    address: str
    group: str
    name: str = ""
    title: str = ""
    ingresses: tuple[Key, ...] = ()
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    calls: tuple[Call, ...] = ()
    after: tuple[str, ...] = ()
    wait: WaitFor | None = None

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """The calls as (operation, count), sorted by operation."""
        tally: dict[str, int] = {}
        for call in self.calls:
            tally[call.operation] = tally.get(call.operation, 0) + 1
        return tuple(sorted(tally.items()))
