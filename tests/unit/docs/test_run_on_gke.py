"""Promises of run-on-gke.md: what people are told to type makes what they are promised."""

from __future__ import annotations

import re
import subprocess

import click

from provisioner.cli.run import run
from provisioner.model.settings import FINALIZER
from provisioner.sandbox.cluster.documents import Document, name_of, parts, text
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.wiring import load_provider
from tests.unit.docs.places import DOCS, EXAMPLES, ROOT

PAGE = DOCS / "how-to" / "run-on-gke.md"
CLASS = "ipr-gce"
NAMESPACE = "ingress-provisioner"


def described() -> str:
    """Return the text of the page."""
    return PAGE.read_text(encoding="utf-8")


def line(beginning: str) -> str:
    """Return the one command of the page that begins like this, on one line."""
    joined = re.sub(r" *\\\n +", " ", described())
    (found,) = [
        each for each in re.findall(r"^ +(.*)$", joined, re.MULTILINE) if each.startswith(beginning)
    ]
    return str(found)


def installed() -> list[Document]:
    """Return what the sed of the page makes of deployment.yaml."""
    command, _, _ = line("sed -e").partition("|")
    done = subprocess.run(  # noqa: S602 - a line of our own documentation
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return list(parse_manifests(done.stdout))


def the(kind: str) -> Document:
    """Return the one object of a kind that the page installs."""
    (found,) = [each for each in installed() if text(each, "kind") == kind]
    return found


def test_the_class_is_one_of_ours_and_no_name_of_gke() -> None:
    """The page names it in every step; GKE's own names would be taken for GKE's."""
    ingress_class = the("IngressClass")

    assert name_of(ingress_class) == CLASS
    assert text(ingress_class, "spec", "controller") == load_provider("gcp").controller
    assert f"`ingressClassName: {CLASS}`" in described()


def test_the_deployment_is_for_google_and_has_nothing_left_to_replace() -> None:
    """Every placeholder is filled, and every variable is one that ``run`` reads."""
    (container,) = parts(the("Deployment"), "spec", "template", "spec", "containers")
    given = {text(each, "name"): text(each, "value") for each in parts(container, "env")}
    read = {option.envvar for option in run.params if isinstance(option, click.Option)}

    assert given == {
        "PROVISIONER_PROVIDER": "gcp",
        "PROVISIONER_CLUSTER_NAME": "prod",
        "PROVISIONER_REGION": "europe-west1",
    }
    assert set(given) <= read
    assert not text(container, "image").endswith("IMAGE")


def test_what_is_installed_is_accepted_by_a_cluster() -> None:
    """By an API server that checks what it is given."""
    cluster = ClusterServer(custom_resources=())
    cluster.apply(EXAMPLES / "crds.yaml")
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})

    for document in installed():
        cluster.create(document)

    assert cluster.get("IngressClass", CLASS) is not None
    assert cluster.get("Deployment", NAMESPACE, NAMESPACE) is not None


def test_the_service_account_is_the_one_that_the_roles_are_bound_to() -> None:
    """Namespace and name stand in the member of the IAM binding and in rbac.yaml."""
    (account,) = [
        each
        for each in parse_manifests(EXAMPLES / "rbac.yaml")
        if text(each, "kind") == "ServiceAccount"
    ]
    member = f"[{text(account, 'metadata', 'namespace')}/{name_of(account)}]"

    assert f"example-shop.svc.id.goog{member}" in described()


def test_the_image_for_google_has_its_extra() -> None:
    """The argument of the build is one of the Dockerfile, and its value an extra."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (name, value) = re.findall(r"--build-arg (\w+)=(\w+)", line("docker build"))[0]

    assert f"ARG {name}=" in dockerfile
    assert f"ingress-provisioner[${{{name}}}]" in dockerfile
    assert f"\n{value} = [" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_page_names_the_finalizer_and_the_files() -> None:
    """What people will search for, and what they are told to apply."""
    typed = set(re.findall(r"docs/examples/[\w.-]+", described()))

    assert f"`{FINALIZER}`" in described()
    assert typed
    assert [path for path in typed if not (ROOT / path).exists()] == []
