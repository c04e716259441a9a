"""Discovery, health and OpenAPI: what clients read before they do anything."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import dig, items, part, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/livez"])
def test_the_server_is_healthy(api: ApiClient, path: str) -> None:
    """Probes answer ok."""
    answer = api.get(path)

    assert (answer.status, answer.body["text"]) == (200, "ok")


def test_the_version_is_a_kubernetes_version(api: ApiClient) -> None:
    """Clients compare it with their own."""
    assert text(api.get("/version").body, "gitVersion").startswith("v1.")


def test_every_kind_is_discovered_where_it_is_served(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """What discovery says exists answers, with the verbs and the scope it says."""
    found = {("", "v1")}
    for group in items(api.get("/apis").body, "groups"):
        for version in items(group, "versions"):
            found.add((text(group, "name"), text(version, "version")))

    for kind in cluster.kinds:
        root = f"/apis/{kind.group}/{kind.version}" if kind.group else "/api/v1"
        listed = {text(one, "name"): one for one in items(api.get(root).body, "resources")}
        assert (kind.group, kind.version) in found
        assert dig(listed[kind.plural], "namespaced") is kind.namespaced
        assert (f"{kind.plural}/status" in listed) is kind.has_status
        assert api.get(f"{root}/{kind.plural}").body["kind"] == f"{kind.kind}List"


def test_an_unknown_group_is_not_found(api: ApiClient) -> None:
    """404, so that a missing CRD is recognised."""
    assert api.get("/apis/nowhere.io").status == 404
    assert api.get("/apis/nowhere.io/v1").status == 404
    assert api.get("/openapi/v3/apis/nowhere.io/v1").status == 404


def test_openapi_says_that_the_server_validates(api: ApiClient) -> None:
    """It is how kubectl comes to leave validation to a server whose PATCH knows fieldValidation."""
    index = part(api.get("/openapi/v3").body, "paths")
    document = api.get(text(index["apis/networking.k8s.io/v1"], "serverRelativeURL")).body

    patch = dig(
        document,
        "paths",
        "/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{name}",
        "patch",
    )

    assert "fieldValidation" in [text(one, "name") for one in items(patch, "parameters")]
    assert dig(patch, "x-kubernetes-group-version-kind", "kind") == "Ingress"


def test_openapi_v2_is_not_offered(api: ApiClient) -> None:
    """406: kubectl wants it in protobuf and goes on without."""
    assert api.get("/openapi/v2").status == 406
