"""The embedded Google Cloud as a stage: a project with two machines, and things that take a moment.

The project is named in the environment, where Google's own libraries look for it.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network

from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget
from provisioner.sandbox.cluster.documents import Document, name_of
from provisioner.sandbox.cluster.workloads.addresses import PodAddresses
from provisioner.sandbox.gcp.account import NodeInfo, ProjectInfo, make_project
from provisioner.sandbox.gcp.description import Description
from provisioner.sandbox.gcp.leftovers import leftovers
from provisioner.sandbox.gcp.server import CloudServer
from provisioner.sandbox.stage import CloudStage, StageNode

PROJECT_VARIABLE = "GOOGLE_CLOUD_PROJECT"
_SERVICE_METRICS = ("BACKEND_SERVICES", "GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES")
_FIRST_POD = 2


class AliasAddresses:
    """Gives each pod the next free address of its node's alias range, as GKE does."""

    def __init__(self, nodes: Sequence[NodeInfo]) -> None:
        self._blocks = {node.name: IPv4Network(node.pod_block) for node in nodes}
        self._taken: set[str] = set()
        self._next: Counter[str] = Counter()
        self._lock = threading.Lock()

    def allocate(self, node: Document, _pod: Document) -> str:
        """Return an address; those given back come up again only after all others."""
        name = name_of(node)
        block = self._blocks[name]
        usable = block.num_addresses - _FIRST_POD - 1
        with self._lock:
            for _ in range(usable):
                address = str(block[_FIRST_POD + self._next[name] % usable])
                self._next[name] += 1
                if address not in self._taken:
                    self._taken.add(address)
                    return address
        raise LookupError(f"the alias range {block} of {name} has no free address")

    def release(self, _node_name: str, _pod: Document, address: str) -> None:
        """Let the address be used again."""
        with self._lock:
            self._taken.discard(address)


class GcpStage:
    """One embedded project; see ``CloudStage``."""

    ingress_class = "gce"
    controller = "ingress-provisioner.io/gcp"
    limit_told = "One backend service too many: the project has a quota of {limit}"
    empty_told = "The project holds no forwarding rule, URL map, backend service or group of ours."

    def __init__(self, cloud: CloudServer, project: ProjectInfo) -> None:
        self.cloud = cloud
        self.project = project
        self.addresses: PodAddresses = AliasAddresses(project.nodes)
        self.nodes = tuple(
            StageNode(
                name=node.name,
                zone=node.zone,
                provider_id=node.provider_id,
                address=node.address,
            )
            for node in project.nodes
        )

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the project."""
        return CloudTarget(
            identity=identity,
            region=self.project.region,
            project=self.project.project,
            endpoint_url=self.cloud.url,
        )

    def describe(self) -> Sequence[str]:
        """Return the load balancers in lines, as the cloud describes them now."""
        return Description(self.cloud.url, self.project.project).lines()

    def limit_rules(self, value: int) -> None:
        """Set the project's quota of backend services.

        Rules of a URL map are limited for everybody alike; what differs between projects, and
        stops a load balancer from growing, is the number of backend services.
        """
        for metric in _SERVICE_METRICS:
            self.cloud.quotas[metric] = value

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a controller left behind, by collection."""
        return leftovers(self.cloud.url, project=self.project.project)

    def mutating_calls(self) -> Mapping[str, int]:
        """Return how often each writing operation was called since the project was made."""
        return self.cloud.calls.counts()

    def hints(self) -> Sequence[str]:
        """Return shell lines that talk to the project."""
        home = f"{self.cloud.url}/compute/v1/projects/{self.project.project}"
        return [
            f"curl -s {home}/global/forwardingRules",
            f"curl -s {home}/global/urlMaps",
            f"curl -s {home}/global/backendServices",
        ]


@contextmanager
def open_stage() -> Iterator[CloudStage]:
    """Start an embedded Google Cloud with a small project in it."""
    with CloudServer() as cloud:
        project = make_project(cloud, nodes=2)
        os.environ[PROJECT_VARIABLE] = project.project
        cloud.configure(
            operation_seconds=0.3,
            propagation_seconds=0.5,
            health_seconds=1.0,
            draining_seconds=1.0,
        )
        cloud.calls.clear()
        yield GcpStage(cloud, project)
