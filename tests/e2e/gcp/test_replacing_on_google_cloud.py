"""Promises about another kind of load balancer: two approvals, and no client left alone."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.contract.provider.gcp_things import healthy, routes
from tests.e2e.controller.approving import a_controller, approve, pending
from tests.e2e.controller.scene import until
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.gcp.emptiness import left
from tests.e2e.gcp.project import Project

pytestmark = pytest.mark.slow

PREFIX = "ingress-provisioner.io/"
PORTS = {f"{PREFIX}listen-ports": '[{\\"HTTP\\": 80}, {\\"HTTP\\": 8080}]'}
INTERNAL = {**PORTS, f"{PREFIX}scheme": "internal"}
PATHS = {"/": "web", "/api": "api"}


def gce(annotations: dict[str, str]) -> str:
    """Return an Ingress on two ports for two Services."""
    return an_ingress(paths=PATHS, annotations=annotations, class_name="gce")


def entrances(stage: Project) -> dict[str, str]:
    """Address by scheme of every load balancer."""
    rules = stage.rest.everything("forwardingRules")
    return {rule["loadBalancingScheme"]: rule["IPAddress"] for rule in rules}


def behind(stage: Project, address: str) -> list[list[int]]:
    """Healthy targets behind each path, port by port, of the load balancer with an address."""
    proxies = {each["selfLink"]: each for each in stage.rest.everything("targetHttpProxies")}
    maps = {each["selfLink"]: each for each in stage.rest.everything("urlMaps")}
    found = []
    for rule in stage.rest.everything("forwardingRules"):
        if rule["IPAddress"] == address:
            url_map = maps[proxies[rule["target"]]["urlMap"]]
            states = [healthy(stage.rest, s) for _, all_of in routes(url_map) for s in all_of]
            found.append([len(state) for state in states if state is not None])
    return found


def test_a_kind_changes_with_two_approvals_and_nobody_is_left_alone(stage: Project) -> None:
    """Pending, approved, both exist, status moves when the new one serves, approved, gone.

    At every moment the address that the Ingress shows leads to healthy pods on every path and port.
    """
    stage.serve("web", "api")
    stage.cloud.configure(health_seconds=0.8, draining_seconds=0.3)
    with a_controller(stage, drain_dns_seconds=5.0) as troupe:
        stage.apply(gce(INTERNAL))
        stage.until_settled(troupe)
        old = stage.hostnames()[0]
        until("it serves", lambda: all(map(all, behind(stage, old))))
        stage.cloud.calls.clear()

        stage.apply(gce(PORTS))
        until("an approval is asked for", lambda: text(pending(stage), "status") == "True")
        stage.until_at_rest(troupe, seconds=0.3)
        assert not stage.counts()

        approve(stage)
        moments: list[list[list[int]]] = []

        def moved() -> bool:
            shown = stage.hostnames()[0]
            moments.append(behind(stage, shown))
            return shown != old

        until("clients are sent to the new one", moved, seconds=40)
        assert all(len(ports) == 2 and all(map(all, ports)) for ports in moments), moments
        both = entrances(stage)
        assert both["INTERNAL_MANAGED"] == old
        assert stage.hostnames() == [both["EXTERNAL_MANAGED"]]

        stage.serve("web", replicas=3)
        until("pods are followed for both", lambda: {*behind(stage, old)[0]} == {2, 3})
        approve(stage)
        until("the old one is gone", lambda: entrances(stage).keys() == {"EXTERNAL_MANAGED"})
        stage.until_at_rest(troupe)
        assert stage.hostnames() == [both["EXTERNAL_MANAGED"]]
        assert text(pending(stage), "status") == "False"

        stage.cluster.delete("Ingress", "web", "shop")
        until(
            "nothing is left", lambda: not left(stage.cloud.url, stage.project.project), seconds=40
        )
