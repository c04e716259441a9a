"""Fields that we answer for: one that nothing desired names is to be absent.

On AWS a setting that nobody asks for stays as it is found. A URL map or backend service of Google's
is written whole, so what is left of an earlier wish would stay for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.gcp import shapes
from providers.gcp.addresses import Kind

_URL_MAP = frozenset(
    {"defaultService", "defaultUrlRedirect", "defaultRouteAction", "hostRules", "pathMatchers"}
)

OWNED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **{kind.value: fields for kind, fields in shapes.OWNED.items()},
        # One that nobody asks for is still what clients know.
        Kind.FORWARDING_RULE.value: shapes.OWNED[Kind.FORWARDING_RULE] - {"IPAddress"},
        Kind.URL_MAP.value: _URL_MAP,
    }
)
"""Kind -> fields, for the kinds that are compared."""
