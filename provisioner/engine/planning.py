"""Read what a plan needs, in the order in which questions depend on each other, and compute it.

Intent first, because it says which certificates, subnets and interfaces to ask for; then facts,
limits and what exists; then the pure rest. No writer is within reach of anything in this module.

A take-over is the same with another answer to "what exists": what the incumbent controller made
counts as ours, and the plan is a comparison that nobody can apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Generic, TypeVar

from provisioner.core.assemble import subject_of
from provisioner.core.planning import World, compute, wanted
from provisioner.core.translate import intents
from provisioner.model.change import Action
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.incumbent import Adoption, Incumbent, Takeover
from provisioner.model.intent import Intent
from provisioner.model.plan import Inputs, LoadBalancerPlan, Plan
from provisioner.model.resource import Resource
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
        approved: frozenset[str] = frozenset(),
    ) -> Plan:
        """Return what would change.

        Args:
            snapshot: The Kubernetes side.
            inputs: What the snapshot was made from, to be recorded in the plan.
            groups: Plan only these load balancers (the controller, one at a time); the shared part
                may then grow but never shrink.
            approved: Digests of what people have approved.

        Raises:
            ProviderError: The account could not be read.
        """
        cluster = self.reader.cluster()
        snapshot = with_cluster_facts(snapshot, cluster)
        observed = self.provider.only_ours(self.reader.observe(groups), snapshot.registered)
        intent = intents(snapshot, self.provider, self.settings, observed=observed, refused={})
        questions = self.provider.wanted(intent, snapshot, self.settings)
        facts = self.reader.facts(questions)
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
            approved=approved,
        )
        if self.settings.take_over:
            world = self._taken_over(world, self.reader.incumbent(questions))
        return self._checked(compute(self.provider, world))

    def _taken_over(self, world: World[F], incumbent: Incumbent) -> World[F]:
        """Return the world as it would be if the incumbent's resources were ours.

        It takes two rounds. What the incumbent's own marks tell (which load balancer, which target
        group) comes first, because scheme, subnets and target mode of what exists decide what is
        wanted; then what is wanted tells which of its rules is which.
        """
        seen = self._adopted(world, incumbent)
        first = replace(world, observed=seen.observed, facts=seen.facts)
        first = replace(first, intent=self._intent(first))
        matched = replace(world, intent=first.intent)
        seen = self._adopted(matched, incumbent, wanted(self.provider, first))
        final = replace(
            world,
            observed=seen.observed,
            facts=seen.facts,
            exclusive=seen.exclusive,
            remarks=seen.diagnostics,
            applyable=False,
        )
        return replace(final, intent=self._intent(final))

    def _adopted(
        self, world: World[F], incumbent: Incumbent, resources: tuple[Resource, ...] = ()
    ) -> Adoption[F]:
        takeover = Takeover(
            incumbent=incumbent,
            intent=world.intent,
            snapshot=world.snapshot,
            settings=self.settings,
            observed=world.observed,
            wanted=resources,
        )
        return self.provider.adopt(takeover, world.facts)

    def _intent(self, world: World[F]) -> Intent:
        return intents(
            world.snapshot, self.provider, self.settings, observed=world.observed, refused={}
        )

    def _checked(self, plan: Plan) -> Plan:
        """Let the cloud check what it can; what it finds unsets ``applyable``, not the digest."""
        desired = tuple(resource for part in plan.parts for resource in part.resources)
        findings = self.reader.check(desired)
        if not findings:
            return plan
        diagnostics = sorted({*plan.diagnostics, *findings}, key=lambda d: d.sort_key())
        blocking = [finding for finding in findings if finding.blocking]
        return replace(
            plan,
            diagnostics=tuple(diagnostics),
            applyable=plan.applyable and not blocking,
            load_balancers=tuple(_held_back(part, blocking) for part in plan.load_balancers),
        )


def _held_back(part: LoadBalancerPlan, blocking: Sequence[Diagnostic]) -> LoadBalancerPlan:
    """Return a load balancer, not applyable where it is new and the cloud would not take it.

    One that exists goes on as far as the cloud lets it: its endpoints have to follow the pods.
    """
    names = {subject_of(part.group), *(f"Ingress {key}" for key in part.ingresses)}
    refused = any(finding.subject in names for finding in blocking)
    made = {step.address for step in part.changes if step.action is Action.CREATE}
    is_new = all(step.address in made for step in part.steps)
    return replace(part, applyable=False) if refused and is_new else part


def with_cluster_facts(snapshot: Snapshot, cluster: ClusterFacts | None) -> Snapshot:
    """Return the snapshot with the account file's nodes, where it has none of its own."""
    if cluster is None or snapshot.nodes or not cluster.nodes:
        return snapshot
    return replace(snapshot, nodes=MappingProxyType({node.name: node for node in cluster.nodes}))
