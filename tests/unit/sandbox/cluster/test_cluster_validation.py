"""What is refused, with the field that is wrong."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import Document, dig, items, replaced, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    INGRESSES,
    LEASES,
    PODS,
    SERVICES,
    a_config_map,
    a_definition,
    a_lease,
    a_pod,
    a_service,
    a_workload,
    an_ingress,
)

BACKEND: Document = {"service": {"name": "web", "port": {"number": 80}}}
PATH = "spec.rules[0].http.paths[0]"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ({"path": "/", "backend": BACKEND}, f"{PATH}.pathType"),
        ({"path": "/", "pathType": "Regex", "backend": BACKEND}, f"{PATH}.pathType"),
        ({"path": "web", "pathType": "Prefix", "backend": BACKEND}, f"{PATH}.path"),
        ({"pathType": "Exact", "backend": BACKEND}, f"{PATH}.path"),
        ({"path": "/a//b", "pathType": "Exact", "backend": BACKEND}, f"{PATH}.path"),
        ({"path": "/a/../b", "pathType": "Prefix", "backend": BACKEND}, f"{PATH}.path"),
        ({"path": "/a/.", "pathType": "Prefix", "backend": BACKEND}, f"{PATH}.path"),
        ({"path": "/a%2fb", "pathType": "Prefix", "backend": BACKEND}, f"{PATH}.path"),
        ({"path": "*", "pathType": "ImplementationSpecific", "backend": BACKEND}, f"{PATH}.path"),
        ({"path": "/", "pathType": "Prefix", "backend": {}}, f"{PATH}.backend"),
        (
            {
                "path": "/",
                "pathType": "Prefix",
                "backend": {**BACKEND, "resource": {"kind": "Bucket", "name": "b"}},
            },
            f"{PATH}.backend",
        ),
        (
            {"path": "/", "pathType": "Prefix", "backend": {"resource": {"kind": "Bucket"}}},
            f"{PATH}.backend.resource.name",
        ),
        (
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web"}}},
            f"{PATH}.backend.service.port",
        ),
        (
            {
                "path": "/",
                "pathType": "Prefix",
                "backend": {"service": {"name": "web", "port": {"number": 80, "name": "http"}}},
            },
            f"{PATH}.backend.service.port",
        ),
        (
            {
                "path": "/",
                "pathType": "Prefix",
                "backend": {"service": {"name": "web", "port": {"number": 70000}}},
            },
            f"{PATH}.backend.service.port.number",
        ),
        (
            {
                "path": "/",
                "pathType": "Prefix",
                "backend": {"service": {"name": "Web", "port": {"number": 80}}},
            },
            f"{PATH}.backend.service.name",
        ),
    ],
)
def test_ingress_paths_are_checked(api: ApiClient, path: Document, field: str) -> None:
    """The rules of networking.k8s.io/v1: 422 with a cause that names the field."""
    refused = api.post(INGRESSES, an_ingress(path=path))

    assert refused.status == 422
    assert refused.body["reason"] == "Invalid"
    assert field in [text(cause, "field") for cause in items(refused.body, "details", "causes")]


@pytest.mark.parametrize(
    "path",
    [
        {"path": "", "pathType": "ImplementationSpecific", "backend": BACKEND},
        {"pathType": "ImplementationSpecific", "backend": BACKEND},
        {"path": "/*", "pathType": "ImplementationSpecific", "backend": BACKEND},
        {"path": "/a//b", "pathType": "ImplementationSpecific", "backend": BACKEND},
        {"path": "/", "pathType": "Exact", "backend": BACKEND},
        {
            "path": "/",
            "pathType": "Prefix",
            "backend": {"service": {"name": "web", "port": {"name": "use-annotation"}}},
        },
        {"path": "/", "pathType": "Prefix", "backend": {"resource": {"kind": "B", "name": "b"}}},
    ],
)
def test_ingress_paths_that_are_allowed(api: ApiClient, path: Document) -> None:
    """What a real server stores must be stored, odd as it may look."""
    assert api.post(INGRESSES, an_ingress(path=path)).status == 201


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("shop.example.com", 201),
        ("*.example.com", 201),
        ("localhost", 201),
        ("10.0.0.1", 422),
        ("*", 422),
        ("a.*.example.com", 422),
        ("Shop.example.com", 422),
        ("shop.example.com:80", 422),
        ("x" * 254, 422),
    ],
)
def test_ingress_hosts_are_checked(api: ApiClient, host: str, status: int) -> None:
    """DNS names and wildcards, no addresses, no ports."""
    assert api.post(INGRESSES, an_ingress(host=host)).status == status


def test_every_mistake_is_told_at_once(api: ApiClient) -> None:
    """One request, all causes: nobody has to apply five times."""
    ingress = an_ingress(path={"path": "x", "pathType": "Exact", "backend": {}}, host="UPPER")

    refused = api.post(INGRESSES, ingress)

    fields = [text(cause, "field") for cause in items(refused.body, "details", "causes")]
    assert fields == ["spec.rules[0].host", f"{PATH}.path", f"{PATH}.backend"]
    assert text(refused.body, "message").startswith('Ingress.networking.k8s.io "web" is invalid: [')


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec"),
        ({"rules": [{"http": {"paths": []}}]}, "spec.rules[0].http.paths"),
        ({"defaultBackend": {}}, "spec.defaultBackend"),
        ({"defaultBackend": BACKEND, "ingressClassName": "A!"}, "spec.ingressClassName"),
        ({"defaultBackend": BACKEND, "tls": [{"hosts": ["A"]}]}, "spec.tls[0].hosts[0]"),
        ({"defaultBackend": BACKEND, "tls": [{"secretName": "A"}]}, "spec.tls[0].secretName"),
    ],
)
def test_ingress_specs_are_checked(api: ApiClient, spec: Document, field: str) -> None:
    """Rules or a default backend, class names and TLS entries."""
    refused = api.post(INGRESSES, {"metadata": {"name": "web"}, "spec": spec})

    assert refused.status == 422
    assert field in [text(cause, "field") for cause in items(refused.body, "details", "causes")]


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"controller": "example.com/c"}, 201),
        ({}, 422),
        ({"controller": "x" * 251}, 422),
        ({"controller": "a/b", "parameters": {"kind": "P"}}, 422),
        ({"controller": "a/b", "parameters": {"kind": "P", "name": "p"}}, 201),
        (
            {"controller": "a/b", "parameters": {"kind": "P", "name": "p", "scope": "Namespace"}},
            422,
        ),
        ({"controller": "a/b", "parameters": {"kind": "P", "name": "p", "namespace": "x"}}, 422),
        ({"controller": "a/b", "parameters": {"kind": "P", "name": "p", "scope": "X"}}, 422),
    ],
)
def test_ingress_classes_are_checked(api: ApiClient, spec: Document, status: int) -> None:
    """A controller, and parameters that can be found."""
    assert api.post(CLASSES, {"metadata": {"name": "alb"}, "spec": spec}).status == status


def test_the_controller_of_a_class_is_permanent(api: ApiClient) -> None:
    """An IngressClass cannot be handed to another controller under everyone's feet."""
    api.post(CLASSES, {"metadata": {"name": "alb"}, "spec": {"controller": "a/b"}})

    assert api.patch(f"{CLASSES}/alb", {"spec": {"controller": "c/d"}}).status == 422


def test_the_default_class_acts_when_an_ingress_is_created(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """The DefaultIngressClass admission plugin: on creation only, and not over an annotation."""
    early = api.post(INGRESSES, an_ingress("early", class_name="")).body
    cluster.create(a_class("standard"))
    annotated = replaced(
        an_ingress("annotated", class_name=""),
        {"kubernetes.io/ingress.class": "alb"},
        "metadata",
        "annotations",
    )

    late = api.post(INGRESSES, an_ingress("late", class_name="")).body
    other = api.post(INGRESSES, annotated).body

    assert dig(late, "spec", "ingressClassName") == "standard"
    assert dig(early, "spec", "ingressClassName") is None
    assert dig(api.get(f"{INGRESSES}/early").body, "spec", "ingressClassName") is None
    assert dig(other, "spec", "ingressClassName") is None


def test_two_default_classes_block_creation(cluster: ClusterServer, api: ApiClient) -> None:
    """403, as the admission plugin answers."""
    cluster.create(a_class("a"))
    cluster.create(a_class("b"))

    refused = api.post(INGRESSES, an_ingress(class_name=""))

    assert refused.status == 403
    assert "2 default IngressClasses were found" in text(refused.body, "message")


@pytest.mark.parametrize(
    ("service", "field"),
    [
        (a_service(ports=[]), "spec.ports"),
        (a_service(ports=[{"port": 0}]), "spec.ports[0].port"),
        (a_service(ports=[{"port": 70000}]), "spec.ports[0].port"),
        (a_service(ports=[{"port": 80, "protocol": "HTTP"}]), "spec.ports[0].protocol"),
        (a_service(ports=[{"port": 80, "targetPort": "Not_A_Name"}]), "spec.ports[0].targetPort"),
        (a_service(ports=[{"port": 80, "targetPort": 0}]), "spec.ports[0].targetPort"),
        (a_service(ports=[{"port": 80}, {"port": 81}]), "spec.ports[0].name"),
        (
            a_service(ports=[{"name": "a", "port": 1}, {"name": "a", "port": 2}]),
            "spec.ports[1].name",
        ),
        (a_service(ports=[{"name": "a", "port": 1}, {"name": "b", "port": 1}]), "spec.ports[1]"),
        (a_service(ports=[{"name": "A", "port": 1}]), "spec.ports[0].name"),
        (a_service(ports=[{"port": 80, "nodePort": 30000}]), "spec.ports[0].nodePort"),
        (a_service(type_="Nodeport"), "spec.type"),
        (a_service(type_="ExternalName", ports=[]), "spec.externalName"),
        (a_service(type_="NodePort", clusterIP="None"), "spec.clusterIPs[0]"),
        (a_service(externalTrafficPolicy="Local"), "spec.externalTrafficPolicy"),
        (a_service(type_="NodePort", externalTrafficPolicy="X"), "spec.externalTrafficPolicy"),
        (a_service("0web"), "metadata.name"),
    ],
)
def test_services_are_checked(api: ApiClient, service: Document, field: str) -> None:
    """Ports, types and names of Services."""
    refused = api.post(SERVICES, service)

    assert refused.status == 422
    assert field in [text(cause, "field") for cause in items(refused.body, "details", "causes")]


@pytest.mark.parametrize("name", ["Upper", "under_score", "-a", "a-", "a..b", "x" * 254])
def test_names_are_dns_names(api: ApiClient, name: str) -> None:
    """Object Names and IDs."""
    assert api.post(CONFIG_MAPS, a_config_map(name)).status == 422


def test_a_name_is_compulsory(api: ApiClient) -> None:
    """Neither name nor generateName: 422."""
    refused = api.post(CONFIG_MAPS, {"data": {}})

    assert "name or generateName is required" in text(refused.body, "message")


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"a b": "c"}},
        {"labels": {"a": "not valid!"}},
        {"labels": {"a": "x" * 64}},
        {"labels": {"UPPER.com/a": "b"}},
        {"annotations": {"": "b"}},
        {"annotations": {"a": "x" * 300_000}},
    ],
)
def test_labels_and_annotations_are_checked(api: ApiClient, metadata: Document) -> None:
    """Keys, values and total size."""
    refused = api.post(CONFIG_MAPS, {"metadata": {"name": "one", **metadata}})

    assert refused.status == 422


@pytest.mark.parametrize(
    ("workload", "field"),
    [
        (a_workload(replicas=-1), "spec.replicas"),
        (a_workload(spec={"selector": {}}), "spec.selector"),
        (
            a_workload(spec={"selector": {"matchLabels": {"app": "other"}}}),
            "spec.template.metadata.labels",
        ),
        (a_workload(pod={"containers": []}), "spec.template.spec.containers"),
        (a_workload(pod={"containers": [{"name": "a"}]}), "spec.template.spec.containers[0].image"),
        (
            a_workload(
                pod={"containers": [{"name": "a", "image": "i"}, {"name": "a", "image": "i"}]}
            ),
            "spec.template.spec.containers[1].name",
        ),
    ],
)
def test_workloads_are_checked(api: ApiClient, workload: Document, field: str) -> None:
    """A selector that selects its own pods, containers with images."""
    refused = api.post(DEPLOYMENTS, workload)

    assert refused.status == 422
    assert field in [text(cause, "field") for cause in items(refused.body, "details", "causes")]


def test_the_selector_of_a_workload_is_permanent(cluster: ClusterServer, api: ApiClient) -> None:
    """The mistake that every chart makes once."""
    cluster.create(a_workload())
    labels = {"app": "web", "tier": "x"}
    patch = {
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}},
        }
    }

    refused = api.patch(f"{DEPLOYMENTS}/web", patch)

    assert refused.status == 422
    assert "field is immutable" in text(refused.body, "message")


def test_a_pod_cannot_change_its_node(cluster: ClusterServer, api: ApiClient) -> None:
    """Once bound, bound."""
    cluster.create(a_pod("a", nodeName="n1"))

    assert api.patch(f"{PODS}/a", {"spec": {"nodeName": "n2"}}).status == 422


def test_a_pod_is_bound_once(cluster: ClusterServer, api: ApiClient) -> None:
    """The binding subresource is the scheduler's; a second one is a conflict."""
    cluster.create(a_pod("a"))
    binding = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n1"}}

    first = api.post(f"{PODS}/a/binding", binding)
    second = api.post(f"{PODS}/a/binding", binding)

    assert (first.status, second.status) == (201, 409)
    assert dig(cluster.get("Pod", "a"), "spec", "nodeName") == "n1"
    assert api.post(f"{PODS}/a/binding", {}).status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"endpoints": []}, "addressType"),
        ({"addressType": "IPX", "endpoints": []}, "addressType"),
        ({"addressType": "IPv4", "endpoints": [{"addresses": []}]}, "endpoints[0].addresses"),
        (
            {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}] * 1001},
            "endpoints",
        ),
    ],
)
def test_endpoint_slices_are_checked(api: ApiClient, body: Document, field: str) -> None:
    """Address types and sizes."""
    refused = api.post(SLICES, {"metadata": {"name": "a"}, **body})

    assert refused.status == 422
    assert field in [text(cause, "field") for cause in items(refused.body, "details", "causes")]


def test_an_event_lives_where_its_object_lives(api: ApiClient) -> None:
    """An Event about a cluster-scoped object belongs into default, any other beside its object."""
    events = "/api/v1/namespaces/{}/events"
    about_ingress = {"involvedObject": {"kind": "Ingress", "namespace": "default", "name": "a"}}
    about_node = {"involvedObject": {"kind": "Node", "name": "n"}}

    statuses = [
        api.post(events.format(home), {"metadata": {"generateName": "e"}, **about}).status
        for home, about in (
            ("default", about_ingress),
            ("kube-public", about_ingress),
            ("default", about_node),
            ("kube-public", about_node),
        )
    ]

    assert statuses == [201, 422, 201, 422]


def test_a_lease_needs_a_positive_duration(api: ApiClient) -> None:
    """A lease of zero seconds would be nobody's."""
    refused = api.post(LEASES, replaced(a_lease(), 0, "spec", "leaseDurationSeconds"))

    assert "spec.leaseDurationSeconds" in text(refused.body, "message")


def test_secrets_are_stored_encoded(api: ApiClient) -> None:
    """A writer may give plain stringData; readers only ever see data."""
    path = "/api/v1/namespaces/default/secrets"

    created = api.post(path, {"metadata": {"name": "s"}, "stringData": {"id": "abc"}}).body

    assert created["data"] == {"id": "YWJj"}
    assert "stringData" not in created
    assert created["type"] == "Opaque"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (INGRESSES, replaced(an_ingress(), 1, "spec", "rulez"), "spec.rulez"),
        (INGRESSES, {**an_ingress(), "sepc": {}}, "sepc"),
        (SERVICES, a_service(ports=[{"port": 80, "nodeport": 1}]), "spec.ports[0].nodeport"),
        (SERVICES, replaced(a_service(), {}, "metadata", "label"), "metadata.label"),
        (DEPLOYMENTS, {**a_workload(), "replicas": 3}, "replicas"),
    ],
)
def test_unknown_fields_are_refused_warned_about_or_ignored(
    api: ApiClient, path: str, body: Document, field: str
) -> None:
    """fieldValidation: Strict refuses, Warn (the default) warns, Ignore is silent."""
    strict = api.post(path, body, fieldValidation="Strict", dryRun="All")
    warned = api.post(path, body, dryRun="All")
    ignored = api.post(path, body, fieldValidation="Ignore", dryRun="All")

    assert strict.status == 400
    assert f'unknown field "{field}"' in text(strict.body, "message")
    assert (warned.status, ignored.status) == (201, 201)
    assert field in "".join(warned.warnings)
    assert not ignored.warnings


@pytest.mark.parametrize(("parameter", "value"), [("fieldValidation", "Maybe"), ("dryRun", "true")])
def test_write_parameters_are_checked(api: ApiClient, parameter: str, value: str) -> None:
    """400 for what has no meaning: a dry run that is none would write."""
    answer = api.ask("POST", SERVICES, a_service(), query={parameter: value})

    assert answer.status == 400
    assert parameter in text(answer.body, "message")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "other.example.com"}}, "metadata.name"),
        (
            {"spec": {"group": "example.com", "names": {}, "scope": "X", "versions": []}},
            "spec.scope",
        ),
        ({"spec": {"names": {"plural": "widgets"}}}, "spec.group"),
    ],
)
def test_definitions_are_checked(api: ApiClient, change: Document, field: str) -> None:
    """A definition that could not be served is refused."""
    refused = api.post(DEFINITIONS, {**a_definition(), **change})

    assert refused.status == 422
    assert field in [text(cause, "field") for cause in items(refused.body, "details", "causes")]


def a_class(name: str) -> Document:
    """Return an IngressClass that is marked as the default."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": name,
            "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
        },
        "spec": {"controller": "example.com/c"},
    }
