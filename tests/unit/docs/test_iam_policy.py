"""Promises of the IAM policies: what the product can call, no more, and only on what is ours."""

from __future__ import annotations

import pytest

from tests.unit.docs.asks import asks
from tests.unit.docs.conftest import Story
from tests.unit.docs.iam import Ask, Thing, action_of, actions, size, statements
from tests.unit.docs.operations import reads, writes
from tests.unit.docs.places import EXAMPLES

WHOLE = "iam-policy-aws.json"
READ_ONLY = "iam-policy-aws-read-only.json"

FOR_ELASTIC_LOAD_BALANCING = frozenset(
    {
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeInternetGateways",
    }
)
"""What Elastic Load Balancing reads in the caller's name while it creates a load balancer
("Elastic Load Balancing API permissions"; LBC#748, eksctl#2570)."""

FOR_WAF = frozenset({"elasticloadbalancing:SetWebAcl"})
"""What AWS WAF does in the caller's name while it associates a web ACL ("Permissions for
AssociateWebACL"). It is allowed on ours alone, so no stranger's load balancer can be guarded."""

OWNER = "ingress-provisioner.io/owner"
BALANCER = "arn:aws:elasticloadbalancing:eu-central-1:470000000001:loadbalancer/app/x/1"
GROUP = "arn:aws:ec2:eu-central-1:470000000001:security-group/sg-1"
LONGEST_CLUSTER_NAME = "c" * 100
LONGEST_POLICY = 6144


def test_the_read_only_policy_names_exactly_what_the_product_reads() -> None:
    """It is enough for a plan, and allows nothing that a plan never asks."""
    assert actions(READ_ONLY) == reads()


def test_the_policy_names_exactly_what_the_product_calls() -> None:
    """Reads, writes, and what other services of AWS do in our name."""
    assert actions(WHOLE) == reads() | writes() | FOR_ELASTIC_LOAD_BALANCING | FOR_WAF


def test_the_policy_contains_the_read_only_one() -> None:
    """One statement is the same in both, so that they cannot drift apart."""
    assert statements(READ_ONLY, cluster="x")[0] == statements(WHOLE, cluster="x")[0]


def test_nothing_but_reads_is_allowed_without_a_resource() -> None:
    """Every write is held to kinds of resources."""
    anywhere = {a for s in statements(WHOLE, cluster="x") if "*" in s.resources for a in s.actions}

    assert anywhere == reads() | FOR_ELASTIC_LOAD_BALANCING


def test_without_tags_to_check_only_what_aws_cannot_check_is_allowed() -> None:
    """A statement without a condition is an exception that the how-to explains."""
    free = {a for s in statements(WHOLE, cluster="x") if not s.conditions for a in s.actions}

    assert free & writes() == {
        "ec2:AuthorizeSecurityGroupIngress",  # on security-group-rule/*, besides the group
        "ec2:CreateSecurityGroup",  # on vpc/*, besides the group
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        "elasticloadbalancing:SetRulePriorities",
        "shield:CreateProtection",  # a protection has no tags of ours
        "shield:DeleteProtection",
        "waf-regional:AssociateWebACL",  # FOR_WAF is what holds these to our load balancers
        "waf-regional:DisassociateWebACL",
        "wafv2:AssociateWebACL",
        "wafv2:DisassociateWebACL",
    }


@pytest.mark.parametrize("name", [WHOLE, READ_ONLY])
def test_a_managed_policy_has_room_for_it_under_the_longest_cluster_name(name: str) -> None:
    """6,144 characters without white space ("IAM and AWS STS quotas"); EKS allows 100 a name."""
    assert size(EXAMPLES / name, cluster=LONGEST_CLUSTER_NAME) <= LONGEST_POLICY


@pytest.mark.slow
def test_every_call_of_a_controller_is_allowed(story: Story) -> None:
    """Creating, scaling, tagging, switching modes, narrowing clients, deleting."""
    allowed = statements(WHOLE, cluster="demo")

    questions = [ask for c in story.calls if c.mutates for ask in asks(c, story.tags)]
    refused = [ask for ask in questions if not any(s.allows(ask) for s in allowed)]

    assert questions
    assert refused == []


@pytest.mark.slow
def test_no_write_of_a_controller_is_allowed_to_another_cluster(story: Story) -> None:
    """The same calls under the policy of cluster ``other``: each is refused in some part."""
    allowed = statements(WHOLE, cluster="other")

    passed = {
        call.operation
        for call in story.calls
        if call.mutates
        and all(any(s.allows(ask) for s in allowed) for ask in asks(call, story.tags))
    }

    assert passed <= {"SetRulePriorities"}


@pytest.mark.slow
def test_every_read_of_a_controller_is_in_the_read_only_policy(story: Story) -> None:
    """What the code scan found is what a controller in fact asks."""
    asked = {action_of(c.service, c.operation) for c in story.calls if not c.mutates}

    assert asked
    assert asked <= actions(READ_ONLY)


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("elasticloadbalancing:AddTags", BALANCER),
        ("elasticloadbalancing:RemoveTags", BALANCER),
        ("ec2:CreateTags", GROUP),
        ("ec2:DeleteTags", GROUP),
    ],
)
@pytest.mark.parametrize(
    ("owner", "key", "expected"),
    [
        ("prod/u/default", "team", True),
        ("prod/u/default", OWNER, False),
        ("other/u/default", "team", False),
        ("", "team", False),
        ("", OWNER, False),
    ],
)
def test_the_mark_itself_is_never_written_afterwards(
    action: str, arn: str, owner: str, key: str, *, expected: bool
) -> None:
    """Else whoever has the role could make a stranger's resource its own by tagging it."""
    thing = Thing(arn=arn, tags={OWNER: owner} if owner else {})
    ask = Ask(action=action, thing=thing, tags={key: "prod/u/default"}, tag_keys=(key,))

    assert any(s.allows(ask) for s in statements(WHOLE, cluster="prod")) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"kubernetes.io/cluster/prod": "owned"}, True),
        ({"kubernetes.io/cluster/prod": "shared"}, True),
        ({"kubernetes.io/cluster/other": "owned"}, False),
        ({}, False),
        ({OWNER: "prod/u/default"}, True),
    ],
)
def test_only_security_groups_of_the_cluster_are_opened(
    tags: dict[str, str], *, expected: bool
) -> None:
    """Groups of nodes and pods carry the tag of their cluster; other firewalls are not ours."""
    ask = Ask(
        action="ec2:AuthorizeSecurityGroupIngress",
        thing=Thing(arn=GROUP, tags=tags),
        tags={OWNER: "prod/u/default"},
        tag_keys=(OWNER,),
    )

    assert any(s.allows(ask) for s in statements(WHOLE, cluster="prod")) is expected
