"""Route one request through a URL map, as its tests and ``validate`` do.

Sources: "URL maps overview" (hosts: exact before the longest wildcard; paths: longest first; route
rules: by priority) and the field descriptions of ``UrlMap`` in the published schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from provisioner.sandbox.cluster.documents import Document, dig, number, part, parts, text, texts

REDIRECT_CODES: Mapping[str, int] = MappingProxyType(
    {
        "MOVED_PERMANENTLY_DEFAULT": 301,
        "FOUND": 302,
        "SEE_OTHER": 303,
        "TEMPORARY_REDIRECT": 307,
        "PERMANENT_REDIRECT": 308,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedRequest:
    """What a test sends."""

    host: str
    path: str
    scheme: str = "http"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def bare_path(self) -> str:
        """The path without query and fragment, which is what paths are matched against."""
        return urlsplit(self.path).path

    @property
    def query(self) -> str:
        """The query."""
        return urlsplit(self.path).query


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where a request ends up.

    Attributes:
        services: URLs of the services it may go to; several if weights divide the traffic.
        url: The URL as forwarded, or as redirected to.
        redirect: HTTP status of a redirect, or 0.
    """

    services: tuple[str, ...] = ()
    url: str = ""
    redirect: int = 0


def route(url_map: Document, request: RoutedRequest) -> Routed:
    """Return where a request ends up."""
    matcher = _matcher_for(url_map, request.host)
    if matcher is None:
        return _outcome(_defaults_of(url_map), request, matched="")
    rule, matched = _rule_for(matcher, request)
    if rule is None:
        return _outcome(_defaults_of(matcher), request, matched="")
    return _outcome(rule, request, matched=matched)


def _defaults_of(holder: Document) -> Document:
    return {
        "service": holder.get("defaultService"),
        "urlRedirect": holder.get("defaultUrlRedirect"),
        "routeAction": holder.get("defaultRouteAction"),
    }


def _matcher_for(url_map: Document, host: str) -> Document | None:
    bare = host.lower().partition(":")[0]
    candidates = [
        (len(pattern) if "*" in pattern else len(pattern) + 1000, text(rule, "pathMatcher"))
        for rule in parts(url_map, "hostRules")
        for pattern in texts(rule, "hosts")
        if _host_matches(pattern.lower(), (host.lower(), bare))
    ]
    if not candidates:
        return None
    _, name = max(candidates)
    return next(
        (each for each in parts(url_map, "pathMatchers") if text(each, "name") == name), None
    )


def _host_matches(pattern: str, hosts: tuple[str, str]) -> bool:
    if pattern.startswith("*"):
        return hosts[1].endswith(pattern[1:])
    return pattern in hosts


def _rule_for(matcher: Document, request: RoutedRequest) -> tuple[Document | None, str]:
    """Return the rule that takes the request and the piece of the path that it matched."""
    routes = sorted(parts(matcher, "routeRules"), key=lambda rule: number(rule, "priority"))
    for rule in routes:
        for match in parts(rule, "matchRules") or [{"prefixMatch": "/"}]:
            matched = _match(match, request)
            if matched is not None:
                return rule, matched
    candidates = [
        ((len(pattern.removesuffix("*")), not pattern.endswith("*")), pattern, rule)
        for rule in parts(matcher, "pathRules")
        for pattern in texts(rule, "paths")
        if _path_matches(pattern, request.bare_path)
    ]
    if not candidates:
        return None, ""
    _, pattern, rule = max(candidates, key=lambda candidate: candidate[0])
    return rule, pattern.removesuffix("*")


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _match(match: Document, request: RoutedRequest) -> str | None:
    """Return the matched piece of the path, or None."""
    fold = str.lower if match.get("ignoreCase") is True else str
    path = fold(request.bare_path)
    matched = _path_match(match, path, fold)
    if matched is None:
        return None
    headers = {key.lower(): value for key, value in request.headers.items()}
    if not all(_header_holds(each, headers) for each in parts(match, "headerMatches")):
        return None
    query = {key: values[0] for key, values in parse_qs(request.query).items()}
    if not all(_query_holds(each, query) for each in parts(match, "queryParameterMatches")):
        return None
    return matched


def _path_match(match: Document, path: str, fold: type[str] | object) -> str | None:
    assert callable(fold)
    prefix, full = text(match, "prefixMatch"), text(match, "fullPathMatch")
    if prefix:
        return prefix if path.startswith(fold(prefix)) else None
    if full:
        return full if path == fold(full) else None
    expression = text(match, "regexMatch") or _template_expression(text(match, "pathTemplateMatch"))
    if expression:
        return path if re.fullmatch(expression, path) else None
    return ""


def _template_expression(template: str) -> str:
    """Return a path template as a regular expression: ``*`` is one segment, ``**`` any number."""
    pieces = []
    for piece in template.split("/"):
        named = re.fullmatch(r"\{\w+(?:=(?P<pattern>.*))?\}", piece)
        pattern = (named["pattern"] or "*") if named else piece
        pieces.append({"*": "[^/]+", "**": ".*"}.get(pattern, re.escape(pattern)))
    return "/".join(pieces)


def _header_holds(match: Document, headers: Mapping[str, str]) -> bool:
    value = headers.get(text(match, "headerName").lower())
    holds = value is not None and _value_holds(match, value)
    return holds != (match.get("invertMatch") is True)


def _query_holds(match: Document, query: Mapping[str, str]) -> bool:
    value = query.get(text(match, "name"))
    return value is not None and _value_holds(match, value)


def _value_holds(match: Document, value: str) -> bool:
    if "exactMatch" in match:
        return value == match["exactMatch"]
    if "prefixMatch" in match:
        return value.startswith(text(match, "prefixMatch"))
    if "suffixMatch" in match:
        return value.endswith(text(match, "suffixMatch"))
    if "regexMatch" in match:
        return re.fullmatch(text(match, "regexMatch"), value) is not None
    span = part(match, "rangeMatch")
    if span and value.lstrip("-").isdecimal():
        return int(str(span.get("rangeStart", 0))) <= int(value) < int(str(span.get("rangeEnd", 0)))
    return match.get("presentMatch") is True


def _outcome(rule: Document, request: RoutedRequest, *, matched: str) -> Routed:
    redirect = part(rule, "urlRedirect")
    if redirect:
        return _redirected(redirect, request, matched)
    weighted = tuple(
        text(each, "backendService")
        for each in parts(rule, "routeAction", "weightedBackendServices")
        if number(each, "weight") > 0
    )
    services = weighted or ((text(rule, "service"),) if text(rule, "service") else ())
    return Routed(services=services, url=_forwarded(rule, request, matched))


def _redirected(redirect: Document, request: RoutedRequest, matched: str) -> Routed:
    path = request.bare_path
    if text(redirect, "pathRedirect"):
        path = text(redirect, "pathRedirect")
    elif text(redirect, "prefixRedirect"):
        path = text(redirect, "prefixRedirect") + path.removeprefix(matched)
    keeps_query = request.query and redirect.get("stripQuery") is not True
    scheme = "https" if redirect.get("httpsRedirect") is True else request.scheme
    host = text(redirect, "hostRedirect") or request.host
    code = text(redirect, "redirectResponseCode") or "MOVED_PERMANENTLY_DEFAULT"
    query = f"?{request.query}" if keeps_query else ""
    return Routed(url=f"{scheme}://{host}{path}{query}", redirect=REDIRECT_CODES[code])


def _forwarded(rule: Document, request: RoutedRequest, matched: str) -> str:
    rewrite = part(dig(rule, "routeAction", "urlRewrite"))
    host = text(rewrite, "hostRewrite") or request.host
    path = request.bare_path
    prefix = text(rewrite, "pathPrefixRewrite")
    if prefix:
        path = prefix + path.removeprefix(matched)
    query = f"?{request.query}" if request.query else ""
    return f"{request.scheme}://{host}{path}{query}"
