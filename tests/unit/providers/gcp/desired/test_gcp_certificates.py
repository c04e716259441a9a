"""Promises of certificates: by name, from Secrets, issued by Google, or out of a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.gcp.account import HERE, Source
from providers.gcp.addresses import Kind
from provisioner.model.diagnostic import Severity
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, Unknown
from tests.factories import a_rule
from tests.unit.core.secrets.pems import a_pair
from tests.unit.providers.gcp.desired.certs import (
    ISSUE,
    REGIONAL,
    WEB,
    a_tls_secret,
    certificates,
    naming,
    served,
    with_secret,
)
from tests.unit.providers.gcp.desired.worlds import (
    ALLOW_HTTP,
    CERTIFICATE_MAP,
    HTTPS_PROXY,
    IN_GROUP,
    LISTEN_PORTS,
    MANAGED,
    PRE_SHARED,
    REGION,
    World,
    a_compute_certificate,
    a_link,
    a_web,
    a_world,
    addresses_of,
    an_object,
    codes,
    finding,
    ports_of,
    some_backends,
    some_facts,
    spec_of,
)

# -- by name --------------------------------------------------------------------------------------


def test_named_certificates_are_attached_in_the_order_they_were_named_in() -> None:
    """The first one answers clients without a server name."""
    known = {(name, ""): a_compute_certificate(name) for name in ("b-cert", "a-cert")}

    expressed = naming("b-cert", "a-cert", known=known).express()

    assert served(expressed) == (
        a_link("sslCertificates", "b-cert"),
        a_link("sslCertificates", "a-cert"),
    )
    assert codes(expressed) == []


def test_a_regional_load_balancer_takes_certificates_of_its_region() -> None:
    """A certificate lives in the scope of the proxy that serves it."""
    known = {("web-cert", HERE): a_compute_certificate(region=REGION), ("web-cert", ""): None}

    expressed = naming("web-cert", known=known, annotations=REGIONAL).express()

    assert served(expressed) == (a_link("sslCertificates", "web-cert", region=REGION),)


def test_a_certificate_that_does_not_exist_costs_nobody_the_others() -> None:
    """GKE leaves it to the API to refuse the whole proxy."""
    known = {("web-cert", ""): a_compute_certificate(), ("gone", ""): None}

    expressed = naming("gone", "web-cert", known=known).express()

    found = finding(expressed, "CERTIFICATE-MISSING")
    assert found.ingress == WEB
    assert found.blocking
    assert "gone" in found.message
    assert served(expressed) == (a_link("sslCertificates", "web-cert"),)


def test_a_certificate_of_the_other_scope_is_told_as_such() -> None:
    """The likeliest mistake after a move to a regional load balancer."""
    known = {("web-cert", ""): a_compute_certificate(), ("web-cert", HERE): None}

    expressed = naming("web-cert", known=known, annotations=REGIONAL).express()

    assert "is global" in finding(expressed, "CERTIFICATE-MISSING").hint


def test_without_any_usable_certificate_https_is_not_opened_and_http_is() -> None:
    """GKE serves HTTP then as well."""
    expressed = naming("gone", known={("gone", ""): None}).express()

    assert ports_of(expressed) == ["80-80"]
    assert codes(expressed) == ["CERTIFICATE-MISSING"]


def test_an_https_port_that_exists_keeps_its_certificates_where_the_named_one_is_gone() -> None:
    """What works is not taken down by a name that does not exist."""
    before = naming("web-cert", known={("web-cert", ""): a_compute_certificate()}).after()

    later = replace(naming("gone", known={("gone", ""): None}), observed=before.observed)

    assert served(later.express()) == (a_link("sslCertificates", "web-cert"),)


def test_a_certificate_that_nobody_may_look_up_is_taken_at_its_word() -> None:
    """A missing permission is not a missing certificate."""
    expressed = naming("web-cert", unread=(Source.SSL_CERTIFICATES.value,)).express()

    assert served(expressed) == (a_link("sslCertificates", "web-cert"),)
    found = finding(expressed, "CERTIFICATE-UNREAD")
    assert found.severity is Severity.WARNING
    assert "compute.sslCertificates.list" in found.hint


def test_offline_a_named_certificate_is_known_after_apply() -> None:
    """Nothing is guessed about a project that nobody read."""
    world = naming("web-cert")
    expressed = replace(world, facts=type(world.facts)()).express()

    assert [type(value) for value in served(expressed)] == [Unknown]


@pytest.mark.parametrize(
    ("not_after", "expected"),
    [
        ("2026-11-01T00:00:00Z", ["CERTIFICATE-EXPIRED"]),
        ("2026-12-01T00:00:00Z", ["CERTIFICATE-EXPIRES"]),
        ("2027-12-01T00:00:00Z", []),
        ("", []),
    ],
)
def test_the_end_of_a_named_certificate_is_told(not_after: str, expected: list[str]) -> None:
    """It is attached all the same, since someone insists."""
    known = {("web-cert", ""): a_compute_certificate(not_after=not_after)}

    expressed = naming("web-cert", known=known).express()

    assert codes(expressed) == expected
    assert served(expressed) == (a_link("sslCertificates", "web-cert"),)


def test_google_renews_its_own_certificates() -> None:
    """Nobody has to see to the renewal of a managed certificate."""
    soon = a_compute_certificate(not_after="2026-12-01T00:00:00Z", managed=True)

    assert codes(naming("web-cert", known={("web-cert", ""): soon}).express()) == []


# -- GKE's ManagedCertificates --------------------------------------------------------------------


def managed(status: Mapping[str, str], *, live: bool = True) -> World:
    """Return an Ingress that names a ManagedCertificate with this status."""
    spec = {"domains": ["shop.example.com"]}
    one = an_object("ManagedCertificate", "shop/mc", live=live, spec=spec, status=status)
    known = {("mcrt-1", ""): a_compute_certificate("mcrt-1", managed=True)}
    return a_world(
        {MANAGED: "mc"}, settings_of=(one,), facts=some_facts(certificates=known), live=live
    )


def test_a_managed_certificate_is_resolved_to_what_gke_made_of_it() -> None:
    """They stay GKE's: we make none."""
    expressed = managed({"certificateName": "mcrt-1", "certificateStatus": "Active"}).express()

    assert served(expressed) == (a_link("sslCertificates", "mcrt-1"),)
    assert certificates(expressed) == []


def test_a_managed_certificate_that_gke_has_not_made_yet_is_waited_for() -> None:
    """HTTP serves meanwhile, without an error (ingress-gce#764)."""
    expressed = managed({}).express()

    assert ports_of(expressed) == ["80-80"]
    assert finding(expressed, "CERTIFICATE-PENDING").severity is Severity.INFO
    assert codes(expressed) == []


def test_in_files_a_managed_certificate_is_known_after_apply() -> None:
    """Its status is written by a controller, so git does not hold it."""
    expressed = managed({}, live=False).express()

    (certificate,) = served(expressed)
    assert isinstance(certificate, Unknown)
    assert "ManagedCertificate mc" in certificate.why


# -- a map of Certificate Manager -----------------------------------------------------------------


def test_a_certificate_map_takes_the_place_of_certificates() -> None:
    """One map per proxy; what is named besides serves nobody, which is told."""
    expressed = a_world({CERTIFICATE_MAP: "web-map", PRE_SHARED: "web-cert"}).express()

    proxy = spec_of(expressed, HTTPS_PROXY)
    assert proxy["certificateMap"] == (
        "//certificatemanager.googleapis.com/projects/shop-prod/locations/global"
        "/certificateMaps/web-map"
    )
    assert not proxy["sslCertificates"]
    assert codes(expressed) == ["CERTIFICATE-MAP-COVERS"]


def test_a_regional_load_balancer_takes_no_certificate_map() -> None:
    """Maps are for global ones."""
    expressed = a_world({CERTIFICATE_MAP: "web-map", **REGIONAL}).express()

    assert finding(expressed, "CERTIFICATE-MAP-REGIONAL").field == (
        f"metadata.annotations[{CERTIFICATE_MAP}]"
    )
    assert ports_of(expressed) == ["80-80"]


def test_offline_a_certificate_map_is_known_after_apply() -> None:
    """Its link names the project."""
    world = a_world({CERTIFICATE_MAP: "web-map"})
    expressed = replace(world, facts=type(world.facts)()).express()

    assert isinstance(spec_of(expressed, HTTPS_PROXY)["certificateMap"], Unknown)


# -- bad input ------------------------------------------------------------------------------------


def test_http_off_without_a_certificate_is_told_and_makes_nothing() -> None:
    """Nothing would be left to listen on."""
    expressed = a_world({ALLOW_HTTP: "false"}).express()
    intent = a_world({ALLOW_HTTP: "false"}).intents()

    assert expressed.resources == ()
    assert any(d.blocking and d.ingress == WEB for d in intent.diagnostics)


def test_https_without_any_certificate_is_told() -> None:
    """An HTTPS port that somebody asks for needs one."""
    world = a_world({LISTEN_PORTS: "HTTPS:443"})

    expressed = world.express()

    found = [d for d in (*expressed.diagnostics, *world.intents().diagnostics) if d.blocking]
    assert {d.ingress for d in found} == {WEB}
    assert addresses_of(expressed, Kind.TARGET_HTTPS_PROXY) == []


def test_members_of_a_group_bring_their_certificates_together() -> None:
    """GKE cannot share a load balancer; here each member adds its own."""
    pairs = {name: a_tls_secret(a_pair(f"{name}.example.com"), f"{name}/tls") for name in "ab"}
    world = World(
        objects=(
            *(
                a_web(
                    f"{name}/web",
                    {IN_GROUP: "edge"},
                    rules=(a_rule(f"{name}.example.com"),),
                    secrets=("tls",),
                    hosts=(f"{name}.example.com",),
                )
                for name in "ab"
            ),
            *some_backends("a/web", "b/web"),
        ),
        secrets=tuple(pairs.values()),
    )

    expressed = world.express()

    (proxy,) = addresses_of(expressed, Kind.TARGET_HTTPS_PROXY)
    assert len(served(expressed, proxy)) == 2
    assert {r.ingresses for r in certificates(expressed)} == {
        (Key("a", "web"),),
        (Key("b", "web"),),
    }


def test_nothing_observed_means_nothing_kept() -> None:
    """A new load balancer has no certificates of the past."""
    expressed = replace(with_secret(a_tls_secret()), observed=Observed()).express()

    assert len(served(expressed)) == 1


def test_no_certificate_is_issued_for_an_ingress_without_hosts() -> None:
    """There is nothing that it could be for."""
    world = World(objects=(a_web(annotations=ISSUE, rules=(a_rule(""),)), *some_backends()))

    found = [*world.express().diagnostics, *world.intents().diagnostics]

    assert any(d.blocking and d.ingress == WEB for d in found)
    assert certificates(world.express()) == []
