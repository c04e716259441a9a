"""The embedded AWS as a stage: an account with two nodes, and things that take a moment."""

from __future__ import annotations

import ipaddress
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget
from provisioner.sandbox.aws.account import POD_OFFSET, Account, make_account
from provisioner.sandbox.aws.leftovers import leftovers
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.cluster.documents import Document, name_of
from provisioner.sandbox.cluster.workloads.addresses import PodAddresses
from provisioner.sandbox.stage import CloudStage, StageNode

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_elbv2.type_defs import RuleTypeDef

RULE_LIMIT = "rules-per-application-load-balancer"

_PLAYED_BY_THE_STAGE = frozenset({"AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"})

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


class InterfaceAddresses:
    """Gives each pod a secondary address of its node's interface, as the VPC CNI does."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._nodes = {node.name: node for node in account.nodes}
        self._blocks = {each.subnet_id: each.block for each in account.subnets}
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    def allocate(self, node: Document, _pod: Document) -> str:
        """Attach the next address of the node's subnet to its interface and return it."""
        home = self._nodes[name_of(node)]
        with self._lock:
            number = self._given[home.subnet_id]
            self._given[home.subnet_id] += 1
        network = ipaddress.ip_network(self._blocks[home.subnet_id])
        address = str(network[POD_OFFSET + number])
        self._account.login.ec2().assign_private_ip_addresses(
            NetworkInterfaceId=home.interface_id, PrivateIpAddresses=[address]
        )
        return address

    def release(self, node_name: str, _pod: Document, address: str) -> None:
        """Detach the address again."""
        self._account.login.ec2().unassign_private_ip_addresses(
            NetworkInterfaceId=self._nodes[node_name].interface_id, PrivateIpAddresses=[address]
        )


class AwsStage:
    """One embedded account; see ``CloudStage``."""

    ingress_class = "alb"
    controller = "ingress-provisioner.io/aws"
    limit_told = "One rule too many: the account allows {limit} per load balancer"
    empty_told = "The account holds no load balancer, target group or security group of ours."

    def __init__(self, cloud: CloudServer, account: Account) -> None:
        self.cloud = cloud
        self.account = account
        self.addresses: PodAddresses = InterfaceAddresses(account)
        self.nodes = tuple(
            StageNode(
                name=node.name,
                zone=node.zone,
                provider_id=node.provider_id,
                address=node.address,
            )
            for node in account.nodes
        )

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the account."""
        return CloudTarget(
            identity=identity, region=self.account.login.region, endpoint_url=self.cloud.url
        )

    def describe(self) -> Sequence[str]:
        """Return the load balancers in lines, as plain boto3 describes them now."""
        elbv2 = self.account.login.elbv2()
        lines: list[str] = []
        for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
            lines.append(
                f"{balancer['LoadBalancerName']}  {balancer['Scheme']}  "
                f"{balancer['State']['Code']}  {balancer['DNSName']}"
            )
            listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
            for listener in listeners["Listeners"]:
                lines.append(f"  {listener['Protocol']}:{listener['Port']}")
                rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
                lines += [f"    {line}" for rule in rules for line in _rule_lines(elbv2, rule)]
        return lines

    def limit_rules(self, value: int) -> None:
        """Set the account's limit on rules per load balancer."""
        self.cloud.limits[RULE_LIMIT] = value

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a controller left behind, by kind."""
        return leftovers(self.cloud.url)

    def mutating_calls(self) -> Mapping[str, int]:
        """Return how often each writing operation was called since the account was made.

        Left out are the calls with which the stage itself plays the VPC CNI.
        """
        return Counter(
            call.operation
            for call in self.cloud.calls.mutating()
            if call.operation not in _PLAYED_BY_THE_STAGE
        )

    def hints(self) -> Sequence[str]:
        """Return shell lines that talk to the account."""
        exports = " ".join(f"{name}={value}" for name, value in _CREDENTIALS.items())
        return [
            f"export {exports}",
            f"aws --endpoint-url {self.cloud.url} elbv2 describe-load-balancers",
            f"aws --endpoint-url {self.cloud.url} elbv2 describe-target-groups",
        ]


@contextmanager
def open_stage() -> Iterator[CloudStage]:
    """Start an embedded AWS with a small account in it.

    Credentials of this process are replaced by words that only the sandbox understands, so that
    nothing here can reach a real account.
    """
    os.environ.update(_CREDENTIALS)
    with CloudServer() as cloud:
        account = make_account(cloud.url, zones=2, nodes=2, cluster_name="demo")
        cloud.configure(
            provisioning_seconds=1.5,
            health_seconds=1.0,
            draining_seconds=1.0,
            interface_linger_seconds=2.0,
        )
        cloud.calls.clear()
        yield AwsStage(cloud, account)


def _rule_lines(elbv2: ElasticLoadBalancingv2Client, rule: RuleTypeDef) -> Iterator[str]:
    conditions = [
        f"{condition['Field']} {' '.join(values)}"
        for condition in rule["Conditions"]
        for values in (
            condition.get("HostHeaderConfig", {}).get("Values"),
            condition.get("PathPatternConfig", {}).get("Values"),
        )
        if values
    ]
    for action in rule["Actions"]:
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        head = f"{rule['Priority']:>7}  {' '.join(conditions) or 'any'}  ->  "
        if not groups:
            status = action.get("FixedResponseConfig", {}).get("StatusCode", "")
            yield f"{head}{action['Type']} {status}"
        for group in groups:
            arn = group["TargetGroupArn"]
            health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            targets = ", ".join(
                f"{each['Target']['Id']}:{each['Target'].get('Port', '')}"
                f" {each['TargetHealth']['State']}"
                for each in health
            )
            yield f"{head}{arn.split('/')[1]} (weight {group.get('Weight', 1)})"
            yield f"         {targets or 'no targets'}"
