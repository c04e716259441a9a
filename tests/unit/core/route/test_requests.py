"""From what is typed to what a client sends."""

from __future__ import annotations

import pytest

from provisioner.core.requests import parse_request
from provisioner.model.errors import ConfigError


@pytest.mark.parametrize(
    ("typed", "scheme", "host", "port", "target"),
    [
        ("http://a.io", "http", "a.io", 80, "/"),
        ("https://a.io/x?y=1#z", "https", "a.io", 443, "/x?y=1"),
        ("a.io/x", "http", "a.io", 80, "/x"),
        ("a.io:8080/x", "http", "a.io", 8080, "/x"),
        ("HTTP://A.io:81", "http", "A.io", 81, "/"),
        ("http://user:pw@a.io/", "http", "a.io", 80, "/"),
        ("http://[2001:db8::1]:8080/", "http", "[2001:db8::1]", 8080, "/"),
        ("http://[2001:db8::1]/", "http", "[2001:db8::1]", 80, "/"),
        ("http://a.io/a b/ü?q=ö", "http", "a.io", 80, "/a%20b/%C3%BC?q=%C3%B6"),
        ("http://a.io/a%2Fb", "http", "a.io", 80, "/a%2Fb"),
        ("http://bücher.de/", "http", "xn--bcher-kva.de", 80, "/"),
        ("http://a.io?x", "http", "a.io", 80, "/?x"),
        ("localhost", "http", "localhost", 80, "/"),
    ],
)
def test_a_url_is_sent_as_a_client_sends_it(
    typed: str, scheme: str, host: str, port: int, target: str
) -> None:
    """Encoded where it has to be, without its fragment, and otherwise as it is."""
    request = parse_request(typed)

    assert (request.scheme, request.host, request.port) == (scheme, host, port)
    assert request.target == target


@pytest.mark.parametrize(
    ("typed", "header"),
    [
        ("http://a.io", "a.io"),
        ("http://a.io:80", "a.io"),
        ("https://a.io:443", "a.io"),
        ("http://a.io:443", "a.io:443"),
        ("http://a.io:8080", "a.io:8080"),
    ],
)
def test_the_host_header_has_the_port_unless_it_is_the_schemes_own(typed: str, header: str) -> None:
    """As every client writes it."""
    assert parse_request(typed).host_header == header


@pytest.mark.parametrize("value", ["shop.example.com", "shop.example.com:8443"])
def test_a_host_header_takes_the_place_of_the_urls_host(value: str) -> None:
    """The connection still goes where the URL says; the header is not among the others."""
    request = parse_request("http://lb.io/x", headers=[f"HOST: {value}", "X-A: 1"])

    assert request.host == "shop.example.com"
    assert request.authority == "lb.io"
    assert request.headers == (("X-A", "1"),)


@pytest.mark.parametrize("text", ["X-A:1", "X-A: 1", "X-A:  1 "])
def test_blanks_around_a_headers_value_do_not_count(text: str) -> None:
    """Curl's spelling and the issue's are one."""
    assert parse_request("a.io", headers=[text]).headers == (("X-A", "1"),)


def test_an_address_is_brought_into_its_usual_form() -> None:
    """However many zeros it was typed with."""
    assert parse_request("a.io", source_ip="2001:DB8:0::1").source_ip == "2001:db8::1"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://",
        "http:///x",
        "ftp://a.io",
        "http://a.io:99999",
        "http://a.io:0",
        "http://a b/",
        "http://ü..de/",
    ],
)
def test_what_is_no_url_is_said(typed: str) -> None:
    """With an example of one."""
    with pytest.raises(ConfigError) as raised:
        parse_request(typed)

    assert raised.value.hint


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"method": "GE T"}, "--method"),
        ({"method": ""}, "--method"),
        ({"headers": ["X-A"]}, "--header"),
        ({"headers": [": x"]}, "--header"),
        ({"headers": ["X-A: a\x1b[0m"]}, "--header"),
        ({"headers": ["Host: a b"]}, "Host"),
        ({"source_ip": "10.0.0"}, "--source-ip"),
        ({"source_ip": "10.0.0.0/8"}, "--source-ip"),
    ],
)
def test_what_cannot_be_sent_is_said(more: dict[str, object], word: str) -> None:
    """The message names the option."""
    with pytest.raises(ConfigError, match=word):
        parse_request("a.io", **more)  # type: ignore[arg-type]  # a table of different options
