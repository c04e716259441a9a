"""Read what a plan needs, in the order in which questions depend on each other, and compute it.

Intent first, because it says which certificates, subnets and interfaces to ask for; then facts,
limits and what exists; then the pure rest. No writer is within reach of anything in this module.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Generic, TypeVar

from provisioner.core.planning import World, compute
from provisioner.core.translate import intents
from provisioner.model.plan import Inputs, Plan
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import ClusterFacts, Provider, Reader

W = TypeVar("W")
F = TypeVar("F")


class Planner(Generic[W, F]):
    """Plans against one cloud account.

    Args:
        provider: The cloud's pure side.
        reader: The account, live or from a file.
        settings: This installation.
    """

    def __init__(self, provider: Provider[W, F], reader: Reader[W, F], settings: Settings) -> None:
        self.provider = provider
        self.reader = reader
        self.settings = settings

    def plan(
        self,
        snapshot: Snapshot,
        *,
        inputs: Inputs | None = None,
        groups: frozenset[str] | None = None,
    ) -> Plan:
        """Return what would change.

        Args:
            snapshot: The Kubernetes side.
            inputs: What the snapshot was made from, to be recorded in the plan.
            groups: Plan only these load balancers (the controller, one at a time); the shared part
                may then grow but never shrink.

        Raises:
            ProviderError: The account could not be read.
        """
        cluster = self.reader.cluster()
        snapshot = with_cluster_facts(snapshot, cluster)
        observed = self.reader.observe(groups)
        intent = intents(snapshot, self.provider, self.settings, observed=observed, refused={})
        facts = self.reader.facts(self.provider.wanted(intent, snapshot, self.settings))
        world = World(
            snapshot=snapshot,
            intent=intent,
            settings=self.settings,
            facts=facts,
            limits=self.reader.limits(),
            observed=observed,
            cluster=cluster,
            groups=groups,
            inputs=inputs or Inputs(),
            applyable=self.reader.applyable,
        )
        return self._checked(compute(self.provider, world))

    def _checked(self, plan: Plan) -> Plan:
        """Let the cloud check what it can; what it finds unsets ``applyable``, not the digest."""
        desired = tuple(resource for part in plan.parts for resource in part.resources)
        findings = self.reader.check(desired)
        if not findings:
            return plan
        diagnostics = sorted({*plan.diagnostics, *findings}, key=lambda d: d.sort_key())
        blocked = any(finding.blocking for finding in findings)
        return replace(
            plan, diagnostics=tuple(diagnostics), applyable=plan.applyable and not blocked
        )


def with_cluster_facts(snapshot: Snapshot, cluster: ClusterFacts | None) -> Snapshot:
    """Return the snapshot with the account file's nodes, where it has none of its own."""
    if cluster is None or snapshot.nodes or not cluster.nodes:
        return snapshot
    return replace(snapshot, nodes=MappingProxyType({node.name: node for node in cluster.nodes}))
