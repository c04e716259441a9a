"""What is in a Google project and what of it carries our mark, told by plain REST.

Marks are spelled out here, so that a mistake in how the product reads or writes them shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

OWNER = "ingress-provisioner.io/owner"
RESOURCE = "ingress-provisioner.io/resource"
NOTHING = ":backend-service/shared/nothing/"
GROUP = "ingress-provisioner.io/group"

ZONED = ("networkEndpointGroups", "instanceGroups")
COLLECTIONS = (
    "forwardingRules",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
    "backendServices",
    "healthChecks",
    *ZONED,
    "sslCertificates",
    "addresses",
    "firewalls",
)
"""Everything that can carry a mark, in the order in which it can be deleted."""

_VERSION = "/compute/v1/"
_IN_USE = "resourceInUseByAnotherResource"


class RefusedError(Exception):
    """The API said no; the first argument is its reason."""


class Rest:
    """The Compute API of one project over one plain connection."""

    def __init__(self, url: str, project: str) -> None:
        self.home = f"projects/{project}"
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=10)

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make one call; ``path`` begins with ``projects/``."""
        content = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, _VERSION + path, content)
            response = self._connection.getresponse()
        except (HTTPException, OSError):
            self._connection.close()  # an idle connection may have been ended
            self._connection.request(method, _VERSION + path, content)
            response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if "error" in answer:
            first = answer["error"]["errors"][0]
            raise RefusedError(first.get("reason") or first.get("code"), str(answer["error"]))
        return answer

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield every page of a list."""
        token = ""
        while True:
            page = self.call("GET", path + (f"?pageToken={quote(token)}" if token else ""))
            yield page
            token = page.get("nextPageToken", "")
            if not token:
                return

    def everything(self, collection: str) -> list[dict[str, Any]]:
        """Return every resource of a collection, wherever it is."""
        if collection == "firewalls":
            listed = self.pages(f"{self.home}/global/firewalls")
            return [each for page in listed for each in page.get("items", [])]
        return [
            each
            for page in self.pages(f"{self.home}/aggregated/{collection}")
            for holder in page["items"].values()
            for each in holder.get(collection, [])
        ]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Thing:
    """Something in the project that carries our mark."""

    def __init__(self, collection: str, body: Mapping[str, Any]) -> None:
        words = words_of(body)
        self.collection = collection
        self.body = body
        self.address = str(words[RESOURCE])
        self.group = str(words.get(GROUP, ""))
        self.path = path_of(body["selfLink"])


def words_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of a description, none where it is not JSON."""
    try:
        words = json.loads(body.get("description", ""))
    except ValueError:
        return {}
    return words if isinstance(words, dict) else {}


def path_of(link: str) -> str:
    """Return a link without host and version."""
    return link.partition(_VERSION)[2] or link


def things(rest: Rest, collections: Sequence[str] = COLLECTIONS) -> Iterator[Thing]:
    """Yield what carries our mark, in the order in which it can be deleted."""
    for collection in collections:
        for body in rest.everything(collection):
            words = words_of(body)
            if OWNER in words and RESOURCE in words:
                yield Thing(collection, body)


def delete(rest: Rest, thing: Thing) -> None:
    """Delete something unless it is in use."""
    try:
        rest.call("DELETE", thing.path)
    except RefusedError as error:
        if error.args[0] != _IN_USE:
            raise


def in_use(rest: Rest) -> frozenset[str]:
    """Return the URL maps that a forwarding rule leads to."""
    targets = {path_of(each.get("target", "")) for each in rest.everything("forwardingRules")}
    return frozenset(
        path_of(proxy["urlMap"])
        for collection in ("targetHttpProxies", "targetHttpsProxies")
        for proxy in rest.everything(collection)
        if path_of(proxy["selfLink"]) in targets
    )


def routes(url_map: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each host and path of a URL map with the backend services that take its requests."""
    matchers = {each["name"]: each for each in url_map.get("pathMatchers", [])}
    for rule in url_map.get("hostRules", []):
        matcher = matchers[rule["pathMatcher"]]
        for host in rule["hosts"]:
            if host.endswith(".invalid"):
                continue  # a host that nobody asks for
            for each in matcher.get("pathRules", []):
                for path in each["paths"]:
                    yield f"{host} {path}", services_of(each)
            for each in matcher.get("routeRules", []):
                for match in each["matchRules"]:
                    yield f"{host} {json.dumps(match, sort_keys=True)}", services_of(each)
            yield f"{host} any", services_of(matcher, "default")


def services_of(action: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the backend services of an action, without those of weight 0."""
    plain = f"{prefix}Service" if prefix else "service"
    routing = action.get(f"{prefix}RouteAction" if prefix else "routeAction", {})
    weighted = routing.get("weightedBackendServices", [])
    if weighted:
        return [each["backendService"] for each in weighted if each.get("weight")]
    return [action[plain]] if action.get(plain) else []


def healthy(rest: Rest, service: str) -> list[str] | None:
    """Return the healthy endpoints or machines of a backend service; None: it is there for 404s."""
    path = path_of(service)
    body = rest.call("GET", path)
    if NOTHING in str(words_of(body).get(RESOURCE)):
        return None
    return sorted(
        f"{each.get('ipAddress') or each.get('instance', '').rpartition('/')[2]}:{each['port']}"
        for backend in body.get("backends", [])
        for each in rest.call("POST", f"{path}/getHealth", {"group": backend["group"]}).get(
            "healthStatus", []
        )
        if each["healthState"] == "HEALTHY"
    )
