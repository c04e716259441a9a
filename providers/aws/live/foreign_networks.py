"""Read the network load balancers that AWS Load Balancer Controller put in front of load balancers.

They bear its tags like everything else that it makes; what is registered with their target groups
is found by the target group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from providers.aws.addresses import Kind
from providers.aws.live.index import Tagged, read_tags
from providers.aws.live.listing import read_health, read_load_balancer_attributes
from providers.aws.live.networks import (
    network_listener,
    network_load_balancer,
    network_targets,
    read_plain_listeners,
)
from providers.aws.live.normalise import target_group
from providers.aws.live.plain import Refs
from provisioner.model.incumbent import ForeignResource
from provisioner.model.kube import NO_STRINGS

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef, TargetGroupTypeDef

    from providers.aws.client import Clients
    from providers.aws.live.journal import Journal

_AS_IDS = Refs({})  # ids stay ids: what they stand for is decided later


def foreign_networks(
    clients: Clients,
    balancers: Iterable[Tagged[LoadBalancerTypeDef]],
    groups: Iterable[Tagged[TargetGroupTypeDef]],
    *,
    journal: Journal,
) -> Iterator[ForeignResource]:
    """Yield network load balancers with their listeners, and their target groups with targets."""
    for balancer in balancers:
        attributes = read_load_balancer_attributes(clients, balancer.id)
        yield ForeignResource(
            kind=Kind.NETWORK_LOAD_BALANCER,
            id=balancer.id,
            name=balancer.description["LoadBalancerName"],
            tags=balancer.tags,
            spec=network_load_balancer(balancer.description, attributes, NO_STRINGS, _AS_IDS),
            outputs={
                "LoadBalancerArn": balancer.id,
                "DNSName": balancer.description.get("DNSName", ""),
            },
            state=balancer.description.get("State", {}).get("Code", ""),
        )
        yield from _listeners(clients, balancer.id, journal)
    for group in groups:
        yield from _group(clients, group)


def _listeners(clients: Clients, arn: str, journal: Journal) -> Iterator[ForeignResource]:
    found = read_plain_listeners(clients, arn)
    tags = read_tags(clients, [each["ListenerArn"] for each in found], journal) if found else {}
    for listener in found:
        identifier = listener["ListenerArn"]
        yield ForeignResource(
            kind=Kind.NETWORK_LISTENER,
            id=identifier,
            parent=arn,
            tags=tags.get(identifier, NO_STRINGS),
            spec=network_listener(listener, NO_STRINGS, _AS_IDS),
            outputs={"ListenerArn": identifier},
        )


def _group(clients: Clients, group: Tagged[TargetGroupTypeDef]) -> Iterator[ForeignResource]:
    yield ForeignResource(
        kind=Kind.NETWORK_TARGET_GROUP,
        id=group.id,
        name=group.description["TargetGroupName"],
        tags=group.tags,
        spec=target_group(group.description, (), NO_STRINGS),
        outputs={"TargetGroupArn": group.id},
    )
    yield ForeignResource(
        kind=Kind.NETWORK_TARGETS,
        parent=group.id,
        spec=network_targets(group.id, read_health(clients, group.id), _AS_IDS),
    )
