"""Words for building, with plain boto3, what Ingress Provisioner would have built.

Tags are spelled out here rather than taken from the code under test, so that a test of reading
also says how things are marked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from provisioner.model.resource import PlainInput
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget
from provisioner.sandbox.aws.account import Account
from provisioner.sandbox.aws.clients import DEFAULT_REGION

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import IpPermissionTypeDef, TagSpecificationTypeDef
    from types_boto3_elbv2.type_defs import (
        ActionTypeDef,
        ActionUnionTypeDef,
        CertificateTypeDef,
        RuleConditionUnionTypeDef,
        TagTypeDef,
        TargetDescriptionTypeDef,
        TargetGroupTupleTypeDef,
    )

MARK = "ingress-provisioner.io/"
NOT_FOUND: ActionTypeDef = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
}


class ManualClock:
    """A clock that only moves when it is slept on or told to."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.time += seconds


@dataclass(slots=True)
class World:
    """An account with the load balancers of one cluster in it."""

    account: Account
    identity: Identity
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def target(self) -> CloudTarget:
        """Where readers and writers find it."""
        return CloudTarget(
            identity=self.identity,
            region=DEFAULT_REGION,
            endpoint_url=self.account.login.endpoint_url,
        )

    def marks(
        self,
        address: str,
        *,
        group: str = "shop/web",
        ingress: str = "",
        more: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Return the tags of a resource of ours."""
        tags = {
            f"{MARK}owner": self.identity.owner,
            f"{MARK}group": group,
            f"{MARK}resource": address,
        }
        if ingress:
            tags[f"{MARK}ingress"] = ingress
        return {**tags, **(more or {})}

    def security_group(self, tags: Mapping[str, str], *, name: str = "") -> str:
        """Create a security group and return its id."""
        answer = self.account.login.ec2().create_security_group(
            GroupName=name or f"{self.identity.cluster_name}-{next(self._numbers)}",
            Description="made by a test",
            VpcId=self.account.vpc_id,
            TagSpecifications=_specified("security-group", tags),
        )
        return answer["GroupId"]

    def open(self, group_id: str, permission: IpPermissionTypeDef, tags: Mapping[str, str]) -> None:
        """Authorise ingress."""
        self.account.login.ec2().authorize_security_group_ingress(
            GroupId=group_id,
            IpPermissions=[permission],
            TagSpecifications=_specified("security-group-rule", tags),
        )

    def load_balancer(
        self,
        tags: Mapping[str, str],
        *,
        name: str = "",
        security_groups: Sequence[str] = (),
    ) -> str:
        """Create a load balancer in the public subnets and return its ARN."""
        answer = self.account.login.elbv2().create_load_balancer(
            Name=name or f"lb-{next(self._numbers)}",
            Scheme="internet-facing",
            Subnets=[subnet.subnet_id for subnet in self.account.public_subnets],
            SecurityGroups=list(security_groups),
            Tags=pairs(tags),
        )
        return answer["LoadBalancers"][0]["LoadBalancerArn"]

    def target_group(self, tags: Mapping[str, str], *, name: str = "") -> str:
        """Create a target group for pods and return its ARN."""
        answer = self.account.login.elbv2().create_target_group(
            Name=name or f"tg-{next(self._numbers)}",
            Protocol="HTTP",
            Port=8080,
            VpcId=self.account.vpc_id,
            TargetType="ip",
            HealthCheckPath="/healthz",
            Matcher={"HttpCode": "200-299"},
            Tags=pairs(tags),
        )
        return answer["TargetGroups"][0]["TargetGroupArn"]

    def register(self, target_group: str, targets: Sequence[TargetDescriptionTypeDef]) -> None:
        """Register targets."""
        self.account.login.elbv2().register_targets(
            TargetGroupArn=target_group, Targets=list(targets)
        )

    def http_listener(
        self,
        load_balancer: str,
        tags: Mapping[str, str],
        *,
        port: int = 80,
        action: ActionUnionTypeDef = NOT_FOUND,
    ) -> str:
        """Create an HTTP listener and return its ARN."""
        answer = self.account.login.elbv2().create_listener(
            LoadBalancerArn=load_balancer,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[action],
            Tags=pairs(tags),
        )
        return answer["Listeners"][0]["ListenerArn"]

    def https_listener(
        self, load_balancer: str, tags: Mapping[str, str], *, certificates: Sequence[str]
    ) -> str:
        """Create an HTTPS listener on port 443; the first certificate is its default one."""
        elbv2 = self.account.login.elbv2()
        default: list[CertificateTypeDef] = [{"CertificateArn": certificates[0]}]
        answer = elbv2.create_listener(
            LoadBalancerArn=load_balancer,
            Protocol="HTTPS",
            Port=443,
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=default,
            DefaultActions=[NOT_FOUND],
            Tags=pairs(tags),
        )
        arn = answer["Listeners"][0]["ListenerArn"]
        for certificate in certificates[1:]:
            elbv2.add_listener_certificates(
                ListenerArn=arn, Certificates=[{"CertificateArn": certificate}]
            )
        return arn

    def rule(
        self,
        listener: str,
        tags: Mapping[str, str],
        *,
        priority: int,
        conditions: Sequence[RuleConditionUnionTypeDef],
        actions: Sequence[ActionUnionTypeDef],
    ) -> str:
        """Create a rule and return its ARN."""
        answer = self.account.login.elbv2().create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=list(conditions),
            Actions=list(actions),
            Tags=pairs(tags),
        )
        return answer["Rules"][0]["RuleArn"]


def pairs(tags: Mapping[str, str]) -> list[TagTypeDef]:
    """Return tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def planned_pairs(tags: Mapping[str, str]) -> list[PlainInput]:
    """Return tags as a planned call holds them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def path(*values: str) -> RuleConditionUnionTypeDef:
    """Return a path condition."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def host(*values: str) -> RuleConditionUnionTypeDef:
    """Return a host condition."""
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def forward(*target_groups: str) -> ActionUnionTypeDef:
    """Return an action that forwards to target groups, in equal shares where there are several."""
    groups: list[TargetGroupTupleTypeDef] = [{"TargetGroupArn": arn} for arn in target_groups]
    if len(groups) > 1:
        groups = [{"TargetGroupArn": arn, "Weight": 1} for arn in target_groups]
    return {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": groups},
    }


def _specified(kind: str, tags: Mapping[str, str]) -> list[TagSpecificationTypeDef]:
    return [{"ResourceType": kind, "Tags": pairs(tags)}]  # type: ignore[typeddict-item]
