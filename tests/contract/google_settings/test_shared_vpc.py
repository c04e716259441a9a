"""A Shared VPC: firewall rules are the host project's, and often somebody else's to make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from provisioner.engine.applying import Status
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.errors import Denied
from provisioner.model.plan import Plan
from provisioner.sandbox.cluster.documents import text
from provisioner.sandbox.gcp.account import NODE_BLOCK, PODS_BLOCK, PODS_RANGE, add_node
from provisioner.sandbox.gcp.cloud import DEFAULT_PROJECT
from provisioner.sandbox.gcp.server import CloudServer
from tests.contract.google_settings.bad import ingress, scale, served, service
from tests.contract.google_settings.site import Site, make_site
from tests.contract.provider.desk import calls_of
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.gcp_things import Rest

HOST = "net-host"
MUTED = {"networking.gke.io/suppress-firewall-xpn-error": "true"}


def _share(server: CloudServer, cloud: GcpUnderTest) -> None:
    """Let the project use a network of another one, and move its machines there."""
    server.add_project(HOST, xpn_status="HOST")
    server.add_project(DEFAULT_PROJECT, xpn_host=HOST)
    region = cloud.project.region
    network = server.place(
        f"projects/{HOST}/global/networks", {"name": "shared", "autoCreateSubnetworks": False}
    )
    ranges = [{"rangeName": PODS_RANGE, "ipCidrRange": PODS_BLOCK}]
    subnet = server.place(
        f"projects/{HOST}/regions/{region}/subnetworks",
        {
            "name": "shared",
            "network": network["selfLink"],
            "ipCidrRange": NODE_BLOCK,
            "secondaryIpRanges": ranges,
        },
    )
    for number, node in enumerate(cloud.project.nodes):
        server.remove(f"projects/{DEFAULT_PROJECT}/zones/{node.zone}/instances/{node.name}")
        add_node(
            server,
            node.name,
            zone=node.zone,
            subnetwork=text(subnet, "selfLink"),
            number=number,
            tag=cloud.project.node_tag,
        )


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A cluster whose network is another project's, with two Ingresses; one wants no word of it."""
    with (
        CloudServer() as server,
        closing(GcpUnderTest(server)) as cloud,
        closing(Rest(cloud.url, cloud.project.project)) as rest,
    ):
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        made = make_site(server, cloud, rest, tmp_path, things=False)
        _share(server, cloud)
        scale(made, ["web", "quiet"], 2)
        made.desk.put(ingress("web", {}), service("web", {}))
        made.desk.put(ingress("quiet", MUTED), service("quiet", {}))
        yield made


def _about_firewall(plan: Plan) -> list[Diagnostic]:
    return [each for each in plan.diagnostics if each.code == "FIREWALL-SHARED-VPC"]


def _rules(guest: Site) -> list[str]:
    listed = guest.rest.pages(f"projects/{HOST}/global/firewalls")
    return [str(each["name"]) for page in listed for each in page.get("items", [])]


def test_the_rule_is_made_where_the_network_is(guest: Site) -> None:
    """Who may write in the host project writes there, and nobody is told anything."""
    plan = guest.desk.converge()

    (name,) = _rules(guest)
    assert name.startswith("ipr-fw-")
    assert _about_firewall(plan) == []
    assert guest.rest.everything("firewalls") == []
    assert served(guest).keys() == {"web", "quiet"}


def test_who_may_not_look_there_reads_the_command(guest: Site) -> None:
    """Everything else goes on; the Ingress is told the gcloud line, the muted one nothing."""
    guest.server.faults.deny("firewalls.list")

    plan = guest.desk.converge()

    (told,) = _about_firewall(plan)
    assert (told.subject, told.blocking, told.severity.value) == (
        "Ingress shop/web",
        False,
        "warning",
    )
    assert HOST in told.message
    assert told.hint.startswith("gcloud compute firewall-rules create ipr-fw-")
    assert told.hint.endswith(
        "--network shared --direction INGRESS --allow tcp:8080"
        " --source-ranges 130.211.0.0/22,35.191.0.0/16"
        f" --target-tags {guest.cloud.project.node_tag} --project {HOST}"
    )
    assert "firewalls.insert" not in calls_of(plan)
    assert served(guest).keys() == {"web", "quiet"}


def test_who_may_look_and_not_write_serves_all_the_same(guest: Site) -> None:
    """A refused rule stops no load balancer, comes with the gcloud line, and is tried again."""
    guest.server.faults.deny("firewalls.insert")

    outcome = guest.desk.apply()

    (failed,) = [r for r in outcome.results.values() if r.status is not Status.DONE]
    assert failed.error is not None
    assert (failed.step.kind, type(failed.error)) == ("Firewall", Denied)
    assert "compute.firewalls.insert" in failed.error.message
    (line,) = re.findall(r"gcloud compute firewall-rules create ipr-fw-\S+ .*", failed.error.hint)
    assert "--network shared" in line
    assert "--allow tcp:8080" in line
    assert f"--target-tags {guest.cloud.project.node_tag}" in line
    assert line.endswith(f"--project {HOST}")
    assert served(guest).keys() == {"web", "quiet"}
    guest.server.faults.clear()
    guest.desk.converge()
    assert len(_rules(guest)) == 1
