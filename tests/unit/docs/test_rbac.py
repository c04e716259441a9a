"""Promises of the RBAC rules: what a controller and a plan ask of the cluster, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioner.kube.kinds import EVENT, KINDS, LEASE, NAMESPACE, KindInfo
from provisioner.sandbox.cluster.documents import name_of, namespace_of, parts, text, texts
from provisioner.sandbox.cluster.manifests import parse_manifests
from provisioner.sandbox.cluster.requestlog import LoggedRequest
from provisioner.sandbox.cluster.server import ClusterServer
from tests.unit.cli.worlds import provisioner
from tests.unit.docs.conftest import Story, install
from tests.unit.docs.places import EXAMPLES

RBAC = EXAMPLES / "rbac.yaml"

_KINDS: dict[str, KindInfo] = {
    info.kind: info for info in (*KINDS.values(), LEASE, EVENT, NAMESPACE)
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
    info = _KINDS[request.kind]
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
        kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig")
        account = EXAMPLES / "account-aws.yaml"

        done = provisioner(
            "plan", "--kubeconfig", str(kubeconfig), "--account", str(account), "--cluster-uid", ""
        )

        used = asked(r for r in cluster.requests.recent() if r.user_agent == "ingress-provisioner")
    assert done.returncode == 0, done.stderr
    assert used == granted("ingress-provisioner-plan")


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
