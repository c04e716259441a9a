"""Promises about doing nothing: what has not changed costs no call, what drifted is repaired."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.sandbox.cluster.documents import Document
from tests.e2e.controller.scripts import an_ingress, annotated, text_or_bool
from tests.e2e.controller.stagehand import FINALIZER, RHYTHM, Stage, until

pytestmark = pytest.mark.slow


def test_an_edit_without_meaning_makes_no_cloud_call(stage: Stage) -> None:
    """Not even one that reads: the intent is what it was when the last run was complete."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        stage.cloud.calls.clear()

        stage.sync(troupe)
        stage.sync(troupe)

        assert stage.calls == []


def test_heartbeats_of_nodes_make_no_cloud_call_and_no_reconcile(stage: Stage) -> None:
    """A kubelet writes its node every few seconds."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        stage.cloud.calls.clear()
        before = len(troupe.heard.results)

        for node in stage.cluster.list("Node"):
            name = str(text_or_bool(node, "metadata", "name"))
            for beat in range(3):
                stage.cluster.patch("Node", name, annotated(beat=str(beat)))
                stage.cluster.set_node_ready(name, ready=True)
        stage.sync(troupe)

        assert stage.calls == []
        assert [group for group, _ in troupe.heard.results[before:]] == ["shop/web"]


def test_what_somebody_deleted_by_hand_comes_back(stage: Stage) -> None:
    """The drift pass looks at everything in full, although no event asks for it.

    What this very process created within the last minute is believed over a list that lacks it,
    so another one made it here.
    """
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
    with stage.controller("two", rhythm=replace(RHYTHM, drift=3.0)) as troupe:
        until("it has looked", lambda: troupe.heard.count("shop/web"))

        (arn,) = stage.balancers().values()
        (listener,) = stage.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        for rule in stage.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
            if not rule["IsDefault"]:
                stage.elbv2.delete_rule(RuleArn=rule["RuleArn"])
        assert stage.rules() == {}

        until("the rule is back", lambda: list(stage.rules()) == ["web.example.com /*"])


def test_what_somebody_took_from_the_ingress_comes_back_without_a_cloud_call(
    stage: Stage,
) -> None:
    """Finalizer and address are kept from what is known."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        hostnames = stage.hostnames()
        stage.cloud.calls.clear()

        nobody: Document = {"status": {"loadBalancer": {"ingress": None}}}
        stage.cluster.patch("Ingress", "web", nobody, namespace="shop", subresource="status")
        stage.cluster.patch("Ingress", "web", {"metadata": {"finalizers": None}}, namespace="shop")

        until("the address is back", lambda: stage.hostnames() == hostnames)
        until("the finalizer is back", lambda: FINALIZER in stage.finalizers())
        assert stage.calls == []


def test_a_restart_finds_everything_done(stage: Stage) -> None:
    """A new controller looks once and writes nothing, to the cloud or to the objects."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
    stage.cloud.calls.clear()
    version = text_or_bool(stage.ingress(), "metadata", "resourceVersion")

    with stage.controller("two") as troupe:
        until("it has looked", lambda: troupe.heard.count("shop/web"))
        stage.until_at_rest(troupe)

    assert stage.writes == []
    assert text_or_bool(stage.ingress(), "metadata", "resourceVersion") == version


def test_custom_resources_that_are_installed_later_are_watched(stage: Stage) -> None:
    """A kind that appears in the middle is not ignored, nor does it shut the barrier."""
    stage.cluster.faults.hide("LoadBalancerClass")
    stage.serve("web")
    with stage.controller(rhythm=replace(RHYTHM, verify=0.5)) as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        assert stage.cluster.watch_count("LoadBalancerClass") == 0

        stage.cluster.faults.clear()

        until("it is watched", lambda: stage.cluster.watch_count("LoadBalancerClass") > 0)
        until("the controller is ready", lambda: troupe.probe()[0] == 200)
