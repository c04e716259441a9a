"""Many pods on Google Cloud: what a rollout of them costs, and what happens beyond the limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import providers.gcp
from providers.gcp.account import Facts, Instance
from providers.gcp.addresses import Kind
from providers.gcp.limits import DEFAULTS, ENDPOINTS
from provisioner.core.planning import World, compute
from provisioner.core.translate import intents
from provisioner.model.change import Action, Call, Step
from provisioner.model.expression import Expressed
from provisioner.model.kube import EndpointSlice
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed
from tests.factories import (
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    an_ingress_class,
)
from tests.unit.providers.gcp.desired import worlds

ZONES = ("europe-west1-b", "europe-west1-c")
LIMIT = DEFAULTS[ENDPOINTS].value


def facts() -> Facts:
    """Return a project with one machine per zone, each with addresses for very many pods."""
    machines = {
        f"gce://{worlds.PROJECT}/{zone}/n{place}": Instance(
            name=f"n{place}",
            zone=zone,
            link=f"projects/{worlds.PROJECT}/zones/{zone}/instances/n{place}",
            network=worlds.NETWORK,
            subnetwork=worlds.SUBNETWORK,
            tags=("gke-prod",),
            alias_ranges=(f"10.{place}.0.0/16",),
        )
        for place, zone in enumerate(ZONES)
    }
    return replace(worlds.some_facts(), instances=MappingProxyType(machines))


def pods(numbers: Iterable[int], *, places: Iterable[int] = (0, 1)) -> tuple[EndpointSlice, ...]:
    """Return slices with the pods of these numbers on the nodes of these zones."""
    listed = list(numbers)
    return tuple(
        a_slice(
            "shop/web",
            *(
                an_endpoint(f"10.{place}.{n // 250}.{n % 250 + 1}", node=f"n{place}")
                for n in listed
            ),
            suffix=f"part{place}",
        )
        for place in places
    )


def planned(slices: Sequence[EndpointSlice], observed: Observed | None = None) -> Plan:
    """Return the plan for one Ingress whose Service has the pods of these slices."""
    provider, seen = providers.gcp.provider, observed or Observed()
    nodes = [
        a_node(f"n{place}", provider_id=f"gce://{worlds.PROJECT}/{zone}/n{place}")
        for place, zone in enumerate(ZONES)
    ]
    found = a_snapshot(
        an_ingress_class(controller=providers.gcp.CONTROLLER),
        an_ingress("shop/web", annotations={"ingress-provisioner.io/target-mode": "pod"}),
        a_service("shop/web", a_port(80)),
        *nodes,
        *slices,
        live=True,
    )
    snapshot = replace(found, complete=True)
    world = World(
        snapshot=snapshot,
        intent=intents(snapshot, provider, worlds.SETTINGS, observed=seen),
        settings=worlds.SETTINGS,
        facts=facts(),
        limits=DEFAULTS,
        observed=seen,
        groups=None,
    )
    return compute(provider, world)


def carried_out(plan: Plan) -> Observed:
    """Return what exists once a plan was carried out."""
    parts = (Expressed(group=part.group, resources=part.resources) for part in plan.parts)
    return worlds.seen(*parts)


def changes(plan: Plan) -> list[Step]:
    """Return the steps that change something."""
    return [step for part in plan.parts for step in part.steps if step.action is not Action.NOOP]


def verb(call: Call) -> str:
    """Return ``attach`` or ``detach``."""
    return call.operation.rpartition(".")[2].removesuffix("NetworkEndpoints")


def endpoints_in(call: Call) -> int:
    """Return how many endpoints a call is about."""
    body = call.parameters["body"]
    assert isinstance(body, Mapping)
    listed = body["networkEndpoints"]
    assert isinstance(listed, tuple)
    return len(listed)


def test_a_rollout_of_1200_pods_is_three_calls_per_zone_and_direction() -> None:
    """500 endpoints to a call; those that come before those that go; nothing else is touched."""
    before = carried_out(planned(pods(range(1200))))

    steps = changes(planned(pods(range(1200, 2400)), before))

    assert {step.kind for step in steps} == {Kind.NETWORK_ENDPOINTS}
    assert len(steps) == len(ZONES)
    for step in steps:
        assert [(verb(call), endpoints_in(call)) for call in step.calls] == [
            *(("attach", number) for number in (500, 500, 200)),
            *(("detach", number) for number in (500, 500, 200)),
        ]


def test_the_same_pods_cost_nothing() -> None:
    """Also in another order, and in other slices."""
    before = carried_out(planned(pods(range(1200))))

    assert changes(planned(pods(reversed(range(1200)), places=[1, 0]), before)) == []


def test_beyond_the_limit_dead_endpoints_leave_first_and_as_many_come_as_fit() -> None:
    """Pods of which a group is full: who is gone is detached first, the rest waits and is told."""
    more = 700
    before = carried_out(planned(pods(range(LIMIT), places=[0])))

    plan = planned(pods(range(300, LIMIT + 300 + more), places=[0]), before)

    (step,) = changes(plan)
    assert [(verb(call), endpoints_in(call)) for call in step.calls] == [
        ("detach", 300),
        ("attach", 300),
    ]
    (told,) = [d for d in plan.diagnostics if d.code == "LIMIT-TARGETS"]
    assert f"{more} of {LIMIT + more} targets" in told.message
    assert not [d for d in plan.diagnostics if d.blocking]
