"""Reading a cluster: complete, in pages, and honest about what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.kube import errors, live
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.kinds import INGRESS, LOAD_BALANCER_CLASS, SERVICE
from provisioner.kube.requests import Timeouts
from provisioner.model.diagnostic import Severity
from provisioner.model.kube import Ingress, Key
from provisioner.sandbox.cluster.server import ClusterServer

MANIFESTS = """\
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress-provisioner.io/aws}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: alb
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
---
apiVersion: ingress-provisioner.io/v1alpha1
kind: LoadBalancerClass
metadata: {name: edge}
spec: {provider: aws, ingressClasses: [alb]}
"""
WEB = Key("default", "web")


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster with one application in it."""
    with ClusterServer() as server:
        server.apply(MANIFESTS)
        server.add_node("n1")
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


def test_a_snapshot_holds_the_whole_cluster(client: KubeClient) -> None:
    """Every kind that planning reads is there, with what the server allocated."""
    snapshot = live.read_snapshot(client)

    assert (snapshot.live, snapshot.complete) == (True, True)
    assert snapshot.ingresses[WEB].meta.uid
    assert snapshot.services[WEB].ports[0].node_port >= 30000
    assert snapshot.slices[WEB][0].endpoints[0].addresses == ("10.0.0.1",)
    assert set(snapshot.classes) == {"alb"}
    assert set(snapshot.load_balancer_classes) == {"edge"}
    assert set(snapshot.nodes) == {"n1"}
    assert [w.replicas for w in snapshot.workloads] == [3]
    assert snapshot.diagnostics == ()
    assert snapshot.unknown_kinds == frozenset()


def many_services(cluster: ClusterServer, count: int) -> None:
    """Create Services beside the one that is there."""
    for number in range(count):
        cluster.create(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"},
             "spec": {"ports": [{"port": 80}]}}
        )  # fmt: skip


def test_lists_are_read_to_their_last_page(client: KubeClient, cluster: ClusterServer) -> None:
    """A list longer than a page is read whole, objects and keys alike."""
    many_services(cluster, live.PAGE + 10)

    snapshot = live.read_snapshot(client)
    keys = live.list_keys(client, SERVICE)

    assert len(keys) >= live.PAGE + 11
    assert {key: s.meta.uid for key, s in snapshot.services.items()} == keys


def test_a_list_that_expires_is_begun_anew(client: KubeClient, cluster: ClusterServer) -> None:
    """410 in the middle of a list: half a list is never taken for the whole."""
    cluster.faults.fail_next(1, kind="Service", verb="list", status=410)

    assert WEB in live.list_keys(client, SERVICE)


def test_a_list_that_always_expires_fails(client: KubeClient, cluster: ClusterServer) -> None:
    """Patience ends, and then nothing may be concluded."""
    cluster.faults.fail_next(live.RESTARTS, kind="Service", verb="list", status=410)

    with pytest.raises(errors.Gone):
        live.list_keys(client, SERVICE)


@pytest.mark.parametrize("kind", ["Service", "Ingress", "EndpointSlice", "Node", "IngressClass"])
def test_a_forbidden_kind_is_unknown_and_not_empty(
    client: KubeClient, cluster: ClusterServer, kind: str
) -> None:
    """A mandatory kind without permission blocks, names the verb, and hides no other kind."""
    cluster.faults.forbid(kind)

    snapshot = live.read_snapshot(client)

    (finding,) = snapshot.diagnostics
    assert snapshot.unknown_kinds == {kind}
    assert finding.code == "CLUSTER-KIND-FORBIDDEN"
    assert finding.subject == f"kind {kind}"
    assert (finding.severity, finding.blocking) == (Severity.ERROR, True)
    assert "'list'" in finding.hint
    assert len(snapshot.workloads) == 1


def test_an_optional_kind_may_be_withheld(client: KubeClient, cluster: ClusterServer) -> None:
    """It is unknown with a warning; planning goes on with what there is."""
    cluster.faults.forbid("LoadBalancerClass")

    snapshot = live.read_snapshot(client)

    (finding,) = snapshot.diagnostics
    assert snapshot.unknown_kinds == {"LoadBalancerClass"}
    assert (finding.severity, finding.blocking) == (Severity.WARNING, False)


def test_a_kind_that_is_not_installed_is_simply_absent(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Without the CRD there are no LoadBalancerClasses, and that is known."""
    cluster.faults.hide("LoadBalancerClass")

    snapshot = live.read_snapshot(client)

    assert snapshot.unknown_kinds == frozenset()
    assert snapshot.load_balancer_classes == {}
    assert snapshot.diagnostics == ()


def test_a_kind_that_hiccups_is_unknown(client: KubeClient, cluster: ClusterServer) -> None:
    """A 404 for a kind that discovery still names is a fault, not an absence."""
    cluster.faults.fail_next(1, kind=LOAD_BALANCER_CLASS.resource, verb="list", status=404)

    assert live.read_snapshot(client).unknown_kinds == {"LoadBalancerClass"}


def test_a_mandatory_kind_that_is_missing_is_unknown(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """No cluster lacks EndpointSlices for good: 404 there means that something is wrong."""
    cluster.faults.hide("EndpointSlice")

    assert live.read_snapshot(client).unknown_kinds == {"EndpointSlice"}


def test_a_server_that_does_not_answer_is_an_error(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Then there is no snapshot at all, rather than one in which all is unknown."""
    cluster.faults.hang(1.0)

    with pytest.raises(errors.Unreachable):
        live.read_snapshot(client.with_timeouts(Timeouts(connect=0.2, read=0.2)))


def test_credentials_that_are_refused_are_an_error(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """401 concerns every kind, so it is said once and at once."""
    cluster.faults.fail_next(1, status=401)

    with pytest.raises(errors.Unauthorized):
        live.read_snapshot(client)


def test_one_object_can_be_read(client: KubeClient) -> None:
    """A reconcile re-reads what it is about."""
    found = live.read_one(client, INGRESS, WEB).object

    assert isinstance(found, Ingress)
    assert found.class_name == "alb"


def test_the_cluster_is_told_by_its_uid(tmp_path: Path) -> None:
    """Two clusters of one name differ in the uid of kube-system (LBC#2501)."""
    with ClusterServer(kube_system_uid="1f2e") as server:
        opened = connect(kubeconfig=str(server.kubeconfig(tmp_path / "config")))

        assert live.kube_system_uid(opened) == "1f2e"
        opened.close()
