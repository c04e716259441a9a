"""Projects, regions, zones, quotas, networks, subnets, firewall rules and machines."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.api_core.exceptions import Forbidden
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import parts, text, texts
from provisioner.sandbox.gcp.account import make_project
from tests.unit.sandbox.gcp.workbench import PROJECT, REGION, ZONE, Workbench, quota, refused

CHECK = {"name": "hc", "type": "HTTP"}


def test_quotas_are_read_from_the_project_and_the_region(bench: Workbench) -> None:
    """Metric, limit and usage, as a planner needs them."""
    bench.cloud.quotas["BACKEND_SERVICES"] = 9
    bench.cloud.quotas[f"{REGION}/NETWORK_ENDPOINT_GROUPS"] = 7
    bench.service("web")
    bench.endpoint_group()

    project = bench.client(compute_v1.ProjectsClient).get(project=PROJECT)
    region = bench.client(compute_v1.RegionsClient).get(project=PROJECT, region=REGION)

    services = next(each for each in project.quotas if each.metric == "BACKEND_SERVICES")
    groups = next(each for each in region.quotas if each.metric == "NETWORK_ENDPOINT_GROUPS")
    assert (services.limit, services.usage) == (9, 1)
    assert (groups.limit, groups.usage) == (7, 1)


@pytest.mark.parametrize(
    ("scheme", "home", "metric"),
    [
        ("EXTERNAL", "global", "BACKEND_SERVICES"),
        ("EXTERNAL", "global", "GLOBAL_EXTERNAL_PROXY_LB_BACKEND_SERVICES"),
        ("EXTERNAL_MANAGED", "global", "GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES"),
        (
            "EXTERNAL_MANAGED",
            f"regions/{REGION}",
            f"{REGION}/REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES",
        ),
        (
            "INTERNAL_MANAGED",
            f"regions/{REGION}",
            f"{REGION}/REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES",
        ),
    ],
)
def test_services_count_by_scheme(bench: Workbench, scheme: str, home: str, metric: str) -> None:
    """Each kind of load balancer has metrics of its own."""
    bench.cloud.quotas[metric] = 1
    bench.service("one", home, loadBalancingScheme=scheme)
    check = bench.health_check("hc", home)

    answer = bench.refused(
        f"{home}/backendServices",
        {"name": "two", "healthChecks": [check], "loadBalancingScheme": scheme},
    )

    assert (answer.status, answer.reason) == (403, "quotaExceeded")
    assert f"Quota '{metric.rpartition('/')[2]}' exceeded.  Limit: 1.0 " in answer.message


def test_a_full_quota_refuses_at_the_request(bench: Workbench) -> None:
    """403 quotaExceeded; Google's client raises Forbidden."""
    bench.cloud.quotas["HEALTH_CHECKS"] = 0

    with refused(Forbidden, saying="Quota 'HEALTH_CHECKS' exceeded.  Limit: 0.0 globally."):
        bench.client(compute_v1.HealthChecksClient).insert_unary(
            project=PROJECT,
            health_check_resource=compute_v1.HealthCheck(name="hc", type_="HTTP"),
        )


def test_a_full_quota_can_show_in_the_operation(bench: Workbench) -> None:
    """The request is accepted, the operation fails with QUOTA_EXCEEDED."""
    bench.cloud.configure(quota_error_in_operation=True)
    bench.cloud.quotas["HEALTH_CHECKS"] = 0

    answer = bench.rest("POST", "global/healthChecks", CHECK)
    operation = bench.operation(answer)

    assert answer.status == 200
    assert parts(operation, "error", "errors")[0]["code"] == "QUOTA_EXCEEDED"
    assert operation["httpErrorStatusCode"] == 403
    assert bench.rest("GET", "global/healthChecks/hc").status == 404


def test_deleting_frees_quota(bench: Workbench) -> None:
    """Usage follows what is there."""
    bench.cloud.quotas["HEALTH_CHECKS"] = 1
    bench.make("global/healthChecks", CHECK)

    bench.rest("DELETE", "global/healthChecks/hc")

    assert (
        quota(bench.http("GET", f"/compute/v1/projects/{PROJECT}").body, "HEALTH_CHECKS")["usage"]
        == 0
    )
    bench.make("global/healthChecks", CHECK)


def test_zones_and_regions_are_listed(bench: Workbench) -> None:
    """With the URLs by which they refer to each other."""
    zones = bench.client(compute_v1.ZonesClient).list(project=PROJECT)
    regions = bench.client(compute_v1.RegionsClient).list(project=PROJECT)

    assert ZONE in [each.name for each in zones]
    assert [each.name for each in regions] == ["europe-west1", "us-central1"]
    zone = bench.get(f"zones/{ZONE}")
    assert text(zone, "region").endswith(f"regions/{REGION}")
    assert bench.rest("GET", "zones/mars-north1-a").status == 404


def test_a_shared_vpc_names_its_host(bench: Workbench) -> None:
    """The network of another project can be referred to."""
    bench.cloud.add_project("host", xpn_status="HOST")
    bench.cloud.add_project("guest", xpn_host="host")
    made = make_project(bench.cloud, project="host")

    host = bench.http("GET", "/compute/v1/projects/guest/getXpnHost").body
    rule = {
        "name": "fw",
        "network": made.network,
        "allowed": [{"IPProtocol": "tcp", "ports": ["8080"]}],
    }
    answer = bench.http("POST", "/compute/v1/projects/guest/global/firewalls", rule)

    assert (host["name"], host["xpnProjectStatus"]) == ("host", "HOST")
    assert answer.status == 200
    assert bench.rest("GET", "../sandbox-project/getXpnHost").status == 404


def test_projects_do_not_see_each_other(bench: Workbench) -> None:
    """One name in two projects is two resources."""
    bench.cloud.add_project("other")
    bench.make("global/healthChecks", CHECK)

    listed = bench.http("GET", "/compute/v1/projects/other/global/healthChecks").body

    assert "items" not in listed


def test_a_project_has_what_gke_needs(bench: Workbench) -> None:
    """Subnets with secondary ranges, machines with alias ranges and a tag."""
    subnets = bench.get(f"regions/{REGION}/subnetworks")
    node = bench.project.nodes[0]
    machine = bench.get(f"zones/{ZONE}/instances/{node.name}")

    by_name = {text(each, "name"): each for each in parts(subnets, "items")}
    ranges = parts(by_name["default"], "secondaryIpRanges")
    assert [each["rangeName"] for each in ranges] == ["pods", "services"]
    assert by_name["default-proxy-only"]["purpose"] == "REGIONAL_MANAGED_PROXY"
    interface = parts(machine, "networkInterfaces")[0]
    assert interface["networkIP"] == node.address
    assert parts(interface, "aliasIpRanges")[0]["ipCidrRange"] == node.pod_block
    assert texts(machine, "tags", "items") == (bench.project.node_tag,)
    assert machine["status"] == "RUNNING"


def test_proxy_only_subnets_are_found_by_filter(bench: Workbench) -> None:
    """How a controller looks for them."""
    found = bench.client(compute_v1.SubnetworksClient).list(
        request=compute_v1.ListSubnetworksRequest(
            project=PROJECT, region=REGION, filter='purpose = "REGIONAL_MANAGED_PROXY"'
        )
    )

    assert [each.name for each in found] == ["default-proxy-only"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"ipCidrRange": "10.132.8.0/24"}, "conflicts with existing subnetwork"),
        ({"ipCidrRange": "10.4.0.0/24"}, "conflicts with existing subnetwork"),
        ({"ipCidrRange": "10.200.0.1/24"}, "CIDR"),
        ({"ipCidrRange": None}, "Required field"),
        ({"purpose": "REGIONAL_MANAGED_PROXY"}, "role must be specified"),
        ({"purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE"}, "already"),
        (
            {"purpose": "REGIONAL_MANAGED_PROXY", "role": "BACKUP", "ipCidrRange": "10.9.0.0/27"},
            "/26 or larger",
        ),
        (
            {
                "purpose": "REGIONAL_MANAGED_PROXY",
                "role": "BACKUP",
                "logConfig": {"enable": False},
            },
            "Invalid field set in subnetwork",
        ),
    ],
)
def test_subnets_are_checked(bench: Workbench, fields: Mapping[str, object], said: str) -> None:
    """Ranges do not overlap; one active proxy-only subnet per region and network."""
    body = {"name": "new", "network": bench.project.network, "ipCidrRange": "10.200.0.0/24"}

    answer = bench.refused(f"regions/{REGION}/subnetworks", {**body, **fields})

    assert said in answer.message


def test_a_network_in_use_cannot_be_deleted(bench: Workbench) -> None:
    """Subnets keep it."""
    answer = bench.rest("DELETE", "global/networks/default")

    assert answer.reason == "resourceInUseByAnotherResource"
    assert len(texts(bench.get("global/networks/default"), "subnetworks")) == 2


def test_a_firewall_rule_gets_the_documented_defaults(bench: Workbench) -> None:
    """The default network, ingress, priority 1000, and sources from everywhere."""
    rule = {"name": "fw", "allowed": [{"IPProtocol": "tcp", "ports": ["30000-32767"]}]}

    firewall = bench.make("global/firewalls", rule)

    assert firewall["network"] == bench.project.network
    assert (firewall["direction"], firewall["priority"]) == ("INGRESS", 1000)
    assert texts(firewall, "sourceRanges") == ("0.0.0.0/0",)


@pytest.mark.parametrize(
    "fields",
    [
        {"allowed": []},
        {"denied": [{"IPProtocol": "tcp"}]},
        {"allowed": [{"ports": ["80"]}]},
        {"allowed": [{"IPProtocol": "tcp", "ports": ["http"]}]},
        {"sourceRanges": ["10.0.0.1/8"]},
        {"priority": 65536},
        {"direction": "EGRESS", "sourceTags": ["web"]},
    ],
)
def test_firewall_rules_are_checked(bench: Workbench, fields: Mapping[str, object]) -> None:
    """VPC firewall rules: protocols, ports, ranges, priority, direction."""
    body = {"name": "fw", "allowed": [{"IPProtocol": "tcp"}], **fields}

    assert bench.refused("global/firewalls", body).status == 400


def test_a_firewall_rule_keeps_its_direction(bench: Workbench) -> None:
    """Network and direction are for life."""
    bench.make("global/firewalls", {"name": "fw", "allowed": [{"IPProtocol": "tcp"}]})

    answer = bench.rest("PATCH", "global/firewalls/fw", {"direction": "EGRESS"})

    assert "cannot be changed" in answer.message


def test_regional_configuration_quotas_count_per_region(bench: Workbench) -> None:
    """By the scheme of the forwarding rules."""
    home = f"regions/{REGION}"
    metric = "REGIONAL_EXTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK"
    bench.cloud.quotas[f"{REGION}/{metric}"] = 0
    service = bench.service("web", home, loadBalancingScheme="EXTERNAL_MANAGED")
    url_map = bench.url_map("map", home, defaultService=service)
    bench.make(f"{home}/targetHttpProxies", {"name": "p", "urlMap": url_map})
    rule = {
        "name": "front",
        "target": f"{home}/targetHttpProxies/p",
        "portRange": "80",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
    }

    answer = bench.refused(f"{home}/forwardingRules", rule)

    assert (answer.reason, metric in answer.message) == ("quotaExceeded", True)
