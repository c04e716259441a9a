"""The official Python client against the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from kubernetes import client, watch

from provisioner.sandbox.cluster.documents import Document, dig, items, text
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

    core.create_namespaced_service("default", a_typed_service("two"))
    core.patch_namespaced_service("two", "default", {"metadata": {"labels": {"a": "b"}}})
    found = core.list_namespaced_service("default", label_selector="a=b")

    (one,) = items(plain(connection, found), "items")
    assert text(one, "metadata", "name") == "two"
    assert text(one, "spec", "clusterIP").startswith("172.20.")


def test_a_status_can_be_patched(cluster: ClusterServer, connection: client.ApiClient) -> None:
    """How the controller writes an address."""
    networking = client.NetworkingV1Api(connection)
    cluster.create(an_ingress())
    status = {"status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}}

    networking.patch_namespaced_ingress_status("web", "default", status)

    found = plain(connection, networking.read_namespaced_ingress("web", "default"))
    (address,) = items(found, "status", "loadBalancer", "ingress")
    assert dig(address, "hostname") == "lb.example.com"


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
    assert '"reason":"Conflict"' in str(refused.value.body)


def test_the_watch_helper_works(cluster: ClusterServer, connection: client.ApiClient) -> None:
    """List, watch from there, hear additions and deletions."""
    core = client.CoreV1Api(connection)
    listed = plain(connection, core.list_namespaced_service("default"))
    version = text(listed, "metadata", "resourceVersion")
    writer = threading.Timer(0.1, write_and_delete, args=(cluster,))
    writer.start()

    events = [
        (event["type"], event["object"].metadata.name)
        for event in watch.Watch().stream(  # type: ignore[no-untyped-call]  # has no types
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


def plain(connection: client.ApiClient, model: object) -> Document:
    """Return a model as the JSON that it stands for."""
    found = connection.sanitize_for_serialization(model)  # type: ignore[no-untyped-call]  # no types
    assert isinstance(found, dict)
    return found


def a_typed_service(name: str) -> client.V1Service:
    """Return a Service as a model."""
    return client.V1Service(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1ServiceSpec(ports=[client.V1ServicePort(port=80)]),
    )


def write_and_delete(cluster: ClusterServer) -> None:
    """Create a Service and delete it again."""
    cluster.create(a_service())
    cluster.delete("Service", "web")
