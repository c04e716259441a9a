"""Promises of crds.yaml: the API server takes what the product reads and writes, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
import yaml

from provisioner.kube import class_wire
from provisioner.kube.kinds import LOAD_BALANCER, LOAD_BALANCER_CLASS, KindInfo
from provisioner.model.intent import Compatibility
from provisioner.operator.cluster import status_of
from provisioner.sandbox.cluster.documents import Document, dig, name_of, part, parts, text, texts
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.statuses import ApiError
from provisioner.sandbox.cluster.validation.schemas import pruned, schema_causes
from tests.unit.docs.conftest import BALANCER, Story
from tests.unit.docs.places import EXAMPLES
from tests.unit.render import plans

CRDS = EXAMPLES / "crds.yaml"
OPEN = ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string")
ADDRESS = "ipr-shop-web-1.eu-central-1.elb.amazonaws.com"


@pytest.fixture
def cluster() -> ClusterServer:
    """A cluster with nothing of ours but the definitions of docs/examples; it needs no port."""
    server = ClusterServer(custom_resources=())
    server.apply(CRDS)
    return server


def definition(info: KindInfo) -> Document:
    """Return the definition of a kind."""
    return next(d for d in parse_manifests(CRDS) if name_of(d) == info.resource)


def root_of(info: KindInfo) -> Document:
    """Return the schema of a kind."""
    (version,) = parts(definition(info), "spec", "versions")
    return part(version, "schema", "openAPIV3Schema")


def schema(info: KindInfo, field: str) -> Document:
    """Return the schema of the spec or the status of a kind."""
    return part(root_of(info), "properties", field)


def refusals(balancer: Document) -> list[str]:
    """Return where a LoadBalancer breaks its schema.

    The embedded cluster does not look at statuses, so the schema is asked directly.
    """
    return [str(cause) for cause in schema_causes(root_of(LOAD_BALANCER), balancer)]


def a_class(**spec: object) -> Document:
    """Return a LoadBalancerClass."""
    return {
        "apiVersion": LOAD_BALANCER_CLASS.api_version,
        "kind": LOAD_BALANCER_CLASS.kind,
        "metadata": {"name": "public"},
        "spec": dict(spec),
    }


def a_balancer(**spec: object) -> Document:
    """Return a LoadBalancer."""
    return {
        "apiVersion": LOAD_BALANCER.api_version,
        "kind": LOAD_BALANCER.kind,
        "metadata": {"name": BALANCER},
        "spec": dict(spec),
    }


@pytest.mark.parametrize("info", [LOAD_BALANCER_CLASS, LOAD_BALANCER], ids=lambda info: info.kind)
def test_the_definition_is_of_the_kind_that_the_product_asks_for(info: KindInfo) -> None:
    """Group, version, plural and scope are those of the product's own requests."""
    found = definition(info)
    (version,) = parts(found, "spec", "versions")

    assert text(found, "spec", "group") == info.group
    assert text(found, "spec", "names", "kind") == info.kind
    assert text(found, "spec", "names", "plural") == info.plural
    assert text(found, "spec", "scope") == ("Namespaced" if info.namespaced else "Cluster")
    assert (text(version, "name"), dig(version, "served")) == (info.version, True)


@pytest.mark.parametrize("info", [LOAD_BALANCER_CLASS, LOAD_BALANCER], ids=lambda info: info.kind)
def test_the_schema_is_structural(info: KindInfo) -> None:
    """Every node has a type or is declared open, else the API server refuses the definition."""
    untyped = [path for path, node in nodes("", root_of(info)) if not is_typed(node)]

    assert untyped == []


def nodes(path: str, node: Document) -> Iterator[tuple[str, Document]]:
    """Yield every node of a schema."""
    yield path, node
    for name in part(node, "properties"):
        yield from nodes(f"{path}.{name}", part(node, "properties", name))
    for name in ("items", "additionalProperties"):
        if name in node:
            yield from nodes(f"{path}.{name}", part(node, name))


def is_typed(node: Document) -> bool:
    """Tell whether a node says what it holds."""
    return bool(node.get("type")) or any(node.get(name) is True for name in OPEN)


def test_the_schema_of_a_class_has_exactly_the_fields_that_are_read() -> None:
    """A field that the server dropped, or that nobody reads, would be a silent lie."""
    read = {field.encode_name for field in msgspec.structs.fields(class_wire.LoadBalancerClassSpec)}

    assert set(part(schema(LOAD_BALANCER_CLASS, "spec"), "properties")) == read


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ((), class_wire.Tenant),
        (("properties", "namespaceSelector"), class_wire.LabelSelector),
        (
            ("properties", "namespaceSelector", "properties", "matchExpressions", "items"),
            class_wire.LabelRequirement,
        ),
    ],
)
def test_the_schema_of_a_tenant_has_exactly_the_fields_that_are_read(
    path: tuple[str, ...], shape: type[msgspec.Struct]
) -> None:
    """A policy of which a part is dropped protects nobody."""
    tenants = part(schema(LOAD_BALANCER_CLASS, "spec"), "properties", "tenants", "items")
    read = {field.encode_name for field in msgspec.structs.fields(shape)}

    assert set(part(tenants, *path, "properties")) == read


def test_the_compatibilities_are_those_of_the_product() -> None:
    """The enumeration has no life of its own."""
    field = part(schema(LOAD_BALANCER_CLASS, "spec"), "properties", "compatibility")

    assert texts(field, "enum") == tuple(Compatibility)


def test_a_class_with_everything_in_it_is_stored_as_it_is(cluster: ClusterServer) -> None:
    """Settings may be texts, numbers and truth values; none is dropped."""
    spec: Document = {
        "provider": "aws",
        "ingressClasses": ["ipr-alb", "internal"],
        "defaults": {"scheme": "internal", "timeout-seconds": 90, "target-mode": "pod"},
        "enforced": {"ssl-redirect": 443, "manage-backend-security-group-rules": True},
        "compatibility": "kubernetes",
        "policy": "sync",
        "podsRoutable": True,
        "tenants": [
            {
                "namespaces": ["shop"],
                "namespaceSelector": {
                    "matchLabels": {"team": "shop"},
                    "matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}],
                },
                "groups": ["edge", "*"],
                "governs": ["edge"],
                "hosts": ["shop.example.com", "*"],
            }
        ],
    }

    cluster.apply(yaml.safe_dump(a_class(**spec)))

    stored = cluster.get("LoadBalancerClass", "public")
    assert stored is not None
    assert stored["spec"] == spec


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"compatibility": "lbc"}, "spec.compatibility"),
        ({"policy": "upsert-only"}, "spec.policy"),
        ({"podsRoutable": "yes"}, "spec.podsRoutable"),
        ({"ingressClasses": "alb"}, "spec.ingressClasses"),
        ({"ingressClasses": [""]}, "spec.ingressClasses"),
        ({"provider": "Amazon Web Services"}, "spec.provider"),
        ({"defaults": ["scheme=internal"]}, "spec.defaults"),
        ({"default": {"scheme": "internal"}}, "spec.default"),
        ({"tenants": [{"namespaces": ["Not_Valid"]}]}, "spec.tenants"),
        ({"tenants": [{"groups": ["Not_Valid"]}]}, "spec.tenants"),
        ({"tenants": [{"governs": [""]}]}, "spec.tenants"),
        ({"tenants": [{"hosts": ["*.example.com"]}]}, "spec.tenants"),
        ({"tenants": [{"hosts": ["Example.com"]}]}, "spec.tenants"),
        ({"tenants": [{"host": ["example.com"]}]}, "spec.tenants"),
        (
            {"tenants": [{"namespaceSelector": {"matchExpressions": [{"operator": "In"}]}}]},
            "spec.tenants",
        ),
    ],
)
def test_a_wrong_class_is_refused_by_its_field(
    cluster: ClusterServer, wrong: Document, field: str
) -> None:
    """What kubectl apply sends is checked by the API server already, and the answer says where."""
    with pytest.raises(ApiError, match=field):
        cluster.apply(yaml.safe_dump(a_class(**wrong)))

    assert cluster.get("LoadBalancerClass", "public") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"targetMode": "both"},
        {"usage": [{"name": "rules", "used": -1, "limit": 100}]},
        {"usage": [{"name": "rules", "used": 1}]},
        {"conditions": [{"type": "Programmed", "status": "yes"}]},
        {"addresses": "one"},
    ],
)
def test_a_wrong_status_is_refused(wrong: Document) -> None:
    """The overview is for machines too: its values are those that are documented."""
    assert refusals({**a_balancer(provider="aws"), "status": wrong})


def test_a_load_balancer_needs_a_provider(cluster: ClusterServer) -> None:
    """The one field of its spec."""
    with pytest.raises(ApiError, match=r"spec\.provider"):
        cluster.create(a_balancer())


@pytest.mark.parametrize(
    ("more", "addresses"),
    [
        ({}, ()),
        ({"mode": plans.decision()}, (ADDRESS,)),
        ({"usages": (plans.usage("rules-per-application-load-balancer", 120, 100),)}, (ADDRESS,)),
        ({"steps": (plans.create_load_balancer(), plans.noop())}, ()),
    ],
)
def test_every_status_of_the_controller_fits(
    more: dict[str, object], addresses: tuple[str, ...]
) -> None:
    """Nothing of it is refused, and nothing dropped as unknown."""
    status = status_of(plans.part(**more), addresses)
    document: Document = {**a_balancer(provider="aws"), "status": status}

    assert refusals(document) == []
    assert pruned(root_of(LOAD_BALANCER), document, root=True) == document


def test_the_schema_of_a_status_has_exactly_the_fields_that_are_written() -> None:
    """Else a field that is gone from the code would live on in the documentation."""
    status = status_of(plans.part(usages=(plans.usage("rules", 1, 100),)), (ADDRESS,))
    properties = part(schema(LOAD_BALANCER, "status"), "properties")

    assert set(properties) == set(status)
    for name in ("usage", "conditions"):
        (entry, *_) = parts(status, name)
        assert set(part(properties, name, "items", "properties")) == set(entry)


def test_a_status_is_written_through_its_subresource_alone(cluster: ClusterServer) -> None:
    """Whoever may edit the object may not forge what the controller says."""
    cluster.create(a_balancer(provider="aws"))

    cluster.patch("LoadBalancer", BALANCER, {"status": {"targetMode": "pod"}})

    assert "status" not in (cluster.get("LoadBalancer", BALANCER) or {})


@pytest.mark.slow
def test_what_a_controller_publishes_is_complete(story: Story) -> None:
    """With the real definitions installed, every field of the status arrives."""
    found = [b for b in story.balancers if name_of(b) == BALANCER]

    assert found
    for balancer in found:
        assert refusals(balancer) == []
        assert set(part(balancer, "status")) == set(
            part(schema(LOAD_BALANCER, "status"), "properties")
        )


@pytest.mark.slow
def test_kubectl_shows_what_people_look_for(story: Story) -> None:
    """Provider, mode, address, and the two conditions, in one line for each load balancer."""
    if not story.table:
        pytest.skip("there is no kubectl on this machine")
    heading, *lines = story.table.splitlines()
    (line,) = [line for line in lines if line.startswith(BALANCER)]

    assert heading.split() == [
        *("NAME", "PROVIDER", "MODE", "ADDRESS", "PROGRAMMED", "WITHIN-LIMITS", "AGE")
    ]
    assert line.split()[1:3] == ["aws", "pod"]
    assert line.split()[3].endswith(".elb.amazonaws.com")
    assert line.split()[4:6] == ["True", "True"]
