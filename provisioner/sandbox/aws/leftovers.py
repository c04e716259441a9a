"""What a load balancer controller could have left behind in an account.

Read with plain boto3, so it says the same of the sandbox, of a plain moto server, and of AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.sandbox.aws.account import NODE_GROUP_NAME
from provisioner.sandbox.aws.clients import DEFAULT_REGION, Login, client

if TYPE_CHECKING:
    from types_boto3_acm import ACMClient
    from types_boto3_acm.literals import KeyAlgorithmType
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

LOAD_BALANCER_INTERFACES = ("ELB app/*", "ELB net/*")
# Tags by which certificates that a controller imported or requested are told from a user's own.
OWNERS_TAGS = ("ingress-provisioner.io/", "elbv2.k8s.aws/", "ingress.k8s.aws/")

# Without naming them all, ACM lists RSA keys of up to 2,048 bits only.
KEY_TYPES: tuple[KeyAlgorithmType, ...] = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)


def leftovers(
    endpoint_url: str, *, region: str = DEFAULT_REGION, access_key: str = "sandbox"
) -> dict[str, tuple[str, ...]]:
    """Names or ids of what is left, by kind; only kinds of which something is left.

    Kinds are ``load-balancers``, ``listeners``, ``rules`` (without default rules),
    ``target-groups``, ``security-groups`` (without the nodes' and the default ones),
    ``node-security-group-rules`` (inbound), ``network-interfaces`` of load balancers,
    ``certificates`` (only those with a controller's tags) and ``protections`` of Shield Advanced.
    An association with a web ACL ends with its load balancer and needs no kind of its own.
    """
    login = Login(endpoint_url=endpoint_url, region=region, access_key=access_key)
    found = {
        **_load_balancing(login.elbv2()),
        **_network(login.ec2()),
        "certificates": _certificates(login.acm()),
        "protections": _protections(login),
    }
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


def _certificates(acm: ACMClient) -> list[str]:
    listed = [
        each["CertificateArn"]
        for page in acm.get_paginator("list_certificates").paginate(
            Includes={"keyTypes": list(KEY_TYPES)}
        )
        for each in page["CertificateSummaryList"]
    ]
    return [arn for arn in listed if _is_controllers(acm, arn)]


def _is_controllers(acm: ACMClient, arn: str) -> bool:
    tags = acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
    return any(tag["Key"].startswith(OWNERS_TAGS) for tag in tags)


def _protections(login: Login) -> list[str]:
    """Protected load balancers; an account without a subscription has none."""
    shield = client(login, "shield")
    return [
        each["ResourceArn"]
        for page in shield.get_paginator("list_protections").paginate()
        for each in page["Protections"]
        if ":elasticloadbalancing:" in each["ResourceArn"]
    ]


def _network(ec2: EC2Client) -> dict[str, list[str]]:
    groups = ec2.describe_security_groups()["SecurityGroups"]
    nodes = [each["GroupId"] for each in groups if each["GroupName"] == NODE_GROUP_NAME]
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    interfaces = ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": list(LOAD_BALANCER_INTERFACES)}]
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
