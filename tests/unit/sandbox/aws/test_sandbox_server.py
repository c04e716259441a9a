"""The server as a whole: accounts, lag, reset, what it does not emulate."""

from __future__ import annotations

import pytest

from provisioner.sandbox.aws.clients import Login
from provisioner.sandbox.aws.limits import REPORTED
from provisioner.sandbox.aws.server import CloudServer
from provisioner.sandbox.aws.settings import Settings
from tests.unit.sandbox.aws.workbench import Workbench, forward, path, refused


def test_an_account_number_as_access_key_is_an_account_of_its_own(bench: Workbench) -> None:
    """Isolation without a reset; ARNs carry the number."""
    bench.group("one")
    other = Login(endpoint_url=bench.cloud.url, access_key="111111111111")

    assert other.elbv2().describe_target_groups()["TargetGroups"] == []
    assert ":210987654321:" in bench.group("one")


def test_regions_are_apart(bench: Workbench) -> None:
    """A target group of one region is not in another."""
    bench.group("one")
    login = bench.account.login
    other = Login(endpoint_url=login.endpoint_url, access_key=login.access_key, region="eu-west-1")

    assert other.elbv2().describe_target_groups()["TargetGroups"] == []


def test_reads_lag_behind_when_told_to(bench: Workbench) -> None:
    """Creates, changes and deletes become visible only after the lag."""
    listener = bench.listener(bench.balancer())
    rule = bench.rule(listener, 1, Conditions=[path("/old")])
    bench.cloud.configure(describe_lag_seconds=5)

    bench.elbv2.modify_rule(RuleArn=rule, Conditions=[path("/new")])
    group = bench.group()
    with refused("TargetGroupNotFound"):
        bench.elbv2.describe_target_groups(TargetGroupArns=[group])
    assert _paths(bench, rule) == ["/old"]

    bench.cloud.advance(5)
    assert _paths(bench, rule) == ["/new"]
    assert bench.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]


def test_writes_do_not_lag(bench: Workbench) -> None:
    """What was just created can be used at once: only reads are late."""
    bench.cloud.configure(describe_lag_seconds=5)

    listener = bench.listener(bench.balancer(), DefaultActions=[forward(bench.group())])
    rule = bench.rule(listener)
    bench.elbv2.delete_rule(RuleArn=rule)

    assert bench.elbv2.describe_load_balancers()["LoadBalancers"] == []
    bench.cloud.advance(5)
    assert len(bench.elbv2.describe_load_balancers()["LoadBalancers"]) == 1


def test_a_reset_returns_every_knob(bench: Workbench) -> None:
    """Settings, limits, faults, calls and sick targets; the network stays if asked to."""
    cloud = bench.cloud
    cloud.configure(health_seconds=5)
    cloud.limits["target-groups"] = 1
    cloud.faults.deny("*")
    cloud.unhealthy_targets.add("10.0.0.1")
    cloud.reset(keep_network=True)

    assert cloud.settings == Settings()
    assert cloud.limits.reported() == dict(REPORTED)
    assert cloud.faults.pending() == ()
    assert cloud.unhealthy_targets == set()
    assert len(cloud.calls) == 0
    assert len(bench.ec2.describe_subnets()["Subnets"]) >= len(bench.account.subnets)


def test_a_full_reset_empties_the_accounts(bench: Workbench) -> None:
    """VPCs and load balancers are gone."""
    bench.balancer()
    bench.cloud.reset()

    assert bench.elbv2.describe_load_balancers()["LoadBalancers"] == []
    with refused("InvalidVpcID.NotFound"):
        bench.ec2.describe_vpcs(VpcIds=[bench.account.vpc_id])


def test_what_is_not_emulated_says_so(bench: Workbench) -> None:
    """Nothing of load balancing falls through to moto's looser answers."""
    with refused("InvalidAction", saying="GetResourcePolicy"):
        bench.elbv2.get_resource_policy(ResourceArn="arn")


@pytest.mark.parametrize("change", [{"health_seconds": -1}, {"page_size": 0}])
def test_senseless_settings_are_refused(bench: Workbench, change: dict[str, int]) -> None:
    """A negative duration can only be a mistake."""
    with pytest.raises(ValueError, match="must"):
        bench.cloud.configure(**change)


def test_a_server_that_is_not_running_has_no_url() -> None:
    """Plainly said, not an attribute error; stopping twice is harmless."""
    cloud = CloudServer()

    with pytest.raises(RuntimeError, match="not running"):
        _ = cloud.url
    cloud.start()
    cloud.stop()
    cloud.stop()


def test_time_does_not_go_back(bench: Workbench) -> None:
    """``advance`` takes no negative seconds."""
    with pytest.raises(ValueError, match="back"):
        bench.cloud.advance(-1)


def _paths(bench: Workbench, rule: str) -> list[str]:
    (found,) = bench.elbv2.describe_rules(RuleArns=[rule])["Rules"]
    return found["Conditions"][0]["Values"]
