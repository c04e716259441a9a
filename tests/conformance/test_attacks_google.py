"""What a member of a shared load balancer can never do to the others on Google Cloud.

All of them share one URL map, one PUT, one address and one list of certificates there, and one
description tells whose every path of a host is. ``evil`` may create Ingresses in one namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as choosing
from hypothesis import strategies as st

from provisioner.model.kube import HttpPath, Ingress, Key
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed
from provisioner.render.findings import not_applyable
from tests.conformance.google_pipeline import (
    CLASSIC,
    EARLIER,
    EVIL,
    HOST,
    LATEST,
    NOTHING,
    VICTIM,
    a_cluster,
    a_member,
    applied,
    of_kind,
    owners,
    part,
    plan,
    rules,
)
from tests.conformance.pipeline import blamed, finding
from tests.conformance.routing.asking import served
from tests.factories import a_path, a_rule, an_ingress
from tests.unit.providers.gcp.desired import worlds

HTTPS = '[{"HTTP": 80}, {"HTTPS": 443}]'
MINE, THEIRS = "web", "evil/web"
IP = "203.0.113.7"


def on(result: Plan, *urls: str) -> list[str | int]:
    return [served(result, url, group="edge") for url in urls]


# -- hosts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [{}, CLASSIC], ids=["managed", "classic"])
@pytest.mark.parametrize(
    "host",
    [HOST, "SHOP.Example.COM", f"{HOST}.", f"{HOST}:80", f"{HOST}:443", "*.com", "*", ""],
)
def test_no_spelling_of_a_host_takes_requests_from_its_owner(
    host: str, variant: Mapping[str, str]
) -> None:
    """Upper case, a trailing dot, a port, wider patterns, a default backend: all the same."""
    mine = a_member(VICTIM, HOST, a_path("/app"), annotations=variant)
    quiet = a_member(EVIL, "a.evil.com", annotations=variant, default_backend="web:80")
    rude = a_member(EVIL, host, annotations=variant, default_backend="web:80", created=EARLIER)

    result = plan(a_cluster(mine, rude), applied(plan(a_cluster(mine, quiet))))

    assert on(result, f"http://{HOST}/app", f"http://{HOST.upper()}/app/x") == [MINE, MINE]
    assert THEIRS not in on(result, f"http://{HOST}/", f"http://{HOST}/.well-known/acme")


def test_no_default_backend_of_another_namespace_answers_on_a_classic_load_balancer() -> None:
    """It cannot answer 404; what is left goes nowhere rather than to somebody else.

    Who gets it could prove to a certificate authority that the host is theirs. While the owner is
    broken as well.
    """
    both = a_cluster(
        a_member(VICTIM, HOST, a_path("/app"), annotations=CLASSIC),
        a_member(EVIL, "a.evil.com", annotations=CLASSIC, default_backend="web:80"),
    )
    broken = a_member(VICTIM, HOST, annotations={**CLASSIC, **UNREADABLE})
    rude = a_member(EVIL, "a.evil.com", annotations=CLASSIC, default_backend="web:80")

    first = plan(both)
    then = plan(a_cluster(broken, rude), applied(first))

    for result in (first, then):
        assert on(result, f"http://{HOST}/app", "http://a.evil.com/x") == [MINE, THEIRS]
        assert THEIRS not in on(result, f"http://{HOST}/x")


def test_a_host_that_switching_borrows_is_nobodys() -> None:
    """A new backend is warmed under a name in .invalid; two host rules of one name are refused."""
    rude = a_member(EVIL, "warm-0123456789.invalid")

    result = plan(a_cluster(a_member(VICTIM), rude))

    assert blamed(result, "HOST-RESERVED") == {EVIL}
    assert {entry.host for entry in rules(result)} == {HOST, ""}


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ü", "/a b", "/\x00", "/a\n", "/\x7f", "/a\u2028"])
@pytest.mark.parametrize("kind", ["Exact", "Prefix", "ImplementationSpecific"])
def test_a_path_that_no_request_can_have_costs_its_author_that_path(path: str, kind: str) -> None:
    """Google refuses or takes a URL map as a whole, so nothing doubtful is put into it."""
    rude = a_member(EVIL, "a.evil.com", a_path(path, path_type=kind), a_path("/good"))

    result = plan(a_cluster(a_member(VICTIM), rude))

    assert blamed(result, "PATH-SYNTAX") == {EVIL}
    assert on(result, f"http://{HOST}/", "http://a.evil.com/good") == [MINE, THEIRS]


@pytest.mark.parametrize("target", [f"/{'x' * 1023}", "/ü"])
def test_a_replacement_that_google_refuses_costs_its_author_that_path(target: str) -> None:
    """1,024 characters are taken from the Ingress, but what is below a path needs one more."""
    rude = a_member(
        EVIL,
        "a.evil.com",
        a_path("/a"),
        annotations={"ingress-provisioner.io/rewrite-target": target},
    )

    result = plan(a_cluster(a_member(VICTIM), rude))

    assert blamed(result, "PATH-REWRITE") == {EVIL}
    assert on(result, f"http://{HOST}/", "http://a.evil.com/a") == [MINE, 503]


# -- whose a path is -------------------------------------------------------------------------------

UNREADABLE = {"ingress-provisioner.io/timeout-seconds": "soon"}


def many(number: int, *, of: int = 2, length: int = 4) -> list[Ingress]:
    """Return Ingresses of evil that share so many paths of no host by turns."""
    return [
        a_member(
            Key("evil", f"x{turn}"),
            "",
            *(a_path(f"/{n:0{length}}", path_type="Exact") for n in range(turn, number, of)),
            created=LATEST,
        )
        for turn in range(of)
    ]


def anywhere(*paths: str, annotations: Mapping[str, str] | None = None) -> Ingress:
    return a_member(VICTIM, "", *(a_path(p) for p in paths), annotations=annotations or {})


def test_a_flood_of_paths_does_not_push_others_out_of_the_description() -> None:
    """2,048 characters tell whose every path is; who needs most of them goes without."""
    world = applied(plan(a_cluster(anywhere("/app"))))

    result = plan(a_cluster(anywhere("/app"), *many(990)), world)

    assert owners(result, "*", "/app/*") == {str(VICTIM)}
    assert owners(result, "*", "/0000") == {"None"}


def test_what_is_told_outlives_a_mistake_in_spite_of_a_flood() -> None:
    """The victim is broken after the flood: its rule stays, and nobody else gets the path."""
    flooded = applied(plan(a_cluster(anywhere("/app"), *many(990))))
    greedy = a_member(Key("evil", "y"), "", a_path("/app"), created=EARLIER)

    result = plan(a_cluster(anywhere("/app", annotations=UNREADABLE), greedy, *many(990)), flooded)

    assert on(result, "http://any.example/app") == [MINE]
    assert blamed(result, "PATH-DUPLICATE") == set() or Key("evil", "y") in blamed(result)


def test_a_newcomer_who_would_make_others_unknown_is_refused() -> None:
    """Those who were told of first stay told of, even if they are the larger part."""
    large = [f"/a-rather-long-path-of-the-shop-{n:03}" for n in range(30)]
    names = [Key("shop", f"ingress-with-a-rather-long-name-{n:03}") for n in range(30)]
    mine = [
        a_member(key, "", a_path(path, path_type="Exact"))
        for key, path in zip(names, large, strict=True)
    ]
    rude = [
        a_member(
            Key("evil", f"one-more-ingress-with-a-rather-long-name-{n:03}"),
            "",
            a_path(f"/{n}", path_type="Exact"),
            created=EARLIER,
        )
        for n in range(15)
    ]
    before = applied(plan(a_cluster(*mine)))

    result = plan(a_cluster(*mine, *rude), before)

    for key, path in zip(names, large, strict=True):
        assert owners(result, "*", path) == {str(key)}
    refused = blamed(result, "HOST-SHARED-TOO-WIDELY")
    assert refused
    assert {key.namespace for key in refused if key} == {"evil"}


# -- the whole of a load balancer ------------------------------------------------------------------


CERTIFICATE = {worlds.PRE_SHARED: "mine"}
FACTS = worlds.some_facts(
    addresses_of={("evil-ip", ""): worlds.a_static_address("evil-ip", IP)},
    certificates={("mine", ""): worlds.a_compute_certificate("mine"), ("mine", "here"): None},
    ssl_policies={"weak": worlds.a_link("sslPolicies", "weak")},
)
WHOLE = {
    "address": {worlds.GLOBAL_IP: "evil-ip"},
    "certificate map": {worlds.CERTIFICATE_MAP: "evil-map"},
    "redirect": {worlds.FRONTEND_CONFIG: "redirecting"},
    "SSL policy": {worlds.FRONTEND_CONFIG: "weak"},
}
OBJECTS = {
    "redirecting": {"redirectToHttps": {"enabled": True}},
    "weak": {"sslPolicy": "weak"},
}


def a_site(*ingresses: Ingress, observed: Observed = NOTHING) -> Plan:
    """Return the plan of a cluster with every FrontendConfig of the table in every namespace."""
    objects = [
        worlds.an_object("FrontendConfig", f"{namespace}/{name}", spec=spec)
        for namespace in ("shop", "evil")
        for name, spec in OBJECTS.items()
    ]
    return plan(a_cluster(*ingresses, settings_of=objects), observed, facts=FACTS)


SECURE = {worlds.LISTEN_PORTS: HTTPS, **CERTIFICATE}


def front(result: Plan) -> list[object]:
    """Return all of a load balancer that everybody shares."""
    kinds = ("ForwardingRule", "TargetHttpProxy", "TargetHttpsProxy")
    return [r.spec for kind in kinds for r in of_kind(result, kind)]


@pytest.mark.parametrize("wish", WHOLE)
def test_no_newcomer_decides_over_the_whole_of_a_load_balancer(wish: str) -> None:
    """Its address, everybody's certificates, TLS and redirects stay what they are."""
    before = a_site(a_member(VICTIM, annotations=SECURE))
    rude = a_member(EVIL, "a.evil.com", annotations={**SECURE, **WHOLE[wish]}, created=EARLIER)

    result = a_site(a_member(VICTIM, annotations=SECURE), rude, observed=applied(before))

    assert blamed(result) == {EVIL}
    assert "namespace shop" in finding(result, "GROUP-CONFLICT").message
    assert front(result) == front(before)
    assert on(result, f"http://{HOST}/", "http://a.evil.com/") == [MINE, THEIRS]


@pytest.mark.parametrize("wish", WHOLE)
def test_a_member_of_long_standing_is_no_better(wish: str) -> None:
    """Who joined with nothing to say and says it later does not decide for the others either."""
    quiet = a_member(EVIL, "a.evil.com", annotations=SECURE, created=EARLIER)
    before = a_site(a_member(VICTIM, annotations=SECURE), quiet)
    rude = a_member(EVIL, "a.evil.com", annotations={**SECURE, **WHOLE[wish]}, created=EARLIER)

    result = a_site(a_member(VICTIM, annotations=SECURE), rude, observed=applied(before))

    assert blamed(result) == {EVIL}
    assert front(result) == front(before)


@pytest.mark.parametrize("wish", WHOLE)
def test_what_every_namespace_says_is_done(wish: str) -> None:
    """Agreement is enough; nobody has to make the load balancer anew."""
    said = {**SECURE, **WHOLE[wish]}
    before = a_site(a_member(VICTIM, annotations=SECURE), a_member(EVIL, "a.evil.com"))

    result = a_site(
        a_member(VICTIM, annotations=said),
        a_member(EVIL, "a.evil.com", annotations=WHOLE[wish]),
        observed=applied(before),
    )

    assert blamed(result) == set()
    assert front(result) != front(before)


@pytest.mark.parametrize("wish", WHOLE)
def test_a_namespace_decides_over_its_own_load_balancer(wish: str) -> None:
    """Two Ingresses of one namespace: one of them says it."""
    first = a_member(VICTIM, annotations=SECURE)
    second = a_member(Key("shop", "w"), "w.example.com")
    before = a_site(first, second)

    result = a_site(
        a_member(VICTIM, annotations={**SECURE, **WHOLE[wish]}), second, observed=applied(before)
    )

    assert blamed(result) == set()
    assert front(result) != front(before)


@pytest.mark.parametrize("wish", WHOLE)
def test_who_said_it_first_goes_on_with_it_when_others_join(wish: str) -> None:
    """What is in force needs nobody's consent."""
    mine = a_member(VICTIM, annotations={**SECURE, **WHOLE[wish]})
    before = a_site(mine)

    result = a_site(mine, a_member(EVIL, "a.evil.com"), observed=applied(before))

    assert blamed(result) == set()
    assert [r.spec for r in of_kind(result, "ForwardingRule")] == [
        r.spec for r in of_kind(before, "ForwardingRule")
    ]


# -- limits ----------------------------------------------------------------------------------------

LIMITS = {
    "hosts": {"host-rules-per-external-url-map": 10},
    "paths": {"match-predicates-per-path-matcher": 10},
    "bytes": {"bytes-per-url-map": 8_000},
    "classic bytes": {"bytes-per-classic-url-map": 8_000},
    "services": {"services-per-url-map": 3},
    "project": {"GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES": 3, "BACKEND_SERVICES": 3},
}


def a_glutton(what: str) -> Ingress:
    """Return an Ingress of evil that takes more than there is of a limit."""
    if what == "paths":
        listed = [a_rule("a.evil.com", *(a_path(f"/{n}") for n in range(20)))]
    elif what in ("services", "project"):
        listed = [a_rule("a.evil.com", *(a_path(f"/{n}", f"web{n}:80") for n in range(20)))]
    else:
        long = "x" * (400 if "bytes" in what else 1)
        listed = [a_rule(f"h{n}.evil.com", a_path(f"/{long}")) for n in range(20)]
    said = {worlds.IN_GROUP: "edge", **(CLASSIC if "classic" in what else {})}
    return an_ingress(str(EVIL), rules=listed, annotations=said, created=EARLIER)


@pytest.mark.parametrize("what", LIMITS)
def test_who_does_not_fit_waits_and_the_others_are_updated(what: str) -> None:
    """The newcomer is refused with the sum, before any call; the update of the other goes on."""
    more = worlds.some_backends(*(f"evil/web{n}" for n in range(20)))[:-2]

    def mine(*paths: HttpPath) -> Ingress:
        said = CLASSIC if "classic" in what else {}
        return a_member(VICTIM, HOST, *paths, annotations=said, default_backend="web:80")

    before = applied(plan(a_cluster(mine(a_path()))))

    updated = mine(a_path(), a_path("/new"))
    result = plan(a_cluster(updated, a_glutton(what), *more), before, limits=LIMITS[what])

    assert blamed(result) == {EVIL}
    assert {d.code for d in result.diagnostics if d.blocking} <= {"LIMIT-EXCEEDED"}
    assert {str(e.ingress) for e in rules(result)} - {"None"} == {str(VICTIM)}
    assert "/new" in {entry.path for entry in rules(result)}
    assert part(result).applyable


# -- what is shared by all load balancers ---------------------------------------------------------


def test_who_needs_something_shared_that_cannot_be_made_waits_and_says_for_what() -> None:
    """Not half of it is made, to fail for want of what it refers to."""
    blind = replace(worlds.some_facts(), instances={})

    result = plan(a_cluster(a_member(VICTIM)), facts=blind)

    assert not part(result).applyable
    assert part(result).lacks == ("gcp:backend-service/shared/nothing/global-external",)
    told = not_applyable(result)
    assert "it needs gcp:backend-service/shared/nothing/global-external" in told
    assert "the tags of the nodes" in told


# -- order -----------------------------------------------------------------------------------------


MEMBERS = (
    a_member(VICTIM, HOST, a_path("/a"), a_path("/b", path_type="Exact")),
    a_member(EVIL, "*.example.com", a_path("/x"), default_backend="web:80"),
    a_member(Key("shop", "w"), HOST, a_path("/c"), a_path("/a")),
    a_member(Key("evil", "w"), "", a_path("/c"), a_path("/a")),
)


@choosing(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.permutations(MEMBERS))
def test_the_order_of_objects_changes_nothing(shuffled: list[Ingress]) -> None:
    """The same bytes whatever a list or a watch brings first."""
    one, other = plan(a_cluster(*MEMBERS)), plan(a_cluster(*shuffled))

    assert [p.resources for p in one.parts] == [p.resources for p in other.parts]
    assert one.digest == other.digest
