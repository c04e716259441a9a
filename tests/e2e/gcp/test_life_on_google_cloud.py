"""Promises of the controller about an Ingress on Google Cloud, from its creation to its end."""

from __future__ import annotations

import pytest

from tests.contract.provider.gcp_things import things
from tests.e2e.controller.scene import FINALIZER, until
from tests.e2e.controller.scripts import a_workload, an_ingress
from tests.e2e.gcp.emptiness import left
from tests.e2e.gcp.project import MEMBERSHIP, Project

pytestmark = pytest.mark.slow

WEB = "web.example.com /*"


def gce(name: str = "web", *, group: str = "", mode: str = "") -> str:
    """Return an Ingress of the class that the stage has."""
    return an_ingress(name, group=group, mode=mode, class_name="gce")


def test_an_ingress_becomes_a_load_balancer_that_serves_its_ready_pods(stage: Project) -> None:
    """One address in the status, the pods behind it healthy, finalizer, Event and overview."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(gce())
        stage.until_settled(troupe)

        (rule,) = stage.rest.everything("forwardingRules")
        assert stage.hostnames() == [rule["IPAddress"]]
        assert stage.serving() == {WEB: stage.pods("web")}
        assert FINALIZER in stage.finalizers()
        assert stage.reasons() == {"Applied": 1}
        assert stage.cluster.get("LoadBalancer", "shop.web") is not None
        assert troupe.probe() == (200, "ready\n")


def test_pods_that_roll_and_scale_change_endpoints_and_nothing_else(stage: Project) -> None:
    """A new version of every pod, then four, then one: endpoints are attached and detached."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(gce())
        stage.until_settled(troupe)
        before = stage.pods("web")
        stage.cloud.calls.clear()

        stage.apply(a_workload("web", version="2"))
        until(
            "every pod is a new one",
            lambda: (
                (now := stage.pods("web")).isdisjoint(before)
                and len(now) == 2
                and stage.serving()[WEB] == now
            ),
        )
        for replicas in (4, 1):
            stage.cluster.scale("Deployment", "web", replicas, namespace="shop")
            until(
                f"{replicas} serve",
                lambda n=replicas: (
                    len(stage.pods("web")) == n  # type: ignore[misc]  # a default binds it
                    and stage.serving()[WEB] == stage.pods("web")
                ),
            )
        stage.until_at_rest(troupe)

        assert set(stage.counts()) == MEMBERSHIP


def test_a_switch_of_modes_never_leaves_a_path_without_healthy_targets(stage: Project) -> None:
    """Machines are healthy before they get weight; the ports of pods are closed at the very end."""
    stage.serve("web")
    stage.cloud.configure(health_seconds=0.6, draining_seconds=0.4)
    with stage.controller() as troupe:
        stage.apply(gce())
        stage.until_settled(troupe)
        until("both pods are healthy", lambda: len(stage.serving()[WEB]) == 2)
        stage.cloud.calls.clear()
        nodes = {node.address for node in stage.project.nodes}
        moments: list[set[str]] = []

        stage.apply(gce(mode="node-port"))

        def seen() -> set[str]:
            """Who serves at one moment: a look takes several requests; the map must stand still."""
            while True:
                before = stage.rest.everything("urlMaps")
                found = stage.serving()[WEB]
                if stage.rest.everything("urlMaps") == before:
                    return found

        def switched() -> bool:
            moments.append(seen())
            hosts = {target.partition(":")[0] for target in moments[-1]}
            return hosts == nodes and not stage.rest.everything("networkEndpointGroups")

        until("only machines serve", switched, seconds=40)
        stage.until_at_rest(troupe)

        assert all(moments)
        (firewall,) = stage.rest.everything("firewalls")
        assert "8080" not in firewall["allowed"][0]["ports"]
        operations = [call.operation for call in stage.calls if call.mutates]
        last_service = max(i for i, o in enumerate(operations) if o == "backendServices.delete")
        narrowed = max(i for i, o in enumerate(operations) if o == "firewalls.update")
        assert narrowed > last_service


def test_who_does_not_fit_is_told_and_costs_no_call(stage: Project) -> None:
    """A quota that is full: the refused Ingress gets the sum, the others are not touched."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(gce(group="edge"))
        stage.until_settled(troupe)
        services = len(stage.rest.everything("backendServices"))
        stage.cloud.quotas["GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES"] = services
        stage.cloud.calls.clear()

        stage.apply(gce("blog", group="edge"))
        until("the refusal is told", lambda: stage.reasons("blog")["LimitExceeded"])
        stage.until_at_rest(troupe)

        (told,) = stage.messages("blog", "LimitExceeded")
        assert f"{services + 1} of {services}" in told
        assert stage.counts() == {}
        assert stage.serving() == {WEB: stage.pods("web")}


def test_a_deleted_ingress_leaves_an_empty_project(stage: Project) -> None:
    """Two load balancers, both modes: every collection is empty for Google's own client."""
    stage.serve("web", "api")
    with stage.controller() as troupe:
        stage.apply(gce(), gce("api", mode="node-port"))
        stage.until_settled(troupe, "web", "api")
        assert {thing.group for thing in things(stage.rest)} >= {"shop/web", "shop/api", "shared"}

        for name in ("web", "api"):
            stage.cluster.delete("Ingress", name, "shop")
        until("both are gone", lambda: not stage.ingress("web") and not stage.ingress("api"))
        stage.until_at_rest(troupe)

        assert left(stage.cloud.url, stage.project.project) == []
