"""A stage for the demo and for end-to-end tests: one embedded cluster beside one embedded cloud.

What differs between clouds is behind ``CloudStage``; the cluster, the story and the controller are
the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from provisioner.model.errors import ConfigError
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.workloads.addresses import PodAddresses
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings

SANDBOXES = ("aws", "gcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNode:
    """A machine of the cloud that joins the cluster."""

    name: str
    zone: str
    provider_id: str
    address: str


class CloudStage(Protocol):
    """One embedded cloud account, ready for a cluster."""

    ingress_class: str
    controller: str
    limit_told: str
    """What ``limit_rules`` limits, in words with ``{limit}``."""
    empty_told: str
    """What is no longer there at the end."""
    nodes: tuple[StageNode, ...]
    addresses: PodAddresses

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the account."""
        ...

    def describe(self) -> Sequence[str]:
        """Return the load balancers in lines, as the cloud itself describes them now."""
        ...

    def limit_rules(self, value: int) -> None:
        """Set the limit that keeps a load balancer from growing: what it is called differs."""
        ...

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a controller left behind, by kind; empty when nothing is."""
        ...

    def mutating_calls(self) -> Mapping[str, int]:
        """Return how often each writing operation was called so far."""
        ...

    def hints(self) -> Sequence[str]:
        """Return shell lines that talk to the account."""
        ...


def open_cloud(provider: str) -> AbstractContextManager[CloudStage]:
    """Return the embedded cloud of a provider, to be entered.

    Raises:
        ConfigError: There is no embedded cloud of that name, or its extra is not installed.
    """
    if provider not in SANDBOXES:
        raise ConfigError(
            f"there is no sandbox for {provider!r}",
            hint=f"a sandbox exists for: {', '.join(SANDBOXES)}",
        )
    try:
        module = import_module(f"provisioner.sandbox.{provider}.stage")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the sandbox for {provider!r} needs {error.name}, which is not installed",
            hint="install the extra: pip install 'ingress-provisioner[sandbox]'",
        ) from error
    stage: AbstractContextManager[CloudStage] = module.open_stage()
    return stage


def cluster_for(cloud: CloudStage, *, ready_seconds: float = 0.3, port: int = 0) -> ClusterServer:
    """Return a cluster (not started) whose pods get addresses that the cloud knows."""
    return ClusterServer(
        port=port,
        workloads=WorkloadSettings(ready_seconds=ready_seconds, addresses=cloud.addresses),
    )


def furnish(cluster: ClusterServer, cloud: CloudStage) -> None:
    """Let the cloud's machines join, and install the IngressClass of the provider."""
    for node in cloud.nodes:
        cluster.add_node(
            node.name, zone=node.zone, provider_id=node.provider_id, address=node.address
        )
    cluster.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": cloud.ingress_class},
            "spec": {"controller": cloud.controller},
        }
    )
