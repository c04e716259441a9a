"""Promises of run-on-eks.md: what people are told to type exists, and does what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from provisioner.cli.main import provisioner as command_line
from provisioner.model.settings import FINALIZER
from provisioner.sandbox.aws.account import make_account
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.stage import AwsStage
from provisioner.sandbox.stage import cluster_for, furnish
from tests.e2e.controller.stagehand import Stage
from tests.unit.cli.worlds import provisioner
from tests.unit.docs.conftest import (
    ACCESS_KEY,
    CLASS,
    CREDENTIALS,
    credentials,
    ingress,
    install,
)
from tests.unit.docs.iam import PREFIXES, actions, statements
from tests.unit.docs.places import DOCS, ROOT

PAGE = DOCS / "how-to" / "run-on-eks.md"


def commands() -> Iterator[list[str]]:
    """Return the words of every ``provisioner`` command on the page."""
    joined = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"^ +(provisioner .*)$|`(provisioner [^`]+)`", joined, re.MULTILINE):
        yield shlex.split("".join(line))


def described() -> str:
    """Return the text of the page."""
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A cluster with a workload beside an account, and nothing of ours in either."""
    with credentials(), CloudServer() as cloud:
        account = make_account(cloud.url, zones=2, nodes=2, access_key=ACCESS_KEY)
        with cluster_for(AwsStage(cloud, account), ready_seconds=0.05) as cluster:
            furnish(cluster, AwsStage(cloud, account))
            cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
            found = Stage(cloud, account, cluster, tmp_path)
            found.serve("web")
            cloud.calls.clear()
            yield found


def told(stage: Stage) -> list[str]:
    """Return the options that every command on the page has, and where the stand-ins are."""
    where = ["--kubeconfig", str(stage.kubeconfig), "--endpoint-url", stage.cloud.url]
    return ["--provider", "aws", "--cluster-name", "demo", "--region", "eu-central-1", *where]


def test_every_option_on_the_page_is_one_of_its_command() -> None:
    """As ``--help`` lists them."""
    found = list(commands())

    assert {words[1] for words in found} == {"plan", "purge"}
    for _, name, *rest in found:
        command = command_line.get_command(click.Context(command_line), name)
        assert command is not None
        known = {flag for option in command.params for flag in option.opts}
        assert {word for word in rest if word.startswith("-")} <= known


def test_every_file_that_the_page_names_exists() -> None:
    """Links, and paths in commands."""
    linked = re.findall(r"\]\(([^)#]+)\)", described())
    typed = re.findall(r"docs/examples/[\w.-]+", described())

    assert linked
    assert typed
    assert [link for link in linked if not (PAGE.parent / link).resolve().exists()] == []
    assert [path for path in typed if not (ROOT / path).exists()] == []


def test_the_page_explains_every_statement_of_the_policy() -> None:
    """JSON has no comments, so the page is where they are."""
    sids = {each.sid for each in statements("iam-policy-aws.json", cluster="x")}
    rows = "".join(line for line in described().splitlines() if line.startswith("| `"))

    assert {sid for sid in sids if f"`{sid}`" not in rows} == set()
    assert set(re.findall(r"`([A-Z]\w+)`", rows)) - sids == {"SetRulePriorities"}


def test_the_page_names_the_finalizer_and_the_class() -> None:
    """Two names that people will search for."""
    assert f"`{FINALIZER}`" in described()
    assert f"`ingressClassName: {CLASS}`" in described()


@pytest.mark.slow
def test_the_first_plan_needs_nothing_in_the_cluster_and_only_reads(
    stage: Stage, tmp_path: Path
) -> None:
    """Step 1: the copy of an Ingress, planned against the live cluster and the live account."""
    manifest = tmp_path / "web.yaml"
    manifest.write_text(ingress("web", {"/": "web"}))

    done = provisioner(
        "plan", "-f", str(manifest), "--class", CLASS, *told(stage), environment=CREDENTIALS
    )

    asked = {f"{PREFIXES[c.service]}:{c.operation}" for c in stage.calls}
    assert done.returncode == 0, done.stderr
    assert "Load balancer shop/web" in done.stdout
    assert asked
    assert asked <= actions("iam-policy-aws-read-only.json")
    assert not stage.cluster.requests.writes()


@pytest.mark.slow
def test_a_web_identity_token_is_exchanged_for_the_role(stage: Stage, tmp_path: Path) -> None:
    """IAM roles for service accounts: two variables in the pod, and no other credentials.

    The emulator puts whoever comes so into an account of their own, an empty one, where the
    plan finds no VPC; but it is answered.
    """
    manifest, token = tmp_path / "web.yaml", tmp_path / "token"
    manifest.write_text(ingress("web", {"/": "web"}))
    token.write_text("header.payload.signature")
    arguments = ("plan", "-f", str(manifest), "--class", CLASS, *told(stage))
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_STS": stage.cloud.url}
    role = {
        "AWS_ROLE_ARN": "arn:aws:iam::470000000002:role/ingress-provisioner",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
    }

    without = provisioner(*arguments, environment=nobody)
    before = len(stage.calls)
    done = provisioner(*arguments, environment=nobody | role)

    assert (without.returncode, before) == (1, 0)
    assert "Load balancer shop/web" not in without.stdout
    assert "Load balancer shop/web" in done.stdout
    assert {call.status for call in stage.cloud.calls.named("DescribeVpcs")} == {200}


@pytest.mark.slow
def test_purge_leaves_nothing_but_what_the_page_says(stage: Stage) -> None:
    """The account is empty, the finalizer is gone, the old address stays in the status."""
    install(stage.cluster, namespace=False)
    with stage.controller() as troupe:
        stage.apply(ingress("web", {"/": "web"}))
        stage.until_settled(troupe)

    done = provisioner("purge", "--yes", *told(stage), environment=CREDENTIALS)

    assert done.returncode == 0, done.stderr
    assert not stage.left()
    assert stage.finalizers() == []
    assert stage.hostnames() != []
