"""Neighbours by name: whose an Ingress of another class is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.aws import provider
from provisioner.core.translate import intents
from provisioner.model.kube import Parameters
from tests.factories import (
    a_meta,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)


@pytest.mark.parametrize(
    ("controller", "product"),
    [
        ("ingress.k8s.aws/alb", "AWS Load Balancer Controller"),
        ("eks.amazonaws.com/alb", "EKS Auto Mode"),
        ("k8s.io/ingress-nginx", "ingress-nginx"),
        ("example.com/unheard-of", ""),
    ],
)
def test_controllers_are_known_by_what_ingress_classes_say(controller: str, product: str) -> None:
    """The names are those of the products' own IngressClasses."""
    assert provider.neighbour(controller=controller, class_name="any") == product


@pytest.mark.parametrize("name", ["gce", "gce-internal", "gce-regional-external"])
def test_gke_is_known_by_its_class_names(name: str) -> None:
    """ingress-gce acts on the annotation alone; there is no IngressClass of it."""
    assert provider.neighbour(controller="", class_name=name) == "GKE Ingress"


def test_auto_mode_is_a_neighbour_and_nothing_to_take_over() -> None:
    """AWS writes its resources, so nobody but AWS can let go of them."""
    theirs = an_ingress_class(controller="eks.amazonaws.com/alb")
    intent = intents(a_snapshot(an_ingress(), theirs), provider, some_settings())

    [remark] = intent.diagnostics
    assert "belongs to EKS Auto Mode (eks.amazonaws.com/alb)" in remark.message
    assert "--take-over" not in remark.hint


@pytest.mark.parametrize("group", ["elbv2.k8s.aws", "eks.amazonaws.com"])
def test_parameters_of_both_controllers_are_read_through_the_provider(group: str) -> None:
    """A class of ours may keep the parameters that it had under another controller."""
    found = Parameters(
        meta=a_meta("edge"), group=group, kind="IngressClassParams", spec={"scheme": "internal"}
    )
    bound = an_ingress_class(parameters=(group, "IngressClassParams", "edge"))
    annotations = {"scheme": "internet-facing"}
    snapshot = a_snapshot(an_ingress(annotations=annotations), a_service(), bound, found)

    [load_balancer] = intents(snapshot, provider, some_settings()).load_balancers

    assert load_balancer.scheme == "internal"


@pytest.mark.parametrize(
    ("finalizers", "expected"),
    [
        (("ingress.k8s.aws/resources",), "finalizer ingress.k8s.aws/resources"),
        (("x.io/y", "group.ingress.k8s.aws/edge"), "finalizer group.ingress.k8s.aws/edge"),
        (("service.k8s.aws/resources", "ingress-provisioner.io/resources"), ""),
        ((), ""),
    ],
)
def test_a_finalizer_shows_that_the_other_controller_serves(
    finalizers: tuple[str, ...], expected: str
) -> None:
    """One for an Ingress of its own load balancer, one that names the group (LBC)."""
    ingress = an_ingress()
    ingress = replace(ingress, meta=replace(ingress.meta, finalizers=finalizers))

    assert provider.incumbent_trace(ingress) == expected
