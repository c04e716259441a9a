"""Keep what cannot be planned now: the last good rules, and everything they stand on.

One mistake must never take down what worked before it (LBC#3870, #3943). An Ingress that is
quarantined, or that the files at hand do not mention, keeps its rules as the cloud holds them;
and with the rules the target groups they forward to, the listener they live on, its certificates
and the way in for clients. All of it is read back from the cloud, never from a memory of ours, so
a restart loses nothing.

What is kept is turned into a desired resource that equals the observed one, so nothing is
written for it. Only membership moves on: where the backend of a kept target group can still be
resolved, its targets keep following the pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.desired import targets
from providers.aws.desired.context import Context
from provisioner.core.keeping import as_resource
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, Resource, Value, references


def everything(context: Context) -> tuple[Resource, ...]:
    """Return all that the group owns, as it is; only what leaving Ingresses had is let go.

    Targets follow their pods even so.
    """
    leaving = set(context.intent.leaving)
    return tuple(
        _followed(context, r) or as_resource(r)
        for r in context.observed
        if not (r.ingresses and leaving.issuperset(r.ingresses))
    )


def following(context: Context, resource: Resource) -> Resource | None:
    """Return targets as the pods are now, None for what is not followed."""
    observed = context.at(resource.address)
    return _followed(context, observed) if observed is not None else None


def kept_rules(
    context: Context,
    port: int,
    *,
    hosts: Iterable[tuple[Key, str]] = (),
    members: frozenset[Key] = frozenset(),
) -> tuple[Resource, ...]:
    """Return the rules of one port that stay although nothing planned asks for them.

    Args:
        context: The load balancer.
        port: The listener's port.
        hosts: Member and host pairs that cannot be planned on this port, besides held Ingresses.
        members: Members of which nothing can be planned on this port.
    """
    missing = frozenset(hosts)
    held = context.held | members
    return tuple(
        as_resource(rule)
        for rule in context.observed
        if rule.kind == Kind.LISTENER_RULE
        and _on_port(context, rule, port)
        and (held.intersection(rule.ingresses) or _serves(rule, missing))
    )


def kept_ports(context: Context) -> tuple[int, ...]:
    """Return the ports whose listener must stay for the sake of held Ingresses."""
    if not context.holding:
        return ()
    ports = [r.spec.get("Port") for r in context.observed if r.kind == Kind.LISTENER]
    numbers = sorted(port for port in ports if isinstance(port, int))
    return tuple(port for port in numbers if _is_held(context, port))


def kept_listeners(context: Context) -> tuple[Resource, ...]:
    """Return the listeners of those ports, and the certificates that they serve."""
    wanted = {addresses.listener(context.group, port) for port in kept_ports(context)}
    return tuple(
        as_resource(r)
        for r in context.observed
        if r.address in wanted
        or (
            r.kind == Kind.LISTENER_CERTIFICATE
            and any(ref.address in wanted for ref in references(r.spec.get("ListenerArn")))
        )
    )


def default_is_held(context: Context, port: int) -> bool:
    """Tell whether what a listener answers by default is the wish of a held Ingress.

    A redirect says nothing of whose wish it is. While something is held it is taken for theirs:
    serving in plain text what was redirected to HTTPS would be the worse mistake.
    """
    listener = context.at(addresses.listener(context.group, port))
    if listener is None or not context.holding:
        return False
    actions = listener.spec.get("DefaultActions")
    if any(action.get("Type") == "redirect" for action in _mappings(actions)):
        return True
    owners = (context.at(ref.address) for ref in references(actions))
    return any(o is not None and context.held.intersection(o.ingresses) for o in owners)


def complete(
    context: Context, planned: Sequence[Resource], *, available: Mapping[str, Resource]
) -> tuple[Resource, ...]:
    """Return the planned resources with all that they refer to, and what hangs on what is kept.

    Args:
        context: The load balancer.
        planned: What is planned or kept: load balancer, security groups, listeners, rules.
        available: Target groups and targets of every backend, by address; only those that
            something refers to come to be.
    """
    result = {resource.address: resource for resource in planned}
    pending = [*planned]
    while pending:
        resource = pending.pop(0)
        kept = bool(context.held.intersection(resource.ingresses))
        for address in _needed(resource):
            found = _found(context, address, available, kept=kept)
            if found is not None and address not in result:
                result[address] = found
                pending.append(found)
    return tuple(result[address] for address in sorted(result))


def _found(
    context: Context, address: str, available: Mapping[str, Resource], *, kept: bool
) -> Resource | None:
    """Return the resource at an address: as planned, or as it is for the sake of what is kept.

    The target group of a held Ingress stays as it is (its settings may be what is wrong), while
    its targets follow the pods.
    """
    observed = context.at(address)
    if observed is None or observed.group != context.group:
        return available.get(address)
    as_it_is = as_resource(observed)
    if kept and observed.kind != Kind.TARGETS:
        return as_it_is
    return available.get(address) or _followed(context, observed) or as_it_is


def _followed(context: Context, observed: ObservedResource) -> Resource | None:
    """Return targets that follow the pods of a target group that is otherwise left alone."""
    if observed.kind != Kind.TARGETS:
        return None
    group = context.at(addresses.target_group_of(observed.address))
    if group is None:
        return None
    backends = (*context.intent.backends, *context.intent.following)
    return targets.follow(group, backends, context.facts)


def _needed(resource: Resource) -> Iterator[str]:
    """Yield the addresses that must exist with a resource."""
    for value in resource.spec.values():
        for ref in references(value):
            yield ref.address
    if resource.kind == Kind.TARGET_GROUP:
        yield addresses.targets_of(resource.address)


def _is_held(context: Context, port: int) -> bool:
    return not context.members or default_is_held(context, port) or bool(kept_rules(context, port))


def _serves(rule: ObservedResource, missing: frozenset[tuple[Key, str]]) -> bool:
    """Tell whether a rule serves one of these members' hosts.

    A regular expression cannot be read back as a host, so its rule is taken to serve it.
    """
    hosts = {host for ingress, host in missing if ingress in rule.ingresses}
    for condition in _mappings(rule.spec.get("Conditions")):
        config = condition.get("HostHeaderConfig")
        if hosts and isinstance(config, Mapping):
            values = config.get("Values")
            texts = values if isinstance(values, tuple) else ()
            written = {text.lower() for text in texts if isinstance(text, str)}
            if hosts & written or config.get("RegexValues"):
                return True
    return False


def _on_port(context: Context, rule: ObservedResource, port: int) -> bool:
    listener = addresses.listener(context.group, port)
    return any(ref.address == listener for ref in references(rule.spec.get("ListenerArn")))


def _mappings(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]
