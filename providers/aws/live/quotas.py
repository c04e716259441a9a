"""Limits that only Service Quotas tells: those of security groups.

DescribeAccountLimits knows load balancing alone. The service is optional: whoever grants no
permission for it, or has no way to reach it from a private network, plans with the documented
defaults, and each limit says where its number is from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypedDict, cast

from providers.aws import limits
from providers.aws.client import Clients
from provisioner.model.errors import ProviderError

QUOTAS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        limits.SECURITY_GROUP_RULES: ("vpc", "L-0EA8095F"),
        limits.SECURITY_GROUPS: ("vpc", "L-2AFB9258"),
    }
)
"""Service code and quota code of each limit ("Amazon VPC quotas")."""


class _Quota(TypedDict, total=False):
    Value: float


class _Answer(TypedDict, total=False):
    Quota: _Quota


def read_quotas(clients: Clients) -> Mapping[str, int]:
    """Return the account's quotas by limit name; none where the service does not tell."""
    client = clients.named("service-quotas")
    ask = cast("Callable[..., _Answer]", getattr(client, "get_service_quota"))  # noqa: B009 - botocore makes it at run time
    found: dict[str, int] = {}
    for name, (service, quota) in QUOTAS.items():
        try:
            answer = ask(ServiceCode=service, QuotaCode=quota)
        except ProviderError:  # whatever it is, it would be the same for the next one
            break
        value = answer.get("Quota", {}).get("Value")
        if value is not None:
            found[name] = int(value)
    return found
