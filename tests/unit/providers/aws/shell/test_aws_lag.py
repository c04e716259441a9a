"""Reads that lag behind our own writes, and the index that may serve for a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.aws.client import Clients, ReadGate
from providers.aws.execute import AwsWriter, WriteGate
from providers.aws.live.journal import Journal
from providers.aws.reader import AwsReader
from provisioner.model.change import Call
from provisioner.model.kube import Key
from provisioner.model.resource import freeze_spec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import ManualClock, World, planned_pairs

GROUP = "aws:target-group/shop/web/a:80/pod"
BALANCER = "aws:load-balancer/shop/web"


class OpenFence:
    """Anybody may write."""

    def check(self) -> None:
        """Allow."""


@pytest.fixture
def clock() -> ManualClock:
    """The clock that reader, writer and journal share."""
    return ManualClock()


@pytest.fixture
def journal(clock: ManualClock) -> Journal:
    """What reader and writer share."""
    return Journal(clock)


@pytest.fixture
def writer(world: World, journal: Journal, clock: ManualClock) -> Iterator[AwsWriter]:
    """The writer of this process."""
    writer = AwsWriter(
        Clients(world.target, WriteGate(OpenFence(), clock), reading=False), journal=journal
    )
    yield writer
    writer.close()


@pytest.fixture
def aware(world: World, journal: Journal, clock: ManualClock) -> Iterator[AwsReader]:
    """A reader that knows what this process has written."""
    reader = AwsReader(
        Clients(world.target, ReadGate(clock)), clock=clock, journal=journal, max_age_seconds=0
    )
    yield reader
    reader.close()


def create_group(writer: AwsWriter, world: World) -> str:
    """Create a target group through the writer and return its ARN."""
    call = Call(
        service="elbv2",
        operation="CreateTargetGroup",
        parameters=freeze_spec(
            {
                "Name": "ipr-a",
                "Protocol": "HTTP",
                "Port": 80,
                "VpcId": world.account.vpc_id,
                "TargetType": "ip",
                "Tags": planned_pairs(world.marks(GROUP, ingress="shop/web")),
            }
        ),
        address=GROUP,
        outputs={"TargetGroupArn": "TargetGroups.0.TargetGroupArn"},
    )
    return writer.send(call, call.parameters)["TargetGroupArn"]


def test_what_we_created_is_seen_before_the_listing_has_it(
    world: World, cloud: CloudServer, writer: AwsWriter, aware: AwsReader, reader: AwsReader
) -> None:
    """Planning again at once must not create a second one."""
    cloud.configure(describe_lag_seconds=30)
    arn = create_group(writer, world)

    mine = aware.observe().resources
    other = reader.observe().resources

    assert mine[GROUP].outputs == {"TargetGroupArn": arn}
    assert mine[GROUP].ingresses == (Key("shop", "web"),)
    assert (mine[GROUP].group, mine[GROUP].name) == ("shop/web", "ipr-a")
    assert mine[GROUP].spec["TargetType"] == "ip"
    assert GROUP not in other


def test_the_listing_wins_as_soon_as_it_has_it(
    world: World, cloud: CloudServer, writer: AwsWriter, aware: AwsReader
) -> None:
    """What AWS says is richer than what we asked for."""
    cloud.configure(describe_lag_seconds=30)
    create_group(writer, world)
    cloud.advance(31)

    assert aware.observe().resources[GROUP].spec["HealthCheckPort"] == "traffic-port"


def test_the_memory_lasts_a_minute(
    world: World, writer: AwsWriter, aware: AwsReader, clock: ManualClock
) -> None:
    """After that a listing that lacks it is right: somebody has deleted it."""
    arn = create_group(writer, world)
    world.account.login.elbv2().delete_target_group(TargetGroupArn=arn)
    clock.time += 59
    assert GROUP in aware.observe().resources

    clock.time += 2

    assert GROUP not in aware.observe().resources


def test_what_we_deleted_ourselves_is_forgotten_at_once(
    world: World, writer: AwsWriter, aware: AwsReader
) -> None:
    """A create and a delete within a minute leave nothing to see."""
    arn = create_group(writer, world)
    call = Call(
        service="elbv2",
        operation="DeleteTargetGroup",
        parameters=freeze_spec({"TargetGroupArn": arn}),
        address=GROUP,
    )

    writer.send(call, call.parameters)

    assert GROUP not in aware.observe().resources


def test_only_the_groups_that_are_asked_for_are_remembered(
    world: World, cloud: CloudServer, writer: AwsWriter, aware: AwsReader
) -> None:
    """Another group's plan is not the place for it."""
    cloud.configure(describe_lag_seconds=30)
    create_group(writer, world)

    assert GROUP not in aware.observe(frozenset({"shop/other"})).resources


def test_the_index_serves_for_as_long_as_it_may(world: World, cloud: CloudServer) -> None:
    """A controller plans many groups in a row; they can share one listing."""
    clock = ManualClock()
    reader = AwsReader(Clients(world.target, ReadGate(clock)), clock=clock, max_age_seconds=10)
    cloud.calls.clear()

    reader.observe()
    clock.time += 9
    reader.observe()
    assert len(cloud.calls.named("DescribeTargetGroups")) == 1
    clock.time += 2
    reader.observe()

    assert len(cloud.calls.named("DescribeTargetGroups")) == 2
    reader.close()


def test_the_index_can_be_dropped(world: World, cloud: CloudServer) -> None:
    """Whoever knows that the account has changed says so."""
    reader = AwsReader(Clients(world.target, ReadGate()), max_age_seconds=1000)
    reader.observe()
    world.load_balancer(world.marks(BALANCER))

    reader.forget()

    assert BALANCER in reader.observe().resources
    reader.close()


def test_a_command_reads_anew_each_time(world: World, reader: AwsReader) -> None:
    """By default nothing is kept: what apply checks must be what is."""
    reader.observe()
    world.load_balancer(world.marks(BALANCER))

    assert BALANCER in reader.observe().resources
