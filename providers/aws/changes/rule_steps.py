"""Order the steps of rules: moved as a whole, created before others go, within the rule limit.

A rule that replaces another must be there before the other is deleted, or requests in between get
an answer from somewhere else. A full load balancer has no room for both; then one is deleted for
each one created, which keeps the gap to one rule at a time.

Where the priority of a rule that goes is wanted by another (the incumbent counts 1, 2, 3 ...), the
one that goes moves behind all others first, in the same call that moves the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.aws.addresses import Kind
from providers.aws.changes.calls import priority_call
from providers.aws.changes.upheaval import parent_of
from providers.aws.limits import RULES, balancer_subject
from providers.aws.routing.conditions import hosts_of
from providers.aws.routing.priorities import HIGHEST, LOWEST
from provisioner.core.step_list import StepList
from provisioner.model.change import Action, Change, FieldChange, Step
from provisioner.model.expression import StepRoom
from provisioner.model.resource import ObservedResource, Ref, Resource, Value, freeze

PRIORITIES = "priorities"
PRIORITY = "Priority"


def add_priorities(changes: Sequence[Change], steps: StepList) -> None:
    """Add one step per listener that moves all of its rules whose priority changes."""
    lost = {
        change.address
        for change in changes
        if change.kind == Kind.LISTENER.value and change.action in _LOSES_ITS_RULES
    }
    by_listener: dict[str, list[Change]] = {}
    for change in changes:
        listener = _listener_of(change)
        if change.kind == Kind.LISTENER_RULE.value and listener not in lost:
            by_listener.setdefault(listener, []).append(change)
    for listener, rules in sorted(by_listener.items()):
        moved = [(rule, field) for rule in rules if (field := _priority(rule)) is not None]
        moved += _making_way(rules)
        if moved:
            steps.add(_priority_step(listener, moved))


_LOSES_ITS_RULES = frozenset({Action.DELETE, Action.REPLACE})


def _priority(change: Change) -> FieldChange | None:
    if change.action is not Action.UPDATE:
        return None
    return next((field for field in change.fields if field.path == PRIORITY), None)


def _making_way(rules: Sequence[Change]) -> list[tuple[Change, FieldChange]]:
    """Return the rules that go and stand where others are to stand, with a place behind them."""
    wanted = {_number(rule.desired) for rule in rules if rule.action is not Action.DELETE}
    going = sorted(
        (rule for rule in rules if rule.action is Action.DELETE),
        key=lambda rule: _number(rule.observed),
    )
    in_the_way = [rule for rule in going if _number(rule.observed) in wanted]
    used = wanted | {_number(rule.observed) for rule in rules}
    free = (number for number in range(HIGHEST, LOWEST - 1, -1) if number not in used)
    return [
        (rule, FieldChange(path=PRIORITY, before=_number(rule.observed), after=next(free)))
        for rule in reversed(in_the_way)
    ]


def _number(rule: Resource | ObservedResource | None) -> int:
    """Return a rule's priority, 0 where there is none."""
    number = rule.spec.get(PRIORITY) if rule is not None else None
    return number if isinstance(number, int) else 0


def _priority_step(listener: str, moved: Sequence[tuple[Change, FieldChange]]) -> Step:
    ordered = sorted(moved, key=lambda pair: pair[0].address)
    before = freeze([_place(change, field.before) for change, field in ordered])
    after = freeze([_place(change, field.after) for change, field in ordered])
    return Step(
        id=f"{listener}#{PRIORITIES}",
        action=Action.UPDATE,
        kind=Kind.LISTENER.value,
        address=listener,
        group=ordered[0][0].group,
        title="order of rules",
        ingresses=tuple(sorted({key for change, _ in ordered for key in change.ingresses})),
        reason=f"{len(ordered)} rules change their place",
        fields=(FieldChange(path="RulePriorities", before=before, after=after),),
        calls=(priority_call(listener, after),),
    )


def _place(change: Change, priority: Value) -> Mapping[str, Value]:
    return {"RuleArn": Ref(change.address, "RuleArn"), "Priority": priority}


def order_rules(changes: Sequence[Change], steps: StepList, room: StepRoom) -> None:
    """Add the edges between moving, creating, updating and deleting rules.

    Args:
        changes: All changes.
        steps: Their steps, complete.
        room: How many rules each load balancer holds and may hold.
    """
    by_balancer: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind == Kind.LISTENER_RULE.value and steps.sends(change.address):
            subject = balancer_subject(change.group, change.address)
            by_balancer.setdefault(subject, []).append(change)
    for subject, rules in sorted(by_balancer.items()):
        _order_group(rules, steps, _free(subject, room))


def _free(subject: str, room: StepRoom) -> int:
    used = room.used.get((RULES, subject), 0)
    return max(0, room.limits[RULES].value - used)


def _order_group(rules: Sequence[Change], steps: StepList, free: int) -> None:
    creates = [rule for rule in rules if rule.action is Action.CREATE]
    deletes = [rule for rule in rules if rule.action is Action.DELETE]
    for rule in creates:
        steps.after(rule.address, [_priorities_of(rule)])
    late = creates[free:]
    for number, (rule, victim) in enumerate(zip(late, deletes, strict=False)):
        steps.after(rule.address, [victim.address])
        steps.after(victim.address, [_priorities_of(victim)])
        if number:
            steps.after(victim.address, [late[number - 1].address])
    _last(rules, deletes[len(late) :], steps)


def _last(rules: Sequence[Change], deletes: Sequence[Change], steps: StepList) -> None:
    """Let deletions come after what may take their place: the first waits, the rest follow it.

    That is what else changes on their listener in their namespace or for their hosts. Nobody is to
    wait for strangers: a rule of theirs that AWS refuses would keep this one from going for good.
    """
    first: dict[tuple[object, ...], str] = {}
    staying = [r for r in rules if r.action is not Action.DELETE and not steps.waits(r.address)]
    for victim in deletes:
        listener, namespaces, hosts = _listener_of(victim), _namespaces(victim), _hosts(victim)
        place = (listener, namespaces, hosts)
        if place in first:
            steps.after(victim.address, [first[place]])
            continue
        first[place] = victim.address
        earlier = [
            rule.address
            for rule in staying
            if _listener_of(rule) == listener
            and (namespaces & _namespaces(rule) or hosts & _hosts(rule))
        ]
        steps.after(victim.address, [*earlier, f"{listener}#{PRIORITIES}"])


def _namespaces(rule: Change) -> frozenset[str]:
    return frozenset(key.namespace for key in rule.ingresses)


def _hosts(rule: Change) -> frozenset[str]:
    """Return the hosts of a rule as they stand and as they are to be."""
    both = [rule.desired, rule.observed]
    return frozenset(
        host
        for state in both
        if state is not None
        for host in hosts_of(state.spec.get("Conditions"))
    )


def _priorities_of(rule: Change) -> str:
    return f"{_listener_of(rule)}#{PRIORITIES}"


def _listener_of(rule: Change) -> str:
    return parent_of(rule.desired or rule.observed, "ListenerArn")
