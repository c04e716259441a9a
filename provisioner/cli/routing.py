"""The two worlds that a request can be asked of: what exists, and what is planned.

What exists is read from the account alone (or from an account file), because the cluster has no say
in what a load balancer does now; of the cluster only the identity is needed. What is planned is the
plan of ``provisioner plan``, after admission, so that a refused Ingress is missing here too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from provisioner.cli.clouds import open_cloud
from provisioner.cli.options import Request
from provisioner.cli.world import open_cluster, open_world, open_world_without_cloud
from provisioner.core.keeping import as_resource
from provisioner.core.route import answer
from provisioner.model import route
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.errors import ConfigError
from provisioner.model.kube import Key
from provisioner.model.plan import LoadBalancerPlan
from provisioner.model.resource import Resource
from provisioner.ports import Provider

_ANY_NAME = "cluster"
"""Stands for the cluster's name where nothing that is printed depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a request is asked of.

    Attributes:
        world: What it is, in words.
        outputs: Ids and names of what exists, by address.
        members: Group -> the Ingresses on it, those left out included.
        findings: Errors that left something out.
    """

    world: str
    provider: Provider[object, object]
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Mapping[str, str]]
    members: Mapping[str, frozenset[Key]] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Diagnostic, ...] = ()

    def addresses_of(self, group: str) -> tuple[str, ...]:
        """Return where a load balancer that exists is reachable."""
        return self.provider.status_addresses(group, self.outputs)


def existing(request: Request, group: str = "") -> Scene:
    """Return what exists, of one load balancer where one is named.

    Raises:
        ProvisionerError: Nothing says who we are, or the account cannot be read.
    """
    for flag, is_set in (("--overlay", request.overlay), ("--prune", request.prune)):
        if is_set:
            raise ConfigError(f"{flag} needs files", hint="name them with -f")
    alone = bool(request.account or request.no_cluster)
    cloud = open_cloud(request, None if alone else open_cluster(request))
    observed = cloud.reader(request.account).observe(frozenset({group}) if group else None)
    mine = [each for name in observed.groups for each in observed.of_group(name)]
    of = f"the account file {request.account}" if request.account else "the account"
    return Scene(
        world=f"what exists now, as {of} has it",
        provider=cloud.provider,
        resources=tuple(map(as_resource, mine)),
        outputs={each.address: each.outputs for each in mine},
    )


def planned(request: Request, *, no_cloud: bool = False) -> Scene:
    """Return what would exist once the files of a request are applied.

    Raises:
        ProvisionerError: Something of it cannot be read.
    """
    if no_cloud:
        named = replace(request, cluster_name=request.cluster_name or _ANY_NAME)
        world = open_world_without_cloud(named)
    else:
        world = open_world(request)
    plan = world.plan()
    return Scene(
        world="what would exist after apply",
        provider=world.provider,
        resources=tuple(each for part in plan.load_balancers for each in part.resources),
        outputs=plan.outputs,
        members={part.group: _members(part) for part in plan.load_balancers},
        findings=tuple(each for each in plan.diagnostics if each.severity is Severity.ERROR),
    )


def ask(scene: Scene, asked: route.Request, group: str = "") -> route.Answer:
    """Return what happens to a request, with a note for everything that was left out there.

    Raises:
        ConfigError: No load balancer answers it, or more than one could. What was left out of the
            plan is said on standard error first, because that may be the reason.
    """
    replies = scene.provider.route(scene.resources, asked)
    try:
        found = answer(asked, replies, group=group, addresses_of=scene.addresses_of)
    except ConfigError:
        _tell(scene.findings)
        raise
    notes = tuple(_missing(scene, found.reply.group))
    return replace(found, notes=(*found.notes, *notes))


def _members(part: LoadBalancerPlan) -> frozenset[Key]:
    return frozenset({*part.ingresses, *(each.ingress for each in part.quarantined)})


def _missing(scene: Scene, group: str) -> Iterator[str]:
    """Yield what errors left out of a load balancer, or of nobody knows which."""
    for each in sorted(scene.findings, key=Diagnostic.sort_key):
        if each.ingress is None or each.ingress in scene.members.get(group, ()):
            where = f", {each.field}" if each.field else ""
            yield f"left out: {each.subject}{where}: {each.message} [{each.code}]"


def _tell(findings: tuple[Diagnostic, ...]) -> None:
    """Say on standard error what is missing from the plan, and why."""
    from provisioner.render.findings import diagnostic_lines
    from provisioner.render.lines import plain

    if findings:
        print(plain(diagnostic_lines(findings), width=100), end="", file=sys.stderr)
