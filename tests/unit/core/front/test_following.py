"""Promises about backends that only the cloud still knows of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.core.translate import intents
from provisioner.model.intent import LoadBalancerIntent
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Observed, ObservedResource
from tests.factories import (
    ADialect,
    KubeObject,
    a_node,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    an_ingress_class,
    some_settings,
)

WEB = Key("shop", "web")


def seen(*backends: str) -> Observed:
    """Return a cloud with a target group of Ingress shop/web for each backend."""
    found = [
        ObservedResource(
            kind="TargetGroup",
            address=f"group/{backend}",
            group="shop/web",
            ingresses=(WEB,),
            spec={"Backend": f"shop/web/{backend}"},
        )
        for backend in backends
    ]
    return Observed(resources={each.address: each for each in found})


def meant(
    observed: Observed,
    *services: KubeObject,
    names: str = "web:80",
    annotations: Mapping[str, str] = NO_STRINGS,
    deleting: bool = False,
) -> LoadBalancerIntent:
    """Return what Ingress shop/web means, which names one backend."""
    ingress = an_ingress(
        str(WEB),
        rules=[a_rule("web.example.com", a_path("/", names))],
        annotations=annotations,
        deleting=deleting,
        ours=True,
    )
    objects = (an_ingress_class(), ingress, *services, a_node("n1"))
    found = intents(a_snapshot(*objects, live=True), ADialect(), some_settings(), observed=observed)
    (load_balancer,) = found.load_balancers
    return load_balancer


def old(*, annotations: Mapping[str, str] = NO_STRINGS) -> tuple[KubeObject, ...]:
    port = a_port(80, name="http", node_port=30080)
    return (
        a_service("shop/old", port, annotations=annotations),
        a_slice("shop/old", an_endpoint("10.0.0.7"), port_name="http"),
    )


@pytest.mark.parametrize("port", ["80", "http"])
def test_an_old_backend_is_resolved_by_number_or_name(port: str) -> None:
    """It keeps the identity that its target group has, and gets the pods and nodes of today."""
    (found,) = meant(seen(f"old:{port}"), *old()).following

    assert str(found.id) == f"old:{port}"
    assert found.id.ingress == WEB
    assert [pod.ip for pod in found.pods or ()] == ["10.0.0.7"]
    assert [node.node for node in found.nodes or ()] == ["n1"]
    assert (found.node_port, found.target_port) == (30080, 8080)


def test_what_is_planned_is_not_followed_as_well() -> None:
    """One backend has one answer to who is behind it."""
    intent = meant(seen("old:80"), *old(), names="old:80")

    assert [str(backend.id) for backend in intent.backends] == ["old:80"]
    assert intent.following == ()


def test_what_leaves_is_not_followed() -> None:
    """The target groups of a deleted Ingress are on their way out."""
    assert meant(seen("old:80"), *old(), deleting=True).following == ()


@pytest.mark.parametrize(
    "backend", ["gone:80", "old:81", "old:https"], ids=["Service", "number", "name"]
)
def test_what_the_cluster_does_not_have_cannot_be_followed(backend: str) -> None:
    """Nobody can tell who would be behind it."""
    assert meant(seen(backend), *old()).following == ()


def test_a_service_with_an_unreadable_annotation_is_followed() -> None:
    """Who is behind it does not depend on how its health is checked."""
    broken = old(annotations={"ingress-provisioner.io/target-mode": "podd"})

    intent = meant(seen("old:80"), *broken, names="old:80")

    assert [str(backend.id) for backend in intent.following] == ["old:80"]


def test_nothing_that_is_followed_decides_how_traffic_reaches_the_others() -> None:
    """Modes, limits and rules are for what is asked for; what is kept only follows."""
    other = (a_service("shop/web", a_port(80)), a_slice("shop/web", an_endpoint("10.0.0.8")))

    intent = meant(seen("old:80"), *old(), *other)

    assert [str(backend.id) for backend in intent.backends] == ["web:80"]
    assert [str(backend.id) for backend in intent.following] == ["old:80"]
