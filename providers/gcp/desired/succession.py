"""The load balancers of a group on Google Cloud, where one of another kind replaces the first.

Scheme and scope are fixed at creation for forwarding rules, proxies, URL maps, backend services and
health checks, so the second load balancer has its own of all of them, whose addresses bear its
generation. Network endpoint groups may stand behind several backend services and serve both, and so
do certificates where both are global or both in the region. How a replacement goes is the same on
every cloud (``core.succession``).

A classic load balancer becomes a modern global one in place (``migration``).

There is no one thing that is the load balancer. It exists as soon as clients could reach it: a
forwarding rule does. What is made before can be taken away again without anybody noticing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from providers.gcp import addresses
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.desired import retain
from providers.gcp.desired.backend_ids import backend_at
from providers.gcp.desired.context import Context
from providers.gcp.desired.migration import can_migrate, is_half_migrated, migrated
from providers.gcp.desired.needs import shared_notes
from providers.gcp.desired.room import present_modes
from providers.gcp.routing.entries import entries
from providers.gcp.settings import VARIANT
from provisioner.core.annotations import SCHEME
from provisioner.core.expiry import moment
from provisioner.core.succession import Stand, Wish
from provisioner.model.change import Wait, WaitFor
from provisioner.model.expression import Expressed, Expression
from provisioner.model.intent import BackendId, TargetMode
from provisioner.model.kube import Key
from provisioner.model.resource import SHARED, Observed, ObservedResource, Resource

_IP = "IPAddress"
_CREATED = "creationTimestamp"

_ExpressOne: TypeAlias = Callable[[Context], Expressed]
_Stand: TypeAlias = Stand[Context]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancers:
    """The load balancers of one group.

    ``express_one`` expresses one load balancer, as if there were no other.
    """

    request: Expression
    facts: Facts
    express_one: _ExpressOne

    @property
    def now(self) -> str:
        """When what exists was looked at."""
        return self.facts.observed_at

    @property
    def way_out(self) -> str:
        """What to do where a load balancer cannot be replaced."""
        return (
            "move to a new Ingress, or to a new group (ingress-provisioner.io/group), of the new "
            "kind, switch DNS, then leave the old one; until then everything else is kept up to "
            "date"
        )

    def generations(self) -> tuple[int, ...]:
        """Return the generations of the load balancers that clients can reach, in order."""
        return tuple(sorted({addresses.balancer_of(rule.address) for rule in self._rules()}))

    def stand(self, generation: int) -> _Stand:
        """Return one load balancer, expressed as if there were no other."""
        context = self._context(generation)
        on_its_way = is_half_migrated(context)
        wanted = migrated(context, self.express_one) if on_its_way else self.express_one(context)
        rules = [r for r in context.observed if r.kind == Kind.FORWARDING_RULE]
        to_be = [r.address for r in wanted.resources if r.kind == Kind.FORWARDING_RULE]
        ips = ", ".join(sorted({rule.outputs.get(_IP, "") for rule in rules} - {""}))
        address = addresses.url_map(context.group, balancer=generation)
        return Stand(
            generation=generation,
            address=address,
            context=context,
            wanted=wanted,
            doors=tuple(sorted({*to_be, *(rule.address for rule in rules)})),
            made=bool(to_be),
            name=ips or address,
            identity=ips,
            created=_created(rules),
            wish=_wish(context),
        )

    def hindrance(self, old: _Stand) -> str:
        """Return why a load balancer cannot be replaced now, "" where it can."""
        choice = old.context.choice
        if choice.contradicted:
            return f"{choice.wanted} contradicts the scheme"
        if can_migrate(old.context) and old.wanted.quarantined:
            return f"something that is asked for is not possible while it is {choice.variant}"
        return ""

    def changed(self, old: _Stand) -> Expressed:
        """Return a classic load balancer on its way to the modern global one."""
        return migrated(old.context, self.express_one)

    def kept(self, old: _Stand) -> Expressed:
        """Return a load balancer as it is, with all that it leads to; endpoints follow the pods."""
        context = old.context
        own = [
            resource
            for resource in retain.everything(context)
            if addresses.balancer_of(resource.address) == old.generation
        ]
        kept = retain.complete(context, own, available={})
        notes, _ = shared_notes(context, kept)
        return Expressed(
            group=context.group,
            resources=tuple(r for r in kept if r.group != SHARED),
            common=tuple(r for r in kept if r.group == SHARED),
            shared=notes,
        )

    def served(self, stand: _Stand, ingresses: frozenset[Key]) -> frozenset[str]:
        """Return which hosts and paths a load balancer answers for Ingresses."""
        maps = (r for r in stand.context.observed if r.kind == Kind.URL_MAP)
        found = (entry for each in maps for entry in entries(each.spec))
        return frozenset(
            f"{entry.ingress} {entry.host}{entry.path}"
            for entry in found
            if entry.ingress in ingresses
        )

    def waits(self, resources: Iterable[Resource], new: _Stand) -> tuple[WaitFor, ...]:
        """Return what must be true before clients go there: it is up, and no backend is lost."""
        services: dict[BackendId, dict[bool, list[str]]] = {}
        for resource in resources:
            if resource.kind != Kind.BACKEND_SERVICE:
                continue
            found = backend_at(resource.address, resource.group)
            if found is not None:
                is_new = addresses.balancer_of(resource.address) == new.generation
                services.setdefault(found[0], {}).setdefault(is_new, []).append(resource.address)
        healthy = (
            WaitFor(kind=Wait.HEALTHY, on=tuple(sides[True]), instead_of=tuple(sides[False]))
            for _, sides in sorted(services.items())
            if len(sides) > 1
        )
        return (WaitFor(kind=Wait.ACTIVE, on=new.doors), *healthy)

    def _rules(self) -> Iterable[ObservedResource]:
        for resource in self.request.observed.of_group(self.request.intent.name):
            if resource.kind == Kind.FORWARDING_RULE and "~" not in resource.address:
                yield resource

    def _context(self, generation: int) -> Context:
        """Return all about one load balancer; what others have of their own is out of sight."""
        alone = replace(
            self.request,
            observed=_seen_alone(self.request.intent.name, self.request.observed, generation),
            generation=generation,
        )
        others = frozenset(
            rule.outputs.get(_IP, "")
            for rule in self._rules()
            if addresses.balancer_of(rule.address) != generation
        )
        context = Context(request=alone, facts=self.facts, beside=others - {""})
        if context.choice.wish is None:
            return context
        return replace(context, request=replace(alone, modes=_present_modes(alone)))


def _seen_alone(group: str, observed: Observed, generation: int) -> Observed:
    """Return what was seen, of the group only what belongs to one load balancer or to all."""
    if all(addresses.balancer_of(r.address) in (0, generation) for r in observed.of_group(group)):
        return observed
    return replace(
        observed,
        resources=MappingProxyType(
            {
                address: resource
                for address, resource in observed.resources.items()
                if resource.group != group or addresses.balancer_of(address) in (0, generation)
            }
        ),
    )


def _present_modes(request: Expression) -> dict[BackendId, TargetMode | None]:
    """Return how targets are reached now: what is decided is for the load balancer to come."""
    present = present_modes(request.intent.name, request.observed)
    return {
        backend: present.get(f"{backend.ingress}/{backend}", mode)
        for backend, mode in request.modes.items()
    }


def _wish(context: Context) -> Wish | None:
    """Return the kind that is and the one that is wanted instead, None where nobody minds."""
    wanted = context.choice.wish
    if wanted is None:
        return None
    return Wish(
        cloud="Google",
        present=context.variant.value,
        wanted=wanted.value,
        setting=VARIANT.name if context.stating(VARIANT.name) else SCHEME.name,
        in_place=can_migrate(context),
    )


def _created(rules: Iterable[ObservedResource]) -> str:
    """Return when clients could first reach a load balancer, "" where nobody knows."""
    times = [rule.outputs.get(_CREATED, "") for rule in rules]
    return min(times, key=moment, default="") if all(times) else ""
