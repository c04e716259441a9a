"""Hosts and paths as a URL map has them, in our own reading of an Ingress."""

from __future__ import annotations

import pytest

from providers.gcp.routing.entries import texts
from provisioner.core.annotations import REWRITE_TARGET
from provisioner.model.intent import PathType
from tests.unit.providers.gcp.routing.building import (
    EXACT,
    MAIN,
    OTHER,
    PREFIX,
    a_listener,
    a_member,
    a_path,
    codes,
    host_rules,
    leads,
    maps,
    path_rules,
    plain,
    set_aside,
    spec_of,
    to,
)

SHOP = "shop.example.com"


@pytest.mark.parametrize(
    ("path", "path_type", "patterns"),
    [
        ("/test", EXACT, ["/test"]),
        ("/test/", EXACT, ["/test/"]),
        ("/", EXACT, ["/"]),
        ("/", PREFIX, ["/*"]),
        ("/test", PREFIX, ["/test", "/test/*"]),
        ("/test/", PREFIX, ["/test", "/test/*"]),
        ("", OTHER, ["/*"]),
        ("/test", OTHER, ["/test"]),
        ("/test/*", OTHER, ["/test/*"]),
        ("/*", OTHER, ["/*"]),
    ],
)
def test_each_path_type_has_its_patterns(
    path: str, path_type: PathType, patterns: list[str]
) -> None:
    """Exact is literal, Prefix matches whole elements, the rest is taken as it is written."""
    result = maps(a_listener(a_path(path=path, path_type=path_type)))

    assert leads(result) == {
        **{f"{SHOP} {pattern}": "web" for pattern in patterns},
        SHOP: "404",
        "": "404",
    }
    assert codes(result.diagnostics) == []


@pytest.mark.parametrize(
    ("path", "path_type", "code"),
    [
        ("/a*", EXACT, "PATH-WILDCARD"),
        ("/a/*", EXACT, "PATH-WILDCARD"),
        ("/a/*", PREFIX, "PATH-WILDCARD"),
        ("/a*", OTHER, "PATH-WILDCARD"),
        ("/*/a", OTHER, "PATH-WILDCARD"),
        ("/a/*/*", OTHER, "PATH-WILDCARD"),
        ("a", OTHER, "PATH-SYNTAX"),
        ("*", OTHER, "PATH-SYNTAX"),
        ("/a?b", PREFIX, "PATH-SYNTAX"),
        ("/a#b", EXACT, "PATH-SYNTAX"),
        ("/" + "a" * 1024, EXACT, "PATH-LENGTH"),
        ("/" + "a" * 1022, PREFIX, "PATH-LENGTH"),
    ],
)
def test_a_path_that_a_url_map_cannot_match_is_quarantined_alone(
    path: str, path_type: PathType, code: str
) -> None:
    """Field and hint say what to write; its neighbours go on (ingress-gce#646 stops them all)."""
    wrong = a_path(path=path, path_type=path_type, place=(0, 1))

    result = maps(a_listener(a_path(path="/ok", path_type=EXACT), wrong))

    (problem,) = result.diagnostics
    assert problem.code == code
    assert problem.blocking
    assert problem.field == "spec.rules[0].http.paths[1]"
    assert problem.hint
    assert set_aside(result) == [("shop/web", "spec.rules[0].http.paths[1]")]
    assert leads(result) == {f"{SHOP} /ok": "web", SHOP: "404", "": "404"}


def test_the_longest_path_that_a_url_map_takes_is_served() -> None:
    """1,024 characters of a pattern, the end of it included."""
    path = "/" + "a" * 1021

    result = maps(a_listener(a_path(path=path)))

    assert leads(result)[f"{SHOP} {path}/*"] == "web"


def test_rules_of_several_ingresses_with_one_host_are_merged() -> None:
    """GKE would let the later one replace the earlier (RuleHostOverwrite)."""
    result = maps(
        a_listener(
            a_path(path="/a", path_type=EXACT, place=(0, 0)),
            a_path(path="/b", path_type=EXACT, place=(3, 0), service="api"),
            a_path(path="/c", path_type=EXACT, ingress="shop/other", service="other"),
        )
    )

    assert leads(result) == {
        f"{SHOP} /a": "web",
        f"{SHOP} /b": "api",
        f"{SHOP} /c": "other",
        SHOP: "404",
        "": "404",
    }
    assert len(host_rules(result)) == 1


def test_exact_takes_the_literal_path_from_prefix_whoever_is_older() -> None:
    """The Ingress API prefers Exact; under GKE the order of paths decides (§2c)."""
    result = maps(
        a_listener(
            a_path(path="/foo", ingress="a/old", service="old"),
            a_path(path="/foo", path_type=EXACT, ingress="b/young", service="young"),
        ),
        members=[a_member("a/old", created="2020"), a_member("b/young", created="2024")],
    )

    assert leads(result)[f"{SHOP} /foo"] == "young"
    assert leads(result)[f"{SHOP} /foo/*"] == "old"
    assert codes(result.diagnostics) == []


def test_the_same_path_twice_stays_with_the_senior_ingress() -> None:
    """The other one is told, and loses that path alone."""
    result = maps(
        a_listener(
            a_path(path="/a", ingress="b/young", service="young", options={"x": "1"}),
            a_path(path="/a", ingress="a/old", service="old"),
            a_path(path="/b", ingress="b/young", service="young", place=(0, 1)),
        ),
        members=[a_member("a/old", created="2020"), a_member("b/young", created="2024")],
    )

    assert codes(result.diagnostics) == ["PATH-DUPLICATE"]
    assert set_aside(result) == [("b/young", "spec.rules[0].http.paths[0]")]
    assert leads(result)[f"{SHOP} /a"] == "old"
    assert leads(result)[f"{SHOP} /b"] == "young"


def test_group_order_outranks_age() -> None:
    """An explicit order is stated, age is not."""
    result = maps(
        a_listener(
            a_path(path="/a", ingress="b/young", service="young", options={"x": "1"}),
            a_path(path="/a", ingress="a/old", service="old"),
        ),
        members=[a_member("a/old", created="2020"), a_member("b/young", created="2024", order=-1)],
    )

    assert leads(result)[f"{SHOP} /a"] == "young"


def test_a_path_that_others_take_entirely_is_warned_about() -> None:
    """Two types can ask for the same pattern; only one of them can have it."""
    result = maps(
        a_listener(
            a_path(path="/a/*", path_type=OTHER, place=(0, 1), service="late"),
            a_path(path="/a"),
        )
    )

    (problem,) = result.diagnostics
    assert (problem.code, problem.blocking) == ("PATH-UNREACHABLE", False)
    assert problem.field == "spec.rules[0].http.paths[1]"
    assert leads(result)[f"{SHOP} /a/*"] == "web"
    assert set_aside(result) == []


@pytest.mark.parametrize(
    ("host", "named"), [("", "*"), ("*.example.com", "*.example.com"), ("a.b.c", "a.b.c")]
)
def test_each_host_has_a_path_matcher_that_its_name_tells(host: str, named: str) -> None:
    """No host is ``*``; the matcher is called as GKE calls it, ``host`` and the MD5 of the host."""
    result = maps(a_listener(a_path(host=host)))

    assert [hosts for hosts, _ in host_rules(result)] == [(named,)]
    assert leads(result)[f"{named} /*"] == "web"


def test_path_matchers_bear_the_name_that_gke_gives_them() -> None:
    """The MD5 of ``*`` and of ``foo.bar.com`` as literals, so that an adopted map keeps both."""
    result = maps(a_listener(a_path(host=""), a_path(host="foo.bar.com")))

    assert host_rules(result) == [
        (("foo.bar.com",), "host2d50cf9711f59181be6a5e5658e42c21"),
        (("*",), "host3389dae361af79b04c9c8e7057f60cc6"),
    ]


def test_a_wildcard_host_is_warned_about_once_for_each_ingress() -> None:
    """Kubernetes says one label; a URL map's ``*`` spans several."""
    result = maps(
        a_listener(
            a_path(host="*.example.com", path="/a"),
            a_path(host="*.example.com", path="/b"),
            a_path(host="*.example.com", path="/c", ingress="shop/other"),
        )
    )

    found = [(str(d.ingress), d.code, d.field, d.blocking) for d in result.diagnostics]
    assert found == [
        ("shop/other", "HOST-WILDCARD", "spec.rules[0].host", False),
        ("shop/web", "HOST-WILDCARD", "spec.rules[0].host", False),
    ]


@pytest.mark.parametrize(
    ("target", "path", "path_type", "rewrites"),
    [
        ("/", "/cart", PREFIX, {"/cart": "/", "/cart/*": "/"}),
        ("/v2", "/cart", PREFIX, {"/cart": "/v2", "/cart/*": "/v2/"}),
        ("/v2/", "/cart", PREFIX, {"/cart": "/v2", "/cart/*": "/v2/"}),
        ("/v2", "/", PREFIX, {"/*": "/v2/"}),
        ("/v2", "/cart", EXACT, {"/cart": "/v2"}),
        ("/v2/", "/cart", EXACT, {"/cart": "/v2/"}),
        ("/v2", "/cart/*", OTHER, {"/cart/*": "/v2/"}),
    ],
)
def test_a_rewrite_replaces_what_its_pattern_matched(
    target: str, path: str, path_type: PathType, rewrites: dict[str, str]
) -> None:
    """``/cart/*`` matches up to the slash, so its replacement ends in one (``UrlRewrite``)."""
    options = {REWRITE_TARGET.name: target}

    result = maps(a_listener(a_path(path=path, path_type=path_type, options=options)))

    found = {
        path: plain(rule.get("routeAction"))
        for rule in path_rules(result)
        for path in texts(rule["paths"])
    }
    assert found == {
        path: {"urlRewrite": {"pathPrefixRewrite": to}} for path, to in rewrites.items()
    }


def test_one_path_is_one_rule_and_the_order_of_input_means_nothing() -> None:
    """A plan reads like the Ingress; the longest path counts wherever it stands."""
    paths = [a_path(path="/a"), a_path(path="/a/b"), a_path(path="/", service="root")]

    first, second = maps(a_listener(*paths)), maps(a_listener(*reversed(paths)))

    assert spec_of(first) == spec_of(second)
    assert [rule["paths"] for rule in path_rules(first)] == [
        ("/*",),
        ("/a", "/a/*"),
        ("/a/b", "/a/b/*"),
    ]


def test_what_the_map_leads_to_is_listed() -> None:
    """A backend service exists as long as something leads to it; the empty one is among them."""
    result = maps(a_listener(a_path(action=to(("web", 90), ("canary", 10)))))

    assert sorted(result.used) == [
        "gcp:backend-service/edge/shop/web/canary:80/pod",
        "gcp:backend-service/edge/shop/web/web:80/pod",
        "gcp:backend-service/shared/nothing/global-external",
    ]
    assert result.by_port == {80: MAIN}
