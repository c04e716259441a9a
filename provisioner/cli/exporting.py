"""Gather what an account file holds: the answers to every question that planning would ask."""

from __future__ import annotations

from provisioner.cli.world import World
from provisioner.core.translate import intents
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import Account, ClusterFacts


def account_file(world: World) -> str:
    """Return the account file of a world, as text."""
    observed = world.reader.observe(None)
    intent = intents(world.snapshot, world.provider, world.settings, observed=observed, refused={})
    wanted = world.provider.wanted(intent, world.snapshot, world.settings)
    return world.provider.write_account(
        Account(
            identity=world.settings.identity,
            facts=world.reader.facts(wanted),
            limits=world.reader.limits(),
            observed=observed,
            cluster=cluster_facts(world.snapshot, world.settings),
        )
    )


def cluster_facts(snapshot: Snapshot, settings: Settings) -> ClusterFacts:
    """Return what a plan needs to know of the cluster where it cannot be asked."""
    nodes = tuple(node for _, node in sorted(snapshot.nodes.items()))
    return ClusterFacts(nodes=nodes, pods_routable=settings.pods_routable)
