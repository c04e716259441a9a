"""What cannot be applied yet holds up only what rests on it, on every cloud.

Files without a cluster leave values open, a node port above all. Load balancers share security
groups, firewalls and groups of machines: whatever is open in a shared part would stop everybody.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner import wiring
from provisioner.core.assemble import unresolved
from provisioner.kube.manifests import read_manifests
from provisioner.model.plan import Plan
from provisioner.render.findings import not_applyable
from tests.contract.provider.desk import Desk, failures
from tests.contract.provider.manifests import Route, endpoints, ingress, service


def planned(desk: Desk) -> Plan:
    """Plan as the desk does, values that nobody knows yet included."""
    snapshot = replace(read_manifests([desk.file], whole=True).snapshot, complete=True)
    reader = desk.cloud.open_reader(desk.settings.identity)
    provider = wiring.load_provider(desk.cloud.name)
    return wiring.planner(provider, reader, desk.settings).plan(snapshot)


def test_one_that_cannot_be_applied_holds_up_nobody(desk: Desk) -> None:
    """A Service without a node port yet: its load balancer waits, the others are made whole."""
    desk.put(service("later", node_port=0), endpoints("later", desk.cloud.pods[8:9]))
    desk.put(
        ingress("v"),
        ingress("n", mode="node-port"),
        ingress("x", Route(service="later"), mode="node-port"),
    )

    plan = planned(desk)

    left = {part.group for part in plan.parts if not part.applyable}
    assert left == {"shop/x"}
    assert failures(desk.apply(plan)) == []
    assert {part.group for part in planned(desk).parts if part.changes} == {"shop/x"}


def test_one_that_cannot_be_applied_is_not_made_by_half(desk: Desk) -> None:
    """Nothing of it is made, not even what could be, and the plan says what is not known."""
    desk.put(service("later", node_port=0), endpoints("later", desk.cloud.pods[8:9]))
    desk.put(ingress("x", Route(service="later"), mode="node-port"))

    plan = planned(desk)
    desk.apply(plan)

    assert unresolved(plan.load_balancers[0].steps)
    assert not [address for address in desk.cloud.addresses() if "/shop/x" in address]
    assert "shop/x (not known here: the node port" in not_applyable(plan)
