"""Load balancers: creation, names, subnets, groups, attributes, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, forward, not_found, refused

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef


def only(bench: Workbench) -> LoadBalancerTypeDef:
    """The only load balancer."""
    (found,) = bench.elbv2.describe_load_balancers()["LoadBalancers"]
    return found


def test_a_repeated_create_returns_the_existing_one(bench: Workbench) -> None:
    """CreateLoadBalancer is idempotent: same name and settings, same ARN."""
    assert bench.balancer("web") == bench.balancer("web")


@pytest.mark.parametrize(
    "change",
    [{"Scheme": "internal"}, {"Tags": [{"Key": "team", "Value": "a"}]}],
    ids=["scheme", "tags"],
)
def test_a_taken_name_with_other_settings_is_refused(
    bench: Workbench, change: dict[str, object]
) -> None:
    """DuplicateLoadBalancerName, so that a lost answer cannot hide a difference."""
    bench.balancer("web")

    with refused("DuplicateLoadBalancerName"):
        bench.balancer("web", **change)


@pytest.mark.parametrize("name", ["a" * 33, "-web", "web-", "internal-web", "w_eb"])
def test_malformed_names_are_refused(bench: Workbench, name: str) -> None:
    """32 characters, letters, digits and hyphens, not at the ends, no prefix "internal-"."""
    with refused("ValidationError"):
        bench.balancer(name)


def test_one_zone_is_not_enough(bench: Workbench) -> None:
    """At least two subnets in two zones."""
    with refused("ValidationError", saying="two different Availability Zones"):
        bench.balancer(Subnets=bench.public_ids[:1])


def test_two_subnets_of_one_zone_are_refused(bench: Workbench) -> None:
    """One subnet per zone."""
    public, private = bench.account.public_subnets[0], bench.account.private_subnets[0]

    with refused("InvalidConfigurationRequest", saying="same Availability Zone"):
        bench.balancer(Subnets=[public.subnet_id, private.subnet_id])


def test_an_unknown_subnet_is_refused(bench: Workbench) -> None:
    """SubnetNotFound."""
    with refused("SubnetNotFound"):
        bench.balancer(Subnets=[bench.public_ids[0], "subnet-0123456789abcdef0"])


def test_a_subnet_needs_eight_free_addresses(bench: Workbench) -> None:
    """InvalidSubnet when a subnet is nearly full."""
    small = [
        bench.ec2.create_subnet(
            VpcId=bench.account.vpc_id,
            CidrBlock=f"10.0.{20 + index}.0/28",
            AvailabilityZone=each.zone,
        )["Subnet"]["SubnetId"]
        for index, each in enumerate(bench.account.public_subnets[:2])
    ]
    for subnet in small:
        bench.ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=5)

    with refused("InvalidSubnet", saying="at least 8 free"):
        bench.balancer(Subnets=small)


def test_a_public_one_needs_an_internet_gateway(bench: Workbench) -> None:
    """InvalidSubnet in a VPC without one; an internal load balancer is fine there."""
    vpc = bench.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        bench.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{index}.0/24", AvailabilityZone=zone)[
            "Subnet"
        ]["SubnetId"]
        for index, zone in enumerate(("eu-central-1a", "eu-central-1b"))
    ]

    bench.balancer("inside", Subnets=subnets, Scheme="internal")
    with refused("InvalidSubnet", saying="no internet gateway"):
        bench.balancer("outside", Subnets=subnets)


def test_a_foreign_security_group_is_refused(bench: Workbench) -> None:
    """The group must exist, in the same VPC, and an interface carries five at most."""
    vpc = bench.ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    foreign = bench.ec2.create_security_group(GroupName="f", Description="f", VpcId=vpc)["GroupId"]
    many = [bench.security_group() for _ in range(6)]

    with refused("InvalidSecurityGroup"):
        bench.balancer(SecurityGroups=["sg-0123456789abcdef0"])
    with refused("InvalidConfigurationRequest"):
        bench.balancer(SecurityGroups=[foreign])
    with refused("InvalidConfigurationRequest", saying="'5'"):
        bench.balancer(SecurityGroups=many)


def test_provisioning_takes_the_configured_time(bench: Workbench) -> None:
    """The create answer says provisioning; so do reads until the time has passed."""
    bench.cloud.configure(provisioning_seconds=120)
    bench.balancer()

    assert only(bench)["State"]["Code"] == "provisioning"
    bench.cloud.advance(120)
    assert only(bench)["State"]["Code"] == "active"


def test_names_tell_the_scheme(bench: Workbench) -> None:
    """The DNS name of an internal load balancer begins with "internal-"."""
    bench.balancer("inside", Scheme="internal")

    assert only(bench)["DNSName"].startswith("internal-inside-")
    assert only(bench)["DNSName"].endswith(".eu-central-1.elb.amazonaws.com")


def test_interfaces_appear_in_every_subnet(bench: Workbench) -> None:
    """DescribeNetworkInterfaces shows them under the description and groups AWS gives them."""
    group = bench.security_group()
    balancer = bench.balancer("web", SecurityGroups=[group])

    found = bench.ec2.describe_network_interfaces(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["NetworkInterfaces"]

    assert {each["SubnetId"] for each in found} == set(bench.public_ids[:2])
    assert {each["Description"] for each in found} == {
        "ELB " + balancer.partition("loadbalancer/")[2]
    }


def test_interfaces_follow_the_subnets(bench: Workbench) -> None:
    """SetSubnets moves them; the interface of a kept subnet stays the same."""
    balancer = bench.balancer("web")
    before = _interfaces(bench)

    answer = bench.elbv2.set_subnets(LoadBalancerArn=balancer, Subnets=bench.public_ids[1:3])

    after = _interfaces(bench)
    kept = bench.public_ids[1]
    assert [each["SubnetId"] for each in answer["AvailabilityZones"]] == bench.public_ids[1:3]
    assert set(after) == set(bench.public_ids[1:3])
    assert after[kept] == before[kept]


def test_interfaces_follow_the_security_groups(bench: Workbench) -> None:
    """SetSecurityGroups replaces the groups of the interfaces, too."""
    first, second = bench.security_group(), bench.security_group()
    balancer = bench.balancer("web", SecurityGroups=[first])

    bench.elbv2.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[second])

    assert only(bench)["SecurityGroups"] == [second]
    bench.ec2.delete_security_group(GroupId=first)
    with refused("DependencyViolation"):
        bench.ec2.delete_security_group(GroupId=second)


def test_dual_stack_needs_ipv6_subnets(bench: Workbench) -> None:
    """The subnets of the account have IPv4 blocks only."""
    balancer = bench.balancer()

    with refused("InvalidConfigurationRequest", saying="IPv6"):
        bench.elbv2.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="dualstack")


def test_deletion_protection_is_honoured(bench: Workbench) -> None:
    """OperationNotPermitted until the attribute is switched off."""
    balancer = bench.balancer()
    _set(bench, balancer, "deletion_protection.enabled", "true")

    with refused("OperationNotPermitted"):
        bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    _set(bench, balancer, "deletion_protection.enabled", "false")
    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)

    assert bench.elbv2.describe_load_balancers()["LoadBalancers"] == []


def test_deleting_takes_listeners_and_rules_along(bench: Workbench) -> None:
    """Target groups stay and are free again; a second delete succeeds (API reference)."""
    balancer = bench.balancer()
    listener = bench.listener(balancer)
    group = bench.group()
    rule = bench.rule(listener, Actions=[forward(group)])

    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)

    with refused("ListenerNotFound"):
        bench.elbv2.describe_listeners(ListenerArns=[listener])
    with refused("RuleNotFound"):
        bench.elbv2.describe_rules(RuleArns=[rule])
    (left,) = bench.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert left["LoadBalancerArns"] == []


def test_a_deleted_one_is_not_found(bench: Workbench) -> None:
    """LoadBalancerNotFound by ARN, by name, and for what belongs to it."""
    balancer = bench.balancer("web")
    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)

    with refused("LoadBalancerNotFound"):
        bench.elbv2.describe_load_balancers(LoadBalancerArns=[balancer])
    with refused("LoadBalancerNotFound"):
        bench.elbv2.describe_load_balancers(Names=["web"])
    with refused("LoadBalancerNotFound"):
        bench.elbv2.describe_listeners(LoadBalancerArn=balancer)
    with refused("LoadBalancerNotFound"):
        bench.elbv2.describe_target_groups(LoadBalancerArn=balancer)
    with refused("LoadBalancerNotFound"):
        bench.listener(balancer)


def test_attributes_are_complete_and_checked(bench: Workbench) -> None:
    """All documented attributes with defaults; unknown keys and bad values are refused."""
    balancer = bench.balancer()

    answer = bench.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=balancer,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "90"}],
    )

    attributes = {each["Key"]: each["Value"] for each in answer["Attributes"]}
    assert attributes["idle_timeout.timeout_seconds"] == "90"
    assert attributes["routing.http2.enabled"] == "true"
    with refused("InvalidConfigurationRequest", saying="not recognized"):
        _set(bench, balancer, "idle_timeout.seconds", "90")
    with refused("InvalidConfigurationRequest", saying="does not accept"):
        _set(bench, balancer, "idle_timeout.timeout_seconds", "4001")
    with refused("InvalidConfigurationRequest", saying="bucket"):
        _set(bench, balancer, "access_logs.s3.enabled", "true")


def test_pages_end_where_the_setting_says(bench: Workbench) -> None:
    """A reader that takes the first page for everything misses load balancers."""
    bench.cloud.configure(page_size=3)
    names = [f"web-{index}" for index in range(7)]
    for name in names:
        bench.balancer(name)

    pages = list(bench.elbv2.get_paginator("describe_load_balancers").paginate())

    assert [len(page["LoadBalancers"]) for page in pages] == [3, 3, 1]
    found = [each["LoadBalancerName"] for page in pages for each in page["LoadBalancers"]]
    assert found == names


def test_capacity_can_be_reserved_and_given_back(bench: Workbench) -> None:
    """ModifyCapacityReservation, which moto lacks, up to 15000 units."""
    balancer = bench.balancer()

    bench.elbv2.modify_capacity_reservation(
        LoadBalancerArn=balancer, MinimumLoadBalancerCapacity={"CapacityUnits": 3000}
    )
    reserved = bench.elbv2.describe_capacity_reservation(LoadBalancerArn=balancer)
    bench.elbv2.modify_capacity_reservation(LoadBalancerArn=balancer, ResetCapacityReservation=True)

    assert reserved["MinimumLoadBalancerCapacity"] == {"CapacityUnits": 3000}
    free = dict(bench.elbv2.describe_capacity_reservation(LoadBalancerArn=balancer))
    assert "MinimumLoadBalancerCapacity" not in free
    with refused("CapacityUnitsLimitExceeded"):
        bench.elbv2.modify_capacity_reservation(
            LoadBalancerArn=balancer, MinimumLoadBalancerCapacity={"CapacityUnits": 15_001}
        )


def test_a_gateway_load_balancer_is_refused_plainly(bench: Workbench) -> None:
    """The sandbox says what it does not emulate instead of pretending."""
    with refused("ValidationError", saying="application and network load balancers only"):
        bench.balancer("gate", Type="gateway")


def test_listeners_do_not_share_a_port(bench: Workbench) -> None:
    """DuplicateListener; a repeated create with the same settings returns the listener."""
    balancer = bench.balancer()
    listener = bench.listener(balancer, 80)

    assert bench.listener(balancer, 80) == listener
    with refused("DuplicateListener"):
        bench.listener(balancer, 80, DefaultActions=[forward(bench.group())])
    other = bench.listener(balancer, 81)
    with refused("DuplicateListener"):
        bench.elbv2.modify_listener(ListenerArn=other, Port=80, DefaultActions=[not_found()])


def _interfaces(bench: Workbench) -> dict[str, str]:
    found = bench.ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": ["ELB app/web/*"]}]
    )["NetworkInterfaces"]
    return {each["SubnetId"]: each["NetworkInterfaceId"] for each in found}


def _set(bench: Workbench, balancer: str, key: str, value: str) -> None:
    bench.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": key, "Value": value}]
    )
