"""Promises of the controller about target groups that other clusters register targets with, too."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.e2e.controller.scripts import an_ingress, text_or_bool
from tests.e2e.controller.stagehand import Stage, until

pytestmark = pytest.mark.slow

SHARED = {"alb.ingress.kubernetes.io/multi-cluster-target-group": "true"}
THEIRS = "10.0.0.250"


def register_theirs(stage: Stage) -> None:
    """Let another cluster register a target of its own."""
    (group,) = stage.elbv2.describe_target_groups()["TargetGroups"]
    stage.elbv2.register_targets(
        TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": THEIRS, "Port": 8080}]
    )


def record(stage: Stage) -> set[str]:
    """The addresses that the cluster's record holds."""
    found = stage.cluster.get("ConfigMap", "ingress-provisioner-targets", "kube-system")
    data = text_or_bool(found, "data")
    lines = (
        [line for value in data.values() for line in str(value).splitlines()]
        if isinstance(data, dict)
        else []
    )
    return {line.split()[0] for line in lines}


def test_targets_of_others_are_never_deregistered(stage: Stage) -> None:
    """Ours come and go with our pods, also after a restart; those of others stay."""
    stage.serve("web")
    with stage.controller("one") as troupe:
        stage.apply(an_ingress(mode="pod", annotations=SHARED))
        stage.until_settled(troupe)
        register_theirs(stage)
        stage.cluster.scale("Deployment", "web", 3, namespace="shop")
        until(
            "a third pod is registered",
            lambda: (
                len(stage.targets_of("web")) == 4
                and stage.targets_of("web") == stage.ready("web") | {THEIRS}
            ),
        )
        stage.until_at_rest(troupe)
        assert record(stage) == stage.ready("web")

    pod = stage.cluster.list("Pod", "shop")[0]
    stage.cluster.delete("Pod", text(pod, "metadata", "name"), "shop")
    gone = text(pod, "status", "podIP")
    until(
        "the pod is gone", lambda: gone not in stage.ready("web") and len(stage.ready("web")) == 3
    )

    with stage.controller("two") as troupe:
        until(
            "ours follow the pods",
            lambda: stage.targets_of("web") == stage.ready("web") | {THEIRS},
        )
        stage.until_at_rest(troupe)
        stage.cloud.calls.clear()
        stage.sync(troupe)
        stage.until_at_rest(troupe)

        assert record(stage) == stage.ready("web")
        assert not stage.writes, "a plan with others' targets in it has nothing to do"


def test_without_the_setting_every_target_is_ours(stage: Stage) -> None:
    """A target that somebody registers by hand in a group of ours is drift."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress(mode="pod"))
        stage.until_settled(troupe)
        register_theirs(stage)
        stage.apply(an_ingress(mode="pod", paths={"/": "web", "/more": "web"}))
        until("theirs is out", lambda: THEIRS not in stage.targets_of("web"))
        stage.until_at_rest(troupe)

        assert stage.cluster.get("ConfigMap", "ingress-provisioner-targets", "kube-system") is None
