"""Keep what cannot be planned now: the last good state, and everything it stands on.

One mistake must never take down what worked before it (GKE lets one missing Service stop the whole
Ingress: ingress-gce#646). An Ingress that is quarantined, or that the files at hand do not mention,
keeps its hosts and paths as the cloud holds them (``routing``); and with them the backend services
they lead to, the ports they are served on, and the certificates. All of it is read back from the
cloud, never from a memory of ours, so a restart loses nothing.

What is kept is turned into a desired resource that equals the observed one, so nothing is written
for it. Only membership moves on: where the backend of a kept endpoint group can still be resolved,
its endpoints keep following the pods.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from providers.gcp.addresses import Kind
from providers.gcp.desired.backends import hangs_on
from providers.gcp.desired.context import Context
from providers.gcp.desired.endpoints import follow
from provisioner.core.keeping import as_resource
from provisioner.model.resource import ObservedResource, Resource, references

_MEMBERSHIP = frozenset({Kind.NETWORK_ENDPOINTS.value, Kind.INSTANCES.value})
_COMMON = frozenset(
    {
        Kind.BACKEND_SERVICE.value,
        Kind.HEALTH_CHECK.value,
        Kind.NETWORK_ENDPOINT_GROUP.value,
        Kind.NETWORK_ENDPOINTS.value,
        Kind.SIGNED_URL_KEY.value,
    }
)
"""What a kept URL map may lead to in the shared part; whoever plans it anew outranks what is."""


def everything(context: Context) -> tuple[Resource, ...]:
    """Return all that the group owns, as it is; only what leaving Ingresses had is let go.

    Endpoints follow their pods even so.
    """
    leaving = set(context.intent.leaving)
    return tuple(
        _followed(context, each) or as_resource(each)
        for each in context.observed
        if not (each.ingresses and leaving.issuperset(each.ingresses))
    )


def kept_ports(context: Context, planned: Collection[int]) -> tuple[Resource, ...]:
    """Return the forwarding rules of ports that stay although nothing can be planned on them.

    Those are ports that somebody asks for; and, while something is held, all others that exist:
    nothing in the cloud says which of the Ingresses on a load balancer wanted a port.

    Args:
        context: The load balancer.
        planned: The ports that are planned.
    """
    asked = {listener.port for listener in context.intent.listeners}
    return tuple(
        as_resource(rule)
        for rule in context.observed
        if rule.kind == Kind.FORWARDING_RULE
        and (port := port_of(rule)) not in planned
        and (port in asked or context.holding)
    )


def port_of(rule: Resource | ObservedResource) -> int:
    """Return the port of a forwarding rule, 0 where it has not just one."""
    first, _, last = str(rule.spec.get("portRange") or "").partition("-")
    return int(first) if first.isdecimal() and last in {"", first} else 0


def complete(
    context: Context, planned: Sequence[Resource], *, available: Mapping[str, Resource]
) -> tuple[Resource, ...]:
    """Return the planned resources with all that they refer to, and what hangs on that.

    Args:
        context: The load balancer.
        planned: What is planned or kept: forwarding rules, proxies, URL maps, certificates.
        available: Backend services and what they stand on, of every backend, by address; only
            those that something leads to come to be.
    """
    result = {resource.address: resource for resource in planned}
    pending = [*planned]
    while pending:
        resource = pending.pop(0)
        for address in _needed(resource):
            found = None if address in result else _found(context, address, available)
            if found is not None:
                result[address] = found
                pending.append(found)
    return tuple(result[address] for address in sorted(result))


def _found(context: Context, address: str, available: Mapping[str, Resource]) -> Resource | None:
    """Return the resource at an address: as planned, or as it is for the sake of what is kept.

    The backend of a held Ingress stays as it is (its settings may be what is wrong), while its
    endpoints follow the pods.
    """
    observed = context.at(address)
    if observed is None or (observed.group != context.group and observed.kind not in _COMMON):
        return available.get(address)
    held = context.held.intersection(observed.ingresses)
    if held and observed.kind not in _MEMBERSHIP:
        return as_resource(observed)
    return available.get(address) or _followed(context, observed) or as_resource(observed)


def _followed(context: Context, observed: ObservedResource) -> Resource | None:
    """Return endpoints that follow the pods of a group that is otherwise left alone."""
    if observed.kind != Kind.NETWORK_ENDPOINTS:
        return None
    for ref in references(observed.spec.get("networkEndpointGroup")):
        group = context.at(ref.address)
        if group is not None:
            backends = (*context.intent.backends, *context.intent.following)
            return follow(group, backends, context.facts)
    return None


def _needed(resource: Resource) -> Iterator[str]:
    """Yield the addresses that must exist with a resource."""
    for value in resource.spec.values():
        for ref in references(value):
            yield ref.address
    yield from hangs_on(resource)
