"""Words for building, over plain REST, what Ingress Provisioner would have built.

Descriptions are spelled out here rather than taken from the code under test, so that a test of
reading also says how things are marked.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.request import Request, urlopen

from providers.gcp.client import Client
from providers.gcp.execute import GcpWriter
from providers.gcp.live.journal import Journal
from providers.gcp.reader import GcpReader
from provisioner.model.change import Call
from provisioner.model.errors import NotLeader
from provisioner.model.resource import PlainInput, freeze_spec
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget
from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.account import ProjectInfo
from provisioner.sandbox.gcp.server import CloudServer

MARK = "ingress-provisioner.io/"
PROJECT = "sandbox-project"
REGION = "europe-west1"
ZONE = "europe-west1-b"
HOME = f"projects/{PROJECT}"
IDENTITY = Identity(cluster_name="demo", cluster_uid="u-1", ingress_uid="0123456789abcdef")
GROUP = "shop/web"
SERVICE = "gcp:backend-service/shop/web/web:80/pod"
CHECK = "gcp:health-check/shop/web/web:80/pod"
ENDPOINT_GROUP = f"gcp:network-endpoint-group/shop/web/web:80/pod/{ZONE}"


class ManualClock:
    """A clock that only moves when it is slept on or told to."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.time += seconds


class CloudClock:
    """A clock on which sleeping lets time pass in the emulated cloud."""

    def __init__(self, cloud: CloudServer) -> None:
        self._cloud = cloud
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the time."""
        return self._cloud.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self._cloud.advance(seconds)


@dataclass(slots=True)
class Fence:
    """A fence that can be shut."""

    open: bool = True
    checks: int = 0

    def check(self) -> None:
        """Raise NotLeader where it is shut."""
        self.checks += 1
        if not self.open:
            raise NotLeader("somebody else leads")


@dataclass(slots=True)
class World:
    """A project with the load balancers of one cluster in it."""

    cloud: CloudServer
    info: ProjectInfo
    fence: Fence = field(default_factory=Fence)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _clients: list[Client] = field(default_factory=list)

    @property
    def target(self) -> CloudTarget:
        """Where readers and writers find it."""
        return CloudTarget(
            identity=IDENTITY, region=REGION, project=PROJECT, endpoint_url=self.cloud.url
        )

    def client(self, *, writes: bool = False, clock: CloudClock | None = None) -> Client:
        """Return a client, closed with the world."""
        fence = self.fence if writes else None
        client = Client(self.target, fence=fence, clock=clock or CloudClock(self.cloud))
        self._clients.append(client)
        return client

    def reader(self, *, journal: Journal | None = None, max_age_seconds: float = 0.0) -> GcpReader:
        """Return a reader of the project."""
        return GcpReader(self.client(), journal=journal, max_age_seconds=max_age_seconds)

    def writer(
        self, *, clock: CloudClock | None = None, journal: Journal | None = None
    ) -> GcpWriter:
        """Return a writer to the project."""
        client = self.client(writes=True, clock=clock)
        return GcpWriter(client, journal=journal or Journal(client.clock))

    def close(self) -> None:
        """Give every connection back."""
        for client in self._clients:
            client.close()

    def description(
        self,
        address: str,
        *,
        group: str = GROUP,
        ingress: str = "",
        owner: str = IDENTITY.owner,
        more: Mapping[str, object] | None = None,
    ) -> str:
        """Return the description of a resource of ours."""
        words: dict[str, object] = {
            f"{MARK}owner": owner,
            f"{MARK}group": group,
            f"{MARK}resource": address,
            **({f"{MARK}ingress": ingress} if ingress else {}),
            **(more or {}),
        }
        return json.dumps(words, sort_keys=True, separators=(",", ":"))

    def rest(self, method: str, path: str, body: object = None) -> Document:
        """Send a request of the test's own and return the answer."""
        url = f"{self.cloud.url}/compute/v1/{path}"
        content = None if body is None else json.dumps(body).encode()
        request = Request(url, data=content, method=method)  # noqa: S310 - our own server
        with urlopen(request) as answer:  # noqa: S310 - our own server
            found: Document = json.loads(answer.read())
        return found

    def make(self, parent: str, body: Mapping[str, object]) -> str:
        """Insert a resource and return its link."""
        self.rest("POST", f"{HOME}/{parent}", dict(body))
        return f"{HOME}/{parent}/{body['name']}"

    def read(self, link: str) -> Document:
        """Return a resource as it is now."""
        return self.rest("GET", link)

    def health_check(self, name: str = "hc", address: str = CHECK, **fields: object) -> str:
        """Make a health check of ours."""
        return self.make(
            "global/healthChecks",
            {
                "name": name,
                "description": self.description(address),
                "type": "HTTP",
                "httpHealthCheck": {"portSpecification": "USE_SERVING_PORT"},
                **fields,
            },
        )

    def service(
        self,
        name: str = "be",
        address: str = SERVICE,
        *,
        checks: Sequence[str] = (),
        description: str = "",
        **fields: object,
    ) -> str:
        """Make a backend service of ours."""
        return self.make(
            "global/backendServices",
            {
                "name": name,
                "description": description or self.description(address),
                "loadBalancingScheme": "EXTERNAL_MANAGED",
                "protocol": "HTTP",
                "healthChecks": list(checks) or [self.health_check(f"{name}-hc")],
                **fields,
            },
        )

    def endpoint_group(self, name: str = "neg", address: str = ENDPOINT_GROUP) -> str:
        """Make a network endpoint group of ours."""
        return self.make(
            f"zones/{ZONE}/networkEndpointGroups",
            {
                "name": name,
                "description": self.description(address),
                "networkEndpointType": "GCE_VM_IP_PORT",
                "subnetwork": self.info.subnetwork,
            },
        )

    def pod(self, number: int = 0, port: int = 8080) -> dict[str, PlainInput]:
        """Return an endpoint on the first machine, which is in ``ZONE``."""
        node = self.info.nodes[0]
        return {"instance": node.name, "ipAddress": node.pod_address(number), "port": port}

    def attach(self, group: str, *endpoints: Mapping[str, object]) -> None:
        """Attach endpoints to a group."""
        body = {"networkEndpoints": [dict(each) for each in endpoints]}
        self.rest("POST", f"{group}/attachNetworkEndpoints", body)

    def url_map(self, name: str, service: str, address: str, **fields: object) -> str:
        """Make a URL map of ours."""
        description = self.description(address)
        return self.make(
            "global/urlMaps",
            {"name": name, "description": description, "defaultService": service, **fields},
        )

    def front(self, url_map: str, name: str = "fr", **fields: object) -> str:
        """Make a target HTTP proxy and a forwarding rule of ours, and return the rule."""
        proxy = self.make(
            "global/targetHttpProxies",
            {
                "name": f"{name}-tp",
                "description": self.description("gcp:target-http-proxy/shop/web/80"),
                "urlMap": url_map,
            },
        )
        return self.make(
            "global/forwardingRules",
            {
                "name": name,
                "description": self.description("gcp:forwarding-rule/shop/web/80"),
                "target": proxy,
                "portRange": "80",
                "loadBalancingScheme": "EXTERNAL_MANAGED",
                **fields,
            },
        )


def call(
    operation: str,
    *,
    scope: str = "global",
    address: str = SERVICE,
    outputs: Mapping[str, str] | None = None,
    already_done: frozenset[str] = frozenset(),
    **parameters: PlainInput,
) -> Call:
    """Return a call as a plan has it."""
    return Call(
        service="compute",
        operation=operation,
        parameters=freeze_spec({"scope": scope, **parameters}),
        address=address,
        outputs=outputs or {},
        already_done=already_done,
    )
