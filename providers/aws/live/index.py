"""Which load balancers and target groups of the account are ours.

Tags alone tell, and describing them costs a call per twenty resources, so an account full of other
people's load balancers makes every plan slow (LBC#1871 and its kin). Two facts of the API spare
most of that: a target group serves one load balancer at most, so one that serves somebody else's
need not be asked about; and only application load balancers, and network load balancers in front
of them, can be ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from providers.aws import marks
from providers.aws.client import Clients
from providers.aws.live.journal import Journal
from providers.aws.live.paging import TAGGED_ARNS, THREADS, batches, tag_mapping
from provisioner.model.errors import NotFound
from provisioner.model.kube import NO_STRINGS
from provisioner.model.settings import Identity

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef, TargetGroupTypeDef

D = TypeVar("D")

_APPLICATION, _NETWORK = "application", "network"
_TYPES = frozenset({_APPLICATION, _NETWORK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged(Generic[D]):
    """A description of something of ours, with its id and its tags."""

    id: str
    description: D
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What in the account is not ours: it counts against limits, and its names are taken.

    ``target_group_arns`` is the ARN of every target group by name, ours included.
    """

    load_balancers: int = 0
    target_groups: int = 0
    names: frozenset[str] = frozenset()
    network_load_balancers: int = 0
    target_group_arns: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    account_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Our load balancers and target groups, oldest or most used first, and the neighbours.

    ``others`` are the application load balancers that are not ours, with their tags;
    ``other_groups`` likewise, as far as listing told. ``networks`` are our network load balancers,
    ``other_networks`` those of others.
    """

    load_balancers: tuple[Tagged[LoadBalancerTypeDef], ...]
    target_groups: tuple[Tagged[TargetGroupTypeDef], ...]
    neighbours: Neighbours
    others: tuple[Tagged[LoadBalancerTypeDef], ...] = ()
    other_groups: tuple[TargetGroupTypeDef, ...] = ()
    networks: tuple[Tagged[LoadBalancerTypeDef], ...] = ()
    other_networks: tuple[Tagged[LoadBalancerTypeDef], ...] = ()


def read_index(clients: Clients, identity: Identity, journal: Journal) -> Index:
    """List the account's load balancers and target groups and pick out ours."""
    with ThreadPoolExecutor(THREADS) as pool:
        groups_coming = pool.submit(_target_groups, clients)
        balancers = _load_balancers(clients)
        layered = [b for b in balancers if b.get("Type") in _TYPES]
        tags = read_tags(clients, [b["LoadBalancerArn"] for b in layered], journal)
        described = [(b["LoadBalancerArn"], b) for b in layered]
        ours = _ours(described, tags=tags, identity=identity)
        others = [
            Tagged(id=arn, description=b, tags=tags[arn])
            for arn, b in described
            if arn in tags and not marks.is_ours(tags[arn], identity)
        ]
        groups = groups_coming.result()
    foreign = {b["LoadBalancerArn"] for b in balancers} - {b.id for b in ours}
    candidates = [g for g in groups if foreign.isdisjoint(g.get("LoadBalancerArns", []))]
    tags = read_tags(clients, [g["TargetGroupArn"] for g in candidates], journal)
    our_groups = _ours(((g["TargetGroupArn"], g) for g in candidates), tags=tags, identity=identity)
    known = {group.id for group in our_groups}
    return Index(
        load_balancers=_typed(ours, _APPLICATION),
        target_groups=tuple(sorted(our_groups, key=_use)),
        others=_typed(others, _APPLICATION),
        networks=_typed(ours, _NETWORK),
        other_networks=_typed(others, _NETWORK),
        other_groups=tuple(g for g in groups if g["TargetGroupArn"] not in known),
        neighbours=Neighbours(
            load_balancers=_count(balancers, _APPLICATION) - len(_typed(ours, _APPLICATION)),
            network_load_balancers=_count(balancers, _NETWORK) - len(_typed(ours, _NETWORK)),
            target_groups=len(groups) - len(our_groups),
            names=frozenset(
                b["LoadBalancerName"] for b in balancers if b["LoadBalancerArn"] in foreign
            ),
            target_group_arns=MappingProxyType(
                {g["TargetGroupName"]: g["TargetGroupArn"] for g in groups}
            ),
            account_id=_account((*(b["LoadBalancerArn"] for b in balancers), *tags)),
        ),
    )


def _typed(
    found: Iterable[Tagged[LoadBalancerTypeDef]], kind: str
) -> tuple[Tagged[LoadBalancerTypeDef], ...]:
    """Return those of one type, the oldest first."""
    return tuple(sorted((b for b in found if b.description.get("Type") == kind), key=_age))


def _count(balancers: Iterable[LoadBalancerTypeDef], kind: str) -> int:
    return sum(balancer.get("Type") == kind for balancer in balancers)


def read_tags(
    clients: Clients, arns: Sequence[str], journal: Journal
) -> dict[str, Mapping[str, str]]:
    """Return the tags of load balancing resources by ARN; one that is gone by now is absent."""
    found: dict[str, Mapping[str, str]] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for answers in pool.map(
            lambda batch: _described_tags(clients, batch), batches(arns, TAGGED_ARNS)
        ):
            found |= answers
    return {arn: tags or journal.tags(arn) for arn, tags in found.items()}


def _described_tags(clients: Clients, arns: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Return the tags of a batch; one missing resource fails a whole call, so halve the batch."""
    try:
        answer = clients.elbv2.describe_tags(ResourceArns=list(arns))
    except NotFound:
        if len(arns) == 1:
            return {}
        middle = len(arns) // 2
        return {
            **_described_tags(clients, arns[:middle]),
            **_described_tags(clients, arns[middle:]),
        }
    return {
        each["ResourceArn"]: tag_mapping(each.get("Tags", [])) for each in answer["TagDescriptions"]
    }


def _load_balancers(clients: Clients) -> list[LoadBalancerTypeDef]:
    pages = clients.elbv2.get_paginator("describe_load_balancers").paginate()
    return [each for page in pages for each in page["LoadBalancers"]]


def _target_groups(clients: Clients) -> list[TargetGroupTypeDef]:
    pages = clients.elbv2.get_paginator("describe_target_groups").paginate()
    return [each for page in pages for each in page["TargetGroups"]]


def _ours(
    described: Iterable[tuple[str, D]],
    *,
    tags: Mapping[str, Mapping[str, str]],
    identity: Identity,
) -> list[Tagged[D]]:
    return [
        Tagged(id=arn, description=description, tags=tags[arn])
        for arn, description in described
        if arn in tags and marks.is_ours(tags[arn], identity)
    ]


def _age(balancer: Tagged[LoadBalancerTypeDef]) -> tuple[str, str]:
    created = balancer.description.get("CreatedTime")
    return (created.isoformat() if created else "", balancer.id)


def _use(group: Tagged[TargetGroupTypeDef]) -> tuple[bool, str]:
    return (not group.description.get("LoadBalancerArns"), group.id)


def _account(arns: Iterable[str]) -> str:
    """Return the account number that ARNs name, "" where there is none."""
    return next((arn.split(":")[4] for arn in arns if arn.count(":") >= 5), "")  # noqa: PLR2004 - the number is an ARN's fifth part
