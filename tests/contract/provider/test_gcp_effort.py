"""How many questions a look at a Google project takes, however many Ingresses there are."""

from __future__ import annotations

from collections import Counter

import pytest

from provisioner.model.change import Action
from provisioner.model.plan import Plan
from tests.contract.provider.desk import Desk
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.manifests import Route, ingress

pytestmark = pytest.mark.parametrize("running", ["gcp"], indirect=True)

MEMBERS = "networkEndpointGroups.listNetworkEndpoints"
ONCE = {
    "addresses.aggregatedList",
    "backendServices.aggregatedList",
    "firewalls.list",
    "forwardingRules.aggregatedList",
    "healthChecks.aggregatedList",
    "instanceGroups.aggregatedList",
    "instances.aggregatedList",
    "networkEndpointGroups.aggregatedList",
    "networks.list",
    "projects.get",
    "projects.getXpnHost",
    "regions.get",
    "sslCertificates.aggregatedList",
    "subnetworks.aggregatedList",
    "targetHttpProxies.aggregatedList",
    "targetHttpsProxies.aggregatedList",
    "urlMaps.aggregatedList",
}
"""All that a plan may ask: each kind once, in all places, and what the project itself says."""


def put(desk: Desk, ingresses: int) -> None:
    """Let so many Ingresses exist, each with a load balancer of its own and three paths."""
    desk.put(
        *(
            ingress(
                f"web-{n}",
                *(Route(host=f"h{n}.example.com", path=f"/p{p}") for p in range(3)),
                mode="pod",
            )
            for n in range(ingresses)
        )
    )


def asked_by_a_plan(desk: Desk) -> tuple[Plan, Counter[str]]:
    """Return a plan, and how often each question was asked for it."""
    assert isinstance(desk.cloud, GcpUnderTest)
    desk.cloud.forget_calls()
    plan = desk.plan()
    assert desk.cloud.mutating() == Counter()
    return plan, desk.cloud.asking()


@pytest.mark.parametrize("ingresses", [1, 12])
def test_a_kind_is_listed_once_whoever_needs_it(desk: Desk, ingresses: int) -> None:
    """Only who is attached to a group is asked group by group; nothing is read by its name."""
    put(desk, ingresses)
    desk.converge()

    plan, asked = asked_by_a_plan(desk)

    groups = sum(r.kind == "NetworkEndpointGroup" for part in plan.parts for r in part.resources)
    assert asked.pop(MEMBERS) == groups
    assert set(asked) <= ONCE
    assert set(asked.values()) == {1}


def test_an_unchanged_world_is_left_alone(desk: Desk) -> None:
    """Twelve load balancers: a plan finds nothing to do, and to carry it out is no call."""
    put(desk, 12)
    desk.converge()

    plan, _ = asked_by_a_plan(desk)
    desk.cloud.forget_calls()
    outcome = desk.apply(plan)

    assert {step.action for step in plan.steps} <= {Action.NOOP}
    assert outcome.complete
    assert desk.cloud.mutating() == Counter()
