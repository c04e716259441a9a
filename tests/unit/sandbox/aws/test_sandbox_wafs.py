"""WAF and WAF Classic: web ACLs and the load balancers behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.unit.sandbox.aws.workbench import Workbench, refused

# boto3 has no types for these services here.
Client = Any
VISIBILITY = {
    "SampledRequestsEnabled": False,
    "CloudWatchMetricsEnabled": False,
    "MetricName": "metric",
}


class Waf:
    """The two services behind the same four words, so that one test speaks of both."""

    def __init__(self, bench: Workbench, service: str) -> None:
        options = bench.account.login.options()
        self.classic = service == "waf-regional"
        self.client: Client = (
            boto3.client("waf-regional", **options)
            if self.classic
            else boto3.client("wafv2", **options)
        )

    def made(self) -> str:
        """Create a web ACL; the ARN or id by which it is associated."""
        name = f"acl{uuid4().hex}"
        if self.classic:
            answer = self.client.create_web_acl(
                Name=name,
                MetricName=name,
                DefaultAction={"Type": "ALLOW"},
                ChangeToken=self.client.get_change_token()["ChangeToken"],
            )
            return str(answer["WebACL"]["WebACLId"])
        answer = self.client.create_web_acl(
            Name=name,
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig=VISIBILITY,
        )
        return str(answer["Summary"]["ARN"])

    def associate(self, acl: str, resource: str) -> None:
        """Put a load balancer behind a web ACL."""
        key = "WebACLId" if self.classic else "WebACLArn"
        self.client.associate_web_acl(**{key: acl}, ResourceArn=resource)

    def of(self, resource: str) -> str | None:
        """The web ACL a load balancer is behind."""
        answer = self.client.get_web_acl_for_resource(ResourceArn=resource)
        if self.classic:
            return str(answer["WebACLSummary"]["WebACLId"]) if "WebACLSummary" in answer else None
        return str(answer["WebACL"]["ARN"]) if "WebACL" in answer else None

    def behind(self, acl: str) -> list[str]:
        """The load balancers behind a web ACL."""
        key = "WebACLId" if self.classic else "WebACLArn"
        return list(self.client.list_resources_for_web_acl(**{key: acl})["ResourceArns"])

    def delete(self, acl: str) -> None:
        """Delete a web ACL."""
        if self.classic:
            self.client.delete_web_acl(WebACLId=acl, ChangeToken="t")
            return
        name, acl_id = acl.split("/")[-2:]
        token = self.client.get_web_acl(Name=name, Scope="REGIONAL", Id=acl_id)["LockToken"]
        self.client.delete_web_acl(Name=name, Scope="REGIONAL", Id=acl_id, LockToken=token)


@pytest.fixture(params=["wafv2", "waf-regional"])
def waf(bench: Workbench, request: pytest.FixtureRequest) -> Waf:
    """Each of the two services."""
    return Waf(bench, str(request.param))


def test_a_load_balancer_is_behind_one_web_acl(bench: Workbench, waf: Waf) -> None:
    """AssociateWebACL replaces; DisassociateWebACL frees, and again without an error."""
    balancer, first, second = bench.balancer(), waf.made(), waf.made()
    before = waf.of(balancer)

    waf.associate(first, balancer)
    waf.associate(second, balancer)

    assert before is None
    assert waf.of(balancer) == second
    assert (waf.behind(first), waf.behind(second)) == ([], [balancer])
    for _ in range(2):
        waf.client.disassociate_web_acl(ResourceArn=balancer)
    assert waf.of(balancer) is None


def test_deleting_a_load_balancer_ends_its_association(bench: Workbench, waf: Waf) -> None:
    """The web ACL then guards nothing and can be deleted, which was refused before."""
    balancer, acl = bench.balancer(), waf.made()
    waf.associate(acl, balancer)
    in_use = "WAFReferencedItemException" if waf.classic else "WAFAssociatedItemException"
    with refused(in_use):
        waf.delete(acl)

    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)

    assert waf.behind(acl) == []
    waf.delete(acl)


def test_what_does_not_exist_is_said(bench: Workbench, waf: Waf) -> None:
    """WAFNonexistentItemException: unknown load balancer, unknown web ACL (LBC#2022)."""
    balancer, acl = bench.balancer(), waf.made()
    unknown = balancer[:-4] + "0000"
    last = "0" if not acl.endswith("0") else "1"
    asks: list[Callable[[], object]] = [
        lambda: waf.associate(acl, unknown),
        lambda: waf.of(unknown),
        lambda: waf.associate(acl[:-1] + last, balancer),
    ]

    for ask in asks:
        with refused("WAFNonexistentItemException"):
            ask()


def test_only_application_load_balancers_are_guarded(bench: Workbench, waf: Waf) -> None:
    """WAFInvalidParameterException for the ARN of a network load balancer."""
    network, acl = bench.balancer("net", Type="network"), waf.made()

    with refused("WAFInvalidParameterException"):
        waf.associate(acl, network)


def test_a_new_load_balancer_may_have_to_settle(bench: Workbench, waf: Waf) -> None:
    """WAFUnavailableEntityException while WAF does not know it yet (page AssociateWebACL)."""
    bench.cloud.configure(waf_settle_seconds=30)
    balancer, acl = bench.balancer(), waf.made()
    with refused("WAFUnavailableEntityException"):
        waf.associate(acl, balancer)

    bench.cloud.advance(31)

    waf.associate(acl, balancer)
    assert waf.of(balancer) == acl


def test_an_acl_of_cloudfront_guards_no_load_balancer(bench: Workbench) -> None:
    """A web ACL of scope CLOUDFRONT has /global/ in its ARN."""
    waf, balancer = Waf(bench, "wafv2"), bench.balancer()
    acl = waf.made().replace(":regional/", ":global/")

    with refused("WAFInvalidParameterException"):
        waf.associate(acl, balancer)


def test_web_acls_are_listed_by_scope_and_in_pages(bench: Workbench, waf: Waf) -> None:
    """Every made one is found by following the markers."""
    made = {waf.made() for _ in range(3)}
    scope = {} if waf.classic else {"Scope": "REGIONAL"}
    found, marker = set[str](), ""
    while True:
        more = {"NextMarker": marker} if marker else {}
        answer = waf.client.list_web_acls(**scope, Limit=2, **more)
        found |= {each["WebACLId" if waf.classic else "ARN"] for each in answer["WebACLs"]}
        marker = answer.get("NextMarker", "")
        if not marker:
            break

    assert made <= found


def test_calls_are_logged_and_throttled_like_any_other(bench: Workbench, waf: Waf) -> None:
    """The front door is the same for every service; reads are told from writes."""
    service = "waf-regional" if waf.classic else "wafv2"
    balancer, acl = bench.balancer(), waf.made()
    bench.cloud.calls.clear()
    bench.cloud.faults.throttle(f"{service}:AssociateWebACL")
    with refused("ThrottlingException"):
        waf.associate(acl, balancer)

    waf.associate(acl, balancer)
    waf.of(balancer)

    assert [call.operation for call in bench.cloud.calls.mutating(service)] == ["AssociateWebACL"]
    bench.cloud.faults.deny(f"{service}:GetWebACLForResource")
    with refused("AccessDeniedException"):
        waf.of(balancer)
