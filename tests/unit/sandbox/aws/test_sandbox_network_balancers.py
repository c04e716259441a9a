"""Network load balancers in front of application load balancers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, described, forward, not_found, path, refused

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef


def network(bench: Workbench, name: str = "front", **changes: object) -> str:
    """Create a network load balancer in two zones."""
    return bench.balancer(name, **{"Type": "network", **changes})


def shown(bench: Workbench, arn: str) -> LoadBalancerTypeDef:
    """A load balancer as it is described."""
    return bench.elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]


def balancer_group(bench: Workbench, port: int = 80, **changes: object) -> str:
    """Create a target group that takes a load balancer."""
    return bench.group(None, **{"TargetType": "alb", "Protocol": "TCP", "Port": port, **changes})


def chained(bench: Workbench) -> tuple[str, str, str]:
    """An application load balancer behind a network one: both ARNs and the target group's."""
    behind, front = bench.balancer("behind"), network(bench)
    bench.listener(behind, 80)
    group = balancer_group(bench)
    bench.listener(front, 80, Protocol="TCP", DefaultActions=[forward(group)])
    bench.register(group, (behind, 80))
    return behind, front, group


def elastic(bench: Workbench, count: int) -> list[str]:
    """Allocate Elastic IP addresses."""
    return [bench.ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(count)]


def test_a_network_load_balancer_is_told_from_an_application_one(bench: Workbench) -> None:
    """By type, ARN, DNS name and interfaces; the cross-zone attribute defaults to false."""
    arn = network(bench, Subnets=bench.public_ids[:1])

    found = shown(bench, arn)

    assert found["Type"] == "network"
    assert ":loadbalancer/net/front/" in arn
    assert found["DNSName"] == f"front-{arn.rpartition('/')[2]}.elb.eu-central-1.amazonaws.com"
    answer = bench.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    attributes = {each["Key"]: each["Value"] for each in answer["Attributes"]}
    assert attributes["load_balancing.cross_zone.enabled"] == "false"
    assert "routing.http2.enabled" not in attributes
    interfaces = bench.ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": ["ELB net/front/*"]}]
    )["NetworkInterfaces"]
    assert len(interfaces) == 1


def test_security_groups_are_chosen_at_creation(bench: Workbench) -> None:
    """Without any it never gets one (SetSecurityGroups); with some they can be changed."""
    bare = network(bench, "bare")
    group, other = bench.security_group(), bench.security_group()
    guarded = network(bench, "guarded", SecurityGroups=[group])

    bench.elbv2.set_security_groups(LoadBalancerArn=guarded, SecurityGroups=[other])

    assert shown(bench, bare)["SecurityGroups"] == []
    assert shown(bench, guarded)["SecurityGroups"] == [other]
    with refused("InvalidConfigurationRequest", saying="without security groups"):
        bench.elbv2.set_security_groups(LoadBalancerArn=bare, SecurityGroups=[group])


def test_elastic_addresses_are_fixed_and_freed(bench: Workbench) -> None:
    """SubnetMappings with allocations; associated while the load balancer lives."""
    allocations = elastic(bench, 2)
    mappings = [
        {"SubnetId": subnet, "AllocationId": allocation}
        for subnet, allocation in zip(bench.public_ids, allocations, strict=False)
    ]
    arn = network(bench, Subnets=[], SubnetMappings=mappings)

    zones = shown(bench, arn)["AvailabilityZones"]
    taken = bench.ec2.describe_addresses(AllocationIds=allocations)["Addresses"]

    assert [each["LoadBalancerAddresses"][0]["AllocationId"] for each in zones] == allocations
    assert all(each.get("AssociationId") for each in taken)
    with refused("ResourceInUse"):
        network(bench, "second", Subnets=[], SubnetMappings=mappings)
    bench.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    freed = bench.ec2.describe_addresses(AllocationIds=allocations)["Addresses"]
    assert not any(each.get("AssociationId") for each in freed)


@pytest.mark.parametrize(
    ("kind", "scheme"), [("network", "internal"), ("application", "internet-facing")]
)
def test_elastic_addresses_have_their_place(bench: Workbench, kind: str, scheme: str) -> None:
    """Only internet-facing network load balancers have them."""
    mappings = [
        {"SubnetId": subnet, "AllocationId": allocation}
        for subnet, allocation in zip(bench.public_ids, elastic(bench, 2), strict=False)
    ]

    with refused("InvalidConfigurationRequest"):
        bench.balancer(Subnets=[], SubnetMappings=mappings, Type=kind, Scheme=scheme)


def test_an_unknown_allocation_is_refused(bench: Workbench) -> None:
    """AllocationIdNotFound."""
    mapping = {"SubnetId": bench.public_ids[0], "AllocationId": "eipalloc-0123456789abcdef0"}

    with refused("AllocationIdNotFound"):
        network(bench, Subnets=[], SubnetMappings=[mapping])


def test_a_private_address_lies_in_its_subnet(bench: Workbench) -> None:
    """PrivateIPv4Address of an internal load balancer."""
    subnet = bench.account.private_subnets[0]
    inside = subnet.block.replace(".0/19", ".200")

    arn = network(
        bench,
        Scheme="internal",
        Subnets=[],
        SubnetMappings=[{"SubnetId": subnet.subnet_id, "PrivateIPv4Address": inside}],
    )

    (zone,) = shown(bench, arn)["AvailabilityZones"]
    assert zone["LoadBalancerAddresses"] == [{"PrivateIPv4Address": inside}]
    with refused("InvalidConfigurationRequest", saying="not in subnet"):
        network(
            bench,
            "outside",
            Scheme="internal",
            Subnets=[],
            SubnetMappings=[{"SubnetId": subnet.subnet_id, "PrivateIPv4Address": "10.9.9.9"}],
        )


def test_a_load_balancer_follows_the_one_it_stands_behind(bench: Workbench) -> None:
    """Unused until attached and active, then initial, healthy, and unhealthy on demand."""
    behind, _, group = chained(bench)
    assert bench.health(group) == {(behind, 80): "healthy"}

    bench.cloud.unhealthy_targets.add(behind)

    assert bench.health(group) == {(behind, 80): "unhealthy"}
    bench.cloud.configure(health_seconds=600)
    assert bench.health(group) == {(behind, 80): "initial"}


def test_a_target_group_for_load_balancers_has_its_own_defaults(bench: Workbench) -> None:
    """Page CreateTargetGroup: HTTP check, 6 seconds, 200-399; attributes cannot be changed."""
    arn = balancer_group(bench, HealthCheckPath="/healthz")

    (found,) = bench.elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]

    assert (found["TargetType"], found["Protocol"]) == ("alb", "TCP")
    assert "ProtocolVersion" not in found
    assert found["HealthCheckProtocol"] == "HTTP"
    assert found["HealthCheckPath"] == "/healthz"
    assert found["HealthCheckTimeoutSeconds"] == 6
    assert found["Matcher"] == {"HttpCode": "200-399"}
    with refused("InvalidConfigurationRequest", saying="type alb"):
        bench.elbv2.modify_target_group_attributes(
            TargetGroupArn=arn,
            Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}],
        )
    with refused("ValidationError", saying="TCP"):
        balancer_group(bench, Protocol="HTTP")


def test_what_cannot_be_its_target_is_refused(bench: Workbench) -> None:
    """InvalidTarget: no load balancer, a network one, no listener on the port."""
    behind, front = bench.balancer("behind"), network(bench)
    bench.listener(behind, 8080)
    group = balancer_group(bench, 80)

    for target, port in (("10.0.80.1", 80), (front, 80), (behind, 80)):
        with refused("InvalidTarget"):
            bench.register(group, (target, port))


def test_a_target_may_have_a_port_of_its_own(bench: Workbench) -> None:
    """Another port than the group's is fine where the load balancer listens on it."""
    behind, group = bench.balancer("behind"), balancer_group(bench, 9000)
    bench.listener(behind, 80)

    bench.register(group, (behind, 80))

    (target,) = bench.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert target["Target"] == {"Id": behind, "Port": 80}
    (listener,) = bench.elbv2.describe_listeners(LoadBalancerArn=behind)["Listeners"]
    with refused("ResourceInUse", saying="Listener port '80'"):
        bench.elbv2.delete_listener(ListenerArn=listener["ListenerArn"])


def test_a_load_balancer_must_be_active_to_be_a_target(bench: Workbench) -> None:
    """InvalidTarget while it is provisioned."""
    bench.cloud.configure(provisioning_seconds=60)
    behind, group = bench.balancer("behind"), balancer_group(bench)
    bench.listener(behind, 80)
    with refused("InvalidTarget", saying="not active"):
        bench.register(group, (behind, 80))

    bench.cloud.advance(61)

    bench.register(group, (behind, 80))


def test_a_target_group_takes_one_load_balancer(bench: Workbench) -> None:
    """TooManyTargets for a second one; the same one again is no error."""
    behind, _, group = chained(bench)
    other = bench.balancer("other")
    bench.listener(other, 80)

    bench.register(group, (behind, 80))

    with refused("TooManyTargets"):
        bench.register(group, (other, 80))


def test_what_stands_behind_cannot_be_taken_away(bench: Workbench) -> None:
    """ResourceInUse for the load balancer and its listener until the target is deregistered."""
    behind, _, group = chained(bench)
    (listener,) = bench.elbv2.describe_listeners(LoadBalancerArn=behind)["Listeners"]
    arn = listener["ListenerArn"]

    with refused("ResourceInUse"):
        bench.elbv2.delete_load_balancer(LoadBalancerArn=behind)
    with refused("ResourceInUse", saying="Listener port '80'"):
        bench.elbv2.delete_listener(ListenerArn=arn)
    with refused("ResourceInUse"):
        bench.elbv2.modify_listener(ListenerArn=arn, Port=81)
    bench.elbv2.deregister_targets(TargetGroupArn=group, Targets=described((behind, 80)))
    bench.elbv2.delete_load_balancer(LoadBalancerArn=behind)


def test_listeners_of_a_network_load_balancer_forward(bench: Workbench) -> None:
    """TCP only; one target group; no other action and no rules."""
    front, group = network(bench), balancer_group(bench)

    listener = bench.listener(front, 80, Protocol="TCP", DefaultActions=[forward(group)])

    with refused("UnsupportedProtocol"):
        bench.listener(front, 81, Protocol="HTTP")
    with refused("InvalidLoadBalancerAction"):
        bench.listener(front, 82, Protocol="TCP", DefaultActions=[not_found()])
    with refused("TooManyTargetGroups"):
        bench.listener(
            front,
            83,
            Protocol="TCP",
            DefaultActions=[forward(group, balancer_group(bench))],
        )
    with refused("UnsupportedProtocol"):
        bench.rule(listener, 1, Conditions=[path("/x")])
    rules = bench.elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert [rule["IsDefault"] for rule in rules] == [True]


def test_target_groups_and_load_balancers_must_match(bench: Workbench) -> None:
    """IncompatibleProtocols in both directions."""
    front, behind = network(bench), bench.balancer("behind")

    with refused("IncompatibleProtocols"):
        bench.listener(front, 80, Protocol="TCP", DefaultActions=[forward(bench.group())])
    with refused("IncompatibleProtocols"):
        bench.listener(behind, 80, DefaultActions=[forward(balancer_group(bench))])


def test_network_load_balancers_have_a_limit_of_their_own(bench: Workbench) -> None:
    """TooManyLoadBalancers; application ones are not counted."""
    bench.cloud.limits["network-load-balancers"] = 1
    bench.balancer("web")
    network(bench, "one")

    with refused("TooManyLoadBalancers", saying="network"):
        network(bench, "two")


def test_a_zone_can_be_added(bench: Workbench) -> None:
    """SetSubnets keeps the addresses there are and refuses to change one."""
    one, two, three = elastic(bench, 3)
    first, second = bench.public_ids[:2]
    arn = network(bench, Subnets=[], SubnetMappings=[{"SubnetId": first, "AllocationId": one}])

    bench.elbv2.set_subnets(
        LoadBalancerArn=arn,
        SubnetMappings=[
            {"SubnetId": first, "AllocationId": one},
            {"SubnetId": second, "AllocationId": two},
        ],
    )

    zones = shown(bench, arn)["AvailabilityZones"]
    assert [each["LoadBalancerAddresses"][0]["AllocationId"] for each in zones] == [one, two]
    with refused("InvalidConfigurationRequest", saying="cannot be changed"):
        bench.elbv2.set_subnets(
            LoadBalancerArn=arn, SubnetMappings=[{"SubnetId": first, "AllocationId": three}]
        )
