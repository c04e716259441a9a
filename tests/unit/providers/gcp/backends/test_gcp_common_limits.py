"""Endpoints of what Ingresses have in common, as GKE has it, and the limit of their groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.gcp import CONTROLLER
from providers.gcp.addresses import Kind
from providers.gcp.limits import ENDPOINTS
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key
from provisioner.model.plan import Plan
from provisioner.model.resource import SHARED, Observed
from tests.conformance.google_pipeline import NOTHING, applied, plan
from tests.factories import a_rule, a_slice, a_snapshot, an_endpoint, an_ingress, an_ingress_class
from tests.unit.providers.gcp.desired.worlds import SETTINGS, some_backends

FIRST, SECOND = "10.8.0.4", "10.8.0.9"
GKE = replace(SETTINGS, compatibility=Compatibility.INCUMBENT, target_mode="pod")


def planned(*pods: str, room: int, observed: Observed = NOTHING) -> Plan:
    """Return the plan for two Ingresses of GKE's reading in front of one Service.

    Args:
        pods: The Service's pods.
        room: How many endpoints a group takes.
        observed: What exists.
    """
    service, _, *rest = some_backends("shop/web")
    ends = a_slice("shop/web", *(an_endpoint(pod, node="n1") for pod in pods))
    members = [
        an_ingress(f"shop/{name}", rules=[a_rule(f"{name}.example.com")])
        for name in ("web", "other")
    ]
    found = a_snapshot(
        an_ingress_class(controller=CONTROLLER), *members, service, ends, *rest, live=True
    )
    snapshot = replace(found, complete=True)
    return plan(snapshot, observed, limits={ENDPOINTS: room}, settings=GKE)


def attached(found: Plan) -> set[object]:
    """Return the addresses of the pods that are attached to the group that both have."""
    (group,) = [
        resource
        for part in found.parts
        for resource in part.resources
        if resource.kind == Kind.NETWORK_ENDPOINTS and "shop/web:80" in resource.address
    ]
    assert group.group == SHARED
    listed = group.spec["networkEndpoints"]
    assert isinstance(listed, tuple)
    return {each["ipAddress"] for each in listed if isinstance(each, Mapping)}


def waiting(found: Plan) -> list[Diagnostic]:
    """Return what is said of pods that wait."""
    return [d for d in found.diagnostics if d.code == "LIMIT-TARGETS"]


def test_a_common_group_takes_as_many_endpoints_as_fit() -> None:
    """The plan asks for no more than Google takes, and every Ingress in front hears of it."""
    found = planned(FIRST, SECOND, room=1)

    assert len(attached(found)) == 1
    assert {d.ingress for d in waiting(found)} == {Key("shop", "web"), Key("shop", "other")}
    assert "1 of 2 targets" in waiting(found)[0].message


def test_endpoints_that_are_attached_stay() -> None:
    """Who serves is not exchanged for who comes first in a list."""
    for one, other in ((FIRST, SECOND), (SECOND, FIRST)):
        before = applied(planned(one, room=1))

        assert attached(planned(other, one, room=1, observed=before)) == {one}


def test_what_fits_is_not_cut() -> None:
    """Nobody waits and nothing is said."""
    found = planned(FIRST, SECOND, room=2)

    assert attached(found) == {FIRST, SECOND}
    assert waiting(found) == []
