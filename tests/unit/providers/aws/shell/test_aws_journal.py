"""Promises of the memory of what was written lately: it must not keep the dead alive."""

from __future__ import annotations

from collections.abc import Mapping

from providers.aws.live.journal import Journal
from providers.aws.live.pace import SystemClock
from provisioner.model.change import Call
from provisioner.model.resource import PlainInput, Ref, freeze_spec

BALANCER = "aws:load-balancer/shop/web"
LISTENER = "aws:listener/shop/web/80"
RULE = "aws:listener-rule/shop/web/80/0123456789"


def a_call(operation: str, address: str, **parameters: PlainInput) -> Call:
    return Call(
        service="elbv2", operation=operation, parameters=freeze_spec(parameters), address=address
    )


def a_journal(created: Mapping[str, Call]) -> Journal:
    journal = Journal(SystemClock())
    for output, call in created.items():
        journal.note(call, {output: f"arn:{call.address}"})
    return journal


def test_a_deleted_load_balancer_takes_its_listeners_and_rules_along() -> None:
    """AWS deletes them with it and nobody calls for each, so nothing would make them forgotten."""
    group = a_call("CreateTargetGroup", "aws:target-group/shop/web/web:80/pod", Name="web")
    journal = a_journal(
        {
            "LoadBalancerArn": a_call("CreateLoadBalancer", BALANCER, Name="web"),
            "ListenerArn": a_call(
                "CreateListener", LISTENER, LoadBalancerArn=Ref(BALANCER, "LoadBalancerArn")
            ),
            "RuleArn": a_call("CreateRule", RULE, ListenerArn=Ref(LISTENER, "ListenerArn")),
            "TargetGroupArn": group,
        }
    )

    journal.note(a_call("DeleteLoadBalancer", BALANCER), {})

    assert [resource.address for resource in journal.resources()] == [group.address]
