"""The limits of an account: what DescribeAccountLimits says is what is enforced.

Names and defaults are those of the AWS CLI's example of ``describe-account-limits`` and of the
page "Quotas for your Application Load Balancers". Where the two differ (wildcards per rule: 5
and 6) the API's own answer is taken. Limits which no API reports are kept in the same mapping
under names of our own, so that a test can lower them too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType

REPORTED: Mapping[str, int] = MappingProxyType(
    {
        "target-groups": 3000,
        "targets-per-application-load-balancer": 1000,
        "listeners-per-application-load-balancer": 50,
        "rules-per-application-load-balancer": 100,
        "network-load-balancers": 50,
        "targets-per-network-load-balancer": 3000,
        "targets-per-availability-zone-per-network-load-balancer": 500,
        "listeners-per-network-load-balancer": 50,
        "condition-values-per-alb-rule": 5,
        "condition-wildcards-per-alb-rule": 5,
        "target-groups-per-application-load-balancer": 100,
        "target-groups-per-action-on-application-load-balancer": 5,
        "target-groups-per-action-on-network-load-balancer": 1,
        "certificates-per-application-load-balancer": 25,
        "certificates-per-network-load-balancer": 25,
        "targets-per-target-group": 1000,
        "target-id-registrations-per-application-load-balancer": 1000,
        "network-load-balancer-enis-per-vpc": 1200,
        "application-load-balancers": 50,
        "gateway-load-balancers": 100,
        "gateway-load-balancers-per-vpc": 100,
        "geneve-target-groups": 100,
        "targets-per-availability-zone-per-gateway-load-balancer": 300,
    }
)

UNREPORTED: Mapping[str, int] = MappingProxyType(
    {
        "tags-per-resource": 50,
        "trust-stores": 20,  # quotas page, "Trust stores per account"
        "verify-listeners-per-application-load-balancer": 2,  # "mTLS listeners in verify mode"
        "reserved-capacity-units-per-application-load-balancer": 15_000,
        "protections": 1000,  # Shield Advanced, protected resources of one kind
        "certificates": 2500,  # ACM, certificates per account
        "domains-per-certificate": 10,  # ACM, domain names per certificate
        "actions-per-rule": 5,
        "rules-per-security-group": 60,  # VPC quota L-0EA8095F, in each direction
        "security-groups-per-network-interface": 5,  # VPC quota L-2AFB9258
        "security-groups": 2500,  # VPC quota L-E79EC296
    }
)

DEFAULTS: Mapping[str, int] = MappingProxyType({**REPORTED, **UNREPORTED})


class AccountLimits(MutableMapping[str, int]):
    """Limits by name; names that AWS does not know are refused."""

    def __init__(self) -> None:
        self._values: dict[str, int] = {}
        self.reset()

    def reset(self) -> None:
        """Return to the documented defaults."""
        self._values = dict(DEFAULTS)

    def reported(self) -> dict[str, int]:
        """The limits that DescribeAccountLimits lists."""
        return {name: self._values[name] for name in REPORTED}

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def __setitem__(self, name: str, value: int) -> None:
        if name not in self._values:
            raise KeyError(f"no limit is called {name}; known: {', '.join(sorted(self._values))}")
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"the limit {name} cannot be taken away, only changed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
