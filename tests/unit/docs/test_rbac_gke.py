"""Promises of rbac-gke.yaml: what a cluster of GKE is asked for besides, and nothing else."""

from __future__ import annotations

from pathlib import Path

from providers.gcp import provider
from provisioner.cli.clouds import open_cloud
from provisioner.cli.options import Request
from provisioner.kube import live
from provisioner.kube.client import connect
from provisioner.kube.kinds import CONFIG_MAP, cloud_kinds, watched_kinds
from provisioner.sandbox.cluster.documents import name_of, namespace_of, parts, text, texts
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.server import ClusterServer
from tests.unit.docs.places import EXAMPLES

Grant = tuple[str, str, str]  # verb, resource with its group, name

FILE = EXAMPLES / "rbac-gke.yaml"
UID = ("get", CONFIG_MAP.resource, "ingress-uid")


def granted(role: str, path: Path = FILE) -> set[Grant]:
    """Return what the ClusterRole and the Role of this name allow."""
    return {
        (verb, f"{resource}.{group}" if group else resource, name)
        for document in parse_manifests(path)
        if text(document, "kind") in {"ClusterRole", "Role"} and name_of(document) == role
        for rule in parts(document, "rules")
        for verb in texts(rule, "verbs")
        for group in texts(rule, "apiGroups")
        for resource in texts(rule, "resources")
        for name in texts(rule, "resourceNames") or ("",)
    }


def test_the_controller_may_watch_what_google_reads() -> None:
    """Kind by kind, list and watch, and no verb more."""
    watched = {(verb, i.resource, "") for i in cloud_kinds(provider) for verb in ("list", "watch")}

    assert granted("ingress-provisioner-gke") == {*watched, UID}


def test_the_two_files_together_cover_every_kind_that_is_watched() -> None:
    """Whoever applies both needs no third."""
    common = granted("ingress-provisioner", EXAMPLES / "rbac.yaml")
    both = {*common, *granted("ingress-provisioner-gke")}

    wanted = {(verb, i.resource, "") for i in watched_kinds(provider) for verb in ("list", "watch")}
    assert wanted - both == set()


def test_a_plan_of_a_cluster_asks_just_what_its_roles_allow(tmp_path: Path) -> None:
    """What the cluster logs is compared with the rules, both ways."""
    kinds = {(info.group, info.api_kind): info for info in (*watched_kinds(provider), CONFIG_MAP)}
    with ClusterServer() as cluster:
        client = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
        open_cloud(Request(cluster_name="test", provider="gcp", project="p", region="r"), client)
        live.read_snapshot(client, more=cloud_kinds(provider))
        client.close()
        asked = {
            (request.verb, kinds[request.group, request.kind].resource, request.name)
            for request in cluster.requests.recent()
            if (request.group, request.kind) in kinds
        }

    plan = granted("ingress-provisioner-plan", EXAMPLES / "rbac.yaml")
    google = granted("ingress-provisioner-plan-gke")
    unnamed = {(verb, resource, "") for verb, resource, name in plan if not name}
    assert google - asked == set()
    assert {one for one in asked if one not in {*unnamed, *plan, *google}} == set()


def test_every_role_is_bound_to_the_controller_and_that_of_people_to_nobody() -> None:
    """The service account is the one of rbac.yaml."""
    (account,) = [
        d for d in parse_manifests(EXAMPLES / "rbac.yaml") if text(d, "kind") == "ServiceAccount"
    ]
    bindings = [d for d in parse_manifests(FILE) if text(d, "kind").endswith("Binding")]

    subjects = [subject for binding in bindings for subject in parts(binding, "subjects")]

    assert {text(b, "roleRef", "name") for b in bindings} == {"ingress-provisioner-gke"}
    assert {(text(s, "name"), text(s, "namespace")) for s in subjects} == {
        (name_of(account), namespace_of(account))
    }
