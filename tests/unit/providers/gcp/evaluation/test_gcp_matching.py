"""Single hosts, paths, headers and query parameters against one request."""

from __future__ import annotations

import pytest

from providers.gcp.evaluation.matching import host_check, path_check, path_order, route_checks
from providers.gcp.route import route
from provisioner.model.resource import PlainInput, freeze_spec
from provisioner.model.route import Check, Verdict
from tests.unit.providers.gcp.evaluation.balancers import a_front, a_map, a_request, to

YES, NO = Verdict.YES, Verdict.NO


@pytest.mark.parametrize(
    ("pattern", "host", "verdict"),
    [
        ("shop.example.com", "shop.example.com", YES),
        ("Shop.example.com", "SHOP.EXAMPLE.COM", YES),
        ("shop.example.com", "shop.example.org", NO),
        ("shop.example.com:8080", "shop.example.com", NO),
        ("*", "anything.at.all", YES),
        ("*.example.com", "a.example.com", YES),
        ("*.example.com", "a.b.example.com", YES),
        ("*.example.com", "example.com", NO),
        ("*-foo.example.com", "a-foo.example.com", YES),
        ("*-foo.example.com", "a.foo.example.com", NO),
    ],
)
def test_hosts(pattern: str, host: str, verdict: Verdict) -> None:
    """``*`` spans labels and stands before a dot or a dash (``HostRule.hosts``)."""
    assert host_check(pattern, a_request(f"http://{host}/")).verdict is verdict


def test_a_host_rule_may_name_the_port_that_clients_write() -> None:
    """Hosts have "optional port numbers in the format host:port"."""
    request = a_request("http://shop.example.com:8080/")

    assert host_check("shop.example.com:8080", request).verdict is YES
    assert host_check("shop.example.com", request).verdict is YES
    assert host_check("shop.example.com:9090", request).verdict is NO


@pytest.mark.parametrize(
    ("pattern", "path", "verdict"),
    [
        ("/a", "/a", YES),
        ("/a", "/a/", NO),
        ("/a", "/A", NO),
        ("/a/*", "/a", NO),
        ("/a/*", "/a/", YES),
        ("/a/*", "/a/b/c", YES),
        ("/a/*", "/ab", NO),
        ("/*", "/", YES),
    ],
)
def test_paths(pattern: str, path: str, verdict: Verdict) -> None:
    """A literal path, or everything below a slash; the query is not looked at."""
    assert path_check(pattern, a_request(f"http://x.org{path}?a=/b")).verdict is verdict


def test_longer_matches_are_tried_first() -> None:
    """``/a/*`` matches as much of ``/a/`` as ``/a/`` does; the literal one goes before it."""
    patterns = ["/*", "/a/*", "/a/b/*", "/a", "/a/", "/a/b"]

    assert sorted(patterns, key=path_order) == ["/a/b/*", "/a/b", "/a/", "/a/*", "/a", "/*"]


def header(**how: PlainInput) -> dict[str, PlainInput]:
    return {"headerMatches": [{"headerName": "X-C", **how}]}


def parameter(**how: PlainInput) -> dict[str, PlainInput]:
    return {"queryParameterMatches": [{"name": "v", **how}]}


RANGE: PlainInput = {"rangeStart": "1", "rangeEnd": "5"}


@pytest.mark.parametrize(
    ("match", "url", "headers", "verdict"),
    [
        ({"prefixMatch": "/a"}, "/ab", (), YES),
        ({"prefixMatch": "/A"}, "/ab", (), NO),
        ({"prefixMatch": "/A", "ignoreCase": True}, "/ab", (), YES),
        ({"fullPathMatch": "/a"}, "/a", (), YES),
        ({"fullPathMatch": "/a"}, "/a/", (), NO),
        ({"regexMatch": "/a[0-9]+"}, "/a12", (), YES),
        ({"regexMatch": "/a[0-9]+"}, "/a12b", (), NO),
        ({"regexMatch": "/a("}, "/a(", (), Verdict.UNDECIDED),
        ({"pathTemplateMatch": "/a/*/c"}, "/a/b/c", (), YES),
        ({"pathTemplateMatch": "/a/{x}/c"}, "/a/b/b/c", (), NO),
        ({"pathTemplateMatch": "/a/{x=**}"}, "/a/b/b/c", (), YES),
        ({"prefixMatch": "/", **header(exactMatch="1")}, "/", ("x-c: 1",), YES),
        ({"prefixMatch": "/", **header(exactMatch="1")}, "/", (), NO),
        (header(prefixMatch="a"), "/", ("X-C: ab",), YES),
        (header(suffixMatch="a"), "/", ("X-C: ab",), NO),
        (header(regexMatch="a."), "/", ("X-C: ab",), YES),
        (header(presentMatch=True), "/", ("X-C: ab",), YES),
        (header(presentMatch=True), "/", (), NO),
        (header(presentMatch=True, invertMatch=True), "/", (), YES),
        (header(rangeMatch=RANGE), "/", ("X-C: 4",), YES),
        (header(rangeMatch=RANGE), "/", ("X-C: 5",), NO),
        (parameter(exactMatch="2"), "/?v=2", (), YES),
        (parameter(exactMatch="2"), "/?v=3", (), NO),
        (parameter(presentMatch=True), "/?v=", (), YES),
        (parameter(presentMatch=True), "/", (), NO),
    ],
)
def test_predicates_of_route_rules(
    match: dict[str, PlainInput], url: str, headers: tuple[str, ...], verdict: Verdict
) -> None:
    """All predicates of a match must hold; we write none of these, somebody may."""
    rule = freeze_spec({"matchRules": [match]})

    checks = route_checks(rule, a_request(f"http://x.org{url}", headers=headers))

    assert _together(checks) is verdict


def test_one_of_several_matches_is_enough() -> None:
    """The list has OR semantics (``HttpRouteRule.matchRules``)."""
    rule = freeze_spec({"matchRules": [{"prefixMatch": "/a"}, {"prefixMatch": "/b"}]})

    assert _together(route_checks(rule, a_request("http://x.org/b"))) is YES


def test_route_rules_are_tried_by_priority_before_the_default() -> None:
    """The first that matches counts, whatever follows; a rewrite replaces its prefix."""
    routes: PlainInput = [
        {"priority": 1, "matchRules": [{"prefixMatch": "/a/b"}], "service": to("first")},
        {
            "priority": 2,
            "matchRules": [{"prefixMatch": "/a"}],
            "service": to("second"),
            "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/z"}},
        },
    ]
    url_map = a_map({"*": {"routeRules": routes}})

    (found,) = route((*a_front(), url_map), a_request("http://x.org/a/c"))

    assert [tried.verdict for tried in found.tried] == [NO, YES]
    assert found.backends[0].service == "shop/second"
    assert found.sent is not None
    assert found.sent.target == "/z/c"


def test_a_route_rule_that_cannot_be_decided_is_passed_over_and_noted() -> None:
    """Nothing is guessed."""
    routes: PlainInput = [
        {"priority": 1, "matchRules": [{"regexMatch": "/a("}], "service": to("first")}
    ]
    url_map = a_map({"*": {"routeRules": routes}}, defaultService=to("home"))

    (found,) = route((*a_front(), url_map), a_request("http://x.org/a("))

    assert len(found.notes) == 1
    assert "was passed over" in found.notes[0]


def _together(checks: tuple[Check, ...]) -> Verdict:
    found = {check.verdict for check in checks}
    return next((v for v in (NO, Verdict.UNDECIDED) if v in found), YES)
