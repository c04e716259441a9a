"""The describe calls behind ``observe``: everything that AWS must be asked, resource by resource.

What disappears between two calls is simply not there: another plan may be deleting at the same
time, and a missing listener is no reason to fail the reading of a hundred others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from providers.aws import addresses, managed, marks
from providers.aws.addresses import Kind
from providers.aws.client import Clients
from providers.aws.live.index import Tagged, read_tags
from providers.aws.live.journal import Journal
from providers.aws.live.paging import tag_mapping
from providers.aws.managed import Managed
from provisioner.core.address_text import AddressError
from provisioner.model.errors import Denied, NotFound
from provisioner.model.resource import SHARED
from provisioner.model.settings import Identity

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        FilterTypeDef,
        SecurityGroupRuleTypeDef,
        SecurityGroupTypeDef,
    )
    from types_boto3_elbv2.type_defs import (
        ListenerTypeDef,
        LoadBalancerTypeDef,
        RuleTypeDef,
        TargetHealthDescriptionTypeDef,
    )

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedListener:
    """A listener of ours with what hangs on it."""

    tagged: Tagged[ListenerTypeDef]
    rules: tuple[Tagged[RuleTypeDef], ...]
    default_certificate: str
    certificates: tuple[str, ...]
    attributes: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose resources are asked for."""

    identity: Identity
    groups: frozenset[str] | None

    def has(self, tags: Mapping[str, str]) -> bool:
        """Tell whether something with these tags is asked for."""
        return self.has_group(marks.group_of(tags))

    def has_group(self, group: str) -> bool:
        """Tell whether a group is asked for; what is shared always is."""
        return self.groups is None or group == SHARED or group in self.groups


def is_address_of(address: str, kind: Kind) -> bool:
    """Tell whether a text is an address of this kind."""
    try:
        return addresses.parse(address).kind is kind
    except AddressError:
        return False


def _owned(identity: Identity) -> list[FilterTypeDef]:
    return [{"Name": f"tag:{marks.OWNER}", "Values": [identity.owner]}]


def read_security_groups(clients: Clients, scope: Scope) -> list[Tagged[SecurityGroupTypeDef]]:
    """Return our security groups, by id."""
    pages = clients.ec2.get_paginator("describe_security_groups").paginate(
        Filters=_owned(scope.identity)
    )
    found = [
        Tagged(id=each["GroupId"], description=each, tags=tag_mapping(each.get("Tags", [])))
        for page in pages
        for each in page["SecurityGroups"]
    ]
    return sorted(found, key=lambda group: group.id)


def read_security_group_rules(
    clients: Clients, scope: Scope
) -> dict[tuple[str, str], list[SecurityGroupRuleTypeDef]]:
    """Return our ingress rules by address and security group, in our groups and in others'."""
    pages = clients.ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=_owned(scope.identity)
    )
    answers = [
        each for page in pages for each in page["SecurityGroupRules"] if not each.get("IsEgress")
    ]
    found: dict[tuple[str, str], list[SecurityGroupRuleTypeDef]] = {}
    for each in sorted(_described(clients, answers), key=lambda rule: rule["SecurityGroupRuleId"]):
        address = marks.address_of(tag_mapping(each.get("Tags", [])))
        if is_address_of(address, Kind.SECURITY_GROUP_RULE):
            found.setdefault((address, each["GroupId"]), []).append(each)
    return found


def _described(
    clients: Clients, rules: Sequence[SecurityGroupRuleTypeDef]
) -> list[SecurityGroupRuleTypeDef]:
    """Complete descriptions that the listing of rules lacks from that of the groups.

    We write a description on every range. AWS lists it in both places, some emulators only in the
    groups, and a missing one would look like drift.
    """
    bare = [r for r in rules if "ReferencedGroupInfo" in r and not r.get("Description")]
    if not bare:
        return list(rules)
    answer = clients.ec2.describe_security_groups(GroupIds=sorted({r["GroupId"] for r in bare}))
    said = {
        (group["GroupId"], permission.get("FromPort"), permission.get("ToPort"), pair["GroupId"]): (
            pair.get("Description", "")
        )
        for group in answer["SecurityGroups"]
        for permission in group.get("IpPermissions", [])
        for pair in permission.get("UserIdGroupPairs", [])
    }
    completed: list[SecurityGroupRuleTypeDef] = []
    for rule in rules:
        source = rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
        text = said.get((rule["GroupId"], rule.get("FromPort"), rule.get("ToPort"), source), "")
        completed.append({**rule, "Description": text} if rule in bare else rule)
    return completed


def read_load_balancer_attributes(clients: Clients, arn: str) -> list[Mapping[str, object]]:
    """Return the attributes of a load balancer."""
    return _unless_gone(
        lambda: list(
            clients.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        )
    )


def read_capacity(clients: Clients, balancer: Tagged[LoadBalancerTypeDef]) -> int | None:
    """Return what is reserved for a load balancer; None where we never set it, or may not look."""
    if Managed.CAPACITY not in managed.of_tags(balancer.tags):
        return None
    try:
        answer = clients.elbv2.describe_capacity_reservation(LoadBalancerArn=balancer.id)
    except (Denied, NotFound):
        return None
    return answer.get("MinimumLoadBalancerCapacity", {}).get("CapacityUnits", 0)


def read_listener_attributes(clients: Clients, arn: str) -> tuple[Mapping[str, object], ...]:
    """Return the attributes of a listener; none where we may not look."""
    try:
        return tuple(clients.elbv2.describe_listener_attributes(ListenerArn=arn)["Attributes"])
    except (Denied, NotFound):
        return ()


def read_target_group_attributes(clients: Clients, arn: str) -> list[Mapping[str, object]]:
    """Return the attributes of a target group."""
    return _unless_gone(
        lambda: list(
            clients.elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        )
    )


def read_health(clients: Clients, arn: str) -> list[TargetHealthDescriptionTypeDef]:
    """Return the targets of a target group with their health."""
    return _unless_gone(
        lambda: clients.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    )


def _unless_gone(read: Callable[[], list[T]]) -> list[T]:
    """Return what was read, nothing where the resource has disappeared since it was listed."""
    try:
        return read()
    except NotFound:
        return []


def read_listeners(
    clients: Clients,
    scope: Scope,
    balancers: Sequence[Tagged[LoadBalancerTypeDef]],
    *,
    pool: ThreadPoolExecutor,
    journal: Journal,
    mine: Callable[[Mapping[str, str]], bool] | None = None,
) -> list[MarkedListener]:
    """Return our listeners with their rules, in the order of their load balancers.

    ``mine`` tells by their tags whose are asked for, where that is not us.
    """
    answers = [
        listener
        for found in pool.map(lambda b: _listeners_of(clients, b.id), balancers)
        for listener in found
    ]
    arns = [listener["ListenerArn"] for listener in answers]
    rules = list(pool.map(lambda arn: _rules_of(clients, arn), arns))
    certificates: list[Future[tuple[str, tuple[str, ...]]]] = [
        pool.submit(_certificates_of, clients, listener) for listener in answers
    ]
    tagged = [*arns, *(rule["RuleArn"] for each in rules for rule in each)]
    tags = read_tags(clients, tagged, journal)

    def is_ours(arn: str) -> bool:
        of_it = tags.get(arn, {})
        return marks.is_ours(of_it, scope.identity) if mine is None else mine(of_it)

    def attributes_of(arn: str) -> tuple[Mapping[str, object], ...]:
        asked = Managed.ATTRIBUTES in managed.of_tags(tags[arn])
        return read_listener_attributes(clients, arn) if asked else ()

    return [
        MarkedListener(
            tagged=Tagged(id=arn, description=answer, tags=tags[arn]),
            rules=tuple(
                Tagged(id=rule["RuleArn"], description=rule, tags=tags[rule["RuleArn"]])
                for rule in sorted(of_it, key=lambda rule: rule["RuleArn"])
                if is_ours(rule["RuleArn"])
            ),
            default_certificate=coming.result()[0],
            certificates=coming.result()[1],
            attributes=attributes_of(arn),
        )
        for arn, answer, of_it, coming in zip(arns, answers, rules, certificates, strict=True)
        if is_ours(arn)
    ]


def _listeners_of(clients: Clients, arn: str) -> list[ListenerTypeDef]:
    pages = clients.elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
    found = _unless_gone(lambda: [each for page in pages for each in page["Listeners"]])
    return sorted(found, key=lambda listener: listener["ListenerArn"])


def _rules_of(clients: Clients, arn: str) -> list[RuleTypeDef]:
    """Return the rules of a listener but for the default one, which is part of the listener."""
    pages = clients.elbv2.get_paginator("describe_rules").paginate(ListenerArn=arn)
    return _unless_gone(
        lambda: [each for page in pages for each in page["Rules"] if not each.get("IsDefault")]
    )


def _certificates_of(clients: Clients, listener: ListenerTypeDef) -> tuple[str, tuple[str, ...]]:
    """Return the default certificate of a listener, and those that it serves besides."""
    if listener.get("Protocol") != "HTTPS":
        return "", ()
    pages = clients.elbv2.get_paginator("describe_listener_certificates").paginate(
        ListenerArn=listener["ListenerArn"]
    )
    found = _unless_gone(lambda: [each for page in pages for each in page["Certificates"]])
    defaults = [each for each in found if each.get("IsDefault")] or listener.get("Certificates", [])
    default = next((each.get("CertificateArn", "") for each in defaults), "")
    others = {c.get("CertificateArn", "") for c in found if not c.get("IsDefault")}
    return default, tuple(sorted(others))
