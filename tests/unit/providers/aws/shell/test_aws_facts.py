"""What an account says is read completely, and in as few calls as it takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers.aws.account import Facts, Wanted
from providers.aws.client import Clients, ReadGate
from providers.aws.reader import AwsReader
from provisioner.model.limits import LimitSource
from provisioner.sandbox.aws.account import give_pod_addresses, make_account
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import ManualClock, World

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def facts(world: World, wanted: Wanted) -> Facts:
    """Return what a fresh reader finds."""
    reader = AwsReader(Clients(world.target, ReadGate()), today=lambda: NOON)
    found = reader.facts(wanted)
    reader.close()
    return found


def of_nodes(world: World) -> Wanted:
    """Return the question for the nodes' instances."""
    return Wanted(instances=tuple(sorted(node.instance_id for node in world.account.nodes)))


@pytest.fixture(params=["sandbox", "unmodified moto"])
def any_world(request: pytest.FixtureRequest) -> World:
    """A world in the strict sandbox, and one in moto as it is."""
    name = "world" if request.param == "sandbox" else "stock_world"
    world: World = request.getfixturevalue(name)
    return world


def test_the_vpc_is_that_of_the_nodes(any_world: World) -> None:
    """Nobody should have to name what the nodes already say."""
    found = facts(any_world, of_nodes(any_world))

    assert found.vpc is not None
    assert (found.vpc.id, found.vpc.cidrs) == (any_world.account.vpc_id, ("10.0.0.0/16",))
    assert found.vpc_problem == ""
    assert found.observed_at == "2026-03-01T12:00:00Z"
    assert (found.region, found.partition) == ("eu-central-1", "aws")
    assert found.account_id


def test_subnets_say_where_they_are_and_whether_they_are_public(any_world: World) -> None:
    """Public is what a route table leads to an internet gateway, not what a name says."""
    found = facts(any_world, Wanted(vpc_id=any_world.account.vpc_id))

    expected = {
        (subnet.subnet_id, subnet.zone, subnet.block, subnet.public)
        for subnet in any_world.account.subnets
    }
    assert {(s.id, s.zone, s.cidr, s.public) for s in found.subnets} == expected
    assert [s.id for s in found.subnets] == sorted(s.id for s in found.subnets)
    assert all(s.free_addresses > 200 for s in found.subnets)
    assert {s.zone_type for s in found.subnets} == {"availability-zone"}
    assert found.subnets[0].tags["kubernetes.io/cluster/demo"] == "shared"


def test_a_subnet_without_a_table_of_its_own_follows_the_main_one(world: World) -> None:
    """The main route table holds for every subnet that nobody associated."""
    account = make_account(world.target.endpoint_url, private=0, nodes=0, access_key="310987654329")
    ec2 = account.login.ec2()
    main = ec2.describe_route_tables(
        Filters=[
            {"Name": "vpc-id", "Values": [account.vpc_id]},
            {"Name": "association.main", "Values": ["true"]},
        ]
    )["RouteTables"][0]["RouteTableId"]
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    plain = ec2.create_subnet(VpcId=account.vpc_id, CidrBlock="10.0.200.0/24")["Subnet"]["SubnetId"]

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "310987654329")
        found = facts(world, Wanted(vpc_id=account.vpc_id))

    assert {subnet.id: subnet.public for subnet in found.subnets}[plain] is True


def test_a_vpc_that_does_not_exist_is_told(world: World) -> None:
    """A typo in a setting must not read as an empty network."""
    found = facts(world, Wanted(vpc_id="vpc-0123"))

    assert found.vpc is None
    assert "vpc-0123" in found.vpc_problem
    assert found.subnets == ()


def test_without_nodes_the_only_vpc_with_role_tags_is_taken(world: World) -> None:
    """A cluster without nodes yet can be planned all the same; the default VPC does not matter."""
    found = facts(world, Wanted())

    assert found.vpc_problem == ""
    assert found.vpc is not None
    assert found.vpc.id == world.account.vpc_id


def test_several_candidates_for_the_vpc_are_listed(world: World) -> None:
    """The message has everything that the setting needs."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "310987654328")
        made = [
            make_account(world.target.endpoint_url, nodes=0, access_key="310987654328").vpc_id
            for _ in range(2)
        ]
        found = facts(world, Wanted())

    assert found.vpc is None
    assert all(vpc_id in found.vpc_problem for vpc_id in made)


def test_instances_have_their_zone_and_the_groups_of_their_interface(any_world: World) -> None:
    """A node that is gone is absent, and does not hide the others."""
    wanted = of_nodes(any_world)

    found = facts(any_world, Wanted(instances=(*wanted.instances, "i-0123456789abcdef0")))

    assert set(found.instances) == set(wanted.instances)
    node = any_world.account.nodes[0]
    assert found.instances[node.instance_id].zone == node.zone
    assert found.instances[node.instance_id].security_groups == (any_world.account.node_group_id,)


def test_groups_that_nodes_carry_come_with_their_tags(any_world: World) -> None:
    """Where a node carries several, a tag says which one is meant."""
    found = facts(any_world, of_nodes(any_world))

    assert [(group.id, dict(group.tags)) for group in found.security_groups] == [
        (any_world.account.node_group_id, {"kubernetes.io/cluster/demo": "owned"})
    ]


def test_wanted_groups_are_found_by_id_and_by_name_tag(world: World) -> None:
    """Annotations may list either."""
    named = f"named-{world.identity.cluster_name}"
    by_name = world.security_group({"Name": named})
    by_id = world.security_group({"Name": "whatever"})

    found = facts(
        world,
        Wanted(vpc_id=world.account.vpc_id, security_groups=(by_id, named, "sg-0123", "nobody")),
    )

    assert [group.id for group in found.security_groups] == sorted([by_id, by_name])


def test_pods_have_the_groups_of_the_interface_that_holds_their_address(any_world: World) -> None:
    """Secondary addresses of a node's interface are seen in the instance: no call per pod."""
    pods = give_pod_addresses(any_world.account, 4, skip=16)
    addresses = tuple(pod.address for pod in pods)

    found = facts(any_world, Wanted(instances=of_nodes(any_world).instances, pod_ips=addresses))

    assert dict(found.pod_groups) == dict.fromkeys(
        sorted(addresses), (any_world.account.node_group_id,)
    )


def test_pods_of_nodes_cost_no_look_up_of_interfaces(world: World, cloud: CloudServer) -> None:
    """Ten thousand pods must not mean ten thousand questions."""
    pods = give_pod_addresses(world.account, 2, skip=32)
    cloud.calls.clear()

    facts(
        world,
        Wanted(instances=of_nodes(world).instances, pod_ips=tuple(pod.address for pod in pods)),
    )

    assert cloud.calls.named("DescribeNetworkInterfaces") == ()


def test_a_pod_with_an_interface_of_its_own_is_looked_up(world: World) -> None:
    """Security groups for pods: the branch interface carries other groups than the node."""
    group = world.security_group({"Name": "pods"})
    interface = world.account.login.ec2().create_network_interface(
        SubnetId=world.account.private_subnets[0].subnet_id, Groups=[group]
    )["NetworkInterface"]
    address = interface["PrivateIpAddress"]

    found = facts(world, Wanted(instances=of_nodes(world).instances, pod_ips=(address,)))

    assert found.pod_groups[address] == (group,)


def test_an_unknown_pod_falls_back_to_the_interface_of_its_node(world: World) -> None:
    """Where no interface shows the address, the node's primary one is the best guess."""
    node = world.account.nodes[0]

    found = facts(
        world,
        Wanted(pod_ips=("100.64.0.1", "100.64.0.2"), node_of_pod={"100.64.0.1": node.instance_id}),
    )

    assert dict(found.pod_groups) == {"100.64.0.1": (world.account.node_group_id,)}


def test_certificates_are_listed_only_for_hosts(world: World, cloud: CloudServer) -> None:
    """A cluster without HTTPS needs no permission for ACM."""
    cloud.faults.deny("acm:*")

    assert facts(world, of_nodes(world)).certificates == ()


def test_issued_certificates_come_with_all_their_names(any_world: World) -> None:
    """Every key algorithm is listed; ACM alone would list RSA 2048 only."""
    found = facts(any_world, Wanted(certificate_hosts=("shop.example.com",)))

    assert {certificate.domains for certificate in found.certificates} >= {
        ("*.shop.example.com", "shop.example.com"),
        ("api.example.com",),
    }
    assert all(certificate.not_after.endswith("Z") for certificate in found.certificates)
    assert {certificate.status for certificate in found.certificates} == {"ISSUED"}


def test_a_named_certificate_that_does_not_exist_is_absent(world: World) -> None:
    """Whoever named it is told by the plan; reading the rest goes on."""
    real = world.account.certificates[0].arn
    gone = real[:-12] + "0" * 12
    elsewhere = "arn:aws:iam::310987654321:server-certificate/old"

    found = facts(world, Wanted(certificate_arns=(real, gone, elsewhere)))

    assert [certificate.arn for certificate in found.certificates] == [real]


def test_what_others_own_is_counted_and_its_names_are_known(world: World) -> None:
    """It takes places of the account's limits, and names of load balancers are unique."""
    world.load_balancer(world.marks("aws:load-balancer/shop/web"), name="ours")
    world.load_balancer({"made-by": "hand"}, name="theirs")
    world.target_group({"made-by": "hand"})
    world.target_group(world.marks("aws:target-group/shop/web/a:80/pod"))

    found = facts(world, of_nodes(world))

    assert (found.load_balancers, found.target_groups) == (1, 1)
    assert found.existing_names == {"theirs"}


def test_facts_take_a_bounded_number_of_calls(world: World, cloud: CloudServer) -> None:
    """Each listing once; what nobody asked for, not at all."""
    facts(world, of_nodes(world))

    assert sorted(call.operation for call in cloud.calls) == [
        "DescribeInstances",
        "DescribeLoadBalancers",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeTargetGroups",
        "DescribeVpcs",
    ]


def test_limits_are_the_accounts_own(reader: AwsReader, cloud: CloudServer) -> None:
    """A raised limit must not hold anybody back; what no API tells is documented."""
    cloud.limits["rules-per-application-load-balancer"] = 250

    limits = reader.limits()

    rules, tags = limits["rules-per-application-load-balancer"], limits["tags-per-resource"]
    assert (rules.value, rules.source) == (250, LimitSource.ACCOUNT)
    assert (tags.value, tags.source) == (50, LimitSource.DEFAULT)


def test_limits_of_security_groups_come_from_service_quotas(stock_world: World) -> None:
    """DescribeAccountLimits does not know them, and large clusters have them raised (LBC#4416)."""
    reader = AwsReader(Clients(stock_world.target, ReadGate()))

    limits = reader.limits()
    reader.close()

    ranges = limits["inbound-rules-per-security-group"]
    groups = limits["security-groups-per-network-interface"]
    assert (ranges.value, ranges.source) == (60, LimitSource.ACCOUNT)
    assert (groups.value, groups.source) == (5, LimitSource.ACCOUNT)


def test_without_service_quotas_the_documented_limits_hold(
    reader: AwsReader, cloud: CloudServer
) -> None:
    """It is another permission and another endpoint; nobody must need it."""
    cloud.faults.deny("GetServiceQuota")

    ranges = reader.limits()["inbound-rules-per-security-group"]

    assert (ranges.value, ranges.source) == (60, LimitSource.DEFAULT)


def test_service_quotas_are_asked_once_an_hour(world: World, cloud: CloudServer) -> None:
    """They change by request to AWS; a controller plans every few seconds."""
    clock = ManualClock()
    reader = AwsReader(Clients(world.target, ReadGate(clock)), clock=clock)
    reader.limits()
    first = len(cloud.calls.named("GetServiceQuota"))
    reader.limits()
    second = len(cloud.calls.named("GetServiceQuota"))
    clock.time += 3601

    reader.limits()

    assert second == first > 0
    assert len(cloud.calls.named("GetServiceQuota")) == 2 * first
    reader.close()
