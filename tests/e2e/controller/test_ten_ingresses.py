"""The promise that one team's mistake is nobody else's: ten Ingresses on one load balancer."""

from __future__ import annotations

from functools import partial

import pytest

from provisioner.sandbox.cluster.documents import annotations_of, text
from tests.e2e.controller.scripts import a_workload, an_ingress
from tests.e2e.controller.stagehand import Stage, until

pytestmark = pytest.mark.slow

ALB = "alb.ingress.kubernetes.io"
OURS = "ingress-provisioner.io"
GROUP = "edge"
TEN = tuple(f"team-{number}" for number in range(10))
BROKEN = {
    "team-3": {f"{OURS}/target-mode": "podd"},  # nobody can read it
    "team-6": {f"{OURS}/scheme": "internal"},  # the others, who came first, said external
    "team-9": {f"{ALB}/healthcheck-timeout-seconds": "60"},  # longer than the interval: AWS refuses
}
WHOLE = tuple(name for name in TEN if name not in BROKEN)


def its_ingress(name: str, *, path: str = "/", wrong: bool = False) -> str:
    """Return the Ingress of a team, right or as wrong as the table says."""
    return an_ingress(
        name,
        paths={path: name},
        group=GROUP,
        mode="pod",
        annotations=BROKEN[name] if wrong else None,
    )


def new_pods(stage: Stage, name: str) -> set[str]:
    """Addresses of a team's pods of the second version."""
    return {
        text(pod, "status", "podIP")
        for pod in stage.cluster.list("Pod", "shop", labels=f"app={name}")
        if annotations_of(pod).get("version") == "2"
    }


def has_rolled(stage: Stage, name: str) -> bool:
    """Tell whether exactly the pods of the second version are served."""
    wanted = new_pods(stage, name)
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
        reasons = [frozenset(warnings(stage, name)) for name in BROKEN]
        assert len(set(reasons)) == len(BROKEN), "each has a reason of its own"
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
