"""Which cloud, where and who we are: what flags say, else what the objects at hand tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.cli.clouds import open_cloud
from provisioner.cli.options import Request
from provisioner.kube.client import KubeClient, connect
from provisioner.model.errors import ConfigError
from provisioner.model.snapshot import Snapshot
from provisioner.sandbox.cluster.server import ClusterServer
from tests.factories import a_node, a_service, a_snapshot, an_ingress, an_ingress_class

ANNOTATED = "kubernetes.io/ingress.class"
NAMED = Request(cluster_name="test")


def cloud_of(files: Snapshot, request: Request = NAMED) -> str:
    """Return the name of the cloud that files speak of."""
    return open_cloud(request, None, files=files).provider.name


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster."""
    with ClusterServer() as server:
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("files", "cloud"),
    [
        (a_snapshot(an_ingress(class_name="alb")), "aws"),
        (a_snapshot(an_ingress(class_name="gce")), "gcp"),
        (a_snapshot(an_ingress(class_name=None, annotations={ANNOTATED: "gce-internal"})), "gcp"),
        (a_snapshot(an_ingress(class_name=None, annotations={ANNOTATED: "alb"})), "aws"),
        (a_snapshot(an_ingress_class("x", controller="ingress-provisioner.io/gcp")), "gcp"),
        (a_snapshot(an_ingress(class_name="x", annotations={"scheme": "internal"})), "aws"),
        (a_snapshot(a_service(annotations={"cloud.google.com/neg": "{}"})), "gcp"),
        (a_snapshot(a_node(provider_id="gce://p/europe-west1-b/n")), "gcp"),
        (a_snapshot(a_node()), "aws"),
    ],
)
def test_files_tell_the_cloud_by_classes_annotations_or_nodes(files: Snapshot, cloud: str) -> None:
    """Most people have one cloud and should not have to say which."""
    assert cloud_of(files) == cloud


def test_a_flag_counts_before_everything_that_files_say() -> None:
    """Manifests keep class names when they move."""
    files = a_snapshot(an_ingress(class_name="alb"))

    assert cloud_of(files, Request(cluster_name="test", provider="gcp")) == "gcp"


def test_classes_tell_more_than_annotations() -> None:
    """Annotations of another cloud are left behind by moves; the class says who serves."""
    files = a_snapshot(
        an_ingress(class_name="alb"), a_service(annotations={"cloud.google.com/neg": "{}"})
    )

    assert cloud_of(files) == "aws"


def test_nodes_decide_where_annotations_of_two_clouds_are_mixed() -> None:
    """Charts often carry the annotations of every cloud."""
    both = {"scheme": "internal", "cloud.google.com/neg": "{}"}

    assert cloud_of(a_snapshot(a_service(annotations=both), a_node())) == "aws"


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (a_snapshot(an_ingress(class_name="edge")), "installed providers: aws, gcp"),
        (
            a_snapshot(an_ingress("a/a", class_name="alb"), an_ingress("a/b", class_name="gce")),
            "speak of aws, gcp",
        ),
        (
            a_snapshot(
                an_ingress("a/a", class_name="alb", annotations={"scheme": "internal"}),
                an_ingress("a/b", class_name="gce"),
            ),
            "speak of aws, gcp",
        ),
    ],
)
def test_where_nothing_tells_or_two_clouds_are_meant_nobody_guesses(
    files: Snapshot, names: str
) -> None:
    """A wrong guess would plan a whole load balancer in the wrong place."""
    with pytest.raises(ConfigError, match="which cloud") as found:
        cloud_of(files)

    assert names in str(found.value)
    assert found.value.hint == "name one with --provider"


def test_the_nodes_of_a_cluster_tell_cloud_project_and_region(
    cluster: ClusterServer, client: KubeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``gce://<project>/<zone>/<instance>``: whoever has the kubeconfig need say nothing."""
    for name in ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT", "CLOUDSDK_COMPUTE_REGION"):
        monkeypatch.delenv(name, raising=False)
    cluster.apply(
        "apiVersion: v1\nkind: Node\nmetadata: {name: g1}\n"
        "spec: {providerID: gce://my-project/europe-west1-b/g1}\n"
    )

    found = open_cloud(Request(cluster_name="test"), client)

    assert found.provider.name == "gcp"
    assert (found.target.project, found.target.region) == ("my-project", "europe-west1")


def test_flags_say_project_and_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """They count before the environment."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "other")
    request = Request(cluster_name="test", provider="gcp", project="mine", region="us-east1")

    target = open_cloud(request, None).target

    assert (target.project, target.region) == ("mine", "us-east1")


def an_uid_map(uid: str) -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\n"
        f'metadata: {{name: ingress-uid, namespace: kube-system}}\ndata: {{uid: "{uid}"}}\n'
    )


def test_the_cluster_says_by_which_identifier_gke_names_things(
    cluster: ClusterServer, client: KubeClient
) -> None:
    """ConfigMap kube-system/ingress-uid; on AWS nobody asks for it."""
    cluster.apply(an_uid_map("0123456789abcdef"))
    google = open_cloud(Request(cluster_name="test", provider="gcp"), client)
    asked = cluster.requests.count("get", "ConfigMap")

    amazon = open_cloud(Request(cluster_name="test", provider="aws"), client)

    assert google.settings.identity.ingress_uid == "0123456789abcdef"
    assert amazon.settings.identity.ingress_uid == ""
    assert cluster.requests.count("get", "ConfigMap") == asked == 1


def test_without_a_cluster_a_flag_or_the_account_file_says_it(tmp_path: Path) -> None:
    """A plan from files must name what exists."""
    account = tmp_path / "account.yaml"
    account.write_text(
        "provider: gcp\nclusterName: test\nkubeSystemUid: k\ningressUid: from-file\n"
    )

    by_file = open_cloud(Request(account=str(account)), None).settings.identity
    by_flag = open_cloud(
        Request(account=str(account), ingress_uid="from-flag"), None
    ).settings.identity

    assert (by_file.cluster_uid, by_file.ingress_uid) == ("k", "from-file")
    assert by_flag.ingress_uid == "from-flag"


def test_an_identifier_that_is_another_clusters_is_refused(
    cluster: ClusterServer, client: KubeClient
) -> None:
    """The wrong one would take a neighbour's resources for our own cluster's."""
    cluster.apply(an_uid_map("0123456789abcdef"))
    request = Request(cluster_name="test", provider="gcp", ingress_uid="other")

    with pytest.raises(ConfigError, match="--ingress-uid says other, but the cluster has 01234"):
        open_cloud(request, client)
