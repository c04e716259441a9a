"""Read the network load balancers in front of ours, and say them as the plan would.

They have listeners without rules, certificates or attributes, and target groups whose one target is
a load balancer of ours; so they are read with fewer calls than the load balancers behind, and the
account-wide listings serve both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.aws import addresses, marks
from providers.aws.addresses import Kind
from providers.aws.client import Clients
from providers.aws.live.index import Index, Tagged, read_tags
from providers.aws.live.journal import Journal
from providers.aws.live.listing import Scope, read_health, read_load_balancer_attributes
from providers.aws.live.normalise import load_balancer, target_group
from providers.aws.live.plain import Object, Plain, Refs, spec_of
from provisioner.model.errors import NotFound
from provisioner.model.resource import ObservedResource, Ref, Spec, freeze_spec

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        ListenerTypeDef,
        LoadBalancerTypeDef,
        TargetGroupTypeDef,
        TargetHealthDescriptionTypeDef,
    )

_TARGET_TYPE = "alb"
_DRAINING, _HEALTHY = "draining", "healthy"

Placed = tuple[Kind, str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What was read of the groups that were asked for."""

    balancers: tuple[tuple[Tagged[LoadBalancerTypeDef], Sequence[Object]], ...]
    listeners: tuple[Tagged[ListenerTypeDef], ...]
    groups: tuple[tuple[Tagged[TargetGroupTypeDef], Sequence[TargetHealthDescriptionTypeDef]], ...]

    def placed(self, index: Index) -> Iterator[Placed]:
        """Yield everything that has an address, what nobody asked for included."""
        yield from ((Kind.NETWORK_LOAD_BALANCER, b.id, b.tags) for b in index.networks)
        yield from ((Kind.NETWORK_LISTENER, each.id, each.tags) for each in self.listeners)
        for group in filter(is_network_group, index.target_groups):
            yield Kind.NETWORK_TARGET_GROUP, group.id, group.tags


def is_network_group(group: Tagged[TargetGroupTypeDef]) -> bool:
    """Tell whether the target of a target group is a load balancer."""
    return group.description.get("TargetType") == _TARGET_TYPE


def read_networks(
    clients: Clients, scope: Scope, *, index: Index, journal: Journal, pool: ThreadPoolExecutor
) -> Networks:
    """Return the network load balancers that are asked for, with their parts."""
    balancers = [b for b in index.networks if scope.has(b.tags)]
    groups = [g for g in index.target_groups if is_network_group(g) and scope.has(g.tags)]
    attributes = pool.map(lambda b: read_load_balancer_attributes(clients, b.id), balancers)
    health = pool.map(lambda g: read_health(clients, g.id), groups)
    found = [
        listener
        for listeners in pool.map(lambda b: read_plain_listeners(clients, b.id), balancers)
        for listener in listeners
    ]
    tags = read_tags(clients, [each["ListenerArn"] for each in found], journal) if found else {}
    return Networks(
        balancers=tuple(zip(balancers, attributes, strict=True)),
        listeners=tuple(
            Tagged(id=arn, description=each, tags=tags[arn])
            for each in found
            if (arn := each["ListenerArn"]) in tags and marks.is_ours(tags[arn], scope.identity)
        ),
        groups=tuple(zip(groups, health, strict=True)),
    )


def read_plain_listeners(clients: Clients, arn: str) -> list[ListenerTypeDef]:
    """Return the listeners of a load balancer; none where it has disappeared."""
    pages = clients.elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
    try:
        found = [each for page in pages for each in page["Listeners"]]
    except NotFound:
        return []
    return sorted(found, key=lambda listener: listener["ListenerArn"])


def of_networks(found: Networks, refs: Refs) -> Iterable[ObservedResource]:
    """Return what was read as resources."""
    for balancer, attributes in found.balancers:
        yield from _balancer(balancer, attributes, refs)
    for listener in found.listeners:
        yield from _listener(listener, refs)
    for group, health in found.groups:
        yield from _group(group, health, refs)


def _balancer(
    balancer: Tagged[LoadBalancerTypeDef], attributes: Sequence[Object], refs: Refs
) -> Iterator[ObservedResource]:
    ref, answer = refs.of(balancer.id), balancer.description
    if isinstance(ref, Ref):
        yield ObservedResource(
            kind=Kind.NETWORK_LOAD_BALANCER.value,
            address=ref.address,
            group=marks.group_of(balancer.tags),
            name=answer["LoadBalancerName"],
            spec=network_load_balancer(answer, attributes, balancer.tags, refs),
            outputs={"LoadBalancerArn": balancer.id, "DNSName": answer.get("DNSName", "")},
            state=answer.get("State", {}).get("Code", ""),
        )


def network_load_balancer(
    answer: LoadBalancerTypeDef, attributes: Sequence[Object], tags: Mapping[str, str], refs: Refs
) -> Spec:
    """Return the spec of a network load balancer; fixed addresses are said with their subnets."""
    mappings: list[Plain] = [
        {"SubnetId": zone.get("SubnetId", ""), "AllocationId": allocation}
        for zone in answer.get("AvailabilityZones", [])
        for address in zone.get("LoadBalancerAddresses", [])
        if (allocation := address.get("AllocationId", ""))
    ]
    mappings.sort(key=lambda mapping: str(mapping["SubnetId"]))
    spec = load_balancer(answer, attributes, tags, refs)
    return freeze_spec({**spec, "SubnetMappings": mappings} if mappings else spec)


def _listener(listener: Tagged[ListenerTypeDef], refs: Refs) -> Iterator[ObservedResource]:
    ref = refs.of(listener.id)
    if isinstance(ref, Ref):
        yield ObservedResource(
            kind=Kind.NETWORK_LISTENER.value,
            address=ref.address,
            group=marks.group_of(listener.tags),
            spec=network_listener(listener.description, listener.tags, refs),
            outputs={"ListenerArn": listener.id},
        )


def network_listener(answer: ListenerTypeDef, tags: Mapping[str, str], refs: Refs) -> Spec:
    """Return the spec of a listener of a network load balancer: where it forwards to."""
    return spec_of(
        LoadBalancerArn=refs.of(answer.get("LoadBalancerArn", "")),
        Protocol=answer.get("Protocol", ""),
        Port=answer.get("Port", 0),
        DefaultActions=[
            {"Type": "forward", "TargetGroupArn": refs.of(arn)}
            for action in answer.get("DefaultActions", [])
            if (arn := _forwarded(action))
        ],
        Tags=marks.managed(tags),
    )


def _forwarded(action: Object) -> str:
    """Return the target group of an action, which AWS says in one or two places."""
    config = action.get("ForwardConfig")
    listed = config.get("TargetGroups") if isinstance(config, Mapping) else None
    first = listed[0] if isinstance(listed, list) and listed else {}
    return str(action.get("TargetGroupArn") or first.get("TargetGroupArn") or "")


def _group(
    group: Tagged[TargetGroupTypeDef],
    health: Sequence[TargetHealthDescriptionTypeDef],
    refs: Refs,
) -> Iterator[ObservedResource]:
    ref = refs.of(group.id)
    if not isinstance(ref, Ref):
        return
    name = marks.group_of(group.tags)
    yield ObservedResource(
        kind=Kind.NETWORK_TARGET_GROUP.value,
        address=ref.address,
        group=name,
        name=group.description["TargetGroupName"],
        spec=target_group(group.description, (), group.tags),
        outputs={"TargetGroupArn": group.id},
        healthy=sum(each.get("TargetHealth", {}).get("State") == _HEALTHY for each in health),
    )
    yield ObservedResource(
        kind=Kind.NETWORK_TARGETS.value,
        address=addresses.network_targets_of(ref.address),
        group=name,
        spec=network_targets(group.id, health, refs),
    )


def network_targets(arn: str, health: Iterable[TargetHealthDescriptionTypeDef], refs: Refs) -> Spec:
    """Return the spec of what is registered: load balancers, ours as Refs."""
    targets: list[Plain] = [
        {"Id": refs.of(each["Target"]["Id"]), "Port": each["Target"].get("Port", 0)}
        for each in health
        if each.get("TargetHealth", {}).get("State") != _DRAINING
    ]
    targets.sort(key=lambda target: (str(target["Id"]), str(target["Port"])))
    return freeze_spec({"TargetGroupArn": refs.of(arn), "Targets": targets})
