"""AWS WAF: which web ACL guards which load balancer.

moto keeps the web ACLs themselves; the associations are kept here, because they end with their
load balancer and ``ListResourcesForWebACL`` has to find them. Codes are those of the pages
AssociateWebACL, DisassociateWebACL, GetWebACLForResource and DeleteWebACL. That an unknown load
balancer is a WAFNonexistentItemException is what users quote (LBC#2022).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from moto.wafv2.models import FakeWebACL, wafv2_backends

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import LoadBalancer

RESOURCE = re.compile(r"arn:[\w-]+:elasticloadbalancing:[\w-]+:\d{12}:loadbalancer/app/.+")
ACL = re.compile(r"arn:[\w-]+:wafv2:[\w-]+:\d{12}:(regional|global)/webacl/.+/.+")
GONE = "AWS WAF couldn't perform the operation because your resource doesn't exist."


def associate_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """Put a load balancer behind a web ACL, in place of the one it is behind."""
    acl_arn, resource_arn = str(request["WebACLArn"]), str(request["ResourceArn"])
    scope = ACL.fullmatch(acl_arn)
    if scope is None:
        raise _bad_parameter("WEB_ACL_ARN", acl_arn)
    if scope[1] != "regional":
        raise _bad_parameter("WEB_ACL_ARN of scope REGIONAL", acl_arn)
    if _acl(region, acl_arn) is None:
        raise not_there()
    guarded_balancer(region, resource_arn)
    region.state.web_acls[resource_arn] = acl_arn
    return {}


def disassociate_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """Take a load balancer from behind its web ACL; one without is no error."""
    resource_arn = str(request["ResourceArn"])
    guarded_balancer(region, resource_arn)
    region.state.web_acls.pop(resource_arn, None)
    return {}


def get_web_acl_for_resource(region: Region, request: Mapping[str, object]) -> Answer:
    """The web ACL of a load balancer, if it has one."""
    resource_arn = str(request["ResourceArn"])
    guarded_balancer(region, resource_arn)
    acl = _acl(region, region.state.web_acls.get(resource_arn, ""))
    return {} if acl is None else {"WebACL": acl.to_dict()}


def list_resources_for_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """ARNs of the load balancers behind a web ACL."""
    acl_arn = str(request["WebACLArn"])
    if _acl(region, acl_arn) is None:
        raise not_there()
    kind = request.get("ResourceType", "APPLICATION_LOAD_BALANCER")
    if kind != "APPLICATION_LOAD_BALANCER":
        return {"ResourceArns": []}
    return {"ResourceArns": sorted(r for r, acl in region.state.web_acls.items() if acl == acl_arn)}


def delete_web_acl(region: Region, request: Mapping[str, object]) -> Answer | None:
    """Refuse while a resource is behind the web ACL; otherwise let moto delete it."""
    ending = f"/webacl/{request['Name']}/{request['Id']}"
    if any(acl.endswith(ending) for acl in region.state.web_acls.values()):
        raise RefusalError(
            "WAFAssociatedItemException",
            "AWS WAF couldn't perform the operation because your resource is being used by "
            "another resource or it's associated with another resource.",
        )
    return None


def guarded_balancer(region: Region, resource_arn: str) -> LoadBalancer:
    """The application load balancer that is meant, or a refusal; a new one settles first."""
    if not RESOURCE.fullmatch(resource_arn):
        raise _bad_parameter("RESOURCE_ARN", resource_arn)
    balancer = region.state.balancers.get(resource_arn)
    if balancer is None:
        raise not_there()
    if region.now - balancer.created < region.settings.waf_settle_seconds:
        raise RefusalError(
            "WAFUnavailableEntityException",
            "AWS WAF couldn't retrieve the resource that you requested. Retry your request.",
        )
    return balancer


def not_there() -> RefusalError:
    """No such web ACL or load balancer."""
    return RefusalError("WAFNonexistentItemException", GONE)


def _acl(region: Region, arn: str) -> FakeWebACL | None:
    acls: dict[str, FakeWebACL] = wafv2_backends[region.account][region.name].wacls
    return acls.get(arn)


def _bad_parameter(field: str, value: str) -> RefusalError:
    return RefusalError(
        "WAFInvalidParameterException",
        "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other "
        f"information separated by colons or slashes., field: {field}, parameter: {value}",
    )
