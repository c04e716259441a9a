"""Approve what a plan leaves to people, here or for the controller to carry out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from provisioner import wiring
from provisioner.cli import output as sink
from provisioner.cli.world import World
from provisioner.kube import errors
from provisioner.kube.loadbalancers import LoadBalancerWriter
from provisioner.model.errors import ConfigError
from provisioner.model.plan import Plan
from provisioner.render.lines import Line

ALL = "*"
"""What stands for every load balancer that needs an approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A world whose plan carries out what was approved; ``digests`` by load balancer."""

    world: World
    digests: Mapping[str, str]


def approved(world: World, plan: Plan, group: str) -> Approved:
    """Return the world in which somebody has approved what its plan asks for.

    Args:
        world: What is planned.
        plan: Its plan.
        group: The load balancer, or ``ALL``.

    Raises:
        ConfigError: Nothing there needs an approval.
    """
    asked = {
        part.group: part.approval.digest
        for part in plan.load_balancers
        if part.approval is not None and part.approval.needed and group in (ALL, part.group)
    }
    if not asked:
        which = "nothing" if group == ALL else f"load balancer {group} has nothing that"
        raise ConfigError(f"{which} needs an approval", hint="provisioner plan says what needs one")
    return Approved(world=replace(world, approved=frozenset(asked.values())), digests=asked)


def record(world: World, digests: Mapping[str, str]) -> int:
    """Write approvals down for the controller that holds the Lease; return the exit code.

    Raises:
        ConfigError: The controller has published no plan that could be approved.
        ClusterError: The server said no.
    """
    if world.cluster is None:
        raise ConfigError("there is no cluster to record an approval in")
    writer = LoadBalancerWriter(world.cluster, wiring.OpenFence())
    for group, digest in sorted(digests.items()):
        try:
            writer.approve(group, digest=digest)
        except errors.NotFound as error:
            raise ConfigError(
                f"the controller has published no plan for load balancer {group}",
                hint="approvals are kept on LoadBalancer objects: install the CRDs of the chart",
            ) from error
        sink.show([Line(f"Approved {group} for the controller to carry out")])
    return 0
