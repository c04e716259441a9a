"""What the account says about its limits, through both APIs that can be asked.

Quota codes and names are those that Service Quotas publishes for Elastic Load Balancing. They
show the same figures as DescribeAccountLimits, because both read the limits in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.limits import DEFAULTS
from provisioner.sandbox.aws.region import Answer, Region

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import DescribeAccountLimitsInputTypeDef

MOST_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Quota:
    """One entry of the Service Quotas catalogue; ``limit`` is our name for it."""

    code: str
    name: str
    limit: str
    adjustable: bool


LOAD_BALANCING = (
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
    Quota("L-69A177A2", "Network Load Balancers per Region", "network-load-balancers", True),
)
VIRTUAL_CLOUD = (
    Quota(
        "L-0EA8095F",
        "Inbound or outbound rules per security group",
        "rules-per-security-group",
        True,
    ),
    Quota(
        "L-2AFB9258",
        "Security groups per network interface",
        "security-groups-per-network-interface",
        True,
    ),
    Quota("L-E79EC296", "VPC security groups per Region", "security-groups", True),
)
CERTIFICATES = (
    Quota("L-F141DD1D", "ACM certificates", "certificates", True),
    Quota("L-FB94F0B0", "Domain names per ACM certificate", "domains-per-certificate", True),
)
SERVICES: Mapping[str, tuple[str, tuple[Quota, ...]]] = MappingProxyType(
    {
        "elasticloadbalancing": ("Elastic Load Balancing (ELB)", LOAD_BALANCING),
        "vpc": ("Amazon Virtual Private Cloud (Amazon VPC)", VIRTUAL_CLOUD),
        "acm": ("AWS Certificate Manager (ACM)", CERTIFICATES),
    }
)


def describe_account_limits(region: Region, request: DescribeAccountLimitsInputTypeDef) -> Answer:
    """List the limits in force."""
    found = [{"Name": name, "Max": str(most)} for name, most in region.limits.reported().items()]
    page, marker = region.page(found, request)
    return {"Limits": page, **marker}


def list_service_quotas(region: Region, request: Mapping[str, object]) -> Answer:
    """List the quotas as they apply to this account."""
    return _page(region, request, default=False)


def list_default_quotas(region: Region, request: Mapping[str, object]) -> Answer:
    """List the quotas as AWS sets them for a new account."""
    return _page(region, request, default=True)


def get_service_quota(region: Region, request: Mapping[str, object]) -> Answer:
    """One quota as it applies to this account."""
    service = _service(request)
    return {"Quota": _as_answer(region, service, _one(service, request), default=False)}


def get_default_quota(region: Region, request: Mapping[str, object]) -> Answer:
    """One quota as AWS sets it for a new account."""
    service = _service(request)
    return {"Quota": _as_answer(region, service, _one(service, request), default=True)}


def _service(request: Mapping[str, object]) -> str:
    service = str(request.get("ServiceCode"))
    if service not in SERVICES:
        raise _no_such_resource()
    return service


def _one(service: str, request: Mapping[str, object]) -> Quota:
    for quota in SERVICES[service][1]:
        if quota.code == request.get("QuotaCode"):
            return quota
    raise _no_such_resource()


def _as_answer(region: Region, service: str, quota: Quota, *, default: bool) -> dict[str, object]:
    value = DEFAULTS[quota.limit] if default else region.limits[quota.limit]
    return {
        "ServiceCode": service,
        "ServiceName": SERVICES[service][0],
        "QuotaArn": region.arn("servicequotas", f"{service}/{quota.code}"),
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }


def _page(region: Region, request: Mapping[str, object], *, default: bool) -> Answer:
    service = _service(request)
    quotas = [_as_answer(region, service, each, default=default) for each in SERVICES[service][1]]
    start = int(str(request.get("NextToken") or 0))
    asked = int(str(request.get("MaxResults") or MOST_PER_PAGE))
    end = start + min(asked, region.settings.page_size)
    more = {"NextToken": str(end)} if end < len(quotas) else {}
    return {"Quotas": quotas[start:end], **more}


def _no_such_resource() -> RefusalError:
    return RefusalError("NoSuchResourceException", "The specified quota or service does not exist")
