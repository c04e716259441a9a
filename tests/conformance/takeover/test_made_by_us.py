"""What we make under ``incumbent`` compatibility is what the other controller would have made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.sandbox.aws.account import give_pod_addresses, make_account
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.conformance.takeover import manifests
from tests.conformance.takeover.lbc import CLUSTER, Pods
from tests.unit.cli import worlds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    """The embedded cloud."""
    with CloudServer() as server:
        yield server


class Shop:
    """An empty account, and the files of both groups with a class of ours."""

    def __init__(self, cloud: CloudServer, folder: Path) -> None:
        cloud.reset()
        self.cloud, self.folder = cloud, folder
        hosts = (("*.example.com",), ("shop.example.com",))
        self.account = make_account(
            cloud.url,
            cluster_name=CLUSTER,
            certificates=[CertificateSpec(hosts=each) for each in hosts],
        )
        shop, blue, green = (pod.address for pod in give_pod_addresses(self.account, 3))
        pods = Pods(shop=shop, blue=blue, green=green)
        documents = [
            manifests.CLASSES.replace("ingress.k8s.aws/alb", "ingress-provisioner.io/aws"),
            manifests.IMPLICIT,
            manifests.explicit(tuple(each.arn for each in self.account.certificates)),
            manifests.SHOP,
            manifests.SERVICES,
            *manifests.slices(pods, self.account),
            *manifests.nodes(self.account),
        ]
        (folder / "all.yaml").write_text("---\n".join(documents))

    def run(self, command: str, *options: str) -> tuple[int, str]:
        """Run a command under ``incumbent`` compatibility; return exit code and what it said."""
        done = worlds.provisioner(
            command, "-f", str(self.folder), "--no-cluster", "--cluster-name", CLUSTER,
            "--compatibility", "incumbent", "--settle-seconds", "0",
            "--region", self.account.login.region, "--endpoint-url", self.cloud.url, *options,
            environment={"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def shop(cloud: CloudServer, tmp_path: Path) -> Shop:
    """A shop in a fresh account."""
    return Shop(cloud, tmp_path)


def test_what_was_made_needs_no_change(shop: Shop) -> None:
    """Applied means done under this compatibility too: names, order and tags read back alike."""
    applied = shop.run("apply", "--yes")
    again = shop.run("plan", "--detailed-exitcode")

    assert applied[0] == 0, applied[1]
    assert again[1].endswith("No changes. The cloud is as the Ingresses want it.\n")
    assert again[0] == 0


def test_names_tags_and_ways_in_are_those_of_the_other_controller(shop: Shop) -> None:
    """Seen through plain boto3: the literals are that controller's."""
    shop.run("apply", "--yes")

    elbv2, ec2 = shop.account.login.elbv2(), shop.account.login.ec2()
    balancers = elbv2.describe_load_balancers()["LoadBalancers"]
    assert {each["LoadBalancerName"] for each in balancers} == {
        "k8s-ns1-ing1-159dd7a143", "k8s-edge-94e92fa188",
    }  # fmt: skip
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "tag:elbv2.k8s.aws/cluster", "Values": [CLUSTER]}]
    )["SecurityGroups"]
    assert {(each["GroupName"], each["Description"]) for each in groups} == {
        ("k8s-ns1-ing1-bd83176788", "[k8s] Managed SecurityGroup for LoadBalancer"),
        ("k8s-edge-e97fdba771", "[k8s] Managed SecurityGroup for LoadBalancer"),
        (
            "k8s-traffic-clusterdummy-1fa64436d7",
            "[k8s] Shared Backend SecurityGroup for LoadBalancer",
        ),
    }
    nodes = ec2.describe_security_groups(GroupIds=[shop.account.node_group_id])
    (opened,) = nodes["SecurityGroups"][0]["IpPermissions"]
    assert (opened["FromPort"], opened["ToPort"]) == (8080, 30090)


def test_the_account_compares_with_itself(shop: Shop) -> None:
    """What is ours is not recognised a second time, and stays unchanged in a comparison."""
    shop.run("apply", "--yes")

    code, said = shop.run("plan", "--take-over", "--detailed-exitcode")

    assert code == 0
    assert "recognised 0 resources" in said
