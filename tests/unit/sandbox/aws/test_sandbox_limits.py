"""Every limit of the account: reported, enforced with AWS's own code, and adjustable in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from tests.unit.sandbox.aws.workbench import (
    Workbench,
    certified,
    forward,
    host,
    path,
    refused,
    some_tags,
)

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import RuleConditionTypeDef


def test_all_limits_are_reported(bench: Workbench) -> None:
    """DescribeAccountLimits with the names and defaults of the AWS CLI's example."""
    limits = {
        each["Name"]: int(each["Max"]) for each in bench.elbv2.describe_account_limits()["Limits"]
    }

    assert limits["application-load-balancers"] == 50
    assert limits["target-groups"] == 3000
    assert limits["targets-per-target-group"] == 1000
    assert limits["targets-per-application-load-balancer"] == 1000
    assert limits["target-groups-per-action-on-application-load-balancer"] == 5
    assert limits["condition-wildcards-per-alb-rule"] == 5
    assert len(limits) == 23


def test_limits_come_in_pages(bench: Workbench) -> None:
    """The paginator sees all 23 when pages hold three."""
    bench.cloud.configure(page_size=3)

    pages = list(bench.elbv2.get_paginator("describe_account_limits").paginate())

    assert len(pages) == 8
    assert sum(len(page["Limits"]) for page in pages) == 23


def test_what_is_reported_is_what_is_enforced(bench: Workbench) -> None:
    """A test that lowers a limit changes both."""
    bench.cloud.limits["rules-per-application-load-balancer"] = 1
    listener = bench.listener(bench.balancer())
    bench.rule(listener, 1)

    limits = {x["Name"]: x["Max"] for x in bench.elbv2.describe_account_limits()["Limits"]}

    assert limits["rules-per-application-load-balancer"] == "1"
    with refused("TooManyRules"):
        bench.rule(listener, 2)


def test_an_unknown_limit_cannot_be_set(bench: Workbench) -> None:
    """A typing mistake in a test must not pass for a limit."""
    with pytest.raises(KeyError, match="no limit is called rules"):
        bench.cloud.limits["rules"] = 1


def test_load_balancers_per_region(bench: Workbench) -> None:
    """TooManyLoadBalancers; a repeated create still succeeds."""
    bench.cloud.limits["application-load-balancers"] = 1
    bench.balancer("one")

    bench.balancer("one")
    with refused("TooManyLoadBalancers"):
        bench.balancer("two")


def test_target_groups_per_region(bench: Workbench) -> None:
    """TooManyTargetGroups."""
    bench.cloud.limits["target-groups"] = 1
    bench.group("one")

    with refused("TooManyTargetGroups"):
        bench.group("two")


def test_listeners_per_load_balancer(bench: Workbench) -> None:
    """TooManyListeners."""
    bench.cloud.limits["listeners-per-application-load-balancer"] = 1
    balancer = bench.balancer()
    bench.listener(balancer, 80)

    with refused("TooManyListeners"):
        bench.listener(balancer, 81)


def test_rules_count_over_all_listeners_without_defaults(bench: Workbench) -> None:
    """TooManyRules on the second listener, too; a deleted rule makes room."""
    bench.cloud.limits["rules-per-application-load-balancer"] = 2
    balancer = bench.balancer()
    one, other = bench.listener(balancer, 80), bench.listener(balancer, 81)
    first = bench.rule(one, 1)
    bench.rule(other, 1)

    with refused("TooManyRules"):
        bench.rule(other, 2)
    bench.elbv2.delete_rule(RuleArn=first)
    bench.rule(other, 2)


def test_certificates_count_over_all_listeners_without_defaults(bench: Workbench) -> None:
    """TooManyCertificates; default certificates are not counted."""
    bench.cloud.limits["certificates-per-application-load-balancer"] = 1
    balancer = bench.balancer()
    one, other = bench.secure_listener(balancer, 443), bench.secure_listener(balancer, 8443)
    arns = certified(*(each.arn for each in bench.account.certificates))
    bench.elbv2.add_listener_certificates(ListenerArn=one, Certificates=arns[1:2])

    with refused("TooManyCertificates"):
        bench.elbv2.add_listener_certificates(ListenerArn=one, Certificates=arns[2:3])
    with refused("TooManyCertificates"):
        bench.elbv2.add_listener_certificates(ListenerArn=other, Certificates=arns[2:3])


def test_target_groups_per_load_balancer_are_distinct_ones(bench: Workbench) -> None:
    """TooManyUniqueTargetGroupsPerLoadBalancer over all listeners and rules together."""
    bench.cloud.limits["target-groups-per-application-load-balancer"] = 2
    balancer = bench.balancer()
    first, second, third = bench.group(), bench.group(), bench.group()
    listener = bench.listener(balancer, 80, DefaultActions=[forward(first)])
    bench.listener(balancer, 81, DefaultActions=[forward(first)])
    rule = bench.rule(listener, 1, Actions=[forward(second)])

    with refused("TooManyUniqueTargetGroupsPerLoadBalancer"):
        bench.rule(listener, 2, Actions=[forward(third)])
    with refused("TooManyUniqueTargetGroupsPerLoadBalancer"):
        bench.listener(balancer, 82, DefaultActions=[forward(third)])
    with refused("TooManyUniqueTargetGroupsPerLoadBalancer"):
        bench.elbv2.modify_rule(RuleArn=rule, Actions=[forward(second, third)])
    bench.elbv2.modify_rule(RuleArn=rule, Actions=[forward(third)])


def test_target_groups_per_action(bench: Workbench) -> None:
    """Five at most in one forward action."""
    listener = bench.listener(bench.balancer())
    groups = [bench.group() for _ in range(6)]

    bench.rule(listener, 1, Actions=[forward(*groups[:5])])
    with refused("TooManyTargetGroups"):
        bench.rule(listener, 2, Actions=[forward(*groups)])


def test_targets_per_target_group(bench: Workbench) -> None:
    """TooManyTargets, and nothing of the call is carried out."""
    bench.cloud.limits["targets-per-target-group"] = 2
    group = bench.group()
    bench.register(group, ("10.0.80.1", 80))

    with refused("TooManyTargets", saying="per target group '2'"):
        bench.register(group, ("10.0.80.2", 80), ("10.0.80.3", 80))

    assert set(bench.health(group)) == {("10.0.80.1", 80)}


def test_targets_per_load_balancer_sum_up(bench: Workbench) -> None:
    """TooManyTargets when registering and when attaching; a shared group counts once."""
    bench.cloud.limits["targets-per-application-load-balancer"] = 3
    balancer = bench.balancer()
    first, second = bench.group(), bench.group()
    bench.register(first, ("10.0.80.1", 80), ("10.0.80.2", 80))
    bench.register(second, ("10.0.80.3", 80), ("10.0.80.4", 80))
    listener = bench.listener(balancer, DefaultActions=[forward(first)])
    bench.rule(listener, 1, Actions=[forward(first)])

    with refused("TooManyTargets", saying="per load balancer '3'"):
        bench.rule(listener, 2, Actions=[forward(second)])
    bench.deregister(second, ("10.0.80.4", 80))
    bench.rule(listener, 2, Actions=[forward(second)])
    with refused("TooManyTargets", saying="per load balancer '3'"):
        bench.register(first, ("10.0.80.5", 80))


def test_registrations_of_one_target_per_load_balancer(bench: Workbench) -> None:
    """TooManyRegistrationsForTargetId: the limit of instance mode (LBC#1068)."""
    bench.cloud.limits["target-id-registrations-per-application-load-balancer"] = 2
    node = bench.account.nodes[0].instance_id
    groups = [bench.group(None, TargetType="instance") for _ in range(3)]
    for group in groups[:2]:
        bench.register(group, (node, 30080))
    listener = bench.listener(bench.balancer())
    for priority, group in enumerate(groups, 1):
        bench.rule(listener, priority, Actions=[forward(group)])

    with refused("TooManyRegistrationsForTargetId"):
        bench.register(groups[2], (node, 30080))


@pytest.mark.parametrize(
    "conditions",
    [
        [path("/1", "/2", "/3", "/4", "/5", "/6")],
        [host("a.example.com", "b.example.com", "c.example.com"), path("/1", "/2", "/3")],
    ],
    ids=["one condition", "two conditions"],
)
def test_condition_values_per_rule(
    bench: Workbench, conditions: list[RuleConditionTypeDef]
) -> None:
    """Five over all conditions of the rule, in any distribution."""
    listener = bench.listener(bench.balancer())
    bench.rule(listener, 1, Conditions=[path("/1", "/2", "/3", "/4", "/5")])

    with refused("ValidationError", saying="'5' condition values"):
        bench.rule(listener, 2, Conditions=conditions)


def test_wildcards_per_rule(bench: Workbench) -> None:
    """Five over all conditions; both * and ? count."""
    listener = bench.listener(bench.balancer())
    bench.rule(listener, 1, Conditions=[host("*.example.com"), path("/a/*/b/*", "/??")])

    with refused("ValidationError", saying="'5' wildcards"):
        bench.rule(listener, 2, Conditions=[host("*.example.com"), path("/a/*/b/*", "/???")])


def test_actions_per_rule(bench: Workbench) -> None:
    """TooManyActions above five."""
    listener = bench.secure_listener(bench.balancer())
    redirect = {"Type": "redirect", "RedirectConfig": {"Port": "1", "StatusCode": "HTTP_301"}}

    with refused("TooManyActions"):
        bench.rule(listener, Actions=[{**redirect, "Order": order} for order in range(1, 7)])


def test_tags_per_resource(bench: Workbench) -> None:
    """TooManyTags above fifty, when creating and when adding."""
    with refused("TooManyTags"):
        bench.group(None, Tags=some_tags(51))

    group = bench.group(None, Tags=some_tags(50))
    with refused("TooManyTags"):
        bench.elbv2.add_tags(ResourceArns=[group], Tags=[{"Key": "one-more", "Value": ""}])
    bench.elbv2.add_tags(ResourceArns=[group], Tags=[{"Key": "key-1", "Value": "changed"}])


def test_service_quotas_tell_the_same(bench: Workbench) -> None:
    """List and get, with the published codes; the default stays what it was."""
    bench.cloud.limits["rules-per-application-load-balancer"] = 200
    quotas = boto3.client(
        "service-quotas",
        endpoint_url=bench.cloud.url,
        region_name="eu-central-1",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=Config(retries={"total_max_attempts": 1}),
    )
    service, code = "elasticloadbalancing", "L-7EED9B64"

    listed = {
        quota["QuotaName"]: quota["Value"]
        for page in quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode=service, PaginationConfig={"PageSize": 5}
        )
        for quota in page["Quotas"]
    }
    applied = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    default = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]

    assert listed["Rules per Application Load Balancer"] == 200
    assert listed["Targets per Application Load Balancer"] == 1000
    assert (applied["Value"], applied["Adjustable"], default["Value"]) == (200, True, 100)
    with refused("NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode=service, QuotaCode="L-00000000")


@pytest.mark.parametrize(
    ("service", "code", "limit"),
    [
        ("vpc", "L-0EA8095F", "rules-per-security-group"),
        ("vpc", "L-2AFB9258", "security-groups-per-network-interface"),
        ("vpc", "L-E79EC296", "security-groups"),
        ("acm", "L-FB94F0B0", "domains-per-certificate"),
    ],
)
def test_quotas_of_other_services_are_those_in_force(
    bench: Workbench, service: str, code: str, limit: str
) -> None:
    """Limits of EC2 and ACM that the sandbox enforces are asked for by the published codes."""
    bench.cloud.limits[limit] = 7
    quotas = boto3.client("service-quotas", **bench.account.login.options())

    applied = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    listed = quotas.list_service_quotas(ServiceCode=service)["Quotas"]

    assert applied["Value"] == 7
    assert (code, 7) in {(each["QuotaCode"], each["Value"]) for each in listed}


def test_security_groups_per_region(bench: Workbench) -> None:
    """SecurityGroupLimitExceeded."""
    present = len(bench.ec2.describe_security_groups()["SecurityGroups"])
    bench.cloud.limits["security-groups"] = present + 1
    bench.security_group()

    with refused("SecurityGroupLimitExceeded"):
        bench.security_group()
