"""Target groups: creation, health check settings, attributes, use by load balancers."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, forward, refused


def users(bench: Workbench, group: str) -> list[str]:
    """LoadBalancerArns of a target group."""
    (found,) = bench.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    return found["LoadBalancerArns"]


def test_a_repeated_create_returns_the_existing_one(bench: Workbench) -> None:
    """CreateTargetGroup is idempotent: same name and settings, same ARN (moto refuses)."""
    tags = [{"Key": "team", "Value": "a"}]

    assert bench.group("one", Tags=tags) == bench.group("one", Tags=tags)


@pytest.mark.parametrize(
    "change",
    [
        {"Port": 8080},
        {"Protocol": "HTTPS"},
        {"ProtocolVersion": "HTTP2"},
        {"TargetType": "instance"},
        {"HealthCheckPath": "/healthz"},
        {"Tags": [{"Key": "team", "Value": "a"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_taken_name_with_other_settings_is_refused(
    bench: Workbench, change: dict[str, object]
) -> None:
    """DuplicateTargetGroupName."""
    bench.group("one")

    with refused("DuplicateTargetGroupName"):
        bench.group("one", **change)


@pytest.mark.parametrize("name", ["a" * 33, "-one", "one-", "o--ne", "o_ne"])
def test_malformed_names_are_refused(bench: Workbench, name: str) -> None:
    """32 characters, letters, digits and single hyphens, not at the ends."""
    with refused("ValidationError"):
        bench.group(name)


@pytest.mark.parametrize(
    "change",
    [
        {"HealthCheckIntervalSeconds": 301},
        {"HealthCheckTimeoutSeconds": 121, "HealthCheckIntervalSeconds": 300},
        {"HealthCheckTimeoutSeconds": 30, "HealthCheckIntervalSeconds": 30},
        {"HealthyThresholdCount": 11},
        {"UnhealthyThresholdCount": 11},
        {"HealthCheckPort": "web"},
        {"HealthCheckPort": "70000"},
        {"HealthCheckPath": "healthz"},
        {"HealthCheckProtocol": "TCP"},
        {"HealthCheckEnabled": False},
        {"Matcher": {"HttpCode": "500"}},
        {"Matcher": {"GrpcCode": "0"}},
        {"Port": 65_536},
        {"Protocol": "TCP"},
        {"ProtocolVersion": "HTTP3"},
        {"VpcId": "vpc-0123456789abcdef0"},
        {"TargetType": "lambda"},
        {"TargetType": "instance", "TargetControlPort": 3000},
    ],
    ids=str,
)
def test_settings_outside_their_ranges_are_refused(
    bench: Workbench, change: dict[str, object]
) -> None:
    """The ranges of the API model, and what goes together."""
    with refused("ValidationError"):
        bench.group("one", **change)


def test_defaults_are_those_of_the_service(bench: Workbench) -> None:
    """What is not given reads back as the documented default."""
    group = bench.group()

    (found,) = bench.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]

    assert (found["HealthCheckIntervalSeconds"], found["HealthCheckTimeoutSeconds"]) == (30, 5)
    assert (found["HealthyThresholdCount"], found["UnhealthyThresholdCount"]) == (5, 2)
    assert (found["HealthCheckPath"], found["HealthCheckPort"]) == ("/", "traffic-port")
    assert found["Matcher"] == {"HttpCode": "200"}
    assert found["ProtocolVersion"] == "HTTP1"


def test_grpc_has_its_own_defaults(bench: Workbench) -> None:
    """Path /AWS.ALB/healthcheck and code 12."""
    group = bench.group(None, ProtocolVersion="GRPC", TargetControlPort=3000)

    (found,) = bench.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]

    assert found["HealthCheckPath"] == "/AWS.ALB/healthcheck"
    assert found["Matcher"] == {"GrpcCode": "12"}
    assert found["TargetControlPort"] == 3000


def test_health_check_settings_can_be_changed(bench: Workbench) -> None:
    """ModifyTargetGroup changes what it names and checks the result as a whole."""
    group = bench.group(None, HealthCheckIntervalSeconds=20)

    bench.elbv2.modify_target_group(
        TargetGroupArn=group, HealthCheckPath="/healthz", Matcher={"HttpCode": "200-299"}
    )

    (found,) = bench.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert found["HealthCheckPath"] == "/healthz"
    assert found["HealthCheckIntervalSeconds"] == 20
    with refused("ValidationError", saying="smaller than the interval"):
        bench.elbv2.modify_target_group(TargetGroupArn=group, HealthCheckTimeoutSeconds=20)


def test_attributes_are_complete_and_checked(bench: Workbench) -> None:
    """The answer lists all; unknown keys and values out of range are refused."""
    group = bench.group()

    answer = bench.elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}],
    )

    attributes = {each["Key"]: each["Value"] for each in answer["Attributes"]}
    assert attributes["deregistration_delay.timeout_seconds"] == "10"
    assert attributes["load_balancing.algorithm.type"] == "round_robin"
    for key, value in (
        ("deregistration_delay.seconds", "10"),
        ("deregistration_delay.timeout_seconds", "3601"),
        ("slow_start.duration_seconds", "29"),
        ("stickiness.type", "source_ip"),
    ):
        with refused("InvalidConfigurationRequest"):
            bench.elbv2.modify_target_group_attributes(
                TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}]
            )


def test_the_load_balancer_is_listed_once(bench: Workbench) -> None:
    """However many rules and listeners name the group, and not any more when they are gone."""
    balancer = bench.balancer()
    group = bench.group()
    listener = bench.listener(balancer, 80, DefaultActions=[forward(group)])
    rules = [bench.rule(listener, each, Actions=[forward(group)]) for each in (1, 2)]

    assert users(bench, group) == [balancer]

    for rule in rules:
        bench.elbv2.delete_rule(RuleArn=rule)
    bench.elbv2.delete_listener(ListenerArn=listener)
    assert users(bench, group) == []


def test_groups_can_be_listed_by_load_balancer(bench: Workbench) -> None:
    """A group that only a weight of zero mentions belongs to it, too."""
    balancer = bench.balancer()
    used, idle, free = bench.group(), bench.group(), bench.group()
    action = forward(used, idle)
    action["ForwardConfig"]["TargetGroups"] = [
        {"TargetGroupArn": used, "Weight": 1},
        {"TargetGroupArn": idle, "Weight": 0},
    ]
    bench.listener(balancer, DefaultActions=[action])

    found = bench.elbv2.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]

    assert {each["TargetGroupArn"] for each in found} == {used, idle}
    assert users(bench, free) == []


def test_a_group_belongs_to_one_load_balancer(bench: Workbench) -> None:
    """TargetGroupAssociationLimit on a second one, through listener or rule."""
    first, second = bench.balancer("first"), bench.balancer("second")
    group = bench.attached_group(first)
    listener = bench.listener(second, 81)

    with refused("TargetGroupAssociationLimit"):
        bench.listener(second, 80, DefaultActions=[forward(group)])
    with refused("TargetGroupAssociationLimit"):
        bench.rule(listener, Actions=[forward(group)])
    with refused("TargetGroupAssociationLimit"):
        bench.elbv2.modify_listener(ListenerArn=listener, DefaultActions=[forward(group)])


def test_a_group_of_another_vpc_is_refused(bench: Workbench) -> None:
    """Load balancer and target group share a VPC."""
    vpc = bench.ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    group = bench.group(None, VpcId=vpc)

    with refused("InvalidConfigurationRequest", saying=vpc):
        bench.listener(bench.balancer(), DefaultActions=[forward(group)])


def test_a_group_in_use_cannot_be_deleted(bench: Workbench) -> None:
    """ResourceInUse while a rule names it; afterwards it goes, and again without error."""
    listener = bench.listener(bench.balancer())
    group = bench.group()
    rule = bench.rule(listener, Actions=[forward(group)])

    with refused("ResourceInUse"):
        bench.elbv2.delete_target_group(TargetGroupArn=group)
    bench.elbv2.delete_rule(RuleArn=rule)
    bench.elbv2.delete_target_group(TargetGroupArn=group)
    bench.elbv2.delete_target_group(TargetGroupArn=group)

    with refused("TargetGroupNotFound"):
        bench.elbv2.describe_target_groups(TargetGroupArns=[group])


def test_groups_come_in_pages(bench: Workbench) -> None:
    """Not all at once, as moto does, which hides a missing paginator."""
    bench.cloud.configure(page_size=3)
    groups = [bench.group() for _ in range(5)]

    pages = list(bench.elbv2.get_paginator("describe_target_groups").paginate())

    assert [len(page["TargetGroups"]) for page in pages] == [3, 2]
    assert [each["TargetGroupArn"] for page in pages for each in page["TargetGroups"]] == groups


def test_unknown_names_are_not_found(bench: Workbench) -> None:
    """TargetGroupNotFound by name, even beside a known one."""
    bench.group("known")

    with refused("TargetGroupNotFound", saying="unknown"):
        bench.elbv2.describe_target_groups(Names=["known", "unknown"])
