"""What carries our mark in an AWS account, told by plain boto3.

Marks are spelled out here, so that a mistake in how the product reads or writes them shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.account import Account

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import RuleTypeDef

OWNER = "ingress-provisioner.io/owner"
RESOURCE = "ingress-provisioner.io/resource"


class Thing:
    """Something in the account that carries our mark."""

    def __init__(self, address: str, identifier: str) -> None:
        self.address = address
        self.identifier = identifier
        self.kind = address.partition(":")[2].partition("/")[0]


def mark_of(tags: Sequence[Mapping[str, object]] | None) -> str:
    """Return the address in our marks, "" where there are none."""
    pairs = {str(tag["Key"]): str(tag["Value"]) for tag in tags or ()}
    return pairs.get(RESOURCE, "") if OWNER in pairs else ""


def _arns(account: Account) -> Iterator[str]:
    elbv2 = account.login.elbv2()
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        yield balancer["LoadBalancerArn"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
        for listener in listeners["Listeners"]:
            yield listener["ListenerArn"]
            rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
            yield from (rule["RuleArn"] for rule in rules if not rule["IsDefault"])
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        yield group["TargetGroupArn"]


def balancing(account: Account) -> Iterator[Thing]:
    elbv2 = account.login.elbv2()
    arns = list(_arns(account))
    for start in range(0, len(arns), 20):
        answer = elbv2.describe_tags(ResourceArns=arns[start : start + 20])
        for entry in answer["TagDescriptions"]:
            if address := mark_of(entry.get("Tags")):
                yield Thing(address, entry["ResourceArn"])


def network(account: Account) -> Iterator[Thing]:
    ec2 = account.login.ec2()
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        if address := mark_of(group.get("Tags")):
            yield Thing(address, group["GroupId"])
    seen = set()
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        address = mark_of(rule.get("Tags"))
        if address and address not in seen:
            seen.add(address)
            yield Thing(address, rule["SecurityGroupRuleId"])


def weighted(rule: RuleTypeDef) -> Iterator[str]:
    for action in rule["Actions"]:
        for entry in action.get("ForwardConfig", {}).get("TargetGroups", []):
            if entry.get("Weight", 1) > 0:
                yield entry["TargetGroupArn"]
