"""What passes between the core and a provider's pure side while a load balancer is expressed.

The protocols that speak of these are in ``ports``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provisioner.model.approval import Approval, Succession
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendId, LoadBalancerIntent, Quarantined, TargetMode
from provisioner.model.kube import Key
from provisioner.model.limits import Limits
from provisioner.model.resource import Observed, Resource
from provisioner.model.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one resource takes of one limit.

    ``subject`` is what the limit is counted over, in words that a message can use
    ("load balancer shop/web", "the account", "security group sg-1"). ``ingress`` is whose units
    they are, where several Ingresses share the resource and each takes a part of its own.
    """

    limit: str
    subject: str
    units: int
    ingress: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRoom:
    """What the mode decision needs to know of a cloud, for one load balancer.

    ``pod_impossible`` and ``node_port_impossible`` map a backend to the reason, for those backends
    where the mode cannot work at all.
    """

    targets_limit: int
    largest_limit: int
    pod_impossible: Mapping[BackendId, str] = field(default_factory=lambda: MappingProxyType({}))
    node_port_impossible: Mapping[BackendId, str] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressed:
    """One load balancer in a cloud's own resources.

    ``resources`` include what is kept of quarantined members. ``shared`` are the provider's notes
    for the shared part (which endpoint security group needs which port), canonical and sorted.
    ``common`` are resources of the shared part that this load balancer uses and others may use as
    well; equal ones of several load balancers are one.
    ``approval`` is what would be done, or is done, with somebody's approval.
    """

    group: str
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    shared: tuple[tuple[str, ...], ...] = ()
    common: tuple[Resource, ...] = ()
    approval: Approval | None = None
    succession: Succession | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What ``Provider.express`` is given besides the facts.

    ``modes`` has a mode (or None: known after apply) for every backend of the load balancer.
    ``keep`` are Ingresses that nothing here mentions but that others may still define (planning
    from files): their observed rules stay. ``approved`` are the digests that somebody approved.
    ``generation`` is which load balancer of the group is expressed, where one replaces another.
    """

    intent: LoadBalancerIntent
    modes: Mapping[BackendId, TargetMode | None]
    observed: Observed
    limits: Limits
    settings: Settings
    keep: frozenset[Key] = frozenset()
    approved: frozenset[str] = frozenset()
    generation: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedExpression:
    """What ``express_shared`` is given besides parts and facts.

    ``complete``: all load balancers are among the parts. If not, the shared part only grows.
    """

    observed: Observed
    settings: Settings
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRoom:
    """Limits that the order of steps must respect: free places by (limit, subject)."""

    limits: Limits
    used: Mapping[tuple[str, str], int]
