"""The load balancers of a project in lines, as any client would find them described over REST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlsplit

import msgspec

from provisioner.sandbox.cluster.documents import Document, number, part, parts, text, texts

_VERSION = "/compute/v1/"


class Description:
    """One look at a project."""

    def __init__(self, endpoint_url: str, project: str) -> None:
        self._home = f"{_VERSION}projects/{project}"
        self._connection = HTTPConnection(urlsplit(endpoint_url).netloc, timeout=10)

    def lines(self) -> list[str]:
        """Return the load balancers, their rules, and the targets behind them."""
        try:
            return list(self._lines())
        finally:
            self._connection.close()

    def _lines(self) -> Iterator[str]:
        proxies = {
            text(proxy, "selfLink"): text(proxy, "urlMap")
            for collection in ("targetHttpProxies", "targetHttpsProxies")
            for proxy in self._all(collection)
        }
        maps = {text(each, "selfLink"): each for each in self._all("urlMaps")}
        used: set[str] = set()
        for rule in self._all("forwardingRules"):
            yield (
                f"{text(rule, 'name')}  {text(rule, 'loadBalancingScheme')}  "
                f"{text(rule, 'IPAddress')}:{text(rule, 'portRange').partition('-')[0]}"
            )
            url_map = maps.get(proxies.get(text(rule, "target"), ""), {})
            yield from (f"    {line}" for line in _map_lines(url_map))
            used |= set(_services(url_map))
        for service in self._all("backendServices"):
            if text(service, "selfLink") in used and parts(service, "backends"):
                targets = ", ".join(self._targets(service))
                yield f"  {text(service, 'name')}: {targets or 'no targets'}"

    def _targets(self, service: Document) -> Iterator[str]:
        path = urlsplit(text(service, "selfLink")).path
        for backend in parts(service, "backends"):
            group = {"group": text(backend, "group")}
            for status in parts(self._call("POST", f"{path}/getHealth", group), "healthStatus"):
                target = text(status, "ipAddress") or _name(text(status, "instance"))
                state = text(status, "healthState").lower()
                yield f"{target}:{number(status, 'port')} {state}"

    def _all(self, collection: str) -> list[Document]:
        found = part(self._call("GET", f"{self._home}/aggregated/{collection}"), "items")
        return [each for holder in found.values() for each in parts(holder, collection)]

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Document:
        """Make a call; what is gone by now is described as nothing."""
        content = None if body is None else msgspec.json.encode(body)
        self._connection.request(method, path, content)
        response = self._connection.getresponse()
        answer = msgspec.json.decode(response.read(), type=dict[str, object])
        return answer if response.status == HTTPStatus.OK else {}


def _map_lines(url_map: Document) -> Iterator[str]:
    matchers = {text(each, "name"): each for each in parts(url_map, "pathMatchers")}
    for rule in parts(url_map, "hostRules"):
        matcher = matchers.get(text(rule, "pathMatcher"), {})
        hosts = " ".join(texts(rule, "hosts"))
        for each in (*parts(matcher, "pathRules"), *parts(matcher, "routeRules")):
            yield f"{hosts} {_paths(each)}  ->  {_destination(each)}"
        yield f"{hosts} any  ->  {_destination(matcher, default=True)}"
    yield f"any  ->  {_destination(url_map, default=True)}"


def _paths(rule: Document) -> str:
    matches = [
        text(match, "fullPathMatch") or text(match, "prefixMatch") + "*"
        for match in parts(rule, "matchRules")
    ]
    return " ".join((*texts(rule, "paths"), *matches))


def _destination(rule: Document, *, default: bool = False) -> str:
    service, action = ("defaultService", "defaultRouteAction") if default else _WORDS
    status = number(rule, action, "faultInjectionPolicy", "abort", "httpStatus")
    weighted = [
        f"{_name(text(each, 'backendService'))} (weight {number(each, 'weight')})"
        for each in parts(rule, action, "weightedBackendServices")
    ]
    return (
        (f"status {status}" if status else "")
        or ", ".join(weighted)
        or _name(text(rule, service))
        or "redirect"
    )


_WORDS = ("service", "routeAction")


def _services(url_map: Document) -> Iterator[str]:
    """Yield the backend services that a URL map leads to, those of weight 0 as well."""
    for matcher in (url_map, *parts(url_map, "pathMatchers")):
        yield text(matcher, "defaultService")
        rules = (*parts(matcher, "pathRules"), *parts(matcher, "routeRules"))
        for holder, action in (
            (matcher, "defaultRouteAction"),
            *((r, "routeAction") for r in rules),
        ):
            for each in parts(holder, action, "weightedBackendServices"):
                yield text(each, "backendService")
        yield from (text(rule, "service") for rule in rules)


def _name(url: str) -> str:
    return url.rpartition("/")[2]
