"""One team's mistake is nobody else's: ten Ingresses on one load balancer of Google's.

There they share one URL map, so every update of one is a write to all. Three of them are broken;
the other seven are updated, and the three keep what worked, which goes on following their pods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest

from provisioner.sandbox.cluster.documents import text
from tests.e2e.controller.scene import until
from tests.e2e.controller.scripts import a_workload, an_ingress
from tests.e2e.gcp.project import Project

pytestmark = pytest.mark.slow

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
    # Longer than the interval: Google refuses the health check.
    "team-9": Mistake(
        reason="BackendHealthCheck",
        annotations={
            f"{OURS}/health-check-timeout-seconds": "60",
            f"{OURS}/health-check-interval-seconds": "5",
        },
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
        class_name="gce",
        annotations=mistake.annotations,
    )


def route_of(name: str, path: str = "/*") -> str:
    """Return how the URL map's reader calls a team's path."""
    return f"{name}.example.com {path}"


def warnings(stage: Project, name: str) -> set[str]:
    """Return the reasons of the warnings on an Ingress."""
    return {
        text(event, "reason")
        for event in stage.cluster.list("Event", "shop")
        if text(event, "involvedObject", "name") == name and text(event, "type") == "Warning"
    }


def serves(stage: Project, name: str, path: str = "/*") -> bool:
    """Tell whether exactly a team's ready pods get the requests for a path."""
    pods = stage.pods(name)
    return bool(pods) and stage.serving().get(route_of(name, path)) == pods


def test_three_mistakes_among_ten_cost_the_other_seven_nothing(stage: Project) -> None:
    """Seven are updated; each broken one has its own event, its last good rules, its new pods."""
    stage.serve(*TEN, replicas=1)
    with stage.controller() as troupe:
        stage.apply(*(its_ingress(name) for name in TEN))
        stage.until_settled(troupe, *TEN)
        for name in TEN:
            until(f"the pods of {name} serve", partial(serves, stage, name))
        good = stage.serving()

        stage.apply(*(its_ingress(name, wrong=True) for name in BROKEN))
        for name in BROKEN:
            until(f"{name} hears of its mistake", partial(warnings, stage, name))
        stage.until_at_rest(troupe)

        assert stage.serving() == good
        assert {name: warnings(stage, name) for name in BROKEN} == {
            name: {mistake.reason} for name, mistake in BROKEN.items()
        }
        assert not any(warnings(stage, name) for name in WHOLE)

        stage.apply(*(its_ingress(name, path="/new") for name in WHOLE))
        for name in WHOLE:
            until(f"{name} is updated", partial(serves, stage, name, "/new/*"))
        stage.until_at_rest(troupe)
        assert all(stage.serving()[route_of(name)] == good[route_of(name)] for name in BROKEN)

    # A new controller knows nothing but what the cloud and the cluster tell it.
    before = {name: stage.pods(name) for name in TEN}
    with stage.controller(name="two") as troupe:
        stage.apply(*(a_workload(name, replicas=1, version="2") for name in TEN))
        for name in TEN:
            path = "/*" if name in BROKEN else "/new/*"
            until(
                f"the new pods of {name} serve",
                lambda n=name, p=path: stage.pods(n).isdisjoint(before[n]) and serves(stage, n, p),  # type: ignore[misc]  # defaults bind them
            )
        stage.until_at_rest(troupe)

        for name in TEN:
            assert stage.hostnames(name) == stage.hostnames(TEN[0]) != []
