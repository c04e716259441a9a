"""What a project holds, kind by kind: each listed once a pass, for everybody who asks.

One call answers for all regions and zones of a project, however many load balancers there are.
Controllers that ask about each Ingress in turn need hours for a hundred of them
(kubernetes/ingress-gce#1700). What is ours, what is others', what a name leads to and what GKE
made are all looked up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from types import MappingProxyType
from typing import TypeAlias

from providers.gcp.client import Client, decoded
from providers.gcp.links import shortened
from providers.gcp.live.journal import Journal

Object: TypeAlias = Mapping[str, object]

THREADS = 4
"""Reads under way at once; the token bucket, not this, is what bounds a long listing."""

_LISTS: Mapping[str, str] = MappingProxyType(
    {
        "addresses": "addresses.aggregatedList",
        "backendServices": "backendServices.aggregatedList",
        "firewalls": "firewalls.list",
        "forwardingRules": "forwardingRules.aggregatedList",
        "healthChecks": "healthChecks.aggregatedList",
        "instanceGroups": "instanceGroups.aggregatedList",
        "instances": "instances.aggregatedList",
        "networkEndpointGroups": "networkEndpointGroups.aggregatedList",
        "networks": "networks.list",
        "securityPolicies": "securityPolicies.list",
        "sslCertificates": "sslCertificates.aggregatedList",
        "sslPolicies": "sslPolicies.aggregatedList",
        "subnetworks": "subnetworks.aggregatedList",
        "targetHttpProxies": "targetHttpProxies.aggregatedList",
        "targetHttpsProxies": "targetHttpsProxies.aggregatedList",
        "urlMaps": "urlMaps.aggregatedList",
    }
)
"""How each collection is listed in all places; some are global alone."""


class Inventory:
    """The listings of one pass; links in them are paths. Safe to share between threads."""

    def __init__(self, client: Client, journal: Journal) -> None:
        self._client = client
        self._journal = journal
        self._lock = Lock()
        self._locks: dict[tuple[str, str], Lock] = {}
        self._known: dict[tuple[str, str], tuple[int, tuple[Object, ...]]] = {}
        self._host: str | None = None

    @property
    def client(self) -> Client:
        """The client that it reads with, for what is not a listing."""
        return self._client

    def of(self, collection: str, project: str = "") -> tuple[Object, ...]:
        """Return every resource of a collection, by link; what we wrote to is listed again.

        Raises:
            ProviderError: It could not be listed; asking again tries again.
        """
        project = project or self._client.project
        key = (collection, project)
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            writes = self._journal.writes(collection, project)
            if key not in self._known or self._known[key][0] != writes:
                self._known[key] = (writes, tuple(_listed(self._client, collection, project)))
            listed = self._known[key][1]
        completed = self._journal.completed(collection, project, listed)
        return tuple(sorted(completed, key=lambda each: str(each.get("selfLink", ""))))

    def prepare(self, collections: Iterable[str]) -> None:
        """List several collections side by side; what fails is said to whoever asks for it."""
        with ThreadPoolExecutor(THREADS) as pool:
            for future in [pool.submit(self.of, collection) for collection in collections]:
                future.exception()

    @property
    def host_project(self) -> str:
        """The project whose networks this one shares (Shared VPC), "" where there is none."""
        if self._host is None:
            answer = decoded(self._client.get("projects.getXpnHost", "", ""))
            self._host = str(answer.get("name", ""))
        return self._host


def _listed(client: Client, collection: str, project: str) -> Iterator[Object]:
    operation = _LISTS[collection]
    path = client.path(operation, "global", "", project=project)
    for page in client.pages(operation, path):
        items = page.get("items")
        parts = items.values() if isinstance(items, dict) else [{collection: items}]
        for part in parts:
            for resource in objects(part.get(collection) if isinstance(part, dict) else None):
                short = shortened(resource)
                if isinstance(short, dict):
                    yield short


def objects(value: object) -> list[Object]:
    """Return the objects of a list in an answer."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(resource: Object, *path: str) -> str:
    """Return a text of a resource, "" where it has none there."""
    value: object = resource
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """Return the texts of a list in an answer."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
