"""Steps: stages of a switch, order beyond references, deletions that go with their parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.changes.steps import steps
from providers.aws.routing.actions import Destinations, actions, forward_to
from provisioner.core.order import ordered
from provisioner.model.change import Action, Step, Wait, WaitFor
from provisioner.model.intent import FixedResponse
from provisioner.model.kube import Key
from provisioner.model.resource import (
    SHARED,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    freeze_spec,
)
from tests.unit.providers.aws.rules.building import GROUP, changes, seen, some_room
from tests.unit.providers.aws.rules.small_alb import SmallAlb

LISTENER = addresses.listener(GROUP, 80)


def balancer(generation: int = 1) -> Resource:
    """Return a load balancer."""
    return _resource(
        Kind.LOAD_BALANCER,
        addresses.load_balancer(GROUP, generation=generation),
        SecurityGroups=[Ref(addresses.frontend_security_group(GROUP), "GroupId")],
    )


def security_group() -> Resource:
    """Return the frontend security group."""
    return _resource(Kind.SECURITY_GROUP, addresses.frontend_security_group(GROUP), GroupName="a")


def group(service: str, mode: str = "pod") -> Resource:
    """Return a target group."""
    return _resource(Kind.TARGET_GROUP, tg(service, mode), Name=f"{service}-{mode}")


def members(service: str, mode: str = "pod") -> Resource:
    """Return the targets of a target group."""
    arn = Ref(tg(service, mode), "TargetGroupArn")
    address = addresses.targets_of(tg(service, mode))
    return _resource(
        Kind.TARGETS, address, TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1", "Port": 80}]
    )


def tg(service: str, mode: str = "pod") -> str:
    """Return the address of a target group."""
    return addresses.target_group(GROUP, f"shop/web/{service}:80/{mode}")


def listener(
    weights: Mapping[str, int] | None = None, *, generation: int = 1, port: int = 80
) -> Resource:
    """Return a listener, answering 404 or forwarding."""
    default = forward_to(weights) if weights else actions(FixedResponse(), NOWHERE)
    return _resource(
        Kind.LISTENER,
        addresses.listener(GROUP, port),
        LoadBalancerArn=Ref(
            addresses.load_balancer(GROUP, generation=generation), "LoadBalancerArn"
        ),
        Protocol="HTTP",
        Port=port,
        DefaultActions=default,
    )


def rule(name: str, weights: Mapping[str, int], priority: int) -> Resource:
    """Return a rule that forwards; without weights it answers 404."""
    action = forward_to(weights) if weights else actions(FixedResponse(), NOWHERE)
    return _resource(
        Kind.LISTENER_RULE,
        addresses.listener_rule(GROUP, 80, name),
        ListenerArn=Ref(LISTENER, "ListenerArn"),
        Priority=priority,
        Actions=action,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{name}"]}}],
    )


def _resource(kind: Kind, address: str, **spec: PlainInput) -> Resource:
    return Resource(
        kind=kind.value,
        address=address,
        group=GROUP,
        ingresses=(Key("shop", "web"),),
        spec=freeze_spec(spec),
    )


def plan(
    desired: Sequence[Resource],
    observed: Sequence[Resource] | Sequence[ObservedResource],
    *,
    account: Mapping[str, int] | None = None,
    used: Mapping[tuple[str, str], int] | None = None,
) -> dict[str, Step]:
    """Return the ordered steps by id, in order."""
    there = [seen(r) if isinstance(r, Resource) else r for r in observed]
    found = steps(
        changes(desired, there),
        Observed(resources={r.address: r for r in there}),
        some_room(account, used),
    )
    return {step.id: step for step in ordered(found)}


def acting(found: Mapping[str, Step]) -> list[str]:
    """Return the ids of steps that do something, in order."""
    return [name for name, step in found.items() if step.action is not Action.NOOP]


NOWHERE = Destinations(own={})
BASE = [balancer(), listener()]
OLD, NEW = tg("web"), tg("web", "node-port")
A = addresses.listener_rule(GROUP, 80, "a")
B = addresses.listener_rule(GROUP, 80, "b")


def before(*rules: Resource) -> list[Resource]:
    """Return a load balancer whose backend is ``web/pod``."""
    return [*BASE, group("web"), members("web"), *rules]


def after(*rules: Resource) -> list[Resource]:
    """Return a load balancer whose backend is ``web/node-port``."""
    return [*BASE, group("web", "node-port"), members("web", "node-port"), *rules]


def test_a_backend_is_replaced_in_stages() -> None:
    """Create, attach at 0, shift when healthy, detach when settled, delete when drained."""
    found = plan(after(rule("a", {NEW: 1}, 100)), before(rule("a", {OLD: 1}, 100)))

    names = acting(found)
    order = [NEW, f"{A}#attach", f"{A}#shift", A, OLD]
    assert [name for name in names if name in order] == order
    assert found[f"{A}#shift"].wait == WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))
    assert found[A].wait == WaitFor(kind=Wait.SETTLED, on=(A,))
    assert found[OLD].wait == WaitFor(kind=Wait.DRAINED, on=(OLD,))
    assert [len(found[name].calls) for name in (f"{A}#attach", f"{A}#shift", A)] == [1, 1, 1]


def test_the_way_to_a_backend_closes_after_the_backend_is_gone() -> None:
    """The old target group serves through its own port until the switch is over."""
    opened, closed = (
        replace(
            _resource(
                Kind.SECURITY_GROUP_RULE,
                addresses.backend_rule("sg-1", port, port),
                GroupId="sg-1",
                IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port}],
            ),
            group=SHARED,
        )
        for port in (30000, 8080)
    )

    found = plan(
        [*after(rule("a", {NEW: 1}, 100)), opened],
        [*before(rule("a", {OLD: 1}, 100)), closed],
    )

    assert {OLD, opened.address} <= set(found[closed.address].after)


def test_the_targets_of_a_deleted_target_group_go_with_it() -> None:
    """No DeregisterTargets: deleting the target group is enough."""
    found = plan(after(rule("a", {NEW: 1}, 100)), before(rule("a", {OLD: 1}, 100)))

    targets = found[addresses.targets_of(OLD)]
    assert targets.calls == ()
    assert targets.reason == "goes with its target group"


@pytest.mark.parametrize(
    ("weights", "stages"),
    [({OLD: 1, NEW: 0}, ["#shift", ""]), ({OLD: 0, NEW: 1}, [""]), ({NEW: 1}, [])],
)
def test_an_interrupted_switch_goes_on_where_it_stood(
    weights: dict[str, int], stages: list[str]
) -> None:
    """Weights tell the stage, so nothing has to be remembered."""
    both = [*before(), group("web", "node-port"), members("web", "node-port")]

    found = plan(after(rule("a", {NEW: 1}, 100)), [*both, rule("a", weights, 100)])

    assert [name for name in acting(found) if name.startswith(A)] == [A + s for s in stages]


def test_rules_that_switch_together_attach_once() -> None:
    """Attached by one rule, the target group is checked for all of them."""
    found = plan(
        after(rule("a", {NEW: 1}, 100), rule("b", {NEW: 1}, 200)),
        before(rule("a", {OLD: 1}, 100), rule("b", {OLD: 1}, 200)),
    )

    attach = [name for name in found if name.endswith("#attach")]
    shifts = [step for name, step in found.items() if name.endswith("#shift")]
    assert len(attach) == 1
    assert all(attach[0] in step.after for step in shifts)
    assert len(shifts) == 2


def test_a_target_group_that_is_attached_elsewhere_is_not_attached_again() -> None:
    """It is checked already."""
    both = [*before(rule("a", {OLD: 1}, 100)), group("web", "node-port")]
    both += [members("web", "node-port"), rule("b", {NEW: 1}, 200)]

    found = plan(after(rule("a", {NEW: 1}, 100), rule("b", {NEW: 1}, 200)), both)

    assert [n for n in acting(found) if n.startswith(A)] == [f"{A}#shift", A]


def test_a_rule_that_did_not_forward_is_updated_at_once() -> None:
    """There is nothing to protect."""
    found = plan(after(rule("a", {NEW: 1}, 100)), before(rule("a", {}, 100)))

    assert found[A].wait is None
    assert [n for n in acting(found) if n.startswith(A)] == [A]


def test_other_fields_do_not_wait_for_the_switch() -> None:
    """Conditions and tags are set at once, whatever the new backend's health."""
    new = rule("a", {NEW: 1}, 100).with_spec(Conditions=[])

    found = plan(after(new), before(rule("a", {OLD: 1}, 100)))

    assert [f.path for f in found[f"{A}#settings"].fields] == ["Conditions"]
    assert [f.path for f in found[A].fields] == ["Actions"]


def test_backends_are_replaced_one_after_the_other() -> None:
    """The peak is what exists and one more: the next is created when the last is gone."""
    services = ("a", "b", "c")
    desired = [*BASE]
    observed = [*BASE]
    for number, service in enumerate(services, start=1):
        desired += [group(service, "node-port"), members(service, "node-port")]
        desired.append(rule(service, {tg(service, "node-port"): 1}, number))
        observed += [group(service), members(service), rule(service, {tg(service): 1}, number)]

    found = plan(desired, observed)

    alb = SmallAlb({r.address: r for r in observed}, frozenset(_groups(desired + observed)))
    alb.walk(list(found.values()), {r.address: r for r in desired}, most=1000)
    assert alb.most_groups == len(services) + 1
    assert alb.resources == {r.address: r for r in desired}


def _groups(resources: Sequence[Resource]) -> list[str]:
    return [r.address for r in resources if r.kind == Kind.TARGET_GROUP.value]


def test_a_weighted_action_replaces_one_member_at_a_time() -> None:
    """The other members keep their share meanwhile."""
    old = {tg("x"): 80, tg("y"): 20}
    new = {tg("x", "node-port"): 80, tg("y", "node-port"): 20}
    observed = [*BASE, *(group(s) for s in "xy"), *(members(s) for s in "xy"), rule("a", old, 1)]
    desired = [*BASE, *(group(s, "node-port") for s in "xy")]
    desired += [*(members(s, "node-port") for s in "xy"), rule("a", new, 1)]

    found = plan(desired, observed)

    stages = [name.partition("#")[2] for name in found if name.startswith(A)]
    assert stages == ["attach", "shift", "detach", "attach-2", "shift-2", ""]


def test_dropping_a_member_waits_for_those_that_stay() -> None:
    """Otherwise the only healthy member could be the one that goes."""
    observed = [*BASE, group("x"), group("y"), rule("a", {tg("x"): 1, tg("y"): 1}, 1)]
    desired = [*BASE, group("x"), rule("a", {tg("x"): 1}, 1)]

    found = plan(desired, observed)

    assert found[f"{A}#shift"].wait == WaitFor(
        kind=Wait.HEALTHY, on=(tg("x"),), instead_of=(tg("y"),)
    )


def test_an_unused_target_group_goes_at_once_and_a_used_one_when_settled() -> None:
    """What never was attached has nothing in flight."""
    used = [*before(rule("a", {OLD: 1}, 1))]
    unused = [*before()]

    assert plan(BASE, unused)[OLD].wait is None
    assert plan(BASE, used)[OLD].wait == WaitFor(kind=Wait.SETTLED, on=(A,))


def test_everything_on_a_load_balancer_goes_with_it() -> None:
    """One DeleteLoadBalancer, then what it leaves behind."""
    observed = [*before(rule("a", {OLD: 1}, 1)), security_group()]

    found = plan([], observed)

    silent = {name: step.reason for name, step in found.items() if not step.calls}
    assert silent == {
        A: "goes with its load balancer",
        LISTENER: "goes with its load balancer",
        addresses.targets_of(OLD): "goes with its target group",
    }
    names = list(found)
    assert names.index(addresses.load_balancer(GROUP)) < names.index(OLD)
    group_step = found[addresses.frontend_security_group(GROUP)]
    assert group_step.wait == WaitFor(kind=Wait.DRAINED, on=(group_step.address,))


def test_rules_go_with_their_listener() -> None:
    """A port that nobody wants takes its rules with it."""
    found = plan([balancer()], before(rule("a", {OLD: 1}, 1)))

    assert found[A].reason == "goes with its listener"
    assert found[A].calls == ()
    assert [call.operation for call in found[LISTENER].calls] == ["DeleteListener"]
    names = list(found)
    assert names.index(LISTENER) < names.index(OLD)


def test_rules_are_created_before_others_are_deleted() -> None:
    """A rule that replaces another is there first; moves come before both."""
    observed = [*before(rule("a", {OLD: 1}, 1), rule("b", {OLD: 1}, 2))]
    desired = [*before(rule("b", {OLD: 1}, 9), rule("c", {OLD: 1}, 2), rule("d", {OLD: 1}, 3))]

    names = acting(plan(desired, observed))

    created = [addresses.listener_rule(GROUP, 80, name) for name in "cd"]
    assert names[0] == f"{LISTENER}#priorities"
    assert set(names[1:3]) == set(created)
    assert names[3:] == [A]


@pytest.mark.parametrize(("free", "deletes_before_the_last_create"), [(2, 0), (1, 1), (0, 2)])
def test_a_full_load_balancer_deletes_one_rule_for_each_it_creates(
    free: int, deletes_before_the_last_create: int
) -> None:
    """The limit is never exceeded on the way (LBC#4373)."""
    names = [addresses.listener_rule(GROUP, 80, name) for name in "abcd"]
    observed = before(rule("a", {OLD: 1}, 1), rule("b", {OLD: 1}, 2))
    desired = before(rule("c", {OLD: 1}, 3), rule("d", {OLD: 1}, 4))
    limit = "rules-per-application-load-balancer"

    found = plan(
        desired,
        observed,
        account={limit: 2 + free},
        used={(limit, f"load balancer {GROUP}"): 2},
    )

    walked = [name for name in found if name in names]
    assert _peak(found, names[:2], names[2:]) <= 2 + free
    last = max(walked.index(name) for name in names[2:])
    assert sum(1 for name in walked[:last] if name in names[:2]) >= deletes_before_the_last_create


def _peak(found: Mapping[str, Step], present: Sequence[str], wanted: Sequence[str]) -> int:
    """Return the most rules at once when creations hurry and deletions dawdle."""
    rules, most, done = set(present), len(present), set[str]()
    pending = [step for step in found.values() if step.action is not Action.NOOP]
    while pending:
        ready = [s for s in pending if (set(s.after) & {p.id for p in pending}) <= done]
        step = next((s for s in ready if s.id in wanted), ready[0])
        pending.remove(step)
        (rules.add if step.id in wanted else rules.discard)(step.id)
        most = max(most, len(rules))
    return most


def test_a_replaced_load_balancer_is_complete_before_the_old_one_goes() -> None:
    """Listener and rules are created anew on the new one; the old ones go with the old one."""
    observed = [*before(rule("a", {OLD: 1}, 1))]
    desired = [balancer(2), listener(generation=2), group("web", "node-port")]
    desired += [members("web", "node-port"), rule("a", {NEW: 1}, 1)]

    found = plan(desired, observed)

    old, new = (addresses.load_balancer(GROUP, generation=n) for n in (1, 2))
    names = acting(found)
    assert [found[n].action for n in (LISTENER, A)] == [Action.REPLACE, Action.REPLACE]
    assert [c.operation for c in (*found[LISTENER].calls, *found[A].calls)] == [
        "CreateListener",
        "CreateRule",
    ]
    assert names.index(new) < names.index(LISTENER) < names.index(A) < names.index(old)
    assert names.index(old) < names.index(OLD)
    assert found[old].wait == WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,))


def test_certificates_come_before_and_go_after_the_default_one_changes() -> None:
    """A host whose certificate moves between the two places never lacks it."""
    old = listener().with_spec(Protocol="HTTPS", Certificates=[{"CertificateArn": "arn:a"}])
    new = old.with_spec(Certificates=[{"CertificateArn": "arn:b"}])

    names = acting(plan([balancer(), new, _extra("arn:a")], [balancer(), old, _extra("arn:b")]))

    assert names == [_extra("arn:a").address, LISTENER, _extra("arn:b").address]


def _extra(arn: str) -> Resource:
    return _resource(
        Kind.LISTENER_CERTIFICATE,
        addresses.listener_certificate(GROUP, 80, arn),
        ListenerArn=Ref(LISTENER, "ListenerArn"),
        Certificates=[{"CertificateArn": arn}],
    )


@pytest.mark.parametrize(
    ("limit", "operations"),
    [
        (2, ["RegisterTargets", "DeregisterTargets"]),
        (1, ["DeregisterTargets", "RegisterTargets"]),
    ],
)
def test_targets_leave_first_only_where_the_new_ones_have_no_room(
    limit: int, operations: list[str]
) -> None:
    """Register before deregister, except over a limit (LBC#4360)."""
    old = members("web")
    new = old.with_spec(Targets=[{"Id": "10.0.0.2", "Port": 80}])
    name = "targets-per-application-load-balancer"

    found = plan(
        [new],
        [old],
        account={name: limit},
        used={(name, f"load balancer {GROUP}"): 1},
    )

    assert [call.operation for call in found[new.address].calls] == operations


def test_a_rule_comes_after_its_backends_targets() -> None:
    """It should find them there."""
    found = plan(before(rule("a", {OLD: 1}, 1)), BASE)

    assert addresses.targets_of(OLD) in found[A].after


def test_what_does_not_change_is_a_step_without_calls() -> None:
    """A plan shows everything there is."""
    found = plan(BASE, BASE)

    assert {step.action for step in found.values()} == {Action.NOOP}
    assert all(not step.calls for step in found.values())


def test_a_forward_to_a_foreign_target_group_is_updated_at_once() -> None:
    """Stages need target groups of ours; a foreign one would be lost in them."""
    foreign: list[PlainInput] = [
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:x"}]}}
    ]
    old = rule("a", {}, 1).with_spec(Actions=foreign)

    found = plan(before(rule("a", {OLD: 1}, 1)), before(old))

    assert [n for n in acting(found) if n.startswith(A)] == [A]


# -- the property ----------------------------------------------------------------------------------

_SERVICES = ("w", "x", "y", "z")
_MODES = ("pod", "node-port")


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[list[Resource], list[Resource], frozenset[str]]:
    """Draw two states of one load balancer, and which backends would be healthy."""
    states: list[list[Resource]] = []
    for _ in range(2):
        modes = {service: draw(st.sampled_from(_MODES)) for service in _SERVICES}
        names = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4))
        holders = {name: _weights(draw, modes) for name in names}
        default = _weights(draw, modes) if draw(st.booleans()) else {}
        used = sorted({address for weights in [*holders.values(), default] for address in weights})
        state = [balancer(), listener(default)]
        for service, mode in sorted(modes.items()):
            if tg(service, mode) in used:
                state += [group(service, mode), members(service, mode)]
        priorities = draw(st.permutations(range(1, len(names) + 1)))
        state += [
            rule(name, holders[name], number)
            for name, number in zip(names, priorities, strict=True)
        ]
        states.append(state)
    every = [tg(service, mode) for service in _SERVICES for mode in _MODES]
    return states[0], states[1], frozenset(draw(st.sets(st.sampled_from(every))))


def _weights(draw: st.DrawFn, modes: Mapping[str, str]) -> dict[str, int]:
    chosen = draw(st.lists(st.sampled_from(_SERVICES), unique=True, max_size=3))
    many = len(chosen) > 1
    return {
        tg(service, modes[service]): draw(st.integers(1, 3)) if many else 1 for service in chosen
    }


def _placed(desired: Sequence[Resource], observed: Mapping[str, Resource]) -> dict[str, Resource]:
    """Return the desired state with priorities that no rule about to be deleted holds."""
    leaving = {
        r.spec["Priority"]
        for r in observed.values()
        if r.kind == Kind.LISTENER_RULE.value and r.address not in {d.address for d in desired}
    }
    found = {}
    for resource in desired:
        priority = resource.spec.get("Priority")
        if isinstance(priority, int) and priority in leaving:
            resource = resource.with_spec(Priority=priority + 100)  # noqa: PLW2901 - replaced
        found[resource.address] = resource
    return found


@settings(deadline=None, max_examples=300)
@given(_worlds(), st.data())
def test_no_step_takes_a_rule_from_a_healthy_target_to_none(
    world: tuple[list[Resource], list[Resource], frozenset[str]], data: st.DataObject
) -> None:
    """In any order that the edges allow, interrupted and taken up again, with any backends dead."""
    observed, wanted, alive = world
    alb = SmallAlb(
        {r.address: r for r in observed},
        alive,
        order=lambda count: data.draw(st.integers(0, count - 1)),
    )
    desired = _placed(wanted, alb.resources)

    found: tuple[Step, ...] = ()
    for most in (data.draw(st.integers(0, 12)), 1000):
        there = alb.observed()
        found = steps(
            changes(list(desired.values()), there),
            Observed(resources={r.address: r for r in there}),
            some_room(),
        )
        alb.walk(found, desired, most=most)

    stuck = [step.id for step in found if step.id not in alb.done and step.calls]
    if not stuck:
        assert alb.resources == desired
    if alive >= {r.address for r in [*observed, *wanted] if r.kind == Kind.TARGET_GROUP.value}:
        assert alb.resources == desired


def test_observed_state_is_not_changed_by_planning() -> None:
    """Steps are computed from values."""
    there = seen(rule("a", {OLD: 1}, 1))

    plan(after(rule("a", {NEW: 1}, 1)), [there])

    assert there == replace(there)
