"""The patch formats: merge, JSON, strategic, apply."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import Document, dig, items, text
from provisioner.sandbox.cluster.patches import Patch, PatchType, merged, patched
from provisioner.sandbox.cluster.statuses import ApiError
from tests.contract.cluster.api_client import APPLY, JSON_PATCH, STRATEGIC, ApiClient
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    LOAD_BALANCERS,
    SERVICES,
    a_config_map,
    a_service,
)


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_examples(target: object, patch: object, expected: object) -> None:
    """The examples of RFC 7396, appendix A."""
    assert merged(target, patch) == expected


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/b", "value": 2}], {"a": [1], "b": 2}),
        ([{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ([{"op": "add", "path": "/a/0", "value": 0}], {"a": [0, 1]}),
        ([{"op": "replace", "path": "/a/0", "value": 5}], {"a": [5]}),
        ([{"op": "remove", "path": "/a/0"}], {"a": []}),
        ([{"op": "move", "from": "/a", "path": "/b"}], {"b": [1]}),
        ([{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
        ([{"op": "test", "path": "/a/0", "value": 1}], {"a": [1]}),
        ([{"op": "add", "path": "/x~1y~0z", "value": 1}], {"a": [1], "x/y~z": 1}),
        ([{"op": "replace", "path": "", "value": {"c": 1}}], {"c": 1}),
    ],
)
def test_json_patch_operations(operations: list[object], expected: Document) -> None:
    """Every operation of RFC 6902; the document that it is applied to stays as it was."""
    document: Document = {"a": [1]}

    result = patched(document, Patch(type=PatchType.JSON, body=operations))

    assert result == expected
    assert document == {"a": [1]}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"op": "test", "path": "/a", "value": 2}, 422),
        ({"op": "remove", "path": "/none"}, 422),
        ({"op": "replace", "path": "/none", "value": 1}, 422),
        ({"op": "add", "path": "/none/b", "value": 1}, 422),
        ({"op": "add", "path": "/l/9", "value": 1}, 422),
        ({"op": "add", "path": "/l/x", "value": 1}, 422),
        ({"op": "add", "path": "/a/b", "value": 1}, 422),
        ({"op": "remove", "path": ""}, 422),
        ({"op": "add", "path": "/b"}, 400),
        ({"op": "add", "path": "b", "value": 1}, 400),
        ({"op": "add", "value": 1}, 400),
        ({"op": "move", "path": "/b"}, 400),
        ({"op": "increment", "path": "/a"}, 400),
        ({"op": "replace", "path": "", "value": []}, 400),
        ("add", 400),
    ],
)
def test_json_patches_that_do_not_fit(operation: object, code: int) -> None:
    """422 where the document does not fit, 400 where the patch makes no sense."""
    patch = Patch(type=PatchType.JSON, body=[operation])

    with pytest.raises(ApiError) as refused:
        patched({"a": 1, "l": []}, patch)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        (PatchType.MERGE, []),
        (PatchType.STRATEGIC, "x"),
        (PatchType.APPLY, None),
        (PatchType.JSON, {}),
    ],
)
def test_a_patch_of_the_wrong_shape_is_refused(type_: PatchType, body: object) -> None:
    """400 that says what a patch of that type is."""
    with pytest.raises(ApiError, match="must be a"):
        patched({}, Patch(type=type_, body=body))


@pytest.mark.parametrize(
    ("present", "patch", "expected"),
    [
        pytest.param(
            {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]},
            {"containers": [{"name": "b", "image": "2"}]},
            {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]},
            id="containers by name",
        ),
        pytest.param(
            {"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}]}]},
            {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}]},
            {
                "containers": [
                    {"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}
                ]
            },
            id="env by name, inside",
        ),
        pytest.param(
            {"ports": [{"port": 80, "nodePort": 30000}]},
            {"ports": [{"port": 443}]},
            {"ports": [{"port": 80, "nodePort": 30000}, {"port": 443}]},
            id="Service ports by port",
        ),
        pytest.param(
            {"ports": [{"containerPort": 80}]},
            {"ports": [{"containerPort": 80, "name": "http"}]},
            {"ports": [{"containerPort": 80, "name": "http"}]},
            id="container ports by containerPort",
        ),
        pytest.param(
            {"ports": [{"port": 53, "protocol": "UDP", "name": "u"}]},
            {"ports": [{"port": 53, "protocol": "TCP", "name": "t"}]},
            {
                "ports": [
                    {"port": 53, "protocol": "UDP", "name": "u"},
                    {"port": 53, "protocol": "TCP", "name": "t"},
                ]
            },
            id="one port, two protocols",
        ),
        pytest.param(
            {"conditions": [{"type": "Ready", "status": "False"}]},
            {"conditions": [{"type": "Ready", "status": "True"}]},
            {"conditions": [{"type": "Ready", "status": "True"}]},
            id="conditions by type",
        ),
        pytest.param(
            {"finalizers": ["a"]},
            {"finalizers": ["b", "a"]},
            {"finalizers": ["a", "b"]},
            id="finalizers as a set",
        ),
        pytest.param(
            {"finalizers": ["a", "b"]},
            {"$deleteFromPrimitiveList/finalizers": ["a"]},
            {"finalizers": ["b"]},
            id="delete from a set",
        ),
        pytest.param(
            {"containers": [{"name": "a"}, {"name": "b"}]},
            {"containers": [{"name": "a", "$patch": "delete"}]},
            {"containers": [{"name": "b"}]},
            id="delete an element",
        ),
        pytest.param(
            {"containers": [{"name": "a"}]},
            {"containers": [{"$patch": "replace"}, {"name": "b"}]},
            {"containers": [{"name": "b"}]},
            id="replace a list",
        ),
        pytest.param(
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {}}},
            {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}},
            {"strategy": {"type": "Recreate"}},
            id="retain keys",
        ),
        pytest.param(
            {"selector": {"a": "1"}},
            {"selector": {"$patch": "replace", "b": "2"}},
            {"selector": {"b": "2"}},
            id="replace a map",
        ),
        pytest.param(
            {"selector": {"a": "1"}},
            {"selector": {"$patch": "delete"}},
            {"selector": {}},
            id="delete a map",
        ),
        pytest.param(
            {"containers": [{"name": "a"}, {"name": "b"}]},
            {
                "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
                "containers": [{"name": "c"}],
            },
            {"containers": [{"name": "b"}, {"name": "a"}, {"name": "c"}]},
            id="order",
        ),
        pytest.param(
            {"rules": [{"host": "a"}]},
            {"rules": [{"host": "b"}]},
            {"rules": [{"host": "b"}]},
            id="a list without merge key is replaced",
        ),
        pytest.param({"a": 1, "b": 2}, {"a": None}, {"b": 2}, id="null deletes"),
    ],
)
def test_strategic_merge(present: Document, patch: Document, expected: Document) -> None:
    """Lists by key and the directives (contributor page "Strategic Merge Patch")."""
    result = patched(present, Patch(type=PatchType.STRATEGIC, body=patch))

    assert result == expected


def test_a_strategic_patch_keeps_allocated_node_ports(api: ApiClient) -> None:
    """Adding a port to a Service leaves the node port of the other one alone."""
    before = api.post(SERVICES, a_service(type_="NodePort", ports=[{"name": "a", "port": 80}])).body
    port = dig(items(before, "spec", "ports")[0], "nodePort")

    after = api.patch(
        f"{SERVICES}/web", {"spec": {"ports": [{"name": "b", "port": 443}]}}, STRATEGIC
    ).body

    ports = items(after, "spec", "ports")
    assert [dig(one, "port") for one in ports] == [80, 443]
    assert dig(ports[0], "nodePort") == port
    assert dig(ports[1], "nodePort") not in {None, port}


def test_custom_kinds_take_no_strategic_patch(api: ApiClient) -> None:
    """415 with the types that are understood, as for every custom resource."""
    api.post(LOAD_BALANCERS, {"metadata": {"name": "shop"}, "spec": {}})

    answer = api.patch(f"{LOAD_BALANCERS}/shop", {"spec": {}}, STRATEGIC)

    assert answer.status == 415
    assert "application/merge-patch+json" in text(answer.body, "message")


def test_an_unknown_patch_type_is_refused(api: ApiClient) -> None:
    """415, not a guess."""
    api.post(CONFIG_MAPS, a_config_map("one"))

    assert api.patch(f"{CONFIG_MAPS}/one", {}, "application/json").status == 415


def test_apply_creates_what_is_missing_and_merges_what_is_there(api: ApiClient) -> None:
    """Server-side apply without field ownership: create (201), then merge (200)."""
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: '1'}\n"
    more = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {b: '2'}\n"
    url = f"{CONFIG_MAPS}/one?fieldManager=test&force=true"

    first = api.ask("PATCH", url, body, content_type=APPLY)
    second = api.ask("PATCH", url, more, content_type=APPLY)

    assert (first.status, second.status) == (201, 200)
    assert second.body["data"] == {"a": "1", "b": "2"}


def test_a_patch_cannot_move_an_object(api: ApiClient) -> None:
    """Name and namespace are the path's."""
    api.post(CONFIG_MAPS, a_config_map("one"))

    renamed = api.patch(f"{CONFIG_MAPS}/one", {"metadata": {"name": "two"}})
    moved = api.patch(f"{CONFIG_MAPS}/one", {"metadata": {"namespace": "kube-public"}})

    assert (renamed.status, moved.status) == (400, 400)


def test_a_patch_cannot_forge_what_the_server_writes(api: ApiClient) -> None:
    """Creation time, generation and deletion time stay the server's."""
    before = api.post(CONFIG_MAPS, a_config_map("one")).body
    forged = {
        "creationTimestamp": "2000-01-01T00:00:00Z",
        "deletionTimestamp": "x",
        "generation": 9,
    }

    after = api.patch(f"{CONFIG_MAPS}/one", {"metadata": forged}).body

    assert after == before


def test_a_json_patch_edits_through_http(api: ApiClient) -> None:
    """The content type decides what the body means."""
    api.post(CONFIG_MAPS, a_config_map("one", data={"a": "1"}))
    patch = [{"op": "add", "path": "/metadata/finalizers", "value": ["example.com/a"]}]

    answer = api.patch(f"{CONFIG_MAPS}/one", patch, JSON_PATCH)

    assert dig(answer.body, "metadata", "finalizers") == ["example.com/a"]
