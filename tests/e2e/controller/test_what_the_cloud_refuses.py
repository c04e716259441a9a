"""Promises about limits and errors of the cloud: the guilty is told, everyone else goes on."""

from __future__ import annotations

import logging

import pytest

from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import MEMBERSHIP, Stage, until

pytestmark = pytest.mark.slow

RULES = "rules-per-application-load-balancer"


def test_one_rule_too_many_is_told_to_its_ingress_and_to_nobody_else(stage: Stage) -> None:
    """No call for the refused one, no address, no finalizer; its neighbours change and go."""
    stage.serve("web", "api")
    stage.cloud.limits[RULES] = 2
    with stage.controller() as troupe:
        stage.apply(
            an_ingress("web", group="edge"), an_ingress("api", paths={"/": "api"}, group="edge")
        )
        stage.until_settled(troupe, "web", "api")
        stage.cloud.calls.clear()

        stage.apply(an_ingress("late", group="edge"))
        until("it is told", lambda: stage.reasons("late"))
        stage.until_at_rest(troupe)

        assert set(stage.reasons("late")) == {"LimitExceeded"}
        assert "3 of 2" in stage.messages("late", "LimitExceeded")[0]
        assert set(stage.reasons("web")) == set(stage.reasons("api")) == {"Applied"}
        assert stage.writes == []
        assert (stage.hostnames("late"), stage.finalizers("late")) == ([], [])

        stage.apply(an_ingress("web", paths={"/": "api"}, group="edge"))
        until("the neighbour has changed", lambda: not stage.targets_of("web"))
        stage.cluster.delete("Ingress", "api", "shop")
        until("the neighbour is gone", lambda: not stage.ingress("api"))
        until("there is room now", lambda: "late.example.com /*" in stage.rules())
        until("it has an address", lambda: stage.hostnames("late"))


def test_a_denied_call_is_told_to_its_ingress_and_tried_again_later(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """No address for what is not served; others go on; the pauses between attempts grow."""
    caplog.set_level(logging.INFO, "provisioner")
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(an_ingress("web"))
        stage.until_settled(troupe)

        stage.cloud.faults.deny("elbv2:CreateRule")
        stage.apply(an_ingress("api", paths={"/": "api"}))
        until("it is told", lambda: stage.reasons("api")["ApplyFailed"])
        assert "CreateRule" in stage.messages("api", "ApplyFailed")[0]
        assert stage.hostnames("api") == []
        assert set(stage.reasons("web")) == {"Applied"}

        stage.cluster.scale("Deployment", "web", 3, namespace="shop")
        until("another goes on", lambda: len(stage.targets_of("web")) == 3)
        until("it was tried again", lambda: len(stage.cloud.calls.named("CreateRule")) > 3)
        pauses = [r.again for group, r in troupe.heard.results if group == "shop/api" and r.failed]
        assert pauses[:2] == pytest.approx([1.0, 2.0], abs=0.2)

        stage.cloud.faults.clear()
        stage.until_settled(troupe, "api")
        assert stage.targets_of("api") == stage.ready("api")

    assert not [record for record in caplog.records if record.exc_info]


def test_an_answer_that_was_lost_is_found_out_and_nothing_is_made_twice(stage: Stage) -> None:
    """The call may have been carried out; the next plan looks."""
    stage.serve("web")
    stage.cloud.faults.lose_response("CreateTargetGroup")
    stage.cloud.faults.fail("CreateLoadBalancer", after=True)
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        assert stage.counts()["CreateTargetGroup"] == 1
        assert stage.counts()["CreateLoadBalancer"] == 1
        assert stage.targets_of("web") == stage.ready("web")


def test_throttles_are_waited_out_and_fail_nobody(stage: Stage) -> None:
    """Too fast for a moment is no failure, so nobody is told."""
    stage.serve("web")
    stage.cloud.faults.throttle("elbv2:*", times=3)
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        assert set(stage.reasons()) == {"Applied"}


def test_a_step_that_fails_does_not_hold_up_pods_of_the_same_load_balancer(stage: Stage) -> None:
    """A failure is remembered per step; membership of the same group follows its pods."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(an_ingress("web", group="edge"))
        stage.until_settled(troupe)
        stage.cloud.faults.deny("elbv2:CreateRule")
        stage.apply(an_ingress("api", paths={"/": "api"}, group="edge"))
        until("it is told", lambda: stage.reasons("api")["ApplyFailed"])
        stage.cloud.calls.clear()

        stage.cluster.scale("Deployment", "web", 4, namespace="shop")
        until("four are registered", lambda: len(stage.targets_of("web")) == 4)

        assert set(stage.counts()) <= MEMBERSHIP
        assert "ApplyFailed" not in stage.reasons("web")
