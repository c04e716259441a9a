"""Promises about a cluster that hides things: what is not known is never taken for empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.e2e.controller.scripts import an_ingress, annotated
from tests.e2e.controller.stagehand import RHYTHM, Stage, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["Ingress", "Service", "EndpointSlice", "Node"])
def test_a_forbidden_kind_shuts_the_barrier_by_name(stage: Stage, kind: str) -> None:
    """No cloud call, /readyz red and naming it; it opens when the kind may be read."""
    stage.serve("web")
    stage.apply(an_ingress())
    stage.cluster.faults.forbid(kind)
    with stage.controller() as troupe:
        until("readiness names it", lambda: f"{kind}: " in troupe.probe()[1])
        until("all others are read", lambda: troupe.probe()[1].count("\n") == 1)

        status, text = troupe.probe()
        assert status == 503
        assert "Not allowed to list" in text
        assert troupe.probe("/healthz") == (200, "alive\n")
        assert stage.calls == []

        stage.cluster.faults.clear()
        stage.until_settled(troupe)
        assert troupe.probe()[0] == 200


def test_a_mandatory_kind_that_is_missing_shuts_the_barrier_by_name(stage: Stage) -> None:
    """A discovery that hiccups must not look like a cluster without endpoints."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
    rules, targets = stage.rules(), stage.targets_of("web")
    stage.cloud.calls.clear()

    stage.cluster.faults.hide("EndpointSlice")
    with stage.controller("two") as troupe:
        until("readiness names it", lambda: "EndpointSlice: " in troupe.probe()[1])
        until("all others are read", lambda: troupe.probe()[1].count("\n") == 1)

        assert troupe.probe()[0] == 503
        assert stage.writes == []
        assert (stage.rules(), stage.targets_of("web")) == (rules, targets)


def test_an_optional_kind_that_is_forbidden_does_not_stop_anything(stage: Stage) -> None:
    """Deployments tell how many pods to expect; without them, ready pods are served."""
    stage.serve("web")
    stage.cluster.faults.forbid("Deployment")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        assert stage.targets_of("web") == stage.ready("web")
        assert troupe.probe()[0] == 200


def test_what_vanishes_while_the_watches_are_down_is_dropped(stage: Stage) -> None:
    """A watch reports no deletion that it missed, so keys are listed again when it is back."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(
            an_ingress("web", group="edge"), an_ingress("api", paths={"/": "api"}, group="edge")
        )
        stage.until_settled(troupe, "web", "api")

        stage.cluster.faults.cut_watches(hold=True)
        stage.cluster.scale("Deployment", "web", 1, namespace="shop")
        until("one pod is left", lambda: len(stage.ready("web")) == 1)
        stage.cluster.patch("Ingress", "api", {"metadata": {"finalizers": None}}, namespace="shop")
        stage.cluster.delete("Ingress", "api", "shop")
        stage.cluster.delete("Service", "api", "shop")
        stage.cluster.compact("*")
        stage.cluster.faults.release_watches()

        until("the dead pod is out", lambda: stage.targets_of("web") == stage.ready("web"))
        until("its rule is gone", lambda: list(stage.rules()) == ["web.example.com /*"])
        stage.until_at_rest(troupe)
        assert troupe.probe()[0] == 200
        assert stage.hostnames("web")


def test_a_kind_that_became_empty_while_its_watch_was_down_is_noticed(stage: Stage) -> None:
    """An empty list gives no event at all; the periodic verification finds out."""
    stage.serve("web")
    with stage.controller(rhythm=replace(RHYTHM, verify=1.0)) as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        stage.cluster.faults.cut_watches("Ingress", hold=True)
        stage.cluster.patch("Ingress", "web", {"metadata": {"finalizers": None}}, namespace="shop")
        stage.cluster.delete("Ingress", "web", "shop")
        stage.cluster.compact("Ingress")
        stage.cluster.faults.release_watches("Ingress")

        until("the account is empty", lambda: not stage.left())


def test_a_kind_that_is_forbidden_while_running_changes_nothing(stage: Stage) -> None:
    """The verification notices, readiness turns red by name, and the cloud is left as it is."""
    stage.serve("web")
    with stage.controller(rhythm=replace(RHYTHM, verify=0.5)) as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)
        rules, targets = stage.rules(), stage.targets_of("web")

        stage.cluster.faults.forbid("EndpointSlice")
        stage.cluster.faults.cut_watches("EndpointSlice")
        until("readiness names it", lambda: "EndpointSlice: " in troupe.probe()[1])
        stage.cloud.calls.clear()
        stage.cluster.scale("Deployment", "web", 3, namespace="shop")
        until("three are ready", lambda: len(stage.ready("web")) == 3)

        assert troupe.probe()[0] == 503
        assert stage.writes == []
        assert (stage.rules(), stage.targets_of("web")) == (rules, targets)


def test_an_unreadable_group_leaves_an_ingress_where_it_is(stage: Stage) -> None:
    """The annotation cannot be understood: its rules stay on the load balancer they are on."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(
            an_ingress("web", group="edge"), an_ingress("api", paths={"/": "api"}, group="edge")
        )
        stage.until_settled(troupe, "web", "api")
        rules = stage.rules()
        stage.cloud.calls.clear()

        broken = annotated(**{"ingress-provisioner.io/group": "No Such Name!"})
        stage.cluster.patch("Ingress", "api", broken, namespace="shop")
        until("it is told", lambda: stage.reasons("api").keys() - {"Applied"})
        stage.until_at_rest(troupe)

        assert stage.rules() == rules
        assert set(stage.counts()) == set()
        assert set(stage.reasons("web")) == {"Applied"}

    with stage.controller("two") as troupe:
        until("it works", lambda: troupe.heard.count("edge"))
        stage.until_at_rest(troupe)
        assert stage.rules() == rules
