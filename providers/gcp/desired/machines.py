"""Where nodes are: the machine behind a node, its zone, and how the API calls it.

Endpoint groups and instance groups live in a zone and name machines, so every target needs both.
A node says its machine itself (``gce://<project>/<zone>/<name>``); what an EndpointSlice says of a
pod's node and zone is enough where the node itself is out of sight, because the cloud provider of
Kubernetes names nodes after their machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.gcp.account import Facts, Instance
from provisioner.model.intent import BackendIntent, PodTarget

_PROVIDER_ID = re.compile(r"gce://([^/]+)/([^/]+)/([^/]+)")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Machine:
    """A Compute Engine instance; ``project`` is "" where only its name and zone are known."""

    zone: str
    name: str
    project: str = ""

    @property
    def link(self) -> str:
        """How the API calls it."""
        return f"projects/{self.project}/zones/{self.zone}/instances/{self.name}"

    @property
    def provider_id(self) -> str:
        """How its node calls it."""
        return f"gce://{self.project}/{self.zone}/{self.name}"


def machine(provider_id: str) -> Machine | None:
    """Return the machine that a node's provider id names, None where it names none of Google's."""
    found = _PROVIDER_ID.fullmatch(provider_id)
    if found is None:
        return None
    project, zone, name = found.groups()
    return Machine(project=project, zone=zone, name=name)


def zone_of(link: str) -> str:
    """Return the zone in a link, "" where there is none."""
    parts = link.split("/")
    return parts[parts.index("zones") + 1] if "zones" in parts[:-1] else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """The machines of a cluster by the name of their node, as far as account and cluster tell."""

    by_node: Mapping[str, Machine]
    by_provider_id: Mapping[str, Machine]
    instances: Mapping[str, Instance]

    @classmethod
    def of(cls, facts: Facts, backends: Iterable[BackendIntent]) -> Machines:
        """Return the machines that the account or one of the backends knows."""
        by_node: dict[str, Machine] = {}
        by_id: dict[str, Machine] = {}
        for provider_id in facts.instances:
            if (known := machine(provider_id)) is not None:
                by_node[known.name] = by_id[provider_id] = known
        seen: set[int] = set()  # backends mostly share one tuple of nodes
        for backend in backends:
            nodes = backend.nodes or ()
            if id(nodes) in seen:
                continue
            seen.add(id(nodes))
            for node in nodes:
                if (known := by_id.get(node.provider_id) or machine(node.provider_id)) is not None:
                    by_node[node.node] = by_id[node.provider_id] = known
        return cls(
            by_node=MappingProxyType(by_node),
            by_provider_id=MappingProxyType(by_id),
            instances=facts.instances,
        )

    @property
    def zones(self) -> frozenset[str]:
        """The zones of all of them."""
        return frozenset(known.zone for known in self.by_node.values())

    def of_pod(self, pod: PodTarget) -> Machine | None:
        """Return the machine that a pod runs on, None where nobody can tell."""
        known = self.by_node.get(pod.node)
        if known is not None or not pod.node or not pod.zone:
            return known
        return Machine(zone=pod.zone, name=pod.node)

    def of_nodes(self, backend: BackendIntent) -> tuple[Machine, ...]:
        """Return the machines that take traffic for a backend."""
        found = (self.by_provider_id.get(node.provider_id) for node in backend.nodes or ())
        return tuple(known for known in found if known is not None)

    def instance(self, known: Machine) -> Instance | None:
        """Return what the account says of a machine."""
        return self.instances.get(known.provider_id)
