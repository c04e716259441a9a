"""A real controller between an embedded cluster and an embedded cloud, and words to direct them."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from botocore.exceptions import ClientError

from providers.aws import AwsProvider
from providers.aws.account import Facts, Wanted
from providers.aws.client import Clients, ReadGate
from providers.aws.reader import AwsReader
from provisioner.kube.client import connect
from provisioner.kube.lease import LeaseSettings
from provisioner.kube.live import kube_system_uid
from provisioner.kube.requests import Timeouts
from provisioner.model.settings import Identity, Settings
from provisioner.operator.controller import Rhythm
from provisioner.operator.main import Running, RunOptions
from provisioner.operator.reconcile import Result
from provisioner.ports import CloudTarget, Provider, Reader
from provisioner.sandbox.aws.account import Account
from provisioner.sandbox.aws.calls import CallRecord
from provisioner.sandbox.aws.leftovers import leftovers
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import AwsStage
from provisioner.sandbox.cluster.documents import Document, parts, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.e2e.controller.scripts import a_workload, parts_of, text_or_bool

PATIENCE = 20.0
MEMBERSHIP = {"RegisterTargets", "DeregisterTargets"}
NETWORK_OF_PODS = {"AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"}  # made by the CNI
HURRY = 20.0
P = ParamSpec("P")
T = TypeVar("T")
FINALIZER = "ingress-provisioner.io/resources"
RHYTHM = Rhythm(
    debounce=0.05, verify_retry=0.1, verify=600.0, drift=600.0, grace=2.0, readiness=0.2
)


def until(what: str, holds: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Wait until something is so, or fail saying what was not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come about that {what}"
        time.sleep(0.03)


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


class HurriedClock:
    """A clock that runs fast, so that AWS' rates for reading do not set the pace of tests."""

    def now(self) -> float:
        return time.monotonic() * HURRY

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / HURRY)


class HurriedProvider(AwsProvider):
    """The AWS provider, reading faster than AWS would let us."""

    def open_reader(self, target: CloudTarget) -> Reader[Wanted, Facts]:
        return AwsReader(Clients(target, ReadGate(HurriedClock())))


def hurried() -> Provider[object, object]:
    """Return the provider that most tests use."""
    provider: object = HurriedProvider()
    return provider  # type: ignore[return-value]  # whoever wires it need not know its facts


@dataclass(slots=True)
class Heard:
    """What a controller reported of its reconciles."""

    results: list[tuple[str, Result]] = field(default_factory=list)

    def __call__(self, group: str, result: Result) -> None:
        self.results.append((group, result))

    def count(self, group: str) -> int:
        """How often a group was reconciled to its end."""
        return sum(1 for name, _ in self.results if name == group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Troupe:
    """One controller and what it reported."""

    running: Running[object, object]
    heard: Heard

    @property
    def url(self) -> str:
        """Where its probes answer."""
        return f"http://127.0.0.1:{self.running.health.port}"

    def probe(self, path: str = "/readyz") -> tuple[int, str]:
        """Return status and text of a probe."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class Stage:
    """The cluster, the cloud, and short words for both."""

    def __init__(
        self, cloud: CloudServer, account: Account, cluster: ClusterServer, folder: Path
    ) -> None:
        self.cloud = cloud
        self.account = account
        self.cluster = cluster
        self.kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
        self.elbv2 = account.login.elbv2()
        self.ec2 = account.login.ec2()

    # -- directing the cluster ------------------------------------------------------------------

    def apply(self, *manifests: str) -> None:
        """Apply manifests."""
        for manifest in manifests:
            self.cluster.apply(manifest)

    def serve(self, *names: str, replicas: int = 2) -> None:
        """Let Services exist, with pods behind them that are ready."""
        for name in names:
            self.apply(a_workload(name, replicas=replicas))
        until("pods are ready", lambda: all(len(self.ready(n)) == replicas for n in names))

    def ready(self, service: str) -> set[str]:
        """Addresses of a Service's ready pods."""
        slices = self.cluster.list(
            "EndpointSlice", "shop", labels=f"kubernetes.io/service-name={service}"
        )
        return {
            str(address)
            for found in slices
            for endpoint in parts(found, "endpoints")
            if text_or_bool(endpoint, "conditions", "ready") is True
            for address in parts_of(endpoint, "addresses")
        }

    def ingress(self, name: str = "web") -> Document:
        """One Ingress, {} where it does not exist."""
        return self.cluster.get("Ingress", name, "shop") or {}

    def hostnames(self, name: str = "web") -> list[str]:
        """What the status of an Ingress says."""
        entries = parts(self.ingress(name), "status", "loadBalancer", "ingress")
        return [text(entry, "hostname") for entry in entries]

    def finalizers(self, name: str = "web") -> list[object]:
        """Finalizers of an Ingress."""
        return parts_of(self.ingress(name), "metadata", "finalizers")

    def reasons(self, name: str = "web") -> Counter[str]:
        """Reasons of the Events on an Ingress, with how often each was seen."""
        found: Counter[str] = Counter()
        for event in self.cluster.list("Event", "shop"):
            if text(event, "involvedObject", "name") == name:
                found[text(event, "reason")] += 1
        return found

    def messages(self, name: str, reason: str) -> list[str]:
        """Texts of the Events with a reason on an Ingress."""
        return [
            text(event, "message")
            for event in self.cluster.list("Event", "shop")
            if text(event, "involvedObject", "name") == name and text(event, "reason") == reason
        ]

    # -- looking at the cloud ---------------------------------------------------------------------

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

    @steady
    def targets_of(self, service: str, **kwargs: str) -> set[str]:
        """Ids of the healthy targets of the target groups that are tagged with a Service."""
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
        everything = self.targets(**kwargs)
        return {target for name in names for target in everything.get(name, set())}

    # -- controllers ------------------------------------------------------------------------------

    def options(
        self,
        *,
        name: str = "one",
        rhythm: Rhythm = RHYTHM,
        provider: Provider[object, object] | None = None,
        observer: Heard | None = None,
    ) -> RunOptions[object, object]:
        """Return options of a controller whose every time is short."""
        client = connect(kubeconfig=str(self.kubeconfig), in_cluster=False)
        identity = Identity(cluster_name="demo", cluster_uid=kube_system_uid(client))
        stage = AwsStage(self.cloud, self.account)
        return RunOptions(
            provider=provider or hurried(),
            target=stage.target(identity),
            settings=Settings(identity=identity, settle_seconds=0.3, health_deadline_seconds=30.0),
            client=client,
            identity=name,
            lease=a_lease(name),
            health_host="127.0.0.1",
            health_port=0,
            rhythm=rhythm,
            wait_seconds=0.6,
            observer=observer or Heard(),
        )

    @contextmanager
    def controller(
        self,
        name: str = "one",
        *,
        rhythm: Rhythm = RHYTHM,
        provider: Provider[object, object] | None = None,
    ) -> Iterator[Troupe]:
        """Run a controller in this process for the length of a block."""
        heard = Heard()
        options = self.options(name=name, rhythm=rhythm, provider=provider, observer=heard)
        running = Running(options)
        running.start()
        try:
            yield Troupe(running=running, heard=heard)
        finally:
            running.stop()
            options.client.close()

    def until_at_rest(self, troupe: Troupe, *, seconds: float = 0.5) -> None:
        """Wait until a controller has had nothing to do and called nobody for a while."""
        deadline = time.monotonic() + PATIENCE
        seen, since = len(self.calls), time.monotonic()
        while time.monotonic() - since < seconds:
            assert time.monotonic() < deadline, "the controller does not come to rest"
            time.sleep(0.02)
            if len(self.calls) != seen or not troupe.running.controller.idle:
                seen, since = len(self.calls), time.monotonic()

    def until_settled(self, troupe: Troupe, *names: str) -> None:
        """Wait until Ingresses have an address and the controller is at rest."""
        for name in names or ("web",):
            until(f"Ingress {name} has an address", partial(self.hostnames, name))
        self.until_at_rest(troupe)

    def sync(self, troupe: Troupe, name: str = "web", group: str | None = None) -> None:
        """Touch an Ingress without changing its meaning, and wait until that was worked on."""
        group = group or f"shop/{name}"
        before = troupe.heard.count(group)
        note = f"{time.monotonic_ns()}"
        self.cluster.patch(
            "Ingress", name, {"metadata": {"annotations": {"note": note}}}, namespace="shop"
        )
        until("the touch was noticed", lambda: troupe.heard.count(group) > before)


def a_lease(identity: str) -> LeaseSettings:
    """Return Lease settings with short times."""
    return LeaseSettings(
        identity=identity,
        duration=3.0,
        renew_deadline=1.5,
        retry=0.2,
        timeouts=Timeouts(connect=0.5, read=0.5),
    )
