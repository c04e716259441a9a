"""AWS as the place of a scene, and words to look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from botocore.exceptions import ClientError

from providers.aws import AwsProvider
from providers.aws.account import Facts, Wanted
from providers.aws.client import Clients, ReadGate
from providers.aws.reader import AwsReader
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget, Provider, Reader
from provisioner.sandbox.aws.account import Account
from provisioner.sandbox.aws.calls import CallRecord
from provisioner.sandbox.aws.leftovers import leftovers
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import AwsStage
from provisioner.sandbox.cluster.server import ClusterServer
from tests.e2e.controller.scene import (
    FINALIZER,
    PATIENCE,
    RHYTHM,
    Heard,
    HurriedClock,
    Scene,
    Troupe,
    a_lease,
    until,
)

__all__ = [
    "FINALIZER",
    "MEMBERSHIP",
    "PATIENCE",
    "RHYTHM",
    "Heard",
    "HurriedClock",
    "Stage",
    "Troupe",
    "a_lease",
    "hurried",
    "steady",
    "until",
]
MEMBERSHIP = {"RegisterTargets", "DeregisterTargets"}
NETWORK_OF_PODS = {"AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"}  # made by the CNI
P = ParamSpec("P")
T = TypeVar("T")


def steady(look: Callable[P, T]) -> Callable[P, T]:
    """Let a look at the cloud begin anew where something vanishes between its calls."""

    @wraps(look)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(5):
            try:
                return look(*args, **kwargs)
            except ClientError as error:
                if "NotFound" not in error.response["Error"]["Code"]:
                    raise
        raise AssertionError("the cloud does not hold still for long enough to be looked at")

    return again


class HurriedProvider(AwsProvider):
    """The AWS provider, reading faster than AWS would let us."""

    def open_reader(self, target: CloudTarget) -> Reader[Wanted, Facts]:
        return AwsReader(Clients(target, ReadGate(HurriedClock())))


def hurried() -> Provider[object, object]:
    """Return the provider that most tests use."""
    provider: object = HurriedProvider()
    return provider  # type: ignore[return-value]  # whoever wires it need not know its facts


class Stage(Scene):
    """A cluster beside an account of AWS."""

    ingress_class = "alb"
    waits_as = "Elb.RegistrationInProgress"

    def __init__(
        self, cloud: CloudServer, account: Account, cluster: ClusterServer, folder: Path
    ) -> None:
        super().__init__(cluster, folder)
        self.cloud = cloud
        self.account = account
        self.elbv2 = account.login.elbv2()
        self.ec2 = account.login.ec2()

    def target(self, identity: Identity) -> CloudTarget:
        """Return how a controller reaches the account."""
        return AwsStage(self.cloud, self.account).target(identity)

    def hurried(self) -> Provider[object, object]:
        """Return the provider that most tests use."""
        return hurried()

    @property
    def writes(self) -> list[CallRecord]:
        """Calls that changed something in the account, without the CNI's."""
        return [call for call in self.calls if call.mutates and call.carried_out]

    @property
    def calls(self) -> list[CallRecord]:
        """Every call of the controllers."""
        return [call for call in self.cloud.calls if call.operation not in NETWORK_OF_PODS]

    def counts(self) -> Counter[str]:
        """How often each operation changed something."""
        return Counter(call.operation for call in self.writes)

    @steady
    def left(self) -> Mapping[str, tuple[str, ...]]:
        """What a controller left in the account."""
        return leftovers(self.cloud.url, access_key=self.account.login.access_key)

    def balancers(self) -> dict[str, str]:
        """ARN by name of every load balancer."""
        found = self.elbv2.describe_load_balancers()["LoadBalancers"]
        return {each["LoadBalancerName"]: each["LoadBalancerArn"] for each in found}

    @steady
    def rules(self) -> dict[str, dict[str, int]]:
        """``host path`` of every rule -> weight by target group name ({} without a forward)."""
        found: dict[str, dict[str, int]] = {}
        for arn in self.balancers().values():
            for listener in self.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
                for rule in self.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                    if rule["IsDefault"]:
                        continue
                    words = [
                        value
                        for condition in rule["Conditions"]
                        for config in ("HostHeaderConfig", "PathPatternConfig")
                        for value in condition.get(config, {}).get("Values", [])  # type: ignore[attr-defined]  # a TypedDict asked by name
                    ]
                    groups = [
                        group
                        for action in rule["Actions"]
                        for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
                    ]
                    found[" ".join(words)] = {
                        group["TargetGroupArn"].split("/")[1]: group.get("Weight", 1)
                        for group in groups
                    }
        return found

    @steady
    def targets(self, *, state: str = "healthy") -> dict[str, set[str]]:
        """Ids of the targets in a state, by target group name."""
        found: dict[str, set[str]] = {}
        for group in self.elbv2.describe_target_groups()["TargetGroups"]:
            health = self.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
            found[group["TargetGroupName"]] = {
                each["Target"]["Id"]
                for each in health["TargetHealthDescriptions"]
                if each["TargetHealth"]["State"] == state
            }
        return found

    def forget_calls(self) -> None:
        """Begin to count anew."""
        self.cloud.calls.clear()

    def let_health_take(self, seconds: float) -> None:
        """Let new targets be healthy after so long, those that are waiting included."""
        self.cloud.configure(health_seconds=seconds)

    def health_questions(self) -> int:
        """How often somebody asked for the health of targets."""
        return sum(call.operation == "DescribeTargetHealth" for call in self.calls)

    def incumbent_gate(self) -> str:
        """The gate that names the only target group."""
        (found,) = self.elbv2.describe_target_groups()["TargetGroups"]
        return f"target-health.elbv2.k8s.aws/{found['TargetGroupName']}"

    @steady
    def certificates(self) -> Mapping[str, str]:
        """The text of every certificate that a listener uses, by ARN."""
        acm = self.account.login.acm()
        arns = {
            certificate["CertificateArn"]
            for arn in self.balancers().values()
            for listener in self.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
            for certificate in self.elbv2.describe_listener_certificates(
                ListenerArn=listener["ListenerArn"]
            )["Certificates"]
        }
        return {arn: acm.get_certificate(CertificateArn=arn)["Certificate"] for arn in arns}

    def certificates_held(self) -> int:
        """How many certificates the account holds."""
        listed = self.account.login.acm().list_certificates(
            Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]}
        )
        return len(listed["CertificateSummaryList"])

    @steady
    def targets_of(self, service: str, *, state: str = "healthy") -> set[str]:
        """Ids of the targets in a state of the target groups that are tagged with a Service."""
        arns = {
            group["TargetGroupArn"]: group["TargetGroupName"]
            for group in self.elbv2.describe_target_groups()["TargetGroups"]
        }
        if not arns:
            return set()
        tagged = self.elbv2.describe_tags(ResourceArns=list(arns))["TagDescriptions"]
        names = {
            arns[each["ResourceArn"]]
            for each in tagged
            for tag in each["Tags"]
            if tag["Key"] == "ingress-provisioner.io/resource" and f"/{service}:" in tag["Value"]
        }
        everything = self.targets(state=state)
        return {target for name in names for target in everything.get(name, set())}
