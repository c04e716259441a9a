"""Limits of AWS: documented defaults, the account's own numbers, and what a resource takes of them.

Names are those of ``DescribeAccountLimits`` where that call knows a limit; documented limits that
it does not know have names of the same style. The account's numbers win over the table, always:
most of these can be raised, and one that was raised must not hold anybody back.

Sources: "Quotas for your Application Load Balancers", the same for Network Load Balancers, and
"Condition types for listener rules" (Elastic Load Balancing user guide), "Amazon VPC quotas". For
wildcards per rule the guide's pages disagree (5 and 6), so the lower number holds until the account
says more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from providers.aws.account import Facts
from providers.aws.addresses import Kind, balancer_of
from provisioner.model.expression import Cost
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.resource import ObservedResource, Ref, Resource, Value

LOAD_BALANCERS = "application-load-balancers"
LISTENERS = "listeners-per-application-load-balancer"
RULES = "rules-per-application-load-balancer"
CERTIFICATES = "certificates-per-application-load-balancer"
GROUPS = "target-groups"
GROUPS_PER_LOAD_BALANCER = "target-groups-per-application-load-balancer"
GROUPS_PER_ACTION = "target-groups-per-action-on-application-load-balancer"
TARGETS_PER_LOAD_BALANCER = "targets-per-application-load-balancer"
TARGETS_PER_GROUP = "targets-per-target-group"
REGISTRATIONS = "target-id-registrations-per-application-load-balancer"
VALUES = "condition-values-per-alb-rule"
WILDCARDS = "condition-wildcards-per-alb-rule"
EVALUATIONS = "match-evaluations-per-alb-rule"
SECURITY_GROUP_RULES = "inbound-rules-per-security-group"
SECURITY_GROUPS = "security-groups-per-network-interface"
TAGS = "tags-per-resource"
VERIFY_LISTENERS = "verify-listeners-per-application-load-balancer"
CAPACITY_UNITS = "reserved-capacity-units-per-application-load-balancer"
NETWORK_LOAD_BALANCERS = "network-load-balancers"
NETWORK_LISTENERS = "listeners-per-network-load-balancer"
NETWORK_TARGETS = "targets-per-availability-zone-per-network-load-balancer"

TARGET_UNITS = 50
"""What a load balancer takes of the targets of the network load balancer in front of it."""

ACCOUNT = "the account"
"""The subject of account-wide limits."""

_ADJUSTABLE, _FIXED = True, False

_TABLE: tuple[tuple[str, int, bool, str], ...] = (
    (LOAD_BALANCERS, 50, _ADJUSTABLE, "Application Load Balancers per Region"),
    (LISTENERS, 50, _ADJUSTABLE, "listeners per load balancer"),
    (RULES, 100, _ADJUSTABLE, "rules per load balancer"),
    (CERTIFICATES, 25, _ADJUSTABLE, "certificates per load balancer, default ones not counted"),
    (GROUPS, 3000, _ADJUSTABLE, "target groups per Region"),
    (GROUPS_PER_LOAD_BALANCER, 100, _FIXED, "target groups per load balancer"),
    (GROUPS_PER_ACTION, 5, _FIXED, "target groups per action"),
    (TARGETS_PER_LOAD_BALANCER, 1000, _ADJUSTABLE, "targets per load balancer"),
    (TARGETS_PER_GROUP, 1000, _ADJUSTABLE, "targets per target group"),
    (REGISTRATIONS, 1000, _FIXED, "registrations of one target per load balancer"),
    (VALUES, 5, _FIXED, "condition values per rule"),
    (WILDCARDS, 5, _FIXED, "wildcards per rule"),
    (EVALUATIONS, 5, _FIXED, "match evaluations per rule"),
    (SECURITY_GROUP_RULES, 60, _ADJUSTABLE, "inbound rules per security group"),
    (SECURITY_GROUPS, 5, _ADJUSTABLE, "security groups per network interface"),
    (TAGS, 50, _FIXED, "tags per resource"),
    (VERIFY_LISTENERS, 2, _FIXED, "listeners per load balancer that verify clients (mutual TLS)"),
    (CAPACITY_UNITS, 15_000, _ADJUSTABLE, "reserved capacity units per load balancer"),
    (NETWORK_LOAD_BALANCERS, 50, _ADJUSTABLE, "Network Load Balancers per Region"),
    (NETWORK_LISTENERS, 50, _ADJUSTABLE, "listeners per network load balancer"),
    (NETWORK_TARGETS, 500, _ADJUSTABLE, "targets per zone of a network load balancer"),
)

DEFAULTS = Limits(
    by_name=MappingProxyType(
        {
            name: Limit(
                name=name,
                value=value,
                source=LimitSource.DEFAULT,
                adjustable=adjustable,
                label=label,
            )
            for name, value, adjustable, label in _TABLE
        }
    )
)

_MANY_TAGS = 40
"""Tags are counted from here: thousands of resources with six tags each would bury a plan."""


def merge(account: Mapping[str, int]) -> Limits:
    """Return every limit: the account's where it names one, the documented default elsewhere."""
    merged = dict(DEFAULTS.by_name)
    for name, value in account.items():
        known = DEFAULTS.by_name.get(name)
        merged[name] = Limit(
            name=name,
            value=value,
            source=LimitSource.ACCOUNT,
            adjustable=known.adjustable if known is not None else True,
            label=known.label if known is not None else name.replace("-", " "),
        )
    return Limits(by_name=MappingProxyType({name: merged[name] for name in sorted(merged)}))


def foreign_usage(facts: Facts) -> Mapping[str, int]:
    """Return what others use of account-wide limits."""
    return MappingProxyType(
        {
            LOAD_BALANCERS: facts.load_balancers,
            NETWORK_LOAD_BALANCERS: facts.network_load_balancers,
            GROUPS: facts.target_groups,
        },
    )


def costs(resource: Resource | ObservedResource) -> tuple[Cost, ...]:
    """Return what a resource takes of each limit.

    Targets that are not known yet cost nothing: a plan from files judges what files can tell.
    A managed prefix list counts as one rule; AWS counts its maximum size, which only its owner
    knows.
    """
    return (*_own(resource), *_tags(resource))


def balancer_subject(group: str, address: str) -> str:
    """Return what limits of one load balancer are counted over, of a group that may have two."""
    generation = balancer_of(address)
    return f"load balancer {group}" + (f" ({generation})" if generation > 1 else "")


def _own(resource: Resource | ObservedResource) -> Iterator[Cost]:
    balancer = balancer_subject(resource.group, resource.address)
    match resource.kind:
        case Kind.LOAD_BALANCER.value:
            yield Cost(limit=LOAD_BALANCERS, subject=ACCOUNT, units=1)
            groups = len(_entries(resource.spec.get("SecurityGroups")))
            yield Cost(limit=SECURITY_GROUPS, subject=balancer, units=groups)
            if units := _units(resource.spec.get("MinimumLoadBalancerCapacity")):
                yield Cost(limit=CAPACITY_UNITS, subject=balancer, units=units)
        case Kind.LISTENER.value:
            yield Cost(limit=LISTENERS, subject=balancer, units=1)
            if _verifies(resource.spec.get("MutualAuthentication")):
                yield Cost(limit=VERIFY_LISTENERS, subject=balancer, units=1)
        case Kind.LISTENER_CERTIFICATE.value:
            yield Cost(limit=CERTIFICATES, subject=balancer, units=1)
        case Kind.LISTENER_RULE.value:
            yield Cost(limit=RULES, subject=balancer, units=1)
        case Kind.TARGET_GROUP.value:
            yield Cost(limit=GROUPS, subject=ACCOUNT, units=1)
            yield Cost(limit=GROUPS_PER_LOAD_BALANCER, subject=balancer, units=1)
        case Kind.TARGETS.value:
            yield from _targets(resource, balancer)
        case Kind.SECURITY_GROUP_RULE.value:
            ranges = sum(_ranges(entry) for entry in _entries(resource.spec.get("IpPermissions")))
            subject = f"security group {_id(resource.spec.get('GroupId'))}"
            yield Cost(limit=SECURITY_GROUP_RULES, subject=subject, units=ranges)
        case _:  # a security group itself: counted where an interface carries it
            yield from _of_network(resource, f"network {balancer}")


def _of_network(resource: Resource | ObservedResource, balancer: str) -> Iterator[Cost]:
    """Yield what the network load balancer in front takes, with its parts."""
    match resource.kind:
        case Kind.NETWORK_LOAD_BALANCER.value:
            yield Cost(limit=NETWORK_LOAD_BALANCERS, subject=ACCOUNT, units=1)
            groups = len(_entries(resource.spec.get("SecurityGroups")))
            yield Cost(limit=SECURITY_GROUPS, subject=balancer, units=groups)
        case Kind.NETWORK_LISTENER.value:
            yield Cost(limit=NETWORK_LISTENERS, subject=balancer, units=1)
        case Kind.NETWORK_TARGET_GROUP.value:
            yield Cost(limit=GROUPS, subject=ACCOUNT, units=1)
        case Kind.NETWORK_TARGETS.value:
            units = TARGET_UNITS * len(_entries(resource.spec.get("Targets")))
            yield Cost(limit=NETWORK_TARGETS, subject=balancer, units=units)
        case _:
            return


def _units(capacity: Value) -> int:
    units = capacity.get("CapacityUnits") if isinstance(capacity, Mapping) else None
    return units if isinstance(units, int) else 0


def _verifies(mutual_tls: Value) -> bool:
    return isinstance(mutual_tls, Mapping) and mutual_tls.get("Mode") == "verify"


def _targets(resource: Resource | ObservedResource, balancer: str) -> Iterator[Cost]:
    """Yield what registered targets take.

    Only instances are counted by registrations: each is in many target groups, a pod in few.
    """
    targets = _entries(resource.spec.get("Targets"))
    subject = f"target group {_target_group(resource.address)}"
    yield Cost(limit=TARGETS_PER_LOAD_BALANCER, subject=balancer, units=len(targets))
    yield Cost(limit=TARGETS_PER_GROUP, subject=subject, units=len(targets))
    times = Counter(str(target.get("Id")) for target in targets)
    for identity in sorted(times):
        if identity.startswith("i-"):
            where = f"target {identity} on {balancer}"
            yield Cost(limit=REGISTRATIONS, subject=where, units=times[identity])


def _tags(resource: Resource | ObservedResource) -> Iterator[Cost]:
    count = len(_entries(resource.spec.get("Tags")))
    if count > _MANY_TAGS:
        yield Cost(limit=TAGS, subject=f"{resource.kind} {resource.address}", units=count)


def _target_group(address: str) -> str:
    """Return what is readable of the address of targets: its group and target group id."""
    return address.partition("/")[2]


def _ranges(permission: Mapping[str, Value]) -> int:
    return sum(len(value) for value in permission.values() if isinstance(value, tuple))


def _id(value: Value) -> str:
    return value.address.partition("/")[2] if isinstance(value, Ref) else str(value)


def _entries(value: Value) -> list[Mapping[str, Value]]:
    """Return the entries of a list; plain ids count as entries of their own."""
    if not isinstance(value, tuple):
        return []
    return [entry if isinstance(entry, Mapping) else {} for entry in value]
