"""The official Python client against the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from kubernetes import client, watch

from provisioner.sandbox.cluster.documents import dig
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.manifests import a_service, an_ingress


@pytest.fixture
def connection(cluster: ClusterServer) -> Iterator[client.ApiClient]:
    """A client of the official library."""
    configuration = client.Configuration()
    configuration.host = cluster.url
    with client.ApiClient(configuration) as api:
        yield api


def test_typed_objects_can_be_listed_created_and_patched(
    cluster: ClusterServer, connection: client.ApiClient
) -> None:
    """Models in and out."""
    core = client.CoreV1Api(connection)
    cluster.create(a_service("one", type_="NodePort"))

    core.create_namespaced_service("default", a_service("two"))
    core.patch_namespaced_service("two", "default", {"metadata": {"labels": {"a": "b"}}})
    found = core.list_namespaced_service("default", label_selector="a=b")

    assert [one.metadata.name for one in found.items] == ["two"]
    assert found.items[0].spec.cluster_ip.startswith("172.20.")


def test_a_status_can_be_patched(cluster: ClusterServer, connection: client.ApiClient) -> None:
    """How the controller writes an address."""
    networking = client.NetworkingV1Api(connection)
    cluster.create(an_ingress())
    status = {"status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}}

    networking.patch_namespaced_ingress_status("web", "default", status)

    found = networking.read_namespaced_ingress("web", "default")
    assert found.status.load_balancer.ingress[0].hostname == "lb.example.com"


def test_a_conflict_is_an_api_exception(
    cluster: ClusterServer, connection: client.ApiClient
) -> None:
    """The library's error carries status and body."""
    core = client.CoreV1Api(connection)
    cluster.create(a_service())
    stale = core.read_namespaced_service("web", "default")
    cluster.patch("Service", "web", {"metadata": {"labels": {"a": "b"}}})

    with pytest.raises(client.ApiException) as refused:
        core.replace_namespaced_service("web", "default", stale)

    assert refused.value.status == 409
    assert '"reason":"Conflict"' in refused.value.body


def test_the_watch_helper_works(cluster: ClusterServer, connection: client.ApiClient) -> None:
    """List, watch from there, hear additions and deletions."""
    core = client.CoreV1Api(connection)
    version = core.list_namespaced_service("default").metadata.resource_version
    writer = threading.Timer(0.1, write_and_delete, args=(cluster,))
    writer.start()

    events = [
        (event["type"], event["object"].metadata.name)
        for event in watch.Watch().stream(
            core.list_namespaced_service,
            "default",
            resource_version=version,
            timeout_seconds=1,
        )
    ]
    writer.join()

    assert events == [("ADDED", "web"), ("DELETED", "web")]


def test_custom_objects_can_be_handled(
    cluster: ClusterServer, connection: client.ApiClient
) -> None:
    """The untyped API for our own kinds."""
    custom = client.CustomObjectsApi(connection)
    where = ("ingress-provisioner.io", "v1alpha1", "loadbalancers")
    body = {
        "apiVersion": "ingress-provisioner.io/v1alpha1",
        "kind": "LoadBalancer",
        "metadata": {"name": "shop"},
    }

    custom.create_cluster_custom_object(*where, body)
    custom.patch_cluster_custom_object_status(*where, "shop", {"status": {"address": "a"}})

    assert dig(cluster.get("LoadBalancer", "shop"), "status", "address") == "a"


def write_and_delete(cluster: ClusterServer) -> None:
    """Create a Service and delete it again."""
    cluster.create(a_service())
    cluster.delete("Service", "web")
