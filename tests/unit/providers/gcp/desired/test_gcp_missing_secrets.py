"""What a TLS Secret that is gone or broken costs: HTTPS of the Ingress that names it, at most.

Many a certificate is issued only to a host that answers over HTTP (ACME HTTP-01, as cert-manager
does it), so HTTP must be there before the Secret is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key, Secret
from tests.factories import a_path, a_rule
from tests.unit.core.secrets.pems import a_pair
from tests.unit.providers.gcp.desired.certs import (
    PAIR,
    WEB,
    a_tls_secret,
    certificates,
    served,
    the_certificate,
)
from tests.unit.providers.gcp.desired.worlds import (
    ALLOW_HTTP,
    HTTP_PROXY,
    HTTPS_PROXY,
    IN_GROUP,
    LISTEN_PORTS,
    PRE_SHARED,
    SETTINGS,
    World,
    a_compute_certificate,
    a_link,
    a_web,
    addresses_of,
    codes,
    finding,
    link_to,
    ports_of,
    some_backends,
    some_facts,
    spec_of,
)

FIELD = "spec.tls[0].secretName"
READINGS = list(Compatibility)
BROKEN = {
    "nothing in it": a_tls_secret(None),
    "no key": Secret(meta=a_tls_secret().meta, data={"tls.crt": PAIR.certificate.encode()}),
    "no certificate": Secret(meta=a_tls_secret().meta, data={"tls.key": PAIR.key.encode()}),
    "no PEM": a_tls_secret(None, **{"tls.crt": "hello", "tls.key": PAIR.key}),
    "the key of another": a_tls_secret(PAIR, **{"tls.key": a_pair("shop.example.com").key}),
}


def naming(
    *names: str,
    there: Sequence[Secret] = (),
    annotations: Mapping[str, str] | None = None,
    reading: Compatibility = Compatibility.KUBERNETES,
) -> World:
    """Return an Ingress whose ``spec.tls`` names Secrets, of which these exist."""
    return World(
        objects=(a_web(annotations=annotations or {}, secrets=names or ("tls",)), *some_backends()),
        secrets=tuple(there),
        settings=replace(SETTINGS, compatibility=reading),
        facts=some_facts(certificates={("web-cert", ""): a_compute_certificate()}),
    )


def told(world: World) -> list[Diagnostic]:
    """Return the errors that people get to see, from both halves of planning."""
    found = (*world.intents().diagnostics, *world.express().diagnostics)
    return [d for d in found if d.severity is Severity.ERROR]


@pytest.mark.parametrize("reading", READINGS)
def test_http_answers_before_the_secret_is_there(reading: Compatibility) -> None:
    """The Ingress is told where it names the Secret; nothing of it is set aside."""
    world = naming(reading=reading)

    expressed = world.express()

    (problem,) = told(world)
    assert (problem.code, problem.field, problem.ingress) == ("SECRET-MISSING", FIELD, WEB)
    assert problem.blocking
    assert ports_of(expressed) == ["80-80"]
    assert certificates(expressed) == []
    assert world.intent().quarantined == ()
    assert expressed.quarantined == ()


@pytest.mark.parametrize("reading", READINGS)
def test_https_comes_with_the_secret(reading: Compatibility) -> None:
    """Nothing but the Secret has to change for it, and what there is stays."""
    before = naming(reading=reading)
    after = replace(
        naming(there=[a_tls_secret()], reading=reading), observed=before.after().observed
    )

    expressed = after.express()

    assert told(after) == []
    assert ports_of(expressed) == ["443-443", "80-80"]
    assert served(expressed) == (link_to(the_certificate(expressed).address),)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("content", list(BROKEN))
def test_a_broken_secret_costs_no_more(content: str, reading: Compatibility) -> None:
    """A Secret that exists and cannot be used is as good as none."""
    world = naming(there=[BROKEN[content]], reading=reading)

    (problem,) = told(world)

    assert (problem.code, problem.field) == ("SECRET-CONTENT", FIELD)
    assert ports_of(world.express()) == ["80-80"]


@pytest.mark.parametrize("there", [(), tuple(BROKEN.values())[:1]], ids=["gone", "broken"])
def test_an_existing_port_keeps_its_last_good_certificate(there: Sequence[Secret]) -> None:
    """A Secret that is deleted by mistake takes no site down."""
    before = naming(there=[a_tls_secret()])
    after = replace(naming(there=there), observed=before.after().observed)

    expressed = after.express()

    assert [d.field for d in told(after)] == [FIELD]
    assert expressed.resources == before.after().express().resources


def test_the_ingress_stays_updatable_meanwhile() -> None:
    """A new path is served although the certificate of the Ingress is lost."""
    before = naming(there=[a_tls_secret()])
    more = (a_rule("shop.example.com", a_path("/", "web:80"), a_path("/new", "web:80")),)
    after = World(
        objects=(a_web(rules=more, secrets=("tls",)), *some_backends()),
        observed=before.after().observed,
    )

    url_map = spec_of(after.express(), addresses.url_map("shop/web"))

    assert "/new" in str(url_map["pathMatchers"])
    assert served(after.express()) == served(before.express())


def test_the_other_certificates_of_an_ingress_are_served() -> None:
    """One name of two is lost; clients of the other get their certificate."""
    world = naming("gone", "tls", there=[a_tls_secret()])

    expressed = world.express()

    assert [d.field for d in told(world)] == [FIELD]
    assert served(expressed) == (link_to(the_certificate(expressed).address),)


def test_named_certificates_are_served_without_the_secret() -> None:
    """A pre-shared certificate opens HTTPS by itself."""
    world = naming(annotations={PRE_SHARED: "web-cert"})

    assert [d.code for d in told(world)] == ["SECRET-MISSING"]
    assert served(world.express()) == (a_link("sslCertificates", "web-cert"),)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(
    "said", [{ALLOW_HTTP: "false"}, {LISTEN_PORTS: "HTTPS:443"}], ids=["allow-http", "listen-ports"]
)
def test_with_http_off_there_is_nothing_left(
    said: Mapping[str, str], reading: Compatibility
) -> None:
    """Both are told: the Secret, and that nothing listens. Nothing is made."""
    world = naming(annotations=said, reading=reading)

    expressed = world.express()

    assert [d.code for d in told(world)] == ["SECRET-MISSING", "LISTENER-NONE"]
    assert expressed.resources == ()
    assert [q.ingress for q in expressed.quarantined] == [WEB]


def test_with_http_off_an_existing_port_stays() -> None:
    """HTTPS is all there is, and it goes on with the certificate that it has."""
    said = {ALLOW_HTTP: "false"}
    before = naming(there=[a_tls_secret()], annotations=said)
    after = replace(naming(annotations=said), observed=before.after().observed)

    assert [d.code for d in told(after)] == ["SECRET-MISSING"]
    assert after.express().resources == before.after().express().resources


def test_the_neighbours_on_a_load_balancer_are_untouched() -> None:
    """Their certificate, their paths, and not a word to them."""
    said = {IN_GROUP: "edge"}

    def two(*there: Secret) -> World:
        members = (
            a_web("a/web", said, rules=(a_rule("a.example.com"),), secrets=("tls",), hosts=()),
            a_web("b/web", said, rules=(a_rule("b.example.com"),), secrets=("tls",), hosts=()),
        )
        return World(objects=(*members, *some_backends("a/web", "b/web")), secrets=there)

    own = a_tls_secret(a_pair("a.example.com"), "a/tls")
    lost = a_tls_secret(a_pair("b.example.com"), "b/tls")
    fresh = two(own)
    before = two(own, lost)
    after = replace(two(own), observed=before.after().observed)

    for world in (fresh, after):
        assert {d.ingress for d in told(world)} == {Key("b", "web")}
        assert world.intent().quarantined == ()
    assert len(certificates(fresh.express())) == 1
    assert ports_of(fresh.express()) == ["443-443", "80-80"]
    assert after.express().resources == before.after().express().resources


def test_a_member_that_counted_on_the_certificate_of_another_hears_of_it() -> None:
    """It brings none itself, so its HTTPS goes with the Secret of its neighbour."""
    said = {IN_GROUP: "edge"}
    ports = {**said, LISTEN_PORTS: "HTTP:80, HTTPS:443"}
    world = World(
        objects=(
            a_web("a/web", said, rules=(a_rule("a.example.com"),), secrets=("tls",)),
            a_web("b/web", ports, rules=(a_rule("b.example.com"),)),
            *some_backends("a/web", "b/web"),
        )
    )

    found = {(str(d.ingress), d.code) for d in told(world)}

    assert found == {("a/web", "SECRET-MISSING"), ("b/web", "LISTENER-NO-CERTIFICATE")}


def test_files_alone_do_not_miss_a_secret() -> None:
    """Nobody can tell what it holds, so HTTPS is planned with what is known after apply."""
    world = replace(naming(), live=False)

    assert told(world) == []
    assert ports_of(world.express()) == ["443-443", "80-80"]


def test_a_redirect_to_a_port_that_is_not_there_is_told() -> None:
    """Clients are sent to HTTPS, where nobody answers until the Secret comes."""
    world = naming(annotations={"ingress-provisioner.io/ssl-redirect": "443"})

    expressed = world.express()

    assert spec_of(expressed, HTTP_PROXY)["urlMap"] == link_to(
        addresses.url_map("shop/web", "redirect")
    )
    assert addresses_of(expressed, Kind.TARGET_HTTPS_PROXY) == []
    assert HTTPS_PROXY not in {r.address for r in expressed.resources}
    assert codes(expressed) == ["LISTENER-REDIRECT-NOWHERE"]
    assert "no HTTPS port" in finding(expressed, "LISTENER-REDIRECT-NOWHERE").message
