"""Namespaces and CustomResourceDefinitions: objects that hold others."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.definitions import LOAD_BALANCERS as LOAD_BALANCER_DEFINITION
from provisioner.sandbox.cluster.documents import Document, dig, items, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient
from tests.contract.cluster.manifests import (
    DEFINITIONS,
    LOAD_BALANCERS,
    a_config_map,
    a_definition,
    an_ingress,
)

WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
SCHEMA: Document = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 9},
                "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4},
                "port": {"x-kubernetes-int-or-string": True},
                "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "note": {"type": "string", "nullable": True},
                "ratio": {"type": "number"},
                "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


@pytest.fixture
def namespace(cluster: ClusterServer) -> str:
    """A namespace of its own."""
    cluster.create(a_namespace("shop"))
    return "shop"


def test_a_namespace_must_exist(api: ApiClient) -> None:
    """404 that names the namespace, not the object."""
    refused = api.post("/api/v1/namespaces/none/configmaps", {"metadata": {"name": "a"}})

    assert refused.status == 404
    assert refused.body["message"] == 'namespaces "none" not found'


def test_deleting_a_namespace_deletes_what_is_in_it(
    cluster: ClusterServer, api: ApiClient, namespace: str
) -> None:
    """Everything in it, custom objects too, and nothing beside it."""
    cluster.create(a_definition())
    cluster.create(a_widget(namespace=namespace))
    cluster.create(an_ingress(namespace=namespace))
    cluster.create(a_config_map("a", namespace=namespace))
    cluster.create(a_config_map("a"))

    api.delete(f"/api/v1/namespaces/{namespace}")

    assert cluster.get("Namespace", namespace) is None
    assert cluster.list("Ingress", namespace) == ()
    assert cluster.list("Widget", namespace) == ()
    assert len(cluster.list("ConfigMap")) == 1


def test_a_finalizer_holds_its_namespace(
    cluster: ClusterServer, api: ApiClient, namespace: str
) -> None:
    """The namespace is Terminating until the last finalizer in it has gone; nothing may come."""
    ingress = an_ingress(namespace=namespace)
    ingress["metadata"] = {"name": "web", "namespace": namespace, "finalizers": ["example.com/a"]}
    cluster.create(ingress)

    api.delete(f"/api/v1/namespaces/{namespace}")
    during = cluster.get("Namespace", namespace)
    refused = api.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "late"}})
    cluster.patch("Ingress", "web", {"metadata": {"finalizers": None}}, namespace=namespace)

    assert text(during, "status", "phase") == "Terminating"
    assert refused.status == 403
    assert dig(items(refused.body, "details", "causes")[0], "reason") == "NamespaceTerminating"
    assert cluster.get("Namespace", namespace) is None


def test_namespaces_carry_their_name_as_a_label(cluster: ClusterServer) -> None:
    """What namespace selectors rely on."""
    assert dig(cluster.get("Namespace", "default"), "metadata", "labels") == {
        "kubernetes.io/metadata.name": "default"
    }


def test_a_definition_brings_its_kind(cluster: ClusterServer, api: ApiClient) -> None:
    """Served at once, in discovery, established in its status; its group vanishes with it."""
    created = api.post(DEFINITIONS, a_definition()).body
    made = api.post(WIDGETS, a_widget())
    found = [text(one, "name") for one in items(api.get("/apis/example.com/v1").body, "resources")]

    api.delete(f"{DEFINITIONS}/widgets.example.com")

    conditions = {
        text(c, "type"): text(c, "status") for c in items(created, "status", "conditions")
    }
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert made.status == 201
    assert found == ["widgets", "widgets/status"]
    assert api.get(WIDGETS).status == 404
    assert api.get("/apis/example.com").status == 404
    assert cluster.get("CustomResourceDefinition", "widgets.example.com") is None


def test_deleting_a_definition_deletes_its_objects(cluster: ClusterServer, api: ApiClient) -> None:
    """A new definition of the name starts empty; an object with a finalizer holds the old one."""
    cluster.create(a_definition())
    held = a_widget()
    held["metadata"] = {"name": "held", "namespace": "default", "finalizers": ["example.com/a"]}
    cluster.create(held)
    cluster.create(a_widget())

    api.delete(f"{DEFINITIONS}/widgets.example.com")
    during = [text(one, "metadata", "name") for one in cluster.list("Widget")]
    cluster.patch("Widget", "held", {"metadata": {"finalizers": None}})

    assert during == ["held"]
    assert cluster.get("CustomResourceDefinition", "widgets.example.com") is None


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec.size"),
        ({"size": "1"}, "spec.size"),
        ({"size": True}, "spec.size"),
        ({"size": 0}, "spec.size"),
        ({"size": 10}, "spec.size"),
        ({"size": 1, "color": "green"}, "spec.color"),
        ({"size": 1, "color": None}, "spec.color"),
        ({"size": 1, "name": "a"}, "spec.name"),
        ({"size": 1, "name": "toolong"}, "spec.name"),
        ({"size": 1, "name": "A1"}, "spec.name"),
        ({"size": 1, "port": 1.5}, "spec.port"),
        ({"size": 1, "tags": ["a", "b", "c"]}, "spec.tags"),
        ({"size": 1, "tags": [1]}, "spec.tags[0]"),
        ({"size": 1, "labels": {"a": 1}}, "spec.labels.a"),
        ({"size": 1, "ratio": "x"}, "spec.ratio"),
    ],
)
def test_custom_objects_are_held_to_their_schema(
    cluster: ClusterServer, api: ApiClient, spec: Document, field: str
) -> None:
    """Types, bounds, enums, patterns: 422 with the field."""
    cluster.create(a_definition(schema=SCHEMA))

    refused = api.post(WIDGETS, {"metadata": {"name": "w"}, "spec": spec})

    assert refused.status == 422
    assert [text(cause, "field") for cause in items(refused.body, "details", "causes")] == [field]


def test_custom_objects_are_defaulted_and_pruned(cluster: ClusterServer, api: ApiClient) -> None:
    """Defaults appear, unknown fields vanish except where the schema keeps them."""
    cluster.create(a_definition(schema=SCHEMA))
    spec = {"size": 1, "port": "http", "note": None, "what": 1, "open": {"a": {"b": 1}}}

    created = api.post(WIDGETS, {"metadata": {"name": "w"}, "spec": spec, "extra": 1})

    assert created.body["spec"] == {
        "size": 1,
        "port": "http",
        "note": None,
        "open": {"a": {"b": 1}},
        "color": "red",
    }
    assert "extra" not in created.body
    assert 'unknown field \\"spec.what\\"' in "".join(created.warnings)


def test_strict_validation_knows_the_schema(cluster: ClusterServer, api: ApiClient) -> None:
    """A misspelt field of a custom object is refused for kubectl, too."""
    cluster.create(a_definition(schema=SCHEMA))

    refused = api.post(
        WIDGETS, {"metadata": {"name": "w"}, "spec": {"size": 1, "colour": "red"}},
        fieldValidation="Strict",
    )  # fmt: skip

    assert refused.status == 400
    assert 'unknown field "spec.colour"' in text(refused.body, "message")


def test_printer_columns_make_the_table(cluster: ClusterServer, api: ApiClient) -> None:
    """What kubectl get shows is what the definition declares, conditions included."""
    cluster.create(a_definition())
    cluster.create(a_widget())
    status = {"conditions": [{"type": "Other", "status": "x"}, {"type": "Ready", "status": "True"}]}
    cluster.patch("Widget", "w", {"status": status}, subresource="status")

    table = api.ask("GET", WIDGETS, accept="application/json;as=Table;v=v1;g=meta.k8s.io").body

    assert [text(one, "name") for one in items(table, "columnDefinitions")] == [
        "Name", "Size", "Ready",
    ]  # fmt: skip
    assert [dig(row, "cells") for row in items(table, "rows")] == [["w", 3, "True"]]


def test_a_definition_can_serve_several_versions(cluster: ClusterServer, api: ApiClient) -> None:
    """One store, each version under its own name (conversion strategy None)."""
    definition = a_definition()
    spec = definition["spec"]
    assert isinstance(spec, dict)
    older = {**spec["versions"][0], "name": "v1beta1", "storage": False}
    spec["versions"] = [*spec["versions"], older]
    cluster.create(definition)

    api.post(WIDGETS, a_widget())
    found = api.get("/apis/example.com/v1beta1/namespaces/default/widgets/w").body

    assert found["apiVersion"] == "example.com/v1beta1"
    assert dig(found, "spec", "size") == 3


def test_ready_made_kinds_can_be_left_out() -> None:
    """A cluster without our definitions, to see what a controller does then."""
    with ClusterServer(custom_resources=()) as cluster, ApiClient(cluster.url) as api:
        missing = api.get(LOAD_BALANCERS)

    assert missing.status == 404
    assert missing.body["message"] == "the server could not find the requested resource"
    assert cluster.list("CustomResourceDefinition") == ()


def test_single_ready_made_kinds_can_be_chosen() -> None:
    """Each by its name; an unknown name is explained."""
    cluster = ClusterServer(custom_resources=(LOAD_BALANCER_DEFINITION,))

    assert [kind.kind for kind in cluster.kinds if kind.custom is not None] == ["LoadBalancer"]
    with pytest.raises(LookupError, match='"things" is not ready-made'):
        ClusterServer(custom_resources=("things",))


def test_the_chart_may_replace_a_ready_made_definition(cluster: ClusterServer) -> None:
    """Applying a real definition over the open one tightens what may be stored."""
    definition = cluster.get("CustomResourceDefinition", LOAD_BALANCER_DEFINITION)
    assert definition is not None
    spec = definition["spec"]
    assert isinstance(spec, dict)
    spec["versions"][0]["schema"] = {"openAPIV3Schema": {"type": "object", "properties": {}}}

    cluster.replace(definition)
    created = cluster.create(
        {
            "apiVersion": "ingress-provisioner.io/v1alpha1",
            "kind": "LoadBalancer",
            "metadata": {"name": "a"},
            "spec": {"group": "a"},
        }
    )

    assert "spec" not in created


def a_namespace(name: str) -> Document:
    """Return a Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def a_widget(namespace: str = "default") -> Document:
    """Return an object of the kind of ``a_definition``."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": namespace},
        "spec": {"size": 3},
    }
