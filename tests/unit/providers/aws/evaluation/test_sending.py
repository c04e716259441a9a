"""Redirects and rewritten requests: what leaves the load balancer."""

from __future__ import annotations

import pytest

from providers.aws.evaluation.sending import location, redirect_status, rewritten
from provisioner.model.resource import PlainInput, Value, freeze, freeze_spec
from provisioner.model.route import Sent
from tests.unit.providers.aws.evaluation.requests import a_request

URL = "http://shop.example.com:8080/cart/x?a=1"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "http://shop.example.com:8080/cart/x?a=1"),
        (
            {"Protocol": "HTTPS", "Port": "443"},
            "https://shop.example.com:443/cart/x?a=1",
        ),
        ({"Path": "/new/#{path}"}, "http://shop.example.com:8080/new/cart/x?a=1"),
        ({"Host": "www.#{host}"}, "http://www.shop.example.com:8080/cart/x?a=1"),
        ({"Query": "#{query}&b=2"}, "http://shop.example.com:8080/cart/x?a=1&b=2"),
        ({"Query": ""}, "http://shop.example.com:8080/cart/x"),
        (
            {"Path": "/", "Query": "from=#{protocol}-#{host}-#{port}-#{path}"},
            "http://shop.example.com:8080/?from=http-shop.example.com-8080-cart/x",
        ),
        ({"Host": "#{nothing}"}, "http://#{nothing}:8080/cart/x?a=1"),
    ],
)
def test_a_redirect_fills_in_the_requests_own_parts(
    config: dict[str, PlainInput], expected: str
) -> None:
    """What is not given is kept; placeholders stand for what the request had."""
    assert location(freeze_spec(config), a_request(URL)) == expected


def test_a_redirect_without_a_query_has_no_question_mark() -> None:
    """``#{query}`` of a request without one is nothing at all."""
    assert location(freeze_spec({}), a_request("http://a.io/")) == "http://a.io:80/"


def test_the_status_is_a_number() -> None:
    """AWS writes HTTP_302."""
    assert redirect_status(freeze_spec({"StatusCode": "HTTP_302"})) == 302


def transforms(*rewrites: tuple[str, str, str]) -> Value:
    configs = {"url-rewrite": "UrlRewriteConfig", "host-header-rewrite": "HostHeaderRewriteConfig"}
    return freeze(
        [
            {"Type": kind, configs[kind]: {"Rewrites": [{"Regex": regex, "Replace": replace}]}}
            for kind, regex, replace in rewrites
        ]
    )


@pytest.mark.parametrize(
    ("rewrites", "url", "expected"),
    [
        (
            [("host-header-rewrite", "^mywebsite-(.+).com$", "internal.dev.$1.myweb.com")],
            "http://mywebsite-example.com/project-a",
            Sent(host="internal.dev.example.myweb.com", target="/project-a"),
        ),
        (
            [("url-rewrite", "^/dp/([A-Za-z0-9]+)/?$", "/product.php?id=$1")],
            "http://a.io/dp/B09/",
            Sent(host="a.io", target="/product.php?id=B09"),
        ),
        (
            [("url-rewrite", "^/api/(.*)$", "/$1")],
            "http://a.io/api/x?y=1",
            Sent(host="a.io", target="/x?y=1"),
        ),
        ([("url-rewrite", "^/api/(.*)$", "/$1")], "http://a.io/other", None),
        (
            [("url-rewrite", "/a", "/${1}b$2"), ("host-header-rewrite", "a", "b")],
            "http://a.io/a/a",
            Sent(host="b.io", target="/b/a"),
        ),
        ([], "http://a.io/", None),
    ],
)
def test_transforms_change_what_targets_get(
    rewrites: list[tuple[str, str, str]], url: str, expected: Sent | None
) -> None:
    """The first match is replaced, groups by number; no match leaves the request as it came.

    The first two are the examples of the page "Transforms for listener rules".
    """
    sent, notes = rewritten(transforms(*rewrites), a_request(url))

    assert sent == expected
    assert notes == ()


def test_a_rewrite_that_cannot_be_read_is_said() -> None:
    """Then nobody can tell what targets get."""
    sent, notes = rewritten(transforms(("url-rewrite", "(?=a)", "b")), a_request())

    assert sent is None
    assert "cannot be told" in notes[0]
