"""What a load balancer controller could have left behind in a project.

Read over plain REST, so it says what any client would see.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import msgspec

from provisioner.sandbox.cluster.documents import Document, part, parts, text
from provisioner.sandbox.gcp.cloud import DEFAULT_PROJECT

AGGREGATED = (
    "forwardingRules",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
    "backendServices",
    "healthChecks",
    "networkEndpointGroups",
    "instanceGroups",
    "sslCertificates",
    "sslPolicies",
    "addresses",
)
GLOBAL_ONLY = ("firewalls", "securityPolicies")


def leftovers(endpoint_url: str, *, project: str = DEFAULT_PROJECT) -> dict[str, tuple[str, ...]]:
    """Names of what is left, by collection; only collections of which something is left.

    Networks, subnets and machines are not a controller's and not among them. A name of a region
    or zone comes with it: ``regions/europe-west1/web``.
    """
    connection = HTTPConnection(urlsplit(endpoint_url).netloc, timeout=10)
    try:
        found = {
            **{each: _aggregated(connection, project, each) for each in AGGREGATED},
            **{each: _global(connection, project, each) for each in GLOBAL_ONLY},
        }
    finally:
        connection.close()
    return {collection: tuple(sorted(names)) for collection, names in found.items() if names}


def _aggregated(connection: HTTPConnection, project: str, collection: str) -> list[str]:
    names: list[str] = []
    for page in _pages(connection, f"projects/{project}/aggregated/{collection}"):
        for scope, holder in part(page, "items").items():
            place = "" if scope == "global" else f"{scope}/"
            names += [place + text(each, "name") for each in parts(holder, collection)]
    return names


def _global(connection: HTTPConnection, project: str, collection: str) -> list[str]:
    return [
        text(each, "name")
        for page in _pages(connection, f"projects/{project}/global/{collection}")
        for each in parts(page, "items")
    ]


def _pages(connection: HTTPConnection, path: str) -> Iterator[Document]:
    token = ""
    while True:
        query = f"?pageToken={quote(token)}" if token else ""
        connection.request("GET", f"/compute/v1/{path}{query}")
        response = connection.getresponse()
        page = msgspec.json.decode(response.read(), type=dict[str, object])
        if response.status != HTTPStatus.OK:
            raise RuntimeError(f"{path}: {text(page, 'error', 'message')}")
        yield page
        token = text(page, "nextPageToken")
        if not token:
            return
