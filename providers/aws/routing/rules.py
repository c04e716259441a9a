"""Rules of a listener: from hosts and paths to an evaluation order that means what they say.

The Ingress API looks at the host first, then at the most specific path. An ALB takes the first rule
that matches. So rules are sorted: exact hosts, wildcards with more labels, no host; within a host
Exact paths, then longer Prefixes, then ImplementationSpecific ones as written. That alone is not
enough, since a request that no path of its host matches would fall through to wider hosts. Where
such a wider host exists, the host ends with a *closing* rule (its default backend, else 404).
``hosts`` says when a wildcard needs a *blocking* rule before it.

A path that cannot be expressed is quarantined alone: the rule it had stays as it is, at its place;
where it never had one it answers 503, unless that would take somebody's place under the limit.

The address of a rule is a hash over what it is for (host, path type, path, part, role), so rules
keep their identity, and with it their priority, while others come and go around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from providers.aws.limits import RULES
from providers.aws.routing import priorities
from providers.aws.routing.actions import actions
from providers.aws.routing.rule_drafts import Draft, Scene, placed
from providers.aws.routing.sequence import in_order
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import BackendId, ListenerIntent, LoadBalancerIntent, Quarantined
from provisioner.model.resource import Resource
from provisioner.ports import Expression

__all__ = ["ListenerRules", "actions", "listener_rules", "redirect_warnings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerRules:
    """The rules of one listener with their final priorities, and what is wrong with the rest."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


def listener_rules(
    request: Expression,
    listener: ListenerIntent,
    *,
    target_groups: Mapping[BackendId, str],
    kept: tuple[Resource, ...],
    default_held: bool = False,
) -> ListenerRules:
    """Return the rules of one listener in evaluation order.

    Args:
        request: The load balancer, what exists, limits and settings.
        listener: One of its listeners; one that redirects everything has no rules.
        target_groups: Address of the target group of every backend that could be expressed.
        kept: Rules of quarantined and unmentioned Ingresses on this port, as they are. A rule that
            is wanted under the same address takes the place of a kept one.
        default_held: What answers when no rule matches stays a held Ingress's default backend.
    """
    if listener.redirect_to is not None:
        return ListenerRules()
    scene = Scene.of(request, listener, target_groups, kept, default_held=default_held)
    drafts: list[Draft] = []
    for host, group in groupby(in_order(request.intent, listener), key=lambda rule: rule.host):
        drafts += scene.host_rules(host, list(group))
    drafts = _within_limit(drafts, request, kept)
    own = {draft.address: draft for draft in drafts}
    retained = {rule.address: rule for rule in kept if rule.address not in own}
    order = priorities.with_retained(tuple(own), retained, scene.existing)
    numbers = priorities.assign(order, scene.existing)
    return ListenerRules(
        resources=tuple(
            own[address].resource(scene, numbers[address])
            if address in own
            else replace(retained[address], spec=placed(retained[address].spec, numbers[address]))
            for address in order
        ),
        diagnostics=tuple(scene.diagnostics),
        quarantined=tuple(scene.quarantined),
    )


def redirect_warnings(intent: LoadBalancerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning for each member whose rules exist nowhere.

    A listener that redirects everything has no rules. A member that listens on such ports only is
    never served, and nothing else would tell.
    """
    redirected = [listener for listener in intent.listeners if listener.redirect_to is not None]
    served = {key for x in intent.listeners if x.redirect_to is None for key in x.members}
    lost = {key: listener for listener in reversed(redirected) for key in listener.members}
    return tuple(
        warning(
            "LISTENER-REDIRECT-ONLY",
            f"Ingress {key}",
            ingress=key,
            message=(
                f"its only ports redirect to port {listener.redirect_to}, where it does not "
                "listen: none of its rules is ever used"
            ),
            hint=f"add HTTPS:{listener.redirect_to} to its listen-ports",
        )
        for key, listener in sorted(lost.items())
        if key not in served
    )


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
