"""What of ours is seen, and that it is spelled as a plan spells it."""

from __future__ import annotations

import pytest

from providers.aws.account import Wanted
from providers.aws.client import Clients, ReadGate
from providers.aws.reader import AwsReader
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, Ref, to_json
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import World, forward, host, path

BALANCER = "aws:load-balancer/shop/web"
FRONTEND = "aws:security-group/shop/web/frontend"
BACKEND = "aws:security-group/shared/backend"
LISTENER = "aws:listener/shop/web/80"
RULE = "aws:listener-rule/shop/web/80/0123456789"
GROUP_A = "aws:target-group/shop/web/a:80/pod"
GROUP_B = "aws:target-group/shop/web/b:80/pod"


def observed(world: World, groups: frozenset[str] | None = None) -> Observed:
    """Return what a fresh reader sees."""
    reader = AwsReader(Clients(world.target, ReadGate()))
    seen = reader.observe(groups)
    reader.close()
    return seen


@pytest.fixture(params=["sandbox", "unmodified moto"])
def any_world(request: pytest.FixtureRequest) -> World:
    """A world in the strict sandbox, and one in moto as it is."""
    name = "world" if request.param == "sandbox" else "stock_world"
    world: World = request.getfixturevalue(name)
    return world


def tags_of(world: World, address: str, *, group: str = "shop/web") -> list[dict[str, str]]:
    """Return the tags that are seen on a resource without an Ingress of its own."""
    return [
        {"Key": "ingress-provisioner.io/group", "Value": group},
        {"Key": "ingress-provisioner.io/owner", "Value": world.identity.owner},
        {"Key": "ingress-provisioner.io/resource", "Value": address},
    ]


def test_a_load_balancer_reads_as_it_was_asked_for(any_world: World) -> None:
    """Ids of ours come back as Refs, subnets sorted, security groups in one order."""
    world = any_world
    backend = world.security_group(world.marks(BACKEND, group="shared"))
    frontend = world.security_group(world.marks(FRONTEND))
    arn = world.load_balancer(
        world.marks(BALANCER), name="ipr-web", security_groups=[backend, frontend]
    )

    seen = observed(world).resources[BALANCER]

    spec = to_json(seen.spec)
    assert isinstance(spec, dict)
    assert spec.pop("Attributes")
    assert spec == {
        "Name": "ipr-web",
        "Scheme": "internet-facing",
        "Type": "application",
        "IpAddressType": "ipv4",
        "Subnets": sorted(subnet.subnet_id for subnet in world.account.public_subnets),
        "SecurityGroups": [{"ref": f"{FRONTEND}.GroupId"}, {"ref": f"{BACKEND}.GroupId"}],
        "Tags": tags_of(world, BALANCER),
    }
    assert (seen.kind, seen.group, seen.name) == ("LoadBalancer", "shop/web", "ipr-web")
    assert seen.outputs["LoadBalancerArn"] == arn
    assert seen.outputs["DNSName"].endswith("elb.amazonaws.com")
    assert seen.state == "active"


def test_security_group_rules_of_one_address_read_as_one_resource(any_world: World) -> None:
    """One call authorises several ranges, AWS makes a rule of each; the plan knows one resource."""
    world = any_world
    address = "aws:security-group-rule/shop/web/frontend/80"
    frontend = world.security_group(world.marks(FRONTEND))
    world.open(
        frontend,
        {
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
            "IpRanges": [
                {"CidrIp": "192.0.2.0/24", "Description": "clients"},
                {"CidrIp": "10.0.0.0/8", "Description": "clients"},
            ],
            "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "clients"}],
        },
        world.marks(address),
    )

    seen = observed(world).resources[address]

    assert to_json(seen.spec) == {
        "GroupId": {"ref": f"{FRONTEND}.GroupId"},
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [
                    {"CidrIp": "10.0.0.0/8", "Description": "clients"},
                    {"CidrIp": "192.0.2.0/24", "Description": "clients"},
                ],
                "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "clients"}],
            }
        ],
        "Tags": tags_of(world, address),
    }
    assert seen.outputs["SecurityGroupRuleIds"].count("sgr-") == 3


def test_a_rule_of_ours_on_a_foreign_security_group_is_seen_with_its_description(
    any_world: World,
) -> None:
    """Nodes' groups are not ours, our rules on them are; moto lists their description elsewhere."""
    world = any_world
    nodes = world.security_group({"Name": "nodes"})
    backend = world.security_group(world.marks(BACKEND, group="shared"))
    address = f"aws:security-group-rule/shared/{nodes}/80-90"
    world.open(
        nodes,
        {
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 90,
            "UserIdGroupPairs": [{"GroupId": backend, "Description": "load balancers"}],
        },
        world.marks(address, group="shared"),
    )

    seen = observed(world).resources

    assert set(seen) == {address, BACKEND}
    assert seen[address].group == "shared"
    assert to_json(seen[address].spec)["IpPermissions"] == [  # type: ignore[index,call-overload]
        {
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 90,
            "UserIdGroupPairs": [
                {"GroupId": {"ref": f"{BACKEND}.GroupId"}, "Description": "load balancers"}
            ],
        }
    ]


def test_listeners_and_rules_read_as_they_were_asked_for(any_world: World) -> None:
    """AWS doubles target groups and adds weights, stickiness and orders; none of that is seen."""
    world = any_world
    balancer = world.load_balancer(world.marks(BALANCER))
    group = world.target_group(world.marks(GROUP_A, ingress="shop/web"))
    listener = world.http_listener(balancer, world.marks(LISTENER), action=forward(group))
    rule = world.rule(
        listener,
        world.marks(RULE, ingress="shop/web"),
        priority=100,
        conditions=[host("shop.example.com"), path("/cart", "/cart/*")],
        actions=[forward(group)],
    )

    seen = observed(world).resources

    to_group = [
        {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": {"ref": f"{GROUP_A}.TargetGroupArn"}}]
            },
        }
    ]
    assert to_json(seen[LISTENER].spec) == {
        "LoadBalancerArn": {"ref": f"{BALANCER}.LoadBalancerArn"},
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": to_group,
        "Tags": tags_of(world, LISTENER),
    }
    assert to_json(seen[RULE].spec) == {
        "ListenerArn": {"ref": f"{LISTENER}.ListenerArn"},
        "Priority": 100,
        "Conditions": [
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/cart", "/cart/*"]}},
        ],
        "Actions": to_group,
        "Tags": [
            {"Key": "ingress-provisioner.io/group", "Value": "shop/web"},
            {"Key": "ingress-provisioner.io/ingress", "Value": "shop/web"},
            {"Key": "ingress-provisioner.io/owner", "Value": world.identity.owner},
            {"Key": "ingress-provisioner.io/resource", "Value": RULE},
        ],
    }
    assert seen[RULE].order == 100
    assert seen[RULE].outputs == {"RuleArn": rule}
    assert seen[RULE].ingresses == (Key("shop", "web"),)
    assert seen[RULE].title == "shop.example.com /cart /cart/*"


def test_several_target_groups_keep_their_weights_in_order_of_address(any_world: World) -> None:
    """Where there is something to weigh, weights are part of the action; AWS orders them freely."""
    world = any_world
    balancer = world.load_balancer(world.marks(BALANCER))
    a = world.target_group(world.marks(GROUP_A))
    b = world.target_group(world.marks(GROUP_B))
    world.http_listener(
        balancer,
        world.marks(LISTENER),
        action={
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": b, "Weight": 10},
                    {"TargetGroupArn": a, "Weight": 0},
                ]
            },
        },
    )

    seen = observed(world).resources[LISTENER]

    assert to_json(seen.spec["DefaultActions"]) == [
        {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": {"ref": f"{GROUP_A}.TargetGroupArn"}, "Weight": 0},
                    {"TargetGroupArn": {"ref": f"{GROUP_B}.TargetGroupArn"}, "Weight": 10},
                ]
            },
        }
    ]


def test_an_https_listener_has_its_default_certificate_and_the_others_are_resources(
    any_world: World,
) -> None:
    """Certificates beside the default one come and go on their own; moto mixes them in."""
    world = any_world
    address = "aws:listener/shop/web/443"
    default, other = (certificate.arn for certificate in world.account.certificates)
    balancer = world.load_balancer(world.marks(BALANCER))
    world.https_listener(balancer, world.marks(address), certificates=[default, other])

    seen = observed(world)

    spec = seen.resources[address].spec
    extra = [r for r in seen.resources.values() if r.kind == "ListenerCertificate"]
    assert to_json(spec["Certificates"]) == [{"CertificateArn": default}]
    assert spec["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert [to_json(each.spec) for each in extra] == [
        {
            "ListenerArn": {"ref": f"{address}.ListenerArn"},
            "Certificates": [{"CertificateArn": other}],
        }
    ]
    assert extra[0].address.startswith("aws:listener-certificate/shop/web/443/")
    assert extra[0].group == "shop/web"


def test_a_target_group_reads_with_its_health_check_and_its_members(any_world: World) -> None:
    """Members are a resource of their own; who they belong to is the tag's word."""
    world = any_world
    group = world.target_group(world.marks(GROUP_A, ingress="shop/web"), name="ipr-a")
    world.register(group, [{"Id": "10.0.64.9", "Port": 8080}, {"Id": "10.0.64.10", "Port": 8080}])

    seen = observed(world).resources

    members = seen["aws:targets/shop/web/a:80/pod"]
    spec = to_json(seen[GROUP_A].spec)
    assert isinstance(spec, dict)
    assert spec.pop("Attributes")
    assert spec.pop("Tags")
    assert spec == {
        "Name": "ipr-a",
        "TargetType": "ip",
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "Port": 8080,
        "VpcId": world.account.vpc_id,
        "IpAddressType": "ipv4",
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200-299"},
    }
    assert to_json(members.spec) == {
        "TargetGroupArn": {"ref": f"{GROUP_A}.TargetGroupArn"},
        "Targets": [{"Id": "10.0.64.10", "Port": 8080}, {"Id": "10.0.64.9", "Port": 8080}],
    }
    assert members.ingresses == seen[GROUP_A].ingresses == (Key("shop", "web"),)


def test_an_empty_target_group_has_an_empty_membership(any_world: World) -> None:
    """No targets is something to compare with, not something unknown."""
    any_world.target_group(any_world.marks(GROUP_A))

    seen = observed(any_world).resources["aws:targets/shop/web/a:80/pod"]

    assert seen.spec["Targets"] == ()


def test_draining_targets_are_members_no_more(world: World, cloud: CloudServer) -> None:
    """A deregistered target is listed until it has drained; registering it again is a change."""
    cloud.configure(draining_seconds=60)
    balancer = world.load_balancer(world.marks(BALANCER))
    group = world.target_group(world.marks(GROUP_A))
    world.http_listener(balancer, world.marks(LISTENER), action=forward(group))
    world.register(group, [{"Id": "10.0.64.9", "Port": 80}, {"Id": "10.0.64.10", "Port": 80}])
    world.account.login.elbv2().deregister_targets(
        TargetGroupArn=group, Targets=[{"Id": "10.0.64.9", "Port": 80}]
    )

    seen = observed(world).resources

    members = seen["aws:targets/shop/web/a:80/pod"]
    assert to_json(members.spec["Targets"]) == [{"Id": "10.0.64.10", "Port": 80}]
    assert seen[GROUP_A].healthy == 1


def test_foreign_tags_do_not_exist_for_us(any_world: World) -> None:
    """Cost reports and people tag our resources too: nobody compares or removes their tags."""
    world = any_world
    ours = {"ingress-provisioner.io/tag-keys": "team", "team": "shop"}
    world.target_group(world.marks(GROUP_A, more={**ours, "aws-cost": "42"}))

    seen = observed(world).resources[GROUP_A]

    tags = to_json(seen.spec["Tags"])
    assert isinstance(tags, list)
    assert {"Key": "team", "Value": "shop"} in tags
    assert "aws-cost" not in str(tags)


def test_what_others_own_is_never_seen(world: World) -> None:
    """Ours is what bears our owner tag: two clusters of one name never meet (LBC#2501)."""
    others = {**world.marks(BALANCER), "ingress-provisioner.io/owner": "another/u-2/default"}
    foreign = world.load_balancer(others)
    world.http_listener(foreign, {**others, "ingress-provisioner.io/resource": LISTENER})
    world.target_group({**others, "ingress-provisioner.io/resource": GROUP_A})
    world.security_group(others)

    seen = observed(world)

    assert seen.resources == {}


def test_a_listener_that_somebody_added_by_hand_is_left_alone(world: World) -> None:
    """On a load balancer of ours too, only what carries our mark is ours (LBC#3311)."""
    balancer = world.load_balancer(world.marks(BALANCER))
    world.http_listener(balancer, {"made-by": "hand"}, port=8080)

    seen = observed(world)

    assert set(seen.resources) == {BALANCER}


def test_an_owner_tag_without_an_address_is_not_enough(world: World) -> None:
    """A half-tagged copy says neither what it is for nor what to do with it, so nothing is done."""
    world.target_group({"ingress-provisioner.io/owner": world.identity.owner})

    assert observed(world).resources == {}


def test_only_the_groups_that_are_asked_for_are_read(world: World, cloud: CloudServer) -> None:
    """A controller that plans one load balancer does not pay for the others, but counts them."""
    other = "aws:load-balancer/shop/other"
    world.load_balancer(world.marks(BALANCER))
    world.load_balancer(world.marks(other, group="shop/other"))
    world.security_group(world.marks(BACKEND, group="shared"))
    cloud.calls.clear()

    seen = observed(world, frozenset({"shop/web"}))

    assert {r.address for g in ("shop/web", "shared") for r in seen.of_group(g)} == {
        BALANCER,
        BACKEND,
    }
    assert [(r.address, r.spec) for r in seen.of_group("shop/other")] == [(other, {})]
    assert len(cloud.calls.named("DescribeListeners")) == 1


def test_reading_a_load_balancer_takes_a_bounded_number_of_calls(
    world: World, cloud: CloudServer
) -> None:
    """Every listing is made once: two lists, tags in batches, one call per listener and group."""
    balancer = world.load_balancer(world.marks(BALANCER))
    group = world.target_group(world.marks(GROUP_A))
    listener = world.http_listener(balancer, world.marks(LISTENER))
    for number in range(30):
        address = f"aws:listener-rule/shop/web/80/{number:010d}"
        world.rule(
            listener,
            world.marks(address),
            priority=number + 1,
            conditions=[path(f"/{number}")],
            actions=[forward(group)],
        )
    cloud.calls.clear()

    seen = observed(world)

    made = sorted(call.operation for call in cloud.calls)
    assert len([r for r in seen.resources.values() if r.kind == "ListenerRule"]) == 30
    assert made == [
        "DescribeListeners",
        "DescribeLoadBalancerAttributes",
        "DescribeLoadBalancers",
        "DescribeRules",
        "DescribeSecurityGroupRules",
        "DescribeSecurityGroups",
        "DescribeTags",  # the load balancer
        "DescribeTags",  # the target group
        "DescribeTags",  # 31 listeners and rules, twenty at a time
        "DescribeTags",
        "DescribeTargetGroupAttributes",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
        "GetResources",  # our certificates
    ]


@pytest.mark.parametrize(
    ("operation", "unread"),
    [("tag:GetResources", True), ("acm:DescribeCertificate", False)],
)
def test_certificates_of_ours_that_may_not_be_looked_up_are_unknown(
    world: World, cloud: CloudServer, operation: str, *, unread: bool
) -> None:
    """An older IAM policy stops nobody: all else is seen, of certificates nothing is claimed."""
    world.load_balancer(world.marks(BALANCER))
    cloud.faults.deny(operation.replace("tag:", "resourcegroupstaggingapi:"))

    seen = observed(world)
    cloud.faults.clear()

    assert BALANCER in seen.resources
    assert seen.unread == (frozenset({"Certificate"}) if unread else frozenset())


def test_a_plan_lists_the_account_once(world: World, cloud: CloudServer, reader: AwsReader) -> None:
    """What was observed a moment ago also tells the neighbours; the next plan lists anew."""
    world.load_balancer(world.marks(BALANCER))
    cloud.calls.clear()

    for _ in range(2):
        reader.observe()
        reader.facts(Wanted())

    assert len(cloud.calls.named("DescribeLoadBalancers")) == 2
    assert len(cloud.calls.named("DescribeTargetGroups")) == 2


def test_tags_of_other_peoples_target_groups_are_not_asked_for(
    world: World, cloud: CloudServer
) -> None:
    """An account full of foreign target groups must not slow every plan (LBC#1871)."""
    nobodys = {"made-by": "hand"}
    foreign = world.load_balancer(nobodys)
    for number in range(25):
        group = world.target_group(nobodys)
        world.http_listener(foreign, nobodys, port=8000 + number, action=forward(group))
    cloud.calls.clear()

    observed(world)

    assert len(cloud.calls.named("DescribeTags")) == 1  # of the foreign load balancer alone


def test_long_listings_are_read_to_the_end(world: World, cloud: CloudServer) -> None:
    """Nothing of ours may hide on a later page."""
    for number in range(7):
        group = f"shop/web{number}"
        world.load_balancer(world.marks(f"aws:load-balancer/{group}", group=group))
        world.target_group(world.marks(f"aws:target-group/{group}/a:80/pod", group=group))
    cloud.configure(page_size=2)

    seen = observed(world)

    assert len([r for r in seen.resources.values() if r.kind == "LoadBalancer"]) == 7
    assert len([r for r in seen.resources.values() if r.kind == "TargetGroup"]) == 7


def test_the_second_of_two_that_claim_one_address_gets_an_address_of_its_own(
    stock_world: World,
) -> None:
    """What a crash left twice is deleted once: nothing desires the second address."""
    world = stock_world
    first = world.load_balancer(world.marks(BALANCER), name="one")
    second = world.load_balancer(world.marks(BALANCER), name="two")
    world.http_listener(second, world.marks(LISTENER))
    world.http_listener(first, world.marks(LISTENER))

    seen = observed(world).resources

    beside = f"{BALANCER}~{second[-8:]}"
    listeners = [r for r in seen.values() if r.kind == "Listener"]
    assert seen[BALANCER].outputs["LoadBalancerArn"] == first
    assert seen[beside].outputs["LoadBalancerArn"] == second
    assert {r.address.partition("~")[0] for r in listeners} == {LISTENER}
    assert seen[LISTENER].spec["LoadBalancerArn"] == Ref(BALANCER, "LoadBalancerArn")


def test_observing_twice_gives_the_same_value(world: World) -> None:
    """Reads are made side by side; their order must not show."""
    backend = world.security_group(world.marks(BACKEND, group="shared"))
    balancer = world.load_balancer(world.marks(BALANCER), security_groups=[backend])
    world.http_listener(balancer, world.marks(LISTENER))
    world.target_group(world.marks(GROUP_A))

    once, again = observed(world), observed(world)

    assert once == again
    assert list(once.resources) == sorted(once.resources)
