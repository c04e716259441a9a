"""WAF Classic (``waf-regional``), the predecessor that old annotations still name.

Web ACLs are kept without rules, for nothing here looks at requests. Codes are those of the "AWS
WAF Classic API Reference"; every change takes a change token, which is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from uuid import uuid4

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import ClassicAcl
from provisioner.sandbox.aws.wafs import guarded_balancer

MOST_PER_PAGE = 100


def get_change_token(_region: Region, _request: Mapping[str, object]) -> Answer:
    """A token for the next change."""
    return {"ChangeToken": token_hex(18)}


def create_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """Create a web ACL."""
    name = str(request["Name"])
    if any(each.name == name for each in region.state.classic_acls.values()):
        raise RefusalError("WAFDuplicateItemException", f"A web ACL '{name}' exists already")
    action = request["DefaultAction"]
    acl_id = str(uuid4())
    acl = ClassicAcl(
        acl_id=acl_id,
        arn=region.arn("waf-regional", f"webacl/{acl_id}"),
        name=name,
        metric=str(request["MetricName"]),
        default_action=str(action["Type"]) if isinstance(action, dict) else "ALLOW",
    )
    region.state.classic_acls[acl_id] = acl
    return {"WebACL": _described(acl), "ChangeToken": request["ChangeToken"]}


def delete_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """Delete a web ACL that guards nothing."""
    acl = _acl(region, str(request["WebACLId"]))
    if acl.acl_id in region.state.classic_associations.values():
        raise RefusalError(
            "WAFReferencedItemException", "The web ACL is still associated with a resource"
        )
    del region.state.classic_acls[acl.acl_id]
    return {"ChangeToken": request["ChangeToken"]}


def get_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """One web ACL."""
    return {"WebACL": _described(_acl(region, str(request["WebACLId"])))}


def list_web_acls(region: Region, request: Mapping[str, object]) -> Answer:
    """All web ACLs, in pages."""
    acls = list(region.state.classic_acls.values())
    start = int(str(request.get("NextMarker") or 0))
    asked = int(str(request.get("Limit") or MOST_PER_PAGE))
    end = start + min(asked, region.settings.page_size)
    more = {"NextMarker": str(end)} if end < len(acls) else {}
    return {"WebACLs": [_summary(each) for each in acls[start:end]], **more}


def associate_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """Put a load balancer behind a web ACL, in place of the one it is behind."""
    acl, resource_arn = _acl(region, str(request["WebACLId"])), str(request["ResourceArn"])
    guarded_balancer(region, resource_arn)
    region.state.classic_associations[resource_arn] = acl.acl_id
    return {}


def disassociate_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """Take a load balancer from behind its web ACL; one without is no error."""
    resource_arn = str(request["ResourceArn"])
    guarded_balancer(region, resource_arn)
    region.state.classic_associations.pop(resource_arn, None)
    return {}


def get_web_acl_for_resource(region: Region, request: Mapping[str, object]) -> Answer:
    """The web ACL of a load balancer, if it has one."""
    resource_arn = str(request["ResourceArn"])
    guarded_balancer(region, resource_arn)
    acl_id = region.state.classic_associations.get(resource_arn)
    return {} if acl_id is None else {"WebACLSummary": _summary(_acl(region, acl_id))}


def list_resources_for_web_acl(region: Region, request: Mapping[str, object]) -> Answer:
    """ARNs of the load balancers behind a web ACL."""
    acl = _acl(region, str(request["WebACLId"]))
    found = region.state.classic_associations.items()
    return {"ResourceArns": sorted(arn for arn, acl_id in found if acl_id == acl.acl_id)}


def _acl(region: Region, acl_id: str) -> ClassicAcl:
    acl = region.state.classic_acls.get(acl_id)
    if acl is None:
        raise RefusalError("WAFNonexistentItemException", "The referenced item does not exist.")
    return acl


def _summary(acl: ClassicAcl) -> dict[str, object]:
    return {"WebACLId": acl.acl_id, "Name": acl.name}


def _described(acl: ClassicAcl) -> dict[str, object]:
    return {
        **_summary(acl),
        "MetricName": acl.metric,
        "DefaultAction": {"Type": acl.default_action},
        "Rules": [],
        "WebACLArn": acl.arn,
    }
