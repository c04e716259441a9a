"""What a load balancer controller could have left behind in an account.

Read with plain boto3, so it says the same of the sandbox, of a plain moto server, and of AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.sandbox.aws.account import NODE_GROUP_NAME
from provisioner.sandbox.aws.clients import DEFAULT_REGION, Login

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

LOAD_BALANCER_INTERFACE = "ELB app/*"


def leftovers(
    endpoint_url: str, *, region: str = DEFAULT_REGION, access_key: str = "sandbox"
) -> dict[str, tuple[str, ...]]:
    """Names or ids of what is left, by kind; only kinds of which something is left.

    Kinds are ``load-balancers``, ``listeners``, ``rules`` (without default rules),
    ``target-groups``, ``security-groups`` (without the nodes' and the default ones),
    ``node-security-group-rules`` (inbound) and ``network-interfaces`` of load balancers.
    """
    login = Login(endpoint_url=endpoint_url, region=region, access_key=access_key)
    found = {**_load_balancing(login.elbv2()), **_network(login.ec2())}
    return {kind: tuple(sorted(names)) for kind, names in found.items() if names}


def _load_balancing(elbv2: ElasticLoadBalancingv2Client) -> dict[str, list[str]]:
    balancers = [
        each
        for page in elbv2.get_paginator("describe_load_balancers").paginate()
        for each in page["LoadBalancers"]
    ]
    listeners = [
        each["ListenerArn"]
        for balancer in balancers
        for page in elbv2.get_paginator("describe_listeners").paginate(
            LoadBalancerArn=balancer["LoadBalancerArn"]
        )
        for each in page["Listeners"]
    ]
    rules = [
        each["RuleArn"]
        for listener in listeners
        for page in elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener)
        for each in page["Rules"]
        if not each["IsDefault"]
    ]
    groups = [
        each["TargetGroupName"]
        for page in elbv2.get_paginator("describe_target_groups").paginate()
        for each in page["TargetGroups"]
    ]
    return {
        "load-balancers": [each["LoadBalancerName"] for each in balancers],
        "listeners": listeners,
        "rules": rules,
        "target-groups": groups,
    }


def _network(ec2: EC2Client) -> dict[str, list[str]]:
    groups = ec2.describe_security_groups()["SecurityGroups"]
    nodes = [each["GroupId"] for each in groups if each["GroupName"] == NODE_GROUP_NAME]
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    interfaces = ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": [LOAD_BALANCER_INTERFACE]}]
    )["NetworkInterfaces"]
    return {
        "security-groups": [
            f"{each['GroupName']} ({each['GroupId']})"
            for each in groups
            if each["GroupName"] not in ("default", NODE_GROUP_NAME)
        ],
        "node-security-group-rules": [
            each["SecurityGroupRuleId"]
            for each in rules
            if each["GroupId"] in nodes and not each["IsEgress"]
        ],
        "network-interfaces": [each["NetworkInterfaceId"] for each in interfaces],
    }
