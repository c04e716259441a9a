"""What a project may hold: its quotas with their usage, of the project and of its region.

Metrics keep Google's names; those of a region are written ``<region>/<metric>``. What the API does
not show there (the configuration size of URL maps) has no number here, and no limit until somebody
states one in an account file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.gcp.client import Client, Object, decoded
from providers.gcp.live.inventory import objects, text

_NO_NUMBERS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Limits and usage by metric."""

    limits: Mapping[str, int] = field(default_factory=lambda: _NO_NUMBERS)
    usage: Mapping[str, int] = field(default_factory=lambda: _NO_NUMBERS)


def read_quotas(client: Client, region: str) -> Quotas:
    """Return the quotas of a project, and of one of its regions ("" for none)."""
    limits: dict[str, int] = {}
    usage: dict[str, int] = {}
    for prefix, quota in _quotas(client, region):
        limit, used = quota.get("limit"), quota.get("usage")
        metric = prefix + text(quota, "metric")
        if isinstance(limit, int | float):
            limits[metric] = int(limit)
        if isinstance(used, int | float):
            usage[metric] = int(used)
    return Quotas(limits=MappingProxyType(limits), usage=MappingProxyType(usage))


def _quotas(client: Client, region: str) -> Iterator[tuple[str, Object]]:
    project = decoded(client.get("projects.get", "", ""))
    yield from (("", quota) for quota in objects(project.get("quotas")))
    if region:
        place = decoded(client.get("regions.get", "", region))
        yield from ((f"{region}/", quota) for quota in objects(place.get("quotas")))
