"""What the emulated load balancing service remembers.

These are plain records; what may be done with them is decided in the modules named after the
nouns. Conditions, actions and transforms are kept as the API spells them, in normal form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        MatcherTypeDef,
        MutualAuthenticationAttributesTypeDef,
        RuleConditionOutputTypeDef,
        RuleTransformOutputTypeDef,
    )


@dataclass(slots=True, kw_only=True)
class LoadBalancer:
    """A load balancer of type ``application`` or ``network``."""

    arn: str
    kind: str = "application"
    name: str
    dns_name: str
    scheme: str
    ip_address_type: str
    vpc_id: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    created_at: datetime
    created: float  # on the sandbox's clock
    attributes: dict[str, str]
    tags: dict[str, str]
    interfaces: dict[str, str] = field(default_factory=dict)  # subnet id -> interface id
    addresses: dict[str, ZoneAddress] = field(default_factory=dict)  # by subnet id
    capacity: Capacity | None = None
    ipam_pool: str | None = None
    customer_pool: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneAddress:
    """The fixed address of a network load balancer in one zone, as it was asked for."""

    allocation_id: str | None = None
    private_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Load balancer capacity units that are reserved."""

    units: int
    modified: datetime


@dataclass(slots=True, kw_only=True)
class Listener:
    """A listener; its default rule is a rule without priority."""

    arn: str
    balancer_arn: str
    port: int
    protocol: str
    ssl_policy: str | None
    certificate: str | None
    extra_certificates: tuple[str, ...] = ()
    default_actions: tuple[ActionOutputTypeDef, ...]
    default_rule_arn: str
    mutual_authentication: MutualAuthenticationAttributesTypeDef | None
    attributes: dict[str, str]
    tags: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Rule:
    """A rule with a priority."""

    arn: str
    listener_arn: str
    priority: int
    conditions: tuple[RuleConditionOutputTypeDef, ...]
    actions: tuple[ActionOutputTypeDef, ...]
    transforms: tuple[RuleTransformOutputTypeDef, ...]
    tags: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Registration:
    """One target of a target group: an id with a port."""

    target_id: str
    port: int
    zone: str | None
    registered: float
    deregistered: float | None = None


@dataclass(slots=True, kw_only=True)
class HealthCheck:
    """How a target group checks its targets."""

    protocol: str
    port: str
    path: str
    interval_seconds: int
    timeout_seconds: int
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: MatcherTypeDef


@dataclass(slots=True, kw_only=True)
class TargetGroup:
    """A target group; ``attached`` is when a rule began to use it."""

    arn: str
    name: str
    protocol: str
    protocol_version: str
    port: int
    vpc_id: str
    target_type: str
    ip_address_type: str
    control_port: int | None
    health_check: HealthCheck
    attributes: dict[str, str]
    tags: dict[str, str]
    created_tags: dict[str, str]
    attached: float | None = None
    targets: dict[tuple[str, int], Registration] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class TrustStore:
    """A trust store that listeners may verify clients against."""

    arn: str
    name: str
    tags: dict[str, str]
    authorities: int  # certificates in its bundle
    revocations: dict[int, Revocation] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Revocation:
    """One revocation file of a trust store."""

    number: int
    kind: str
    entries: int


@dataclass(slots=True, kw_only=True)
class ClassicAcl:
    """A web ACL of WAF Classic."""

    acl_id: str
    arn: str
    name: str
    metric: str
    default_action: str


@dataclass(slots=True, kw_only=True)
class Protection:
    """A resource that Shield Advanced protects."""

    protection_id: str
    arn: str
    name: str
    resource_arn: str
    tags: dict[str, str]


@dataclass(slots=True, kw_only=True)
class AddressPool:
    """A pool of addresses: of IPAM, or (``coip``) of an Outpost's customer."""

    pool_id: str
    arn: str
    kind: str  # "ipam" or "coip"
    family: str
    public: bool
    description: str
    tags: dict[str, str]


@dataclass(slots=True)
class State:
    """Everything of one account in one region, by ARN, in the order of creation."""

    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    trust_stores: dict[str, TrustStore] = field(default_factory=dict)
    web_acls: dict[str, str] = field(default_factory=dict)  # WAF: ACL ARN by resource ARN
    classic_acls: dict[str, ClassicAcl] = field(default_factory=dict)  # WAF Classic, by id
    classic_associations: dict[str, str] = field(default_factory=dict)  # ACL id by resource ARN
    protections: dict[str, Protection] = field(default_factory=dict)  # Shield, by id
    shield_since: datetime | None = None  # when Shield Advanced was subscribed to
    address_pools: dict[str, AddressPool] = field(default_factory=dict)  # by id

    def listeners_of(self, balancer_arn: str) -> list[Listener]:
        """The listeners of a load balancer."""
        return [each for each in self.listeners.values() if each.balancer_arn == balancer_arn]

    def rules_of(self, listener_arn: str) -> list[Rule]:
        """The rules of a listener in the order in which they are tried."""
        rules = [each for each in self.rules.values() if each.listener_arn == listener_arn]
        return sorted(rules, key=lambda rule: rule.priority)
