"""A load balancer that is protected against deletion outlives its Ingresses, whole."""

from __future__ import annotations

from provisioner.model.change import Action
from provisioner.model.kube import Key
from tests.conformance.pipeline import a_cluster, applied, blamed, finding, part, plan
from tests.factories import KubeObject, a_path, a_rule, an_ingress
from tests.unit.providers.aws.express.worlds import some_backends

ATTRIBUTES = "alb.ingress.kubernetes.io/load-balancer-attributes"
GROUP = "shop/web"


def an_ingress_with(attribute: str, *, deleting: bool = False) -> list[KubeObject]:
    """Return an Ingress that sets one attribute of its load balancer, and its backend."""
    ingress = an_ingress(
        GROUP,
        annotations={ATTRIBUTES: attribute},
        rules=[a_rule("web.example.com", a_path("/", "web:80"))],
        deleting=deleting,
        ours=True,
    )
    return [ingress, *some_backends(GROUP)]


def test_nothing_of_a_protected_load_balancer_goes_with_its_last_ingress() -> None:
    """AWS would refuse the deletion half-way; here no step is planned, and the Ingress is told."""
    protected = "deletion_protection.enabled=true"
    exists = applied(plan(a_cluster(*an_ingress_with(protected))))

    after = plan(a_cluster(*an_ingress_with(protected, deleting=True)), exists)

    assert [step for step in after.steps if step.action is not Action.NOOP] == []
    assert blamed(after) == {Key("shop", "web")}
    assert "deletion_protection.enabled=false" in finding(after, "CLOUD-DELETION-PROTECTED").hint


def test_a_load_balancer_without_protection_goes() -> None:
    """The same Ingress without the attribute takes everything with it."""
    exists = applied(plan(a_cluster(*an_ingress_with("deletion_protection.enabled=false"))))

    after = plan(
        a_cluster(*an_ingress_with("deletion_protection.enabled=false", deleting=True)), exists
    )

    deleted = {step.kind for step in after.steps if step.action is Action.DELETE}
    assert {"LoadBalancer", "Listener", "ListenerRule", "TargetGroup"} <= deleted
    assert part(after, GROUP).resources == ()
    assert blamed(after) == set()
