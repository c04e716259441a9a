"""Choose which of Google's load balancers a group gets.

What somebody states wins: the annotation that names one, else the scheme. Where nobody states
anything, a load balancer stays what it is, and a new one is external: the modern one, or the
classic one where GKE's reading applies (GKE makes no other).

Scheme and scope are fixed at creation for every part of a load balancer, but for the way from
classic to the modern global one. So one that exists stays, and another kind is a wish
(``succession``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from providers.gcp.addresses import Kind
from providers.gcp.settings import VARIANT
from providers.gcp.variant import Variant, variant_of
from provisioner.model.intent import Compatibility, LoadBalancerIntent, Scheme
from provisioner.model.resource import ObservedResource


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantChoice:
    """A kind of load balancer, and how it came to be chosen.

    ``wanted`` is what was asked for: another kind than ``variant`` where one exists already.
    ``contradicted`` says that the scheme asks for the opposite of the kind that is named.
    """

    variant: Variant
    wanted: Variant
    contradicted: bool = False

    @property
    def wish(self) -> Variant | None:
        """The other kind that is asked for where one exists already, None where nobody minds."""
        return self.wanted if self.wanted is not self.variant else None


def choose_variant(
    intent: LoadBalancerIntent, observed: Iterable[ObservedResource]
) -> VariantChoice:
    """Return the kind of a group's load balancer."""
    present = present_variant(observed)
    stated = intent.options.get(VARIANT.name)
    named = stated if isinstance(stated, Variant) else None
    wanted = named or _by_scheme(intent, present)
    scheme = intent.scheme
    return VariantChoice(
        variant=present or wanted,
        wanted=wanted,
        contradicted=named is not None
        and scheme is not None
        and named.external is not (scheme is Scheme.EXTERNAL),
    )


def present_variant(observed: Iterable[ObservedResource]) -> Variant | None:
    """Return the kind of the load balancer that exists, None where there is none.

    Forwarding rules tell; where none is left or none was made yet, backend services do. One that is
    on its way from classic to modern is classic until the last of them is modern.
    """
    found = tuple(observed)
    for kind in (Kind.FORWARDING_RULE, Kind.BACKEND_SERVICE):
        kinds = [
            variant_of(scheme, regional="region" in resource.spec)
            for resource in found
            if resource.kind == kind
            and isinstance(scheme := resource.spec.get("loadBalancingScheme"), str)
        ]
        if kinds:
            return Variant.CLASSIC if Variant.CLASSIC in kinds else kinds[0]
    return None


def _by_scheme(intent: LoadBalancerIntent, present: Variant | None) -> Variant:
    """Return the kind that the scheme asks for, else what is, else the default."""
    match intent.scheme:
        case Scheme.INTERNAL:
            return Variant.REGIONAL_INTERNAL
        case Scheme.EXTERNAL:
            return present if present is not None and present.external else _default(intent)
        case None:
            return present or _default(intent)


def _default(intent: LoadBalancerIntent) -> Variant:
    classic = intent.compatibility is Compatibility.INCUMBENT
    return Variant.CLASSIC if classic else Variant.GLOBAL_EXTERNAL
