"""Whose rules are whose: what the description of a path matcher says, and how it is read back."""

from __future__ import annotations

import json

from providers.gcp.marks import LONGEST
from providers.gcp.routing.entries import entries, served
from providers.gcp.routing.owners import OwnedRule, described, owners_of
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, PlainInput, freeze_spec
from tests.unit.providers.gcp.routing.building import (
    MAIN,
    a_listener,
    a_member,
    a_path,
    all_seen,
    codes,
    maps,
    matchers,
    spec_of,
)

WEB, API = Key("shop", "web"), Key("shop", "api")
PREFIX_KEY = "ingress-provisioner.io/"


def rules(*owned: tuple[str, Key | None]) -> list[OwnedRule]:
    return [OwnedRule(paths=(path,), owner=owner) for path, owner in owned]


def read_back(owned: list[OwnedRule], default: Key | None = None) -> list[Key | None]:
    text = described(owned, default).text
    return list(owners_of(text, [rule.paths for rule in owned]).rules)


def test_the_ingress_of_most_rules_is_named_and_the_paths_of_the_others() -> None:
    """A JSON map path -> Ingress in the path matcher's description."""
    told = described(rules(("/a", WEB), ("/b", API), ("/c", WEB)), WEB)

    assert json.loads(told.text) == {
        f"{PREFIX_KEY}ingress": "shop/web",
        f"{PREFIX_KEY}paths": {"shop/api": ["/b"]},
        f"{PREFIX_KEY}default": "shop/web",
    }
    assert told.untold == ()


def test_what_is_described_is_read_back() -> None:
    """Every rule has its owner again, and so has the default backend."""
    owned = rules(("/a", WEB), ("/b", API), ("/c", None), ("/d", WEB))

    found = owners_of(described(owned, API).text, [rule.paths for rule in owned])

    assert found.rules == (WEB, API, None, WEB)
    assert found.default == API


def test_a_host_that_is_shared_in_many_paths_is_counted_off() -> None:
    """Paths alone would not fit into 2,048 characters; counts in canonical order do."""
    owned = rules(*((f"/path/{n:04}", WEB if n % 3 else API) for n in range(540)))

    told = described(owned, None)

    assert len(told.text) <= LONGEST
    assert f"{PREFIX_KEY}rules" in told.text
    assert told.untold == ()
    assert read_back(owned) == [rule.owner for rule in owned]


def test_counts_mean_nothing_once_rules_came_or_went() -> None:
    """Better nobody than the wrong one: somebody changed the map by hand."""
    owned = rules(*((f"/path/{n:04}", WEB if n % 3 else API) for n in range(540)))
    text = described(owned, None).text

    found = owners_of(text, [rule.paths for rule in owned[1:]])

    assert set(found.rules) == {None}


def test_owners_that_no_description_has_room_for_are_told() -> None:
    """Their rules are served; only keeping them through a bad day is not possible."""
    owners = [Key("a-rather-long-namespace", f"ingress-number-{n:03}") for n in range(90)]
    owned = rules(*((f"/path/{n:04}", owners[n % 90]) for n in range(180)))

    told = described(owned, None)

    assert len(told.text) <= LONGEST
    assert told.untold
    assert set(read_back(owned)) - {None} == set(owners) - set(told.untold)


def test_the_members_of_a_host_that_is_shared_too_widely_are_warned() -> None:
    """Each of those whose paths nobody could tell apart later."""
    paths = [
        a_path(path=f"/path-{n}", ingress=f"a-rather-long-namespace/ingress-number-{n:03}")
        for n in range(90)
    ]

    result = maps(a_listener(*paths))

    assert set(codes(result.diagnostics)) == {"HOST-SHARED-TOO-WIDELY"}
    assert result.quarantined == ()


def test_text_that_is_no_description_of_ours_names_nobody() -> None:
    """A map of GKE's, or of a person."""
    for text in ("", "my map", '{"kubernetes.io/ingress-name":"a/b"}', '["x"]'):
        assert owners_of(text, [("/a",)]).rules == (None,)


def test_entries_have_every_path_with_its_ingress() -> None:
    """Hosts in the order in which they are tried, the default of the map last."""
    result = maps(
        a_listener(
            a_path(host="", path="/any"),
            a_path(path="/a"),
            a_path(path="/b", ingress="shop/api", service="api"),
        ),
        members=[a_member("shop/api", default="api"), a_member("shop/web")],
    )

    found = [(e.host, e.path, str(e.ingress)) for e in entries(spec_of(result))]

    assert found == [
        ("shop.example.com", "/a", "shop/web"),
        ("shop.example.com", "/a/*", "shop/web"),
        ("shop.example.com", "/b", "shop/api"),
        ("shop.example.com", "/b/*", "shop/api"),
        ("shop.example.com", "", "shop/api"),
        ("*", "/any", "shop/web"),
        ("*", "/any/*", "shop/web"),
        ("*", "", "None"),
        ("", "", "None"),
    ]


def test_a_map_serves_a_host_for_the_ingresses_with_paths_there() -> None:
    """Just this host: a pattern that also matches it is another host; "" is any host."""
    result = maps(
        a_listener(a_path("*.example.com"), a_path(path="/a", ingress="shop/api"), a_path("", "/"))
    )
    (url_map,) = all_seen(result)

    assert served(url_map, "shop.example.com") == {API}
    assert served(url_map, "*.example.com") == {WEB}
    assert served(url_map, "") == {WEB}
    assert served(url_map, "other.example.com") == frozenset()


def test_path_matchers_that_say_nothing_are_the_map_s_only_ingress_s() -> None:
    """An adopted map bears our mark on itself alone."""
    rule: PlainInput = {"paths": ["/a"], "service": "s"}
    matcher: PlainInput = {"name": "m", "pathRules": [rule]}
    spec = freeze_spec(
        {
            "description": '{"ingress-provisioner.io/ingress":"shop/web"}',
            "hostRules": [{"hosts": ["*"], "pathMatcher": "m"}],
            "pathMatchers": [matcher],
            "defaultService": "d",
        }
    )

    found = [(entry.path, entry.ingress) for entry in entries(spec)]

    assert found == [("/a", WEB), ("", None), ("", None)]


def test_a_host_rule_without_its_path_matcher_decides_nothing() -> None:
    """Neither does anything that is no list."""
    spec = freeze_spec({"hostRules": [{"hosts": "*", "pathMatcher": "m"}], "pathMatchers": "x"})

    assert [entry.host for entry in entries(spec)] == [""]


def test_only_url_maps_serve_hosts() -> None:
    """Whatever else is asked."""
    proxy = ObservedResource(kind="TargetHttpProxy", address="gcp:x", group="edge")

    assert served(proxy, "shop.example.com") == frozenset()


def test_the_description_of_a_map_says_its_kind_and_whose_default_it_has() -> None:
    """Limits differ by kind, and a default backend outlives its Ingress's mistakes."""
    paths = a_path(path="/a")
    result = maps(
        a_listener(paths, default=paths.action, default_ingress="shop/web"),
        members=[a_member("shop/web", default="web")],
    )

    words = json.loads(str(spec_of(result)["description"]))

    assert words[f"{PREFIX_KEY}variant"] == "global-external"
    assert words[f"{PREFIX_KEY}default"] == "shop/web"
    assert words[f"{PREFIX_KEY}resource"] == MAIN
    assert len(matchers(result)) == 1
