"""One story of a controller, played once: what it asked of the cluster and of the cloud."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import boto3
import pytest
import yaml

from provisioner.sandbox.aws.account import make_account
from provisioner.sandbox.aws.calls import CallRecord
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import AwsStage
from provisioner.sandbox.cluster.documents import Document, text
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.requestlog import LoggedRequest
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.stage import cluster_for, furnish
from tests.e2e.controller.scripts import a_workload
from tests.e2e.controller.stagehand import Stage, Troupe, until
from tests.unit.core.secrets.pems import a_pair
from tests.unit.docs.places import EXAMPLES

ACCESS_KEY = "470000000001"
CLASS = "ipr-alb"
BALANCER = "shop.web"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": "sandbox"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What came of it.

    Attributes:
        requests: What the controller asked of the cluster.
        calls: What it asked of the cloud.
        tags: Tags of everything there was in the account, by ARN or id.
        balancers: The LoadBalancer objects it had published, on the way.
        table: What kubectl printed of them.
    """

    requests: tuple[LoggedRequest, ...]
    calls: tuple[CallRecord, ...]
    tags: Mapping[str, Mapping[str, str]]
    balancers: tuple[Document, ...]
    table: str


class Chronicle:
    """Collects what will be gone when the story ends."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.tags: dict[str, Mapping[str, str]] = {}
        self.balancers: list[Document] = []

    def note(self) -> None:
        """Write down the tags of everything and the published objects."""
        stage = self._stage
        arns: list[str] = []
        for balancer in stage.balancers().values():
            listeners = stage.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
            arns.append(balancer)
            for listener in listeners:
                arns.append(listener["ListenerArn"])
                rules = stage.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
                arns += [rule["RuleArn"] for rule in rules if not rule["IsDefault"]]
        groups = stage.elbv2.describe_target_groups()["TargetGroups"]
        arns += [group["TargetGroupArn"] for group in groups]
        for start in range(0, len(arns), 20):
            answer = stage.elbv2.describe_tags(ResourceArns=arns[start : start + 20])
            for each in answer["TagDescriptions"]:
                self.tags[each["ResourceArn"]] = {t["Key"]: t["Value"] for t in each["Tags"]}
        for security_group in stage.ec2.describe_security_groups()["SecurityGroups"]:
            tags = {t["Key"]: t["Value"] for t in security_group.get("Tags", [])}
            self.tags[security_group["GroupId"]] = tags
        for rule in stage.ec2.describe_security_group_rules()["SecurityGroupRules"]:
            tags = {t["Key"]: t["Value"] for t in rule.get("Tags", [])}
            self.tags[rule["SecurityGroupRuleId"]] = tags
        tagging = boto3.client("resourcegroupstaggingapi", **stage.account.login.options())
        found = tagging.get_resources(ResourceTypeFilters=["acm:certificate"])
        for each_tagged in found["ResourceTagMappingList"]:
            tags = {t["Key"]: t["Value"] for t in each_tagged["Tags"]}
            self.tags[each_tagged["ResourceARN"]] = tags
        self.balancers += stage.cluster.list("LoadBalancer")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Play the story: Ingresses come, pods come, settings change, a controller dies, all goes."""
    folder = tmp_path_factory.mktemp("story")
    with credentials(), CloudServer() as cloud:
        account = make_account(cloud.url, zones=2, nodes=2, access_key=ACCESS_KEY)
        with cluster_for(AwsStage(cloud, account), ready_seconds=0.05) as cluster:
            furnish(cluster, AwsStage(cloud, account))
            install(cluster)
            stage = Stage(cloud, account, cluster, folder)
            chronicle = Chronicle(stage)
            cluster.requests.reset()
            cloud.calls.clear()
            table = play(stage, chronicle)
            yield Story(
                requests=tuple(r for r in cluster.requests.recent() if of_controller(r)),
                calls=tuple(stage.calls),
                tags=chronicle.tags,
                balancers=tuple(chronicle.balancers),
                table=table,
            )


@contextmanager
def credentials() -> Iterator[None]:
    """Let clients of AWS in this process find the account."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


def install(cluster: ClusterServer, *, namespace: bool = True) -> None:
    """Do to a cluster what the how-to says, as far as an embedded one serves the kinds.

    ``namespace`` says whether the users' namespace is to be made too.
    """
    for name in ("loadbalancers", "loadbalancerclasses"):
        cluster.delete("CustomResourceDefinition", f"{name}.ingress-provisioner.io")
    cluster.apply(EXAMPLES / "crds.yaml")
    for document in parse_manifests(EXAMPLES / "deployment.yaml"):
        if text(document, "kind") == "IngressClass":
            cluster.create(document)
    if namespace:
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})


def of_controller(request: LoggedRequest) -> bool:
    """Tell the controller's requests from kubectl's and the test's own."""
    return request.user_agent.startswith(("ingress-provisioner", "kopf"))


def play(stage: Stage, chronicle: Chronicle) -> str:
    """Direct the story; return what kubectl printed."""
    stage.serve("web")
    gate = "target-health.ingress-provisioner.io/other"
    stage.apply(a_workload("other", gates=[gate]))
    stage.apply(a_tls_secret("web.example.com"))
    with stage.controller("one") as troupe:
        table = birth(stage, troupe)
        chronicle.note()
        growth(stage)
        for text_of_ingress in CHANGES:
            change(stage, troupe, text_of_ingress)
            chronicle.note()
    # While no controller runs, somebody edits what the last one has published.
    stage.cluster.patch("LoadBalancer", BALANCER, {"spec": {"provider": "nobody"}})
    with stage.controller("two") as troupe:
        until("the overview was repaired", lambda: provider_of(stage) == "aws")
        death(stage, troupe)
    return table


def birth(stage: Stage, troupe: Troupe) -> str:
    """Let one good and one lost Ingress come; return how kubectl shows them."""
    stage.apply(ingress("web", {"/": "web"}), ingress("lost", {"/": "missing"}))
    stage.until_settled(troupe, "web", "lost")
    until("the mistake was told", lambda: stage.reasons("lost"))
    return kubectl(stage, "get", "loadbalancers")


def a_tls_secret(host: str) -> str:
    """Return a Secret ``tls`` with a certificate for a host."""
    pair = a_pair(host, start=datetime(2026, 1, 1, tzinfo=UTC), days=3650)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "tls", "namespace": "shop"},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": pair.certificate, "tls.key": pair.key},
        }
    )


def growth(stage: Stage) -> None:
    """Let pods come."""
    stage.cluster.scale("Deployment", "web", 4, namespace="shop")
    until("pods are ready", lambda: len(stage.ready("web")) == 4)
    until("pods are targets", lambda: len(stage.targets_of("web")) == 4)


def change(stage: Stage, troupe: Troupe, text_of_ingress: str) -> None:
    """Apply an Ingress that means something else than before."""
    before = len(stage.writes)

    def carried_out() -> bool:
        return len(stage.writes) > before

    stage.apply(text_of_ingress)
    until("a change was carried out", carried_out)
    stage.until_at_rest(troupe, seconds=1.0)


def death(stage: Stage, troupe: Troupe) -> None:
    """Let everything go."""
    stage.until_at_rest(troupe)
    for name in ("web", "lost"):
        stage.cluster.delete("Ingress", name, "shop")
    until("the Ingresses are gone", lambda: not stage.ingress("web") and not stage.ingress("lost"))
    until("nothing is left", lambda: not stage.left())
    stage.until_at_rest(troupe)


def provider_of(stage: Stage) -> object:
    """Return the provider that the overview names."""
    spec = (stage.cluster.get("LoadBalancer", BALANCER) or {}).get("spec")
    return spec.get("provider") if isinstance(spec, dict) else None


def kubectl(stage: Stage, *arguments: str) -> str:
    """Return what kubectl prints, "" where there is none."""
    program = shutil.which("kubectl")
    if program is None:
        return ""
    command = [program, "--kubeconfig", str(stage.kubeconfig), *arguments]
    environment = {**os.environ, "HOME": str(stage.kubeconfig.parent)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout


def ingress(name: str, paths: Mapping[str, str], *, tls: str = "", **notes: str) -> str:
    """Return an Ingress of the class in docs/examples; ``paths`` are path -> Service."""
    secured = [{"hosts": [f"{name}.example.com"], "secretName": tls}] if tls else []
    backends = {path: {"name": service, "port": {"number": 80}} for path, service in paths.items()}
    rules = [
        {"path": path, "pathType": "Prefix", "backend": {"service": service}}
        for path, service in backends.items()
    ]
    notes = {"ingress-provisioner.io/scheme": "external", **notes}
    return yaml.safe_dump(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": name, "namespace": "shop", "annotations": notes},
            "spec": {
                "ingressClassName": CLASS,
                "tls": secured,
                "rules": [{"host": f"{name}.example.com", "http": {"paths": rules}}],
            },
        }
    )


def native(**notes: str) -> Mapping[str, str]:
    """Return annotations of AWS Load Balancer Controller."""
    return {f"alb.ingress.kubernetes.io/{k.replace('_', '-')}": v for k, v in notes.items()}


CHANGES = (
    ingress("web", {"/": "web", "/other": "other"}),
    ingress("web", {"/new": "web", "/": "web", "/other": "other"}),
    ingress("web", {"/": "web"}, **native(inbound_cidrs="10.0.0.0/8")),
    ingress("web", {"/": "web"}, **native(enable_frontend_nlb="true")),
    ingress("web", {"/": "web"}, **native(tags="team=shop")),
    ingress("web", {"/": "web"}, **native(multi_cluster_target_group="true")),
    ingress("web", {"/": "web"}, **native(healthcheck_path="/health")),
    ingress(
        "web", {"/": "web"}, **native(load_balancer_attributes="idle_timeout.timeout_seconds=90")
    ),
    ingress("web", {"/": "web"}, **{"ingress-provisioner.io/target-mode": "node-port"}),
    ingress(
        "web", {"/": "web"}, tls="tls", **{"ingress-provisioner.io/certificates": "from-secret"}
    ),
)
