"""Promises of selection: an Ingress is ours only through its class."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.select import Standing, select
from provisioner.model.kube import Ingress, Key
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    ADialect,
    KubeObject,
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
    assert standing(theirs)[0] is Standing.FOREIGN


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


THEIRS = an_ingress_class("alb", controller="ingress.k8s.aws/alb")


def test_neighbours_are_named_one_by_one_for_files() -> None:
    """Whoever plans a file of theirs should learn whose it is and what to do."""
    intent = an_intent(an_ingress(), THEIRS)

    [remark] = intent.diagnostics
    assert "Their Controller (ingress.k8s.aws/alb)" in remark.message
    assert "--take-over" in remark.hint


def test_neighbours_by_class_name_alone_are_named_too() -> None:
    """Some controllers act on a class name without any IngressClass."""
    [remark] = an_intent(an_ingress(class_name="theirs")).diagnostics

    assert remark.message == "not planned: its class theirs belongs to Their Controller"
    assert "--class" not in remark.hint


def test_the_incumbents_ingresses_of_a_cluster_are_counted_in_one_sentence() -> None:
    """A cluster may have hundreds; other neighbours there are nobody's business."""
    nginx = an_ingress_class("nginx", controller="k8s.io/ingress-nginx")
    intent = an_intent(
        an_ingress("shop/a"),
        an_ingress("shop/b"),
        an_ingress("shop/c", class_name="nginx"),
        THEIRS,
        nginx,
        live=True,
    )

    [remark] = intent.diagnostics
    assert (remark.code, remark.subject) == ("CLASS-NEIGHBOUR", "IngressClass alb")
    assert "2 Ingresses are served by Their Controller" in remark.message
    assert remark.ingress is None
    assert intent.not_ours == (Key("shop", "a"), Key("shop", "b"), Key("shop", "c"))


def taken_over(*objects: KubeObject) -> tuple[str, ...]:
    """Return which Ingresses a take-over of a cluster looks at."""
    settings = replace(some_settings(), take_over=True)
    result = select(a_snapshot(*objects, live=True), ADialect(), settings=settings)
    return tuple(item.ingress.key.name for item in result.selected)


def test_a_take_over_looks_at_the_incumbents_ingresses_as_ours() -> None:
    """By class, by the older annotation even without an IngressClass; others stay others'."""
    annotated = with_class_annotation(an_ingress("shop/noted", class_name=None), "alb")
    nginx = an_ingress_class("nginx", controller="k8s.io/ingress-nginx")

    assert taken_over(an_ingress("shop/a"), THEIRS) == ("a",)
    assert taken_over(annotated) == ("noted",)
    assert taken_over(an_ingress("shop/n", class_name="nginx"), nginx, THEIRS) == ()


@pytest.mark.parametrize(
    ("older", "field", "expected"), [("alb", "nginx", ("web",)), ("nginx", "alb", ())]
)
def test_for_the_incumbent_the_annotation_outranks_the_field(
    older: str, field: str, expected: tuple[str, ...]
) -> None:
    """Where both are written, it looks at the annotation alone."""
    ingress = with_class_annotation(an_ingress(class_name=field), older)
    nginx = an_ingress_class("nginx", controller="k8s.io/ingress-nginx")

    assert taken_over(ingress, nginx, THEIRS) == expected


def test_a_take_over_knows_the_incumbents_default_class() -> None:
    """LBC acts on the default class at any time; of two defaults it takes neither."""
    default = replace(
        THEIRS,
        meta=replace(
            THEIRS.meta, annotations={"ingressclass.kubernetes.io/is-default-class": "true"}
        ),
    )
    second = replace(default, meta=replace(default.meta, name="second"))
    classless = an_ingress("shop/plain", class_name=None)

    assert taken_over(classless, default) == ("plain",)
    assert taken_over(classless, THEIRS) == ()
    assert taken_over(classless, default, second) == ()


HELD = "TAKE-OVER-SERVED"


def served(ingress: Ingress) -> Ingress:
    """Return an Ingress with the finalizer of the other controller."""
    return replace(ingress, meta=replace(ingress.meta, finalizers=("theirs.example/resources",)))


def test_what_an_incumbent_still_serves_is_held_back() -> None:
    """Two controllers would take away what the other one writes; the class alone is no licence."""
    snapshot = a_snapshot(
        served(an_ingress(class_name="edge")), an_ingress_class("edge"), live=True
    )

    assert standing(snapshot) == (Standing.OURS, (HELD,))


def test_of_what_a_file_lays_over_the_cluster_the_object_there_tells() -> None:
    """A file says nothing of who serves, and what it was copied from even less."""
    plain, held = an_ingress(), served(an_ingress())
    over_served = a_snapshot(replace(plain, present=held))
    over_free = a_snapshot(replace(held, present=plain))

    assert standing(over_served) == (Standing.OURS, (HELD,))
    assert standing(over_free) == (Standing.OURS, ())


def test_files_alone_and_comparisons_hold_nothing_back() -> None:
    """Nobody was asked who serves; and a comparison is made just for what is served."""
    copied = a_snapshot(served(an_ingress()))
    compared = a_snapshot(
        served(an_ingress()), an_ingress_class("alb", controller="ingress.k8s.aws/alb"), live=True
    )
    settings = replace(some_settings(), take_over=True)

    assert standing(copied) == (Standing.OURS, ())
    [item] = select(compared, ADialect(), settings=settings).selected
    assert (item.standing, item.problems) == (Standing.OURS, ())
