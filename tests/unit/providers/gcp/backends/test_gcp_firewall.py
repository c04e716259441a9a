"""Firewall rules: exact ports, GKE's rule, and networks of another project."""

from __future__ import annotations

import pytest

from providers.gcp import addresses
from providers.gcp.account import Source
from providers.gcp.addresses import Kind
from providers.gcp.backend_config import BackendConfig, HealthCheckSettings
from providers.gcp.desired.context import Context
from providers.gcp.settings import SUPPRESS_FIREWALL_ERROR
from provisioner.model.expression import Expressed
from provisioner.model.intent import Member
from tests.unit.providers.gcp.backends.building import (
    INCUMBENT,
    INTERNAL,
    NETWORK,
    NODE_PORT,
    REGION,
    TAG,
    WEB,
    a_backend,
    a_context,
    a_node,
    a_pod,
    an_instance,
    at,
    codes,
    of_kind,
    seen,
    share,
    some_facts,
)

GOOGLE = addresses.firewall("google")
PROXIES = addresses.firewall(f"proxies-{REGION}")
THEIRS = addresses.firewall("incumbent")


def ports_of(expressed: Expressed, address: str) -> list[str]:
    """Return the ports that a firewall rule opens."""
    (entry,) = at(expressed, address)["allowed"]
    return [str(port) for port in entry["ports"]]


class TestFirewall:
    """The way from Google's front ends and proxies to nodes and pods."""

    def test_exact_ports_from_googles_ranges(self) -> None:
        """Front ends and health checks come from two ranges; target ports are opened exactly."""
        spec = at(share(a_context()), GOOGLE)

        assert list(spec["sourceRanges"]) == ["130.211.0.0/22", "35.191.0.0/16"]
        assert spec["allowed"] == [{"IPProtocol": "tcp", "ports": ["8080"]}]
        assert spec.fields("targetTags", "direction") == ([TAG], "INGRESS")
        assert spec.fields("network", "priority") == (NETWORK, 1000)

    def test_node_ports_and_checked_ports(self) -> None:
        """A port that is only checked must be open, too."""
        config = BackendConfig(health_check=HealthCheckSettings(port=9000))
        context = a_context(a_backend("web", config), mode=NODE_PORT)

        assert ports_of(share(context), GOOGLE) == ["30080", "9000"]

    def test_named_target_ports_are_those_of_the_pods(self) -> None:
        """Pods may resolve a name differently; each of their ports is opened."""
        pods = (a_pod(port=8080), a_pod("10.8.0.6", port=9090))

        found = share(a_context(a_backend(pods=pods, target_port=0)))

        assert ports_of(found, GOOGLE) == ["8080", "9090"]

    def test_the_first_pod_finds_its_port_open(self) -> None:
        """A backend without pods has its target port open already."""
        assert ports_of(share(a_context(a_backend(pods=()))), GOOGLE) == ["8080"]

    def test_a_named_port_without_pods_opens_nothing(self) -> None:
        """Nobody knows it; the first pod will tell."""
        found = share(a_context(a_backend(pods=(), target_port=0)))

        assert of_kind(found.resources, Kind.FIREWALL) == []

    def test_regional_load_balancers_send_from_their_proxies(self) -> None:
        """Health checks still come from Google's ranges."""
        found = share(a_context(variant=INTERNAL), a_context(mode=NODE_PORT, group="shop/other"))

        assert ports_of(found, PROXIES) == ["8080"]
        assert list(at(found, PROXIES)["sourceRanges"]) == ["10.129.0.0/23"]
        assert ports_of(found, GOOGLE) == ["30080", "8080"]

    @pytest.mark.parametrize("unread", [(Source.SUBNETWORKS.value,), ()], ids=["unread", "unasked"])
    def test_proxies_that_come_in_now_still_may(self, unread: tuple[str, ...]) -> None:
        """Subnetworks that nobody may look up, or that nobody asked for, are not gone."""
        before = share(a_context(variant=INTERNAL))
        facts = some_facts(subnetworks=(), unread=unread)

        found = share(a_context(variant=INTERNAL, facts=facts), observed=seen(*before.resources))

        assert at(found, PROXIES) == at(before, PROXIES)

    def test_gkes_rule(self) -> None:
        """One rule for all, with the whole range of node ports where one is in use."""
        nodes = share(a_context(mode=NODE_PORT, compatibility=INCUMBENT))
        pods = share(a_context(compatibility=INCUMBENT))
        both = share(
            a_context(mode=NODE_PORT, compatibility=INCUMBENT),
            a_context(compatibility=INCUMBENT, variant=INTERNAL, group="shop/other"),
        )

        assert at(nodes, THEIRS)["name"] == "k8s-fw-l7--uid1"
        assert ports_of(nodes, THEIRS) == ["30000-32767"]
        assert ports_of(pods, THEIRS) == ["8080"]
        assert ports_of(both, THEIRS) == ["30000-32767", "8080"]
        assert list(at(both, THEIRS)["sourceRanges"]) == [
            "10.129.0.0/23",
            "130.211.0.0/22",
            "35.191.0.0/16",
        ]
        assert list(at(nodes, THEIRS)["sourceRanges"]) == ["130.211.0.0/22", "35.191.0.0/16"]

    @pytest.mark.parametrize(
        ("name", "tags", "expected"),
        [
            ("gke-prod-pool-1", ("web", TAG), [TAG]),
            ("prod-node-1", ("web", "prod-node"), ["prod-node"]),
            ("prod-node-1", ("prod", "prod-node"), ["prod-node"]),
            ("n1", ("nodes",), ["nodes"]),
        ],
    )
    def test_which_tag_stands_for_nodes(
        self, name: str, tags: tuple[str, ...], expected: list[str]
    ) -> None:
        """GKE's own, else the longest that the machine's name begins with, else the only one."""
        facts = some_facts(an_instance(name, tags=tags))
        context = a_context(a_backend(nodes=(a_node(name),), pods=()), facts=facts)

        assert list(at(share(context), GOOGLE)["targetTags"]) == expected

    def test_machines_without_a_tag_are_told(self) -> None:
        """A rule without tags would open every machine of the network."""
        facts = some_facts(an_instance("n1", tags=()))

        found = share(a_context(facts=facts))

        assert codes(found.diagnostics) == ["FIREWALL-NO-TAG"]
        assert of_kind(found.resources, Kind.FIREWALL) == []

    def test_a_port_that_is_not_known_keeps_what_is_open(self) -> None:
        """Files do not hold node ports; what works stays open."""
        observed = seen(*share(a_context(mode=NODE_PORT)).resources)
        blind = a_context(a_backend(node_port=0), mode=NODE_PORT)

        assert ports_of(share(blind, observed=observed), GOOGLE) == ["30080"]


class TestSharedVpc:
    """The network belongs to another project."""

    HOST = "projects/net-host/global/networks/shared"

    def elsewhere(
        self, *members: Member, unread: tuple[str, ...] = (Source.FIREWALLS.value,)
    ) -> Context:
        """Return a load balancer in a shared VPC whose firewall rules may not be read."""
        facts = some_facts(network=self.HOST, unread=unread)
        return a_context(facts=facts, members=members)

    def test_the_command_is_told_on_the_ingress(self) -> None:
        """Whoever may do it gets the whole line (GKE: event XPN)."""
        found = share(self.elsewhere())

        assert of_kind(found.resources, Kind.FIREWALL) == []
        (finding,) = found.diagnostics
        assert (finding.code, finding.ingress) == ("FIREWALL-SHARED-VPC", WEB)
        assert finding.hint.startswith("gcloud compute firewall-rules create ipr-fw-")
        assert finding.hint.endswith(
            "--network shared --direction INGRESS --allow tcp:8080"
            f" --source-ranges 130.211.0.0/22,35.191.0.0/16 --target-tags {TAG}"
            " --project net-host"
        )

    def test_it_can_be_muted(self) -> None:
        """networking.gke.io/suppress-firewall-xpn-error: nobody hears of it."""
        muted = Member(ingress=WEB, options={SUPPRESS_FIREWALL_ERROR.name: True})

        assert share(self.elsewhere(muted)).diagnostics == ()

    def test_where_we_may_look_we_write(self) -> None:
        """The rule is made in the host project."""
        found = share(self.elsewhere(unread=()))

        assert at(found, GOOGLE)["network"] == self.HOST
        assert at(found, GOOGLE)["project"] == "net-host"
