"""Google's own client pointed at the embedded cloud, and short words for what tests repeat."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import Document, part, parts, text
from provisioner.sandbox.gcp.account import ProjectInfo
from provisioner.sandbox.gcp.server import CloudServer

PROJECT = "sandbox-project"
REGION = "europe-west1"
ZONE = "europe-west1-b"
HOME = f"projects/{PROJECT}"

Client = TypeVar("Client")


class Answer:
    """What came back over plain REST."""

    def __init__(self, status: int, body: Document) -> None:
        self.status = status
        self.body = body

    @property
    def reason(self) -> str:
        """The word in ``errors[].reason``."""
        return text(parts(self.body, "error", "errors")[0], "reason")

    @property
    def message(self) -> str:
        """The sentence of the error."""
        return text(self.body, "error", "message")


class Workbench:
    """A project, Google's clients for it, and plain REST beside them."""

    def __init__(self, cloud: CloudServer, project: ProjectInfo) -> None:
        self.cloud = cloud
        self.project = project
        self._clients: dict[type, object] = {}

    def client(self, kind: Callable[..., Client]) -> Client:
        """Return Google's client of a kind; the same one at every call."""
        assert isinstance(kind, type)
        if kind not in self._clients:
            self._clients[kind] = kind(
                credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth is untyped
                client_options={"api_endpoint": self.cloud.url},
                transport="rest",
            )
        found: Client = self._clients[kind]  # type: ignore[assignment]  # by construction
        return found

    def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            client.transport.close()  # type: ignore[attr-defined]  # every client has one
        self._clients.clear()

    def wait(self, operation: compute_v1.Operation) -> compute_v1.Operation:
        """Wait for an operation as the product must: with a client of our own."""
        name = operation.name
        zone, region = (url.rpartition("/")[2] for url in (operation.zone, operation.region))
        if zone:
            zonal = self.client(compute_v1.ZoneOperationsClient)
            return zonal.wait(project=PROJECT, zone=zone, operation=name)
        if region:
            regional = self.client(compute_v1.RegionOperationsClient)
            return regional.wait(project=PROJECT, region=region, operation=name)
        return self.client(compute_v1.GlobalOperationsClient).wait(project=PROJECT, operation=name)

    def rest(self, method: str, path: str, body: object = None, **query: str) -> Answer:
        """Call the API without Google's client; the path begins below the project."""
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        return self.http(method, f"/compute/v1/{HOME}/{path}{'?' if asked else ''}{asked}", body)

    def http(self, method: str, path: str, body: object = None) -> Answer:
        """Send any request to the server."""
        connection = HTTPConnection(urlsplit(self.cloud.url).netloc, timeout=10)
        try:
            content = body if isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, content if body is not None else None)
            response = connection.getresponse()
            return Answer(response.status, json.loads(response.read()))
        finally:
            connection.close()

    def get(self, path: str) -> Document:
        """Read a resource, which must be there."""
        answer = self.rest("GET", path)
        assert answer.status == 200, answer.body
        return answer.body

    def make(self, collection: str, body: Mapping[str, object]) -> Document:
        """Insert a resource, which must succeed, and read it."""
        answer = self.rest("POST", collection, body)
        assert answer.status == 200, answer.body
        return self.get(f"{collection}/{body['name']}")

    def refused(self, collection: str, body: Mapping[str, object]) -> Answer:
        """Insert a resource, which must be refused."""
        answer = self.rest("POST", collection, body)
        assert answer.status >= 400, answer.body
        assert not any(record.carried_out for record in self.cloud.calls if record.status >= 400)
        return answer

    def health_check(self, name: str = "hc", home: str = "global") -> str:
        """Make a health check and return its URL."""
        return text(self.make(f"{home}/healthChecks", {"name": name, "type": "HTTP"}), "selfLink")

    def service(
        self,
        name: str = "web",
        home: str = "global",
        *,
        extra: Mapping[str, object] | None = None,
        **fields: object,
    ) -> str:
        """Make a backend service with a health check of its own and return its URL."""
        check = self.health_check(f"{name}-hc", home)
        body = {"name": name, "healthChecks": [check], **fields, **(extra or {})}
        return text(self.make(f"{home}/backendServices", body), "selfLink")

    def url_map(
        self,
        name: str = "map",
        home: str = "global",
        *,
        extra: Mapping[str, object] | None = None,
        **fields: object,
    ) -> str:
        """Make a URL map and return its URL."""
        body = {"name": name, **fields, **(extra or {})}
        return text(self.make(f"{home}/urlMaps", body), "selfLink")

    def frontend(
        self, url_map: str, name: str = "front", home: str = "global", **fields: object
    ) -> Document:
        """Make a target HTTP proxy and a forwarding rule, and return the rule."""
        body = {"name": f"{name}-proxy", "urlMap": url_map}
        proxy = self.make(f"{home}/targetHttpProxies", body)
        rule = {"name": name, "target": proxy["selfLink"], "portRange": "80", **fields}
        return self.make(f"{home}/forwardingRules", rule)

    def endpoint_group(self, name: str = "neg", zone: str = ZONE, **fields: object) -> str:
        """Make a network endpoint group and return its URL."""
        body = {
            "name": name,
            "networkEndpointType": "GCE_VM_IP_PORT",
            "subnetwork": self.project.subnetwork,
            **fields,
        }
        return text(self.make(f"zones/{zone}/networkEndpointGroups", body), "selfLink")

    def attach(self, *endpoints: Mapping[str, object], name: str = "neg") -> Answer:
        """Attach endpoints to a group."""
        path = f"zones/{ZONE}/networkEndpointGroups/{name}/attachNetworkEndpoints"
        return self.rest("POST", path, {"networkEndpoints": list(endpoints)})

    def pod(self, number: int = 0, port: int = 8080) -> dict[str, object]:
        """Return an endpoint on the first machine."""
        node = self.project.nodes[0]
        return {"instance": node.name, "ipAddress": node.pod_address(number), "port": port}

    def health(self, service: str, group: str) -> list[str]:
        """Return the states that ``getHealth`` answers."""
        path = f"{service.partition(HOME + '/')[2]}/getHealth"
        answer = self.rest("POST", path, {"group": group})
        assert answer.status == 200, answer.body
        return [text(each, "healthState") for each in parts(answer.body, "healthStatus")]

    def operation(self, answer: Answer) -> Document:
        """Read an operation again."""
        assert answer.status == 200, answer.body
        return self.get(text(answer.body, "selfLink").partition(f"{HOME}/")[2])

    def control(self, method: str, route: str, body: object = None) -> Answer:
        """Call one of the sandbox's own endpoints."""
        return self.http(method, f"/sandbox/{route}", body)


@contextmanager
def refused(kind: type[GoogleAPICallError], saying: str = "") -> Iterator[None]:
    """Expect Google's client to raise what it makes of a refusal."""
    with pytest.raises(kind) as caught:
        yield
    assert saying in str(caught.value)


def backend(group: str, **fields: object) -> dict[str, object]:
    """Return a backend on a network endpoint group, as GKE makes them."""
    return {"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 1, **fields}


def some_uuid() -> str:
    """Return a request id."""
    return str(uuid.uuid4())


def quota(document: Document, metric: str) -> Document:
    """Return one quota of a project or region."""
    return next(each for each in parts(document, "quotas") if text(each, "metric") == metric)


def result(answer: Answer) -> Document:
    """Return what ``validate`` found."""
    assert answer.status == 200, answer.body
    return part(answer.body, "result")


def matcher(service: str, *paths: str, **fields: object) -> Document:
    """Return a URL map's parts for one host with some paths."""
    rule = {"paths": list(paths), "service": service}
    rules = {"pathRules": [rule]} if paths else {}
    return {
        "hostRules": [{"hosts": ["shop.example.com"], "pathMatcher": "shop"}],
        "pathMatchers": [{"name": "shop", "defaultService": service, **rules, **fields}],
    }
