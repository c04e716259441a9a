"""Faults on demand, the call log, and both over HTTP."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.unit.sandbox.aws.workbench import Workbench, path, refused


def control(bench: Workbench, method: str, route: str, body: object = None) -> tuple[int, object]:
    """Call one of the sandbox's own endpoints."""
    connection = HTTPConnection(urlsplit(bench.cloud.url).netloc, timeout=5)
    connection.request(method, f"/sandbox/{route}", json.dumps(body) if body is not None else None)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def test_a_throttle_hits_the_next_calls(bench: Workbench) -> None:
    """Rate exceeded, as often as asked for; nothing is carried out."""
    bench.cloud.faults.throttle("CreateTargetGroup", times=2)

    for _ in range(2):
        with refused("Throttling", saying="Rate exceeded"):
            bench.group("one")
    bench.group("one")

    assert bench.cloud.calls.counts()["CreateTargetGroup"] == 1


def test_each_service_has_its_own_words(bench: Workbench) -> None:
    """EC2 and ACM throttle and deny with other codes than load balancing."""
    bench.cloud.faults.throttle("ec2:*")
    with refused("RequestLimitExceeded"):
        bench.ec2.describe_vpcs()
    bench.cloud.faults.throttle("acm:*")
    with refused("ThrottlingException"):
        bench.acm.list_certificates()
    bench.cloud.faults.deny("*:*")
    with refused("UnauthorizedOperation"):
        bench.ec2.describe_vpcs()
    with refused("AccessDeniedException"):
        bench.acm.list_certificates()
    with refused("AccessDenied"):
        bench.elbv2.describe_load_balancers()


def test_a_denied_operation_stays_denied(bench: Workbench) -> None:
    """Until cleared, and only that operation."""
    bench.cloud.faults.deny("elbv2:SetRulePriorities")
    listener = bench.listener(bench.balancer())
    rule = bench.rule(listener)

    for _ in range(2):
        with refused("AccessDenied", saying="SetRulePriorities"):
            bench.elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 2}])
    bench.cloud.faults.clear()
    bench.elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 2}])

    assert bench.priorities(listener)[rule] == "2"


def test_a_failure_before_the_call_changes_nothing(bench: Workbench) -> None:
    """With the code, message and status asked for, after the calls that are skipped."""
    bench.cloud.faults.fail("CreateTargetGroup", code="ServiceUnavailable", status=503, skip=1)
    bench.group("one")

    with refused("ServiceUnavailable"):
        bench.group("two")

    found = bench.elbv2.describe_target_groups()["TargetGroups"]
    assert [each["TargetGroupName"] for each in found] == ["one"]


def test_a_failure_after_the_call_has_changed_everything(bench: Workbench) -> None:
    """The caller hears an error although the rule exists: what idempotent retries are for."""
    listener = bench.listener(bench.balancer())
    bench.cloud.faults.fail("CreateRule", after=True)

    with refused("InternalFailure"):
        bench.rule(listener, 1)

    assert "1" in bench.priorities(listener).values()


def test_a_lost_answer_cuts_the_connection(bench: Workbench) -> None:
    """The load balancer exists; the caller knows nothing."""
    bench.cloud.faults.lose_response("CreateLoadBalancer")

    with pytest.raises(ConnectionClosedError):
        bench.balancer("web")

    assert len(bench.elbv2.describe_load_balancers()["LoadBalancers"]) == 1
    (record,) = bench.cloud.calls.named("CreateLoadBalancer")
    assert (record.status, record.carried_out) == (0, True)


def test_a_refused_call_does_not_use_up_later_faults(bench: Workbench) -> None:
    """Faults after the call wait for one that is carried out."""
    bench.cloud.faults.lose_response("CreateTargetGroup")

    with refused("ValidationError"):
        bench.group("-bad-")
    with pytest.raises(ConnectionClosedError):
        bench.group("good")


def test_a_delay_delays(bench: Workbench) -> None:
    """For tests of time-outs."""
    bench.cloud.faults.delay("DescribeLoadBalancers", seconds=0.2)
    start = time.monotonic()

    bench.elbv2.describe_load_balancers()

    assert time.monotonic() - start >= 0.2


def test_a_death_to_order(bench: Workbench) -> None:
    """After the third mutating call the callback runs and the answer is lost."""
    deaths: list[int] = []
    bench.cloud.faults.kill_after(3, lambda: deaths.append(len(bench.cloud.calls.mutating())))

    bench.group("one")
    bench.elbv2.describe_target_groups()
    bench.group("two")
    with pytest.raises(ConnectionClosedError):
        bench.group("three")
    bench.group("four")

    assert deaths == [2]  # the third is carried out, its record follows the callback
    assert bench.cloud.calls.counts()["CreateTargetGroup"] == 4


def test_the_log_tells_changes_from_reads_and_refusals(bench: Workbench) -> None:
    """Decoded parameters, status, and whether anything changed."""
    listener = bench.listener(bench.balancer())
    bench.cloud.calls.clear()

    bench.rule(listener, 7, Conditions=[path("/a")])
    bench.elbv2.describe_rules(ListenerArn=listener)
    with refused("PriorityInUse"):
        bench.rule(listener, 7)

    created, read, refused_one = bench.cloud.calls
    assert (created.service, created.operation, created.status) == ("elbv2", "CreateRule", 200)
    assert created.params["Priority"] == 7
    assert created.params["Conditions"] == [path("/a")]
    assert (read.mutates, read.carried_out) == (False, True)
    assert (refused_one.status, refused_one.carried_out) == (400, False)
    assert bench.cloud.calls.mutating() == (created,)


def test_faults_and_calls_over_http(bench: Workbench) -> None:
    """A test in another process places faults and reads the log."""
    status, _ = control(
        bench, "POST", "faults", {"kind": "fail", "operation": "CreateTargetGroup", "code": "Oops"}
    )
    _, waiting = control(bench, "GET", "faults")
    with refused("Oops"):
        bench.group("one")
    _, log = control(bench, "GET", "calls")

    assert status == 200
    assert isinstance(waiting, dict)
    assert waiting["faults"][0]["code"] == "Oops"
    assert isinstance(log, dict)
    assert log["calls"][-1]["operation"] == "CreateTargetGroup"
    control(bench, "DELETE", "calls")
    assert control(bench, "GET", "calls") == (200, {"calls": []})


def test_settings_limits_and_clock_over_http(bench: Workbench) -> None:
    """What ``configure``, ``limits`` and ``advance`` do from Python."""
    before = bench.cloud.now()

    control(bench, "POST", "settings", {"health_seconds": 5.0})
    control(bench, "POST", "limits", {"target-groups": 1})
    control(bench, "POST", "clock", {"advance": 100})

    assert bench.cloud.settings.health_seconds == 5
    assert bench.cloud.limits["target-groups"] == 1
    assert bench.cloud.now() - before >= 100


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("POST", "faults", {"kind": "explode"}, 400),
        ("POST", "faults", {"kind": "fail", "operaton": "x"}, 400),
        ("POST", "settings", {"health_second": 1}, 400),
        ("POST", "settings", {"health_seconds": -1}, 400),
        ("POST", "limits", {"no-such-limit": 1}, 400),
        ("POST", "clock", {}, 400),
        ("POST", "faults", [], 400),
        ("GET", "nothing", None, 404),
    ],
)
def test_mistakes_are_answered_plainly(
    bench: Workbench, method: str, route: str, body: object, status: int
) -> None:
    """A wrong name or value is named in the answer, no traceback."""
    answered, message = control(bench, method, route, body)

    assert answered == status
    assert isinstance(message, dict)
    assert message["error"]
