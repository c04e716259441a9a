"""The kubectl of this machine against the server: what a user of the demo types."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.sandbox.cluster.documents import dig, parts, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.manifests import a_config_map, a_service, a_workload, an_ingress

KUBECTL = shutil.which("kubectl")

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")

Kubectl = Callable[..., str]

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {alb.ingress.kubernetes.io/scheme: internal}}
spec:
  ingressClassName: alb
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
"""


@pytest.fixture
def kubectl(cluster: ClusterServer, tmp_path: Path) -> Kubectl:
    """Run kubectl on the cluster; fails unless the exit code is the expected one."""
    config = cluster.kubeconfig(tmp_path / "kubeconfig")

    def run(*arguments: str, stdin: str = "", code: int = 0) -> str:
        command = ["kubectl", "--kubeconfig", str(config), "--cache-dir", str(tmp_path / "cache")]
        done = subprocess.run(
            [*command, *arguments],
            input=stdin, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return run


def test_apply_with_validation(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Created, then unchanged, then configured: with kubectl's validation switched on."""
    first = kubectl("apply", "-f", "-", stdin=MANIFEST)
    second = kubectl("apply", "-f", "-", stdin=MANIFEST)
    third = kubectl("apply", "-f", "-", stdin=MANIFEST.replace("port: 80,", "port: 81,"))

    assert first.split("\n")[:2] == ["service/web created", "ingress.networking.k8s.io/web created"]
    assert second.count("unchanged") == 2
    assert "service/web configured" in third
    ports = dig(cluster.get("Service", "web"), "spec", "ports")
    assert isinstance(ports, list)
    assert [port["port"] for port in ports] == [81]


def test_apply_refuses_a_misspelt_field(kubectl: Kubectl) -> None:
    """The server validates strictly, kubectl shows what it says."""
    told = kubectl(
        "apply", "-f", "-", stdin=MANIFEST.replace("ingressClassName", "ingressClass"), code=1
    )

    assert 'unknown field "spec.ingressClass"' in told


def test_apply_shows_what_is_invalid(kubectl: Kubectl) -> None:
    """The causes of a 422 reach the user."""
    told = kubectl("apply", "-f", "-", stdin=MANIFEST.replace("Prefix", "Regex"), code=1)

    assert "spec.rules[0].http.paths[0].pathType: Unsupported value" in told


def test_server_side_apply(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """The --server-side flag of kubectl apply."""
    told = kubectl("apply", "--server-side", "-f", "-", stdin=MANIFEST)

    assert "serverside-applied" in told
    assert cluster.get("Ingress", "web") is not None


def test_get_shows_columns(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Tables with the columns that people know."""
    cluster.create(an_ingress(host="shop.example.com"))
    status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}
    cluster.patch("Ingress", "web", {"status": status}, subresource="status")

    head, row = (line.split() for line in kubectl("get", "ingress").splitlines())

    assert head == ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"]
    assert row[:5] == ["web", "alb", "shop.example.com", "lb.example.com", "80"]


def test_get_by_short_name_label_and_output(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Short names, selectors, names and JSON."""
    cluster.create(a_config_map("a", labels={"tier": "web"}))
    cluster.create(a_config_map("b"))

    assert kubectl("get", "cm", "-l", "tier=web", "-o", "name").split() == ["configmap/a"]
    shown = json.loads(kubectl("get", "cm", "a", "-o", "json"))
    assert text(shown, "kind") == "ConfigMap"
    assert kubectl("get", "cm", "--chunk-size=1", "-o", "name").split() == [
        "configmap/a",
        "configmap/b",
    ]


def test_get_custom_kinds(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """The overview of the product: kubectl get loadbalancers."""
    cluster.create(
        {
            "apiVersion": "ingress-provisioner.io/v1alpha1",
            "kind": "LoadBalancer",
            "metadata": {"name": "shop"},
        }
    )

    assert kubectl("get", "loadbalancers").split()[:4] == [
        "NAME", "ADDRESS", "MODE", "PROGRAMMED",
    ]  # fmt: skip


def test_create_replace_patch_label_annotate_delete(
    cluster: ClusterServer, kubectl: Kubectl
) -> None:
    """The imperative commands."""
    kubectl("create", "configmap", "one", "--from-literal=a=1")
    kubectl("label", "configmap", "one", "tier=web")
    kubectl("annotate", "configmap", "one", "note=hello")
    kubectl("patch", "configmap", "one", "-p", '{"data":{"b":"2"}}')
    patched = cluster.get("ConfigMap", "one")
    kubectl("replace", "-f", "-", stdin=json.dumps(a_config_map("one", data={"c": "3"})))
    replaced = cluster.get("ConfigMap", "one")
    kubectl("delete", "configmap", "one")

    assert dig(patched, "data") == {"a": "1", "b": "2"}
    assert dig(patched, "metadata", "labels") == {"tier": "web"}
    assert dig(patched, "metadata", "annotations") == {"note": "hello"}
    assert dig(replaced, "data") == {"c": "3"}
    assert cluster.get("ConfigMap", "one") is None


def test_create_commands_that_speak_protobuf(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Typed create commands send protobuf and nothing else; what they say arrives."""
    kubectl("create", "secret", "generic", "s", "--from-literal=a=1")
    kubectl("create", "service", "nodeport", "web", "--tcp=80:http")
    kubectl("create", "deployment", "web", "--image=web:1", "--replicas=3", "--port=8080")
    kubectl("create", "ingress", "web", "--class=alb", "--rule=shop.example.com/api*=web:http")

    secret, service = cluster.get("Secret", "s"), cluster.get("Service", "web")
    deployment, ingress = cluster.get("Deployment", "web"), cluster.get("Ingress", "web")
    assert dig(secret, "data") == {"a": "MQ=="}
    port = parts(service, "spec", "ports")[0]
    assert (port["port"], port["targetPort"], dig(service, "spec", "type")) == (
        80, "http", "NodePort",
    )  # fmt: skip
    container = parts(deployment, "spec", "template", "spec", "containers")[0]
    assert (dig(deployment, "spec", "replicas"), container["image"]) == (3, "web:1")
    assert parts(container, "ports")[0]["containerPort"] == 8080
    rule = parts(ingress, "spec", "rules")[0]
    (path,) = parts(rule, "http", "paths")
    assert (rule["host"], path["path"], path["pathType"]) == (
        "shop.example.com", "/api", "Prefix",
    )  # fmt: skip
    assert dig(path, "backend", "service") == {"name": "web", "port": {"name": "http"}}


def test_patch_types(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Strategic by default, JSON and merge on request."""
    cluster.create(a_service(ports=[{"name": "a", "port": 80}]))

    kubectl("patch", "service", "web", "-p", '{"spec":{"ports":[{"name":"b","port":81}]}}')
    strategic = dig(cluster.get("Service", "web"), "spec", "ports")
    kubectl(
        "patch", "service", "web", "--type=json",
        "-p", '[{"op":"remove","path":"/spec/ports/0"}]',
    )  # fmt: skip
    after = dig(cluster.get("Service", "web"), "spec", "ports")

    assert isinstance(strategic, list)
    assert isinstance(after, list)
    assert [one["name"] for one in strategic] == ["a", "b"]
    assert [one["name"] for one in after] == ["b"]


def test_describe_shows_events(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Describe reads Events by field selector; the message must reach the user."""
    ingress = cluster.create(an_ingress())
    cluster.create(a_service())
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "web.1", "namespace": "default"},
            "involvedObject": {
                "kind": "Ingress",
                "namespace": "default",
                "name": "web",
                "uid": text(ingress, "metadata", "uid"),
            },
            "type": "Warning",
            "reason": "OverLimit",
            "message": "too many rules",
        }
    )

    told = kubectl("describe", "ingress", "web")

    assert "too many rules" in told
    assert "web:80" in told


def test_scale_and_wait(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """The scale subresource, and a wait that watches."""
    cluster.create(a_workload())

    kubectl("scale", "deployment", "web", "--replicas=4")
    told = kubectl("wait", "deployment/web", "--for=jsonpath={.spec.replicas}=4", "--timeout=5s")

    assert "condition met" in told
    assert dig(cluster.get("Deployment", "web"), "spec", "replicas") == 4


def test_waiting_for_a_deletion(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """A kubectl delete waits until the object is gone; a finalizer makes it time out."""
    ingress = an_ingress()
    ingress["metadata"] = {"name": "web", "finalizers": ["example.com/a"]}
    cluster.create(ingress)

    told = kubectl("delete", "ingress", "web", "--timeout=1s", code=1)
    cluster.patch("Ingress", "web", {"metadata": {"finalizers": None}})
    kubectl("wait", "--for=delete", "ingress/web", "--timeout=5s")

    assert "timed out" in told


def test_dry_runs_store_nothing(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """--dry-run=server goes through every check and leaves nothing."""
    told = kubectl("apply", "--dry-run=server", "-f", "-", stdin=MANIFEST)

    assert "created (server dry run)" in told
    assert cluster.list("Ingress") == ()


def test_definitions_namespaces_and_permissions(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """What the demo's set-up types."""
    kubectl("create", "namespace", "shop")
    cluster.faults.forbid("Secret", verbs=("list",))

    assert "loadbalancers.ingress-provisioner.io" in kubectl("get", "crd")
    assert "Active" in kubectl("get", "namespace", "shop")
    assert kubectl("auth", "can-i", "list", "services").strip() == "yes"
    assert kubectl("auth", "can-i", "list", "secrets", code=1).startswith("no")
    kubectl("delete", "namespace", "shop")
    assert cluster.get("Namespace", "shop") is None


def test_explain_knows_the_fields(kubectl: Kubectl) -> None:
    """OpenAPI v3 is good enough for kubectl explain."""
    assert "pathType" in kubectl("explain", "ingress.spec.rules.http.paths")


def test_api_resources_lists_every_kind(cluster: ClusterServer, kubectl: Kubectl) -> None:
    """Discovery is complete: one row per kind, and the reviews."""
    rows = kubectl("api-resources", "--no-headers").splitlines()

    assert {row.split()[-1] for row in rows} >= {kind.kind for kind in cluster.kinds}
