"""Whose an Ingress is on GKE, by the names of classes and controllers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp import provider
from providers.gcp.variant import Variant
from tests.factories import an_ingress


@pytest.mark.parametrize("name", [None, "", "gce", "gce-internal", "gce-regional-external"])
def test_files_may_use_gkes_class_names_and_none(name: str | None) -> None:
    """On GKE an Ingress without a class is GKE's, and manifests keep the names."""
    assert provider.infers_class(name)


@pytest.mark.parametrize("name", ["gce-multi-cluster", "alb", "nginx", "GCE"])
def test_other_class_names_need_their_ingress_class(name: str) -> None:
    """For several clusters GKE makes instance groups and nothing else."""
    assert not provider.infers_class(name)


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("gce-internal", Variant.REGIONAL_INTERNAL),
        ("gce-regional-external", Variant.REGIONAL_EXTERNAL),
    ],
)
def test_a_class_name_of_gkes_asks_for_its_load_balancer(name: str, variant: Variant) -> None:
    """The word stands below everything that an Ingress or a class object says."""
    [word] = provider.named_class(name).words

    assert (word.setting, word.value) == ("google-load-balancer", variant)
    assert word.field == "metadata.annotations[kubernetes.io/ingress.class]"


@pytest.mark.parametrize("name", ["gce", "", "edge"])
def test_other_class_names_ask_for_nothing(name: str) -> None:
    """Which of the two global ones ``gce`` is, compatibility decides."""
    assert provider.named_class(name).words == ()


@pytest.mark.parametrize(
    ("controller", "class_name", "product"),
    [
        ("", "gce", "GKE Ingress"),
        ("", "gce-multi-cluster", "GKE Ingress for several clusters"),
        ("k8s.io/ingress-gce", "gce", "GKE Ingress"),
        ("ingress.k8s.aws/alb", "alb", "AWS Load Balancer Controller"),
        ("k8s.io/ingress-nginx", "nginx", "ingress-nginx"),
        ("ingress-provisioner.io/aws", "alb", "Ingress Provisioner on AWS"),
        ("example.com/mine", "mine", ""),
    ],
)
def test_a_neighbour_is_called_by_its_name(controller: str, class_name: str, product: str) -> None:
    """Saying whose an Ingress is saves a search."""
    assert provider.neighbour(controller=controller, class_name=class_name) == product


def test_no_ingress_class_is_gkes() -> None:
    """GKE's controller passes over an Ingress that names one, even one called gce."""
    assert provider.incumbent_controllers == frozenset()


def test_the_objects_of_settings_are_known_by_group_and_kind() -> None:
    """These are read, and watched, and never written."""
    assert provider.object_kinds == {
        ("cloud.google.com", "BackendConfig"),
        ("networking.gke.io", "FrontendConfig"),
        ("networking.gke.io", "ManagedCertificate"),
    }


RULE = "ingress.kubernetes.io/forwarding-rule"
CLASS = "kubernetes.io/ingress.class"


@pytest.mark.parametrize(
    ("finalizers", "annotations", "class_name", "expected"),
    [
        ("networking.gke.io/ingress-finalizer", {}, "edge", "finalizer"),
        ("networking.gke.io/ingress-finalizer-V2", {CLASS: "edge"}, None, "finalizer"),
        ("networking.gke.io/neg-finalizer", {}, None, ""),
        ("", {RULE: "k8s2-fr-x"}, None, "annotation"),
        ("", {RULE: "k8s2-fr-x", CLASS: "gce"}, "edge", "annotation"),
        ("", {RULE: "k8s2-fr-x"}, "edge", ""),
        ("", {CLASS: "gce"}, None, ""),
    ],
)
def test_what_gke_writes_shows_that_it_serves(
    finalizers: str, annotations: dict[str, str], class_name: str | None, expected: str
) -> None:
    """Its finalizer does at any time; what else it wrote does while the class is GKE's, too."""
    ingress = an_ingress(class_name=class_name)
    held = (finalizers,) if finalizers else ()
    meta = replace(ingress.meta, finalizers=held, annotations=annotations)

    trace = provider.incumbent_trace(replace(ingress, meta=meta))

    assert trace.partition(" ")[0] == expected
