"""Promises of class objects: they say what an Ingress could say, before it or after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.translate import intents
from provisioner.model.intent import Compatibility, Intent, LoadBalancerIntent, Scheme, TargetMode
from provisioner.model.kube import IngressClass, LoadBalancerClass
from tests.factories import (
    ADialect,
    KubeObject,
    a_load_balancer_class,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    an_intent,
    some_settings,
)

BOUND = ("ingress-provisioner.io", "LoadBalancerClass", "edge")


def planned(*objects: KubeObject, live: bool = False) -> LoadBalancerIntent:
    [load_balancer] = an_intent(*objects, live=live).load_balancers
    return load_balancer


def codes(intent: Intent) -> list[str]:
    return [d.code for d in intent.diagnostics]


@pytest.mark.parametrize(
    ("ingress_class", "load_balancer_class"),
    [
        (an_ingress_class(parameters=BOUND), a_load_balancer_class(ingress_classes=())),
        (an_ingress_class(), a_load_balancer_class(ingress_classes=("alb",))),
    ],
    ids=["by the parameters of the IngressClass", "by the class's own list"],
)
def test_a_class_object_is_bound_in_two_ways(
    ingress_class: IngressClass, load_balancer_class: LoadBalancerClass
) -> None:
    """A class that also serves LBC already uses its parameters, hence the list."""
    bound = LoadBalancerClass(
        meta=load_balancer_class.meta,
        ingress_classes=load_balancer_class.ingress_classes,
        defaults={"scheme": "external"},
    )

    assert planned(an_ingress(), a_service(), ingress_class, bound).scheme is Scheme.EXTERNAL


def test_settings_are_resolved_by_place() -> None:
    """Enforced, then Service, then Ingress, then class defaults: key by key."""
    load_balancer = planned(
        an_ingress(annotations={"scheme": "internal", "target-type": "instance"}),
        a_service(annotations={"target-type": "ip"}),
        a_load_balancer_class(
            defaults={"health-check-path": "/default", "scheme": "internal"},
            enforced={"scheme": "external"},
        ),
    )

    [backend] = load_balancer.backends
    assert load_balancer.scheme is Scheme.EXTERNAL
    assert backend.mode is TargetMode.POD
    assert backend.mode_source.endswith("on Service shop/web")
    assert backend.health_check.path == "/default"


def test_enforcement_beats_the_service_too() -> None:
    """What the operator enforces, nobody overrules."""
    load_balancer = planned(
        an_ingress(),
        a_service(annotations={"target-type": "ip"}),
        a_load_balancer_class(enforced={"target-mode": "node-port"}),
    )

    [backend] = load_balancer.backends
    assert backend.mode is TargetMode.NODE_PORT
    assert backend.mode_source == "setting target-mode on LoadBalancerClass edge"


def test_a_class_brings_its_compatibility_and_its_word_on_pods() -> None:
    """Both are settings of a class, not of a single Ingress."""
    load_balancer = planned(
        an_ingress(),
        a_service(),
        a_load_balancer_class(compatibility="incumbent", pods_routable=False),
    )

    assert load_balancer.compatibility is Compatibility.INCUMBENT
    assert load_balancer.options["pods-routable"] is False


@pytest.mark.parametrize(
    ("broken", "code", "field"),
    [
        (
            a_load_balancer_class(enforced={"scheme": "x"}),
            "ANNOTATION-VALUE",
            "spec.enforced.scheme",
        ),
        (
            a_load_balancer_class(enforced={"shceme": "x"}),
            "ANNOTATION-UNKNOWN",
            "spec.enforced.shceme",
        ),
        (
            a_load_balancer_class(defaults={"overflow": "new-load-balancer"}),
            "OBJECT-UNSUPPORTED",
            "spec.defaults.overflow",
        ),
        (a_load_balancer_class(compatibility="x"), "CLASS-COMPATIBILITY", "spec.compatibility"),
    ],
)
def test_a_mistake_in_a_class_names_the_class_and_blocks_its_ingresses(
    broken: LoadBalancerClass, code: str, field: str
) -> None:
    """Enforcement that could not be read must not become no enforcement."""
    [load_balancer] = an_intent(an_ingress(), a_service(), broken).load_balancers

    [quarantined] = load_balancer.quarantined
    assert quarantined.path == ""
    assert quarantined.diagnostic.code == code
    assert quarantined.diagnostic.subject == "LoadBalancerClass edge"
    assert quarantined.diagnostic.field == field
    assert quarantined.diagnostic.ingress == quarantined.ingress


def test_two_classes_that_claim_one_ingressclass_block_it() -> None:
    """Which of the two enforces is not ours to choose."""
    load_balancer = planned(
        an_ingress(), a_service(), a_load_balancer_class("a"), a_load_balancer_class("b")
    )

    [quarantined] = load_balancer.quarantined
    assert quarantined.diagnostic.code == "CLASS-AMBIGUOUS"
    assert "a and b" in quarantined.diagnostic.message


def test_a_class_of_another_provider_blocks() -> None:
    """A class object for Google behind an AWS class is a mix-up."""
    gcp = LoadBalancerClass(
        meta=a_load_balancer_class().meta, provider="gcp", ingress_classes=("alb",)
    )

    [quarantined] = planned(an_ingress(), a_service(), gcp).quarantined
    assert quarantined.diagnostic.code == "CLASS-PROVIDER"


def test_parameters_that_name_nothing_block_in_a_cluster_and_warn_in_files() -> None:
    """In a cluster the object is truly absent; files may just not contain it."""
    objects = (an_ingress(), a_service(), an_ingress_class(parameters=BOUND))

    [quarantined] = planned(*objects, live=True).quarantined
    offline = an_intent(*objects)

    assert quarantined.diagnostic.code == "CLASS-PARAMETERS"
    assert codes(offline) == ["CLASS-PARAMETERS"]
    assert offline.load_balancers[0].members


def test_parameters_of_others_are_named_as_not_read() -> None:
    """They may enforce a scheme; ignoring them silently would open a door."""
    params = ("example.com", "EdgeParams", "internal-only")

    intent = an_intent(an_ingress(), a_service(), an_ingress_class(parameters=params))

    [warning] = intent.diagnostics
    assert warning.code == "CLASS-PARAMETERS-UNREAD"
    assert "EdgeParams internal-only" in warning.message


def test_classes_that_could_not_be_listed_block_instead_of_enforcing_nothing() -> None:
    """What exists stays as it is until somebody can read what is enforced."""
    snapshot = replace(
        a_snapshot(an_ingress(), a_service(), an_ingress_class(), live=True),
        unknown_kinds=frozenset({"LoadBalancerClass"}),
    )

    [load_balancer] = intents(snapshot, ADialect(), some_settings()).load_balancers

    assert [q.diagnostic.code for q in load_balancer.quarantined] == ["CLASS-UNLISTED"]
    assert load_balancer.members == ()
