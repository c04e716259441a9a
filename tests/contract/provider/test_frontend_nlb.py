"""A network load balancer in front, through a whole life on an emulated account."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner import wiring
from provisioner.sandbox.aws.clients import Login
from tests.contract.provider.desk import Desk, changes_of, failures
from tests.contract.provider.manifests import Route, ingress
from tests.contract.provider.under_test import Pace

pytestmark = pytest.mark.parametrize("running", ["aws"], indirect=True)

NATIVE = "alb.ingress.kubernetes.io/"
FRONT = {f"{NATIVE}enable-frontend-nlb": "true"}
MAPPING = f"{NATIVE}frontend-nlb-listener-port-mapping"
SLOW = Pace(provisioning=60, health=30, draining=60, linger=40)


@pytest.fixture
def account(desk: Desk) -> Login:
    """The account of the desk."""
    access_key = desk.cloud.environment["AWS_ACCESS_KEY_ID"]
    return Login(endpoint_url=desk.cloud.url, access_key=access_key)


def put(desk: Desk, annotations: Mapping[str, str]) -> None:
    """Put the one Ingress with these annotations."""
    desk.put(ingress("web", Route(), annotations=annotations))


def fronts(account: Login) -> dict[int, list[tuple[str, int]]]:
    """Return by port of the network load balancer where it leads: load balancer and port."""
    elbv2 = account.elbv2()
    balancers = elbv2.describe_load_balancers()["LoadBalancers"]
    names = {each["LoadBalancerArn"]: each["Type"] for each in balancers}
    found: dict[int, list[tuple[str, int]]] = {}
    for arn in (arn for arn, kind in names.items() if kind == "network"):
        for listener in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            group = listener["DefaultActions"][0]["TargetGroupArn"]
            health = elbv2.describe_target_health(TargetGroupArn=group)
            found[listener["Port"]] = [
                (names[each["Target"]["Id"]], each["Target"]["Port"])
                for each in health["TargetHealthDescriptions"]
                if each["TargetHealth"]["State"] != "draining"
            ]
    return found


def test_it_is_built_with_the_load_balancer_and_goes_with_it(desk: Desk, account: Login) -> None:
    """One apply builds both; a second plan is empty; without the Ingress nothing stays."""
    desk.cloud.slow(SLOW)
    put(desk, FRONT)

    desk.converge()

    assert fronts(account) == {80: [("application", 80)]}
    desk.clear_out()


def test_it_comes_and_goes_with_its_annotation(desk: Desk, account: Login) -> None:
    """In front of a load balancer that serves; taken away, that one is as it was."""
    desk.cloud.slow(SLOW)
    put(desk, {})
    desk.converge()
    before = desk.cloud.leftovers()
    put(desk, FRONT)
    desk.converge()
    assert fronts(account) == {80: [("application", 80)]}
    put(desk, {})

    plan = desk.converge()

    changed = set(changes_of(plan))
    assert {address.partition("/")[0] for address in changed} == {
        "aws:network-listener",
        "aws:network-load-balancer",
        "aws:network-target-group",
        "aws:network-targets",
    }
    desk.cloud.clock.sleep(SLOW.linger)
    assert desk.cloud.leftovers() == before


def test_ports_move_with_their_mapping(desk: Desk, account: Login) -> None:
    """A port leads to another one, and one that nobody maps any more is gone."""
    desk.cloud.slow(SLOW)
    put(desk, {**FRONT, "listen-ports": '[{"HTTP": 80}, {"HTTP": 8080}]'})
    desk.converge()
    assert fronts(account) == {80: [("application", 80)], 8080: [("application", 8080)]}

    put(desk, {**FRONT, "listen-ports": '[{"HTTP": 8080}]', MAPPING: "80=8080"})
    desk.converge()

    assert fronts(account) == {80: [("application", 8080)]}
    desk.clear_out()


def test_fixed_addresses_and_every_other_setting(desk: Desk, account: Login) -> None:
    """Elastic IP addresses, scheme, groups, attributes, tags and health checks are read back."""
    desk.cloud.slow(Pace())
    ec2 = account.ec2()
    vpcs = {s["VpcId"] for s in ec2.describe_subnets()["Subnets"] if s.get("Tags")}
    group = ec2.create_security_group(GroupName="edge", Description="edge", VpcId=min(vpcs))[
        "GroupId"
    ]
    subnets = sorted(
        each["SubnetId"]
        for each in ec2.describe_subnets()["Subnets"]
        if {"Key": "kubernetes.io/role/elb", "Value": "1"} in each.get("Tags", [])
    )
    addresses = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in subnets]
    said = {
        "scheme": "internet-facing",
        "subnets": ",".join(subnets),
        "eip-allocations": ",".join(addresses),
        "security-groups": group,
        "attributes": "load_balancing.cross_zone.enabled=true",
        "tags": "team=edge",
        "healthcheck-path": "/healthz",
        "healthcheck-interval-seconds": "20",
        "healthcheck-timeout-seconds": "4",
        "healthcheck-healthy-threshold-count": "3",
        "healthcheck-unhealthy-threshold-count": "4",
        "healthcheck-success-codes": "200-399",
    }
    settings = {f"{NATIVE}frontend-nlb-{name}": value for name, value in said.items()}
    narrow = {f"{NATIVE}inbound-cidrs": "203.0.113.0/24"}
    put(desk, {**FRONT, **settings, **narrow})

    desk.converge()

    front = next(
        each
        for each in account.elbv2().describe_load_balancers()["LoadBalancers"]
        if each["Type"] == "network"
    )
    zones = {zone["SubnetId"]: zone["LoadBalancerAddresses"] for zone in front["AvailabilityZones"]}
    fixed = [zones[subnet][0]["AllocationId"] for subnet in subnets]
    assert fixed == addresses
    assert front["SecurityGroups"] == [group]
    changed = {**settings, f"{NATIVE}frontend-nlb-healthcheck-path": "/ready"}
    put(desk, {**FRONT, **changed, **narrow})
    plan = desk.converge()
    assert list(changes_of(plan).values()) == ["update"]
    desk.drop("Ingress shop/web")
    assert not failures(desk.apply())
    ec2.delete_security_group(GroupId=group)
    desk.clear_out()


def test_its_name_is_the_second_address_of_the_status(desk: Desk, account: Login) -> None:
    """Both names, the load balancer's first, as AWS Load Balancer Controller writes them."""
    desk.cloud.slow(Pace())
    put(desk, FRONT)
    desk.converge()
    provider = wiring.load_provider(desk.cloud.name)

    first, second = provider.status_addresses("shop/web", desk.plan().outputs)

    by_type = {
        each["Type"]: each["DNSName"].lower()
        for each in account.elbv2().describe_load_balancers()["LoadBalancers"]
    }
    assert (first, second) == (by_type["application"], by_type["network"])


def test_a_broken_setting_leaves_what_works(desk: Desk, account: Login) -> None:
    """An annotation that cannot be is told; the network load balancer goes on as it is."""
    desk.cloud.slow(Pace())
    put(desk, FRONT)
    desk.converge()
    put(desk, {**FRONT, f"{NATIVE}frontend-nlb-subnets": "nowhere"})

    plan = desk.plan()

    assert changes_of(plan) == {}
    assert [d.code for d in plan.diagnostics if d.blocking] == ["NLB-SUBNETS"]
    assert not failures(desk.apply(plan))
    assert fronts(account) == {80: [("application", 80)]}
