"""Promises of changing what is there: only what is ours changes, whoever else is at work."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from providers.gcp.client import Client
from providers.gcp.execute import GcpWriter
from providers.gcp.live.journal import Journal
from provisioner.model.errors import (
    Conflict,
    NotFound,
)
from provisioner.model.resource import Fingerprint, PlainInput
from provisioner.ports import CloudTarget
from provisioner.sandbox.cluster.documents import part, parts, text
from tests.unit.providers.gcp.shell.projects import (
    HOME,
    IDENTITY,
    SERVICE,
    ZONE,
    Fence,
    World,
    call,
)


def mutations(world: World) -> list[str]:
    return [record.operation for record in world.cloud.calls if record.mutates]


def test_an_update_keeps_what_we_do_not_own(world: World) -> None:
    """Fields of others survive at every depth, words of others in the description as well."""
    words = {"kubernetes.io/service-name": "shop/web"}
    check = world.health_check("be-hc")
    world.service(
        checks=[check],
        description=world.description(SERVICE, more=words),
        circuitBreakers={"maxRequests": 7},
        outlierDetection={"baseEjectionTime": {"seconds": "3", "nanos": 5}},
    )
    body: dict[str, PlainInput] = {
        "timeoutSec": 41,
        "description": world.description(SERVICE),
        "iap": None,
    }
    made = call("backendServices.update", name="be", body=body)

    world.writer().send(made, made.parameters)

    found = world.read(f"{HOME}/global/backendServices/be")
    assert found["timeoutSec"] == 41
    assert found["circuitBreakers"] == {"maxRequests": 7}
    assert part(found, "outlierDetection", "baseEjectionTime") == {"seconds": "3", "nanos": 5}
    assert json.loads(text(found, "description"))["kubernetes.io/service-name"] == "shop/web"


def test_an_update_starts_over_where_somebody_was_faster(world: World) -> None:
    """412: the fingerprint is read again, and with it whatever the other one has changed."""
    world.service()
    world.cloud.faults.fail(
        "backendServices.update", reason="conditionNotMet", message="stale", status=412, times=2
    )
    made = call("backendServices.update", name="be", body={"timeoutSec": 41})

    world.writer().send(made, made.parameters)

    assert world.read(f"{HOME}/global/backendServices/be")["timeoutSec"] == 41
    assert len({r.query["requestId"] for r in world.cloud.calls if "requestId" in r.query}) == 3


def test_an_update_gives_up_where_somebody_is_always_faster(world: World) -> None:
    """Two controllers that fight must not fight for ever."""
    world.service()
    world.cloud.faults.fail(
        "backendServices.update", reason="conditionNotMet", message="stale", status=412, times=None
    )
    made = call("backendServices.update", name="be", body={"timeoutSec": 41})

    with pytest.raises(Conflict, match="conditionNotMet"):
        world.writer().send(made, made.parameters)

    assert mutations(world).count("backendServices.update") == 5


def test_updating_what_is_gone_says_so(world: World) -> None:
    """The next plan makes it anew."""
    made = call("backendServices.update", name="be", body={"timeoutSec": 41})

    with pytest.raises(NotFound):
        world.writer().send(made, made.parameters)


def test_a_patch_carries_the_fingerprint_and_may_clear(world: World) -> None:
    """Proxies of a region take their SSL policy by patch alone."""
    service = world.service()
    url_map = world.url_map("um", service, "gcp:url-map/shop/web/main")
    world.front(url_map)
    made = call("targetHttpProxies.patch", name="fr-tp", body={"description": None})

    world.writer().send(made, made.parameters)

    assert "description" not in world.read(f"{HOME}/global/targetHttpProxies/fr-tp")


def test_a_proxy_changes_its_url_map(world: World) -> None:
    """Its URL is one of those that were published without ``global``."""
    service = world.service()
    world.front(world.url_map("um", service, "gcp:url-map/shop/web/main"))
    other = world.url_map("um2", service, "gcp:url-map/shop/web/8080")
    made = call("targetHttpProxies.setUrlMap", name="fr-tp", body={"urlMap": other})

    world.writer().send(made, made.parameters)

    proxy = world.read(f"{HOME}/global/targetHttpProxies/fr-tp")
    assert text(proxy, "urlMap").endswith("/um2")


def test_named_ports_of_others_stay(world: World) -> None:
    """Instance groups are shared with GKE: only our ports come and go."""
    ports = [{"name": "http", "port": 80}, {"name": "port30001", "port": 30001}]
    world.make(f"zones/{ZONE}/instanceGroups", {"name": "k8s-ig--x", "namedPorts": ports})
    made = call(
        "instanceGroups.setNamedPorts",
        scope=f"zones/{ZONE}",
        name="k8s-ig--x",
        body={"namedPorts": [{"name": "port30002", "port": 30002}]},
        remove=["port30001"],
    )

    world.writer().send(made, made.parameters)

    group = world.read(f"{HOME}/zones/{ZONE}/instanceGroups/k8s-ig--x")
    assert [text(each, "name") for each in parts(group, "namedPorts")] == ["http", "port30002"]


def test_endpoints_are_attached_and_detached(world: World) -> None:
    """Membership is its own pair of calls."""
    group, writer = world.endpoint_group(), world.writer()
    for verb, size in (("attach", 2), ("detach", 0)):
        endpoints = [world.pod(0), world.pod(1)]
        made = call(
            f"networkEndpointGroups.{verb}NetworkEndpoints",
            scope=f"zones/{ZONE}",
            name="neg",
            body={"networkEndpoints": endpoints},
        )
        writer.send(made, made.parameters)
        assert world.read(group)["size"] == size


def test_signing_keys_are_added_and_removed(world: World) -> None:
    """A key is removed by its name in the query."""
    world.service(enableCDN=True)
    writer = world.writer()
    key = "AAAAAAAAAAAAAAAAAAAAAA=="
    added = call(
        "backendServices.addSignedUrlKey",
        name="be",
        body={"keyName": "k1", "keyValue": Fingerprint("d", key)},
    )
    removed = call("backendServices.deleteSignedUrlKey", name="be", keyName="k1")

    writer.send(
        added, {"scope": "global", "name": "be", "body": {"keyName": "k1", "keyValue": key}}
    )
    between = part(world.read(f"{HOME}/global/backendServices/be"), "cdnPolicy")
    writer.send(removed, removed.parameters)

    assert between["signedUrlKeyNames"] == ["k1"]
    after = part(world.read(f"{HOME}/global/backendServices/be"), "cdnPolicy")
    assert after["signedUrlKeyNames"] == []


# --- a Google that is newer than we are -------------------------------------------------------

NEWER = (
    b'{"kind": "compute#backendService", "name": "be", "fingerprint": "f1=", "timeoutSec": 30.0,\n'
    b' "futureTop": {"ratio": 1.50, "huge": 12345678901234567890, "word": "caf\\u00e9"},\n'
    b' "logConfig": {"enable": true, "futureInside": [1e2, {"deep": 0.10}]},\n'
    b' "backends": [{"group": "https://www.googleapis.com/compute/v1/projects/p/zones/z/'
    b'networkEndpointGroups/n", "capacityScaler": 1.0, "futureElement": {"x": 2.00}}],\n'
    b' "selfLink": "https://www.googleapis.com/compute/v1/projects/p/global/backendServices/be"}'
)


class _Newer(BaseHTTPRequestHandler):
    """Answers a resource with fields that no published schema has yet, and keeps what comes."""

    received: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        """Answer the backend service."""
        self._answer(NEWER)

    def do_PUT(self) -> None:
        """Keep the body, and answer an operation that is over."""
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b'{"status": "DONE"}')

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def test_fields_of_tomorrow_survive_an_update_byte_for_byte() -> None:
    """At three depths, over HTTP: what this release does not know it sends back as it came."""
    server = HTTPServer(("127.0.0.1", 0), _Newer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    target = CloudTarget(
        identity=IDENTITY, project="p", endpoint_url=f"http://127.0.0.1:{server.server_port}"
    )
    client = Client(target, fence=Fence())
    group = "projects/p/zones/z/networkEndpointGroups/n"
    made = call(
        "backendServices.update",
        name="be",
        body={
            "timeoutSec": 41,
            "logConfig": {"enable": False},
            "backends": [{"group": group, "capacityScaler": 0.5}],
        },
    )

    GcpWriter(client, journal=Journal(client.clock)).send(made, made.parameters)

    client.close()
    server.shutdown()
    server.server_close()
    thread.join()
    (body,) = _Newer.received
    assert (
        b'"futureTop":{"ratio": 1.50, "huge": 12345678901234567890, "word": "caf\\u00e9"}' in body
    )
    assert b'"futureInside":[1e2, {"deep": 0.10}]' in body
    assert b'"futureElement":{"x": 2.00}' in body
    assert b'"fingerprint":"f1="' in body
    assert json.loads(body)["backends"][0]["capacityScaler"] == 0.5
