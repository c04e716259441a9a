"""What is kept of Ingresses and paths that cannot be planned: their last good rules, in place."""

from __future__ import annotations

from providers.gcp.routing.entries import entries, ingresses
from provisioner.model.intent import Redirect
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, Ref, freeze_spec
from tests.unit.providers.gcp.routing.building import (
    CLASSIC,
    EXACT,
    GROUP,
    INCUMBENT,
    MAIN,
    REDIRECT,
    a_listener,
    a_member,
    a_path,
    all_seen,
    codes,
    leads,
    maps,
    matchers,
    spec_of,
    to,
)

SHOP = "shop.example.com"
WEB, API = Key("shop", "web"), Key("shop", "api")


def test_a_held_path_keeps_what_it_did_last() -> None:
    """Pattern by pattern; what it newly wants answers 503."""
    before = maps(a_listener(a_path(path="/a", path_type=EXACT, service="old")))

    after = maps(a_listener(a_path(path="/a", service="new", held=True)), observed=all_seen(before))

    assert leads(after) == {f"{SHOP} /a": "old", f"{SHOP} /a/*": "503", SHOP: "404", "": "404"}


def test_a_held_path_does_not_take_over_what_was_somebody_else_s() -> None:
    """Only its own last good rule is its own."""
    before = maps(a_listener(a_path(path="/a", ingress="shop/api", service="theirs")))

    after = maps(a_listener(a_path(path="/a", held=True)), observed=all_seen(before))

    assert leads(after)[f"{SHOP} /a"] == "503"


def test_a_path_whose_action_is_refused_keeps_what_it_did_last() -> None:
    """A mistake in an annotation takes nothing down (LBC#3870 is what happens otherwise)."""
    before = maps(a_listener(a_path(path="/a")))

    after = maps(
        a_listener(a_path(path="/a", action=Redirect(query="x=y"))), observed=all_seen(before)
    )

    assert codes(after.diagnostics) == ["OBJECT-UNSUPPORTED"]
    assert leads(after) == leads(before)


def test_the_paths_of_a_held_ingress_stay_on_a_host_that_it_shares() -> None:
    """Everyone else's changes go on around them."""
    theirs = a_path(path="/api", ingress="shop/api", service="api")
    before = maps(a_listener(a_path(path="/"), theirs))

    after = maps(
        a_listener(a_path(path="/", service="new")), observed=all_seen(before), keep=["shop/api"]
    )

    assert leads(after) == {
        f"{SHOP} /*": "new",
        f"{SHOP} /api": "api",
        f"{SHOP} /api/*": "api",
        SHOP: "404",
        "": "404",
    }
    assert after.resources[0].ingresses == (API, WEB)
    assert ingresses(spec_of(after)) == {API, WEB}


def test_a_host_of_held_ingresses_alone_stays_as_it_is() -> None:
    """With its default backend and its description."""
    theirs = a_path("api.example.com", "/v1", ingress="shop/api", service="api")
    members = [a_member("shop/api", default="api"), a_member("shop/web")]
    before = maps(a_listener(a_path(path="/"), theirs), members=members)

    after = maps(a_listener(a_path(path="/")), observed=all_seen(before), keep=["shop/api"])

    assert spec_of(after) == spec_of(before)


def test_what_is_planned_takes_the_place_of_what_is_kept() -> None:
    """The same pattern once: whoever is planned was let in by those who decide about hosts."""
    before = maps(a_listener(a_path(path="/a", ingress="shop/api", service="api")))

    after = maps(a_listener(a_path(path="/a")), observed=all_seen(before), keep=["shop/api"])

    assert leads(after)[f"{SHOP} /a"] == "web"


def test_an_exact_path_of_a_held_ingress_outranks_the_literal_half_of_a_prefix() -> None:
    """As it did when both were planned."""
    theirs = a_path(path="/a", path_type=EXACT, ingress="shop/api", service="api")
    mine = a_path(path="/a")
    before = maps(a_listener(mine, theirs))

    after = maps(a_listener(mine), observed=all_seen(before), keep=["shop/api"])

    assert leads(before)[f"{SHOP} /a"] == "api"
    assert leads(after) == leads(before)


def test_the_default_backend_of_a_held_ingress_stays_the_answer() -> None:
    """Of its host, and of the whole load balancer."""
    theirs = a_path("api.example.com", "/v1", ingress="shop/api", service="api")
    before = maps(
        a_listener(
            a_path(), theirs, default=to(("api", 1), ingress="shop/api"), default_ingress="shop/api"
        ),
        members=[a_member("shop/api", default="api"), a_member("shop/web")],
    )

    after = maps(a_listener(a_path()), observed=all_seen(before), keep=["shop/api"])

    assert leads(after)[""] == "api"
    assert leads(after)["api.example.com"] == "api"
    assert spec_of(after) == spec_of(before)


def test_a_404_is_nobody_s_and_yields_to_a_default_backend() -> None:
    """Although most paths of the host are those of a held Ingress."""
    theirs = [a_path(path=f"/{n}", ingress="shop/api", service="api") for n in range(3)]
    before = maps(a_listener(a_path(path="/x"), *theirs))

    after = maps(
        a_listener(a_path(path="/x")),
        members=[a_member("shop/web", default="web")],
        observed=all_seen(before),
        keep=["shop/api"],
    )

    assert leads(after)[SHOP] == "web"


def test_leaving_takes_its_rules_along() -> None:
    """Who is neither a member nor held has nothing any more."""
    before = maps(a_listener(a_path(path="/a"), a_path(path="/b", ingress="shop/api")))

    after = maps(a_listener(a_path(path="/a")), observed=all_seen(before))

    assert f"{SHOP} /b" not in leads(after)


def test_a_port_that_gets_a_map_of_its_own_keeps_what_main_held_for_it() -> None:
    """The rules of a held Ingress were on both ports, and still are."""
    theirs = a_path(path="/api", ingress="shop/api", service="api")
    before = maps(a_listener(a_path(), theirs, port=80), a_listener(a_path(), theirs, port=443))
    more = a_path(path="/more", place=(0, 1))

    after = maps(
        a_listener(a_path(), port=80),
        a_listener(a_path(), more, port=443),
        observed=all_seen(before),
        keep=["shop/api"],
    )

    assert leads(after, "gcp:url-map/edge/80")[f"{SHOP} /api"] == "api"
    assert leads(after)[f"{SHOP} /api"] == "api"


def test_a_port_that_redirects_goes_on_while_something_is_held() -> None:
    """Plain text where there was HTTPS would be the worse mistake."""
    paths = [a_path(), a_path(path="/api", ingress="shop/api", service="api")]
    before = maps(
        a_listener(port=80, redirect_to=443, members=["shop/web"]), a_listener(*paths, port=443)
    )
    proxy = ObservedResource(
        kind="TargetHttpProxy",
        address="gcp:target-http-proxy/edge/80",
        group=GROUP,
        spec=freeze_spec({"urlMap": Ref(REDIRECT, "selfLink")}),
    )
    now = [a_listener(a_path(), port=80), a_listener(a_path(), port=443)]

    held = maps(*now, observed=[*all_seen(before), proxy], keep=["shop/api"])
    free = maps(*now, observed=[*all_seen(before), proxy])

    assert held.by_port == {80: REDIRECT, 443: MAIN}
    assert spec_of(held, REDIRECT) == spec_of(before, REDIRECT)
    assert free.by_port == {80: MAIN, 443: MAIN}


def test_what_warms_a_backend_is_nobody_s_and_goes() -> None:
    """A reserved host is a stage of a switch, not a rule of an Ingress."""
    before = maps(a_listener(a_path()), variant=CLASSIC, gke_default=True)
    (matcher,) = matchers(before)
    warm = {**matcher, "name": "warm-1", "description": ""}
    spec = {
        **spec_of(before),
        "hostRules": (
            {"hosts": ("warm-1.invalid",), "pathMatcher": "warm-1"},
            *spec_of(before)["hostRules"],  # type: ignore[misc]  # a tuple
        ),
        "pathMatchers": (warm, matcher),
    }

    hosts = {entry.host for entry in entries(freeze_spec(spec))}

    assert hosts == {SHOP, ""}


def test_under_incumbent_the_paths_of_a_held_ingress_stay_too() -> None:
    """A group is nothing that GKE has; isolation is ours in every reading."""
    theirs = a_path("api.example.com", "/v1", ingress="shop/api", service="api")
    before = maps(
        a_listener(a_path(), theirs), variant=CLASSIC, compatibility=INCUMBENT, gke_default=True
    )

    after = maps(
        a_listener(a_path()),
        variant=CLASSIC,
        compatibility=INCUMBENT,
        gke_default=True,
        observed=all_seen(before),
        keep=["shop/api"],
    )

    assert spec_of(after) == spec_of(before)
