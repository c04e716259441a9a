"""The four load balancers that Google Cloud offers for Ingresses, and what sets them apart.

Google calls the kind of a load balancer by a *load balancing scheme* and a scope; the pair decides
which features it has, which limits hold, and where its resources live. Sources: the pages "Load
balancer feature comparison" and "URL maps overview" of Cloud Load Balancing, and the description of
``loadBalancingScheme`` in the Compute API.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Variant(StrEnum):
    """A kind of load balancer; the values are those of the annotation that asks for one."""

    GLOBAL_EXTERNAL = "global-external"
    CLASSIC = "classic"
    REGIONAL_EXTERNAL = "regional-external"
    REGIONAL_INTERNAL = "regional-internal"

    @property
    def scheme(self) -> str:
        """The ``loadBalancingScheme`` of its forwarding rules and backend services."""
        return _TRAITS[self].scheme

    @property
    def regional(self) -> bool:
        """Whether its resources live in a region; else they are global."""
        return _TRAITS[self].regional

    @property
    def external(self) -> bool:
        """Whether the internet reaches it."""
        return self is not Variant.REGIONAL_INTERNAL

    @property
    def managed(self) -> bool:
        """Whether Envoy serves it: weights, header rules, fault injection, CORS, retries."""
        return self is not Variant.CLASSIC

    @property
    def proxy_only_subnet(self) -> bool:
        """Whether the network must have a proxy-only subnet in the region."""
        return self.regional

    @property
    def instance_groups(self) -> bool:
        """Whether instance groups may be behind it; regional ones get network endpoint groups."""
        return not self.regional

    @property
    def edge_features(self) -> bool:
        """Whether Cloud CDN and Cloud Armor's global policies may stand before its backends.

        Identity-Aware Proxy may also stand before internal ones ("Ingress configuration on Google
        Cloud", feature comparison); before regional external ones GKE refuses it.
        """
        return not self.regional


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traits:
    scheme: str
    regional: bool


_TRAITS = MappingProxyType(
    {
        Variant.GLOBAL_EXTERNAL: _Traits(scheme="EXTERNAL_MANAGED", regional=False),
        Variant.CLASSIC: _Traits(scheme="EXTERNAL", regional=False),
        Variant.REGIONAL_EXTERNAL: _Traits(scheme="EXTERNAL_MANAGED", regional=True),
        Variant.REGIONAL_INTERNAL: _Traits(scheme="INTERNAL_MANAGED", regional=True),
    }
)


def variant_of(scheme: str, *, regional: bool) -> Variant | None:
    """Return the kind that a scheme and a scope mean, None for one that is not offered here."""
    return next((v for v in Variant if v.scheme == scheme and v.regional is regional), None)
