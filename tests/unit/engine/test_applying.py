"""Promises of applying: in order, in parallel, as far as the world allows, and no further."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pytest

from provisioner.engine.applying import Applier, Outcome, Progress, Settling, Status
from provisioner.model.change import Action, Call, Step, Wait, WaitFor
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.errors import NotLeader, ProvisionerError, Rejected
from provisioner.model.incumbent import Incumbent
from provisioner.model.limits import Limits
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.readiness import PodHealth
from provisioner.model.resource import Observed, PlainInput, Ref, Resource, Unknown, freeze_spec
from provisioner.model.settings import Identity, Settings
from provisioner.ports import ClusterFacts


class World:
    """A reader, a writer and a clock in one: it records, waits in no time, and fails on demand."""

    applyable = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, object]]] = []
        self.errors: dict[str, ProvisionerError] = {}
        self.looks_until_over = 0
        self.time = 0.0
        self._lock = threading.Lock()

    def send(self, call: Call, parameters: Mapping[str, object]) -> Mapping[str, str]:
        with self._lock:
            if call.address in self.errors:
                raise self.errors[call.address]
            self.sent.append((call.address, parameters))
        return {"Arn": f"arn:{call.address}"}

    def holds(self, _wait: WaitFor, _outputs: Mapping[str, Mapping[str, str]]) -> bool:
        self.looks_until_over -= 1
        return self.looks_until_over < 0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def cluster(self) -> ClusterFacts | None:
        raise AssertionError("applying plans nothing")

    def facts(self, wanted: object) -> object:
        raise AssertionError("applying plans nothing")

    def limits(self) -> Limits:
        raise AssertionError("applying plans nothing")

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        raise AssertionError("applying plans nothing")

    def incumbent(self, wanted: object) -> Incumbent:
        raise AssertionError("applying plans nothing")

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        raise AssertionError("applying opens no gates")

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        raise AssertionError("applying plans nothing")


def a_step(
    address: str,
    *after: str,
    parameters: Mapping[str, PlainInput] | None = None,
    wait: WaitFor | None = None,
) -> Step:
    call = Call(
        service="elbv2",
        operation="CreateThing",
        parameters=freeze_spec(parameters or {}),
        address=address,
    )
    return Step(
        id=address,
        action=Action.CREATE,
        kind="Thing",
        address=address,
        group="shop/web",
        calls=(call,),
        after=after,
        wait=wait,
    )


def a_plan(*steps: Step, applyable: bool = True, **outputs: Mapping[str, str]) -> Plan:
    part = LoadBalancerPlan(group="shop/web", digest="", applyable=applyable, steps=steps)
    shared = LoadBalancerPlan(group="shared", digest="", applyable=True)
    return Plan(
        provider="aws",
        cluster_name="c",
        digest="",
        applyable=applyable,
        load_balancers=(part,),
        shared=shared,
        outputs=outputs,
    )


def run(
    world: World,
    plan: Plan,
    *,
    patient: bool = True,
    seen: list[Progress] | None = None,
    settling: Settling | None = None,
) -> Outcome:
    settings = Settings(
        identity=Identity(cluster_name="c"), settle_seconds=30, health_deadline_seconds=600
    )
    applier = Applier(world, world, settings, world, settling=settling, poll_seconds=2)
    return applier.run(plan, patient=patient, report=(seen if seen is not None else []).append)


def statuses(outcome: Outcome) -> dict[str, Status]:
    return {name: result.status for name, result in outcome.results.items()}


def test_references_are_resolved_from_what_earlier_steps_made() -> None:
    """A listener gets the ARN of the load balancer that was created a moment ago."""
    world = World()
    listener = a_step("listener", "lb", parameters={"LoadBalancerArn": Ref("lb", "Arn")})

    outcome = run(world, a_plan(listener, a_step("lb")))

    assert world.sent == [("lb", {}), ("listener", {"LoadBalancerArn": "arn:lb"})]
    assert outcome.complete
    assert outcome.outputs["listener"] == {"Arn": "arn:listener"}


def test_references_to_what_exists_are_resolved_from_the_plan() -> None:
    """What was observed needs no step to be referred to."""
    world = World()

    run(world, a_plan(a_step("rule", parameters={"P": [Ref("lb", "Arn")]}), lb={"Arn": "arn:old"}))

    assert world.sent == [("rule", {"P": ["arn:old"]})]


def test_a_failure_stops_what_depends_on_it_and_nothing_else() -> None:
    """One bad resource never holds a neighbour back."""
    world = World()
    world.errors["a"] = Rejected("no", operation="CreateThing", code="ValidationError")

    outcome = run(world, a_plan(a_step("a"), a_step("a-child", "a"), a_step("b")))

    assert statuses(outcome) == {
        "a": Status.FAILED,
        "a-child": Status.SKIPPED,
        "b": Status.DONE,
    }
    assert not outcome.complete


@pytest.mark.parametrize("patient", [True, False])
def test_waits_are_polled_with_patience_and_left_without(*, patient: bool) -> None:
    """The command line stays; the controller returns and plans again."""
    world = World()
    world.looks_until_over = 3
    gated = a_step("shift", wait=WaitFor(kind=Wait.HEALTHY, on=("tg",)))

    outcome = run(world, a_plan(gated, a_step("free")), patient=patient)

    assert statuses(outcome)["free"] is Status.DONE
    assert statuses(outcome)["shift"] is (Status.DONE if patient else Status.WAITING)


def test_a_change_settles_before_the_next_stage() -> None:
    """Settling counts from the write that this process made."""
    world = World()
    shift = a_step("rule")
    detach = a_step("detach", "rule", wait=WaitFor(kind=Wait.SETTLED, on=("rule",)))

    outcome = run(world, a_plan(shift, detach))

    assert outcome.complete
    assert world.time == 30


def test_a_wait_that_never_ends_fails_and_leaves_the_rest() -> None:
    """The old backend stays in service; other steps go on."""
    world = World()
    world.looks_until_over = 10**6
    gated = a_step("shift", wait=WaitFor(kind=Wait.HEALTHY, on=("tg",)))

    outcome = run(world, a_plan(gated, a_step("after", "shift"), a_step("free")))

    assert statuses(outcome) == {
        "shift": Status.FAILED,
        "after": Status.SKIPPED,
        "free": Status.DONE,
    }
    assert 600 <= world.time < 610


def test_a_wait_on_another_day_starts_anew() -> None:
    """A controller lives long: yesterday's wait must not make today's switch give up at once."""
    world, settling = World(), Settling()
    gated = a_plan(a_step("shift", wait=WaitFor(kind=Wait.HEALTHY, on=("tg",))))

    outcomes = []
    for looks in (1, 0, 1):
        world.looks_until_over = looks
        outcome = run(world, gated, patient=False, settling=settling)
        outcomes.append(statuses(outcome)["shift"])
        world.time += 86_400

    assert outcomes == [Status.WAITING, Status.DONE, Status.WAITING]


def test_a_wait_without_patience_fails_at_its_deadline() -> None:
    """Asked again and again, the controller gives up as the command line does."""
    world, settling = World(), Settling()
    world.looks_until_over = 10**6
    gated = a_plan(a_step("shift", wait=WaitFor(kind=Wait.HEALTHY, on=("tg",))))

    results = []
    for _ in range(12):
        outcome = run(world, gated, patient=False, settling=settling)
        results.append(statuses(outcome)["shift"])
        world.time += 60

    assert results == [Status.WAITING] * 11 + [Status.FAILED]


def test_a_part_that_cannot_be_applied_makes_no_call() -> None:
    """Known-after-apply values are never guessed, not even half."""
    world = World()

    outcome = run(world, a_plan(a_step("a", parameters={"Port": Unknown("x")}), applyable=False))

    assert world.sent == []
    assert outcome.results == {}


def test_losing_the_lease_stops_everything() -> None:
    """A deposed leader's run ends with the error that says so."""
    world = World()
    world.errors["a"] = NotLeader("another instance holds the lease")

    with pytest.raises(NotLeader):
        run(world, a_plan(a_step("a"), a_step("b", "a")))

    assert world.sent == []


def test_everything_is_reported_as_it_happens() -> None:
    """A person at a terminal sees each step start and end."""
    seen: list[Progress] = []

    run(World(), a_plan(a_step("a")), seen=seen)

    assert [(p.step.id, p.status) for p in seen] == [("a", Status.STARTED), ("a", Status.DONE)]
