"""Shield Advanced: the subscription of an account and what it protects.

Shield has no region of its own, so what it knows is kept in one place for the whole account.
Deleting a load balancer does not end its protection (page "Removing AWS Shield Advanced
protection from an AWS resource"): who protects must also unprotect. Codes are those of the pages
CreateProtection, DescribeProtection and DescribeSubscription; "The subscription does not exist."
is what users quote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import Protection

RESOURCE = re.compile(
    r"arn:[\w-]+:(elasticloadbalancing:([\w-]+):\d{12}:loadbalancer/.+|"
    r"ec2:[\w-]+:\d{12}:eip-allocation/.+|cloudfront::\d{12}:distribution/.+|"
    r"route53:::hostedzone/.+|globalaccelerator::\d{12}:accelerator/.+)"
)
NAME = re.compile(r"[ a-zA-Z0-9_.\-]{1,128}")
YEAR = timedelta(days=365)
MOST_PER_PAGE = 10_000


def create_subscription(region: Region, _request: Mapping[str, object]) -> Answer:
    """Subscribe the account."""
    if region.home.shield_since is not None:
        raise RefusalError("ResourceAlreadyExistsException", "The subscription exists already.")
    region.home.shield_since = region.wall
    return {}


def get_subscription_state(region: Region, _request: Mapping[str, object]) -> Answer:
    """Whether the account is subscribed."""
    active = region.home.shield_since is not None
    return {"SubscriptionState": "ACTIVE" if active else "INACTIVE"}


def describe_subscription(region: Region, _request: Mapping[str, object]) -> Answer:
    """The subscription, or a refusal without one."""
    since = _subscribed(region)
    most = region.limits["protections"]
    limits = [{"Type": "ELASTIC_IP_ADDRESS", "Max": most}, {"Type": "LOAD_BALANCER", "Max": most}]
    patterns = {"PatternTypeLimits": {"ArbitraryPatternLimits": {"MaxMembers": 10_000}}}
    return {
        "Subscription": {
            "StartTime": since,
            "EndTime": since + YEAR,
            "TimeCommitmentInSeconds": int(YEAR.total_seconds()),
            "AutoRenew": "ENABLED",
            "SubscriptionArn": f"arn:aws:shield::{region.account}:subscription",
            "SubscriptionLimits": {
                "ProtectionLimits": {"ProtectedResourceTypeLimits": limits},
                "ProtectionGroupLimits": {"MaxProtectionGroups": 100, **patterns},
            },
        }
    }


def create_protection(region: Region, request: Mapping[str, object]) -> Answer:
    """Protect a resource that exists and is not protected yet."""
    _subscribed(region)
    name, resource_arn = str(request["Name"]), str(request["ResourceArn"])
    if not NAME.fullmatch(name):
        raise RefusalError("InvalidParameterException", f"'{name}' is not a valid name")
    _check_resource(region, resource_arn)
    if _of(region, resource_arn) is not None:
        raise RefusalError("ResourceAlreadyExistsException", "The resource is protected already.")
    most = region.limits["protections"]
    if len(region.home.protections) >= most:
        raise RefusalError("LimitsExceededException", f"At most {most} resources are protected")
    protection_id = str(uuid4())
    region.home.protections[protection_id] = Protection(
        protection_id=protection_id,
        arn=f"arn:aws:shield::{region.account}:protection/{protection_id}",
        name=name,
        resource_arn=resource_arn,
        tags=_tags(request.get("Tags")),
    )
    return {"ProtectionId": protection_id}


def delete_protection(region: Region, request: Mapping[str, object]) -> Answer:
    """Stop protecting a resource."""
    protection = _by_id(region, str(request["ProtectionId"]))
    del region.home.protections[protection.protection_id]
    return {}


def describe_protection(region: Region, request: Mapping[str, object]) -> Answer:
    """One protection by its id or by what it protects."""
    protection_id, resource_arn = request.get("ProtectionId"), request.get("ResourceArn")
    if (protection_id is None) == (resource_arn is None):
        raise RefusalError(
            "InvalidParameterException", "Either ProtectionId or ResourceArn must be given"
        )
    if protection_id is not None:
        return {"Protection": _as_answer(_by_id(region, str(protection_id)))}
    found = _of(region, str(resource_arn))
    if found is None:
        raise _not_found("The referenced protection does not exist.")
    return {"Protection": _as_answer(found)}


def list_protections(region: Region, request: Mapping[str, object]) -> Answer:
    """All protections, or those that the filters let through."""
    filters = request.get("InclusionFilters")
    wanted = filters if isinstance(filters, dict) else {}
    found = [
        each
        for each in region.home.protections.values()
        if each.resource_arn in (wanted.get("ResourceArns") or [each.resource_arn])
        and each.name in (wanted.get("ProtectionNames") or [each.name])
    ]
    start = int(str(request.get("NextToken") or 0))
    asked = int(str(request.get("MaxResults") or MOST_PER_PAGE))
    end = start + min(asked, region.settings.page_size)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return {"Protections": [_as_answer(each) for each in found[start:end]], **more}


def list_tags(region: Region, request: Mapping[str, object]) -> Answer:
    """The tags of a protection."""
    tags = _by_arn(region, str(request["ResourceARN"])).tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tag_resource(region: Region, request: Mapping[str, object]) -> Answer:
    """Add or overwrite tags of a protection."""
    _by_arn(region, str(request["ResourceARN"])).tags.update(_tags(request.get("Tags")))
    return {}


def untag_resource(region: Region, request: Mapping[str, object]) -> Answer:
    """Remove tags of a protection by key."""
    tags = _by_arn(region, str(request["ResourceARN"])).tags
    keys = request.get("TagKeys")
    for key in keys if isinstance(keys, list) else ():
        tags.pop(key, None)
    return {}


def _subscribed(region: Region) -> datetime:
    since = region.home.shield_since
    if since is None:
        raise _not_found("The subscription does not exist.")
    return since


def _check_resource(region: Region, arn: str) -> None:
    shape = RESOURCE.fullmatch(arn)
    if shape is None:
        raise RefusalError("InvalidResourceException", f"The resource '{arn}' is not valid")
    state = region.elsewhere.get(shape[2] or "")
    if shape[2] is not None and (state is None or arn not in state.balancers):
        raise _not_found(f"The referenced resource '{arn}' does not exist.")


def _of(region: Region, resource_arn: str) -> Protection | None:
    found = region.home.protections.values()
    return next((each for each in found if each.resource_arn == resource_arn), None)


def _by_id(region: Region, protection_id: str) -> Protection:
    found = region.home.protections.get(protection_id)
    if found is None:
        raise _not_found("The referenced protection does not exist.")
    return found


def _by_arn(region: Region, arn: str) -> Protection:
    return _by_id(region, arn.rpartition("/")[2])


def _tags(given: object) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in given} if isinstance(given, list) else {}


def _as_answer(protection: Protection) -> dict[str, object]:
    return {
        "Id": protection.protection_id,
        "Name": protection.name,
        "ResourceArn": protection.resource_arn,
        "ProtectionArn": protection.arn,
        "HealthCheckIds": [],
    }


def _not_found(message: str) -> RefusalError:
    return RefusalError("ResourceNotFoundException", message)
