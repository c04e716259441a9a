"""What the account says about its limits, through both APIs that can be asked.

Quota codes and names are those that Service Quotas publishes for Elastic Load Balancing. They
show the same figures as DescribeAccountLimits, because both read the limits in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.limits import REPORTED
from provisioner.sandbox.aws.region import Answer, Region

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import DescribeAccountLimitsInputTypeDef

SERVICE_CODE = "elasticloadbalancing"
MOST_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Quota:
    """One entry of the Service Quotas catalogue."""

    code: str
    name: str
    limit: str
    adjustable: bool


QUOTAS = (
    Quota(
        "L-53DA6B97", "Application Load Balancers per Region", "application-load-balancers", True
    ),
    Quota(
        "L-9365A611",
        "Certificates per Application Load Balancer",
        "certificates-per-application-load-balancer",
        True,
    ),
    Quota("L-EBC0C08B", "Condition Values per Rule", "condition-values-per-alb-rule", False),
    Quota("L-A012D4E8", "Condition Wildcards per Rule", "condition-wildcards-per-alb-rule", False),
    Quota(
        "L-B6DF7632",
        "Listeners per Application Load Balancer",
        "listeners-per-application-load-balancer",
        True,
    ),
    Quota(
        "L-4E7B68E9",
        "Number of times a target can be registered per Application Load Balancer",
        "target-id-registrations-per-application-load-balancer",
        False,
    ),
    Quota(
        "L-7EED9B64",
        "Rules per Application Load Balancer",
        "rules-per-application-load-balancer",
        True,
    ),
    Quota(
        "L-057ECE54",
        "Target Groups per Action per Application Load Balancer",
        "target-groups-per-action-on-application-load-balancer",
        False,
    ),
    Quota(
        "L-822D1B1B",
        "Target Groups per Application Load Balancer",
        "target-groups-per-application-load-balancer",
        False,
    ),
    Quota("L-B22855CB", "Target Groups per Region", "target-groups", True),
    Quota(
        "L-7E6692B2",
        "Targets per Application Load Balancer",
        "targets-per-application-load-balancer",
        True,
    ),
    Quota("L-A0D0B863", "Targets per Target Group per Region", "targets-per-target-group", True),
)


def describe_account_limits(region: Region, request: DescribeAccountLimitsInputTypeDef) -> Answer:
    """List the limits in force."""
    found = [{"Name": name, "Max": str(most)} for name, most in region.limits.reported().items()]
    page, marker = region.page(found, request)
    return {"Limits": page, **marker}


def list_service_quotas(region: Region, request: Mapping[str, object]) -> Answer:
    """List the quotas as they apply to this account."""
    return _page(request, [_as_answer(region, each, default=False) for each in _known(request)])


def list_default_quotas(region: Region, request: Mapping[str, object]) -> Answer:
    """List the quotas as AWS sets them for a new account."""
    return _page(request, [_as_answer(region, each, default=True) for each in _known(request)])


def get_service_quota(region: Region, request: Mapping[str, object]) -> Answer:
    """One quota as it applies to this account."""
    return {"Quota": _as_answer(region, _one(request), default=False)}


def get_default_quota(region: Region, request: Mapping[str, object]) -> Answer:
    """One quota as AWS sets it for a new account."""
    return {"Quota": _as_answer(region, _one(request), default=True)}


def _known(request: Mapping[str, object]) -> Iterator[Quota]:
    if request.get("ServiceCode") != SERVICE_CODE:
        raise _no_such_resource()
    return iter(QUOTAS)


def _one(request: Mapping[str, object]) -> Quota:
    for quota in _known(request):
        if quota.code == request.get("QuotaCode"):
            return quota
    raise _no_such_resource()


def _as_answer(region: Region, quota: Quota, *, default: bool) -> dict[str, object]:
    value = REPORTED[quota.limit] if default else region.limits[quota.limit]
    owner = f"{region.name}:{region.account}"
    return {
        "ServiceCode": SERVICE_CODE,
        "ServiceName": "Elastic Load Balancing (ELB)",
        "QuotaArn": f"arn:aws:servicequotas:{owner}:{SERVICE_CODE}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }


def _page(request: Mapping[str, object], quotas: list[dict[str, object]]) -> Answer:
    start = int(str(request.get("NextToken") or 0))
    end = start + int(str(request.get("MaxResults") or MOST_PER_PAGE))
    more = {"NextToken": str(end)} if end < len(quotas) else {}
    return {"Quotas": quotas[start:end], **more}


def _no_such_resource() -> RefusalError:
    return RefusalError("NoSuchResourceException", "The specified quota or service does not exist")
