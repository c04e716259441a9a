"""What guards a load balancer, and its reserved capacity, through the API and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from providers.aws import provider
from providers.aws.addresses import Kind
from providers.aws.changes.calls import calls
from providers.aws.client import Clients, ReadGate
from providers.aws.execute import AwsWriter, WriteGate
from providers.aws.live.journal import Journal
from providers.aws.reader import AwsReader
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Action
from provisioner.model.errors import LimitExceeded, Throttled
from provisioner.model.resource import Observed, PlainInput, Ref, Resource, freeze_spec
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import ManualClock, World
from tests.unit.providers.aws.shell.test_aws_named import a_web_acl

GROUP = "shop/web"
BALANCER = "aws:load-balancer/shop/web"
LISTENER = "aws:listener/shop/web/80"
ADDRESSES = {
    Kind.WEB_ACL_ASSOCIATION: "aws:web-acl-association/shop/web",
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: "aws:regional-web-acl-association/shop/web",
    Kind.PROTECTION: "aws:protection/shop/web",
}
MANAGES = "ingress-provisioner.io/manages"


class OpenFence:
    """A fence that is always open."""

    def check(self) -> None:
        """Let everything pass."""


@pytest.fixture
def reader(world: World) -> Iterator[AwsReader]:
    """A reader on a clock that does not really wait; it remembers nothing between two looks."""
    clock = ManualClock()
    reader = AwsReader(Clients(world.target, ReadGate(clock)), clock=clock)
    yield reader
    reader.close()


@pytest.fixture
def writer(world: World) -> Iterator[AwsWriter]:
    """A writer on a clock that does not really wait."""
    clock = ManualClock()
    clients = Clients(world.target, WriteGate(OpenFence(), clock), reading=False)
    writer = AwsWriter(clients, journal=Journal(clock))
    yield writer
    writer.close()


def balancer(world: World, *words: str) -> str:
    """Create the load balancer, with these words in the tag of what is ours to look at."""
    more = {MANAGES: " ".join(words)} if words else {}
    return world.load_balancer(world.marks(BALANCER, more=more))


def link(kind: Kind, **spec: PlainInput) -> Resource:
    """Return a guard of the load balancer as it is wanted."""
    target: dict[str, PlainInput] = {"ResourceArn": Ref(BALANCER, "LoadBalancerArn")}
    return Resource(
        kind=kind.value, address=ADDRESSES[kind], group=GROUP, spec=freeze_spec({**target, **spec})
    )


def carry_out(writer: AwsWriter, desired: Resource, seen: Observed) -> list[str]:
    """Send what differs; the operations sent."""
    present = [seen.resources[desired.address]] if desired.address in seen.resources else []
    rules = DiffRules(
        immutable=provider.immutable, create_only=provider.create_only, partial=provider.partial
    )
    (change,) = diff([desired], present, rules)
    made = calls(change) if change.action is not Action.NOOP else ()
    for call in made:
        writer.send(call, resolved(call.parameters, seen))
    return [call.operation for call in made]


def resolved(parameters: Mapping[str, object], seen: Observed) -> dict[str, object]:
    """Return parameters with ids in place of Refs."""
    return {
        name: seen.resources[value.address].outputs[value.field]
        if isinstance(value, Ref)
        else value
        for name, value in parameters.items()
    }


def a_classic_acl(world: World) -> str:
    """Create a web ACL of WAF Classic; its id."""
    client: Any = boto3.client("waf-regional", **world.account.login.options())
    answer = client.create_web_acl(
        Name="classic",
        MetricName="classic",
        DefaultAction={"Type": "ALLOW"},
        ChangeToken=client.get_change_token()["ChangeToken"],
    )
    return str(answer["WebACL"]["WebACLId"])


def subscribe(world: World) -> None:
    """Subscribe the account to Shield Advanced."""
    client: Any = boto3.client("shield", **world.account.login.options())
    client.create_subscription()


def test_web_acls_are_set_replaced_and_taken_away(
    world: World, reader: AwsReader, writer: AwsWriter
) -> None:
    """What is read back is what was asked for, at each turn."""
    balancer(world, "web-acl")
    (_, first), (_, second) = a_web_acl(world), a_web_acl(world)
    kind = Kind.WEB_ACL_ASSOCIATION

    for arn, operations in (
        (first, ["AssociateWebACL"]),
        (first, []),
        (second, ["AssociateWebACL"]),
        ("", ["DisassociateWebACL"]),
        ("", []),
    ):
        wanted = link(kind, WebACLArn=arn)
        assert carry_out(writer, wanted, reader.observe()) == operations
        assert reader.observe().resources[ADDRESSES[kind]].spec == wanted.spec


def test_classic_web_acls_likewise(world: World, reader: AwsReader, writer: AwsWriter) -> None:
    """WAF Classic names them by id."""
    balancer(world, "classic-web-acl")
    kind, identifier = Kind.CLASSIC_WEB_ACL_ASSOCIATION, a_classic_acl(world)

    for said, operations in (
        (identifier, ["AssociateWebACL"]),
        ("", ["DisassociateWebACL"]),
        ("", []),
    ):
        wanted = link(kind, WebACLId=said)
        assert carry_out(writer, wanted, reader.observe()) == operations
        assert reader.observe().resources[ADDRESSES[kind]].spec == wanted.spec


def test_a_protection_comes_and_goes_by_its_id(
    world: World, reader: AwsReader, writer: AwsWriter
) -> None:
    """The id of what we made is read back from the load balancer it protects."""
    subscribe(world)
    balancer(world, "protection")

    for wish, operations in (
        (True, ["CreateProtection"]),
        (True, []),
        (False, ["DeleteProtection"]),
        (False, []),
    ):
        wanted = link(Kind.PROTECTION, Enabled=wish)
        assert carry_out(writer, wanted, reader.observe()) == operations
        assert reader.observe().resources[ADDRESSES[Kind.PROTECTION]].spec == wanted.spec


def test_a_call_that_is_repeated_after_a_crash_is_no_error(world: World, writer: AwsWriter) -> None:
    """Whoever was killed between a call and its answer makes it again."""
    subscribe(world)
    arn = balancer(world)
    wanted = link(Kind.PROTECTION, Enabled=True)
    (change,) = diff([wanted], [], DiffRules())
    parameters = {"Name": "shop-web", "ResourceArn": arn}

    outputs = [writer.send(call, parameters) for call in (*calls(change), *calls(change))]

    assert outputs[0]["ProtectionId"]
    assert outputs[1] == {}


def test_a_load_balancer_that_nobody_guards_costs_no_question(
    world: World, reader: AwsReader, cloud: CloudServer
) -> None:
    """AWS WAF answers one such question a second."""
    balancer(world)
    cloud.calls.clear()

    seen = reader.observe()

    assert not set(ADDRESSES.values()) & set(seen.resources)
    asked = {(call.service, call.operation) for call in cloud.calls}
    assert {service for service, _ in asked}.isdisjoint({"wafv2", "waf-regional", "shield"})
    assert ("elbv2", "DescribeCapacityReservation") not in asked


def test_what_may_not_be_looked_at_is_left_out(
    world: World, reader: AwsReader, cloud: CloudServer
) -> None:
    """Planning sees the mark without the thing; everything else is read."""
    balancer(world, "web-acl", "capacity")
    cloud.faults.deny("GetWebACLForResource")
    cloud.faults.deny("DescribeCapacityReservation")

    seen = reader.observe()

    assert ADDRESSES[Kind.WEB_ACL_ASSOCIATION] not in seen.resources
    assert "MinimumLoadBalancerCapacity" not in seen.resources[BALANCER].spec


def test_a_young_load_balancer_is_tried_again(
    world: World, reader: AwsReader, writer: AwsWriter, cloud: CloudServer
) -> None:
    """AWS WAF does not know it yet, which is no failure but a pause."""
    cloud.configure(waf_settle_seconds=3600)
    balancer(world, "web-acl")
    _, acl = a_web_acl(world)
    seen = reader.observe()

    with pytest.raises(Throttled, match="WAFUnavailableEntityException") as told:
        carry_out(writer, link(Kind.WEB_ACL_ASSOCIATION, WebACLArn=acl), seen)

    assert "in a minute" in told.value.hint
    assert len(cloud.calls.named("AssociateWebACL")) > 1


def test_capacity_is_reserved_read_back_and_given_back(
    world: World, reader: AwsReader, writer: AwsWriter
) -> None:
    """Zero is a reset, and reads as zero."""
    balancer(world, "capacity")
    before = reader.observe().resources[BALANCER].spec["MinimumLoadBalancerCapacity"]

    read = []
    for units in (200, 0):
        present = reader.observe().resources[BALANCER]
        wanted = Resource(
            kind=Kind.LOAD_BALANCER.value,
            address=BALANCER,
            group=GROUP,
            spec=freeze_spec({"MinimumLoadBalancerCapacity": {"CapacityUnits": units}}),
        )
        assert present.group == GROUP
        assert carry_out(writer, wanted, reader.observe()) == ["ModifyCapacityReservation"]
        read.append(reader.observe().resources[BALANCER].spec["MinimumLoadBalancerCapacity"])

    assert before == {"CapacityUnits": 0}
    assert read == [{"CapacityUnits": 200}, {"CapacityUnits": 0}]


def test_more_capacity_than_the_account_has_is_a_limit(
    world: World, reader: AwsReader, writer: AwsWriter, cloud: CloudServer
) -> None:
    """Told as one, with the way out."""
    balancer(world, "capacity")
    cloud.limits["reserved-capacity-units-per-application-load-balancer"] = 150
    wanted = Resource(
        kind=Kind.LOAD_BALANCER.value,
        address=BALANCER,
        group=GROUP,
        spec=freeze_spec({"MinimumLoadBalancerCapacity": {"CapacityUnits": 200}}),
    )

    with pytest.raises(LimitExceeded):
        carry_out(writer, wanted, reader.observe())


def test_attributes_of_a_listener_are_read_where_we_set_some(
    world: World, reader: AwsReader, cloud: CloudServer
) -> None:
    """One question for each listener whose tag says so, none for the others."""
    arn = balancer(world)
    world.http_listener(arn, world.marks(LISTENER, more={MANAGES: "attributes"}))
    world.http_listener(arn, world.marks("aws:listener/shop/web/81"), port=81)
    cloud.calls.clear()

    seen = reader.observe()

    assert seen.resources[LISTENER].spec["Attributes"]
    assert "Attributes" not in seen.resources["aws:listener/shop/web/81"].spec
    assert len(cloud.calls.named("DescribeListenerAttributes")) == 1
