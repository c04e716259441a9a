"""AWS under test: with the ``aws_*`` files beside it, all of the contract that knows a cloud.

What is in the account is told by plain boto3, with marks spelled out here, so that a mistake in
how the product reads or marks things cannot hide itself.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from providers.aws.client import Clients, ReadGate
from providers.aws.execute import AwsWriter, WriteGate
from providers.aws.live.journal import Journal
from providers.aws.reader import AwsReader
from provisioner.model.plan import Plan
from provisioner.model.resource import Json
from provisioner.model.settings import Identity
from provisioner.ports import Clock, CloudTarget, Fence, Reader, Writer
from provisioner.sandbox.aws.account import Account, give_pod_addresses, make_account
from provisioner.sandbox.aws.leftovers import KEY_TYPES, leftovers
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import InterfaceAddresses
from provisioner.sandbox.cluster.workloads.addresses import PodAddresses
from tests.contract.provider.aws_comparison import Comparison
from tests.contract.provider.aws_examples import check_2048, check_echoserver
from tests.contract.provider.aws_shapes import misshapen_calls, misshapen_fields, operations
from tests.contract.provider.aws_things import Thing, balancing, mark_of, network, weighted
from tests.contract.provider.under_test import CLUSTER_NAME, ROOT, Machine, Pace, Pod, Words

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupRuleTypeDef

CERTIFICATES = (CertificateSpec(hosts=("shop.example.com", "*.shop.example.com")),)
PODS = 24
PODS_SKIPPED = 2048  # of each node; what comes before is the embedded cluster's to give out

_SERVICES = ("elbv2", "ec2", "acm")
_READS = ("Describe", "List", "Get", "Lookup", "Search")


class CloudClock:
    """The emulator's clock: sleeping on it moves it."""

    def __init__(self, cloud: CloudServer) -> None:
        self._cloud = cloud

    def now(self) -> float:
        """Return the cloud's time."""
        return self._cloud.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self._cloud.advance(seconds)


class PlainAws:
    """An account behind any emulator of AWS, seen with plain boto3; see ``AccountUnderTest``."""

    name = "aws"
    ingress_class = "alb"

    def __init__(self, url: str) -> None:
        self.url = url
        # moto keeps networks per process: a number of its own keeps an account apart from others.
        self.number = str(410_000_000_000 + secrets.randbelow(10**9))
        self.account = self._furnished()

    def _furnished(self) -> Account:
        account = make_account(
            self.url,
            cluster_name=CLUSTER_NAME,
            access_key=self.number,
            certificates=CERTIFICATES,
        )
        self.machines = tuple(
            Machine(
                name=node.name,
                provider_id=node.provider_id,
                zone=node.zone,
                address=node.address,
            )
            for node in account.nodes
        )
        self.pods = tuple(
            Pod(address=pod.address, node=pod.node, zone=pod.zone)
            for pod in give_pod_addresses(account, PODS, skip=PODS_SKIPPED)
        )
        return account

    @property
    def environment(self) -> Mapping[str, str]:
        """Words for credentials, and nothing of the machine's own configuration."""
        return {
            "AWS_ACCESS_KEY_ID": self.number,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": self.account.login.region,
            "AWS_CONFIG_FILE": "/nonexistent/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a load balancer controller could have left behind."""
        return leftovers(self.url, access_key=self.number)

    def addresses(self) -> frozenset[str]:
        """Return the address of everything that carries our mark."""
        return frozenset(thing.address for thing in self._things())

    def gone_with(self, address: str, gone: frozenset[str]) -> bool:
        """Tell whether something without a mark of its own went with what is gone."""
        if address.startswith("aws:targets/"):
            return address.replace("aws:targets/", "aws:target-group/", 1) in gone
        if address.startswith("aws:network-targets/"):
            return address.replace("network-targets/", "network-target-group/", 1) in gone
        if address.startswith("aws:listener-certificate/"):
            parent = address.replace("aws:listener-certificate/", "aws:listener/", 1)
            return parent.rpartition("/")[0] in gone
        return False

    def delete_by_hand(self, addresses: Sequence[str]) -> frozenset[str]:
        """Delete these as far as AWS lets one; return every address that is gone."""
        before = self.addresses()
        things = sorted(self._things(), key=lambda thing: _UNDO.index(thing.kind))
        for thing in things:
            if thing.address in addresses:
                self._delete(thing)
        return before - self.addresses()

    def spoil_by_hand(self) -> str:
        """Change a health check path by hand; return the address of the target group."""
        elbv2 = self.account.login.elbv2()
        thing = next(each for each in self._things() if each.kind == "target-group")
        elbv2.modify_target_group(TargetGroupArn=thing.identifier, HealthCheckPath="/by-hand")
        return thing.address

    def delete_a_rule_by_hand(self) -> str:
        """Delete one listener rule; return its address."""
        thing = next(each for each in self._things() if each.kind == "listener-rule")
        self._delete(thing)
        return thing.address

    def _things(self) -> list[Thing]:
        return [*balancing(self.account), *network(self.account)]

    def _delete(self, thing: Thing) -> None:
        elbv2, ec2 = self.account.login.elbv2(), self.account.login.ec2()
        try:
            match thing.kind:
                case "listener-rule":
                    elbv2.delete_rule(RuleArn=thing.identifier)
                case "listener" | "network-listener":
                    elbv2.delete_listener(ListenerArn=thing.identifier)
                case "load-balancer" | "network-load-balancer":
                    elbv2.delete_load_balancer(LoadBalancerArn=thing.identifier)
                case "target-group" | "network-target-group":
                    elbv2.delete_target_group(TargetGroupArn=thing.identifier)
                case "security-group":
                    ec2.delete_security_group(GroupId=thing.identifier)
                case _:
                    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
                    self._revoke([r for r in rules if mark_of(r.get("Tags")) == thing.address])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ("ResourceInUse", "DependencyViolation", "RuleNotFound"):
                raise

    def _revoke(self, rules: Sequence[SecurityGroupRuleTypeDef]) -> None:
        ec2 = self.account.login.ec2()
        for rule in rules:
            if mark_of(rule.get("Tags")):
                ec2.revoke_security_group_ingress(
                    GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
                )


class AwsUnderTest(PlainAws):
    """The embedded AWS with its knobs; see ``CloudUnderTest``."""

    account_file = ROOT / "docs" / "examples" / "account-aws.yaml"
    words = Words(
        front="LoadBalancer",
        rules="ListenerRule",
        entrance="listener",
        certificate_field="spec.rules[0].host",
        mistyped=("alb.ingress.kubernetes.io/target-typ", "target-type"),
        counted="load balancer {group}",
    )
    rule_limit = "rules-per-application-load-balancer"
    rules_at_most = 100
    https: Mapping[str, str] = MappingProxyType(
        {"listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]'}  # its certificate is found by the host
    )
    repairs_a_rule = "create"
    kinds_of_all: frozenset[str] = frozenset()
    sends_again = False
    reading_operations = (
        "DescribeLoadBalancers",
        "DescribeTargetGroups",
        "DescribeListeners",
        "DescribeRules",
        "DescribeTags",
        "DescribeTargetHealth",
        "DescribeAccountLimits",
        "DescribeSubnets",
        "DescribeSecurityGroups",
        "DescribeSecurityGroupRules",
        "DescribeNetworkInterfaces",
        "DescribeInstances",
    )

    def __init__(self, cloud: CloudServer) -> None:
        self._cloud = cloud
        self._forgotten = 0.0  # time that was skipped before the last reset
        super().__init__(cloud.url)
        self._clients: dict[tuple[Identity, bool], Clients] = {}

    @property
    def clock(self) -> Clock:
        """The emulator's clock."""
        return CloudClock(self._cloud)

    @property
    def pod_addresses(self) -> PodAddresses:
        """Where an embedded cluster gets addresses for its pods."""
        return InterfaceAddresses(self.account)

    @property
    def examples(self) -> Mapping[str, Callable[[Json], None]]:
        """Checks of what the published examples become."""
        return {"aws-2048": check_2048, "aws-echoserver": check_echoserver}

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the account."""
        return CloudTarget(
            identity=identity, region=self.account.login.region, endpoint_url=self.url
        )

    def open_reader(self, identity: Identity) -> Reader[object, object]:
        """Return a fresh reader; making boto3 clients takes longer than a test, so those stay."""
        if (identity, True) not in self._clients:
            gate = ReadGate(self.clock)
            self._clients[identity, True] = Clients(self.target(identity), gate)
        reader = AwsReader(self._clients[identity, True], clock=self.clock, today=self._today)
        return cast("Reader[object, object]", reader)

    def _today(self) -> datetime:
        """Return the emulator's time of day, which is real again after every reset."""
        skipped = self._cloud.now() - time.monotonic() - self._forgotten
        return datetime.now(UTC) + timedelta(seconds=skipped)

    def open_writer(self, identity: Identity, fence: Fence) -> Writer:
        """Return a fresh writer behind the first fence it was asked for."""
        if (identity, False) not in self._clients:
            gate = WriteGate(fence, self.clock)
            self._clients[identity, False] = Clients(self.target(identity), gate, reading=False)
        return AwsWriter(self._clients[identity, False], journal=Journal(self.clock))

    def reset(self) -> None:
        """Empty the account but for its network, every knob at its default."""
        self._cloud.reset(keep_network=True)
        self._forgotten = self._cloud.now() - time.monotonic()
        ec2 = self.account.login.ec2()
        filters = [{"Name": "vpc-id", "Values": [self.account.vpc_id]}]
        if not ec2.describe_vpcs(Filters=filters)["Vpcs"]:  # type: ignore[arg-type]  # a plain dict is one
            self.account = self._furnished()  # another server's full reset has emptied moto
        self._revoke(ec2.describe_security_group_rules()["SecurityGroupRules"])
        for group in ec2.describe_security_groups()["SecurityGroups"]:
            if group["GroupName"].startswith("ipr-"):
                ec2.delete_security_group(GroupId=group["GroupId"])
        self._forget_certificates()
        self._cloud.calls.clear()

    def _forget_certificates(self) -> None:
        """Delete the certificates of ours, which are kept with the network."""
        acm = self.account.login.acm()
        listed = acm.list_certificates(Includes={"keyTypes": list(KEY_TYPES)})
        for arn in (each["CertificateArn"] for each in listed["CertificateSummaryList"]):
            if mark_of(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]):
                acm.delete_certificate(CertificateArn=arn)

    def rules(self) -> int:
        """Return how many rules there are."""
        return len(self.leftovers().get("rules", ()))

    def slow(self, pace: Pace) -> None:
        """Let things take their time."""
        self._cloud.configure(
            provisioning_seconds=pace.provisioning,
            health_seconds=pace.health,
            draining_seconds=pace.draining,
            interface_linger_seconds=pace.linger,
            describe_lag_seconds=pace.lag,
        )

    def limit_rules(self, value: int) -> None:
        """Set the account's limit on rules per load balancer."""
        self._cloud.limits[self.rule_limit] = value

    def limit_load_balancers(self, value: int) -> None:
        """Set the account's limit on load balancers."""
        self._cloud.limits["application-load-balancers"] = value

    def sicken(self, machine: Machine) -> None:
        """Let a machine fail its health checks, not the pods on it."""
        self._cloud.unhealthy_targets.add(machine.provider_id.rpartition("/")[2])

    def mutating(self) -> Counter[str]:
        """Return how often each operation has changed something."""
        return self._cloud.calls.counts()

    def forget_calls(self) -> None:
        """Forget every call so far."""
        self._cloud.calls.clear()

    def kill_after(self, calls: int, callback: Callable[[], None]) -> None:
        """Run ``callback`` once so many calls have changed something."""
        self._cloud.faults.kill_after(calls, callback)

    def lose_response(self, operation: str, *, skip: int) -> None:
        """Carry a call out and cut the line instead of answering."""
        self._cloud.faults.lose_response(operation, skip=skip)

    def throttle(self, operation: str) -> None:
        """Refuse the next call of an operation as too fast."""
        self._cloud.faults.throttle(operation)

    def deny_writes(self) -> None:
        """Refuse everything that does not read by its name."""
        for service in _SERVICES:
            words = {name for name in operations(service) if not name.startswith(_READS)}
            for name in sorted(words):
                self._cloud.faults.deny(f"{service}:{name}")

    def deny(self, operation: str) -> None:
        """Refuse one operation."""
        self._cloud.faults.deny(operation)

    def clear_faults(self) -> None:
        """Take every fault away."""
        self._cloud.faults.clear()

    def healthy_targets(self, group: str) -> Mapping[str, Sequence[str]]:
        """Return the healthy targets that each rule of a group reaches, by the rule's address."""
        elbv2 = self.account.login.elbv2()
        found: dict[str, list[str]] = {}
        rules = [each for each in self._things() if each.kind == "listener-rule"]
        for thing in rules:
            if not thing.address.startswith(f"aws:listener-rule/{group}/"):
                continue
            (rule,) = elbv2.describe_rules(RuleArns=[thing.identifier])["Rules"]
            found[thing.address] = [
                f"{each['Target']['Id']}:{each['Target'].get('Port', '')}"
                for arn in weighted(rule)
                for each in elbv2.describe_target_health(TargetGroupArn=arn)[
                    "TargetHealthDescriptions"
                ]
                if each["TargetHealth"]["State"] == "healthy"
            ]
        return found

    def misshapen(self, plan: Plan) -> Sequence[str]:
        """Return every planned value and call that botocore's own models refuse."""
        problems = [problem for step in plan.steps for problem in misshapen_fields(step)]
        return [*problems, *(p for step in plan.steps for p in misshapen_calls(step))]

    def misread(self, plan: Json) -> Sequence[str]:
        """Compare a plan's creations, field by field, with what plain boto3 reads."""
        return list(Comparison(self.account).problems(plan))


_UNDO = (
    "network-listener",
    "network-load-balancer",
    "network-target-group",
    "listener-rule",
    "listener",
    "load-balancer",
    "target-group",
    "security-group-rule",
    "security-group",
)
