"""Pools of addresses, and load balancers that take theirs from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, refused

if TYPE_CHECKING:
    from types_boto3_ec2.literals import AddressFamilyType
    from types_boto3_ec2.type_defs import TagTypeDef


def ipam_pool(bench: Workbench, family: AddressFamilyType = "ipv4", **tags: str) -> str:
    """Make a pool of IPAM."""
    scope = bench.ec2.create_ipam()["Ipam"]["PublicDefaultScopeId"]
    pairs: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in tags.items()]
    answer = bench.ec2.create_ipam_pool(
        IpamScopeId=scope,
        AddressFamily=family,
        TagSpecifications=[{"ResourceType": "ipam-pool", "Tags": pairs}],
    )
    return answer["IpamPool"]["IpamPoolId"]


def pool_of(bench: Workbench, balancer: str) -> str | None:
    """The pool a load balancer takes its addresses from."""
    (found,) = bench.elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    return found.get("IpamPools", {}).get("Ipv4IpamPoolId")


def test_pools_are_found_by_id_and_tag(bench: Workbench) -> None:
    """DescribeIpamPools with ids and filters; an unknown id is refused."""
    wanted, other = ipam_pool(bench, Name="edge"), ipam_pool(bench, Name="other")

    by_tag = bench.ec2.describe_ipam_pools(Filters=[{"Name": "tag:Name", "Values": ["edge"]}])
    both = bench.ec2.describe_ipam_pools(IpamPoolIds=[wanted, other])

    assert [each["IpamPoolId"] for each in by_tag["IpamPools"]] == [wanted]
    assert len(both["IpamPools"]) == 2
    with refused("InvalidIpamPoolId.NotFound"):
        bench.ec2.describe_ipam_pools(IpamPoolIds=["ipam-pool-00000000000000000"])


def test_a_load_balancer_takes_its_addresses_from_a_pool(bench: Workbench) -> None:
    """At creation, from another pool later (ModifyIpPools), and from Amazon again."""
    first, second = ipam_pool(bench), ipam_pool(bench)
    balancer = bench.balancer(IpamPools={"Ipv4IpamPoolId": first})
    seen = [pool_of(bench, balancer)]

    bench.elbv2.modify_ip_pools(LoadBalancerArn=balancer, IpamPools={"Ipv4IpamPoolId": second})
    seen.append(pool_of(bench, balancer))
    with refused("DependencyViolation"):
        bench.ec2.delete_ipam_pool(IpamPoolId=second)
    bench.elbv2.modify_ip_pools(LoadBalancerArn=balancer, RemoveIpamPools=["ipv4"])
    seen.append(pool_of(bench, balancer))

    assert seen == [first, second, None]


def test_a_pool_must_fit_the_load_balancer(bench: Workbench) -> None:
    """It exists, holds IPv4, and the load balancer faces the internet and is an application one."""
    fitting, six = ipam_pool(bench), ipam_pool(bench, family="ipv6")

    for pool, changes in (
        ("ipam-pool-00000000000000000", {}),
        (six, {}),
        (fitting, {"Scheme": "internal"}),
        (fitting, {"Type": "network"}),
    ):
        with refused("InvalidConfigurationRequest"):
            bench.balancer(IpamPools={"Ipv4IpamPoolId": pool}, **changes)


def test_customer_owned_pools_are_kept(bench: Workbench) -> None:
    """CustomerOwnedIpv4Pool reads back; it must exist (DescribeCoipPools)."""
    pool = bench.ec2.create_coip_pool(LocalGatewayRouteTableId="lgw-rtb-0")["CoipPool"]["PoolId"]
    balancer = bench.balancer(CustomerOwnedIpv4Pool=pool)

    (found,) = bench.elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    listed = bench.ec2.describe_coip_pools(PoolIds=[pool])["CoipPools"]

    assert found["CustomerOwnedIpv4Pool"] == pool
    assert [each["PoolId"] for each in listed] == [pool]
    with refused("InvalidConfigurationRequest"):
        bench.balancer("other", CustomerOwnedIpv4Pool="ipv4pool-coip-00000000000000000")


def test_a_dry_run_says_so(bench: Workbench) -> None:
    """DryRunOperation, as for every EC2 operation."""
    with refused("DryRunOperation"):
        bench.ec2.describe_ipam_pools(DryRun=True)


@pytest.mark.parametrize(
    ("scheme", "kind"), [("internal", "application"), ("internet-facing", "network")]
)
def test_public_ipv4_can_be_left_out_only_where_it_would_be(
    bench: Workbench, scheme: str, kind: str
) -> None:
    """dualstack-without-public-ipv4: internet-facing application load balancers only."""
    with refused("InvalidConfigurationRequest", saying="internet-facing application"):
        bench.balancer(IpAddressType="dualstack-without-public-ipv4", Scheme=scheme, Type=kind)


def test_public_ipv4_needs_ipv6_in_its_place(bench: Workbench) -> None:
    """The subnets must have an IPv6 block."""
    balancer = bench.balancer()

    with refused("InvalidConfigurationRequest", saying="IPv6 CIDR block"):
        bench.elbv2.set_ip_address_type(
            LoadBalancerArn=balancer, IpAddressType="dualstack-without-public-ipv4"
        )
