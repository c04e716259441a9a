"""What the published example of a cloud brings into a cluster, read from its manifests alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from provisioner import wiring
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.provider.under_test import ROOT, CloudUnderTest

EXAMPLES = ROOT / "tests" / "data" / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One Ingress with everything behind it.

    Attributes:
        files: The folder of the manifests.
        pods: How many its Deployments ask for.
        first: The Service and port of its first path.
    """

    files: Path
    namespace: str
    ingress: str
    pods: int
    first: tuple[str, int]

    @property
    def group(self) -> str:
        """The load balancer of its Ingress."""
        return f"{self.namespace}/{self.ingress}"


def furnish(cluster: ClusterServer, cloud: CloudUnderTest) -> None:
    """Give a cluster the account's nodes and our class."""
    for machine in cloud.machines:
        cluster.add_node(
            machine.name,
            zone=machine.zone,
            provider_id=machine.provider_id,
            address=machine.address,
        )
    cluster.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": cloud.ingress_class},
            "spec": {"controller": wiring.load_provider(cloud.name).controller},
        }
    )


def ready(cluster: ClusterServer, namespace: str) -> set[str]:
    """Return the addresses of the ready endpoints of a namespace."""
    return {
        address
        for found in cluster.list("EndpointSlice", namespace=namespace)
        for endpoint in cast("list[dict[str, list[str]]]", found["endpoints"])
        if cast("Mapping[str, bool]", endpoint["conditions"])["ready"]
        for address in endpoint["addresses"]
    }


def example(cloud: CloudUnderTest) -> Example:
    """Return the smallest of the published examples for a cloud."""
    files = EXAMPLES / min(cloud.examples)
    documents: list[dict[str, Any]] = [
        document
        for path in sorted(files.iterdir())
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if document
    ]
    (ingress,) = (each for each in documents if each["kind"] == "Ingress")
    workloads = [each for each in documents if each["kind"] == "Deployment"]
    path = ingress["spec"]["rules"][0]["http"]["paths"][0]
    service = path["backend"]["service"]
    return Example(
        files=files,
        namespace=ingress["metadata"].get("namespace", "default"),
        ingress=ingress["metadata"]["name"],
        pods=sum(each["spec"].get("replicas", 1) for each in workloads),
        first=(service["name"], service["port"]["number"]),
    )
