"""Promises of names and descriptions that depend on whose reading applies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from providers.gcp import addresses, incumbent, marks
from providers.gcp.labels import Labels
from providers.gcp.variant import Variant
from provisioner.model.intent import BackendIntent, Compatibility, TargetMode
from provisioner.model.resource import Fingerprint, Unknown
from provisioner.model.settings import Identity, Settings
from tests.unit.providers.gcp.desired.worlds import SETTINGS, a_world

GKE = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)
SERVICE = addresses.backend_service("shop/web", "web:80/pod")
GROUP = addresses.endpoint_group("shop/web", "web:80/pod", "europe-west1-b")
CLASSIC = Variant.CLASSIC


def labels_of(settings: Settings = GKE) -> tuple[Labels, BackendIntent]:
    """Return the labels of ``shop/web``, and its backend with node port 30080."""
    request = a_world(settings=settings).request()
    backend = next(b for b in request.intent.backends if b.id.service.name == "web")
    return Labels.of(request), backend


def test_gke_has_one_name_for_service_check_and_group_of_a_pod_backend() -> None:
    """The digits are those of the first eight of the ingress-uid, namespace, Service and port."""
    labels, backend = labels_of()

    found = {
        labels.backend_service_name(backend, TargetMode.POD, address=SERVICE, variant=CLASSIC),
        labels.health_check_name(backend, TargetMode.POD, address=SERVICE, variant=CLASSIC),
        labels.endpoint_group_name(backend, address=GROUP, zone="europe-west1-b"),
    }

    assert found == {incumbent.pod_backend(backend.id.service, 80, ingress_uid="0123456789abcdef")}


def test_gke_names_services_of_a_regional_external_load_balancer_apart() -> None:
    """Their groups are the same ones."""
    labels, backend = labels_of()

    name = labels.backend_service_name(
        backend, TargetMode.POD, address=SERVICE, variant=Variant.REGIONAL_EXTERNAL
    )

    assert str(name).startswith("k8s1-01234567-e-shop-web-80-")


def test_gke_names_a_node_port_backend_by_its_node_port() -> None:
    """Files often do not hold it: then the name is known after apply."""
    labels, backend = labels_of()
    mode = TargetMode.NODE_PORT
    unallocated = replace(backend, node_port=0)

    known = labels.backend_service_name(backend, mode, address=SERVICE, variant=CLASSIC)
    unknown = labels.backend_service_name(unallocated, mode, address=SERVICE, variant=CLASSIC)

    assert known == "k8s-be-30080--0123456789abcdef"
    assert isinstance(unknown, Unknown)


def test_gke_s_names_of_backends_need_the_number_of_the_port_and_the_uid() -> None:
    """A port that nothing resolves, and a cluster that nobody identified."""
    labels, backend = labels_of()
    nobody = replace(GKE, identity=Identity(cluster_name="prod", cluster_uid="u"))
    strangers, _ = labels_of(nobody)
    unresolved = replace(backend, service_port=0)

    for name in (
        labels.backend_service_name(unresolved, TargetMode.POD, address=SERVICE, variant=CLASSIC),
        strangers.backend_service_name(backend, TargetMode.POD, address=SERVICE, variant=CLASSIC),
    ):
        assert isinstance(name, Unknown)


@pytest.mark.parametrize("taken", [True, False])
def test_a_name_of_gke_s_that_is_taken_gives_way_to_ours(*, taken: bool) -> None:
    """GKE's name says little of what cannot be changed, so two generations would meet."""
    labels, backend = labels_of()
    theirs = incumbent.pod_backend(backend.id.service, 80, ingress_uid="0123456789abcdef")

    name = labels.backend_service_name(
        backend,
        TargetMode.POD,
        address=SERVICE,
        variant=CLASSIC,
        taken=(theirs,) if taken else (),
    )

    assert (name == theirs) is not taken
    assert str(name).startswith("ipr-be-" if taken else "k8s1-")


def test_our_names_of_backends_say_service_and_port() -> None:
    """A person finds them in a list; zones of a group differ by the hash."""
    labels, backend = labels_of(SETTINGS)
    elsewhere = addresses.endpoint_group("shop/web", "web:80/pod", "europe-west1-c")

    service = labels.backend_service_name(
        backend, TargetMode.POD, address=SERVICE, variant=Variant.GLOBAL_EXTERNAL
    )
    groups = {labels.endpoint_group_name(backend, address=a) for a in (GROUP, elsewhere)}

    assert "-shop-web-80-" in str(service)
    assert len(groups) == 2


def test_descriptions_of_backends_hold_gke_s_words_under_its_reading_alone() -> None:
    """They are how GKE proves what is its own."""
    theirs, backend = labels_of()
    ours, _ = labels_of(SETTINGS)

    service = json.loads(
        theirs.backend_description(backend, TargetMode.POD, address=SERVICE, features=("NEG",))
    )
    group = json.loads(theirs.endpoint_group_description(backend, address=GROUP))
    plain = json.loads(ours.endpoint_group_description(backend, address=GROUP))

    assert service["kubernetes.io/service-name"] == "shop/web"
    assert service["kubernetes.io/service-port"] == "80"
    assert service["x-features"] == ["NEG"]
    assert group["cluster-uid"] == "kubesystem-uid1"
    assert not {key for key in plain if not key.startswith("ingress-provisioner.io/")}


def test_what_several_ingresses_share_names_none_of_them() -> None:
    """GKE has one backend service for a Service port of the whole cluster."""
    labels, backend = labels_of()

    shared = labels.backend_description(backend, TargetMode.POD, address=SERVICE, group="shared")

    assert marks.ingress_of(shared) is None
    assert marks.group_of(shared) == "shared"


def test_gke_s_name_of_a_certificate_needs_the_uid_of_the_cluster() -> None:
    """Without it nobody can tell what GKE would call it."""
    nobody = replace(GKE, identity=Identity(cluster_name="prod"))
    labels, _ = labels_of(nobody)
    content = Fingerprint("x", "-----BEGIN CERTIFICATE-----")

    name = labels.certificate_name(addresses.ssl_certificate("shop/web", "x"), content)

    assert isinstance(name, Unknown)
