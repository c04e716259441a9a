"""Plan, save, apply and purge against the embedded cloud, as a user types them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.sandbox.aws.account import Account, make_account
from provisioner.sandbox.aws.leftovers import leftovers
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.cli import worlds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    """The embedded cloud, one for all tests of this file."""
    with CloudServer() as server:
        yield server


class Shop:
    """A shop's files and a cloud account: everything a command needs on its command line."""

    def __init__(self, cloud: CloudServer, folder: Path) -> None:
        cloud.reset()
        self.cloud = cloud
        self.account: Account = make_account(cloud.url, zones=2, nodes=2)
        cloud.calls.clear()
        self.folder = folder
        self.write(worlds.ingress())

    def write(self, *ingresses: str) -> None:
        """Write the files anew, with these Ingresses."""
        nodes = [
            f"""
apiVersion: v1
kind: Node
metadata: {{name: {node.name}}}
spec: {{providerID: "{node.provider_id}"}}
status: {{conditions: [{{type: Ready, status: "True"}}]}}
"""
            for node in self.account.nodes
        ]
        service = worlds.SERVICE.replace("spec:", "spec:\n  type: NodePort").replace(
            "targetPort: 8080", "targetPort: 8080, nodePort: 30080"
        )
        worlds.shop(self.folder, *ingresses, service, *nodes)

    def run(self, command: str, *arguments: str, saved: str = "", files: bool = True) -> Run:
        """Run a command on this shop."""
        options = [
            "--cluster-name", "demo", "--region", self.account.login.region,
            "--endpoint-url", self.cloud.url, "--no-cluster",
        ]  # fmt: skip
        planning = ["-f", str(self.folder), "--target-mode", "node-port"] if files else []
        credentials = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
        line = (
            [command, saved]
            if saved
            else [*command.split(), *planning, *options, "--settle-seconds", "0"]
        )
        done = worlds.provisioner(*line, *arguments, environment=credentials)
        return Run(done.returncode, done.stdout, done.stderr)


class Run:
    """What a command said and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def shop(cloud: CloudServer, tmp_path: Path) -> Shop:
    """A shop in a fresh account."""
    (tmp_path / "k8s").mkdir()
    return Shop(cloud, tmp_path / "k8s")


def test_what_apply_calls_is_what_plan_printed(shop: Shop) -> None:
    """The calls of the JSON plan are the calls that the cloud then sees, one for one."""
    printed = json.loads(shop.run("plan", "-o", "json").out)

    done = shop.run("apply", "--yes")

    assert done.code == 0, done.err
    parts = [printed["shared"], *printed["loadBalancers"]]
    promised: dict[str, int] = {}
    for part in parts:
        for call in (call for step in part["steps"] for call in step["calls"]):
            promised[call["operation"]] = promised.get(call["operation"], 0) + call["count"]
    made = Counter(call.operation for call in shop.cloud.calls.mutating())
    assert made == promised


def test_a_plan_after_an_apply_is_empty(shop: Shop) -> None:
    """Applied means done: nothing is left to change, and the exit code says so."""
    shop.run("apply", "--yes")

    again = shop.run("plan", "--detailed-exitcode")

    assert again.out.endswith("No changes. The cloud is as the Ingresses want it.\n")
    assert again.code == 0


def test_planning_writes_nothing(shop: Shop) -> None:
    """A dry run is structural: it holds no way to write."""
    shop.run("plan")
    shop.run("limits")

    assert shop.cloud.calls.mutating() == ()


def test_a_saved_plan_is_carried_out(shop: Shop, tmp_path: Path) -> None:
    """``plan --out`` and ``apply`` are two halves of one command."""
    saved = tmp_path / "plan.json"
    shop.run("plan", "--out", str(saved))

    done = shop.run("apply", "--yes", saved=str(saved))

    assert done.code == 0, done.err
    assert "steps done." in done.out


def test_a_saved_plan_whose_files_changed_is_refused(shop: Shop, tmp_path: Path) -> None:
    """What was reviewed is what is applied; the changed file is named."""
    saved = tmp_path / "plan.json"
    shop.run("plan", "--out", str(saved))
    shop.write(worlds.ingress(host="other.example.com"))

    done = shop.run("apply", "--yes", saved=str(saved))

    assert done.code == 1
    assert "shop.yaml" in done.err
    assert shop.cloud.calls.mutating() == ()


def test_a_saved_plan_is_refused_once_the_cloud_has_moved_on(shop: Shop, tmp_path: Path) -> None:
    """Somebody deleted the rule that the plan was going to change: the resource is named."""
    saved = tmp_path / "plan.json"
    shop.run("apply", "--yes")
    shop.write(worlds.ingress(), worlds.ingress("api", host="api.example.com"))
    shop.run("plan", "--out", str(saved))
    elbv2 = shop.account.login.elbv2()
    for group in elbv2.describe_listeners(
        LoadBalancerArn=elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    )["Listeners"]:
        for rule in elbv2.describe_rules(ListenerArn=group["ListenerArn"])["Rules"]:
            if not rule["IsDefault"]:
                elbv2.delete_rule(RuleArn=rule["RuleArn"])
    shop.cloud.calls.clear()

    done = shop.run("apply", "--yes", saved=str(saved))

    assert done.code == 1
    assert "the world has moved on" in done.err
    assert "ListenerRule aws:listener-rule/shop/web" in done.err
    assert shop.cloud.calls.mutating() == ()


def test_a_saved_plan_that_was_carried_out_already_is_fine(shop: Shop, tmp_path: Path) -> None:
    """An interrupted apply can be repeated: what is done is done."""
    saved = tmp_path / "plan.json"
    shop.run("plan", "--out", str(saved))
    shop.run("apply", "--yes", saved=str(saved))
    shop.cloud.calls.clear()

    again = shop.run("apply", "--yes", saved=str(saved))

    assert again.code == 0, again.err
    assert shop.cloud.calls.mutating() == ()


def test_without_yes_nothing_happens(shop: Shop) -> None:
    """There is no terminal here, so nobody was asked."""
    done = shop.run("apply")

    assert done.code == 1
    assert "--yes" in done.err
    assert shop.cloud.calls.mutating() == ()


def test_an_ingress_that_cannot_be_planned_does_not_stop_the_other(shop: Shop) -> None:
    """The good one is applied, the bad one is told, and the exit code is 1."""
    shop.write(worlds.ingress(), worlds.ingress("bad", service="missing"))

    done = shop.run("apply", "--yes")

    assert done.code == 1
    assert "BACKEND-SERVICE-MISSING" in done.out
    assert len(shop.account.login.elbv2().describe_load_balancers()["LoadBalancers"]) >= 1


def test_purge_leaves_nothing_of_ours(shop: Shop) -> None:
    """Everything with our mark goes, and the account is as it was."""
    before = leftovers(shop.cloud.url)
    shop.run("apply", "--yes")

    done = shop.run("purge", "--yes", "--provider", "aws", files=False)

    assert done.code == 0, done.out + done.err
    assert leftovers(shop.cloud.url) == before


def test_an_account_file_plans_what_the_live_account_plans(shop: Shop, tmp_path: Path) -> None:
    """An exported file answers every question that the account would have answered."""
    exported = tmp_path / "account.yaml"
    live = json.loads(shop.run("plan", "-o", "json").out)

    done = shop.run("account export", "--out", str(exported))

    assert done.code == 0, done.err
    offline = json.loads(shop.run("plan", "--account", str(exported), "-o", "json").out)
    assert offline["loadBalancers"][0]["digest"] == live["loadBalancers"][0]["digest"]
    assert offline["applyable"] is False
