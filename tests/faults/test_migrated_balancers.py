"""A classic load balancer that becomes a modern one in place, and a crash anywhere on the way."""

from __future__ import annotations

import pytest

from provisioner.model.plan import LoadBalancerPlan
from provisioner.model.resource import Observed
from tests.contract.provider.desk import Desk, Killed, calls_of, failures
from tests.contract.provider.manifests import Document, Route, ingress
from tests.faults.scenarios import SLOW

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("running", ["gcp"], indirect=True),
]

KIND = "ingress-provisioner.io/google-load-balancer"
PORTS = '[{"HTTP": 80}, {"HTTP": 8080}]'


def an_ingress(kind: str) -> Document:
    """An Ingress on two ports that asks for a kind; what no path matches is served too."""
    said = {KIND: kind, "listen-ports": PORTS}
    made = ingress("web", Route(), Route(path="/cart"), annotations=said)
    spec = made["spec"]
    assert isinstance(spec, dict)
    spec["defaultBackend"] = {"service": {"name": "web", "port": {"number": 80}}}
    return made


def part_of(desk: Desk) -> LoadBalancerPlan:
    """The only load balancer's part of the plan."""
    (part,) = desk.plan().load_balancers
    return part


def asked(desk: Desk) -> None:
    """A classic load balancer that serves, and the wish for a modern one."""
    desk.cloud.reset()
    desk.cloud.slow(SLOW)
    desk.restart()
    desk.approved = frozenset()
    desk.documents = {k: v for k, v in desk.documents.items() if not k.startswith("Ingress ")}
    desk.put(an_ingress("classic"))
    assert failures(desk.apply()) == []
    desk.cloud.clock.sleep(120)
    desk.put(an_ingress("global-external"))


def approved(desk: Desk) -> None:
    """The change is approved and not begun."""
    asked(desk)
    approval = part_of(desk).approval
    assert approval is not None
    assert approval.needed
    desk.approved = frozenset({approval.digest})
    desk.cloud.forget_calls()


def seen(desk: Desk) -> Observed:
    """What exists."""
    return desk.cloud.open_reader(desk.settings.identity).observe(None)


def schemes(desk: Desk) -> dict[str, str]:
    """Scheme by address of everything that has one."""
    return {
        address: str(resource.spec["loadBalancingScheme"])
        for address, resource in seen(desk).resources.items()
        if "loadBalancingScheme" in resource.spec and "/nothing/" not in address
    }


def entrances(desk: Desk) -> set[str]:
    """The IP addresses that clients use."""
    found = seen(desk).resources.values()
    return {r.outputs["IPAddress"] for r in found if r.kind == "ForwardingRule"}


def finished(desk: Desk) -> None:
    """Carry out what the plan says, and what only a modern load balancer can have after that."""
    assert failures(desk.apply()) == []
    assert failures(desk.apply()) == []
    desk.assert_at_rest()


def test_the_scheme_changes_in_place_and_the_address_stays(desk: Desk) -> None:
    """Backend services pass Google's states one by one, and forwarding rules come last."""
    approved(desk)
    before = entrances(desk)
    assert set(schemes(desk).values()) == {"EXTERNAL"}

    stages = [
        step.id.partition("#")[2]
        for step in part_of(desk).changes
        if step.kind == "BackendService" and step.calls
    ]
    finished(desk)

    assert stages == ["prepare", "test-a-tenth", "test-all", ""]
    assert set(schemes(desk).values()) == {"EXTERNAL_MANAGED"}
    assert entrances(desk) == before
    assert part_of(desk).approval is None
    desk.clear_out()


def test_nothing_changes_without_an_approval(desk: Desk) -> None:
    """Another kind of load balancer behaves otherwise in details, so somebody has to agree."""
    asked(desk)

    assert not part_of(desk).changes


def test_a_process_that_dies_after_any_call(desk: Desk) -> None:
    """The states are Google's, so the next process goes on where the last one stood."""
    approved(desk)
    calls = calls_of(desk.plan()).total()
    finished(desk)
    expected = {kind: len(names) for kind, names in desk.cloud.leftovers().items()}
    assert calls > 1

    for last in range(1, calls + 1):
        approved(desk)
        with pytest.raises(Killed):
            desk.apply(dies_after=last)
        desk.restart()
        finished(desk)
        assert set(schemes(desk).values()) == {"EXTERNAL_MANAGED"}, last
        found = {kind: len(names) for kind, names in desk.cloud.leftovers().items()}
        assert found == expected, last


@pytest.mark.parametrize("calls", [1, 3, 4])
def test_a_change_of_mind_before_the_forwarding_rules_leads_back(desk: Desk, calls: int) -> None:
    """Whatever state a backend service was left in, it is classic again, or another one is."""
    approved(desk)
    with pytest.raises(Killed):
        desk.apply(dies_after=calls)
    desk.restart()
    desk.put(an_ingress("classic"))

    assert failures(desk.apply()) == []

    desk.assert_at_rest()
    assert set(schemes(desk).values()) == {"EXTERNAL"}
    desk.clear_out()


def test_a_change_of_mind_between_two_forwarding_rules_comes_too_late(desk: Desk) -> None:
    """One URL map cannot serve both kinds for long: the rest follows, and a way back is asked."""
    approved(desk)
    with pytest.raises(Killed):
        desk.apply(dies_after=5)
    assert set(schemes(desk).values()) == {"EXTERNAL", "EXTERNAL_MANAGED"}
    desk.restart()
    desk.put(an_ingress("classic"))

    finished(desk)

    assert set(schemes(desk).values()) == {"EXTERNAL_MANAGED"}
    approval = part_of(desk).approval
    assert approval is not None
    assert approval.needed
    desk.clear_out()
