"""Security groups: in-use refusals, identity and atomicity of rules, paging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.sandbox.aws.workbench import Workbench, refused

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        IpPermissionTypeDef,
        IpRangeTypeDef,
        SecurityGroupRuleTypeDef,
        UserIdGroupPairTypeDef,
    )


def tcp(
    port: int, block: str = "10.0.0.0/8", description: str | None = None
) -> IpPermissionTypeDef:
    """A permission for one port from one block."""
    source: IpRangeTypeDef = {"CidrIp": block}
    if description is not None:
        source["Description"] = description
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [source]}


def from_group(port: int, group: str, description: str | None = None) -> IpPermissionTypeDef:
    """A permission for one port from a security group."""
    pair: UserIdGroupPairTypeDef = {"GroupId": group}
    if description is not None:
        pair["Description"] = description
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [pair]}


def inbound(bench: Workbench, group: str) -> list[SecurityGroupRuleTypeDef]:
    """The group's inbound rules."""
    rules = bench.ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    return [rule for rule in rules if not rule["IsEgress"]]


def test_a_group_of_a_load_balancer_stays(bench: Workbench) -> None:
    """DependencyViolation until the interfaces are gone, which takes a while on AWS."""
    bench.cloud.configure(interface_linger_seconds=30)
    group = bench.security_group()
    balancer = bench.balancer(SecurityGroups=[group])

    with refused("DependencyViolation"):
        bench.ec2.delete_security_group(GroupId=group)
    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    with refused("DependencyViolation"):
        bench.ec2.delete_security_group(GroupId=group)
    bench.cloud.advance(30)
    bench.ec2.delete_security_group(GroupId=group)

    with refused("InvalidGroup.NotFound"):
        bench.ec2.describe_security_groups(GroupIds=[group])


def test_a_group_of_an_instance_stays(bench: Workbench) -> None:
    """DependencyViolation for the nodes' group; the default group never goes."""
    default = bench.ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [bench.account.vpc_id]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"][0]["GroupId"]

    with refused("DependencyViolation"):
        bench.ec2.delete_security_group(GroupId=bench.account.node_group_id)
    with refused("CannotDelete"):
        bench.ec2.delete_security_group(GroupId=default)


def test_a_group_that_another_names_stays(bench: Workbench) -> None:
    """DependencyViolation until the other group's rule is revoked."""
    source, holder = bench.security_group(), bench.security_group()
    bench.ec2.authorize_security_group_ingress(
        GroupId=holder, IpPermissions=[from_group(8080, source)]
    )

    with refused("DependencyViolation"):
        bench.ec2.delete_security_group(GroupId=source)
    bench.ec2.revoke_security_group_ingress(
        GroupId=holder, IpPermissions=[from_group(8080, source)]
    )
    bench.ec2.delete_security_group(GroupId=source)


def test_rules_carry_tags_and_descriptions(bench: Workbench) -> None:
    """Both answers show them, for blocks, groups and prefix lists."""
    source, group = bench.security_group(), bench.security_group()
    prefix_list = bench.ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    from_list: IpPermissionTypeDef = {
        "IpProtocol": "tcp",
        "FromPort": 1,
        "ToPort": 1,
        "PrefixListIds": [{"PrefixListId": prefix_list, "Description": "three"}],
    }

    answer = bench.ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[tcp(1, description="one"), from_group(1, source, "two"), from_list],
        TagSpecifications=[
            {"ResourceType": "security-group-rule", "Tags": [{"Key": "owner", "Value": "us"}]}
        ],
    )

    found = inbound(bench, group)
    assert [rule["Description"] for rule in answer["SecurityGroupRules"]] == ["one", "two", "three"]
    assert [rule["Description"] for rule in found] == ["one", "two", "three"]
    assert all(rule["Tags"] == [{"Key": "owner", "Value": "us"}] for rule in found)
    assert found[1]["ReferencedGroupInfo"]["GroupId"] == source
    assert found[2]["PrefixListId"] == prefix_list


def test_a_rule_is_revoked_without_its_description(bench: Workbench) -> None:
    """Protocol, ports and peer identify a rule; moto wants the description, too."""
    source, group = bench.security_group(), bench.security_group()
    bench.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(1, description="x"), from_group(2, source, "y")]
    )

    bench.ec2.revoke_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(1), from_group(2, source)]
    )

    assert inbound(bench, group) == []


def test_rules_are_revoked_by_id(bench: Workbench) -> None:
    """An unknown id refuses the whole call."""
    group = bench.security_group()
    answer = bench.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(1), tcp(2)]
    )
    first, second = (rule["SecurityGroupRuleId"] for rule in answer["SecurityGroupRules"])

    with refused("InvalidSecurityGroupRuleId.NotFound"):
        bench.ec2.revoke_security_group_ingress(
            GroupId=group, SecurityGroupRuleIds=[first, "sgr-0123456789abcdef0"]
        )
    bench.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[first])

    assert [rule["SecurityGroupRuleId"] for rule in inbound(bench, group)] == [second]


def test_permissions_are_added_together_or_not_at_all(bench: Workbench) -> None:
    """Duplicates, malformed blocks and too many rules leave the group as it was."""
    bench.cloud.limits["rules-per-security-group"] = 2
    group = bench.security_group()
    bench.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1)])

    for permissions, code in (
        ([tcp(2), tcp(1, description="again")], "InvalidPermission.Duplicate"),
        ([tcp(2), tcp(2)], "InvalidParameterValue"),
        ([tcp(2), tcp(3, "10.0.0.1/8")], "InvalidParameterValue"),
        ([tcp(2), from_group(3, "sg-0123456789abcdef0")], "InvalidGroup.NotFound"),
        ([tcp(2), tcp(3)], "RulesPerSecurityGroupLimitExceeded"),
    ):
        with refused(code):
            bench.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)

    assert [rule["FromPort"] for rule in inbound(bench, group)] == [1]


def test_revoking_what_is_not_there_is_refused(bench: Workbench) -> None:
    """InvalidPermission.NotFound outside a default VPC, and the other rules stay."""
    group = bench.security_group()
    bench.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1)])

    with refused("InvalidPermission.NotFound"):
        bench.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[tcp(1), tcp(2)])

    assert [rule["FromPort"] for rule in inbound(bench, group)] == [1]


def test_descriptions_can_be_changed(bench: Workbench) -> None:
    """By permission and by rule id."""
    source, group = bench.security_group(), bench.security_group()
    answer = bench.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(1), from_group(2, source, "old")]
    )
    rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    bench.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, IpPermissions=[from_group(2, source, "new")]
    )
    bench.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group,
        SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule_id, "Description": "one"}],
    )

    assert [rule["Description"] for rule in inbound(bench, group)] == ["one", "new"]


def test_outbound_rules_are_kept_apart(bench: Workbench) -> None:
    """A new group lets everything out; outbound rules do not show as inbound ones."""
    group = bench.security_group()
    bench.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[tcp(1)])
    everything: IpPermissionTypeDef = {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }

    bench.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])

    (found,) = bench.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert [each["FromPort"] for each in found["IpPermissionsEgress"]] == [1]
    assert found["IpPermissions"] == []


def test_a_dry_run_changes_nothing(bench: Workbench) -> None:
    """DryRunOperation says that the caller may."""
    group = bench.security_group()

    with refused("DryRunOperation"):
        bench.ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[tcp(1)], DryRun=True
        )

    assert inbound(bench, group) == []
    assert "AuthorizeSecurityGroupIngress" not in bench.cloud.calls.counts()


def test_groups_and_rules_come_in_pages_when_asked(bench: Workbench) -> None:
    """EC2 pages only for MaxResults; moto ignores it."""
    group = bench.security_group()
    bench.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(port) for port in range(1, 10)]
    )

    pages = list(
        bench.ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": [group]}], PaginationConfig={"PageSize": 5}
        )
    )
    everything = bench.ec2.describe_security_groups()["SecurityGroups"]
    groups = [
        each["GroupId"]
        for page in bench.ec2.get_paginator("describe_security_groups").paginate(
            PaginationConfig={"PageSize": 5}
        )
        for each in page["SecurityGroups"]
    ]

    assert [len(page["SecurityGroupRules"]) for page in pages] == [5, 5]
    assert groups == [each["GroupId"] for each in everything]


def test_young_groups_and_rules_are_not_seen_yet(bench: Workbench) -> None:
    """Eventual consistency: describe calls lag behind creates when told to."""
    bench.cloud.configure(describe_lag_seconds=5)
    group = bench.security_group()
    with refused("InvalidGroup.NotFound"):
        bench.ec2.describe_security_groups(GroupIds=[group])

    bench.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(1)])

    assert inbound(bench, group) == []
    bench.cloud.advance(5)
    assert len(inbound(bench, group)) == 1
    assert bench.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
