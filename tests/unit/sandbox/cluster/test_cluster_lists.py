"""Lists: selectors, pages over one snapshot, versions."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import Document, dig, items, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    PODS,
    SERVICES,
    a_config_map,
    a_pod,
    a_service,
)

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", ["a", "b", "c", "d"]),
        ("tier=web", ["a", "b"]),
        ("tier==web,env=prod", ["a"]),
        ("tier!=web", ["c", "d"]),
        ("tier in (web, db)", ["a", "b", "c"]),
        ("tier notin (web),env", ["c"]),
        ("env", ["a", "b", "c"]),
        ("!env", ["d"]),
        ("size>2", ["c"]),
        ("size<2", ["a"]),
        ("env=prod, tier in (db)", ["c"]),
    ],
)
def test_label_selectors(cluster: ClusterServer, selector: str, expected: list[str]) -> None:
    """Equality, sets, existence and numbers, alone and together (Labels and Selectors)."""
    cluster.create(a_config_map("a", labels={"tier": "web", "env": "prod", "size": "1"}))
    cluster.create(a_config_map("b", labels={"tier": "web", "env": "test", "size": "2"}))
    cluster.create(a_config_map("c", labels={"tier": "db", "env": "prod", "size": "3"}))
    cluster.create(a_config_map("d"))

    found = cluster.list("ConfigMap", "default", labels=selector)

    assert [text(one, "metadata", "name") for one in found] == expected


@pytest.mark.parametrize("selector", ["tier in web", "a b", "=x", "size>many"])
def test_a_selector_that_cannot_be_read_is_a_bad_request(api: ApiClient, selector: str) -> None:
    """400 instead of a list of the wrong things."""
    answer = api.get(CONFIG_MAPS, labelSelector=selector)

    assert answer.status == 400
    assert answer.body["reason"] == "BadRequest"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("metadata.name=a", ["a"]),
        ("metadata.name!=a", ["b"]),
        ("metadata.namespace=default,metadata.name=b", ["b"]),
        ("spec.nodeName=n1", ["a"]),
        ("spec.nodeName=", ["b"]),
        ("status.phase=Pending", ["a", "b"]),
    ],
)
def test_field_selectors(
    cluster: ClusterServer, api: ApiClient, selector: str, expected: list[str]
) -> None:
    """The fields by which controllers and kubectl select; an absent field is the empty string."""
    cluster.create(a_pod("a", nodeName="n1"))
    cluster.create(a_pod("b"))

    found = api.get(PODS, fieldSelector=selector).body

    assert names(found) == expected


def test_events_are_found_by_what_they_are_about(cluster: ClusterServer, api: ApiClient) -> None:
    """How kubectl describe finds the Events of an object."""
    cluster.create(an_event("one", about="web"))
    cluster.create(an_event("two", about="api"))

    found = api.get(
        "/api/v1/namespaces/default/events",
        fieldSelector="involvedObject.name=web,involvedObject.kind=Ingress",
    ).body

    assert names(found) == ["one"]


def test_events_are_served_by_both_groups(cluster: ClusterServer, api: ApiClient) -> None:
    """One store, two spellings: regarding and note are involvedObject and message."""
    cluster.create(an_event("one", about="web"))
    root = "/apis/events.k8s.io/v1/namespaces/default/events"

    found = api.get(root, fieldSelector="regarding.name=web").body
    api.patch(f"{root}/one", {"note": "later"})

    (event,) = items(found, "items")
    assert dig(event, "note") == "hello"
    assert dig(event, "message") is None
    assert dig(cluster.get("Event", "one"), "message") == "later"


def test_an_unsupported_field_is_a_bad_request(api: ApiClient) -> None:
    """A real server indexes few fields and refuses the others."""
    answer = api.get(SERVICES, fieldSelector="spec.sessionAffinity=None")

    assert answer.status == 400
    assert "field label not supported" in text(answer.body, "message")


def test_pages_cover_everything_once(cluster: ClusterServer, api: ApiClient) -> None:
    """Limit and continue: every object once, in order, and the count of what is left."""
    for number in range(25):
        cluster.create(a_config_map(f"c{number:02}"))

    pages = list(pages_of(api, limit=10))

    assert [len(items(page, "items")) for page in pages] == [10, 10, 5]
    assert [dig(page, "metadata", "remainingItemCount") for page in pages] == [15, 5, None]
    assert [name for page in pages for name in names(page)] == [f"c{n:02}" for n in range(25)]


def test_later_pages_show_the_world_of_the_first(cluster: ClusterServer, api: ApiClient) -> None:
    """What is made, changed or deleted between two pages does not show (API concepts, paging)."""
    for name in ("a", "b", "c", "d"):
        cluster.create(a_config_map(name, data={"v": "1"}))
    first = api.get(CONFIG_MAPS, limit=1).body
    cluster.delete("ConfigMap", "b")
    cluster.patch("ConfigMap", "c", {"data": {"v": "2"}})
    cluster.create(a_config_map("bb"))

    second = api.get(
        CONFIG_MAPS, limit=10, **{"continue": text(first, "metadata", "continue")}
    ).body

    assert names(second) == ["b", "c", "d"]
    assert [dig(one, "data", "v") for one in items(second, "items")] == ["1", "1", "1"]
    assert text(second, "metadata", "resourceVersion") == text(first, "metadata", "resourceVersion")


def test_pages_of_one_namespace_stay_in_it(cluster: ClusterServer, api: ApiClient) -> None:
    """The past of other namespaces does not leak into a page."""
    for name in ("a", "b", "c"):
        cluster.create(a_config_map(name))
    first = api.get(CONFIG_MAPS, limit=1).body
    cluster.create(a_config_map("x", namespace="kube-public"))
    cluster.delete("ConfigMap", "x", "kube-public")

    token = text(first, "metadata", "continue")
    second = api.get(CONFIG_MAPS, **{"continue": token}).body

    assert names(second) == ["b", "c"]


def test_pages_respect_the_selector(cluster: ClusterServer, api: ApiClient) -> None:
    """The limit counts what is selected, and the rest is not counted at all."""
    for number in range(10):
        cluster.create(a_config_map(f"c{number}", labels={"even": str(number % 2 == 0).lower()}))

    pages = list(pages_of(api, limit=2, labelSelector="even=true"))

    assert [names(page) for page in pages] == [["c0", "c2"], ["c4", "c6"], ["c8"]]
    assert dig(pages[0], "metadata", "remainingItemCount") is None


def test_a_forgotten_page_is_gone(cluster: ClusterServer, api: ApiClient) -> None:
    """410 Expired when the history no longer reaches the first page."""
    for name in ("a", "b"):
        cluster.create(a_config_map(name))
    token = text(api.get(CONFIG_MAPS, limit=1).body, "metadata", "continue")
    cluster.create(a_config_map("c"))
    cluster.compact("ConfigMap")

    answer = api.get(CONFIG_MAPS, limit=1, **{"continue": token})

    assert answer.status == 410
    assert answer.body["reason"] == "Expired"


@pytest.mark.parametrize("token", ["nonsense", "e30=", "%%%"])
def test_a_forged_page_is_a_bad_request(api: ApiClient, token: str) -> None:
    """400, no traceback."""
    answer = api.get(CONFIG_MAPS, **{"continue": token})

    assert answer.status == 400
    assert answer.body["message"] == "continue key is not valid"


def test_the_past_can_be_listed_exactly(cluster: ClusterServer, api: ApiClient) -> None:
    """resourceVersionMatch=Exact: the state at that version."""
    cluster.create(a_config_map("a"))
    version = cluster.version
    cluster.create(a_config_map("b"))

    found = api.get(CONFIG_MAPS, resourceVersion=version, resourceVersionMatch="Exact").body

    assert names(found) == ["a"]


def test_the_future_cannot_be_listed(cluster: ClusterServer, api: ApiClient) -> None:
    """504 with the cause that clients look for."""
    answer = api.get(CONFIG_MAPS, resourceVersion=cluster.version + 100)

    assert answer.status == 504
    assert dig(answer.body, "details", "causes", "0") is None
    assert "ResourceVersionTooLarge" in str(answer.body)


@pytest.mark.parametrize("query", [{"limit": "many"}, {"limit": -1}, {"resourceVersion": "abc"}])
def test_query_parameters_are_checked(api: ApiClient, query: dict[str, object]) -> None:
    """400 that names the parameter."""
    answer = api.get(CONFIG_MAPS, **query)

    assert answer.status == 400
    assert next(iter(query)) in text(answer.body, "message")


def test_lists_of_built_in_kinds_do_not_repeat_the_kind(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """A typed list names its kind once; readers must not expect it in the items."""
    cluster.create(a_service())

    (found,) = items(api.get(SERVICES).body, "items")

    assert dig(found, "kind") is None
    assert dig(found, "apiVersion") is None


def test_a_list_over_all_namespaces(cluster: ClusterServer, api: ApiClient) -> None:
    """Without a namespace in the path, ordered by namespace and name."""
    cluster.create(a_service("b"))
    cluster.create(a_service("a", namespace="kube-public"))

    found = api.get("/api/v1/services").body

    assert names(found) == ["b", "a"]


def test_a_list_can_be_a_table(cluster: ClusterServer, api: ApiClient) -> None:
    """What kubectl get asks for: the server chooses the columns."""
    cluster.create(a_service("web", type_="NodePort"))

    table = api.ask("GET", SERVICES, accept=TABLE).body

    columns = [text(one, "name") for one in items(table, "columnDefinitions")]
    (row,) = items(table, "rows")
    assert columns == [
        "Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Selector", "Age",
    ]  # fmt: skip
    assert items(row, "cells")[:2] == ["web", "NodePort"]
    assert dig(row, "object", "kind") == "PartialObjectMetadata"


def test_metadata_alone_can_be_asked_for(cluster: ClusterServer, api: ApiClient) -> None:
    """PartialObjectMetadataList for informers that need no spec."""
    cluster.create(a_service())
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

    found = api.ask("GET", SERVICES, accept=accept).body

    (one,) = items(found, "items")
    assert found["kind"] == "PartialObjectMetadataList"
    assert isinstance(one, dict)
    assert set(one) == {"kind", "apiVersion", "metadata"}


def pages_of(api: ApiClient, **query: object) -> list[Document]:
    """Return all pages of the ConfigMaps."""
    pages = [api.get(CONFIG_MAPS, **query).body]
    while token := text(pages[-1], "metadata", "continue"):
        pages.append(api.get(CONFIG_MAPS, **query, **{"continue": token}).body)
    return pages


def names(listed: Document) -> list[str]:
    """Return the names in a list."""
    return [text(one, "metadata", "name") for one in items(listed, "items")]


def an_event(name: str, *, about: str) -> Document:
    """Return an Event about an Ingress."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": "default"},
        "involvedObject": {"kind": "Ingress", "namespace": "default", "name": about},
        "reason": "Tested",
        "message": "hello",
        "type": "Normal",
    }
