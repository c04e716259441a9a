"""What annotations name is looked up in lists, only where named, and a refusal stops nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from uuid import uuid4

import boto3
import pytest

from providers.aws.account import Facts, Source, Wanted
from providers.aws.client import Clients, ReadGate
from providers.aws.reader import AwsReader
from provisioner.sandbox.aws.server import CloudServer
from tests.unit.providers.aws.shell.clouds import World

MISSING = "nobody-has-this"
VISIBILITY = {
    "SampledRequestsEnabled": False,
    "CloudWatchMetricsEnabled": False,
    "MetricName": "metric",
}
EVERYTHING = Wanted(
    web_acls=(MISSING,),
    trust_stores=(MISSING,),
    ssl_policies=(MISSING,),
    log_buckets=(MISSING,),
    target_groups=(MISSING,),
    shield=True,
)


def client(world: World, service: Literal["wafv2", "shield"]) -> Any:
    """Return a client that boto3 has no types for here."""
    options = world.account.login.options()
    if service == "wafv2":
        return boto3.client("wafv2", **options)
    return boto3.client("shield", **options)


def facts(world: World, wanted: Wanted) -> Facts:
    """Return what a fresh reader finds."""
    reader = AwsReader(Clients(world.target, ReadGate()))
    found = reader.facts(wanted)
    reader.close()
    return found


def a_web_acl(world: World) -> tuple[str, str]:
    """Create a web ACL; its name and ARN."""
    name = f"acl{uuid4().hex}"
    answer = client(world, "wafv2").create_web_acl(
        Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=VISIBILITY
    )
    return name, str(answer["Summary"]["ARN"])


def test_web_acls_answer_to_their_name_and_their_arn(world: World) -> None:
    """One listing for both; what there is none of says so."""
    name, arn = a_web_acl(world)

    found = facts(world, Wanted(web_acls=(name, arn, MISSING)))

    assert dict(found.web_acls) == {name: arn, arn: arn, MISSING: ""}
    assert found.unread == ()


def test_trust_stores_answer_to_their_name_and_their_arn(world: World) -> None:
    """An account has twenty of them, so all are listed."""
    name = f"clients-{uuid4().hex[:8]}"
    answer = world.account.login.elbv2().create_trust_store(
        Name=name, CaCertificatesBundleS3Bucket="unknown-here", CaCertificatesBundleS3Key="ca.pem"
    )
    arn = answer["TrustStores"][0]["TrustStoreArn"]

    found = facts(world, Wanted(trust_stores=(name, arn, MISSING)))

    assert dict(found.trust_stores) == {name: arn, arn: arn, MISSING: ""}


def test_target_groups_of_others_cost_no_call_of_their_own(
    world: World, cloud: CloudServer
) -> None:
    """The index lists every target group of the account anyway."""
    arn = world.target_group({"team": "shop"}, name="theirs")
    cloud.calls.clear()

    found = facts(world, Wanted(target_groups=("theirs", arn, MISSING)))

    assert dict(found.foreign_target_groups) == {"theirs": arn, arn: arn, MISSING: ""}
    assert len(cloud.calls.named("DescribeTargetGroups")) == 1


def test_security_policies_are_all_listed(world: World) -> None:
    """A question about a wrong name would be answered by an error about all of them."""
    found = facts(world, Wanted(ssl_policies=(MISSING,)))

    assert found.ssl_policies is not None
    assert "ELBSecurityPolicy-TLS13-1-2-2021-06" in found.ssl_policies
    assert MISSING not in found.ssl_policies


def test_buckets_say_where_they_are(world: World) -> None:
    """Logs can only go to a bucket of the load balancer's own Region."""
    here, elsewhere = f"logs-{uuid4().hex}", f"logs-{uuid4().hex}"
    for bucket, region in ((here, "eu-central-1"), (elsewhere, "eu-west-1")):
        s3: Any = boto3.client("s3", **replace(world.account.login, region=region).options())
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})

    found = facts(world, Wanted(log_buckets=(here, elsewhere, MISSING)))

    assert dict(found.log_buckets) == {here: "eu-central-1", elsewhere: "eu-west-1", MISSING: ""}


def test_shield_says_whether_it_is_subscribed_and_what_it_protects(world: World) -> None:
    """The list of protections is read only where there is a subscription."""
    shield = client(world, "shield")
    before = facts(world, Wanted(shield=True))
    shield.create_subscription()
    balancer = world.load_balancer({"team": "shop"})
    identifier = shield.create_protection(Name="theirs", ResourceArn=balancer)["ProtectionId"]

    after = facts(world, Wanted(shield=True))

    assert (before.shield_subscribed, before.protections) == (False, None)
    assert after.shield_subscribed is True
    assert dict(after.protections or {}) == {balancer: identifier}


def test_nothing_is_asked_that_no_annotation_names(world: World, cloud: CloudServer) -> None:
    """Every one of these services is a stranger to most clusters."""
    found = facts(world, Wanted())

    asked = {call.service for call in cloud.calls}
    assert asked.isdisjoint({"wafv2", "waf-regional", "shield", "s3"})
    assert (found.ssl_policies, found.shield_subscribed) == (None, None)


@pytest.mark.parametrize(
    ("operation", "source"),
    [
        ("ListWebACLs", Source.WEB_ACLS),
        ("DescribeTrustStores", Source.TRUST_STORES),
        ("DescribeSSLPolicies", Source.SSL_POLICIES),
        ("HeadBucket", Source.LOG_BUCKETS),
        ("GetSubscriptionState", Source.SUBSCRIPTION),
    ],
)
def test_what_may_not_be_read_is_remembered_as_not_read(
    world: World, cloud: CloudServer, operation: str, source: Source
) -> None:
    """Everything else is read, and the plan goes on."""
    cloud.faults.deny(operation)

    found = facts(world, EVERYTHING)

    assert found.unread == (source.value,)
    known = (
        found.web_acls,
        found.trust_stores,
        found.ssl_policies,
        found.log_buckets,
        found.shield_subscribed,
    )
    empty = [not answer and answer is not False for answer in known]
    assert sum(empty) == 1
