"""Tags of load balancing resources, and finding resources by them."""

from __future__ import annotations

import boto3
import pytest

from tests.unit.sandbox.aws.workbench import Workbench, forward, refused


def tags_of(bench: Workbench, *arns: str) -> dict[str, dict[str, str]]:
    """Tags by ARN."""
    answer = bench.elbv2.describe_tags(ResourceArns=list(arns))["TagDescriptions"]
    return {
        each["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in answer
    }


def test_all_four_kinds_carry_tags(bench: Workbench) -> None:
    """Given at creation, added and removed later."""
    owner = [{"Key": "owner", "Value": "us"}]
    balancer = bench.balancer(Tags=owner)
    listener = bench.listener(balancer, Tags=owner)
    rule, group = bench.rule(listener, Tags=owner), bench.group(None, Tags=owner)
    arns = [balancer, listener, rule, group]

    bench.elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": "team", "Value": ""}])
    assert tags_of(bench, *arns) == {arn: {"owner": "us", "team": ""} for arn in arns}

    bench.elbv2.remove_tags(ResourceArns=arns, TagKeys=["owner", "not-there"])
    assert tags_of(bench, *arns) == {arn: {"team": ""} for arn in arns}


def test_twenty_arns_at_most_are_described(bench: Workbench) -> None:
    """DescribeTags refuses the twenty-first; moto answers it."""
    groups = [bench.group() for _ in range(21)]

    assert len(tags_of(bench, *groups[:20])) == 20
    with refused("ValidationError", saying="20"):
        tags_of(bench, *groups)


@pytest.mark.parametrize("key", ["aws:owned", "k" * 129])
def test_malformed_keys_are_refused(bench: Workbench, key: str) -> None:
    """1 to 128 characters, not the reserved prefix."""
    with refused("ValidationError"):
        bench.group(None, Tags=[{"Key": key, "Value": "x"}])


def test_malformed_values_are_refused(bench: Workbench) -> None:
    """256 characters, of the characters AWS allows."""
    for value in ("v" * 257, "a,b"):
        with refused("ValidationError"):
            bench.group(None, Tags=[{"Key": "key", "Value": value}])


def test_a_key_given_twice_is_refused(bench: Workbench) -> None:
    """DuplicateTagKeys."""
    with refused("DuplicateTagKeys"):
        bench.group(None, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])


def test_tags_of_what_is_gone_are_not_found(bench: Workbench) -> None:
    """Each kind has its own code; moto keeps answering."""
    balancer = bench.balancer()
    listener = bench.listener(balancer)
    rule, group = bench.rule(listener), bench.group()
    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    bench.elbv2.delete_target_group(TargetGroupArn=group)

    for arn, code in (
        (balancer, "LoadBalancerNotFound"),
        (listener, "ListenerNotFound"),
        (rule, "RuleNotFound"),
        (group, "TargetGroupNotFound"),
    ):
        with refused(code):
            tags_of(bench, arn)


def test_one_unknown_arn_spoils_the_call(bench: Workbench) -> None:
    """AddTags tags all or none."""
    group = bench.group()

    with refused("TargetGroupNotFound"):
        bench.elbv2.add_tags(
            ResourceArns=[group, group[:-4] + "0000"], Tags=[{"Key": "a", "Value": "b"}]
        )

    assert tags_of(bench, group) == {group: {}}


def test_the_tagging_api_finds_all_four_kinds(bench: Workbench) -> None:
    """GetResources by tag, which moto answers without listeners and rules."""
    owner = [{"Key": "owner", "Value": "us"}]
    group = bench.group(None, Tags=owner)
    balancer = bench.balancer(Tags=owner)
    listener = bench.listener(balancer, Tags=owner, DefaultActions=[forward(group)])
    rule = bench.rule(listener, Tags=owner)
    bench.group(None)
    tagging = boto3.client(
        "resourcegroupstaggingapi",
        endpoint_url=bench.cloud.url,
        region_name="eu-central-1",
        aws_access_key_id=bench.account.login.access_key,
        aws_secret_access_key="sandbox",
    )

    def found(*types: str) -> set[str]:
        answer = tagging.get_resources(
            TagFilters=[{"Key": "owner", "Values": ["us"]}], ResourceTypeFilters=list(types)
        )
        return {each["ResourceARN"] for each in answer["ResourceTagMappingList"]}

    assert found("elasticloadbalancing") == {balancer, listener, rule, group}
    assert found("elasticloadbalancing:targetgroup") == {group}
