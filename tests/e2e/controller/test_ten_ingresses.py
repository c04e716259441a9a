"""The promise that one team's mistake is nobody else's: ten Ingresses on one load balancer.

And that it takes nothing from that team that worked before: its last good rules follow their pods,
even to a Service that the Ingress does not name any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest

from provisioner.sandbox.cluster.documents import annotations_of, text
from tests.e2e.controller.scripts import a_workload, an_ingress
from tests.e2e.controller.stagehand import MEMBERSHIP, Stage, until

pytestmark = pytest.mark.slow

ALB = "alb.ingress.kubernetes.io"
OURS = "ingress-provisioner.io"
GROUP = "edge"
TEN = tuple(f"team-{number}" for number in range(10))


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong with an Ingress, and the reason of the Event that says so."""

    reason: str
    service: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


BROKEN = {
    # An edit that names a Service which does not exist; the old one goes on as it was.
    "team-3": Mistake(reason="BackendServiceMissing", service="team-three"),
    # The others, who came first, said external.
    "team-6": Mistake(reason="GroupConflict", annotations={f"{OURS}/scheme": "internal"}),
    # Longer than the interval: AWS refuses.
    "team-9": Mistake(
        reason="BackendHealthCheck", annotations={f"{ALB}/healthcheck-timeout-seconds": "60"}
    ),
}
WHOLE = tuple(name for name in TEN if name not in BROKEN)


def its_ingress(name: str, *, path: str = "/", wrong: bool = False) -> str:
    """Return the Ingress of a team, right or as wrong as the table says."""
    mistake = BROKEN[name] if wrong else Mistake(reason="")
    return an_ingress(
        name,
        paths={path: mistake.service or name},
        group=GROUP,
        mode="pod",
        annotations=mistake.annotations,
    )


def new_pods(stage: Stage, name: str, version: str = "2") -> set[str]:
    """Addresses of a team's pods of a version."""
    return {
        text(pod, "status", "podIP")
        for pod in stage.cluster.list("Pod", "shop", labels=f"app={name}")
        if annotations_of(pod).get("version") == version
    }


def has_rolled(stage: Stage, name: str, version: str = "2") -> bool:
    """Tell whether exactly the pods of a version are served."""
    wanted = new_pods(stage, name, version)
    return bool(wanted) and stage.targets_of(name) == wanted


def updated(stage: Stage) -> set[str]:
    """The teams with a rule for the path that they changed to."""
    return {rule.split(".")[0] for rule in stage.rules() if rule.endswith("/new/*")}


def warnings(stage: Stage, name: str) -> set[str]:
    """Reasons of the warnings on an Ingress."""
    return {
        text(event, "reason")
        for event in stage.cluster.list("Event", "shop")
        if text(event, "involvedObject", "name") == name and text(event, "type") == "Warning"
    }


def test_three_mistakes_among_ten_cost_the_other_seven_nothing(stage: Stage) -> None:
    """Seven are updated; each broken one has its own event, its last good rules, its new pods."""
    stage.serve(*TEN, replicas=1)
    with stage.controller() as troupe:
        stage.apply(*(its_ingress(name) for name in TEN))
        stage.until_settled(troupe, *TEN)
        good = stage.rules()
        assert {rule.split()[0] for rule in good} == {f"{name}.example.com" for name in TEN}

        stage.apply(*(its_ingress(name, wrong=True) for name in BROKEN))
        for name in BROKEN:
            until(f"{name} hears of its mistake", partial(warnings, stage, name))
        stage.until_at_rest(troupe)

        assert stage.rules() == good
        assert {name: warnings(stage, name) for name in BROKEN} == {
            name: {mistake.reason} for name, mistake in BROKEN.items()
        }
        assert not any(warnings(stage, name) for name in WHOLE)

        stage.apply(*(its_ingress(name, path="/new") for name in WHOLE))
        until("the seven are updated", lambda: updated(stage) == set(WHOLE))
        stage.until_at_rest(troupe)
        kept = {rule: groups for rule, groups in good.items() if rule.split(".")[0] in BROKEN}
        assert kept.items() <= stage.rules().items()

        stage.apply(*(a_workload(name, replicas=1, version="2") for name in TEN))
        for name in TEN:
            until(f"the new pods of {name} serve", partial(has_rolled, stage, name))
        stage.until_at_rest(troupe)

        assert kept.items() <= stage.rules().items()
        for name in TEN:
            assert stage.hostnames(name) == stage.hostnames(TEN[0]) != []


def operations(stage: Stage) -> set[str]:
    """What was called that changed something."""
    return {call.operation for call in stage.writes}


@pytest.mark.parametrize("group", ["", GROUP], ids=["own load balancer", "shared load balancer"])
def test_the_service_that_an_ingress_no_longer_names_is_followed(stage: Stage, group: str) -> None:
    """Its rollout is the only thing that happens, and it happens to a running and a new controller.

    Nothing else wakes the load balancer: neither an Ingress nor a Service that one names changes.
    """
    stage.serve("old", "other", replicas=2)
    good = an_ingress("web", paths={"/": "old"}, group=group, mode="pod")
    with stage.controller() as troupe:
        stage.apply(good, an_ingress("api", paths={"/": "other"}, group=group, mode="pod"))
        stage.until_settled(troupe, "web", "api")
        rules = stage.rules()
        stage.apply(an_ingress("web", paths={"/": "no-such"}, group=group, mode="pod"))
        until("the mistake is told", partial(warnings, stage, "web"))
        stage.until_at_rest(troupe)
        stage.cloud.calls.clear()

        stage.apply(a_workload("old", replicas=2, version="2"))
        until("the second version serves", lambda: has_rolled(stage, "old"))
        stage.until_at_rest(troupe)
        assert operations(stage) == MEMBERSHIP

    stage.apply(a_workload("old", replicas=2, version="3"))
    until("the third version runs", lambda: stage.ready("old") == new_pods(stage, "old", "3"))
    with stage.controller(name="two") as troupe:
        until("the third version serves", lambda: has_rolled(stage, "old", "3"))
        stage.until_at_rest(troupe)

        stage.apply(a_workload("old", replicas=2, version="4"))
        until("the fourth version serves", lambda: has_rolled(stage, "old", "4"))
        stage.until_at_rest(troupe)
        assert operations(stage) == MEMBERSHIP
        assert stage.rules() == rules
        assert stage.hostnames("web") != []

        stage.apply(an_ingress("web", paths={"/": "other"}, group=group, mode="pod"))
        until("the old target group is gone", lambda: not stage.targets_of("old"))
        stage.until_at_rest(troupe)
        stage.cloud.calls.clear()
        stage.apply(a_workload("old", replicas=2, version="5"))
        until("the fifth version runs", lambda: stage.ready("old") == new_pods(stage, "old", "5"))
        stage.until_at_rest(troupe)
        assert stage.calls == []
