"""Express one load balancer in Google's own resources: the order in which the parts are told.

First what must be true of the whole, then which ports there can be, with their certificates and
their address; then backend services with what they stand on, and the URL maps that lead there; then
what is kept of Ingresses that cannot be planned. At the end everything that a forwarding rule leads
to is gathered, so a backend service exists exactly as long as something sends requests to it.

Where the load balancer itself cannot be made, nothing of it is; where one exists, it stays as it is
and only what is wrong is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from providers.gcp import addresses
from providers.gcp.account import Facts
from providers.gcp.desired import joint, premises, retain
from providers.gcp.desired.backends import backends
from providers.gcp.desired.context import Context
from providers.gcp.desired.doors import Door, door, door_resources
from providers.gcp.desired.ip_address import IpAddress, ip_address, kept_address
from providers.gcp.desired.needs import shared_notes
from providers.gcp.desired.succession import Balancers
from providers.gcp.routing.url_maps import UrlMaps, url_maps
from provisioner.core.quarantine import told_once
from provisioner.core.succession import with_succession
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expressed, Expression
from provisioner.model.intent import Quarantined
from provisioner.model.resource import SHARED, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class _Front:
    """The ports of a load balancer as they can be served, and the address they share."""

    doors: tuple[Door, ...]
    ip: IpAddress

    @property
    def open(self) -> tuple[Door, ...]:
        """The ports that can be."""
        return tuple(this for this in self.doors if this.planned)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with any of it."""
        return (*(d for this in self.doors for d in this.diagnostics), *self.ip.diagnostics)


def express(request: Expression, facts: Facts) -> Expressed:
    """Return the resources that one load balancer consists of, and the one that it replaces.

    Args:
        request: The intent, the modes decided for its backends, what exists, limits, settings.
        facts: What the project says.
    """
    return with_succession(Balancers(request=request, facts=facts, express_one=_express))


def _express(context: Context) -> Expressed:
    """Return the resources of one load balancer, as if the group had no other."""
    facts = context.facts
    if not context.members and not context.held:
        return Expressed(group=context.group, resources=())
    context, disputed = joint.agreed(context)
    obstacles = premises.obstacles(context)
    findings = [*disputed, *premises.contradictions(context), *premises.remarks(context)]
    findings += obstacles
    if obstacles and (facts.network_problem or not context.exists):
        return _stopped(context, findings)
    front = _front(context)
    findings += front.diagnostics
    if not context.exists and not (front.open and front.ip.possible):
        return _stopped(context, findings)
    return _expressed(context, front, findings)


def _front(context: Context) -> _Front:
    doors = tuple(door(context, listener) for listener in context.intent.listeners)
    planned = [this.listener.port for this in doors if this.planned]
    kept = [retain.port_of(rule) for rule in retain.kept_ports(context, planned)]
    ip = ip_address(context, sorted({*planned, *kept}))
    if ip.possible and ip.shareable:
        return _Front(doors=doors, ip=ip)
    left = tuple(replace(this, planned=this.planned and _exists(context, this)) for this in doors)
    return _Front(doors=left, ip=ip)


def _exists(context: Context, this: Door) -> bool:
    port = this.listener.port
    rule = addresses.forwarding_rule(context.group, port, balancer=context.balancer)
    return context.at(rule) is not None


def _expressed(context: Context, front: _Front, findings: Sequence[Diagnostic]) -> Expressed:
    made = backends(context)
    maps = url_maps(
        context,
        made.addresses,
        nothing=addresses.nothing(context.variant),
        listeners=[this.listener for this in front.open],
    )
    served = [this for this in front.open if this.listener.port in maps.by_port]
    if not context.exists and not served:
        return _stopped(context, [*findings, *made.diagnostics, *maps.diagnostics])
    available = {r.address: r for r in (*made.resources, *made.common)}
    parts = [*_doors(context, served, maps, front.ip), *maps.resources]
    parts += retain.kept_ports(context, [this.listener.port for this in served])
    parts += _address(context, front.ip, parts)
    complete = retain.complete(context, list(_once(parts)), available=available)
    notes, remarks = shared_notes(context, complete)
    return Expressed(
        group=context.group,
        resources=tuple(r for r in complete if r.group != SHARED),
        common=tuple(r for r in complete if r.group == SHARED),
        diagnostics=tuple(
            dict.fromkeys((*findings, *made.diagnostics, *maps.diagnostics, *remarks))
        ),
        quarantined=told_once((*made.quarantined, *maps.quarantined)),
        shared=notes,
    )


def _doors(
    context: Context, served: Sequence[Door], maps: UrlMaps, ip: IpAddress
) -> Iterable[Resource]:
    for this in served:
        yield from door_resources(context, this, maps.by_port[this.listener.port], ip)


def _address(context: Context, ip: IpAddress, parts: Sequence[Resource]) -> Iterable[Resource]:
    """Yield the reserved address: a wanted one, or one that a kept forwarding rule has."""
    kept = kept_address(context, parts)
    if ip.resource is not None:
        yield ip.resource
    elif kept is not None:
        yield kept


def _stopped(context: Context, findings: Sequence[Diagnostic]) -> Expressed:
    """Return what is, unchanged: the load balancer cannot be made or changed as a whole."""
    blocking = {d.ingress: d for d in reversed(findings) if d.blocking and d.ingress is not None}
    whole = tuple(
        Quarantined(ingress=member, path="", diagnostic=blocking[member])
        for member in context.members
        if member in blocking
    )
    kept = retain.everything(context)
    notes, remarks = shared_notes(context, kept)
    return Expressed(
        group=context.group,
        resources=kept,
        diagnostics=tuple(dict.fromkeys((*findings, *remarks))),
        quarantined=told_once(whole),
        shared=notes,
    )


def _once(resources: Iterable[Resource]) -> Iterable[Resource]:
    """Return each resource once: several ports may share a certificate."""
    found: Mapping[str, Resource] = {r.address: r for r in resources}
    return found.values()
