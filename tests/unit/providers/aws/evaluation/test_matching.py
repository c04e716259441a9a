"""Conditions against requests, kind by kind (page "Condition types for listener rules")."""

from __future__ import annotations

import pytest

from providers.aws.evaluation.matching import check
from provisioner.model.resource import Spec, freeze_spec
from provisioner.model.route import Request, Verdict
from tests.unit.providers.aws.evaluation.requests import (
    a_request,
    header,
    host,
    methods,
    path,
    query,
    sources,
)

SHOP = "http://shop.example.com"


def holds(condition: Spec, request: Request) -> bool:
    verdict = check(condition, request).verdict
    assert verdict is not Verdict.UNDECIDED
    return verdict is Verdict.YES


@pytest.mark.parametrize(
    ("condition", "url", "expected"),
    [
        (host("shop.example.com"), SHOP, True),
        (host("SHOP.example.com"), "http://Shop.Example.com", True),
        (host("shop.example.com"), "http://shop.example.com:8080", True),
        (host("a.io", "*.example.com"), SHOP, True),
        (host("a.io", "b.io"), SHOP, False),
        (host("^shop", regex=True), SHOP, True),
        (host("^SHOP", regex=True), SHOP, False),
        (host("com$", regex=True), SHOP, True),
        (host("com$", regex=True), "http://shop.example.com:8080", False),
        (host(":8080$", regex=True), "http://shop.example.com:8080", True),
        (host(":80$", regex=True), SHOP, False),
    ],
)
def test_hosts(condition: Spec, url: str, *, expected: bool) -> None:
    """Values know no case and no port; regular expressions see the raw header."""
    assert holds(condition, a_request(url)) is expected


def test_the_host_header_counts_and_not_the_name_in_the_url() -> None:
    """As with curl, a request to the load balancer's own name may ask for any host."""
    request = a_request("http://lb.amazonaws.com/", headers=["Host: shop.example.com"])

    assert holds(host("shop.example.com"), request)
    assert not holds(host("lb.amazonaws.com"), request)


@pytest.mark.parametrize(
    ("condition", "target", "expected"),
    [
        (path("/cart"), "/cart", True),
        (path("/cart"), "/Cart", False),
        (path("/cart"), "/cart?x=1", True),
        (path("/cart?x=1"), "/cart?x=1", False),
        (path("/a", "/b*"), "/bc", True),
        (path("/a b"), "/a%20b", False),
        (path("/a%20b"), "/a b", True),
        (path("^/v[12]/", regex=True), "/v1/x", True),
        (path("x=1", regex=True), "/cart?x=1", False),
    ],
)
def test_paths(condition: Spec, target: str, *, expected: bool) -> None:
    """The raw path, case and encoding and all, without the query."""
    assert holds(condition, a_request(f"{SHOP}{target}")) is expected


@pytest.mark.parametrize(
    ("condition", "headers", "expected"),
    [
        (header("X-Canary", "always"), ["x-canary: ALWAYS"], True),
        (header("X-Canary", "always"), ["X-Canary: never"], False),
        (header("X-Canary", "always"), [], False),
        (header("X-Canary", "*"), [], False),
        (header("User-Agent", "*Chrome*", "*Safari*"), ["User-Agent: Safari/5"], True),
        (header("X-Tag", "b"), ["X-Tag: a", "X-Tag: b"], True),
        (header("X-Tag", "^a", regex=True), ["X-Tag: abc"], True),
        (header("X-Tag", "^A", regex=True), ["X-Tag: abc"], False),
    ],
)
def test_headers(condition: Spec, headers: list[str], *, expected: bool) -> None:
    """Names and values in any case, each occurrence in turn; an absent header matches nothing."""
    assert holds(condition, a_request(headers=headers)) is expected


@pytest.mark.parametrize(
    ("method", "expected"), [("GET", True), ("HEAD", True), ("get", False), ("POST", False)]
)
def test_methods(method: str, *, expected: bool) -> None:
    """The exact method, in the case it is written."""
    assert holds(methods("GET", "HEAD"), a_request(method=method)) is expected


@pytest.mark.parametrize(
    ("condition", "sent", "expected"),
    [
        (query("version=v1"), "version=v1", True),
        (query("version=v1"), "a=b&VERSION=V1", True),
        (query("version=v1"), "version=v2", False),
        (query("version=v1"), "xversion=v1", False),
        (query("example"), "any=example", True),
        (query("example"), "example=any", False),
        (query("v*=1?"), "version=12", True),
        (query("v*=1?"), "version=1", False),
        (query(r"q=\*"), "q=*", True),
        (query(r"q=\*"), "q=x", False),
        (query("a=1", "b=2"), "b=2", True),
        (query("a="), "a", True),
        (query("a=b=c"), "a=b=c", True),
        (query("*"), "", False),
    ],
)
def test_queries(condition: Spec, sent: str, *, expected: bool) -> None:
    """Pairs in any case, wildcards in keys and values, a value alone under any key."""
    assert holds(condition, a_request(f"{SHOP}/?{sent}")) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", True),
        ("192.0.3.7", False),
        ("198.51.100.10", True),
        ("198.51.100.11", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
    ],
)
def test_source_addresses(address: str, *, expected: bool) -> None:
    """Any of the ranges, of either family."""
    condition = sources("192.0.2.0/24", "198.51.100.10/32", "2001:db8::/32")

    assert holds(condition, a_request(source_ip=address)) is expected


def test_forwarded_addresses_do_not_count() -> None:
    """Who connects is meant, never whom X-Forwarded-For names."""
    request = a_request(source_ip="10.0.0.1", headers=["X-Forwarded-For: 192.0.2.7"])

    assert not holds(sources("192.0.2.0/24"), request)


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        (sources("192.0.2.0/24"), "--source-ip"),
        (path("(?=a)", regex=True), "regular expression"),
        (freeze_spec({"Field": "moon-phase", "Values": ["full"]}), "moon-phase"),
    ],
)
def test_what_cannot_be_decided_is_said(condition: Spec, word: str) -> None:
    """An unknown address, an expression or a condition this model cannot read: no guess."""
    found = check(condition, a_request())

    assert found.verdict is Verdict.UNDECIDED
    assert word in found.problem


def test_one_readable_expression_that_matches_decides() -> None:
    """Values are alternatives, so an unreadable one beside it does no harm."""
    assert holds(path("(?=a)", "^/", regex=True), a_request())


def test_a_check_says_what_was_asked_and_what_was_there() -> None:
    """That is the whole of an explanation."""
    found = check(header("X-Canary", "a", "b*"), a_request(headers=["X-Canary: c"]))

    assert (found.what, found.wanted, found.found) == ("header X-Canary", "a or b*", "c")


def test_plain_values_beside_no_config_count_too() -> None:
    """Rules that somebody else made may have the short form of a condition."""
    short = freeze_spec({"Field": "path-pattern", "Values": ["/a*"]})

    assert holds(short, a_request(f"{SHOP}/abc"))
