"""Writing: fenced, paced, never repeated in doubt, and honest about the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from providers.aws.client import Clients
from providers.aws.execute import AwsWriter, WriteGate
from providers.aws.live.journal import Journal
from provisioner.model.change import Call
from provisioner.model.errors import (
    Conflict,
    Denied,
    LimitExceeded,
    NotLeader,
    Rejected,
    Throttled,
    Unavailable,
)
from provisioner.model.resource import PlainInput, freeze_spec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import ManualClock, World, planned_pairs

GROUP = "aws:target-group/shop/web/a:80/pod"


class SwitchFence:
    """A fence that a test can lower."""

    def __init__(self) -> None:
        self.open = True
        self.checks = 0

    def check(self) -> None:
        """Refuse once the fence is down."""
        self.checks += 1
        if not self.open:
            raise NotLeader("somebody else leads")


@pytest.fixture
def fence() -> SwitchFence:
    """An open fence."""
    return SwitchFence()


@pytest.fixture
def writer(world: World, fence: SwitchFence) -> Iterator[AwsWriter]:
    """A writer on a clock that does not really wait."""
    clock = ManualClock()
    clients = Clients(world.target, WriteGate(fence, clock), reading=False)
    writer = AwsWriter(clients, journal=Journal(clock))
    yield writer
    writer.close()


def a_call(
    operation: str,
    parameters: Mapping[str, PlainInput],
    *,
    address: str = GROUP,
    outputs: Mapping[str, str] | None = None,
    already_done: frozenset[str] = frozenset(),
    service: str = "elbv2",
) -> Call:
    """Return a call as a plan holds it."""
    return Call(
        service=service,
        operation=operation,
        parameters=freeze_spec(parameters),
        address=address,
        outputs=outputs or {},
        already_done=already_done,
    )


def creation(world: World) -> Call:
    """Return the call that creates a target group."""
    return a_call(
        "CreateTargetGroup",
        {
            "Name": "ipr-a",
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": world.account.vpc_id,
            "TargetType": "ip",
            "Tags": planned_pairs(world.marks(GROUP)),
        },
        outputs={"TargetGroupArn": "TargetGroups.0.TargetGroupArn"},
    )


def test_a_call_is_made_as_planned_and_its_outputs_are_found(
    writer: AwsWriter, world: World, cloud: CloudServer
) -> None:
    """What plan prints is what apply sends, parameter by parameter."""
    call = creation(world)
    cloud.calls.clear()

    outputs = writer.send(call, call.parameters)

    assert outputs["TargetGroupArn"].startswith("arn:aws:elasticloadbalancing:eu-central-1:")
    (sent,) = cloud.calls.mutating()
    assert (sent.operation, sent.params["Name"]) == ("CreateTargetGroup", "ipr-a")


def test_nothing_is_sent_when_the_fence_is_down(
    writer: AwsWriter, world: World, fence: SwitchFence, cloud: CloudServer
) -> None:
    """A deposed leader's last call has ended before the next leader may begin."""
    fence.open = False
    cloud.calls.clear()

    with pytest.raises(NotLeader):
        writer.send(creation(world), creation(world).parameters)

    assert list(cloud.calls) == []


def test_the_fence_is_asked_again_after_every_wait(
    writer: AwsWriter, world: World, fence: SwitchFence, cloud: CloudServer
) -> None:
    """Backing off from a throttle takes long enough to lose the lease."""
    cloud.faults.throttle("CreateTargetGroup", times=2)

    writer.send(creation(world), creation(world).parameters)

    assert fence.checks == 3


def test_a_throttle_does_not_fail_a_step(
    writer: AwsWriter, world: World, cloud: CloudServer
) -> None:
    """It was refused before it happened, so it is simply made again."""
    cloud.faults.throttle("CreateTargetGroup", times=5)

    assert writer.send(creation(world), creation(world).parameters)
    assert cloud.calls.counts()["CreateTargetGroup"] == 1


def test_endless_throttles_end_in_an_error(
    writer: AwsWriter, world: World, cloud: CloudServer
) -> None:
    """The controller's queue comes back to it later."""
    cloud.faults.throttle("CreateTargetGroup", times=100)

    with pytest.raises(Throttled):
        writer.send(creation(world), creation(world).parameters)


@pytest.mark.parametrize("how", ["lost answer", "server error afterwards"])
def test_what_may_have_happened_is_never_repeated(
    how: str, writer: AwsWriter, world: World, cloud: CloudServer
) -> None:
    """The next plan looks; guessing would make a second thing."""
    if how == "lost answer":
        cloud.faults.lose_response("CreateTargetGroup")
    else:
        cloud.faults.fail("CreateTargetGroup", after=True)
    cloud.calls.clear()

    with pytest.raises(Unavailable):
        writer.send(creation(world), creation(world).parameters)

    assert len(cloud.calls.named("CreateTargetGroup")) == 1


def test_a_delete_that_finds_nothing_has_succeeded(writer: AwsWriter, world: World) -> None:
    """After a crash, what was to be deleted may be gone already."""
    call = a_call(
        "DeleteListener",
        {"ListenerArn": _gone(world, "listener/app/x/0123456789abcdef/0123456789abcdef")},
        address="aws:listener/shop/web/80",
        already_done=frozenset({"ListenerNotFound"}),
    )

    assert writer.send(call, call.parameters) == {}


def test_the_same_answer_fails_a_call_that_does_not_expect_it(
    writer: AwsWriter, world: World
) -> None:
    """Only the plan says what counts as done."""
    group = world.security_group(
        world.marks("aws:security-group/shop/web/frontend"), name="taken-1"
    )
    del group
    call = a_call(
        "CreateSecurityGroup",
        {"GroupName": "taken-1", "Description": "d", "VpcId": world.account.vpc_id},
        address="aws:security-group/shop/web/frontend",
        service="ec2",
    )

    with pytest.raises(Conflict, match=r"InvalidGroup\.Duplicate"):
        writer.send(call, call.parameters)


def test_a_limit_that_somebody_else_used_up_is_named(
    writer: AwsWriter, world: World, cloud: CloudServer
) -> None:
    """The plan counted; the account changed since."""
    cloud.limits["target-groups"] = 0

    with pytest.raises(LimitExceeded, match="TooManyTargetGroups"):
        writer.send(creation(world), creation(world).parameters)


def test_a_missing_permission_is_named(writer: AwsWriter, world: World, cloud: CloudServer) -> None:
    """The IAM action stands in the hint."""
    cloud.faults.deny("CreateTargetGroup")

    with pytest.raises(Denied) as caught:
        writer.send(creation(world), creation(world).parameters)

    assert "elasticloadbalancing:CreateTargetGroup" in caught.value.hint


def test_parameters_that_botocore_refuses_are_our_bug(writer: AwsWriter) -> None:
    """It is said so, instead of a traceback."""
    call = a_call("CreateTargetGroup", {"Nonsense": "x"})

    with pytest.raises(Rejected) as caught:
        writer.send(call, call.parameters)

    assert "bug" in caught.value.hint


def test_an_answer_without_the_promised_output_is_an_error(writer: AwsWriter, world: World) -> None:
    """A later step would otherwise be sent with an empty id."""
    call = creation(world)
    strange = a_call("CreateTargetGroup", dict(call.parameters), outputs={"Arn": "Nothing.0.Arn"})

    with pytest.raises(Rejected, match=r"Nothing\.0\.Arn"):
        writer.send(strange, strange.parameters)


def _gone(world: World, resource: str) -> str:
    arn = world.load_balancer({"made-by": "hand"})
    return ":".join(arn.split(":")[:5]) + f":{resource}"
