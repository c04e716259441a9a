"""Teams that share a load balancer, and the policies that part them."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.model.intent import Intent, LoadBalancerIntent
from provisioner.model.kube import Ingress, Tenant
from tests.factories import (
    KubeObject,
    a_load_balancer_class,
    a_rule,
    a_service,
    an_ingress,
)

SHOP = Tenant(namespaces=("shop",), groups=("edge",), hosts=("shop.example.com",))
PAY = Tenant(namespaces=("pay",), groups=("edge", "pay"), hosts=("pay.example.com",))
SERVICES = (a_service("shop/web"), a_service("pay/web"), a_service("evil/web"))


def member(
    name: str,
    *hosts: str,
    group: str = "edge",
    class_name: str = "alb",
    default: str = "",
    **annotations: str,
) -> Ingress:
    """Return an Ingress with a rule for each host, in a named group ("": its own)."""
    notes = {key.replace("_", "-"): value for key, value in annotations.items()}
    if group:
        notes["group.name"] = group
    return an_ingress(
        name,
        rules=[a_rule(host) for host in hosts],
        annotations=notes,
        class_name=class_name,
        default_backend=default,
    )


def policy(*tenants: Tenant, name: str = "policy", classes: Sequence[str] = ("alb",)) -> KubeObject:
    return a_load_balancer_class(name, ingress_classes=classes, tenants=tenants)


def refusals(intent: Intent) -> list[tuple[str, str, str]]:
    """Return Ingress, path and code of everything that was turned away."""
    return [
        (str(q.ingress), q.path, q.diagnostic.code)
        for load_balancer in intent.load_balancers
        for q in load_balancer.quarantined
    ]


def hosts(load_balancer: LoadBalancerIntent, *, held: bool = False) -> set[tuple[str, str]]:
    """Return namespace and host of every rule."""
    return {
        (rule.ingress.namespace, rule.host)
        for listener in load_balancer.listeners
        for rule in listener.rules
        if rule.held is held
    }


def of(intent: Intent, name: str) -> LoadBalancerIntent:
    return next(one for one in intent.load_balancers if one.name == name)
