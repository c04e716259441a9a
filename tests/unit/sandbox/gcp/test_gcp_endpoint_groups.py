"""Network endpoint groups and instance groups: members, ports, draining."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import Document, parts, text
from tests.unit.sandbox.gcp.workbench import PROJECT, ZONE, Answer, Workbench, backend

NEG = f"zones/{ZONE}/networkEndpointGroups/neg"
IG = f"zones/{ZONE}/instanceGroups/ig"


def detach(bench: Workbench, *endpoints: Mapping[str, object]) -> Answer:
    """Detach endpoints from the group."""
    path = f"{NEG}/detachNetworkEndpoints"
    return bench.rest("POST", path, {"networkEndpoints": list(endpoints)})


def listed(bench: Workbench, show: str = "SKIP") -> list[Document]:
    """List the endpoints of the group."""
    answer = bench.rest("POST", f"{NEG}/listNetworkEndpoints", {"healthStatus": show})
    assert answer.status == 200, answer.body
    return parts(answer.body, "items")


def states(bench: Workbench) -> list[list[str]]:
    """Return the health states of each endpoint."""
    return [
        [text(health, "healthState") for health in parts(item, "healths")]
        for item in listed(bench, "SHOW")
    ]


def test_google_s_client_attaches_and_lists(bench: Workbench) -> None:
    """Endpoints come back with the name of the machine, address and port."""
    bench.endpoint_group()
    groups = bench.client(compute_v1.NetworkEndpointGroupsClient)
    node = bench.project.nodes[0]
    endpoint = compute_v1.NetworkEndpoint(
        instance=node.name, ip_address=node.pod_address(0), port=8080
    )

    bench.wait(
        groups.attach_network_endpoints_unary(
            project=PROJECT,
            zone=ZONE,
            network_endpoint_group="neg",
            network_endpoint_groups_attach_endpoints_request_resource=(
                compute_v1.NetworkEndpointGroupsAttachEndpointsRequest(network_endpoints=[endpoint])
            ),
        )
    )

    found = groups.list_network_endpoints(
        project=PROJECT,
        zone=ZONE,
        network_endpoint_group="neg",
        network_endpoint_groups_list_endpoints_request_resource=(
            compute_v1.NetworkEndpointGroupsListEndpointsRequest()
        ),
    )
    assert [each.network_endpoint for each in found] == [endpoint]
    assert bench.get(NEG)["size"] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"instance": None}, "Required field"),
        ({"instance": "none"}, "was not found"),
        ({"instance": "zones/us-central1-a/instances/x"}, "not in the zone"),
        ({"ipAddress": "10.99.0.1"}, "does not belong to the instance"),
        ({"ipAddress": "10.4.1.2"}, "does not belong to the instance"),
        ({"port": None}, "resource.networkEndpoints[0].port"),
        ({"port": 70000}, "between 1 and 65535"),
        ({"weight": 1}, "Unknown name"),
    ],
)
def test_endpoints_belong_to_a_machine_of_the_zone(
    bench: Workbench, change: Mapping[str, object], said: str
) -> None:
    """The address is the machine's own or lies in its alias ranges."""
    bench.endpoint_group()

    answer = bench.attach({**bench.pod(), **change})

    assert answer.status in (400, 404)
    assert said in answer.message
    assert listed(bench) == []


def test_missing_parts_of_an_endpoint_are_filled_in(bench: Workbench) -> None:
    """The machine's own address, and the default port of the group."""
    bench.endpoint_group(defaultPort=9000)
    node = bench.project.nodes[0]

    bench.attach({"instance": node.url})

    endpoint = {"instance": node.name, "ipAddress": node.address, "port": 9000}
    assert listed(bench)[0]["networkEndpoint"] == endpoint


def test_a_call_and_a_group_hold_so_many_endpoints(bench: Workbench) -> None:
    """500 in a call, 10,000 in a group; tests may lower both."""
    bench.endpoint_group()
    bench.cloud.limits["endpoints-per-call"] = 2
    bench.cloud.limits["endpoints-per-network-endpoint-group"] = 3

    per_call = bench.attach(*(bench.pod(number) for number in range(3)))
    bench.attach(bench.pod(0), bench.pod(1))
    again = bench.attach(bench.pod(0), bench.pod(2))
    full = bench.attach(bench.pod(3))

    assert "At most 2 endpoints per call" in per_call.message
    assert again.status == 200
    assert "At most 3 endpoints in a group" in full.message
    assert bench.get(NEG)["size"] == 3


def test_a_stranger_cannot_be_detached(bench: Workbench) -> None:
    """Detaching twice is an error (inferred)."""
    bench.endpoint_group()
    bench.attach(bench.pod())

    first, second = detach(bench, bench.pod()), detach(bench, bench.pod())

    assert (first.status, second.status) == (200, 400)


def test_endpoints_turn_healthy_once_they_are_in_use(bench: Workbench) -> None:
    """A group without a forwarding rule in front is never probed."""
    bench.cloud.configure(health_seconds=30)
    group = bench.endpoint_group()
    bench.attach(bench.pod())
    service = bench.service("web", backends=[backend(group)])

    unused = (bench.health(service, group), states(bench))
    bench.frontend(bench.url_map(defaultService=service))
    early = (bench.health(service, group), states(bench))
    bench.cloud.advance(31)
    late = (bench.health(service, group), states(bench))

    assert unused == ([], [["UNKNOWN"]])
    assert early == (["UNHEALTHY"], [["UNHEALTHY"]])
    assert late == (["HEALTHY"], [["HEALTHY"]])


def test_a_new_endpoint_starts_unhealthy(bench: Workbench) -> None:
    """Its time counts from when it joined."""
    group = bench.endpoint_group()
    service = bench.service("web", backends=[backend(group)])
    bench.frontend(bench.url_map(defaultService=service))
    bench.attach(bench.pod(0))
    bench.cloud.configure(health_seconds=30)
    bench.cloud.advance(31)

    bench.attach(bench.pod(1))

    assert bench.health(service, group) == ["HEALTHY", "UNHEALTHY"]


@pytest.mark.parametrize("word", ["address", "address:port", "machine"])
def test_a_script_decides_who_is_unhealthy(bench: Workbench, word: str) -> None:
    """By address, by address and port, or by the name of the machine."""
    group = bench.endpoint_group()
    service = bench.service("web", backends=[backend(group)])
    bench.frontend(bench.url_map(defaultService=service))
    pod = bench.pod()
    bench.attach(pod)
    address = str(pod["ipAddress"])
    names = {"address": address, "address:port": f"{address}:8080", "machine": str(pod["instance"])}

    bench.cloud.unhealthy.add(names[word])
    sick = bench.health(service, group)
    bench.cloud.unhealthy.discard(names[word])

    assert (sick, bench.health(service, group)) == (["UNHEALTHY"], ["HEALTHY"])


def test_detached_endpoints_drain(bench: Workbench) -> None:
    """Listed as DRAINING for the service's timeout, no longer counted, then gone."""
    bench.cloud.configure(draining_seconds=300)
    group = bench.endpoint_group()
    service = bench.service(
        "web", backends=[backend(group)], connectionDraining={"drainingTimeoutSec": 60}
    )
    bench.frontend(bench.url_map(defaultService=service))
    bench.attach(bench.pod())

    detach(bench, bench.pod())
    during = (states(bench), bench.get(NEG)["size"], bench.health(service, group))
    bench.cloud.advance(61)

    assert during == ([["DRAINING"]], 0, [])
    assert listed(bench) == []


def test_an_endpoint_that_drains_can_return(bench: Workbench) -> None:
    """It starts anew."""
    bench.cloud.configure(draining_seconds=300)
    group = bench.endpoint_group()
    bench.service("web", backends=[backend(group)], connectionDraining={"drainingTimeoutSec": 60})
    bench.attach(bench.pod())
    detach(bench, bench.pod())

    bench.attach(bench.pod())

    assert states(bench) == [["UNKNOWN"]]
    assert bench.get(NEG)["size"] == 1


def test_members_change_when_the_operation_is_done(bench: Workbench) -> None:
    """And the group is locked meanwhile."""
    bench.endpoint_group()
    bench.cloud.configure(operation_seconds=60)

    bench.attach(bench.pod(0))
    during = (listed(bench), bench.attach(bench.pod(1)).reason)
    bench.cloud.advance(61)

    assert during == ([], "resourceNotReady")
    assert len(listed(bench)) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"networkEndpointType": None}, "Required field"),
        ({"networkEndpointType": "SERVERLESS"}, "does not emulate"),
        ({"subnetwork": None}, "Required field 'resource.subnetwork'"),
        ({"network": "global/networks/none"}, "was not found"),
    ],
)
def test_endpoint_groups_are_checked(
    bench: Workbench, fields: Mapping[str, object], said: str
) -> None:
    """Type, network and subnet."""
    body = {
        "name": "neg",
        "networkEndpointType": "GCE_VM_IP_PORT",
        "subnetwork": bench.project.subnetwork,
        **fields,
    }

    assert said in bench.refused(f"zones/{ZONE}/networkEndpointGroups", body).message


def test_a_group_in_use_cannot_be_deleted(bench: Workbench) -> None:
    """Of either kind."""
    group = bench.endpoint_group()
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    bench.service("pods", backends=[backend(group)])
    bench.service("nodes", backends=[{"group": IG}])

    reasons = {bench.rest("DELETE", path).reason for path in (NEG, IG)}

    assert reasons == {"resourceInUseByAnotherResource"}


def test_groups_outside_google_hold_plain_addresses(bench: Workbench) -> None:
    """NON_GCP_PRIVATE_IP_PORT endpoints have no machine."""
    bench.endpoint_group(networkEndpointType="NON_GCP_PRIVATE_IP_PORT", subnetwork=None)

    good = bench.attach({"ipAddress": "192.168.0.7", "port": 80})
    machine = bench.attach({**bench.pod(), "ipAddress": "192.168.0.8"})
    nonsense = bench.attach({"ipAddress": "nowhere", "port": 80})

    assert [each.status for each in (good, machine, nonsense)] == [200, 400, 400]
    assert bench.get(NEG)["network"] == bench.project.network


def test_an_empty_call_is_refused(bench: Workbench) -> None:
    """Attach and detach need endpoints."""
    bench.endpoint_group()

    assert (bench.attach().reason, detach(bench).reason) == ("required", "required")
