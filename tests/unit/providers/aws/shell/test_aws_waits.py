"""What a step waits for is asked of AWS, and judged by what would hurt a request."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.aws.reader import AwsReader
from provisioner.model.change import Wait, WaitFor
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import World, forward

BALANCER = "aws:load-balancer/shop/web"
LISTENER = "aws:listener/shop/web/80"
OLD = "aws:target-group/shop/web/a:80/node-port"
NEW = "aws:target-group/shop/web/a:80/pod"

Outputs = Mapping[str, Mapping[str, str]]


@pytest.fixture
def switching(world: World) -> Outputs:
    """A listener that forwards to an old and a new target group, with a target each."""
    balancer = world.load_balancer(world.marks(BALANCER))
    old, new = world.target_group(world.marks(OLD)), world.target_group(world.marks(NEW))
    world.http_listener(balancer, world.marks(LISTENER), action=forward(old, new))
    world.register(old, [{"Id": "10.0.64.9", "Port": 80}])
    world.register(new, [{"Id": "10.0.64.10", "Port": 80}])
    return {
        BALANCER: {"LoadBalancerArn": balancer, "DNSName": "x"},
        OLD: {"TargetGroupArn": old},
        NEW: {"TargetGroupArn": new},
    }


def test_a_load_balancer_is_active_once_it_is_provisioned(
    world: World, reader: AwsReader, cloud: CloudServer
) -> None:
    """Status may show an address only when it answers."""
    cloud.configure(provisioning_seconds=60)
    outputs = {BALANCER: {"LoadBalancerArn": world.load_balancer(world.marks(BALANCER))}}
    wait = WaitFor(kind=Wait.ACTIVE, on=(BALANCER,))

    before = reader.holds(wait, outputs)
    cloud.advance(61)

    assert (before, reader.holds(wait, outputs)) == (False, True)


def test_a_new_backend_is_warm_when_all_its_targets_are_checked(
    switching: Outputs, reader: AwsReader, cloud: CloudServer
) -> None:
    """The property: no step takes a rule from a healthy target to none."""
    wait = WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))
    warm = reader.holds(wait, switching)
    cloud.unhealthy_targets.add("10.0.64.10")

    assert (warm, reader.holds(wait, switching)) == (True, False)


def test_targets_that_are_still_being_checked_hold_the_switch_back(
    switching: Outputs, reader: AwsReader, cloud: CloudServer, world: World
) -> None:
    """One healthy target of fifty is not what should take all the traffic."""
    cloud.configure(health_seconds=30)
    cloud.advance(31)
    world.register(switching[NEW]["TargetGroupArn"], [{"Id": "10.0.64.11", "Port": 80}])
    wait = WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))

    assert not reader.holds(wait, switching)


def test_a_dead_old_backend_holds_nothing_back(
    switching: Outputs, reader: AwsReader, cloud: CloudServer
) -> None:
    """Where nothing answers anyway, waiting helps nobody (first deployments, scale to zero)."""
    cloud.unhealthy_targets.update({"10.0.64.9", "10.0.64.10"})
    wait = WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))

    assert reader.holds(wait, switching)


def test_a_new_backend_that_was_never_created_is_not_warm(
    switching: Outputs, reader: AwsReader
) -> None:
    """While the old one serves, the new one must exist to take over."""
    wait = WaitFor(kind=Wait.HEALTHY, on=("aws:target-group/shop/web/b:80/pod",), instead_of=(OLD,))

    assert not reader.holds(wait, switching)


def test_a_target_group_is_drained_when_nothing_is_in_flight(
    switching: Outputs, reader: AwsReader, cloud: CloudServer, world: World
) -> None:
    """Deleting it earlier would cut connections."""
    cloud.configure(draining_seconds=60)
    world.account.login.elbv2().deregister_targets(
        TargetGroupArn=switching[OLD]["TargetGroupArn"], Targets=[{"Id": "10.0.64.9", "Port": 80}]
    )
    wait = WaitFor(kind=Wait.DRAINED, on=(OLD,))

    before = reader.holds(wait, switching)
    cloud.advance(61)

    assert (before, reader.holds(wait, switching)) == (False, True)


def test_a_target_group_that_is_gone_holds_nothing_back(world: World, reader: AwsReader) -> None:
    """Somebody else may have deleted it meanwhile."""
    arn = world.target_group(world.marks(OLD))
    world.account.login.elbv2().delete_target_group(TargetGroupArn=arn)

    assert reader.holds(WaitFor(kind=Wait.DRAINED, on=(OLD,)), {OLD: {"TargetGroupArn": arn}})


def test_a_load_balancer_is_gone_when_its_interfaces_are(
    world: World, reader: AwsReader, cloud: CloudServer
) -> None:
    """They linger after the deletion and keep its security groups in use (LBC#2894)."""
    cloud.configure(interface_linger_seconds=120)
    arn = world.load_balancer(world.marks(BALANCER))
    world.account.login.elbv2().delete_load_balancer(LoadBalancerArn=arn)
    wait = WaitFor(kind=Wait.DRAINED, on=(BALANCER,))
    outputs = {BALANCER: {"LoadBalancerArn": arn, "DNSName": "x"}}

    before = reader.holds(wait, outputs)
    cloud.advance(121)

    assert (before, reader.holds(wait, outputs)) == (False, True)


def test_a_security_group_is_free_when_no_interface_carries_it(
    world: World, reader: AwsReader, cloud: CloudServer
) -> None:
    """Asked by the group itself, so a later process knows too, when the load balancer is gone."""
    cloud.configure(interface_linger_seconds=120)
    address = "aws:security-group/shop/web/frontend"
    group = world.security_group(world.marks(address))
    arn = world.load_balancer(world.marks(BALANCER), security_groups=[group])
    world.account.login.elbv2().delete_load_balancer(LoadBalancerArn=arn)
    wait = WaitFor(kind=Wait.DRAINED, on=(address,))
    outputs = {address: {"GroupId": group}}

    before = reader.holds(wait, outputs)
    cloud.advance(121)

    assert (before, reader.holds(wait, outputs)) == (False, True)


def test_each_backend_is_measured_by_its_own_old_target_group(
    world: World, switching: Outputs, reader: AwsReader, cloud: CloudServer
) -> None:
    """A dead backend that was dead before holds nobody up; one that was healthy does."""
    dead_old, dead_new = (f"aws:target-group/shop/web/b:80/pod{n}" for n in ("", "@2.1"))
    outputs = {
        **switching,
        dead_old: {"TargetGroupArn": world.target_group(world.marks(dead_old))},
        dead_new: {"TargetGroupArn": world.target_group(world.marks(dead_new))},
    }
    wait = WaitFor(kind=Wait.HEALTHY, on=(NEW, dead_new), instead_of=(OLD, dead_old))

    with_a_dead_one = reader.holds(wait, outputs)
    cloud.unhealthy_targets.add("10.0.64.10")

    assert (with_a_dead_one, reader.holds(wait, outputs)) == (True, False)
