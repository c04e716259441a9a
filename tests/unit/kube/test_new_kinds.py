"""Class parameters, Namespaces, Secrets and TargetGroupBindings: from files and from a cluster."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from providers.aws import provider as aws
from provisioner.kube import live
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.decode import decode, decode_json
from provisioner.kube.kinds import (
    CLOUD_KINDS,
    NAMESPACE,
    TARGET_GROUP_BINDING,
    KindInfo,
    cloud_kinds,
    manifest_kind,
)
from provisioner.kube.manifests import Manifests, read_manifests
from provisioner.kube.overlay import overlay, resolve, selects_namespaces
from provisioner.kube.selectors import parse_selector
from provisioner.model.kube import Key, LoadBalancerClass, PortRef, Secret, Tenant
from provisioner.model.selector import LabelRequirement, LabelSelector
from provisioner.model.snapshot import Snapshot
from provisioner.sandbox.cluster.server import ClusterServer
from tests.factories import a_load_balancer_class, a_namespace, a_snapshot, an_ingress

LBC = ("elbv2.k8s.aws", "IngressClassParams", "edge")
AUTO_MODE = ("eks.amazonaws.com", "IngressClassParams", "edge")
PASSWORD = "correct horse battery staple"
TOP_SECRET = Key("shop", "oidc")

PARAMETERS = """\
apiVersion: elbv2.k8s.aws/v1beta1
kind: IngressClassParams
metadata: {name: edge}
spec: {scheme: internal, subnets: {tags: {tier: [public]}}}
---
apiVersion: eks.amazonaws.com/v1
kind: IngressClassParams
metadata: {name: edge}
spec: {scheme: internet-facing}
"""
NAMESPACES = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}, annotations: {note: long}}
"""
SELECTING = """\
apiVersion: ingress-provisioner.io/v1alpha1
kind: LoadBalancerClass
metadata: {name: shared}
spec: {tenants: [{namespaceSelector: {matchLabels: {team: shop}}, groups: [edge]}]}
"""
BINDING = """\
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: k8s-shop-web, namespace: default, labels: {ingress.k8s.aws/stack: edge}}
spec:
  targetGroupARN: arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/k8s-shop-web/1
  targetType: ip
  serviceRef: {name: web, port: http}
"""


def read(text: str) -> Manifests:
    """Return what this text on standard input says."""
    return read_manifests(["-"], stdin=io.BytesIO(text.encode()))


def secret(**fields: str) -> str:
    """Return the manifest of a Secret; fields are written as they are."""
    body = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: oidc, namespace: shop}}\n{body}"


# -- from files -----------------------------------------------------------------------------------


def test_parameters_of_two_controllers_share_a_name_and_nothing_else() -> None:
    """EKS Auto Mode has an IngressClassParams of its own; neither is a duplicate of the other."""
    snapshot = read(PARAMETERS).snapshot

    assert snapshot.parameters[LBC].spec == {
        "scheme": "internal",
        "subnets": {"tags": {"tier": ["public"]}},
    }
    assert snapshot.parameters[AUTO_MODE].spec == {"scheme": "internet-facing"}
    assert snapshot.diagnostics == ()
    assert "IngressClassParams edge" in snapshot.sources


def test_only_the_two_groups_are_read() -> None:
    """A kind of the same name elsewhere is somebody else's business."""
    assert manifest_kind("elbv2.k8s.aws/v1beta1", "IngressClassParams") is CLOUD_KINDS[0]
    assert manifest_kind("eks.amazonaws.com/v1", "IngressClassParams") is CLOUD_KINDS[1]
    assert manifest_kind("example.com/v1", "IngressClassParams") is None


def test_a_mistake_in_parameters_names_the_object_as_people_do() -> None:
    """The name that tells the two kinds apart is ours alone."""
    [finding] = read(
        PARAMETERS.replace("spec: {scheme: internet-facing}", "spec: 7")
    ).snapshot.diagnostics

    assert finding.subject == "IngressClassParams edge"
    assert finding.field == "spec"


def test_a_namespace_is_its_labels_with_the_one_that_the_server_adds() -> None:
    """Selectors by kubernetes.io/metadata.name work for files, too."""
    found = read(NAMESPACES).snapshot.namespaces["shop"]

    assert found.labels == {"team": "shop", "kubernetes.io/metadata.name": "shop"}
    assert found.annotations == {}


def test_a_namespace_may_be_given_many_times() -> None:
    """Each part of an application likes to bring it along; nothing needs to be said."""
    assert read(f"{NAMESPACES}---\n{NAMESPACES}").snapshot.diagnostics == ()


def test_tenants_are_read_with_their_selectors() -> None:
    """Every field of the policy, and the difference between no list and an empty one."""
    tenants = [
        {
            "namespaces": ["a", "b"],
            "namespaceSelector": {
                "matchLabels": {"team": "x"},
                "matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}],
            },
            "groups": ["edge"],
            "hosts": ["example.com"],
            "governs": ["edge"],
        }
    ]

    def classes(spec: dict[str, object]) -> LoadBalancerClass:
        raw = {"metadata": {"name": "shared"}, "spec": spec}
        found = decode("LoadBalancerClass", raw).object
        assert isinstance(found, LoadBalancerClass)
        return found

    expected = Tenant(
        namespaces=("a", "b"),
        selector=LabelSelector(
            match_labels={"team": "x"},
            requirements=(LabelRequirement(key="env", operator="In", values=("prod",)),),
        ),
        groups=("edge",),
        hosts=("example.com",),
        governs=("edge",),
    )
    assert classes({"tenants": tenants}).tenants == (expected,)
    assert classes({"tenants": []}).tenants == ()
    assert classes({}).tenants is None


def test_a_binding_keeps_target_group_and_service_port() -> None:
    """The port may be written as a name or as a number."""
    by_name = read(BINDING).snapshot.bindings[Key("default", "k8s-shop-web")]
    by_number = read(BINDING.replace("port: http", "port: 80")).snapshot.bindings

    assert by_name.target_group_arn.endswith("targetgroup/k8s-shop-web/1")
    assert (by_name.target_type, by_name.service) == ("ip", "web")
    assert by_name.port == PortRef(name="http")
    assert by_name.meta.labels == {"ingress.k8s.aws/stack": "edge"}
    assert by_number[Key("default", "k8s-shop-web")].port == PortRef(number=80)


def test_a_secret_is_read_as_the_server_would_store_it() -> None:
    """``data`` is base64, line breaks included; ``stringData`` is plain and wins."""
    folded = base64.encodebytes(b"x" * 100).decode().strip().replace("\n", "\\n")
    text = secret(
        type="Opaque",
        data=f'{{a: {base64.b64encode(b"old").decode()}, b: "{folded}"}}',
        stringData="{a: new}",
    )

    found = read(text).snapshot.secrets[TOP_SECRET]

    assert found.data == {"a": b"new", "b": b"x" * 100}
    assert found.type == "Opaque"


@pytest.mark.parametrize(
    "text",
    [
        secret(data=f'{{password: "{PASSWORD}!"}}'),
        secret(stringData=f'{{password: ["{PASSWORD}"]}}'),
        secret(stringData=f'{{password: "{PASSWORD}", password: "{PASSWORD}"}}'),
        secret(stringData=f'{{password: "{PASSWORD}"}}') * 2,
        secret(stringData=f'{{password: "{PASSWORD}"') + "\n  - ]",
        secret(stringData=f'"{PASSWORD}"'),
        secret(stringData=f'{{password: "{PASSWORD}"}}').replace("name: oidc", "name: Bad_Name"),
        secret(stringData=f'{{password: !vault "{PASSWORD}"}}'),
    ],
    ids=["not base64", "a list", "twice", "two", "malformed", "no map", "bad name", "a tag"],
)
def test_no_mistake_in_a_secret_shows_its_content(text: str) -> None:
    """Neither diagnostics nor sources nor what the plan records of its inputs."""
    found = read(text)

    assert found.snapshot.diagnostics
    shown = (found.snapshot.diagnostics, found.snapshot.sources, found.inputs, found.snapshot)
    assert PASSWORD not in repr(shown)


def test_a_secret_that_is_encrypted_in_git_blocks_nobody() -> None:
    """As long as no Ingress names it, it is a warning that names the entry."""
    [finding] = read(
        secret(data="{token: 'ENC[AES256_GCM,data:abc=]', b: eA==}")
    ).snapshot.diagnostics

    assert (finding.code, finding.blocking) == ("SECRET-ENCODING", False)
    assert (finding.subject, finding.field) == ("Secret shop/oidc", "data[token]")
    assert "AES256" not in repr(finding)


def test_a_secret_never_shows_in_a_text_made_of_it() -> None:
    """Not even in a debugging session."""
    raw = b'{"metadata": {"namespace": "shop", "name": "oidc"}, "data": {"p": "aHVudGVyMg=="}}'

    found = decode_json("Secret", raw).object

    assert isinstance(found, Secret)
    assert found.data == {"p": b"hunter2"}
    assert "hunter2" not in repr(found)


# -- files and cluster together ---------------------------------------------------------------


def test_files_win_over_the_cluster_for_the_new_kinds_too() -> None:
    """Parameters, Namespaces, Secrets and bindings: what a file says is what would be."""
    filed = read(
        PARAMETERS + "---\n" + NAMESPACES + "---\n" + secret(stringData="{a: new}")
    ).snapshot
    files = replace(filed, ingresses=a_snapshot(an_ingress()).ingresses)
    older = [
        PARAMETERS.replace("scheme: internal,", "scheme: x,"),
        NAMESPACES.replace("team: shop", "team: other"),
        secret(stringData="{a: old}"),
        BINDING,
    ]
    stored = read("---\n".join(older)).snapshot
    cluster = replace(stored, live=True, complete=True)

    for together in (resolve(files, cluster), overlay(files, cluster)):
        assert together.parameters[LBC].spec["scheme"] == "internal"
        assert together.namespaces["shop"].labels["team"] == "shop"
        assert together.secrets[TOP_SECRET].data == {"a": b"new"}
    assert Key("default", "k8s-shop-web") in overlay(files, cluster).bindings
    assert resolve(files, cluster).bindings == {}  # another namespace than the files'


def test_owned_parameters_that_no_file_has_are_removed() -> None:
    """``--owned-by`` is kubectl apply --prune, for class parameters as well."""
    stored = read(PARAMETERS.replace("{name: edge}", "{name: edge, labels: {app: x}}")).snapshot
    files = read(PARAMETERS.partition("---")[0]).snapshot

    together = overlay(files, replace(stored, live=True), owned_by=parse_selector("app=x"))

    assert set(together.parameters) == {LBC}


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (a_snapshot(a_load_balancer_class()), False),
        (a_snapshot(a_load_balancer_class(tenants=[Tenant(namespaces=("a",))])), False),
        (a_snapshot(a_load_balancer_class(tenants=[Tenant(selector=LabelSelector())])), True),
        (read(PARAMETERS).snapshot, False),
        (read(PARAMETERS.replace("scheme: internal", "namespaceSelector: {}")).snapshot, True),
    ],
)
def test_namespaces_are_needed_where_a_selector_asks_for_them(
    snapshot: Snapshot,
    expected: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """Whoever may not list them is otherwise not troubled by that."""
    assert selects_namespaces(snapshot) is expected


# -- from a cluster ---------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster."""
    with ClusterServer() as server:
        server.apply(PARAMETERS)
        server.apply(BINDING)
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


def test_parameters_of_both_controllers_are_read_live(client: KubeClient) -> None:
    """Group and kind tell them apart; what nobody needs is not listed."""
    snapshot = live.read_snapshot(client, more=cloud_kinds(aws))

    assert set(snapshot.parameters) == {LBC, AUTO_MODE}
    assert snapshot.namespaces == {}
    assert snapshot.bindings == {}
    assert snapshot.diagnostics == ()


def test_namespaces_are_listed_only_where_a_selector_asks(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """In the cluster's class objects, or in those of files that are laid over it."""
    files = read(SELECTING).snapshot
    live.read_snapshot(client)
    unasked = cluster.requests.count("list", "Namespace")
    beside = live.read_snapshot(client, beside=files)
    cluster.apply(SELECTING)
    within = live.read_snapshot(client)

    assert unasked == 0
    assert "kube-system" in beside.namespaces
    assert within.namespaces["kube-system"].labels["kubernetes.io/metadata.name"] == "kube-system"


def test_bindings_are_read_on_request(client: KubeClient) -> None:
    """Only a take-over needs them."""
    snapshot = live.read_snapshot(client, more=(TARGET_GROUP_BINDING,))

    assert set(snapshot.bindings) == {Key("default", "k8s-shop-web")}


@pytest.mark.parametrize("info", CLOUD_KINDS)
def test_a_forbidden_kind_that_is_not_installed_is_absent(
    client: KubeClient, cluster: ClusterServer, info: KindInfo
) -> None:
    """Nobody grants rights to what is not there; discovery tells the difference."""
    cluster.faults.forbid(info.resource)
    withheld = live.read_snapshot(client, more=(info,))
    cluster.faults.hide(info.resource)

    snapshot = live.read_snapshot(client, more=(info,))

    assert withheld.unknown_kinds == {info.kind}
    assert withheld.diagnostics[0].subject == f"kind {info.api_kind}"
    assert snapshot.unknown_kinds == frozenset()
    assert snapshot.diagnostics == ()


def test_namespaces_that_may_not_be_listed_are_unknown(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """A core kind is never absent; whoever selects by labels then blocks, and says so."""
    cluster.apply(SELECTING)
    cluster.faults.forbid(NAMESPACE.kind)

    snapshot = live.read_snapshot(client)

    assert snapshot.unknown_kinds == {"Namespace"}
    assert snapshot.namespaces == {}


def test_a_builders_namespace_is_what_decoding_makes() -> None:
    """The builders of other tests stand on the same ground."""
    raw = {"metadata": {"name": "shop", "labels": {"team": "shop"}}}

    assert decode("Namespace", raw).object == a_namespace("shop", team="shop")
