"""Promises about class objects, Secrets and Namespaces that the controller may not read.

What is not known is never taken for empty: only who depends on it is held, and keeps what it has.
"""

from __future__ import annotations

import pytest

from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import Stage, Troupe, until
from tests.e2e.controller.test_tls_secrets import a_secret, a_secure_ingress, now_valid

pytestmark = pytest.mark.slow

PARAMETERS = "ingressclassparams.elbv2.k8s.aws"


def a_class(name: str, *, parameters: str = "", selector: str = "", group: str = "") -> str:
    """Return an IngressClass, with IngressClassParams where they are named."""
    reference = f"parameters: {{apiGroup: {group}, kind: {selector}, name: {parameters}}}"
    return f"""
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: {name}}}
spec:
  controller: ingress-provisioner.io/aws
  {reference if parameters else ""}
"""


def class_params(name: str, spec: str) -> str:
    """Return IngressClassParams."""
    return f"""
apiVersion: elbv2.k8s.aws/v1beta1
kind: IngressClassParams
metadata: {{name: {name}}}
spec: {spec}
"""


def a_load_balancer_class(name: str, spec: str) -> str:
    """Return a LoadBalancerClass."""
    return f"""
apiVersion: ingress-provisioner.io/v1alpha1
kind: LoadBalancerClass
metadata: {{name: {name}}}
spec: {spec}
"""


def forwarding(stage: Stage) -> set[str]:
    """Return the rules that lead to pods; a path that never worked may answer 503."""
    return {rule for rule, groups in stage.rules().items() if groups}


def change_both(stage: Stage, troupe: Troupe) -> None:
    """Change a held Ingress ``api`` and a free one ``web``, and wait until the free one is served.

    Both get a second path.
    """
    stage.apply(
        an_ingress("web", paths={"/": "web", "/new": "web"}),
        an_ingress("api", paths={"/": "api", "/new": "api"}, class_name="edge"),
    )
    until("the free one has changed", lambda: "web.example.com /new /new/*" in stage.rules())
    stage.until_at_rest(troupe)


def test_classes_whose_parameters_may_not_be_read_hold_their_ingresses(stage: Stage) -> None:
    """Their rules stay, their targets follow the pods, and they are told; everyone else goes on."""
    stage.serve("web", "api")
    stage.apply(
        class_params("edge", "{scheme: internet-facing}"),
        a_class("edge", parameters="edge", selector="IngressClassParams", group="elbv2.k8s.aws"),
    )
    with stage.controller() as troupe:
        stage.apply(an_ingress("web"), an_ingress("api", paths={"/": "api"}, class_name="edge"))
        stage.until_settled(troupe, "web", "api")
    rules = stage.rules()
    stage.cluster.faults.forbid(PARAMETERS)

    with stage.controller("two") as troupe:
        change_both(stage, troupe)
        assert forwarding(stage) == {*rules, "web.example.com /new /new/*"}
        assert "ClassUnlisted" in stage.reasons("api")
        assert "ingressclassparams" in stage.messages("api", "ClassUnlisted")[0]
        assert set(stage.reasons("web")) == {"Applied"}
        stage.cluster.scale("Deployment", "api", 3, namespace="shop")
        until("pods are followed", lambda: len(stage.targets_of("api")) == 3)
        assert troupe.probe()[0] == 200

        stage.cluster.faults.clear()
    with stage.controller("three") as troupe:
        until("it is free again", lambda: len(stage.rules()) == 4)
        stage.until_settled(troupe, "web", "api")


def test_secrets_that_may_not_be_read_stop_new_ones_by_name(stage: Stage) -> None:
    """A certificate that is served stays; an Ingress that comes with one is refused by name."""
    stage.serve("web")
    stage.apply(a_secret(now_valid("web.example.com", "new.example.com")))
    with stage.controller() as troupe:
        stage.apply(a_secure_ingress())
        stage.until_settled(troupe)
    rules = stage.rules()
    stage.cluster.faults.forbid("Secret")
    stage.cloud.calls.clear()

    with stage.controller("two") as troupe:
        stage.apply(a_secure_ingress("new"), an_ingress("plain"))
        until("the plain one is served", lambda: stage.hostnames("plain"))
        until("the new one is told", lambda: stage.reasons("new"))
        stage.until_at_rest(troupe)
        assert "Secret shop/tls" in stage.messages("new", "SecretUnreadable")[0]
        assert {k: v for k, v in stage.rules().items() if k in rules} == rules
        assert stage.counts()["ImportCertificate"] == stage.counts()["DeleteCertificate"] == 0
        assert (stage.hostnames("new"), stage.finalizers("new")) == ([], [])


def test_namespaces_that_may_not_be_read_take_nothing_from_their_tenants(stage: Stage) -> None:
    """Whether a selector fits is then unknown: what is served stays, for those it would admit."""
    stage.serve("web", "api")
    stage.cluster.patch("Namespace", "shop", {"metadata": {"labels": {"team": "shop"}}})
    stage.apply(
        a_load_balancer_class(
            "edge",
            "{provider: aws, tenants: [{hosts: [api.example.com],"
            " namespaceSelector: {matchLabels: {team: shop}}}]}",
        ),
        a_class(
            "edge",
            parameters="edge",
            selector="LoadBalancerClass",
            group="ingress-provisioner.io",
        ),
    )
    with stage.controller() as troupe:
        stage.apply(an_ingress("web"), an_ingress("api", paths={"/": "api"}, class_name="edge"))
        stage.until_settled(troupe, "web", "api")
    rules = stage.rules()
    stage.cluster.faults.forbid("Namespace", verbs=("list", "watch"))

    with stage.controller("two") as troupe:
        change_both(stage, troupe)
        assert forwarding(stage) == {*rules, "web.example.com /new /new/*"}
        assert "ClassNamespaceUnknown" in stage.reasons("api")
        assert "list namespaces" in stage.messages("api", "ClassNamespaceUnknown")[0]
        assert set(stage.reasons("web")) == {"Applied"}
        stage.cluster.scale("Deployment", "api", 3, namespace="shop")
        until("pods are followed", lambda: len(stage.targets_of("api")) == 3)


def test_target_group_bindings_matter_to_a_take_over_alone(stage: Stage) -> None:
    """The controller never asks for them."""
    stage.serve("web")
    stage.cluster.faults.forbid("targetgroupbindings.elbv2.k8s.aws", verbs=("*",))
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        assert troupe.probe()[0] == 200
