"""Promises of certificates: the best one per host, and a missing one costs nobody else anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.aws import addresses
from providers.aws.account import Certificate, Facts
from providers.aws.desired.discovery import best_certificate
from provisioner.model.intent import Compatibility
from provisioner.model.resource import has_unknown
from tests.factories import a_path, a_rule, an_ingress
from tests.unit.providers.aws.express.worlds import (
    World,
    a_certificate,
    a_world,
    addresses_of,
    arn,
    codes,
    finding,
    kinds,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

HTTPS = '[{"HTTPS": 443}]'
BOTH = '[{"HTTP": 80}, {"HTTPS": 443}]'
WILD = a_certificate("wild", "*.example.com", not_after="2029-01-01T00:00:00Z")
EXACT = a_certificate("exact", "shop.example.com", not_after="2027-01-01T00:00:00Z")


def https_world(*certificates: Certificate, annotations: Mapping[str, str] | None = None) -> World:
    """Return an Ingress on HTTPS 443 in an account with these certificates."""
    said = {"listen-ports": HTTPS, **(annotations or {})}
    return a_world(said, facts=some_facts(certificates=certificates))


def certificates_of(listener_spec: Mapping[str, object]) -> object:
    """Return the listener's own certificates."""
    return listener_spec["Certificates"]


@pytest.mark.parametrize(
    ("host", "certificates", "chosen"),
    [
        pytest.param("shop.example.com", [WILD, EXACT], "exact", id="exact before wildcard"),
        pytest.param("SHOP.example.com", [EXACT], "exact", id="names ignore case"),
        pytest.param("a.b.example.com", [WILD], None, id="a wildcard covers one label"),
        pytest.param("example.com", [WILD], None, id="a wildcard does not cover its parent"),
        pytest.param("*.example.com", [EXACT, WILD], "wild", id="a wildcard host"),
        pytest.param(
            "shop.example.com",
            [
                a_certificate("b", "shop.example.com", not_after="2027-01-01T00:00:00Z"),
                a_certificate("a", "shop.example.com", not_after="2028-01-01T00:00:00Z"),
            ],
            "a",
            id="latest expiry",
        ),
        pytest.param(
            "shop.example.com",
            [
                a_certificate("b", "shop.example.com", not_after="2028-01-01T01:00:00+01:00"),
                a_certificate("a", "shop.example.com", not_after="2028-01-01T00:00:00Z"),
            ],
            "a",
            id="the same moment: lowest ARN",
        ),
        pytest.param(
            "shop.example.com",
            [replace(EXACT, not_after="2026-11-20T23:59:59Z"), WILD],
            "wild",
            id="never an expired one",
        ),
        pytest.param(
            "shop.example.com",
            [replace(EXACT, status="PENDING_VALIDATION")],
            None,
            id="never one that is not issued",
        ),
    ],
)
def test_each_host_gets_the_best_certificate(
    host: str, certificates: Sequence[Certificate], chosen: str | None
) -> None:
    """One certificate per host, always the same one whatever order ACM lists them in."""
    for listing in (certificates, certificates[::-1]):
        found = best_certificate(host, some_facts(certificates=listing))
        assert (found.arn if found is not None else None) == (arn(chosen) if chosen else None)


def test_the_choice_is_told() -> None:
    """Discovery is invisible in a manifest, so the plan says what was found and for how long."""
    result = https_world(EXACT, WILD).express()

    remark = finding(result, "CERTIFICATE-CHOSEN")
    assert arn("exact") in remark.message
    assert "2027-01-01" in remark.message
    assert certificates_of(spec_of(result, "aws:listener/shop/web/443")) == (
        {"CertificateArn": arn("exact")},
    )


def test_a_host_without_a_certificate_loses_that_host_and_no_other() -> None:
    """The incumbent fails the whole group (LBC#2983); here the other host is served."""
    rules = [
        a_rule("shop.example.com", a_path("/", "web:80")),
        a_rule("shop.other.org", a_path("/", "web:80")),
    ]
    world = World(
        objects=(
            an_ingress("shop/web", rules=rules, annotations={"listen-ports": BOTH}),
            *some_backends("shop/web"),
        ),
        facts=some_facts(certificates=[EXACT]),
    )

    result = world.express()

    problem = finding(result, "CERTIFICATE-NOT-FOUND")
    assert problem.field == "spec.rules[1].host"
    assert "shop.other.org" in problem.message
    assert "alb.ingress.kubernetes.io/certificate-arn" in problem.hint
    assert [q.path for q in result.quarantined] == ["spec.rules[1].http.paths[0]"]
    on_https = [
        r for r in result.resources if r.address.startswith("aws:listener-rule/shop/web/443")
    ]
    on_http = [
        r for r in result.resources if r.address.startswith("aws:listener-rule/shop/web/80/")
    ]
    assert (len(on_https), len(on_http)) == (1, 2)


def test_a_neighbour_in_the_group_is_served_all_the_same() -> None:
    """One member without a certificate never stops another (LBC#3870)."""
    edge = {"listen-ports": HTTPS, "group.name": "edge"}
    world = World(
        objects=(
            an_ingress("shop/web", annotations=edge),
            an_ingress(
                "shop/api",
                annotations=edge,
                rules=[a_rule("api.other.org", a_path("/", "api:80"))],
            ),
            *some_backends("shop/web", "shop/api"),
        ),
        facts=some_facts(certificates=[EXACT]),
    )

    result = world.express()

    assert codes(result) == ["CERTIFICATE-NOT-FOUND"]
    assert str(finding(result, "CERTIFICATE-NOT-FOUND").ingress) == "shop/api"
    assert addresses_of(result, "TargetGroup") == ["aws:target-group/edge/shop/web/web:80/pod"]


def test_without_any_certificate_the_listener_is_not_planned() -> None:
    """AWS cannot make an HTTPS listener without one; the HTTP port is served meanwhile."""
    world = a_world({"listen-ports": BOTH}, facts=some_facts())

    result = world.express()

    assert addresses_of(result, "Listener") == ["aws:listener/shop/web/80"]
    assert addresses_of(result, "SecurityGroupRule") == [
        "aws:security-group-rule/shop/web/frontend/80"
    ]
    assert codes(result) == ["CERTIFICATE-NOT-FOUND"]


def test_a_load_balancer_without_a_single_listener_is_not_made() -> None:
    """A load balancer that answers nothing costs money and helps nobody."""
    result = https_world().express()

    assert kinds(result) == []
    assert codes(result) == ["CERTIFICATE-NOT-FOUND"]


def test_an_expired_certificate_is_named_as_the_reason() -> None:
    """A bare "not found" would send people looking for a certificate that they can see."""
    result = https_world(replace(EXACT, not_after="2026-01-01T00:00:00Z")).express()

    message = finding(result, "CERTIFICATE-NOT-FOUND").message
    assert f"{arn('exact')} expired at 2026-01-01T00:00:00Z" in message


def test_when_the_only_certificate_expires_what_exists_stays() -> None:
    """Taking a listener down is no way to tell people of an expired certificate."""
    before = https_world(EXACT).express()
    late = some_facts(certificates=[replace(EXACT, not_after="2026-11-01T00:00:00Z")])

    result = a_world({"listen-ports": HTTPS}, facts=late, observed=seen(before)).express()

    assert codes(result) == ["CERTIFICATE-NOT-FOUND"]
    for kind in ("Listener", "ListenerRule", "TargetGroup", "Targets"):
        assert addresses_of(result, kind) == addresses_of(before, kind)
    assert spec_of(result, "aws:listener/shop/web/443")["Certificates"] == (
        {"CertificateArn": arn("exact")},
    )


def test_named_certificates_keep_their_order_and_the_first_is_the_default() -> None:
    """What a person lists is taken as listed; nothing is looked for."""
    named = {"certificate-arn": f"{arn('two')}, {arn('one')}"}
    result = https_world(
        a_certificate("one", "a.example.com"),
        a_certificate("two", "b.example.com"),
        annotations=named,
    ).express()

    assert spec_of(result, "aws:listener/shop/web/443")["Certificates"] == (
        {"CertificateArn": arn("two")},
    )
    extra = addresses.listener_certificate("shop/web", 443, arn("one"))
    assert addresses_of(result, "ListenerCertificate") == [extra]
    assert spec_of(result, extra)["Certificates"] == ({"CertificateArn": arn("one")},)


@pytest.mark.parametrize(
    ("named", "code", "words"),
    [
        ("my-cert", "CERTIFICATE-NAME", "is not the ARN"),
        (arn("exact", region="us-east-1"), "CERTIFICATE-REGION", "is in us-east-1"),
        (arn("gone"), "CERTIFICATE-MISSING", "does not exist"),
        (arn("pending"), "CERTIFICATE-NOT-ISSUED", "PENDING_VALIDATION"),
    ],
)
def test_a_named_certificate_that_aws_would_refuse_is_refused_here(
    named: str, code: str, words: str
) -> None:
    """The plan says so, before half of an apply has run into it."""
    pending = a_certificate("pending", "shop.example.com", status="PENDING_VALIDATION")
    world = https_world(EXACT, pending, annotations={"certificate-arn": named})

    result = world.express()

    problem = finding(result, code)
    assert words in problem.message
    assert problem.blocking
    assert str(problem.ingress) == "shop/web"
    assert addresses_of(result, "Listener") == []


def test_a_named_certificate_that_has_expired_is_an_error_but_stays() -> None:
    """Somebody insists on it; another certificate in its place would be a guess."""
    ended = replace(EXACT, not_after="2026-01-01T00:00:00Z")
    result = https_world(ended, annotations={"certificate-arn": arn("exact")}).express()

    problem = finding(result, "CERTIFICATE-EXPIRED")
    assert problem.severity.value == "error"
    assert not problem.blocking
    assert addresses_of(result, "Listener") == ["aws:listener/shop/web/443"]


def test_a_certificate_of_iam_is_taken_as_it_is() -> None:
    """Server certificates belong to no Region and are in no list of ACM."""
    iam = "arn:aws:iam::123456789012:server-certificate/old"

    result = https_world(annotations={"certificate-arn": iam}).express()

    assert codes(result) == []


def test_a_found_default_certificate_is_not_replaced_for_nothing() -> None:
    """Clients without SNI see the default one; a new host must not change it under them."""
    first = https_world(EXACT).express()
    rules = [
        a_rule("api.example.net", a_path("/", "web:80")),
        a_rule("shop.example.com", a_path("/", "web:80")),
    ]
    world = World(
        objects=(
            an_ingress("shop/web", rules=rules, annotations={"listen-ports": HTTPS}),
            *some_backends("shop/web"),
        ),
        facts=some_facts(certificates=[EXACT, a_certificate("api", "api.example.net")]),
        observed=seen(first),
    )

    result = world.express()

    assert spec_of(result, "aws:listener/shop/web/443")["Certificates"] == (
        {"CertificateArn": arn("exact")},
    )
    assert len(addresses_of(result, "ListenerCertificate")) == 1


def test_without_an_account_a_found_certificate_is_known_after_apply() -> None:
    """Rendering asks no cloud; the listener is there, its certificate is not guessed."""
    result = a_world({"listen-ports": HTTPS}, facts=Facts()).express()

    assert has_unknown(spec_of(result, "aws:listener/shop/web/443")["Certificates"])


def test_the_incumbents_choice_is_every_certificate_that_matches_by_arn() -> None:
    """Member by member; the default one is listed among the further ones as well."""
    expired = a_certificate("expired", "shop.example.com", not_after="2026-01-01T00:00:00Z")
    world = https_world(WILD, EXACT, expired)
    settings = replace(world.settings, compatibility=Compatibility.INCUMBENT)

    expressed = replace(world, settings=settings).express()

    listener = spec_of(expressed, addresses.listener("shop/web", 443))
    assert certificates_of(listener) == ({"CertificateArn": arn("exact")},)
    listed = [
        spec_of(expressed, address)["Certificates"]
        for address in addresses_of(expressed, "ListenerCertificate")
    ]
    named = [({"CertificateArn": arn(name)},) for name in ("exact", "wild")]
    assert all(each in listed for each in named)
    assert len(listed) == len(named)
