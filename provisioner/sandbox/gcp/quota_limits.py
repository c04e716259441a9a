"""How many resources of each kind a project and a region may hold.

Real projects differ in these figures, which is why a controller has to read them
(``projects.get``, ``regions.get``); the defaults below are ordinary ones, inferred from what users
report. The metrics are those of the published enum of ``Quota.metric``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType

PROJECT_DEFAULTS: Mapping[str, float] = MappingProxyType(
    {
        "NETWORKS": 15,
        "FIREWALLS": 200,
        "FORWARDING_RULES": 375,
        "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES": 375,
        "TARGET_HTTP_PROXIES": 250,
        "TARGET_HTTPS_PROXIES": 250,
        "URL_MAPS": 250,
        "BACKEND_SERVICES": 250,
        "GLOBAL_EXTERNAL_PROXY_LB_BACKEND_SERVICES": 250,
        "GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES": 250,
        "HEALTH_CHECKS": 1250,
        "SSL_CERTIFICATES": 250,
        "SSL_POLICIES": 10,
        "SECURITY_POLICIES": 10,
        "SUBNETWORKS": 275,
        "STATIC_ADDRESSES": 70,
    }
)
REGION_DEFAULTS: Mapping[str, float] = MappingProxyType(
    {
        "EXTERNAL_MANAGED_FORWARDING_RULES": 100,
        "REGIONAL_EXTERNAL_MANAGED_BACKEND_SERVICES": 75,
        "REGIONAL_INTERNAL_MANAGED_BACKEND_SERVICES": 75,
        "NETWORK_ENDPOINT_GROUPS": 1000,
        "INSTANCE_GROUPS": 1000,
        "STATIC_ADDRESSES": 70,
    }
)
# Enforced when set, but not shown by projects.get or regions.get ("URL map size and quota units").
HIDDEN = (
    "GLOBAL_EXTERNAL_PROXY_LB_CONFIG",
    "REGIONAL_EXTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK",
    "REGIONAL_INTERNAL_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK",
)
UNLIMITED = 1e15


class QuotaLimits(MutableMapping[str, float]):
    """The quotas in force, by metric; ``METRIC`` of the project, ``region/METRIC`` of a region.

    A metric of regions without a region in front is the figure for all regions.
    """

    def __init__(self) -> None:
        self._changed: dict[str, float] = {}

    def reset(self) -> None:
        """Return to the defaults."""
        self._changed.clear()

    def of_region(self, region: str, metric: str) -> float:
        """Return a quota of one region."""
        if metric in HIDDEN:
            return self._changed.get(f"{region}/{metric}", self[metric])
        default = self._changed.get(metric, REGION_DEFAULTS[metric])
        return self._changed.get(f"{region}/{metric}", default)

    def __getitem__(self, name: str) -> float:
        if "/" in name:
            return self.of_region(*name.split("/", 1))
        if name in HIDDEN:
            return self._changed.get(name, UNLIMITED)
        defaults = {**REGION_DEFAULTS, **PROJECT_DEFAULTS}
        return self._changed.get(name, defaults[name])

    def __setitem__(self, name: str, value: float) -> None:
        metric = name.rpartition("/")[2]
        known = {*PROJECT_DEFAULTS, *REGION_DEFAULTS, *HIDDEN}
        if metric not in known:
            raise ValueError(f"unknown quota {metric}; known: {', '.join(sorted(known))}")
        if value < 0:
            raise ValueError(f"{name} must not be negative")
        self._changed[name] = value

    def __delitem__(self, name: str) -> None:
        self._changed.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*PROJECT_DEFAULTS, *REGION_DEFAULTS, *self._changed}))

    def __len__(self) -> int:
        return len({*PROJECT_DEFAULTS, *REGION_DEFAULTS, *self._changed})
