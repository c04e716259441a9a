"""From what a person types to a ``Request``: a URL, a method, headers and an address.

The URL is taken as a client would send it. What no client can put on a request line (spaces,
letters beyond ASCII) is percent-encoded, the fragment stays at home, and an empty path is ``/``.
Nothing else is changed: a load balancer compares the raw text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from provisioner.model.errors import ConfigError
from provisioner.model.route import PORTS, Request

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F))
_LARGEST_PORT = 65535


def parse_request(
    url: str, *, method: str = "GET", headers: Sequence[str] = (), source_ip: str = ""
) -> Request:
    """Return the request that a client would make.

    Args:
        url: ``http`` or ``https``; without a scheme it is taken for ``http``, as curl does.
        method: Sent as it is written: methods know upper and lower case.
        headers: ``Name: value`` each. A Host header takes the place of the URL's host.
        source_ip: The client's address.

    Raises:
        ConfigError: Something of it cannot be sent.
    """
    scheme, authority, port, target = _taken_apart(url)
    if not _TOKEN.fullmatch(method):
        raise ConfigError(f"--method {method!r} is not an HTTP method", hint="GET, for example")
    pairs = [_header(text) for text in headers]
    host = next((value for name, value in pairs if name.lower() == "host"), authority)
    path, _, query = target.partition("?")
    return Request(
        scheme=scheme,
        authority=authority,
        host=_without_port(host),
        port=port,
        path=path,
        query=query,
        method=method,
        headers=tuple((name, value) for name, value in pairs if name.lower() != "host"),
        source_ip=_address(source_ip),
    )


def _taken_apart(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port, and path with query."""
    text = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is not a URL: {error}", hint=_URL_HINT) from error
    if parts.scheme not in PORTS:
        raise ConfigError(f"{url!r} is not an http or https URL", hint=_URL_HINT)
    host = parts.netloc.rpartition("@")[2]
    host = host if port is None else host.rpartition(":")[0]
    host = _in_ascii(host.removesuffix(":"))
    if not _HOST_NAME.fullmatch(host):
        raise ConfigError(f"{url!r} names no host", hint=_URL_HINT)
    if port == 0:
        raise ConfigError(f"{url!r} names port 0", hint=f"ports are 1 to {_LARGEST_PORT}")
    query = f"?{parts.query}" if parts.query else ""
    target = quote(f"{parts.path or '/'}{query}", safe=_KEPT)
    return parts.scheme, host, port or PORTS[parts.scheme], target


_URL_HINT = "write it as https://shop.example.com/cart?item=1"


def _in_ascii(host: str) -> str:
    """Return a host name as DNS and Host headers have it (``xn--``)."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ConfigError(f"{host!r} is not a host name", hint=_URL_HINT) from error


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name):
        raise ConfigError(f"--header {text!r} is not NAME: VALUE", hint="X-Canary: always")
    value = value.strip()
    if not value.isprintable():
        raise ConfigError(f"--header {name}: its value holds control characters")
    return name, value


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    bare = name if colon and port.isdecimal() else host
    bare = _in_ascii(bare)
    if not _HOST_NAME.fullmatch(bare):
        raise ConfigError(f"--header Host: {host!r} is not a host name")
    return bare


def _address(text: str) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ConfigError(
            f"--source-ip {text!r} is not an address", hint="203.0.113.7, for example"
        ) from error
