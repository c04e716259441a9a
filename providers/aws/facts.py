"""Read what an account says: the answer to a ``Wanted``, in as few calls as it takes.

Nothing is listed that the question does not need, every listing is made once, and independent
ones are made side by side.

What is not found is absent. Judging that is the pure part's business, which can say whose mistake
it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws.account import Facts, SecurityGroup, Subnet, Vpc, Wanted
from providers.aws.client import Clients
from providers.aws.live.acm import read_certificates
from providers.aws.live.index import Neighbours
from providers.aws.live.instances import Machine, read_machines, read_pod_groups
from providers.aws.live.named import read_named
from providers.aws.live.paging import FILTER_VALUES, THREADS, batches, tag_mapping

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        FilterTypeDef,
        RouteTableTypeDef,
        SubnetTypeDef,
        VpcTypeDef,
    )

ROLE_TAGS = ("kubernetes.io/role/elb", "kubernetes.io/role/internal-elb")
DEFAULT_ROUTE = "0.0.0.0/0"


def read_facts(clients: Clients, wanted: Wanted, *, neighbours: Neighbours, now: datetime) -> Facts:
    """Return what the account says about what is wanted.

    Args:
        clients: Clients that read.
        wanted: The question.
        neighbours: What the index of load balancers and target groups found that is not ours.
        now: The time, in UTC; all that planning will know of it.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        certificates = pool.submit(read_certificates, clients, wanted)
        named = pool.submit(read_named, clients, wanted)
        machines = read_machines(clients, wanted)
        pods = pool.submit(read_pod_groups, clients, wanted, machines)
        vpc, problem = _vpc(clients, wanted, machines)
        subnets = pool.submit(_subnets, clients, vpc)
        groups = _groups_carried(machines, pods.result())
        security_groups = _security_groups(clients, wanted, vpc, groups)
        accounts = [neighbours.account_id, *(machine.account_id for machine in machines.values())]
        return Facts(
            observed_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            account_id=next((account for account in accounts if account), ""),
            region=clients.region,
            partition=clients.partition,
            vpc=vpc,
            vpc_problem=problem,
            subnets=subnets.result(),
            security_groups=security_groups,
            certificates=certificates.result(),
            instances=MappingProxyType({i: machine.facts for i, machine in machines.items()}),
            pod_groups=pods.result(),
            load_balancers=neighbours.load_balancers,
            target_groups=neighbours.target_groups,
            network_load_balancers=neighbours.network_load_balancers,
            existing_names=neighbours.names,
            web_acls=named.result().web_acls,
            trust_stores=named.result().trust_stores,
            ssl_policies=named.result().ssl_policies,
            log_buckets=named.result().log_buckets,
            foreign_target_groups=_target_groups(wanted, neighbours),
            shield_subscribed=named.result().shield_subscribed,
            protections=named.result().protections,
            unread=named.result().unread,
        )


def _target_groups(wanted: Wanted, neighbours: Neighbours) -> Mapping[str, str]:
    """Return the ARN of each target group that actions name; the index has listed them all."""
    known = frozenset(neighbours.target_group_arns.values())
    return MappingProxyType(
        {
            name: name if name in known else neighbours.target_group_arns.get(name, "")
            for name in wanted.target_groups
        }
    )


def _vpc(
    clients: Clients, wanted: Wanted, machines: Mapping[str, Machine]
) -> tuple[Vpc | None, str]:
    """Return the VPC, or why there is none to be told."""
    of_nodes = sorted({machine.facts.vpc_id for machine in machines.values()} - {""})
    if wanted.vpc_id:
        return _described_vpc(clients, wanted.vpc_id)
    if len(of_nodes) > 1:
        return None, f"the nodes are in several VPCs ({', '.join(of_nodes)}); name one"
    if of_nodes:
        return _described_vpc(clients, of_nodes[0])
    tagged = _vpcs_with_roles(clients)
    if len(tagged) == 1:
        return _described_vpc(clients, tagged[0])
    return None, _candidates(clients, tagged)


def _described_vpc(clients: Clients, vpc_id: str) -> tuple[Vpc | None, str]:
    vpcs = _vpcs(clients, [{"Name": "vpc-id", "Values": [vpc_id]}])
    if not vpcs:
        return None, f"there is no VPC {vpc_id} in {clients.region}"
    sixes = vpcs[0].get("Ipv6CidrBlockAssociationSet", [])
    fours = [a.get("CidrBlock", "") for a in vpcs[0].get("CidrBlockAssociationSet", [])]
    return (
        Vpc(
            id=vpc_id,
            cidrs=tuple(sorted({vpcs[0].get("CidrBlock", ""), *fours} - {""})),
            ipv6_cidrs=tuple(sorted({a.get("Ipv6CidrBlock", "") for a in sixes} - {""})),
        ),
        "",
    )


def _vpcs(clients: Clients, filters: list[FilterTypeDef]) -> list[VpcTypeDef]:
    pages = clients.ec2.get_paginator("describe_vpcs").paginate(Filters=filters)
    return [vpc for page in pages for vpc in page["Vpcs"]]


def _vpcs_with_roles(clients: Clients) -> list[str]:
    """Return the VPCs that have subnets with a role tag; one question for each tag.

    A filter of two tag keys means "either" to AWS and "both" to some emulators.
    """
    found: set[str] = set()
    for tag in ROLE_TAGS:
        pages = clients.ec2.get_paginator("describe_subnets").paginate(
            Filters=[{"Name": "tag-key", "Values": [tag]}]
        )
        found |= {subnet["VpcId"] for page in pages for subnet in page["Subnets"]}
    return sorted(found)


def _candidates(clients: Clients, tagged: Sequence[str]) -> str:
    """Return why no VPC could be chosen, with those there are."""
    listed = [
        f"{vpc['VpcId']} ({tag_mapping(vpc.get('Tags', [])).get('Name') or 'no name'},"
        f" {vpc.get('CidrBlock', '')})"
        for vpc in sorted(_vpcs(clients, []), key=lambda vpc: vpc["VpcId"])
        if not tagged or vpc["VpcId"] in tagged
    ]
    if not listed:
        return f"there is no VPC in {clients.region}"
    reason = "several VPCs have" if tagged else "no node is known and no VPC has"
    return f"{reason} subnets with a {ROLE_TAGS[0]} tag; the candidates are {', '.join(listed)}"


def _subnets(clients: Clients, vpc: Vpc | None) -> tuple[Subnet, ...]:
    if vpc is None:
        return ()
    here: list[FilterTypeDef] = [{"Name": "vpc-id", "Values": [vpc.id]}]
    pages = clients.ec2.get_paginator("describe_subnets").paginate(Filters=here)
    subnets = [subnet for page in pages for subnet in page["Subnets"]]
    tables = clients.ec2.get_paginator("describe_route_tables").paginate(Filters=here)
    public = _PublicSubnets([table for page in tables for table in page["RouteTables"]])
    kinds = _zone_types(clients, {subnet["AvailabilityZone"] for subnet in subnets})
    found = (
        _subnet(subnet, public=subnet["SubnetId"] in public, kinds=kinds) for subnet in subnets
    )
    return tuple(sorted(found, key=lambda subnet: subnet.id))


def _subnet(subnet: SubnetTypeDef, *, public: bool, kinds: Mapping[str, str]) -> Subnet:
    zone = subnet["AvailabilityZone"]
    return Subnet(
        id=subnet["SubnetId"],
        zone=zone,
        cidr=subnet.get("CidrBlock", ""),
        free_addresses=subnet.get("AvailableIpAddressCount", 0),
        public=public,
        ipv6=any(a.get("Ipv6CidrBlock") for a in subnet.get("Ipv6CidrBlockAssociationSet", [])),
        zone_type="outpost" if subnet.get("OutpostArn") else kinds.get(zone, "availability-zone"),
        tags=MappingProxyType(tag_mapping(subnet.get("Tags", []))),
    )


class _PublicSubnets:
    """Which subnets lead 0.0.0.0/0 to an internet gateway: by their own route table, else main."""

    def __init__(self, tables: Sequence[RouteTableTypeDef]) -> None:
        self._own: dict[str, bool] = {}
        self._main = False
        for table in tables:
            leads_out = any(
                route.get("DestinationCidrBlock") == DEFAULT_ROUTE
                and route.get("GatewayId", "").startswith("igw-")
                for route in table.get("Routes", [])
            )
            for association in table.get("Associations", []):
                if subnet := association.get("SubnetId"):
                    self._own[subnet] = leads_out
                elif association.get("Main"):
                    self._main = leads_out

    def __contains__(self, subnet_id: str) -> bool:
        return self._own.get(subnet_id, self._main)


def _zone_types(clients: Clients, zones: Iterable[str]) -> Mapping[str, str]:
    """Return the kind of each zone; ordinary ones show it in their name (region and a letter)."""
    unusual = [zone for zone in zones if len(zone.removeprefix(clients.region)) != 1]
    if not unusual:
        return MappingProxyType({})
    answer = clients.ec2.describe_availability_zones(ZoneNames=sorted(unusual))
    return MappingProxyType(
        {
            zone["ZoneName"]: zone.get("ZoneType", "availability-zone")
            for zone in answer["AvailabilityZones"]
        }
    )


def _groups_carried(
    machines: Mapping[str, Machine], pods: Mapping[str, tuple[str, ...]]
) -> set[str]:
    carried = {group for machine in machines.values() for group in machine.facts.security_groups}
    return carried | {group for groups in pods.values() for group in groups}


def _security_groups(
    clients: Clients, wanted: Wanted, vpc: Vpc | None, carried: set[str]
) -> tuple[SecurityGroup, ...]:
    """Return the groups that are wanted, by id or Name tag, and those that endpoints carry."""
    ids = sorted({g for g in wanted.security_groups if g.startswith("sg-")} | carried - {""})
    names = sorted({g for g in wanted.security_groups if not g.startswith("sg-")})
    filters: list[list[FilterTypeDef]] = [
        [{"Name": "group-id", "Values": list(batch)}] for batch in batches(ids, FILTER_VALUES)
    ]
    here: list[FilterTypeDef] = [] if vpc is None else [{"Name": "vpc-id", "Values": [vpc.id]}]
    filters += [
        [{"Name": "tag:Name", "Values": list(batch)}, *here]
        for batch in batches(names, FILTER_VALUES)
    ]
    found: dict[str, SecurityGroup] = {}
    for each in filters:
        pages = clients.ec2.get_paginator("describe_security_groups").paginate(Filters=each)
        for group in (group for page in pages for group in page["SecurityGroups"]):
            found[group["GroupId"]] = SecurityGroup(
                id=group["GroupId"],
                name=group.get("GroupName", ""),
                tags=MappingProxyType(tag_mapping(group.get("Tags", []))),
            )
    return tuple(found[group] for group in sorted(found))
