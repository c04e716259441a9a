"""Promises of the controller about pods that wait for the load balancer by a readiness gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioner.sandbox.cluster.documents import (
    Document,
    annotations_of,
    condition_status,
    parts,
    text,
)
from tests.e2e.controller.scene import Scene, until
from tests.e2e.controller.scripts import a_workload, an_ingress

pytestmark = pytest.mark.slow

OURS = "target-health.ingress-provisioner.io/web"


@pytest.fixture
def stage(anywhere: Scene) -> Scene:
    """A cluster on each cloud in turn."""
    return anywhere


def by_pods(stage: Scene) -> str:
    """Return an Ingress whose targets are pods."""
    return an_ingress(mode="pod", class_name=stage.ingress_class)


def pods(stage: Scene, version: str = "2") -> list[Document]:
    """The pods of one version of the Deployment."""
    found = stage.cluster.list("Pod", "shop")
    return [pod for pod in found if annotations_of(pod).get("version") == version]


def addresses(found: list[Document]) -> set[str]:
    """The addresses of pods, as far as they have one."""
    return {text(pod, "status", "podIP") for pod in found} - {""}


def ready(stage: Scene, version: str = "2") -> list[Document]:
    """Those that are ready."""
    return [pod for pod in pods(stage, version) if condition_status(pod, "Ready") == "True"]


def condition(pod: Document, kind: str) -> Document:
    """One condition of a pod."""
    found = parts(pod, "status", "conditions")
    return next((each for each in found if text(each, "type") == kind), {})


@pytest.mark.parametrize(
    "gate",
    [lambda _: OURS, lambda stage: stage.incumbent_gate()],
    ids=["by the Service", "as the incumbent names it"],
)
def test_a_rollout_goes_on_only_as_fast_as_the_load_balancer_finds_new_pods_healthy(
    stage: Scene, gate: Callable[[Scene], str]
) -> None:
    """New pods are registered before they are ready, and ready only once they are healthy."""
    stage.let_health_take(0.6)
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(by_pods(stage))
        stage.until_settled(troupe)
        until("old pods are healthy", lambda: stage.targets_of("web") == stage.ready("web"))

        stage.apply(a_workload("web", version="2", gates=[gate(stage)]))

        def rolled() -> bool:
            open_ = addresses(ready(stage))
            assert open_ <= stage.targets_of("web"), "a pod is ready that is not healthy"
            assert stage.ready("web"), "the Service has no ready pod left"
            return len(open_) == 2 and not pods(stage, "1")

        until("the new version is ready", rolled)
        stage.until_at_rest(troupe)

        assert stage.targets_of("web") == addresses(ready(stage))
        for pod in ready(stage):
            said = condition(pod, gate(stage))
            assert (text(said, "status"), text(said, "reason")) == ("True", "Healthy")


def test_pods_that_never_become_healthy_never_replace_the_old_ones(stage: Scene) -> None:
    """Their containers are ready, their condition says what the load balancer says."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(by_pods(stage))
        stage.until_settled(troupe)
        old = stage.ready("web")
        stage.let_health_take(600.0)

        stage.apply(a_workload("web", version="2", gates=[OURS]))
        until(
            "somebody says why",
            lambda: (
                pods(stage)
                and all(
                    text(condition(pod, OURS), "reason") == stage.waits_as for pod in pods(stage)
                )
            ),
        )

        assert not ready(stage)
        assert all(condition_status(pod, "ContainersReady") == "True" for pod in pods(stage))
        assert stage.ready("web")
        assert stage.ready("web") <= old


def test_a_gate_without_a_load_balancer_says_so(stage: Scene) -> None:
    """Ours names a Service; where nothing leads to it, nobody must wonder why a pod waits."""
    stage.serve("web")
    other = "target-health.ingress-provisioner.io/missing"
    with stage.controller() as troupe:
        stage.apply(by_pods(stage))
        stage.until_settled(troupe)

        stage.apply(a_workload("web", version="2", gates=[other]))
        until(
            "somebody says why",
            lambda: any(
                text(condition(pod, other), "reason") == "NoLoadBalancer" for pod in pods(stage)
            ),
        )

        assert not ready(stage)


def test_nothing_is_asked_for_when_no_pod_waits(stage: Scene) -> None:
    """Health is polled for those that wait, and pods are watched only where some may."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(by_pods(stage))
        stage.until_settled(troupe)
        stage.forget_calls()
        stage.apply(a_workload("web", version="2"))
        until("it has rolled", lambda: len(ready(stage)) == 2 and not pods(stage, "1"))
        stage.until_at_rest(troupe)

        watched = [r for r in stage.cluster.requests.recent() if r.kind == "Pod"]

        assert not [r for r in watched if r.user_agent.startswith("ingress-provisioner")]
        assert stage.health_questions() <= stage.counts().total()


def test_a_pod_that_is_replaced_while_it_waits_is_forgotten(stage: Scene) -> None:
    """It is deregistered, and nobody waits for it any longer."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(by_pods(stage))
        stage.until_settled(troupe)
        stage.let_health_take(600.0)
        stage.apply(a_workload("web", version="2", gates=[OURS]))
        until("new pods are registered", lambda: initial(stage) >= addresses(pods(stage)) != set())
        waiting = addresses(pods(stage))

        stage.let_health_take(0.0)
        stage.apply(a_workload("web", version="3", gates=[OURS]))
        until("the third version is ready", lambda: len(ready(stage, "3")) == 2)
        until("the others are gone", lambda: not pods(stage) and not pods(stage, "1"))
        stage.until_at_rest(troupe)

        assert stage.targets_of("web") == addresses(ready(stage, "3"))
        assert waiting.isdisjoint(stage.targets_of("web"))


def initial(stage: Scene) -> set[str]:
    """The targets whose first health check is still to come."""
    return stage.targets_of("web", state="initial")
