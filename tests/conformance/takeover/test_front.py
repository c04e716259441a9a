"""A network load balancer that AWS Load Balancer Controller put in front is recognised, too.

Everything here is a literal, as in ``lbc``: names by that controller's formulas (the ten digits by
``sha256sum``), roles ``FrontendNlb``, ``FrontendNlb-ls-TCP-<port>``, ``FrontendNlb-tg-TCP-<port>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.sandbox.aws.server import CloudServer
from tests.conformance.takeover.lbc import tags
from tests.conformance.takeover.site import Site, more_than_marks, steps

pytestmark = pytest.mark.slow

STACK = "ns-1/ing-1"
BALANCER = "k8s-ns1-ing1-159dd7a143"
FRONT = "k8s-ns1-ing1-159dd7a143-nlb"
TARGET_GROUP = "k8s-ns1-ing1-eeb22e4827"
SAID = "annotations: {alb.ingress.kubernetes.io/scheme: internet-facing"
MORE = (
    ", alb.ingress.kubernetes.io/enable-frontend-nlb: 'true'"
    ", alb.ingress.kubernetes.io/frontend-nlb-scheme: internet-facing"
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    """The embedded cloud, one for all tests of this file."""
    with CloudServer() as server:
        yield server


@pytest.fixture
def site(cloud: CloudServer, tmp_path: Path) -> Site:
    """A site whose implicit load balancer has a network load balancer in front."""
    made = Site(cloud, tmp_path)
    put_in_front(made)
    made.replace_in_files(SAID, SAID + MORE)
    cloud.calls.clear()
    return made


def put_in_front(site: Site) -> None:
    """Make what that controller makes for ``enable-frontend-nlb``."""
    elbv2 = site.account.login.elbv2()
    (behind,) = elbv2.describe_load_balancers(Names=[BALANCER])["LoadBalancers"]
    front = elbv2.create_load_balancer(
        Name=FRONT,
        Type="network",
        Scheme="internet-facing",
        IpAddressType="ipv4",
        Subnets=[zone["SubnetId"] for zone in behind["AvailabilityZones"]],
        SecurityGroups=behind["SecurityGroups"],
        Tags=tags(STACK, "FrontendNlb"),
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.create_target_group(
        Name=TARGET_GROUP,
        TargetType="alb",
        Protocol="TCP",
        Port=80,
        VpcId=site.account.vpc_id,
        HealthCheckPort="traffic-port",
        HealthCheckProtocol="HTTP",
        HealthCheckPath="/",
        HealthCheckIntervalSeconds=15,
        HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
        Matcher={"HttpCode": "200"},
        Tags=tags(STACK, "FrontendNlb-tg-TCP-80"),
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_listener(
        LoadBalancerArn=front,
        Protocol="TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        Tags=tags(STACK, "FrontendNlb-ls-TCP-80"),
    )
    elbv2.register_targets(
        TargetGroupArn=group, Targets=[{"Id": behind["LoadBalancerArn"], "Port": 80}]
    )


def test_it_needs_nothing_but_our_mark(site: Site) -> None:
    """Nothing of it is created, changed, registered or deleted."""
    plan = site.plan()

    assert more_than_marks(plan) == []
    assert {step.kind for step in steps(plan) if step.kind.startswith("Network")} == {
        "NetworkListener",
        "NetworkLoadBalancer",
        "NetworkTargetGroup",
    }
    assert {d.severity for d in plan.diagnostics} == {"info"}


def test_what_differs_shows(site: Site) -> None:
    """Taken out of the files, all of it would be deleted, and nothing else."""
    site.replace_in_files(MORE, "")

    plan = site.plan()

    assert {step.kind for step in steps(plan) if step.action == "delete"} == {
        "NetworkListener",
        "NetworkLoadBalancer",
        "NetworkTargetGroup",
        "NetworkTargets",
    }
