"""Promises of selection: an Ingress is ours only through its class."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.select import Standing, select
from provisioner.model.kube import Ingress, Key
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    ADialect,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    an_intent,
    some_settings,
)


def standing(
    snapshot: Snapshot, *, classes: tuple[str, ...] = ()
) -> tuple[Standing, tuple[str, ...]]:
    """Return what the only Ingress is, with the codes of all diagnostics."""
    result = select(snapshot, ADialect(), settings=some_settings(classes=classes))
    codes = [d.code for d in result.diagnostics]
    if not result.selected:
        return Standing.FOREIGN, tuple(codes)
    [item] = result.selected
    return item.standing, tuple(codes + [d.code for d in item.problems])


def with_class_annotation(ingress: Ingress, name: str) -> Ingress:
    annotations = {"kubernetes.io/ingress.class": name}
    return replace(ingress, meta=replace(ingress.meta, annotations=annotations))


def test_in_a_cluster_the_controller_of_the_class_decides() -> None:
    """The name means nothing: a class is ours when it names our controller."""
    ours = a_snapshot(an_ingress(class_name="edge"), an_ingress_class("edge"), live=True)
    theirs = a_snapshot(
        an_ingress(class_name="alb"),
        an_ingress_class("alb", controller="ingress.k8s.aws/alb"),
        live=True,
    )

    assert standing(ours) == (Standing.OURS, ())
    assert standing(theirs) == (Standing.FOREIGN, ())


def test_the_older_annotation_counts_as_the_class() -> None:
    """``kubernetes.io/ingress.class`` with the name of a class of ours is the same."""
    ingress = with_class_annotation(an_ingress(class_name=None), "edge")

    assert standing(a_snapshot(ingress, an_ingress_class("edge"), live=True))[0] is Standing.OURS


def test_the_field_outranks_a_contradicting_annotation_with_a_warning() -> None:
    """Two words for one thing deserve a glance."""
    ingress = with_class_annotation(an_ingress(class_name="alb"), "nginx")

    assert standing(a_snapshot(ingress)) == (Standing.OURS, ("CLASS-CONTRADICTION",))


def test_in_a_cluster_an_ingress_without_class_is_not_ours_and_not_talked_about() -> None:
    """The default class acts when an Ingress is created, not afterwards."""
    snapshot = a_snapshot(an_ingress(class_name=None), an_ingress_class("alb"), live=True)

    assert standing(snapshot) == (Standing.FOREIGN, ())


@pytest.mark.parametrize(
    ("name", "classes", "expected"),
    [
        ("alb", (), Standing.OURS),
        ("edge", ("edge",), Standing.OURS),
        ("nginx", (), Standing.FOREIGN),
        (None, (), Standing.FOREIGN),
    ],
)
def test_in_files_a_class_is_inferred_from_known_names(
    name: str | None, classes: tuple[str, ...], expected: Standing
) -> None:
    """Files seldom hold the IngressClass; a chart for nginx must still plan nothing."""
    found, codes = standing(a_snapshot(an_ingress(class_name=name)), classes=classes)

    assert found is expected
    assert codes == (("CLASS-NOT-OURS",) if expected is Standing.FOREIGN else ())


def test_a_class_object_in_files_outranks_its_name() -> None:
    """A file that holds the class says whose it is."""
    theirs = an_ingress_class("alb", controller="ingress.k8s.aws/alb")

    assert standing(a_snapshot(an_ingress(), theirs)) == (Standing.FOREIGN, ("CLASS-NOT-OURS",))


def test_a_lost_class_quarantines_what_was_ours() -> None:
    """Deleting an IngressClass must not delete load balancers: the Ingress is named, and stays."""
    intent = an_intent(an_ingress(ours=True), live=True)

    [load_balancer] = intent.load_balancers
    assert [q.diagnostic.code for q in load_balancer.quarantined] == ["CLASS-MISSING"]
    assert load_balancer.leaving == ()
    assert load_balancer.members == ()


def test_a_lost_class_of_somebody_else_is_a_remark() -> None:
    """Without our finalizer there is nothing of ours to keep."""
    assert standing(a_snapshot(an_ingress(), live=True)) == (
        Standing.FOREIGN,
        ("CLASS-NOT-OURS",),
    )


def test_classes_that_could_not_be_listed_are_unknown_not_absent() -> None:
    """A forbidden list must not look like a cluster without classes."""
    snapshot = replace(
        a_snapshot(an_ingress(ours=True), live=True), unknown_kinds=frozenset({"IngressClass"})
    )

    result = select(snapshot, ADialect(), settings=some_settings())

    assert "could not be listed" in result.selected[0].problems[0].message


@pytest.mark.parametrize(
    "ingress",
    [
        an_ingress(deleting=True, ours=True),
        an_ingress(class_name="nginx", ours=True),
        an_ingress(class_name=None, ours=True),
    ],
    ids=["deleted", "moved to another class", "lost its class"],
)
def test_what_goes_away_is_leaving(ingress: Ingress) -> None:
    """Its finalizer waits for its resources to be gone."""
    nginx = an_ingress_class("nginx", controller="k8s.io/ingress-nginx")

    intent = an_intent(ingress, an_ingress_class("alb"), nginx, live=True)

    [load_balancer] = intent.load_balancers
    assert load_balancer.leaving == (Key("shop", "web"),)
    assert load_balancer.members == ()


def test_others_are_listed_and_never_planned() -> None:
    """Known, reported, not touched."""
    intent = an_intent(an_ingress("shop/theirs", class_name="nginx"))

    assert intent.not_ours == (Key("shop", "theirs"),)
    assert intent.load_balancers == ()
