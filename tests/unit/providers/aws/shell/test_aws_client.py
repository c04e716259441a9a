"""Clients: one attempt, the gate in front of every call, and no way for planning to write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.awsrequest import AWSPreparedRequest

from providers.aws.client import Clients, ReadGate, WriteWhilePlanningError
from provisioner.model.errors import ConfigError, Denied, NotFound, Unavailable
from provisioner.ports import CloudTarget
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import ManualClock, World


@pytest.fixture
def clients(world: World) -> Iterator[Clients]:
    """Clients that read, on a clock that does not really wait."""
    clients = Clients(world.target, ReadGate(ManualClock()))
    yield clients
    clients.close()


def test_clients_for_planning_cannot_write(clients: Clients, cloud: CloudServer) -> None:
    """A dry run that writes is the worst bug of this trade (external-dns#816): refused unsent."""
    with pytest.raises(WriteWhilePlanningError, match="CreateTargetGroup"):
        clients.elbv2.create_target_group(Name="x")

    assert list(cloud.calls) == []


def test_a_throttled_read_is_repeated_until_it_succeeds(
    clients: Clients, cloud: CloudServer
) -> None:
    """Throttles never fail a plan by themselves."""
    cloud.faults.throttle("DescribeLoadBalancers", times=3)

    answer = clients.elbv2.describe_load_balancers()

    assert answer["LoadBalancers"] == []
    assert len(cloud.calls.named("DescribeLoadBalancers")) == 4


def test_pages_pass_the_gate_one_by_one(clients: Clients, cloud: CloudServer, world: World) -> None:
    """A throttle in the middle of a listing repeats that page, not the listing."""
    for _ in range(3):
        world.load_balancer({"made-by": "hand"})
    cloud.configure(page_size=1)
    cloud.calls.clear()
    cloud.faults.throttle("DescribeLoadBalancers", skip=2)

    pages = list(clients.elbv2.get_paginator("describe_load_balancers").paginate())

    assert sum(len(page["LoadBalancers"]) for page in pages) == 3
    assert len(cloud.calls.named("DescribeLoadBalancers")) == 4


def test_a_lost_answer_to_a_read_is_asked_for_again(clients: Clients, cloud: CloudServer) -> None:
    """A connection that breaks is no reason to fail a plan."""
    cloud.faults.lose_response("DescribeVpcs")

    assert clients.ec2.describe_vpcs()["Vpcs"]


def test_a_denial_is_final_and_names_the_permission(clients: Clients, cloud: CloudServer) -> None:
    """The message is all that an administrator needs."""
    cloud.faults.deny("DescribeListeners")

    with pytest.raises(Denied) as caught:
        clients.elbv2.describe_listeners(LoadBalancerArn="arn")

    assert "elasticloadbalancing:DescribeListeners" in caught.value.hint
    assert len(cloud.calls.named("DescribeListeners")) == 1


def test_errors_keep_their_cause(clients: Clients) -> None:
    """A bug report shows what botocore said."""
    with pytest.raises(NotFound) as caught:
        clients.elbv2.describe_load_balancers(Names=["nobody"])

    assert type(caught.value.__cause__).__name__ == "LoadBalancerNotFoundException"


def test_without_a_region_there_is_a_hint(world: World) -> None:
    """Botocore's own words for it come only with the first call, and without advice."""
    with pytest.raises(ConfigError) as caught:
        Clients(replace(world.target, region=""), ReadGate())

    assert "--region" in caught.value.hint


def test_the_region_may_come_from_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Boto's own chain holds where no flag is given."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert Clients(replace(world.target, region=""), ReadGate()).region == "eu-west-1"


def test_an_unknown_profile_is_told_as_configuration(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typo in AWS_PROFILE ends in one sentence."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(ConfigError, match="nobody"):
        Clients(world.target, ReadGate())


def test_without_credentials_there_is_a_hint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most common first failure."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    clients = Clients(world.target, ReadGate())

    with pytest.raises(ConfigError, match="no AWS credentials") as caught:
        clients.elbv2.describe_load_balancers()

    assert "AWS_PROFILE" in caught.value.hint


@pytest.mark.parametrize("url", ["localhost", "http://"])
def test_an_endpoint_that_is_no_address_is_refused(url: str, world: World) -> None:
    """--endpoint-url is for emulators; people forget the scheme."""
    clients = Clients(replace(world.target, endpoint_url=url), ReadGate())

    with pytest.raises(ConfigError, match="endpoint"):
        _ = clients.elbv2


def test_an_endpoint_that_nobody_listens_on_is_told_at_once(target_nowhere: CloudTarget) -> None:
    """The message has the address, the hint what to check."""
    clients = Clients(target_nowhere, ReadGate())

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/") as caught:
        clients.elbv2.describe_load_balancers()

    assert "--endpoint-url" in caught.value.hint


@pytest.fixture
def target_nowhere(world: World) -> CloudTarget:
    """A port that nobody listens on."""
    return replace(world.target, endpoint_url="http://127.0.0.1:1")


def test_requests_say_who_sent_them(clients: Clients) -> None:
    """CloudTrail shows the user agent; an administrator can tell us from others."""
    agents: list[str] = []

    def note(request: AWSPreparedRequest, **_: object) -> None:
        agents.append(str(request.headers["User-Agent"]))

    clients.elbv2.meta.events.register("before-send", note)

    clients.elbv2.describe_load_balancers()

    assert "ingress-provisioner/" in agents[0]
