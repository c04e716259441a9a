"""Everything that AWS can hang on a load balancer, through a whole life: made, changed, let go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from provisioner.sandbox.aws.clients import Login, client
from tests.contract.provider.desk import Desk, changes_of
from tests.contract.provider.manifests import Route, ingress
from tests.contract.provider.under_test import Pace

pytestmark = pytest.mark.parametrize("running", ["aws"], indirect=True)

NATIVE = "alb.ingress.kubernetes.io/"
HTTPS = {"listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]'}
VISIBILITY = {
    "SampledRequestsEnabled": False,
    "CloudWatchMetricsEnabled": False,
    "MetricName": "metric",
}


@pytest.fixture
def account(desk: Desk) -> Login:
    """The account of the desk."""
    access_key = desk.cloud.environment["AWS_ACCESS_KEY_ID"]
    return Login(endpoint_url=desk.cloud.url, access_key=access_key)


def everything(account: Login) -> dict[str, str]:
    """Make what the annotations name, and return the annotations."""
    suffix = uuid4().hex[:8]
    wafv2: Any = client(account, "wafv2")
    wafv2.create_web_acl(
        Name=f"edge-{suffix}",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=VISIBILITY,
    )
    shield: Any = client(account, "shield")
    shield.create_subscription()
    s3: Any = client(account, "s3")
    s3.create_bucket(
        Bucket=f"logs-{suffix}",
        CreateBucketConfiguration={"LocationConstraint": account.region},
    )
    account.elbv2().create_trust_store(
        Name=f"clients-{suffix}",
        CaCertificatesBundleS3Bucket="unknown-here",
        CaCertificatesBundleS3Key="ca.pem",
    )
    verify = f'[{{"port": 443, "mode": "verify", "trustStore": "clients-{suffix}"}}]'
    return {
        **HTTPS,
        "access-logs": f"s3://logs-{suffix}/shop",
        f"{NATIVE}wafv2-acl-name": f"edge-{suffix}",
        f"{NATIVE}shield-advanced-protection": "true",
        f"{NATIVE}minimum-load-balancer-capacity": "CapacityUnits=200",
        f"{NATIVE}mutual-authentication": verify,
        f"{NATIVE}ssl-policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        f"{NATIVE}listener-attributes.HTTPS-443": "routing.http.response.server.enabled=false",
    }


def test_all_of_it_at_once_and_nothing_left_to_do(desk: Desk, account: Login) -> None:
    """What was planned is what is read back; taken away with the load balancer, nothing stays."""
    desk.cloud.slow(Pace())
    desk.furnish("web")
    desk.put(ingress("web", Route(), annotations=everything(account)))

    plan = desk.converge()

    assert {"WebACLAssociation", "Protection"} <= {step.kind for step in plan.steps}
    assert {step.action.value for step in desk.plan().steps} == {"noop"}
    desk.clear_out()
    shield: Any = client(account, "shield")
    assert shield.list_protections()["Protections"] == []


def test_lines_that_are_removed_turn_off_what_must_not_stay(desk: Desk, account: Login) -> None:
    """Mutual TLS goes off; guards and reservations stay, and the plan after that is empty."""
    said = everything(account)
    desk.furnish("web")
    desk.put(ingress("web", Route(), annotations=said))
    desk.converge()

    desk.put(ingress("web", Route(), annotations=HTTPS))
    plan = desk.converge()

    changed = {
        (step.kind, field.path)
        for step in plan.steps
        if step.action.value == "update"
        for field in step.fields
    }
    assert changed == {
        ("LoadBalancer", "Tags"),
        ("Listener", "Tags"),
        ("Listener", "MutualAuthentication"),
        ("Listener", "SslPolicy"),
    }
    wafv2: Any = client(account, "wafv2")
    (balancer,) = account.elbv2().describe_load_balancers()["LoadBalancers"]
    guard = wafv2.get_web_acl_for_resource(ResourceArn=balancer["LoadBalancerArn"])
    assert guard["WebACL"]["Name"] == said[f"{NATIVE}wafv2-acl-name"]


def test_tags_are_put_on_everything(desk: Desk) -> None:
    """A new tag for all that is ours takes the calls that plan printed, and goes away again."""
    desk.put(ingress("web", Route(), Route(path="/cart")))
    desk.converge()
    for tags in ({"team": "shop"}, {}):
        desk.settings = replace(desk.settings, tags=tags)

        plan = desk.converge()

        assert {s.action.value for s in plan.steps if s.id in changes_of(plan)} == {"update"}
    desk.clear_out()
