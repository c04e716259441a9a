"""Rules that no request can reach: every warning is a proof."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.aws.evaluation.matching import check
from providers.aws.evaluation.reach import hidden
from provisioner.model.resource import Spec, freeze_spec
from provisioner.model.route import Verdict
from tests.unit.providers.aws.evaluation.requests import (
    a_request,
    header,
    host,
    methods,
    path,
    query,
    sources,
)

SHOP, ALL = host("shop.example.com"), host("*.example.com")
OTHER_KIND = freeze_spec({"Field": "moon-phase", "Values": ["full"]})
OTHER_KIND_TOO = freeze_spec({"Field": "moon-phase", "Values": ["new"]})


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ([SHOP, path("/api/*")], [SHOP, path("/api/v1")]),
        ([SHOP, path("/api/*")], [SHOP, path("/api/v1/*", "/api/v?")]),
        ([SHOP], [SHOP, path("/x")]),
        ([ALL], [SHOP]),
        ([host("*.com")], [ALL, path("/a")]),
        ([host("SHOP.example.com")], [SHOP]),
        ([path("/*")], [SHOP, path("/x")]),
        ([path("*")], [path("/x*")]),
        ([path("/*")], [path("*.jpg")]),
        ([], [SHOP]),
        ([SHOP], [SHOP, methods("GET"), query("a=1")]),
        ([SHOP, methods("GET", "HEAD")], [SHOP, methods("GET")]),
        ([sources("10.0.0.0/8")], [sources("10.1.0.0/16", "10.2.3.4/32")]),
        ([header("X-A", "b*")], [header("x-a", "BC", "bd")]),
        ([query("x*=1")], [query("xy=1")]),
        ([query("1")], [query("xy=1")]),
        ([path("^/a", regex=True)], [SHOP, path("^/a", regex=True)]),
        ([SHOP], [SHOP, path("^/a", regex=True)]),
        ([path("/a", "/b")], [path("/b")]),
        ([path("?a")], [path("/a")]),
        ([path("*?b")], [path("/xb")]),
        ([header("X-A", "^a", regex=True)], [header("X-A", "^a", regex=True), SHOP]),
        ([header("X-A", "^a", "^b", regex=True)], [header("X-A", "^b", regex=True)]),
        ([sources("2001:db8::/32")], [sources("2001:db8:1::/48")]),
        ([methods("GET")], [methods("GET"), SHOP]),
        ([SHOP, path("/a")], [SHOP, path("/a")]),
    ],
)
def test_a_rule_is_hidden_by_one_that_takes_all_it_could(
    earlier: list[Spec], later: list[Spec]
) -> None:
    """Wider host, wider path, and no condition of its own that the later rule does not imply."""
    assert hidden([earlier, later]) == {1: (0,)}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ([SHOP, path("/api/v1")], [SHOP, path("/api/*")]),
        ([SHOP, path("/api*")], [SHOP, path("/ap?")]),
        ([SHOP], [ALL]),
        ([ALL], [host("example.com")]),
        ([SHOP], []),
        ([SHOP, path("/a")], [SHOP, path("/a", "/b")]),
        ([SHOP, methods("GET")], [SHOP]),
        ([SHOP, methods("GET")], [SHOP, methods("GET", "POST")]),
        ([SHOP, header("X-A", "b")], [SHOP]),
        ([header("X-A", "b")], [header("X-B", "b")]),
        ([query("xy=1")], [query("1")]),
        ([sources("10.1.0.0/16")], [sources("10.0.0.0/8")]),
        ([sources("::/0")], [sources("10.0.0.0/8")]),
        ([path("^/a", regex=True)], [path("/a")]),
        ([path("/a*")], [path("^/a", regex=True)]),
        ([path("/A")], [path("/a")]),
        ([host("^shop", regex=True)], [SHOP]),
        ([path("/a?")], [path("/a*")]),
        ([query(r"a=\*")], [query("a=*")]),
        ([query("a=*")], [query(r"a=\*")]),
        ([methods("GET")], [methods()]),
        ([header("X-A", "^a", regex=True)], [header("X-A", "abc")]),
        ([SHOP, OTHER_KIND], [SHOP, OTHER_KIND_TOO]),
        ([SHOP, path("/*"), path("/a")], [SHOP, path("/b")]),
    ],
)
def test_a_rule_that_some_request_can_reach_is_not_hidden(
    earlier: list[Spec], later: list[Spec]
) -> None:
    """Narrower, other, or not comparable: no warning."""
    assert hidden([earlier, later]) == {}


def test_several_rules_may_hide_one_together() -> None:
    """Each host and path of it is taken by one of them; all of those are named."""
    rules = [
        [SHOP, path("/a*")],
        [SHOP, path("/x")],
        [host("other.io")],
        [host("shop.example.com", "other.io"), path("/a", "/x")],
    ]

    assert hidden(rules) == {3: (0, 1, 2)}


def test_the_first_of_several_that_would_do_is_named() -> None:
    """It is the one that requests really go to."""
    assert hidden([[path("/*")], [SHOP], [SHOP, path("/a")]]) == {1: (0,), 2: (0,)}


def test_thousands_of_rules_are_looked_through_quickly() -> None:
    """The limit on rules is adjustable; planning must not feel it."""
    rules = [
        [host(f"h{number % 50}.example.com"), path(f"/p{number}", f"/p{number}/*")]
        for number in range(4000)
    ]
    started = time.process_time()

    assert hidden(rules) == {}

    assert time.process_time() - started < 5


HOSTS = ("a.io", "b.a.io", "c.io")
PATHS = ("/", "/x", "/xy", "/x/y")
some_conditions = st.fixed_dictionaries(
    {},
    optional={
        "host": st.lists(
            st.sampled_from(("a.io", "*.io", "*.a.io", "?.io")), min_size=1, max_size=2
        ).map(lambda values: host(*values)),
        "path": st.lists(
            st.sampled_from(("/*", "/x", "/x*", "/?", "*y", "/x/*")), min_size=1, max_size=2
        ).map(lambda values: path(*values)),
        "method": st.lists(st.sampled_from(("GET", "PUT")), min_size=1, max_size=2).map(
            lambda values: methods(*values)
        ),
        "query": st.sampled_from(("v=1", "v=*", "1", "w*=1")).map(query),
    },
).map(lambda found: tuple(found.values()))


@given(rules=st.lists(some_conditions, min_size=2, max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_request_reaches_a_rule_that_is_called_hidden(
    rules: list[tuple[Spec, ...]],
) -> None:
    """Whatever it asks, an earlier rule that is named has taken it before."""
    found = hidden(rules)

    for name, place, method, sent in product(HOSTS, PATHS, ("GET", "PUT"), ("", "?v=1", "?w=1")):
        request = a_request(f"http://{name}{place}{sent}", method=method)
        takes = [
            all(check(each, request).verdict is Verdict.YES for each in conditions)
            for conditions in rules
        ]
        for index, takers in found.items():
            assert not takes[index] or any(takes[taker] for taker in takers)
