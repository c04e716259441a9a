"""Whose an Ingress is on Google Cloud, where the incumbent goes by an annotation or by nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.gcp import provider
from providers.gcp.settings import VARIANT
from providers.gcp.variant import Variant
from provisioner.core.select import Selection, Standing, select
from provisioner.core.translate import intents
from provisioner.model.intent import Compatibility
from provisioner.model.kube import NO_STRINGS, Ingress, Key
from tests.factories import (
    KubeObject,
    a_load_balancer_class,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)

ANNOTATION = "kubernetes.io/ingress.class"
OURS = an_ingress_class("edge", controller="ingress-provisioner.io/gcp")


def web(annotation: str | None = None, field: str | None = None, *, ours: bool = False) -> Ingress:
    """Return an Ingress with a class in the annotation, in the field, in both or in neither."""
    said = {} if annotation is None else {ANNOTATION: annotation}
    return an_ingress("shop/web", annotations=said, class_name=field, ours=ours)


def selection(
    *objects: KubeObject, live: bool, take_over: bool = False, classes: Sequence[str] = ()
) -> Selection:
    settings = replace(some_settings(classes=classes), take_over=take_over)
    return select(a_snapshot(*objects, live=live), provider, settings=settings)


def standing(found: Selection) -> Standing:
    return found.selected[0].standing if found.selected else Standing.FOREIGN


@pytest.mark.parametrize(
    ("annotation", "field", "expected"),
    [
        (None, "edge", Standing.OURS),
        ("edge", None, Standing.OURS),
        (None, None, Standing.FOREIGN),
        ("", None, Standing.FOREIGN),
        ("gce", None, Standing.FOREIGN),
        ("gce-internal", None, Standing.FOREIGN),
        ("gce-multi-cluster", None, Standing.FOREIGN),
        ("gce", "edge", Standing.FOREIGN),
        ("", "edge", Standing.FOREIGN),
        (None, "gce", Standing.FOREIGN),
        ("nginx", "edge", Standing.OURS),
    ],
)
def test_in_a_cluster_what_gke_serves_is_never_ours(
    annotation: str | None, field: str | None, expected: Standing
) -> None:
    """GKE heeds the annotation before the field and takes what has neither; both must not write."""
    found = selection(web(annotation, field), OURS, live=True)

    assert standing(found) is expected


def test_a_class_of_ours_called_gce_does_not_take_gkes_ingresses() -> None:
    """GKE's controller would still serve them: it asks no IngressClass."""
    gce = an_ingress_class("gce", controller="ingress-provisioner.io/gcp")

    assert standing(selection(web("gce"), gce, live=True)) is Standing.FOREIGN
    assert standing(selection(web(field="gce"), gce, live=True)) is Standing.OURS


def test_what_was_ours_and_went_to_gke_is_leaving() -> None:
    """Our finalizer waits until what we made for it is gone."""
    assert standing(selection(web("gce", ours=True), OURS, live=True)) is Standing.LEAVING


def test_gkes_ingresses_of_a_cluster_are_counted_by_class() -> None:
    """One sentence for each class, for there may be hundreds."""
    others = [
        replace(web(annotation), meta=replace(web(annotation).meta, name=name))
        for annotation, name in [("gce", "a"), ("gce", "b"), (None, "c")]
    ]

    found = selection(*others, live=True)

    told = {d.subject: (d.code, d.message) for d in found.diagnostics}
    assert set(told) == {"Ingresses of class gce", "Ingresses without a class"}
    code, message = told["Ingresses of class gce"]
    assert (code, message) == (
        "CLASS-NEIGHBOUR",
        "2 Ingresses are served by GKE Ingress and not planned",
    )


@pytest.mark.parametrize(
    ("annotation", "field", "expected"),
    [
        (None, None, Standing.OURS),
        ("", None, Standing.OURS),
        ("gce", None, Standing.OURS),
        ("gce-internal", None, Standing.OURS),
        ("gce-regional-external", None, Standing.OURS),
        (None, "gce", Standing.OURS),
        ("gce", "nginx", Standing.OURS),
        (None, "edge", Standing.OURS),
        ("gce-multi-cluster", None, Standing.FOREIGN),
        ("nginx", None, Standing.FOREIGN),
        (None, "alb", Standing.FOREIGN),
    ],
)
def test_in_files_gkes_classes_and_none_are_ours(
    annotation: str | None, field: str | None, expected: Standing
) -> None:
    """Files seldom hold an IngressClass; the annotation counts before the field, as in GKE."""
    found = selection(web(annotation, field), live=False, classes=("edge",))

    assert standing(found) is expected


def test_a_class_object_in_files_says_whose_it_is() -> None:
    """A file that holds the IngressClass outranks any inference from names."""
    nginx = an_ingress_class("gce", controller="k8s.io/ingress-nginx")

    assert standing(selection(web(field="gce"), nginx, live=False)) is Standing.FOREIGN


@pytest.mark.parametrize(
    ("annotation", "field", "expected"),
    [
        (None, None, True),
        ("gce", None, True),
        ("gce-internal", "edge", True),
        ("gce-multi-cluster", None, False),
        (None, "nginx", False),
        ("nginx", None, False),
    ],
)
def test_a_take_over_looks_at_what_gke_serves(
    annotation: str | None, field: str | None, *, expected: bool
) -> None:
    """By GKE's own rules of selection, and without writing anything."""
    found = selection(web(annotation, field), live=True, take_over=True)

    assert bool(found.selected) is expected


def test_two_words_for_one_class_are_remarked_with_the_one_that_counts() -> None:
    """In files of GKE's the annotation does."""
    found = selection(web("gce", "nginx"), live=False)

    [remark] = found.diagnostics
    assert remark.code == "CLASS-CONTRADICTION"
    assert remark.message.endswith("the annotation counts")


@pytest.mark.parametrize(
    ("ingress", "expected"),
    [
        (web("gce-internal"), Variant.REGIONAL_INTERNAL),
        (web("gce-regional-external"), Variant.REGIONAL_EXTERNAL),
        (web(field="gce-internal"), Variant.REGIONAL_INTERNAL),
        (web("gce"), None),
        (web(), None),
    ],
)
def test_a_class_name_of_gkes_asks_for_its_kind_of_load_balancer(
    ingress: Ingress, expected: Variant | None
) -> None:
    """``gce`` leaves the choice between modern and classic to compatibility."""
    snapshot = a_snapshot(ingress, a_service("shop/web"))

    [load_balancer] = intents(snapshot, provider, some_settings()).load_balancers

    assert load_balancer.options.get(VARIANT.name) is expected


def test_what_a_class_name_says_is_the_weakest_word() -> None:
    """A LoadBalancerClass that states another kind, if only as a default, is not overruled."""
    edge = replace(
        a_load_balancer_class(
            ingress_classes=("gce-internal",),
            defaults={"google-load-balancer": "regional-external"},
        ),
        provider="gcp",
    )
    snapshot = a_snapshot(web(field="gce-internal"), a_service("shop/web"), edge)

    [load_balancer] = intents(snapshot, provider, some_settings()).load_balancers

    assert load_balancer.quarantined == ()
    assert load_balancer.options[VARIANT.name] is Variant.REGIONAL_EXTERNAL


DEFAULT = Key("kube-system", "default-http-backend")


INSTALLED = a_service("kube-system/default-http-backend")
CLASSIC = {"ingress-provisioner.io/google-load-balancer": "classic"}
INTERNAL = {"ingress-provisioner.io/google-load-balancer": "regional-internal"}


def fallback(
    *objects: KubeObject,
    compatibility: Compatibility = Compatibility.INCUMBENT,
    live: bool = False,
    complete: bool | None = None,
    annotations: Mapping[str, str] = NO_STRINGS,
) -> bool:
    """Tell whether an Ingress without a default backend gets that of GKE."""
    ingress = an_ingress("shop/web", class_name="edge", annotations=annotations)
    everything = (ingress, OURS, a_service("shop/web"), *objects)
    snapshot = a_snapshot(*everything, live=live, complete=complete)
    settings = some_settings(compatibility=compatibility)
    [load_balancer] = intents(snapshot, provider, settings).load_balancers
    return DEFAULT in [backend.id.service for backend in load_balancer.backends]


def test_gkes_default_backend_answers_what_nobody_else_does() -> None:
    """The Service is in every cluster of GKE and in no file; a cluster has its own word on it."""
    assert fallback(INSTALLED, live=True)
    assert not fallback(live=True)
    assert fallback()
    assert fallback(complete=True)


def test_a_load_balancer_that_can_answer_404_itself_needs_no_default_backend() -> None:
    """Classic ones cannot; GKE leads there on every kind."""
    kubernetes = Compatibility.KUBERNETES

    assert fallback(compatibility=kubernetes, annotations=CLASSIC)
    assert not fallback(compatibility=kubernetes)
    assert not fallback(compatibility=kubernetes, annotations=INTERNAL)
    assert fallback(annotations=INTERNAL)


def test_a_default_backend_of_ones_own_needs_no_other() -> None:
    """Then it answers what no rule does."""
    ingress = replace(
        an_ingress("shop/web", default_backend="web:80", class_name="edge"),
    )
    snapshot = a_snapshot(ingress, OURS, a_service("shop/web"))
    settings = some_settings(compatibility=Compatibility.INCUMBENT)

    [load_balancer] = intents(snapshot, provider, settings).load_balancers

    assert [b.id.service for b in load_balancer.backends] == [Key("shop", "web")]
