"""What a listener answers when no rule matches: its default actions.

A default backend has an entry like every other rule, but neither conditions nor transforms: AWS
takes none there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.aws import addresses
from providers.aws.routing.actions import UNAVAILABLE, Destinations, actions
from providers.aws.routing.entry import entry
from provisioner.core.rule_findings import RuleError
from provisioner.model.expression import Expression
from provisioner.model.intent import BackendId, ListenerIntent
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Spec, Value


def default_actions(
    request: Expression,
    listener: ListenerIntent,
    *,
    target_groups: Mapping[BackendId, str],
    foreign: Mapping[str, str] = NO_STRINGS,
) -> Value:
    """Return what a listener answers when no rule matches.

    Where that cannot be said, what it answers now stays, else it answers 503; why is told with the
    rules.
    """
    destinations = Destinations.of(request, target_groups, foreign)
    try:
        first = _entry(listener, destinations)
    except RuleError:
        present = request.observed.resources.get(
            addresses.listener(request.intent.name, listener.port)
        )
        stays = present.spec.get("DefaultActions") if present is not None else None
        return stays or actions(UNAVAILABLE, destinations)
    return actions(listener.default, destinations, entry=first)


def default_problem(listener: ListenerIntent, destinations: Destinations) -> RuleError | None:
    """Return what is wrong with a listener's default backend."""
    try:
        _entry(listener, destinations)
    except RuleError as problem:
        return problem
    return None


def _entry(listener: ListenerIntent, destinations: Destinations) -> Sequence[Spec]:
    """Return what stands before the default answer.

    Raises:
        RuleError: It cannot be said, or there is nothing to forward to.
    """
    destinations.check(listener.default)
    owner = listener.default_ingress
    if owner is None:
        return ()
    return entry(listener.default_options, listener.protocol, namespace=owner.namespace)
