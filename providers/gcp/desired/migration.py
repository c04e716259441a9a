"""A classic load balancer on its way to the modern global one, with its address.

Google can change the scheme of a backend service and of a forwarding rule from ``EXTERNAL`` to
``EXTERNAL_MANAGED``, backend services first. A classic forwarding rule may lead to backend services
that have been migrated, not the other way round. So a load balancer is expressed as a classic one
to the last, but for the schemes; what only a modern one can do comes with the plan after that.

How far it is can be read from the cloud: from the schemes, and within a backend service from its
state (``changes.migration``). Nothing else is stored.

Under ``incumbent`` a backend service is everybody's, and others are classic still. There the
load balancer is replaced instead.

Sources: "Migrate resources from classic to global external Application Load Balancer" and "Roll
back migrated resources", Cloud Load Balancing; ``externalManagedMigrationState``, Compute API.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from providers.gcp.addresses import Kind
from providers.gcp.desired.context import Context
from providers.gcp.variant import Variant
from provisioner.model.expression import Expressed
from provisioner.model.resource import Observed, ObservedResource, Resource

_SCHEME = "loadBalancingScheme"


def can_migrate(context: Context) -> bool:
    """Tell whether what is asked for is the one change that Google can make in place."""
    return (
        context.variant is Variant.CLASSIC
        and context.choice.wish is Variant.GLOBAL_EXTERNAL
        and not context.incumbent
    )


def is_half_migrated(context: Context) -> bool:
    """Tell whether some forwarding rules have the new scheme and others do not.

    There is no way back from there but forward: a URL map cannot serve both kinds for long. So the
    rest follows, whatever somebody asks for meanwhile.
    """
    rules = (r for r in context.observed if r.kind == Kind.FORWARDING_RULE)
    kinds = {r.spec.get(_SCHEME) for r in rules if "region" not in r.spec}
    return kinds >= {Variant.CLASSIC.scheme, Variant.GLOBAL_EXTERNAL.scheme}


def migrated(context: Context, express_one: Callable[[Context], Expressed]) -> Expressed:
    """Return a classic load balancer with the schemes of the modern global one.

    A backend service that does not exist yet is made as a classic one and migrated after that; the
    forwarding rules wait for it.
    """
    request = replace(context.request, observed=_unmigrated(context))
    found = express_one(replace(context, request=request))
    services = [r for r in found.resources if r.kind == Kind.BACKEND_SERVICE]
    moving = {r.address for r in services if context.at(r.address) is not None}
    if len(moving) == len(services):
        moving |= {r.address for r in found.resources if r.kind == Kind.FORWARDING_RULE}
    resources = tuple(_modern(r) if r.address in moving else r for r in found.resources)
    return replace(found, resources=resources)


def _modern(resource: Resource) -> Resource:
    return resource.with_spec(**{_SCHEME: Variant.GLOBAL_EXTERNAL.scheme})


def _unmigrated(context: Context) -> Observed:
    """Return what exists with backend services as they were, so that none is made anew."""
    observed = context.request.observed
    resources = {
        address: _classic(resource) if resource.group == context.group else resource
        for address, resource in observed.resources.items()
    }
    return replace(observed, resources=MappingProxyType(resources))


def _classic(resource: ObservedResource) -> ObservedResource:
    if resource.kind != Kind.BACKEND_SERVICE:
        return resource
    spec = {**resource.spec, _SCHEME: Variant.CLASSIC.scheme}
    return replace(resource, spec=MappingProxyType(spec))
