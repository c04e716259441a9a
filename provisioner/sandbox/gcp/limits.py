"""Limits that no quota request moves; a test may lower them to meet them sooner.

Figures: "Quotas and limits" of Cloud Load Balancing and the field descriptions of the published
schema; the endpoints per call are those that controllers use (inferred).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType

DEFAULTS: Mapping[str, int] = MappingProxyType(
    {
        "host-rules-per-external-url-map": 1000,
        "host-rules-per-internal-url-map": 2000,
        "path-matchers-per-external-url-map": 1000,
        "path-matchers-per-internal-url-map": 2000,
        "hosts-per-host-rule": 1000,
        "rules-per-path-matcher": 1000,
        "match-predicates-per-path-matcher": 1000,
        "path-templates-per-path-matcher": 100,
        "regular-expressions-per-path-matcher": 5,
        "services-per-url-map": 2500,
        "tests-per-classic-url-map": 10_000,
        "tests-per-external-url-map": 100,
        "tests-per-internal-url-map": 0,
        "bytes-per-classic-url-map": 64 * 1024,
        "bytes-per-url-map": 1024 * 1024,
        "certificates-per-target-https-proxy": 15,
        "backends-per-backend-service": 50,
        "endpoints-per-network-endpoint-group": 10_000,
        "endpoints-per-call": 500,
        "instances-per-instance-group": 2000,
        "named-ports-times-instances": 10_000,
        "custom-headers-per-backend-service": 16,
        "domains-per-managed-certificate": 100,
    }
)


class FixedLimits(MutableMapping[str, int]):
    """The limits in force, by name."""

    def __init__(self) -> None:
        self._changed: dict[str, int] = {}

    def reset(self) -> None:
        """Return to the documented figures."""
        self._changed.clear()

    def __getitem__(self, name: str) -> int:
        return self._changed.get(name, DEFAULTS[name])

    def __setitem__(self, name: str, value: int) -> None:
        if name not in DEFAULTS:
            raise ValueError(f"unknown limit {name}; known: {', '.join(sorted(DEFAULTS))}")
        if value < 0:
            raise ValueError(f"{name} must not be negative")
        self._changed[name] = value

    def __delitem__(self, name: str) -> None:
        self._changed.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(DEFAULTS)

    def __len__(self) -> int:
        return len(DEFAULTS)
