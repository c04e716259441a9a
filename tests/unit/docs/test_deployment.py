"""Promises of deployment.yaml, rbac.yaml and the Dockerfile: they fit together, and the product."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from kubernetes import client as kubernetes_client

from provisioner.cli.run import run
from provisioner.kube.lease import DEFAULT_NAME, DEFAULT_NAMESPACE
from provisioner.kube.registered import record_key
from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    items,
    name_of,
    namespace_of,
    number,
    pairs,
    part,
    parts,
    text,
    texts,
)
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.wiring import load_provider
from tests.unit.docs.conftest import CLASS
from tests.unit.docs.places import EXAMPLES, ROOT

MANIFESTS = ("rbac.yaml", "deployment.yaml")
_INNER = re.compile(r"(?:List\[|Dict\[str, )(\w+)\]")


def objects(*names: str) -> list[Document]:
    """Return the objects of files in docs/examples."""
    return [found for name in names for found in parse_manifests(EXAMPLES / name)]


def the(kind: str) -> Document:
    """Return the one object of a kind."""
    (found,) = [each for each in objects(*MANIFESTS) if text(each, "kind") == kind]
    return found


def container() -> Document:
    """Return the one container of the Deployment."""
    (found,) = parts(the("Deployment"), "spec", "template", "spec", "containers")
    return found


def pod() -> Document:
    """Return the pod of the Deployment."""
    return part(the("Deployment"), "spec", "template", "spec")


def environment() -> dict[str, str]:
    """Return the variables of the container."""
    return {text(each, "name"): text(each, "value") for each in parts(container(), "env")}


def unknown(model: str, value: object, path: str = "") -> Iterator[str]:
    """Yield fields that a model of the Kubernetes API does not have."""
    shape = getattr(kubernetes_client, model, None)
    fields = {wire: name for name, wire in getattr(shape, "attribute_map", {}).items()}
    if not isinstance(value, dict) or not fields:
        return
    for key, below in value.items():
        if key not in fields:
            yield f"{path}.{key}"
            continue
        declared = str(shape.openapi_types[fields[key]]) if shape is not None else ""
        inner = _INNER.fullmatch(declared)
        for each in below if isinstance(below, list) else [below]:
            yield from unknown(inner.group(1) if inner else declared, each, f"{path}.{key}")


@pytest.mark.parametrize(
    "found", objects(*MANIFESTS), ids=lambda each: f"{text(each, 'kind')}-{name_of(each)}"
)
def test_every_field_is_one_of_the_api(found: Document) -> None:
    """A misspelled field would be dropped by the API server, and with it a safeguard."""
    assert getattr(kubernetes_client, f"V1{text(found, 'kind')}", None) is not None
    assert list(unknown(f"V1{text(found, 'kind')}", found)) == []


def test_the_check_of_fields_finds_a_misspelled_one() -> None:
    """Also deep inside lists."""
    wrong = {"spec": {"template": {"spec": {"containers": [{"image": "x", "readyness": {}}]}}}}

    assert list(unknown("V1Deployment", wrong)) == [".spec.template.spec.containers.readyness"]


def test_a_cluster_takes_the_deployment_and_the_class() -> None:
    """The kinds that the embedded cluster serves, under its checks of what people send."""
    with ClusterServer() as cluster:
        for found in objects(*MANIFESTS):
            if text(found, "kind") in {"Namespace", "IngressClass", "Deployment"}:
                cluster.create(found)

        assert cluster.get("Deployment", "ingress-provisioner", "ingress-provisioner") is not None


def test_the_class_is_served_by_the_controller_and_is_not_the_incumbents() -> None:
    """``alb`` belongs to AWS Load Balancer Controller; two objects of one name cannot be."""
    found = the("IngressClass")

    assert text(found, "spec", "controller") == load_provider("aws").controller
    assert name_of(found) == CLASS != "alb"


def test_the_pods_run_as_the_service_account_that_has_the_rights() -> None:
    """The names in the two files agree, and the account asks for an IAM role."""
    deployment, account = the("Deployment"), the("ServiceAccount")

    assert text(pod(), "serviceAccountName") == name_of(account)
    assert namespace_of(deployment) == namespace_of(account) == name_of(the("Namespace"))
    assert "eks.amazonaws.com/role-arn" in pairs(account, "metadata", "annotations")


def test_the_lease_of_the_role_is_the_one_that_is_taken() -> None:
    """By its name and namespace; a custom --lease-namespace needs another Role."""
    rules = parts(the("Role"), "rules")
    names = {
        (resource, name)
        for rule in rules
        for resource in texts(rule, "resources")
        for name in texts(rule, "resourceNames")
    }

    assert namespace_of(the("Role")) == DEFAULT_NAMESPACE
    assert names == {("leases", DEFAULT_NAME), ("configmaps", record_key("default").name)}
    assert record_key("default").namespace == DEFAULT_NAMESPACE


def test_the_command_takes_what_the_container_gives_it() -> None:
    """Arguments and variables are those of ``provisioner run``."""
    variables = {
        one
        for option in run.params
        if isinstance(option, click.Option)
        for one in ([option.envvar] if isinstance(option.envvar, str) else option.envvar or ())
    }

    assert texts(container(), "args") == (run.name,)
    assert set(environment()) <= variables


def test_the_probes_ask_the_port_that_answers() -> None:
    """By the default of --health-port; both replicas answer."""
    (port,) = parts(container(), "ports")
    (default,) = [o.default for o in run.params if o.name == "health_port"]

    assert number(port, "containerPort") == default
    for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert text(container(), probe, "httpGet", "path") == path
        assert text(container(), probe, "httpGet", "port") == text(port, "name")
    assert number(the("Deployment"), "spec", "replicas") == 2


def test_the_pods_fit_the_restricted_pod_security_standard() -> None:
    """The namespace enforces it: no root, no privileges, nothing to write to but /tmp."""
    labels = pairs(the("Namespace"), "metadata", "labels")
    secured = part(container(), "securityContext")

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert dig(pod(), "securityContext", "runAsNonRoot") is True
    assert text(pod(), "securityContext", "seccompProfile", "type") == "RuntimeDefault"
    assert secured["allowPrivilegeEscalation"] is False
    assert secured["readOnlyRootFilesystem"] is True
    assert items(secured, "capabilities", "drop") == ["ALL"]


def test_the_image_runs_as_the_user_that_the_pods_run_as() -> None:
    """A number, because Kubernetes cannot tell whether a name is root."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (user,) = re.findall(r"^USER (\d+):\d+$", dockerfile, re.MULTILINE)

    assert int(user) == number(pod(), "securityContext", "runAsUser") > 0


def test_the_image_copies_what_exists_and_starts_the_command() -> None:
    """The build itself needs a container engine, which these tests do without."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        source
        for line in re.findall(r"^COPY ([^-\n].*)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]

    assert {"provisioner", "providers", "pyproject.toml", "requirements.txt"} <= set(copied)
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert 'ENTRYPOINT ["provisioner"]' in dockerfile
    assert "compileall" in dockerfile
