"""Registered targets: validity, identity, health over time, draining."""

from __future__ import annotations

import pytest

from provisioner.sandbox.aws.account import give_pod_addresses
from tests.unit.sandbox.aws.workbench import Workbench, forward, refused

POD = ("10.0.80.0", 8080)  # in the private subnet of the first zone
OTHER_POD = ("10.0.112.0", 8080)


def test_a_target_is_an_id_with_a_port(bench: Workbench) -> None:
    """One address with two ports is two targets; moto keeps one."""
    group = bench.group()

    bench.register(group, ("10.0.80.0", 8080), ("10.0.80.0", 9090))
    bench.deregister(group, ("10.0.80.0", 8080))

    assert set(bench.health(group)) == {("10.0.80.0", 9090)}


def test_an_unattached_group_is_unused(bench: Workbench) -> None:
    """No load balancer checks its targets: Target.NotInUse."""
    group = bench.group()
    bench.register(group, POD)

    (found,) = bench.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]

    assert found["TargetHealth"]["State"] == "unused"
    assert found["TargetHealth"]["Reason"] == "Target.NotInUse"
    assert found["HealthCheckPort"] == "8080"


def test_targets_become_healthy_in_time(bench: Workbench) -> None:
    """Initial from registration on, healthy after the configured time."""
    bench.cloud.configure(health_seconds=30)
    group = bench.attached_group(bench.balancer())
    bench.register(group, POD)

    assert bench.health(group) == {POD: "initial"}
    bench.cloud.advance(29)
    assert bench.health(group) == {POD: "initial"}
    bench.cloud.advance(1)
    assert bench.health(group) == {POD: "healthy"}


def test_health_checks_begin_when_the_group_is_attached(bench: Workbench) -> None:
    """Targets registered before that start as initial: why new groups need warming."""
    bench.cloud.configure(health_seconds=30)
    group = bench.group()
    bench.register(group, POD)
    bench.cloud.advance(300)

    bench.listener(bench.balancer(), DefaultActions=[forward(group)])

    assert bench.health(group) == {POD: "initial"}
    bench.cloud.advance(30)
    assert bench.health(group) == {POD: "healthy"}


def test_a_load_balancer_in_the_making_checks_nothing(bench: Workbench) -> None:
    """Unused until it is active, initial from then on."""
    bench.cloud.configure(provisioning_seconds=60, health_seconds=10)
    group = bench.attached_group(bench.balancer())
    bench.register(group, POD)

    assert bench.health(group) == {POD: "unused"}
    bench.cloud.advance(60)
    assert bench.health(group) == {POD: "initial"}
    bench.cloud.advance(10)
    assert bench.health(group) == {POD: "healthy"}


def test_a_target_of_a_zone_without_load_balancer_is_unused(bench: Workbench) -> None:
    """The load balancer has two of the three zones."""
    group = bench.attached_group(bench.balancer())
    third_zone = ("10.0.144.0", 8080)
    bench.register(group, POD, third_zone)

    assert bench.health(group) == {POD: "healthy", third_zone: "unused"}


def test_a_target_can_be_declared_unhealthy(bench: Workbench) -> None:
    """For tests of what must wait for health."""
    group = bench.attached_group(bench.balancer())
    bench.register(group, POD, OTHER_POD)

    bench.cloud.unhealthy_targets.add(POD[0])

    assert bench.health(group) == {POD: "unhealthy", OTHER_POD: "healthy"}


def test_deregistered_targets_drain(bench: Workbench) -> None:
    """Listed as draining for the configured time, then gone."""
    bench.cloud.configure(draining_seconds=60)
    group = bench.attached_group(bench.balancer())
    bench.register(group, POD)
    bench.deregister(group, POD)

    (found,) = bench.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]

    assert found["TargetHealth"]["State"] == "draining"
    assert found["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
    bench.cloud.advance(60)
    assert bench.health(group) == {}


def test_the_deregistration_delay_caps_draining(bench: Workbench) -> None:
    """The attribute of the target group is the longest it can take."""
    bench.cloud.configure(draining_seconds=60)
    group = bench.attached_group(bench.balancer())
    bench.elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
    )
    bench.register(group, POD)
    bench.deregister(group, POD)

    bench.cloud.advance(5)

    assert bench.health(group) == {}


def test_a_draining_target_can_come_back(bench: Workbench) -> None:
    """Registering it again makes it initial again."""
    bench.cloud.configure(draining_seconds=60, health_seconds=10)
    group = bench.attached_group(bench.balancer())
    bench.register(group, POD)
    bench.cloud.advance(10)
    bench.deregister(group, POD)

    bench.register(group, POD)

    assert bench.health(group) == {POD: "initial"}


def test_registering_again_changes_nothing(bench: Workbench) -> None:
    """A healthy target stays healthy."""
    bench.cloud.configure(health_seconds=10)
    group = bench.attached_group(bench.balancer())
    bench.register(group, POD)
    bench.cloud.advance(10)

    bench.register(group, POD)

    assert bench.health(group) == {POD: "healthy"}


def test_a_missing_target_is_no_error(bench: Workbench) -> None:
    """DeregisterTargets succeeds (API reference); asked for, the target is not registered."""
    group = bench.group()

    bench.deregister(group, POD)

    (found,) = bench.elbv2.describe_target_health(
        TargetGroupArn=group, Targets=[{"Id": POD[0], "Port": POD[1]}]
    )["TargetHealthDescriptions"]
    assert found["TargetHealth"]["State"] == "unused"
    assert found["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_addresses_must_be_plausible(bench: Workbench) -> None:
    """No words, no public addresses; outside the VPC only with an Availability Zone."""
    group = bench.group()

    with refused("InvalidTarget", saying="not a valid IP"):
        bench.register(group, ("pod-1", 80))
    with refused("InvalidTarget", saying="publicly routable"):
        bench.register(group, ("8.8.8.8", 80))
    with refused("InvalidTarget", saying="outside the VPC"):
        bench.register(group, ("192.168.0.1", 80))
    bench.elbv2.register_targets(
        TargetGroupArn=group,
        Targets=[{"Id": "192.168.0.1", "Port": 80, "AvailabilityZone": "all"}],
    )

    (found,) = bench.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert found["Target"]["AvailabilityZone"] == "all"


def test_registration_is_all_or_nothing(bench: Workbench) -> None:
    """One bad target keeps the good ones out."""
    group = bench.group()

    with refused("InvalidTarget"):
        bench.register(group, POD, ("8.8.8.8", 80))

    assert bench.health(group) == {}


def test_the_zone_of_an_address_is_found(bench: Workbench) -> None:
    """An address in a subnet of the VPC needs no zone."""
    group = bench.group()
    bench.register(group, OTHER_POD)

    (found,) = bench.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]

    assert found["Target"]["AvailabilityZone"] == "eu-central-1b"


def test_instances_must_run_in_the_vpc(bench: Workbench) -> None:
    """Unknown and stopped instances are refused; a running one is healthy until it stops."""
    node = bench.account.nodes[0].instance_id
    group = bench.attached_group(bench.balancer(), TargetType="instance")

    with refused("InvalidTarget"):
        bench.register(group, ("i-0123456789abcdef0", 30080))
    bench.register(group, (node, 30080))
    assert bench.health(group) == {(node, 30080): "healthy"}
    bench.ec2.stop_instances(InstanceIds=[node])
    stopped = bench.health(group)
    with refused("InvalidTarget", saying="running state"):
        bench.register(group, (node, 30081))
    bench.ec2.start_instances(InstanceIds=[node])

    assert stopped == {(node, 30080): "unused"}


def test_the_port_of_the_group_is_the_default(bench: Workbench) -> None:
    """A target without a port gets that of its group."""
    group = bench.group(None, Port=8081)

    bench.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": POD[0]}])

    assert set(bench.health(group)) == {(POD[0], 8081)}


@pytest.mark.parametrize("pods", [1, 3])
def test_pod_addresses_belong_to_the_interfaces_of_nodes(bench: Workbench, pods: int) -> None:
    """DescribeNetworkInterfaces finds a node's interface by a secondary address (moto does not)."""
    given = give_pod_addresses(bench.account, pods, skip=100 * pods)
    interfaces = {node.name: node.interface_id for node in bench.account.nodes}

    for pod in given:
        (found,) = bench.ec2.describe_network_interfaces(
            Filters=[{"Name": "addresses.private-ip-address", "Values": [pod.address]}]
        )["NetworkInterfaces"]
        assert found["NetworkInterfaceId"] == interfaces[pod.node]
