"""Short words for what the tests of this folder do with plain boto3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from secrets import token_hex
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ClientError

from provisioner.sandbox.aws.account import Account
from provisioner.sandbox.aws.server import CloudServer

if TYPE_CHECKING:
    from types_boto3_acm import ACMClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_elbv2.type_defs import (
        ActionTypeDef,
        CertificateTypeDef,
        CreateListenerInputTypeDef,
        CreateLoadBalancerInputTypeDef,
        CreateRuleInputTypeDef,
        CreateTargetGroupInputTypeDef,
        RuleConditionTypeDef,
        TagTypeDef,
        TargetDescriptionTypeDef,
    )


class Workbench:
    """Plain boto3 with defaults, so that a test says only what it is about."""

    def __init__(self, cloud: CloudServer, account: Account) -> None:
        self.cloud = cloud
        self.account = account
        self._names = count(1)

    @cached_property
    def elbv2(self) -> ElasticLoadBalancingv2Client:
        """The load balancing client."""
        return self.account.login.elbv2()

    @cached_property
    def ec2(self) -> EC2Client:
        """The EC2 client."""
        return self.account.login.ec2()

    @cached_property
    def acm(self) -> ACMClient:
        """The certificate client."""
        return self.account.login.acm()

    @property
    def public_ids(self) -> list[str]:
        """Ids of the public subnets."""
        return [each.subnet_id for each in self.account.public_subnets]

    def balancer(self, name: str = "web", **changes: object) -> str:
        """Create a load balancer in two zones and return its ARN."""
        request = {"Name": name, "Subnets": self.public_ids[:2], **changes}
        answer = self.elbv2.create_load_balancer(**cast("CreateLoadBalancerInputTypeDef", request))
        return answer["LoadBalancers"][0]["LoadBalancerArn"]

    def group(self, name: str | None = None, **changes: object) -> str:
        """Create a target group for addresses and return its ARN."""
        request = {
            "Name": name or f"group-{next(self._names)}",
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": self.account.vpc_id,
            "TargetType": "ip",
            **changes,
        }
        answer = self.elbv2.create_target_group(**cast("CreateTargetGroupInputTypeDef", request))
        return answer["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, balancer: str, port: int = 80, **changes: object) -> str:
        """Create a listener that answers 404 and return its ARN."""
        request = {
            "LoadBalancerArn": balancer,
            "Protocol": "HTTP",
            "Port": port,
            "DefaultActions": [not_found()],
            **changes,
        }
        answer = self.elbv2.create_listener(**cast("CreateListenerInputTypeDef", request))
        return answer["Listeners"][0]["ListenerArn"]

    def secure_listener(self, balancer: str, port: int = 443, **changes: object) -> str:
        """Create an HTTPS listener with the first certificate and return its ARN."""
        certificate = certified(self.account.certificates[0].arn)
        return self.listener(
            balancer, port, **{"Protocol": "HTTPS", "Certificates": certificate, **changes}
        )

    def rule(self, listener: str, priority: int = 10, **changes: object) -> str:
        """Create a rule for a path that answers 404 and return its ARN."""
        request = {
            "ListenerArn": listener,
            "Priority": priority,
            "Conditions": [path(f"/{priority}")],
            "Actions": [not_found()],
            **changes,
        }
        answer = self.elbv2.create_rule(**cast("CreateRuleInputTypeDef", request))
        return answer["Rules"][0]["RuleArn"]

    def attached_group(self, balancer: str, port: int = 80, **changes: object) -> str:
        """Create a target group that a new listener forwards to, and return its ARN."""
        group = self.group(None, **changes)
        self.listener(balancer, port, DefaultActions=[forward(group)])
        return group

    def register(self, group: str, *targets: tuple[str, int]) -> None:
        """Register targets by id and port."""
        self.elbv2.register_targets(TargetGroupArn=group, Targets=described(*targets))

    def deregister(self, group: str, *targets: tuple[str, int]) -> None:
        """Deregister targets by id and port."""
        self.elbv2.deregister_targets(TargetGroupArn=group, Targets=described(*targets))

    def health(self, group: str) -> dict[tuple[str, int], str]:
        """State of each listed target."""
        answer = self.elbv2.describe_target_health(TargetGroupArn=group)
        return {
            (each["Target"]["Id"], each["Target"]["Port"]): each["TargetHealth"]["State"]
            for each in answer["TargetHealthDescriptions"]
        }

    def priorities(self, listener: str) -> dict[str, str]:
        """Priority by rule ARN, in the order of the answer."""
        rules = self.elbv2.describe_rules(ListenerArn=listener)["Rules"]
        return {each["RuleArn"]: each["Priority"] for each in rules}

    def security_group(self) -> str:
        """Create a security group and return its id."""
        return self.ec2.create_security_group(
            GroupName=f"test-{token_hex(8)}", Description="a test's", VpcId=self.account.vpc_id
        )["GroupId"]


@contextmanager
def refused(code: str, *, saying: str = "") -> Iterator[None]:
    """Expect that AWS refuses with this error code and, if given, these words."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert saying in error["Message"]


def not_found() -> ActionTypeDef:
    """The action that answers 404."""
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def forward(*groups: str) -> ActionTypeDef:
    """The action that spreads requests evenly over target groups."""
    tuples = [{"TargetGroupArn": group, "Weight": 1} for group in groups]
    return cast("ActionTypeDef", {"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}})


def path(*patterns: str) -> RuleConditionTypeDef:
    """A path condition."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def host(*names: str) -> RuleConditionTypeDef:
    """A host condition."""
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(names)}}


def described(*targets: tuple[str, int]) -> list[TargetDescriptionTypeDef]:
    """Targets as the API spells them."""
    return [{"Id": target_id, "Port": port} for target_id, port in targets]


def certified(*arns: str) -> list[CertificateTypeDef]:
    """Certificates as the API spells them."""
    return [{"CertificateArn": arn} for arn in arns]


def some_tags(how_many: int) -> Sequence[TagTypeDef]:
    """So many tags."""
    return [{"Key": f"key-{index}", "Value": "x"} for index in range(how_many)]
