"""Promises of reading facts and limits: what is asked, as few times as it takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers.gcp.account import HERE, Source, SslCertificate, StaticAddress, Wanted
from providers.gcp.reader import GcpReader
from provisioner.model.limits import LimitSource
from provisioner.sandbox.cluster.documents import text
from tests.unit.providers.gcp.shell.projects import HOME, PROJECT, REGION, ZONE, World

NETWORK = f"{HOME}/global/networks/default"


def instances(world: World) -> Wanted:
    return Wanted(instances=tuple(sorted(node.provider_id for node in world.info.nodes)))


def test_nothing_is_listed_for_names_that_nobody_says(world: World) -> None:
    """An Ingress without annotations costs no listing of certificates and policies."""
    world.reader().facts(instances(world))

    asked = {record.operation for record in world.cloud.calls}
    assert asked.isdisjoint(
        {"sslPolicies.aggregatedList", "securityPolicies.list", "addresses.aggregatedList"}
    )


def test_machines_are_told_by_their_provider_id(world: World) -> None:
    """Zone, network, network tags and the blocks of their pods; a stranger is absent."""
    stranger = f"gce://{PROJECT}/{ZONE}/gone"
    wanted = Wanted(instances=(*instances(world).instances, stranger, "aws:///x/i-1", "gce://x"))

    facts = world.reader().facts(wanted)

    node = world.info.nodes[0]
    machine = facts.instances[node.provider_id]
    assert (machine.name, machine.zone, machine.network) == (node.name, node.zone, NETWORK)
    assert machine.link == f"{HOME}/zones/{node.zone}/instances/{node.name}"
    assert machine.tags == (world.info.node_tag,)
    assert machine.alias_ranges == (node.pod_block,)
    assert len(facts.instances) == len(world.info.nodes)


def test_the_network_and_region_are_those_of_the_nodes(world: World) -> None:
    """A cluster needs no flag for what its nodes tell."""
    facts = world.reader().facts(instances(world))

    assert (facts.project, facts.region, facts.network) == (PROJECT, REGION, NETWORK)
    assert facts.subnetwork == f"{HOME}/regions/{REGION}/subnetworks/default"
    assert facts.host_project == ""


def test_without_nodes_the_only_network_is_it(world: World) -> None:
    """Files alone must be plannable against a simple project."""
    assert world.reader().facts(Wanted()).network == NETWORK


def test_without_nodes_several_networks_are_a_riddle(world: World) -> None:
    """The candidates are named."""
    world.cloud.place(f"{HOME}/global/networks", {"name": "other", "autoCreateSubnetworks": True})

    facts = world.reader().facts(Wanted())

    assert facts.network == ""
    assert "default, other" in facts.network_problem


def test_subnetworks_are_read_where_regional_load_balancers_are_wanted(world: World) -> None:
    """They need a proxy-only subnet of the network."""
    wanted = Wanted(instances=instances(world).instances, proxy_only=True, regions=(HERE,))

    subnets = world.reader().facts(wanted).subnetworks

    assert [(s.name, s.proxy_only) for s in subnets] == [
        ("default", False),
        ("default-proxy-only", True),
    ]
    assert {subnet.region for subnet in subnets} == {REGION}


def test_static_addresses_are_answered_under_the_name_asked_for(world: World) -> None:
    """Global and of the region; None where there is none."""
    link = world.make("global/addresses", {"name": "web-ip"})
    world.make(f"regions/{REGION}/addresses", {"name": "web-ip", "networkTier": "STANDARD"})
    wanted = Wanted(addresses=(("web-ip", ""), ("web-ip", HERE), ("gone", "")))

    found = world.reader().facts(wanted).addresses

    assert found["web-ip", ""] == StaticAddress(
        name="web-ip", link=link, address=text(world.read(link), "address"), network_tier="PREMIUM"
    )
    regional = found["web-ip", HERE]
    assert regional is not None
    assert (regional.region, regional.network_tier) == (REGION, "STANDARD")
    assert found["gone", ""] is None


def test_certificates_policies_and_rules_are_answered_likewise(world: World) -> None:
    """A link where there is one, nothing where there is none."""
    managed = {"domains": ["shop.example.com"]}
    link = world.make(
        "global/sslCertificates", {"name": "c", "type": "MANAGED", "managed": managed}
    )
    world.make("global/sslPolicies", {"name": "p"})
    world.make(f"regions/{REGION}/sslPolicies", {"name": "p"})
    world.make("global/securityPolicies", {"name": "armor"})
    wanted = Wanted(
        ssl_certificates=(("c", ""), ("c", HERE)),
        ssl_policies=("here/p", "p", "x"),
        security_policies=("armor", "x"),
    )

    facts = world.reader().facts(wanted)

    assert facts.ssl_certificates["c", ""] == SslCertificate(
        name="c", link=link, managed=True, domains=("shop.example.com",), status="ACTIVE"
    )
    assert facts.ssl_certificates["c", HERE] is None
    assert facts.ssl_policies == {
        "here/p": f"{HOME}/regions/{REGION}/sslPolicies/p",
        "p": f"{HOME}/global/sslPolicies/p",
        "x": "",
    }
    assert facts.security_policies == {
        "armor": f"{HOME}/global/securityPolicies/armor",
        "x": "",
    }


@pytest.mark.parametrize(
    ("operation", "source", "wanted"),
    [
        ("addresses.aggregatedList", Source.ADDRESSES, Wanted(addresses=(("a", ""),))),
        (
            "sslCertificates.aggregatedList",
            Source.SSL_CERTIFICATES,
            Wanted(ssl_certificates=(("a", ""),)),
        ),
        ("sslPolicies.aggregatedList", Source.SSL_POLICIES, Wanted(ssl_policies=("a",))),
        ("securityPolicies.list", Source.SECURITY_POLICIES, Wanted(security_policies=("a",))),
        ("subnetworks.aggregatedList", Source.SUBNETWORKS, Wanted(regions=(HERE,))),
        (
            "instances.aggregatedList",
            Source.INSTANCES,
            Wanted(instances=("gce://sandbox-project/z/n",)),
        ),
        ("firewalls.list", Source.FIREWALLS, Wanted()),
    ],
)
def test_what_may_not_be_read_is_said_to_be_unread(
    world: World, operation: str, source: Source, wanted: Wanted
) -> None:
    """It is neither confirmed nor denied, and stops nobody else's plan."""
    world.cloud.faults.deny(operation)

    facts = world.reader().facts(wanted)

    assert facts.unread == (source.value,)
    assert not facts.addresses
    assert not facts.ssl_certificates
    assert not facts.ssl_policies
    assert not facts.security_policies


def test_the_group_that_gke_keeps_the_nodes_in_is_told(world: World) -> None:
    """A machine may be in one load-balanced group only; GKE's is shared."""
    node = world.info.nodes[0]
    group = world.make(f"zones/{ZONE}/instanceGroups", {"name": "k8s-ig--x"})
    world.rest("POST", f"{group}/addInstances", {"instances": [{"instance": node.url}]})
    world.make(f"zones/{ZONE}/instanceGroups", {"name": "gke-pool-1-grp"})

    assert world.reader().facts(instances(world)).foreign_groups == {ZONE: group}


def test_a_group_of_ours_or_of_other_machines_is_no_foreign_one(world: World) -> None:
    """Only where our machines are in it is there anything to share."""
    node = world.info.nodes[0]
    description = world.description(f"gcp:instance-group/shared/{ZONE}", group="shared")
    group = world.make(
        f"zones/{ZONE}/instanceGroups", {"name": "k8s-ig--mine", "description": description}
    )
    world.rest("POST", f"{group}/addInstances", {"instances": [{"instance": node.url}]})
    world.make("zones/europe-west1-c/instanceGroups", {"name": "k8s-ig--empty"})

    assert world.reader().facts(instances(world)).foreign_groups == {}


def test_facts_know_the_time_and_nothing_else_of_it(world: World) -> None:
    """Planning is handed the time; it has no clock."""
    moment = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)

    facts = GcpReader(world.client(), today=lambda: moment).facts(Wanted())

    assert facts.observed_at == "2026-01-15T08:00:00Z"


def test_limits_are_the_projects_own(world: World) -> None:
    """Quotas of the project and of the region, by Google's names; usage goes with the facts."""
    world.cloud.quotas["URL_MAPS"] = 17
    world.cloud.quotas[f"{REGION}/NETWORK_ENDPOINT_GROUPS"] = 23
    world.endpoint_group()
    reader = world.reader()

    limits, usage = reader.limits(), reader.facts(Wanted()).usage

    assert limits["URL_MAPS"].value == 17
    assert limits["URL_MAPS"].source is LimitSource.ACCOUNT
    assert limits[f"{REGION}/NETWORK_ENDPOINT_GROUPS"].value == 23
    assert usage[f"{REGION}/NETWORK_ENDPOINT_GROUPS"] == 1


def test_a_pass_lists_for_observing_and_for_facts_once(world: World) -> None:
    """What is ours and what is others' are in the same listings."""
    reader = world.reader()
    reader.observe()
    reader.facts(Wanted(addresses=(("a", ""),)))

    asked = [record.operation for record in world.cloud.calls]
    assert asked.count("addresses.aggregatedList") == 1
    assert asked.count("firewalls.list") == 1


def test_in_a_shared_vpc_networks_are_the_host_projects(world: World) -> None:
    """Subnetworks and firewall rules live with the network."""
    cloud = world.cloud
    cloud.add_project("host", xpn_status="HOST")
    cloud.add_project("guest", xpn_host="host")
    network = "projects/host/global/networks"
    made = cloud.place(network, {"name": "vpc", "autoCreateSubnetworks": False})
    subnet = cloud.place(
        f"projects/host/regions/{REGION}/subnetworks",
        {"name": "s", "network": made["selfLink"], "ipCidrRange": "10.0.0.0/20"},
    )
    cloud.place(
        f"projects/guest/zones/{ZONE}/instances",
        {"name": "n", "networkInterfaces": [{"subnetwork": subnet["selfLink"]}]},
    )
    client = world.client()
    client.project = "guest"
    wanted = Wanted(instances=(f"gce://guest/{ZONE}/n",), regions=(HERE,))

    facts = GcpReader(client).facts(wanted)

    assert facts.host_project == "host"
    assert [subnet.link for subnet in facts.subnetworks] == [
        f"projects/host/regions/{REGION}/subnetworks/s"
    ]
