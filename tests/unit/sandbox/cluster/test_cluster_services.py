"""Node ports and cluster IPs."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import Document, dig, items, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient
from tests.contract.cluster.manifests import SERVICES, a_service


@pytest.mark.parametrize("type_", ["NodePort", "LoadBalancer"])
def test_node_ports_are_allocated_in_range_and_unique(cluster: ClusterServer, type_: str) -> None:
    """30000-32767, no two alike, also over several ports of one Service."""
    found = [
        port
        for name in ("a", "b", "c")
        for port in node_ports(
            cluster.create(
                a_service(
                    name, type_=type_, ports=[{"name": "x", "port": 1}, {"name": "y", "port": 2}]
                )
            )
        )
    ]

    assert len(set(found)) == 6
    assert all(30000 <= port <= 32767 for port in found)


def test_a_cluster_ip_service_has_no_node_port(cluster: ClusterServer) -> None:
    """Only NodePort and LoadBalancer have one."""
    created = cluster.create(a_service())

    assert node_ports(created) == [0]
    assert text(created, "spec", "clusterIP").startswith("172.20.")


def test_node_ports_are_kept_when_a_replacement_leaves_them_out(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """A PUT from a manifest in git has no node ports; targets must not move for that."""
    before = cluster.create(a_service(type_="NodePort"))

    after = api.put(f"{SERVICES}/web", a_service(type_="NodePort")).body

    assert node_ports(after) == node_ports(before)
    assert dig(after, "spec", "clusterIP") == dig(before, "spec", "clusterIP")


def test_a_chosen_node_port_is_respected(cluster: ClusterServer) -> None:
    """And is not handed out to anyone else."""
    chosen = cluster.create(
        a_service("a", type_="NodePort", ports=[{"port": 80, "nodePort": 30001}])
    )
    others = [cluster.create(a_service(name, type_="NodePort")) for name in ("b", "c")]

    assert node_ports(chosen) == [30001]
    assert [30001] not in [node_ports(one) for one in others]


@pytest.mark.parametrize(
    ("port", "message"),
    [(30001, "provided port is already allocated"), (80, "not in the valid range")],
)
def test_a_node_port_that_cannot_be_had_is_refused(
    cluster: ClusterServer, api: ApiClient, port: int, message: str
) -> None:
    """422 naming the field, for a clash and for a port out of range."""
    cluster.create(a_service("a", type_="NodePort", ports=[{"port": 80, "nodePort": 30001}]))
    wish = a_service("b", type_="NodePort", ports=[{"port": 80, "nodePort": port}])

    refused = api.post(SERVICES, wish)

    assert refused.status == 422
    assert "spec.ports[0].nodePort" in text(refused.body, "message")
    assert message in text(refused.body, "message")


def test_a_deleted_service_gives_its_port_back(cluster: ClusterServer) -> None:
    """The port may be chosen again."""
    wish = a_service(type_="NodePort", ports=[{"port": 80, "nodePort": 30001}])
    cluster.create(wish)
    cluster.delete("Service", "web")

    assert node_ports(cluster.create(wish)) == [30001]


def test_released_ports_are_not_reused_at_once(cluster: ClusterServer) -> None:
    """A stale target must not find another Service behind the old port a moment later."""
    first = cluster.create(a_service("a", type_="NodePort"))
    cluster.delete("Service", "a")
    second = cluster.create(a_service("b", type_="NodePort"))

    assert node_ports(first) != node_ports(second)


def test_leaving_node_port_gives_up_the_port(cluster: ClusterServer) -> None:
    """NodePort to ClusterIP and back: another port, as on a real cluster."""
    cluster.create(a_service(type_="NodePort"))

    plain = cluster.patch("Service", "web", {"spec": {"type": "ClusterIP"}})

    assert node_ports(plain) == [0]


def test_becoming_node_port_allocates(cluster: ClusterServer) -> None:
    """What a user does who switches to node-port mode."""
    cluster.create(a_service())

    changed = cluster.patch("Service", "web", {"spec": {"type": "NodePort"}})

    assert node_ports(changed)[0] >= 30000


def test_cluster_ips_are_unique_and_permanent(cluster: ClusterServer, api: ApiClient) -> None:
    """A cluster IP may not change once set."""
    first, second = cluster.create(a_service("a")), cluster.create(a_service("b"))

    refused = api.patch(f"{SERVICES}/a", {"spec": {"clusterIP": "172.20.9.9"}})

    assert dig(first, "spec", "clusterIP") != dig(second, "spec", "clusterIP")
    assert refused.status == 422
    assert "may not change once set" in text(refused.body, "message")


@pytest.mark.parametrize("address", ["10.9.9.9", "nonsense"])
def test_a_cluster_ip_must_be_in_range(api: ApiClient, address: str) -> None:
    """422 for an address outside the service range or none at all."""
    assert api.post(SERVICES, a_service(clusterIP=address)).status == 422


def test_a_cluster_ip_can_be_taken_once(cluster: ClusterServer, api: ApiClient) -> None:
    """422 for one that another Service has."""
    cluster.create(a_service("a", clusterIP="172.20.0.9"))

    refused = api.post(SERVICES, a_service("b", clusterIP="172.20.0.9"))

    assert "provided IP is already allocated" in text(refused.body, "message")


def test_a_headless_service_stays_headless(cluster: ClusterServer) -> None:
    """ClusterIP None is an answer, not a wish for an address."""
    created = cluster.create(a_service(clusterIP="None"))

    assert dig(created, "spec", "clusterIPs") == ["None"]


def test_an_external_name_needs_no_ports_and_gets_no_address(cluster: ClusterServer) -> None:
    """ExternalName is a DNS alias."""
    created = cluster.create(
        a_service(type_="ExternalName", ports=[], externalName="db.example.com")
    )

    assert dig(created, "spec", "clusterIP") is None


def test_local_traffic_policy_gets_a_health_check_port(cluster: ClusterServer) -> None:
    """For LoadBalancer Services; it is kept over updates."""
    created = cluster.create(a_service(type_="LoadBalancer", externalTrafficPolicy="Local"))
    changed = cluster.patch("Service", "web", {"metadata": {"labels": {"a": "b"}}})

    port = dig(created, "spec", "healthCheckNodePort")
    assert isinstance(port, int)
    assert port >= 30000
    assert port not in node_ports(created)
    assert dig(changed, "spec", "healthCheckNodePort") == port


def test_defaults_are_filled_in(cluster: ClusterServer) -> None:
    """Readers meet protocol, target port and policies even if nobody wrote them."""
    spec = dig(cluster.create(a_service(type_="NodePort")), "spec")

    assert dig(items(spec, "ports")[0], "protocol") == "TCP"
    assert dig(items(spec, "ports")[0], "targetPort") == 80
    assert dig(spec, "externalTrafficPolicy") == "Cluster"
    assert dig(spec, "sessionAffinity") == "None"


def node_ports(service: Document) -> list[int]:
    """Return the node ports of a Service; 0 for none."""
    found = [dig(port, "nodePort") for port in items(service, "spec", "ports")]
    return [port if isinstance(port, int) else 0 for port in found]
