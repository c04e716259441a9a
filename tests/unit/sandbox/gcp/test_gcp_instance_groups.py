"""Instance groups: members, named ports, health."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import compute_v1

from tests.unit.sandbox.gcp.workbench import PROJECT, ZONE, Answer, Workbench, refused

NEG = f"zones/{ZONE}/networkEndpointGroups/neg"
IG = f"zones/{ZONE}/instanceGroups/ig"


def add(bench: Workbench, *names: str, verb: str = "addInstances") -> Answer:
    """Add machines to the instance group, or remove them."""
    instances = [{"instance": f"zones/{ZONE}/instances/{name}"} for name in names]
    return bench.rest("POST", f"{IG}/{verb}", {"instances": instances})


def test_google_s_client_fills_an_instance_group(bench: Workbench) -> None:
    """Members and named ports; the group takes the network of its first machine."""
    groups = bench.client(compute_v1.InstanceGroupsClient)
    node = bench.project.nodes[0]
    bench.wait(
        groups.insert_unary(
            project=PROJECT,
            zone=ZONE,
            instance_group_resource=compute_v1.InstanceGroup(
                name="ig", named_ports=[compute_v1.NamedPort(name="http", port=30080)]
            ),
        )
    )

    bench.wait(
        groups.add_instances_unary(
            project=PROJECT,
            zone=ZONE,
            instance_group="ig",
            instance_groups_add_instances_request_resource=(
                compute_v1.InstanceGroupsAddInstancesRequest(
                    instances=[compute_v1.InstanceReference(instance=node.url)]
                )
            ),
        )
    )

    members = list(
        groups.list_instances(
            project=PROJECT,
            zone=ZONE,
            instance_group="ig",
            instance_groups_list_instances_request_resource=(
                compute_v1.InstanceGroupsListInstancesRequest(instance_state="ALL")
            ),
        )
    )
    group = groups.get(project=PROJECT, zone=ZONE, instance_group="ig")
    assert [(each.instance, each.named_ports[0].port) for each in members] == [(node.url, 30080)]
    assert (group.size, group.network) == (1, bench.project.network)


def test_named_ports_are_replaced_under_a_fingerprint(bench: Workbench) -> None:
    """Missing or stale fingerprints would lose other people's ports."""
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    fingerprint = bench.get(IG)["fingerprint"]
    ports = [{"name": "http", "port": 30080}]

    def put(**fields: object) -> int:
        return bench.rest("POST", f"{IG}/setNamedPorts", {"namedPorts": ports, **fields}).status

    assert [put(), put(fingerprint=fingerprint), put(fingerprint=fingerprint)] == [400, 200, 412]
    assert bench.get(IG)["namedPorts"] == ports


@pytest.mark.parametrize(
    "ports",
    [
        [{"name": "http", "port": 0}],
        [{"port": 80}],
        [{"name": "http", "port": 80}, {"name": "http", "port": 80}],
    ],
)
def test_named_ports_are_checked(bench: Workbench, ports: list[dict[str, object]]) -> None:
    """Each with a name and a port, none twice."""
    body = {"name": "ig", "namedPorts": ports}

    assert bench.refused(f"zones/{ZONE}/instanceGroups", body).status == 400


def test_members_join_and_leave_once(bench: Workbench) -> None:
    """Machines of the zone only, and not more than fit."""
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    bench.cloud.limits["instances-per-instance-group"] = 1
    first, second = "gke-demo-pool-0", "gke-demo-pool-2"

    answers = [
        add(bench, first),
        add(bench, first),
        add(bench, second),
        add(bench, "none"),
        add(bench, second, verb="removeInstances"),
        add(bench, first, verb="removeInstances"),
    ]

    assert [each.status for each in answers] == [200, 400, 400, 404, 400, 200]
    assert bench.get(IG)["size"] == 0


def test_machines_are_healthy_on_a_named_port(bench: Workbench) -> None:
    """A group without the service's named port never gets healthy."""
    bench.make(
        f"zones/{ZONE}/instanceGroups",
        {"name": "ig", "namedPorts": [{"name": "http", "port": 30080}]},
    )
    add(bench, "gke-demo-pool-0")
    good = bench.service("good", backends=[{"group": IG}])
    lost = bench.service("lost", backends=[{"group": IG}], portName="other")
    bench.frontend(bench.url_map("a", defaultService=good), "a")
    bench.frontend(bench.url_map("b", defaultService=lost), "b")

    assert bench.health(good, IG) == ["HEALTHY"]
    assert bench.health(lost, IG) == ["UNHEALTHY"]


def test_get_health_asks_about_a_backend(bench: Workbench) -> None:
    """A group that is none is refused; with Google's client."""
    service = bench.service("web")
    bench.endpoint_group()

    with refused(BadRequest, saying="not a backend"):
        bench.client(compute_v1.BackendServicesClient).get_health(
            project=PROJECT,
            backend_service="web",
            resource_group_reference_resource=compute_v1.ResourceGroupReference(group=NEG),
        )
    assert service.endswith("/web")


def test_a_machine_that_goes_leaves_its_groups(bench: Workbench) -> None:
    """As a deleted machine does."""
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    bench.endpoint_group()
    add(bench, "gke-demo-pool-0")
    bench.attach(bench.pod())

    bench.cloud.remove(bench.project.nodes[0].url)

    assert (bench.get(IG)["size"], bench.get(NEG)["size"]) == (0, 0)
    assert bench.rest("GET", f"zones/{ZONE}/instances/gke-demo-pool-0").status == 404


def test_members_do_not_touch_the_fingerprint(bench: Workbench) -> None:
    """It guards the named ports and nothing else."""
    bench.make(f"zones/{ZONE}/instanceGroups", {"name": "ig"})
    before = bench.get(IG)["fingerprint"]

    add(bench, "gke-demo-pool-0")

    assert bench.get(IG)["fingerprint"] == before
