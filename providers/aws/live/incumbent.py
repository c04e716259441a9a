"""Read what AWS Load Balancer Controller made for this cluster, by that controller's own tags.

Load balancers, listeners, rules, target groups and the security groups of load balancers bear three
tags each (cluster, stack, resource). What bears none is found by what it hangs on: certificates by
their listener, targets by their target group, the ways in by their security group. The rules on the
security groups of nodes and pods bear a description, and their source is the backend group.

What bears our own mark as well is left out: it was adopted, or made by us after its pattern.

It costs no second listing of the account: the index that every plan makes holds the load balancers
and target groups of others too, and the tags of the former. Settings that cost a call of their own
to look at (web ACLs, reserved capacity, attributes of listeners) are looked at where some Ingress
states them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from providers.aws import incumbent, marks
from providers.aws.addresses import Kind
from providers.aws.live import normalise
from providers.aws.live.addons import read_addons
from providers.aws.live.foreign_networks import foreign_networks
from providers.aws.live.index import Index, Tagged, read_tags
from providers.aws.live.listing import (
    MarkedListener,
    Scope,
    read_capacity,
    read_health,
    read_listener_attributes,
    read_listeners,
    read_load_balancer_attributes,
    read_target_group_attributes,
)
from providers.aws.live.networks import is_network_group
from providers.aws.live.paging import FILTER_VALUES, THREADS, batches, tag_mapping
from providers.aws.live.plain import Refs
from providers.aws.live.rule_words import rule_title
from providers.aws.managed import MANAGES, Managed
from provisioner.model.incumbent import ForeignResource, Incumbent
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Ref, freeze_spec

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupRuleTypeDef, SecurityGroupTypeDef
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef, TargetGroupTypeDef

    from providers.aws.client import Clients
    from providers.aws.live.journal import Journal

CONTROLLER = "AWS Load Balancer Controller"

_NO_REFS: Mapping[str, Ref] = {}
_AS_IDS = Refs(_NO_REFS)  # ids stay ids: what they stand for is decided later


def read_incumbent(
    clients: Clients, looked_at: Iterable[str], *, index: Index, journal: Journal
) -> Incumbent:
    """Return what that controller made for the cluster that ``clients`` are of.

    Args:
        clients: Clients that read.
        looked_at: Settings (``managed.Managed``) that cost a call each, and that are wanted.
        index: The account's load balancers and target groups, other people's included.
        journal: What this process has tagged lately.
    """
    cluster = clients.target.identity.cluster_name

    def mine(tags: Mapping[str, str]) -> bool:
        theirs = tags.get(incumbent.CLUSTER) == cluster and incumbent.STACK in tags
        return theirs and marks.OWNER not in tags

    balancers = [b for b in index.others if mine(b.tags)]
    words = " ".join(looked_at)
    with ThreadPoolExecutor(THREADS) as pool:
        security = pool.submit(_read_security, clients, cluster)
        fronts = [b for b in index.other_networks if mine(b.tags)]
        groups = _target_groups(clients, index, [*balancers, *fronts], journal=journal)
        groups = [group for group in groups if mine(group.tags)]
        layered = [group for group in groups if not is_network_group(group)]
        found = [
            *(
                p
                for parts in pool.map(lambda b: _balancer(clients, b, words), balancers)
                for p in parts
            ),
            *(part for parts in pool.map(lambda g: _group(clients, g), layered) for part in parts),
            *foreign_networks(clients, fronts, filter(is_network_group, groups), journal=journal),
        ]
        scope = Scope(identity=clients.target.identity, groups=None)
        listeners = read_listeners(clients, scope, balancers, pool=pool, journal=journal, mine=mine)
        found += [
            part
            for listener in listeners
            for part in _of_listener(
                clients, listener, attributes=Managed.ATTRIBUTES in words.split()
            )
        ]
        found += security.result()
    ordered = sorted(found, key=lambda each: (each.kind, each.id, each.parent, each.order))
    return Incumbent(controller=CONTROLLER, resources=tuple(ordered))


def _target_groups(
    clients: Clients,
    index: Index,
    balancers: Sequence[Tagged[LoadBalancerTypeDef]],
    *,
    journal: Journal,
) -> list[Tagged[TargetGroupTypeDef]]:
    """Return the target groups that may be that controller's: of its load balancers, or of none."""
    arns = {balancer.id for balancer in balancers}
    candidates = [
        group
        for group in index.other_groups
        if not group.get("LoadBalancerArns") or arns.intersection(group["LoadBalancerArns"])
    ]
    tags = read_tags(clients, [group["TargetGroupArn"] for group in candidates], journal)
    return [
        Tagged(id=arn, description=group, tags=tags[arn])
        for group in candidates
        if (arn := group["TargetGroupArn"]) in tags
    ]


def _balancer(
    clients: Clients, balancer: Tagged[LoadBalancerTypeDef], words: str
) -> tuple[ForeignResource, ...]:
    """Return a load balancer and what guards it, as if its tags said that we set ``words``."""
    looked_at = replace(balancer, tags={MANAGES: words})
    guards = (
        ForeignResource(
            kind=each.kind,
            parent=balancer.id,
            spec=freeze_spec({"ResourceArn": balancer.id, **each.spec}),
            outputs=each.outputs,
        )
        for each in read_addons(clients, looked_at)
    )
    capacity = read_capacity(clients, looked_at)
    return (_load_balancer(clients, balancer, capacity), *guards)


def _load_balancer(
    clients: Clients, balancer: Tagged[LoadBalancerTypeDef], capacity: int | None
) -> ForeignResource:
    answer = balancer.description
    attributes = read_load_balancer_attributes(clients, balancer.id)
    return ForeignResource(
        kind=Kind.LOAD_BALANCER,
        id=balancer.id,
        name=answer["LoadBalancerName"],
        tags=balancer.tags,
        spec=normalise.load_balancer(answer, attributes, NO_STRINGS, _AS_IDS, capacity=capacity),
        outputs={"LoadBalancerArn": balancer.id, "DNSName": answer.get("DNSName", "")},
        state=answer.get("State", {}).get("Code", ""),
    )


def _group(
    clients: Clients, group: Tagged[TargetGroupTypeDef]
) -> tuple[ForeignResource, ForeignResource]:
    """Return a target group and what is registered with it."""
    attributes = read_target_group_attributes(clients, group.id)
    health = read_health(clients, group.id)
    return (
        ForeignResource(
            kind=Kind.TARGET_GROUP,
            id=group.id,
            name=group.description["TargetGroupName"],
            tags=group.tags,
            spec=normalise.target_group(group.description, attributes, NO_STRINGS),
            outputs={"TargetGroupArn": group.id},
            healthy=sum(each.get("TargetHealth", {}).get("State") == "healthy" for each in health),
        ),
        ForeignResource(
            kind=Kind.TARGETS,
            parent=group.id,
            spec=normalise.targets(group.id, health, _AS_IDS),
        ),
    )


def _of_listener(
    clients: Clients, listener: MarkedListener, *, attributes: bool
) -> Iterator[ForeignResource]:
    """Yield a listener, its certificates besides the default one, and its rules."""
    tagged = listener.tagged
    yield ForeignResource(
        kind=Kind.LISTENER,
        id=tagged.id,
        parent=tagged.description.get("LoadBalancerArn", ""),
        tags=tagged.tags,
        spec=normalise.listener(
            tagged.description,
            listener.default_certificate,
            NO_STRINGS,
            _AS_IDS,
            attributes=read_listener_attributes(clients, tagged.id) if attributes else (),
        ),
        outputs={"ListenerArn": tagged.id},
    )
    for arn in listener.certificates:
        yield ForeignResource(
            kind=Kind.LISTENER_CERTIFICATE,
            parent=tagged.id,
            name=arn,
            spec=normalise.listener_certificate(tagged.id, arn, _AS_IDS),
        )
    for rule in listener.rules:
        yield ForeignResource(
            kind=Kind.LISTENER_RULE,
            id=rule.id,
            parent=tagged.id,
            tags=rule.tags,
            spec=normalise.rule(rule.description, tagged.id, NO_STRINGS, _AS_IDS),
            outputs={"RuleArn": rule.id},
            title=rule_title(rule.description),
            order=normalise.priority(rule.description),
        )


# --- security groups --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Which rules of a security group belong together: one protocol, one range of ports."""

    group_id: str
    protocol: str
    first: int
    last: int


def _read_security(clients: Clients, cluster: str) -> list[ForeignResource]:
    """Return that controller's security groups and rules."""
    described = _described_groups(clients, f"tag:{incumbent.CLUSTER}", [cluster])
    groups = [group for group in described if marks.OWNER not in _tags(group)]
    frontends = [g for g in groups if incumbent.STACK in _tags(g)]
    backends = [
        g for g in groups if _tags(g).get(incumbent.BACKEND_RESOURCE) == incumbent.BACKEND_ROLE
    ]
    ids = {group["GroupId"] for group in backends}
    # A group that lets the backend group in is that of nodes or pods.
    endpoints = _described_groups(clients, "ip-permission.group-id", sorted(ids)) if ids else []
    opened = _rules_of(clients, [group["GroupId"] for group in endpoints])
    shared = [rule for rule in opened if _source(rule) in ids and _is_labelled(rule, endpoints)]
    fronts = _rules_of(clients, [group["GroupId"] for group in frontends])
    return [
        *(_security_group(group) for group in (*frontends, *backends)),
        *_ways(fronts),
        *_ways({**rule, "Description": incumbent.RULE_DESCRIPTION} for rule in shared),
    ]


def _described_groups(
    clients: Clients, name: str, values: Sequence[str]
) -> list[SecurityGroupTypeDef]:
    pages = clients.ec2.get_paginator("describe_security_groups").paginate(
        Filters=[{"Name": name, "Values": list(values)}]
    )
    return [each for page in pages for each in page["SecurityGroups"]]


def _rules_of(clients: Clients, group_ids: Sequence[str]) -> list[SecurityGroupRuleTypeDef]:
    """Return what these groups let in."""
    found: list[SecurityGroupRuleTypeDef] = []
    for batch in batches(sorted(group_ids), FILTER_VALUES):
        pages = clients.ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": list(batch)}]
        )
        found += [each for page in pages for each in page["SecurityGroupRules"]]
    incoming = (rule for rule in found if not rule.get("IsEgress"))
    return [rule for rule in incoming if marks.OWNER not in tag_mapping(rule.get("Tags", []))]


def _is_labelled(rule: SecurityGroupRuleTypeDef, groups: Iterable[SecurityGroupTypeDef]) -> bool:
    """Tell whether a rule bears that controller's description.

    AWS lists it with the rule and with the group; some emulators with the group alone.
    """
    if rule.get("Description"):
        return rule["Description"] == incumbent.RULE_DESCRIPTION
    return any(
        pair.get("Description") == incumbent.RULE_DESCRIPTION
        for group in groups
        if group["GroupId"] == rule["GroupId"]
        for permission in group.get("IpPermissions", [])
        if (permission.get("FromPort"), permission.get("ToPort")) == _ports(rule)
        for pair in permission.get("UserIdGroupPairs", [])
        if pair.get("GroupId") == _source(rule)
    )


def _security_group(answer: SecurityGroupTypeDef) -> ForeignResource:
    return ForeignResource(
        kind=Kind.SECURITY_GROUP,
        id=answer["GroupId"],
        name=answer["GroupName"],
        tags=_tags(answer),
        spec=normalise.security_group(answer, NO_STRINGS),
        outputs={"GroupId": answer["GroupId"]},
    )


def _ways(rules: Iterable[SecurityGroupRuleTypeDef]) -> Iterator[ForeignResource]:
    """Yield rules of one group and one range of ports together, as one resource of ours."""
    found: dict[_Way, list[SecurityGroupRuleTypeDef]] = {}
    for rule in sorted(rules, key=lambda each: each["SecurityGroupRuleId"]):
        first, last = _ports(rule)
        way = _Way(
            group_id=rule["GroupId"],
            protocol=rule["IpProtocol"],
            first=-1 if first is None else first,
            last=-1 if last is None else last,
        )
        found.setdefault(way, []).append(rule)
    for way, answers in found.items():
        ids = ",".join(answer["SecurityGroupRuleId"] for answer in answers)
        yield ForeignResource(
            kind=Kind.SECURITY_GROUP_RULE,
            id=ids,
            parent=way.group_id,
            tags=tag_mapping(answers[0].get("Tags", [])),
            spec=normalise.security_group_rule(answers, NO_STRINGS, _AS_IDS),
            outputs={"SecurityGroupRuleIds": ids},
            order=way.first,
        )


def _ports(rule: SecurityGroupRuleTypeDef) -> tuple[int | None, int | None]:
    return rule.get("FromPort"), rule.get("ToPort")


def _source(rule: SecurityGroupRuleTypeDef) -> str:
    return rule.get("ReferencedGroupInfo", {}).get("GroupId", "")


def _tags(group: SecurityGroupTypeDef) -> dict[str, str]:
    return tag_mapping(group.get("Tags", []))
