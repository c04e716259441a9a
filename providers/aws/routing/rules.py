"""Rules of a listener: from hosts and paths to an evaluation order that means what they say.

The Ingress API looks at the host first, then at the most specific path. An ALB takes the first rule
that matches. So rules are sorted: exact hosts, wildcards with more labels, no host; within a host
Exact paths, then longer Prefixes, then ImplementationSpecific ones as written. That alone is not
enough, since a request that no path of its host matches would fall through to wider hosts. Where
such a wider host exists, the host ends with a *closing* rule (its default backend, else 404).
``hosts`` says when a wildcard needs a *blocking* rule before it.

A path that cannot be expressed is quarantined alone: the rule it had stays as it is, at its place;
where it never had one it answers 503, unless that would take somebody's place under the limit.

The address of a rule is a hash over what it is for (host, path type, path, part, role, and whose it
is where one path may be there several times), so rules keep their identity, and with it their
priority, while others come and go around them.

Under ``incumbent`` compatibility none of this holds: rules stand as written, hosts are globs, what
redirects hide is left out, and priorities are 1, 2, 3 ..., as AWS Load Balancer Controller has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from providers.aws.limits import RULES
from providers.aws.routing import priorities
from providers.aws.routing.actions import Destinations
from providers.aws.routing.defaults import default_problem
from providers.aws.routing.drafts import Draft
from providers.aws.routing.host_rules import host_rules
from providers.aws.routing.omissions import omit
from providers.aws.routing.open_doors import open_doors
from providers.aws.routing.retained import in_place
from providers.aws.routing.scenes import Scene, placed
from providers.aws.routing.unreachable import once, unreachable
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expression
from provisioner.model.intent import (
    BackendId,
    Forward,
    ListenerIntent,
    PathRule,
    Quarantined,
)
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerRules:
    """The rules of one listener with their final priorities, and what is wrong with the rest.

    ``target_groups`` are addresses of target groups that exist although no rule forwards to them:
    AWS Load Balancer Controller keeps those of rules that it leaves out.
    """

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    target_groups: tuple[str, ...] = ()


def listener_rules(
    request: Expression,
    listener: ListenerIntent,
    *,
    target_groups: Mapping[BackendId, str],
    kept: tuple[Resource, ...],
    foreign: Mapping[str, str] = NO_STRINGS,
    default_held: bool = False,
) -> ListenerRules:
    """Return the rules of one listener in evaluation order.

    Args:
        request: The load balancer, what exists, limits and settings.
        listener: One of its listeners; one that redirects everything has no rules.
        target_groups: Address of the target group of every backend that could be expressed.
        kept: Rules of quarantined and unmentioned Ingresses on this port, as they are. A rule that
            is wanted under the same address takes the place of a kept one.
        foreign: Name or ARN of target groups of others -> ARN, "" where there is none.
        default_held: What answers when no rule matches stays a held Ingress's default backend.
    """
    if listener.redirect_to is not None:
        return ListenerRules()
    scene = Scene.of(
        request,
        listener,
        Destinations.of(request, target_groups, foreign),
        kept=kept,
        default_held=default_held,
    )
    problem = default_problem(listener, scene.destinations)
    if problem is not None and listener.default_ingress is not None:
        scene.blame_default(listener.default_ingress, problem)
    drafts = [
        draft
        for host, group in groupby(_once(scene), key=lambda rule: rule.host)
        for draft in host_rules(scene, host, list(group))
    ]
    omitted = omit(drafts, listener, incumbent=scene.is_incumbent)
    left = _within_limit(list(omitted.left), request, kept)
    return ListenerRules(
        resources=_numbered(scene, left),
        diagnostics=(
            *scene.found.diagnostics,
            *omitted.diagnostics,
            *unreachable(left),
            *open_doors(left, listener),
        ),
        quarantined=tuple(scene.found.quarantined),
        target_groups=_without_rules(scene, omitted.dropped),
    )


def _once(scene: Scene) -> list[PathRule]:
    """Return the paths in order; in our own reading each is served once."""
    if scene.is_incumbent:
        return list(scene.ordered)
    rules, again = once(scene.ordered)
    for repetition in again:
        if not repetition.rule.held:
            scene.blame(repetition.rule, repetition.problem)
    return rules


def _numbered(scene: Scene, drafts: Sequence[Draft]) -> tuple[Resource, ...]:
    """Return the rules, kept ones included, with their priorities."""
    own = {draft.address: draft for draft in drafts}
    retained = {rule.address: rule for rule in scene.kept if rule.address not in own}
    if scene.is_incumbent:
        order = priorities.with_retained(tuple(own), retained, scene.existing)
    else:
        order = in_place(drafts, retained, scene.existing)
    if scene.is_incumbent or len(order) > priorities.HIGHEST - len(scene.existing):
        numbers = priorities.consecutive(order)  # so many are refused by the limit on rules
    else:
        numbers = priorities.assign(order, scene.existing)
    return tuple(
        scene.resource(own[address], numbers[address])
        if address in own
        else replace(retained[address], spec=placed(retained[address].spec, numbers[address]))
        for address in order
    )


def _without_rules(scene: Scene, dropped: Sequence[Draft]) -> tuple[str, ...]:
    own = scene.destinations.own
    found = {
        own[weighted.backend]
        for draft in dropped
        if scene.is_incumbent and isinstance(draft.action, Forward)
        for weighted in draft.action.backends
        if weighted.backend in own
    }
    return tuple(sorted(found))


def _within_limit(
    drafts: list[Draft], request: Expression, kept: Sequence[Resource]
) -> list[Draft]:
    """Return the rules, without the 503s of paths that never worked if the limit is near.

    Rules count per load balancer, so those of its other listeners are taken into account as they
    are written; each 503 is kept only if everybody's rules fit with all of them.
    """
    dispensable = sum(1 for draft in drafts if draft.dispensable)
    planned = [x for x in request.intent.listeners if x.redirect_to is None]
    largest = max([len(drafts), *(len(listener.rules) for listener in planned)])
    total = largest * max(1, len(planned)) + len(kept)
    if not dispensable or total <= request.limits[RULES].value:
        return drafts
    return [draft for draft in drafts if not draft.dispensable]
