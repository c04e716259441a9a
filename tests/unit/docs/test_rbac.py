"""Promises of the RBAC rules: what a controller and a plan ask of the cluster, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from provisioner.kube.kinds import EVENT, KINDS, LEASE, LOAD_BALANCER_CLASS, KindInfo
from provisioner.sandbox.cluster.documents import name_of, namespace_of, parts, text, texts
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.requestlog import LoggedRequest
from provisioner.sandbox.cluster.server import ClusterServer
from tests.unit.cli.worlds import provisioner
from tests.unit.docs.conftest import Story, a_tls_secret, ingress, install, native
from tests.unit.docs.places import EXAMPLES

RBAC = EXAMPLES / "rbac.yaml"
A_CLASS_THAT_SELECTS_NAMESPACES = {
    "apiVersion": LOAD_BALANCER_CLASS.api_version,
    "kind": LOAD_BALANCER_CLASS.kind,
    "metadata": {"name": "shared"},
    "spec": {"tenants": [{"namespaceSelector": {"matchLabels": {"team": "shop"}}}]},
}
A_SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"type": "NodePort", "ports": [{"port": 80}]},
}

_KINDS: dict[tuple[str, str], KindInfo] = {
    (info.group, info.api_kind): info for info in (*KINDS.values(), LEASE, EVENT)
}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One verb on one resource; "" stands for every namespace and for every name."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def covers(self, asked: Grant) -> bool:
        """Tell whether a request is allowed by this."""
        return (
            (self.verb, self.group, self.resource) == (asked.verb, asked.group, asked.resource)
            and self.namespace in {"", asked.namespace}
            and self.name in {"", asked.name}
        )


def granted(name: str) -> set[Grant]:
    """Return what the ClusterRole of this name, and the Role that goes with it, allow."""
    return {
        Grant(verb, group, resource, namespace_of(document), one)
        for document in parse_manifests(RBAC)
        if text(document, "kind") in {"ClusterRole", "Role"} and name_of(document) == name
        for rule in parts(document, "rules")
        for verb in texts(rule, "verbs")
        for group in texts(rule, "apiGroups")
        for resource in texts(rule, "resources")
        for one in texts(rule, "resourceNames") or ("",)
    }


def asked(requests: Iterable[LoggedRequest]) -> set[Grant]:
    """Return requests as RBAC sees them."""
    return {_asked(request) for request in requests}


def _asked(request: LoggedRequest) -> Grant:
    info = _KINDS[request.group, request.kind]
    resource = f"{info.plural}/{request.subresource}" if request.subresource else info.plural
    return Grant(request.verb, info.group, resource, request.namespace, request.name)


@pytest.mark.slow
def test_the_controller_may_do_everything_that_it_does(story: Story) -> None:
    """Watching, leading, finalizers, addresses, Events and the overview, from birth to deletion."""
    allowed = granted("ingress-provisioner")

    refused = {one for one in asked(story.requests) if not any(g.covers(one) for g in allowed)}

    assert refused == set()


@pytest.mark.slow
def test_the_controller_does_everything_that_it_may_do(story: Story) -> None:
    """A verb that nobody uses is a verb too many."""
    used = asked(story.requests)

    unused = {g for g in granted("ingress-provisioner") if not any(g.covers(u) for u in used)}

    assert unused == set()


def test_a_plan_of_a_cluster_needs_exactly_its_role(tmp_path: Path) -> None:
    """Whoever plans needs lists and the UID of kube-system, and writes nothing."""
    with ClusterServer() as cluster:
        install(cluster)
        cluster.apply(yaml.safe_dump(A_CLASS_THAT_SELECTS_NAMESPACES))
        cluster.apply(a_tls_secret("web.example.com"))
        notes = {
            "ingress-provisioner.io/certificates": "from-secret",
            **native(multi_cluster_target_group="true"),
        }
        cluster.apply(yaml.safe_dump(A_SERVICE))
        cluster.apply(ingress("web", {"/": "web"}, tls="tls", **notes))
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
        account = EXAMPLES / "account-aws.yaml"

        done = provisioner(
            "plan", "--kubeconfig", str(kubeconfig), "--account", str(account), "--cluster-uid", ""
        )

        used = asked(r for r in cluster.requests.recent() if r.user_agent == "ingress-provisioner")
    assert done.returncode == 0, done.stdout + done.stderr
    role = granted("ingress-provisioner-plan")
    assert {one for one in used if not any(g.covers(one) for g in role)} == set()
    assert {g for g in role if not any(g.covers(one) for one in used)} == set()


def test_every_role_is_bound_where_it_is_needed() -> None:
    """The controller's, to its service account; that of people, to nobody."""
    found = parse_manifests(RBAC)
    bindings = [d for d in found if text(d, "kind").endswith("Binding")]
    account = next(d for d in found if text(d, "kind") == "ServiceAccount")

    for binding in bindings:
        assert text(binding, "roleRef", "name") == "ingress-provisioner"
        assert text(binding, "roleRef", "kind") == text(binding, "kind").removesuffix("Binding")
        for subject in parts(binding, "subjects"):
            assert text(subject, "kind") == "ServiceAccount"
            assert text(subject, "name") == name_of(account)
            assert text(subject, "namespace") == namespace_of(account)
    assert {text(b, "kind") for b in bindings} == {"ClusterRoleBinding", "RoleBinding"}
