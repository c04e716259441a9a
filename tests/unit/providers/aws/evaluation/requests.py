"""Conditions in AWS's own form, and requests to hold them against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.core.requests import parse_request
from provisioner.model.resource import Spec, freeze_spec
from provisioner.model.route import Request

Pairs = Sequence[Mapping[str, str]]


def a_request(
    url: str = "http://shop.example.com/",
    *,
    method: str = "GET",
    headers: Sequence[str] = (),
    source_ip: str = "",
) -> Request:
    """Return a request as it is typed."""
    return parse_request(url, method=method, headers=headers, source_ip=source_ip)


def host(*values: str, regex: bool = False) -> Spec:
    """Return a host condition."""
    return _condition("host-header", "HostHeaderConfig", values, regex=regex)


def path(*values: str, regex: bool = False) -> Spec:
    """Return a path condition."""
    return _condition("path-pattern", "PathPatternConfig", values, regex=regex)


def header(name: str, *values: str, regex: bool = False) -> Spec:
    """Return a header condition."""
    key = "RegexValues" if regex else "Values"
    config = {"HttpHeaderName": name, key: list(values)}
    return freeze_spec({"Field": "http-header", "HttpHeaderConfig": config})


def methods(*values: str) -> Spec:
    """Return a method condition."""
    return _condition("http-request-method", "HttpRequestMethodConfig", values)


def sources(*values: str) -> Spec:
    """Return a source address condition."""
    return _condition("source-ip", "SourceIpConfig", values)


def query(*texts: str) -> Spec:
    """Return a query condition from ``key=value`` or ``value`` each."""
    pairs = []
    for text in texts:
        key, equals, value = text.partition("=")
        pairs.append({"Key": key, "Value": value} if equals else {"Value": key})
    return freeze_spec({"Field": "query-string", "QueryStringConfig": {"Values": pairs}})


def _condition(field: str, config: str, values: Sequence[str], *, regex: bool = False) -> Spec:
    key = "RegexValues" if regex else "Values"
    return freeze_spec({"Field": field, config: {key: list(values)}})
