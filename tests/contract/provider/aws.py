"""AWS under test: the one file of the contract that knows a cloud.

What is in the account is told by plain boto3, with marks spelled out here, so that a mistake in
how the product reads or marks things cannot hide itself.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

from providers.aws.client import Clients, ReadGate
from providers.aws.execute import AwsWriter, WriteGate
from providers.aws.journal import Journal
from providers.aws.reader import AwsReader
from provisioner.model.change import Action, Step
from provisioner.model.plan import Plan
from provisioner.model.resource import Json, to_json
from provisioner.model.settings import Identity
from provisioner.ports import Clock, CloudTarget, Fence, Reader, Writer
from provisioner.sandbox.aws.account import Account, give_pod_addresses, make_account
from provisioner.sandbox.aws.leftovers import leftovers
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.contract.provider.under_test import CLUSTER_NAME, ROOT, Machine, Pace, Pod

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupRuleTypeDef
    from types_boto3_elbv2.type_defs import RuleTypeDef

ACCOUNT_NUMBER = "410987654321"
CERTIFICATES = (CertificateSpec(hosts=("shop.example.com", "*.shop.example.com")),)
PODS = 24

_OWNER = "ingress-provisioner.io/owner"
_RESOURCE = "ingress-provisioner.io/resource"
_SERVICES = ("elbv2", "ec2", "acm")
_READS = ("Describe", "List", "Get", "Lookup", "Search")

# Where the API takes each field of a spec: kind -> operations whose input has the field.
_INPUTS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "LoadBalancer": (
            ("elbv2", "CreateLoadBalancer"),
            ("elbv2", "ModifyLoadBalancerAttributes"),
        ),
        "SecurityGroup": (("ec2", "CreateSecurityGroup"), ("ec2", "CreateTags")),
        "SecurityGroupRule": (
            ("ec2", "AuthorizeSecurityGroupIngress"),
            ("ec2", "CreateTags"),
        ),
        "Listener": (
            ("elbv2", "CreateListener"),
            ("elbv2", "SetRulePriorities"),
            ("elbv2", "ModifyListenerAttributes"),
        ),
        "ListenerCertificate": (("elbv2", "AddListenerCertificates"),),
        "ListenerRule": (("elbv2", "CreateRule"),),
        "TargetGroup": (
            ("elbv2", "CreateTargetGroup"),
            ("elbv2", "ModifyTargetGroupAttributes"),
        ),
        "Targets": (("elbv2", "RegisterTargets"),),
    }
)


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


class AwsUnderTest:
    """The embedded AWS; see ``CloudUnderTest``."""

    name = "aws"
    ingress_class = "alb"
    account_file = ROOT / "docs" / "examples" / "account-aws.yaml"
    rule_limit = "rules-per-application-load-balancer"
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
        self.account = self._furnished()
        self._clients: dict[tuple[Identity, bool], Clients] = {}

    def _furnished(self) -> Account:
        account = make_account(
            self._cloud.url,
            cluster_name=CLUSTER_NAME,
            access_key=ACCOUNT_NUMBER,
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
            for pod in give_pod_addresses(account, PODS)
        )
        return account

    @property
    def clock(self) -> Clock:
        """The emulator's clock."""
        return CloudClock(self._cloud)

    @property
    def url(self) -> str:
        """Where the emulator listens."""
        return self._cloud.url

    @property
    def environment(self) -> Mapping[str, str]:
        """Words for credentials, and nothing of the machine's own configuration."""
        return {
            "AWS_ACCESS_KEY_ID": ACCOUNT_NUMBER,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_DEFAULT_REGION": self.account.login.region,
            "AWS_CONFIG_FILE": "/nonexistent/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def examples(self) -> Mapping[str, Callable[[Json], None]]:
        """Checks of what the published examples become."""
        return {"aws-2048": check_2048, "aws-echoserver": check_echoserver}

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the account."""
        return CloudTarget(
            identity=identity, region=self.account.login.region, endpoint_url=self._cloud.url
        )

    def open_reader(self, identity: Identity) -> Reader[object, object]:
        """Return a fresh reader; making boto3 clients takes longer than a test, so those stay."""
        if (identity, True) not in self._clients:
            gate = ReadGate(self.clock)
            self._clients[identity, True] = Clients(self.target(identity), gate)
        reader = AwsReader(self._clients[identity, True], clock=self.clock)
        return cast("Reader[object, object]", reader)

    def open_writer(self, identity: Identity, fence: Fence) -> Writer:
        """Return a fresh writer behind the first fence it was asked for."""
        if (identity, False) not in self._clients:
            gate = WriteGate(fence, self.clock)
            self._clients[identity, False] = Clients(self.target(identity), gate, reading=False)
        return AwsWriter(self._clients[identity, False], journal=Journal(self.clock))

    def reset(self) -> None:
        """Empty the account but for its network, every knob at its default."""
        self._cloud.reset(keep_network=True)
        ec2 = self.account.login.ec2()
        filters = [{"Name": "vpc-id", "Values": [self.account.vpc_id]}]
        if not ec2.describe_vpcs(Filters=filters)["Vpcs"]:  # type: ignore[arg-type]  # a plain dict is one
            self.account = self._furnished()  # another server's full reset has emptied moto
        self._revoke(ec2.describe_security_group_rules()["SecurityGroupRules"])
        for group in ec2.describe_security_groups()["SecurityGroups"]:
            if group["GroupName"].startswith("ipr-"):
                ec2.delete_security_group(GroupId=group["GroupId"])
        self._cloud.calls.clear()

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

    def sicken(self, target: str) -> None:
        """Let a target fail its health checks."""
        self._cloud.unhealthy_targets.add(target)

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
            words = {name for name in _operations(service) if not name.startswith(_READS)}
            for name in sorted(words):
                self._cloud.faults.deny(f"{service}:{name}")

    def deny(self, operation: str) -> None:
        """Refuse one operation."""
        self._cloud.faults.deny(operation)

    def clear_faults(self) -> None:
        """Take every fault away."""
        self._cloud.faults.clear()

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a load balancer controller could have left behind."""
        return leftovers(self._cloud.url, access_key=ACCOUNT_NUMBER)

    def addresses(self) -> frozenset[str]:
        """Return the address of everything that carries our mark."""
        return frozenset(thing.address for thing in self._things())

    def gone_with(self, address: str, gone: frozenset[str]) -> bool:
        """Tell whether something without a mark of its own went with what is gone."""
        if address.startswith("aws:targets/"):
            return address.replace("aws:targets/", "aws:target-group/", 1) in gone
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
                for arn in _weighted(rule)
                for each in elbv2.describe_target_health(TargetGroupArn=arn)[
                    "TargetHealthDescriptions"
                ]
                if each["TargetHealth"]["State"] == "healthy"
            ]
        return found

    def misshapen(self, plan: Plan) -> Sequence[str]:
        """Return every planned value and call that botocore's own models refuse."""
        problems = [problem for step in plan.steps for problem in _misshapen(step)]
        if plan.load_balancers:
            problems += [p for step in plan.steps for p in _misshapen_calls(step)]
        return problems

    def misread(self, plan: Json) -> Sequence[str]:
        """Compare a plan's creations, field by field, with what plain boto3 reads."""
        return list(Comparison(self.account).problems(plan))

    def _things(self) -> list[Thing]:
        return [*_balancing(self.account), *_network(self.account)]

    def _delete(self, thing: Thing) -> None:
        elbv2, ec2 = self.account.login.elbv2(), self.account.login.ec2()
        try:
            match thing.kind:
                case "listener-rule":
                    elbv2.delete_rule(RuleArn=thing.identifier)
                case "listener":
                    elbv2.delete_listener(ListenerArn=thing.identifier)
                case "load-balancer":
                    elbv2.delete_load_balancer(LoadBalancerArn=thing.identifier)
                case "target-group":
                    elbv2.delete_target_group(TargetGroupArn=thing.identifier)
                case "security-group":
                    ec2.delete_security_group(GroupId=thing.identifier)
                case _:
                    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
                    self._revoke([r for r in rules if _mark(r.get("Tags")) == thing.address])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ("ResourceInUse", "DependencyViolation", "RuleNotFound"):
                raise

    def _revoke(self, rules: Sequence[SecurityGroupRuleTypeDef]) -> None:
        ec2 = self.account.login.ec2()
        for rule in rules:
            if _mark(rule.get("Tags")):
                ec2.revoke_security_group_ingress(
                    GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
                )


_UNDO = (
    "listener-rule",
    "listener",
    "load-balancer",
    "target-group",
    "security-group-rule",
    "security-group",
)


class Thing:
    """Something in the account that carries our mark."""

    def __init__(self, address: str, identifier: str) -> None:
        self.address = address
        self.identifier = identifier
        self.kind = address.partition(":")[2].partition("/")[0]


def _mark(tags: Sequence[Mapping[str, str]] | None) -> str:
    pairs = {tag["Key"]: tag["Value"] for tag in tags or ()}
    return pairs.get(_RESOURCE, "") if _OWNER in pairs else ""


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


def _balancing(account: Account) -> Iterator[Thing]:
    elbv2 = account.login.elbv2()
    arns = list(_arns(account))
    for start in range(0, len(arns), 20):
        answer = elbv2.describe_tags(ResourceArns=arns[start : start + 20])
        for entry in answer["TagDescriptions"]:
            if address := _mark(cast("list[dict[str, str]]", entry.get("Tags"))):
                yield Thing(address, entry["ResourceArn"])


def _network(account: Account) -> Iterator[Thing]:
    ec2 = account.login.ec2()
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        if address := _mark(cast("list[dict[str, str]]", group.get("Tags"))):
            yield Thing(address, group["GroupId"])
    seen = set()
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        address = _mark(cast("list[dict[str, str]]", rule.get("Tags")))
        if address and address not in seen:
            seen.add(address)
            yield Thing(address, rule["SecurityGroupRuleId"])


def _weighted(rule: RuleTypeDef) -> Iterator[str]:
    for action in rule["Actions"]:
        for entry in action.get("ForwardConfig", {}).get("TargetGroups", []):
            if entry.get("Weight", 1) > 0:
                yield entry["TargetGroupArn"]


# --- shapes -----------------------------------------------------------------------------------


@functools.cache
def _input(service: str, operation: str) -> StructureShape:
    model = botocore.session.get_session().get_service_model(service)
    return cast("StructureShape", model.operation_model(operation).input_shape)


@functools.cache
def _operations(service: str) -> tuple[str, ...]:
    model = botocore.session.get_session().get_service_model(service)
    return tuple(model.operation_names)


def _misshapen(step: Step) -> Iterator[str]:
    if step.action is Action.DELETE:
        return
    for change in step.fields:
        shape = _shape_of(step.kind, change.path)
        if shape is None:
            yield f"{step.id}: no operation for {step.kind} takes {change.path}"
        elif change.after is not None:
            yield from _refused(f"{step.id} {change.path}", to_json(change.after), shape)


def _shape_of(kind: str, path: str) -> Shape | None:
    for service, operation in _INPUTS[kind]:
        members = _input(service, operation).members
        if path in members:
            return cast("Shape", members[path])
    return None


def _misshapen_calls(step: Step) -> Iterator[str]:
    for call in step.calls:
        shape = _input(call.service, call.operation)
        parameters = {key: to_json(value) for key, value in call.parameters.items()}
        yield from _refused(f"{step.id} {call.operation}", parameters, shape)


def _refused(where: str, value: Json, shape: Shape) -> Iterator[str]:
    whole = _substituted(value, shape)
    report = ParamValidator().validate(whole, shape)
    if report.has_errors():
        yield f"{where}: {report.generate_report()}"
    yield from _outside(where, whole, shape)


def _substituted(value: Json, shape: Shape) -> object:
    """Put a value of the right type in the place of every reference and every unknown."""
    if value is None or (isinstance(value, dict) and set(value) == {"ref"}):
        return _sample(shape)
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        return {
            key: _substituted(item, shape.members[key]) if key in shape.members else item
            for key, item in value.items()
        }
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [_substituted(item, shape.member) for item in value]
    return value


def _sample(shape: Shape) -> object:
    if isinstance(shape, StructureShape | MapShape):
        return {}
    if isinstance(shape, ListShape):
        return [_sample(shape.member)]
    return {"integer": 1, "long": 1, "boolean": True}.get(shape.type_name, "x")


def _outside(where: str, value: object, shape: Shape) -> Iterator[str]:
    """Tell what botocore's validator lets pass: members nobody knows, words outside an enum."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        for key, item in value.items():
            if key not in shape.members:
                yield f"{where}: {shape.name} has no member {key}"
            else:
                yield from _outside(f"{where}.{key}", item, shape.members[key])
    elif isinstance(value, list) and isinstance(shape, ListShape):
        for item in value:
            yield from _outside(where, item, shape.member)
    elif isinstance(value, str) and value != "x":
        words = getattr(shape, "enum", None)
        if words and value not in words:
            yield f"{where}: {value!r} is none of {words}"
        longest = shape.metadata.get("max")
        if longest is not None and len(value) > longest:
            yield f"{where}: {value!r} is longer than {longest}"
    elif isinstance(value, int) and not isinstance(value, bool):
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if (least is not None and value < least) or (most is not None and value > most):
            yield f"{where}: {value} is not within {least} and {most}"


# --- examples ---------------------------------------------------------------------------------


def created(plan: Json, kind: str) -> list[dict[str, Json]]:
    """Return what a plan creates of a kind, as field -> after."""
    assert isinstance(plan, dict)
    parts = [plan["shared"], *cast("list[Json]", plan["loadBalancers"])]
    found = []
    for part in cast("list[dict[str, list[dict[str, Json]]]]", parts):
        for step in part["steps"]:
            if step["kind"] == kind and step["action"] == "create":
                changes = cast("list[dict[str, Json]]", step["changes"])
                found.append({str(change["path"]): change["after"] for change in changes})
    return found


def check_2048(plan: Json) -> None:
    """Check the game: one public load balancer, HTTP on 80, everything under ``/`` to addresses."""
    (balancer,) = created(plan, "LoadBalancer")
    (listener,) = created(plan, "Listener")
    (rule,) = created(plan, "ListenerRule")
    (group,) = created(plan, "TargetGroup")
    assert (balancer["Scheme"], balancer["Type"]) == ("internet-facing", "application")
    assert (listener["Protocol"], listener["Port"]) == ("HTTP", 80)
    assert _paths(rule) == ["/*"]
    assert group["TargetType"] == "ip"
    assert len(created(plan, "SecurityGroup")) == 2
    assert len(created(plan, "SecurityGroupRule")) >= 1


def check_echoserver(plan: Json) -> None:
    """Check the echo server: the path ``/`` alone, and the user's tags on all that takes tags."""
    (rule,) = created(plan, "ListenerRule")
    assert _paths(rule) == ["/"]
    for kind in (
        "LoadBalancer",
        "Listener",
        "ListenerRule",
        "TargetGroup",
        "SecurityGroup",
        "SecurityGroupRule",
    ):
        for resource in created(plan, kind):
            tags = {t["Key"]: t["Value"] for t in cast("list[dict[str, str]]", resource["Tags"])}
            shared = "/shared/" in tags[_RESOURCE]
            expected = None if shared else ("dev", "test")
            found = (tags["Environment"], tags["Team"]) if "Environment" in tags else None
            assert found == expected, (kind, tags)


def _paths(rule: Mapping[str, Json]) -> list[str]:
    conditions = cast("list[dict[str, dict[str, list[str]]]]", rule["Conditions"])
    return [v for c in conditions for v in c.get("PathPatternConfig", {}).get("Values", [])]


# --- reading back -----------------------------------------------------------------------------


class Comparison:
    """Says where the account differs from what a plan said would be in it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._elbv2 = account.login.elbv2()
        self._ids = {t.address: t.identifier for t in (*_balancing(account), *_network(account))}

    def problems(self, plan: Json) -> Iterator[str]:
        """Return every difference, in words."""
        for kind, resource in self._resources(plan):
            address = resource.pop("address")
            actual = self._actual(kind, str(address), resource)
            for path, planned in resource.items():
                if path not in actual:
                    yield f"{address}: {path} was not read back"
                    continue
                difference = _difference(self._resolved(planned), actual[path])
                if difference:
                    yield f"{address}: {path}: {difference}"

    def _resources(self, plan: Json) -> Iterator[tuple[str, dict[str, Json]]]:
        assert isinstance(plan, dict)
        parts = [plan["shared"], *cast("list[Json]", plan["loadBalancers"])]
        for part in cast("list[dict[str, list[dict[str, Json]]]]", parts):
            for step in part["steps"]:
                if step["action"] == "create":
                    changes = cast("list[dict[str, Json]]", step["changes"])
                    spec = {str(change["path"]): change["after"] for change in changes}
                    yield str(step["kind"]), {"address": step["address"], **spec}

    def _resolved(self, value: Json) -> Json:
        if isinstance(value, dict):
            if set(value) == {"ref"}:
                return self._ids[str(value["ref"]).rpartition(".")[0]]
            return {key: self._resolved(item) for key, item in value.items()}
        return [self._resolved(item) for item in value] if isinstance(value, list) else value

    def _actual(self, kind: str, address: str, spec: Mapping[str, Json]) -> dict[str, Json]:
        read = {
            "LoadBalancer": self._load_balancer,
            "Listener": self._listener,
            "ListenerRule": self._rule,
            "TargetGroup": self._target_group,
            "SecurityGroup": self._security_group,
        }.get(kind)
        if read is not None:
            found = read(self._ids[address])
            if kind != "SecurityGroup":
                found["Tags"] = self._tags(self._ids[address])
            return found
        if kind == "Targets":
            return self._targets(address)
        if kind == "ListenerCertificate":
            return self._certificates(spec)
        return self._opening(address, spec)

    def _load_balancer(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
        attributes = self._elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
        return {
            "Name": found["LoadBalancerName"],
            "Scheme": found["Scheme"],
            "Type": found["Type"],
            "IpAddressType": found["IpAddressType"],
            "Subnets": sorted(zone["SubnetId"] for zone in found["AvailabilityZones"]),
            "SecurityGroups": list(found["SecurityGroups"]),
            "Attributes": cast("Json", attributes["Attributes"]),
        }

    def _listener(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_listeners(ListenerArns=[arn])["Listeners"]
        return cast("dict[str, Json]", dict(found))

    def _rule(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_rules(RuleArns=[arn])["Rules"]
        parent = arn.replace(":listener-rule/", ":listener/").rpartition("/")[0]
        plain = cast("dict[str, Json]", dict(found))
        return {**plain, "Priority": int(found["Priority"]), "ListenerArn": parent}

    def _target_group(self, arn: str) -> dict[str, Json]:
        (found,) = self._elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        attributes = self._elbv2.describe_target_group_attributes(TargetGroupArn=arn)
        plain = cast("dict[str, Json]", dict(found))
        more: dict[str, Json] = {
            "Name": found["TargetGroupName"],
            "Attributes": cast("Json", attributes["Attributes"]),
        }
        return {**plain, **more}

    def _security_group(self, group_id: str) -> dict[str, Json]:
        ec2 = self._account.login.ec2()
        (found,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
        return cast("dict[str, Json]", dict(found))

    def _targets(self, address: str) -> dict[str, Json]:
        group = self._ids[address.replace("aws:targets/", "aws:target-group/", 1)]
        health = self._elbv2.describe_target_health(TargetGroupArn=group)
        targets = [each["Target"] for each in health["TargetHealthDescriptions"]]
        return {"TargetGroupArn": group, "Targets": cast("Json", targets)}

    def _certificates(self, spec: Mapping[str, Json]) -> dict[str, Json]:
        arn = str(self._resolved(spec["ListenerArn"]))
        found = self._elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
        return {"ListenerArn": arn, "Certificates": cast("Json", found)}

    def _opening(self, address: str, spec: Mapping[str, Json]) -> dict[str, Json]:
        """Put the single rules of a security group together as they were asked for."""
        ec2 = self._account.login.ec2()
        rules = [
            rule
            for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
            if _mark(cast("list[dict[str, str]]", rule.get("Tags"))) == address
        ]
        first = rules[0]
        permission: dict[str, Json] = {
            "IpProtocol": first["IpProtocol"],
            "FromPort": first["FromPort"],
            "ToPort": first["ToPort"],
        }
        for rule in rules:
            entry: dict[str, Json] = {"Description": rule.get("Description", "")}
            if "CidrIpv4" in rule:
                name, entry["CidrIp"] = "IpRanges", rule["CidrIpv4"]
            elif "CidrIpv6" in rule:
                name, entry["CidrIpv6"] = "Ipv6Ranges", rule["CidrIpv6"]
            else:
                name = "UserIdGroupPairs"
                entry["GroupId"] = rule["ReferencedGroupInfo"]["GroupId"]
            cast("list[Json]", permission.setdefault(name, [])).append(entry)
        return {
            "GroupId": first["GroupId"],
            "IpPermissions": [permission],
            "Tags": cast("Json", first["Tags"]),
        }

    def _tags(self, arn: str) -> Json:
        (found,) = self._elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return cast("Json", found["Tags"])


def _difference(planned: Json, actual: Json) -> str:
    """Return how a value differs from the planned one, "" where everything planned is there.

    What was not planned may be there (an attribute's default, a health check's timeout), and what
    was known only after apply must now be something.
    """
    if planned is None:
        return "" if actual not in (None, "", []) else "nothing is known of it after apply"
    if isinstance(planned, dict) and isinstance(actual, dict):
        problems = [_difference(value, actual.get(key)) for key, value in planned.items()]
        return "; ".join(filter(None, problems))
    if isinstance(planned, list) and isinstance(actual, list):
        missing = [p for p in planned if all(_difference(p, each) for each in actual)]
        return f"{missing} is not among {actual}" if missing else ""
    return "" if planned == actual else f"{actual!r} instead of {planned!r}"
