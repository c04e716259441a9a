"""Names of Compute resources: ours, and GKE's byte for byte."""

from __future__ import annotations

import re

import pytest

from providers.gcp import addresses, incumbent, names
from providers.gcp.addresses import Kind
from providers.gcp.incumbent import Part
from providers.gcp.names import Role
from provisioner.model.kube import Key
from provisioner.model.settings import Identity

RFC1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
US = Identity(cluster_name="prod", cluster_uid="f3a1c1d2", instance="default")
NAMESPACE_NAME = Key("namespace", "name")
LONG = Key("a-rather-long-namespace-of-the-platform-team", "an-ingress-whose-name-is-long-too")

EVERY_ADDRESS = (
    (addresses.address("shop/web"), Role.ADDRESS),
    (addresses.forwarding_rule("shop/web", 443), Role.FORWARDING_RULE),
    (addresses.target_proxy("shop/web", 80, https=False), Role.TARGET_HTTP_PROXY),
    (addresses.target_proxy("shop/web", 443, https=True), Role.TARGET_HTTPS_PROXY),
    (addresses.url_map("shop/web"), Role.URL_MAP),
    (addresses.url_map("shop/web", addresses.REDIRECT), Role.REDIRECT_MAP),
    (addresses.ssl_certificate("shop/web", "x"), Role.CERTIFICATE),
    (addresses.backend_service("shop/web", "web:80/pod"), Role.BACKEND_SERVICE),
    (addresses.health_check("shop/web", "web:80/pod"), Role.HEALTH_CHECK),
    (addresses.endpoint_group("shop/web", "web:80/pod", "europe-west1-b"), Role.ENDPOINT_GROUP),
    (addresses.instance_group("europe-west1-b"), Role.INSTANCE_GROUP),
    (addresses.firewall("health"), Role.FIREWALL),
)


@pytest.mark.parametrize(("address", "role"), EVERY_ADDRESS)
def test_a_name_says_what_the_resource_is_and_is_one_that_compute_takes(
    address: str, role: Role
) -> None:
    """Names are ``ipr-<role>-<8>-<readable>-<8>``, at most 63 characters of RFC 1035."""
    name = names.name(US, address, *LONG)

    assert name.startswith(f"ipr-{role.value}-")
    assert re.fullmatch(r"ipr-[a-z]{2}-[a-z2-7]{8}-[-a-z0-9]+-[a-z2-7]{8}", name)
    assert len(name) <= names.LONGEST
    assert RFC1035.fullmatch(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (US, Identity(cluster_name="prod", cluster_uid="other")),
        (US, Identity(cluster_name="stage", cluster_uid="f3a1c1d2")),
        (US, Identity(cluster_name="prod", cluster_uid="f3a1c1d2", instance="blue")),
    ],
)
def test_installations_never_share_a_name(one: Identity, other: Identity) -> None:
    """Two clusters of one name never meet (LBC#2501)."""
    address = addresses.url_map("shop/web")

    assert names.name(one, address, "shop", "web") != names.name(other, address, "shop", "web")


def test_a_name_needs_nothing_that_only_the_cluster_knows() -> None:
    """The ingress-uid is no part of a name of ours: a plan from files names what will exist."""
    known = Identity(cluster_name="prod", cluster_uid="f3a1c1d2", ingress_uid="0123456789abcdef")
    address = addresses.backend_service("shop/web", "web:80/pod")

    assert names.name(known, address, "shop") == names.name(US, address, "shop")


def test_dots_in_an_ingress_name_are_no_obstacle_and_stay_apart_from_dashes() -> None:
    """GKE refuses such an Ingress; ours differ by the hash although they read alike."""
    dotted = names.name(US, addresses.url_map("shop/web.v1"), "shop", "web.v1")
    dashed = names.name(US, addresses.url_map("shop/web-v1"), "shop", "web-v1")

    assert RFC1035.fullmatch(dotted)
    assert "-shop-web-v1-" in dotted
    assert "-shop-web-v1-" in dashed
    assert dotted != dashed


def test_generations_of_one_resource_have_names_of_their_own() -> None:
    """Both load balancers exist while one replaces the other, and names are unique."""
    first, second = (addresses.url_map("shop/web", balancer=n) for n in (1, 2))

    assert names.name(US, first) != names.name(US, second)


def test_a_kind_without_a_name_has_no_role() -> None:
    """What is attached to a group has no name of its own."""
    group = addresses.endpoint_group("shop/web", "web:80/pod", "europe-west1-b")

    with pytest.raises(KeyError):
        names.role_of(addresses.endpoints_of(group))


def test_all_names_of_a_kind_of_an_installation_begin_alike() -> None:
    """One prefix finds them in a list, whatever they are for."""
    prefix = names.prefix(US, Role.URL_MAP)

    assert names.name(US, addresses.url_map("shop/web"), "shop", "web").startswith(prefix)
    assert names.name(US, addresses.url_map("edge"), "edge").startswith(prefix)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Part.URL_MAP, "k8s2-um-7kpbhpki-namespace-name-uhmwf5xi"),
        (Part.REDIRECT_MAP, "k8s2-rm-7kpbhpki-namespace-name-uhmwf5xi"),
        (Part.HTTP_RULE, "k8s2-fr-7kpbhpki-namespace-name-uhmwf5xi"),
        (Part.HTTPS_RULE, "k8s2-fs-7kpbhpki-namespace-name-uhmwf5xi"),
        (Part.HTTP_PROXY, "k8s2-tp-7kpbhpki-namespace-name-uhmwf5xi"),
        (Part.HTTPS_PROXY, "k8s2-ts-7kpbhpki-namespace-name-uhmwf5xi"),
    ],
)
def test_gke_names_frontends_of_the_second_generation_by_the_kube_system_uid(
    part: Part, expected: str
) -> None:
    """Source: ingress-gce, ``namer.newV2IngressFrontendNamer``."""
    assert incumbent.frontend(part, NAMESPACE_NAME, kube_system_uid="kubesystem-uid1") == expected


@pytest.mark.parametrize(
    ("regional_external", "expected"),
    [
        (False, "k8s1-01234567-namespace-name-80-5104b449"),
        (True, "k8s1-01234567-e-namespace-name-80-5104b449"),
    ],
)
def test_gke_names_pod_backends_by_the_first_eight_of_the_ingress_uid(
    *, regional_external: bool, expected: str
) -> None:
    """Source: ingress-gce, ``namer.NEG`` and ``namer.RXLBBackendName``."""
    found = incumbent.pod_backend(
        NAMESPACE_NAME,
        80,
        ingress_uid="0123456789abcdef",
        regional_external=regional_external,
    )

    assert found == expected


def test_gke_names_what_a_cluster_has_once_by_the_whole_ingress_uid() -> None:
    """Source: ingress-gce, ``namer.decorateName``."""
    assert incumbent.instance_group(ingress_uid="uid1") == "k8s-ig--uid1"
    assert incumbent.node_port_backend(80, ingress_uid="uid1") == "k8s-be-80--uid1"
    assert incumbent.firewall(ingress_uid="uid1") == "k8s-fw-l7--uid1"
    assert incumbent.named_port(30080) == "port30080"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Part.URL_MAP, "k8s-um-namespace-name--uid1"),
        (Part.HTTP_RULE, "k8s-fw-namespace-name--uid1"),
        (Part.HTTPS_RULE, "k8s-fws-namespace-name--uid1"),
        (Part.HTTP_PROXY, "k8s-tp-namespace-name--uid1"),
        (Part.HTTPS_PROXY, "k8s-tps-namespace-name--uid1"),
        (Part.REDIRECT_MAP, ""),
    ],
)
def test_gke_names_frontends_of_the_first_generation_by_the_ingress_uid(
    part: Part, expected: str
) -> None:
    """The first generation had no redirect maps. Source: ingress-gce, ``namer.Namer``."""
    assert incumbent.first_frontend(part, NAMESPACE_NAME, ingress_uid="uid1") == expected


def test_gke_cuts_names_of_the_first_generation_and_ends_them_with_a_zero() -> None:
    """An over-long name is cut to 62 characters and a ``0``."""
    found = incumbent.first_frontend(Part.URL_MAP, LONG, ingress_uid="0123456789abcdef")

    assert len(found) == incumbent.LONGEST
    assert found.endswith("0")
    assert found[:-1] == f"k8s-um-{LONG.namespace}-{LONG.name}"[:62]


def test_gke_trims_both_fields_of_a_long_name_evenly() -> None:
    """The longer field loses more, and together they fill the room."""
    namespace, name = incumbent.trimmed(36, *LONG)

    assert len(namespace) + len(name) == 36
    assert LONG.namespace.startswith(namespace)
    assert LONG.name.startswith(name)
    assert len(namespace) > len(name)


def test_gke_leaves_short_fields_alone() -> None:
    """Nothing is cut that fits."""
    assert incumbent.trimmed(36, "shop", "web") == ("shop", "web")


def test_gke_names_certificates_by_their_content() -> None:
    """Another content is another name, under one beginning for each Ingress."""
    uid = "kubesystem-uid1"
    first, second = (
        incumbent.certificate(NAMESPACE_NAME, text, kube_system_uid=uid) for text in ("a", "b")
    )
    prefix = incumbent.certificate_prefix(NAMESPACE_NAME, kube_system_uid=uid)

    assert first == f"{prefix}ca978112ca1bbdca"  # the first 16 digits of sha256("a")
    assert second.startswith(prefix)
    assert first != second
    assert re.fullmatch(r"k8s2-cr-7kpbhpki-[a-z0-9]{16}-[0-9a-f]{16}", first)


def test_gke_names_certificates_of_the_first_generation_by_load_balancer_and_content() -> None:
    """Source: ingress-gce, ``namer.SSLCertName``."""
    found = incumbent.first_certificate(NAMESPACE_NAME, "a", ingress_uid="uid1")

    assert re.fullmatch(r"k8s-ssl-[0-9a-f]{16}-ca978112ca1bbdca--uid1", found)


@pytest.mark.parametrize(
    ("name", "valid"), [("k8s2-um-x", True), ("k8s2-um-a.b", False), ("a" * 64, False)]
)
def test_a_dot_spoils_a_name_of_gke(*, name: str, valid: bool) -> None:
    """An Ingress name with a dot makes a name that Compute refuses, so GKE gives it up."""
    assert incumbent.is_valid(name) is valid


def test_gke_describes_what_a_thing_is_for() -> None:
    """The descriptions are JSON with GKE's own keys."""
    assert incumbent.ingress_words(NAMESPACE_NAME) == {
        "kubernetes.io/ingress-name": "namespace/name"
    }
    assert incumbent.service_words(NAMESPACE_NAME, "80", ("NEG",)) == {
        "kubernetes.io/service-name": "namespace/name",
        "kubernetes.io/service-port": "80",
        "x-features": ["NEG"],
    }
    assert "x-features" not in incumbent.service_words(NAMESPACE_NAME, "80")
    assert incumbent.endpoint_group_words(NAMESPACE_NAME, "80", kube_system_uid="u") == {
        "cluster-uid": "u",
        "namespace": "namespace",
        "service-name": "name",
        "port": "80",
    }


def test_every_kind_with_a_name_has_a_role() -> None:
    """The three kinds of membership and the signing keys have none."""
    unnamed = {Kind.NETWORK_ENDPOINTS, Kind.SIGNED_URL_KEY, Kind.INSTANCES, Kind.NAMED_PORTS}

    assert {addresses.parse(address).kind for address, _ in EVERY_ADDRESS} == set(Kind) - unnamed
