"""BackendConfig, FrontendConfig, ManagedCertificate and readiness probes: from files and live."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from providers.aws import provider as aws
from providers.gcp import provider as gcp
from provisioner.kube import live
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.decode import decode
from provisioner.kube.kinds import OBJECT_KINDS, cloud_kinds, watched_kinds
from provisioner.kube.manifests import read_manifests
from provisioner.kube.overlay import overlay, resolve
from provisioner.kube.selectors import parse_selector
from provisioner.model.kube import Key, Workload
from provisioner.model.probe import Probe
from provisioner.model.snapshot import Snapshot
from provisioner.sandbox.cluster.server import ClusterServer
from tests.factories import a_config, a_service, a_snapshot, an_ingress

OBJECTS = """\
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: bc, namespace: shop}
spec: {timeoutSec: 40, cdn: {enabled: true}}
---
apiVersion: networking.gke.io/v1beta1
kind: FrontendConfig
metadata: {name: fc, namespace: shop}
spec: {sslPolicy: modern}
---
apiVersion: networking.gke.io/v1
kind: ManagedCertificate
metadata: {name: mc, namespace: shop, labels: {team: shop}}
spec: {domains: [a.example.com]}
"""
KEYS = {
    ("BackendConfig", Key("shop", "bc")),
    ("FrontendConfig", Key("shop", "fc")),
    ("ManagedCertificate", Key("shop", "mc")),
}
MC = ("ManagedCertificate", Key("shop", "mc"))


def read(text: str) -> Snapshot:
    """Return what this text on standard input says."""
    return read_manifests(["-"], stdin=io.BytesIO(text.encode())).snapshot


def test_files_hold_objects_of_settings_by_kind_and_key() -> None:
    """Their specs stay plain, for the provider to read."""
    snapshot = read(OBJECTS)

    assert set(snapshot.objects) == KEYS
    assert snapshot.objects["BackendConfig", Key("shop", "bc")].spec == {
        "timeoutSec": 40,
        "cdn": {"enabled": True},
    }
    assert snapshot.parameters == {}
    assert "BackendConfig shop/bc" in snapshot.sources


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_older_versions_of_a_kind_are_the_same_kind(version: str) -> None:
    """BackendConfig cloud.google.com/v1beta1 is still in many repositories."""
    text = OBJECTS.replace("cloud.google.com/v1\n", f"cloud.google.com/{version}\n")

    assert set(read(text).objects) == KEYS


def test_kinds_of_the_same_name_in_other_groups_are_passed_over() -> None:
    """Group and kind decide together."""
    text = OBJECTS.replace("cloud.google.com/v1\n", "example.com/v1\n")

    assert set(read(text).objects) == {key for key in KEYS if key[0] != "BackendConfig"}


def test_each_cloud_reads_its_own_kinds_and_no_others() -> None:
    """A controller on AWS must not ask for what only Google has, nor the other way round."""
    assert set(cloud_kinds(gcp)) == set(OBJECT_KINDS)
    assert not set(cloud_kinds(aws)) & set(OBJECT_KINDS)
    assert (
        not set(watched_kinds(aws))
        & set(watched_kinds(gcp))
        & {
            *cloud_kinds(aws),
            *cloud_kinds(gcp),
        }
    )


def test_files_over_a_cluster_keep_the_status_of_what_they_change() -> None:
    """Which certificate a ManagedCertificate became is what only the cluster can say."""
    status = {"certificateName": "mcrt-1"}
    present = a_config("ManagedCertificate", "shop/mc", {"domains": ["old"]}, status=status)
    cluster = a_snapshot(present, an_ingress("shop/web"), a_service("shop/web"), live=True)
    files = read(OBJECTS)

    laid = overlay(files, cluster)

    assert laid.objects[MC].spec == {"domains": ["a.example.com"]}
    assert laid.objects[MC].status == status


def test_files_are_completed_by_the_objects_of_their_namespaces() -> None:
    """An Ingress in a file may name a BackendConfig that only the cluster has."""
    cluster = a_snapshot(
        a_config("BackendConfig", "shop/theirs"), a_config("BackendConfig", "books/far"), live=True
    )

    resolved = resolve(a_snapshot(an_ingress("shop/web")), cluster)

    assert set(resolved.objects) == {("BackendConfig", Key("shop", "theirs"))}


def test_what_the_files_of_an_owner_no_longer_contain_is_gone() -> None:
    """As ``kubectl apply --prune`` would have it; others stay."""
    cluster = read(OBJECTS)

    laid = overlay(a_snapshot(), cluster, owned_by=parse_selector("team=shop"))

    assert set(laid.objects) == KEYS - {MC}


# -- from a cluster ---------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster that holds them."""
    with ClusterServer() as server:
        server.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
        server.apply(OBJECTS)
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


def test_a_cluster_is_asked_for_the_kinds_of_one_cloud(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Nobody lists what nobody reads."""
    on_aws = live.read_snapshot(client, more=cloud_kinds(aws))
    asked = [cluster.requests.count("list", info.api_kind) for info in OBJECT_KINDS]

    on_google = live.read_snapshot(client, more=cloud_kinds(gcp))

    assert asked == [0, 0, 0]
    assert on_aws.objects == {}
    assert set(on_google.objects) == KEYS


def test_identifiers_that_the_incumbent_keeps_are_read_from_its_config_map(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """GKE names its resources by ``uid`` in ConfigMap kube-system/ingress-uid.

    The firewall rule goes by ``provider-uid`` there.
    """
    before = live.config_map_texts(client, "ingress-uid")
    cluster.apply(
        "apiVersion: v1\nkind: ConfigMap\n"
        "metadata: {name: ingress-uid, namespace: kube-system}\n"
        'data: {provider-uid: "fw1", uid: "0123456789abcdef"}\n'
    )

    assert before == {}
    assert live.config_map_texts(client, "ingress-uid") == {
        "provider-uid": "fw1",
        "uid": "0123456789abcdef",
    }


def test_nodes_tell_their_machines(client: KubeClient, cluster: ClusterServer) -> None:
    """By which the cloud, the project and the region can be told."""
    cluster.apply(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n"
        "spec: {providerID: gce://p/europe-west1-b/n1}\n"
    )

    assert "gce://p/europe-west1-b/n1" in live.some_machines(client)


# -- readiness probes -------------------------------------------------------------------------


def a_deployment(*containers: Mapping[str, object], **pod: object) -> Workload:
    """Return a Deployment whose pods have these containers."""
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [*containers], **pod},
    }
    raw = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": template}}
    decoded = decode("Deployment", raw)
    assert decoded.problems == ()
    assert isinstance(decoded.object, Workload)
    return decoded.object


def test_a_probe_is_read_with_the_ports_of_its_container_and_the_servers_defaults() -> None:
    """What a manifest leaves out has the default of the API (Kubernetes API reference, Probe)."""
    ports = [{"name": "http", "containerPort": 8080}, {"containerPort": 9090}]
    probe = {"httpGet": {"port": "http"}}

    found = a_deployment({"ports": ports, "readinessProbe": probe})

    assert found.probes == (
        Probe(
            ports=(("http", 8080), ("", 9090)),
            port="http",
            path="/",
            scheme="HTTP",
            period_seconds=10,
            timeout_seconds=1,
            success_threshold=1,
            failure_threshold=3,
        ),
    )


def test_everything_that_a_probe_says_is_read() -> None:
    """Path, host, headers, scheme and times."""
    ask = {
        "path": "/ready",
        "port": 8443,
        "host": "other.example.com",
        "scheme": "HTTPS",
        "httpHeaders": [{"name": "Host", "value": "a.example.com"}],
    }
    times = {
        "periodSeconds": 7,
        "timeoutSeconds": 4,
        "successThreshold": 2,
        "failureThreshold": 5,
    }

    [probe] = a_deployment({"readinessProbe": {"httpGet": ask, **times}}).probes

    assert (probe.path, probe.port, probe.scheme) == ("/ready", 8443, "HTTPS")
    assert (probe.host, probe.headers) == ("other.example.com", (("Host", "a.example.com"),))
    assert (probe.period_seconds, probe.timeout_seconds) == (7, 4)
    assert (probe.success_threshold, probe.failure_threshold) == (2, 5)


def test_probes_that_do_not_ask_over_http_are_left_out() -> None:
    """A load balancer of layer 7 cannot ask them; neither can one be asked that only starts."""
    tcp = {"readinessProbe": {"tcpSocket": {"port": 80}}}
    command = {"readinessProbe": {"exec": {"command": ["true"]}}}
    http = {"readinessProbe": {"httpGet": {"port": 80}}}

    found = a_deployment(
        tcp, command, {}, initContainers=[http, {**http, "restartPolicy": "Always"}]
    )

    assert len(found.probes) == 1


def test_a_probe_of_the_wrong_type_is_told_and_costs_its_workload_alone() -> None:
    """As every other shape that the API server would refuse."""
    container = {"readinessProbe": {"httpGet": {"port": ["80"]}}}
    raw = {
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }

    [problem] = decode("Deployment", raw).problems

    assert problem.subject == "Deployment shop/web"
    assert "readinessProbe.httpGet.port" in problem.field
