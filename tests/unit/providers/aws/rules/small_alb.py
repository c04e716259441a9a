"""A very small ALB: target groups that are checked once attached, and rules that share traffic.

It walks steps in any order that their edges allow, asks waits of its own health, and watches that
no step takes a rule from at least one healthy target to none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from providers.aws.routing.actions import weights_of
from provisioner.core.order import ordered
from provisioner.model.change import Call, Step, Wait
from provisioner.model.resource import ObservedResource, Ref, Resource, Value
from tests.unit.providers.aws.rules.building import seen


@dataclass
class SmallAlb:
    """What exists, by address.

    ``alive`` are target groups whose backend would pass its checks; ``order`` picks the next step
    among those that may go.
    """

    resources: dict[str, Resource]
    alive: frozenset[str]
    order: Callable[[int], int] = lambda _: 0
    most_groups: int = 0
    done: list[str] = field(default_factory=list)

    def observed(self) -> list[ObservedResource]:
        """Return what a reader would see."""
        return [seen(resource) for resource in self.resources.values()]

    def healthy(self, target_group: str) -> bool:
        """Tell whether a target group has a healthy target: alive, registered and attached."""
        members = target_group.replace("aws:target-group/", "aws:targets/")
        attached = any(target_group in weights for weights in self.weights().values())
        return (
            target_group in self.alive
            and target_group in self.resources
            and members in self.resources
            and attached
        )

    def weights(self) -> dict[str, dict[str, int]]:
        """Return what each rule and listener forwards to."""
        return {
            address: weights_of(resource.spec.get(_actions_field(resource.kind)))
            for address, resource in self.resources.items()
            if resource.kind in ("ListenerRule", "Listener")
        }

    def walk(self, steps: Sequence[Step], desired: Mapping[str, Resource], *, most: int) -> None:
        """Walk the steps until none can go, or ``most`` were made."""
        pending = list(ordered(steps))
        complete: set[str] = set()
        while pending and len(complete) < most:
            ready = [s for s in pending if complete.issuperset(s.after) and self._holds(s)]
            if not ready:
                return
            step = ready[self.order(len(ready))]
            self._make(step, desired)
            complete.add(step.id)
            self.done.append(step.id)
            pending.remove(step)

    def _holds(self, step: Step) -> bool:
        if step.wait is None or step.wait.kind is not Wait.HEALTHY:
            return True
        if all(self.healthy(target_group) for target_group in step.wait.on):
            return True
        return not any(self.healthy(target_group) for target_group in step.wait.instead_of)

    def _make(self, step: Step, desired: Mapping[str, Resource]) -> None:
        before = self._served()
        for call in step.calls:
            self._send(call, desired)
        if step.action.value == "delete":
            self.resources.pop(step.address, None)
        after, forwards = self._served(), self.weights()
        for address, served in before.items():
            still = address in forwards and forwards[address]
            assert not (served and still and not after[address]), f"{step.id} cut {address} off"
        groups = [r for r in self.resources.values() if r.kind == "TargetGroup"]
        self.most_groups = max(self.most_groups, len(groups))

    def _served(self) -> dict[str, bool]:
        return {
            address: any(w > 0 and self.healthy(tg) for tg, w in weights.items())
            for address, weights in self.weights().items()
        }

    def _send(self, call: Call, desired: Mapping[str, Resource]) -> None:
        match call.operation:
            case "ModifyRule" | "ModifyListener":
                self._modify(call)
            case "SetRulePriorities":
                self._move(call.parameters["RulePriorities"])
            case "DeleteTargetGroup":
                users = [a for a, w in self.weights().items() if call.address in w]
                assert not users, f"{call.address} is in use by {users}"
            case _ if not call.operation.startswith(("Delete", "Deregister")):
                self.resources[call.address] = desired[call.address]
                self._check_references(call)
            case _:
                pass
        self._check_priorities()

    def _modify(self, call: Call) -> None:
        resource = self.resources[call.address]
        fields = {k: v for k, v in call.parameters.items() if k in resource.spec}
        self.resources[call.address] = resource.with_spec(**fields)
        self._check_references(call)

    def _move(self, priorities: Value) -> None:
        assert isinstance(priorities, tuple)
        for entry in priorities:
            assert isinstance(entry, Mapping)
            rule = entry["RuleArn"]
            assert isinstance(rule, Ref)
            resource = self.resources[rule.address]
            self.resources[rule.address] = resource.with_spec(Priority=entry["Priority"])

    def _check_references(self, call: Call) -> None:
        for target_group in self.weights().get(call.address, {}):
            assert target_group in self.resources, f"{call.operation} before {target_group} exists"

    def _check_priorities(self) -> None:
        rules = [r for r in self.resources.values() if r.kind == "ListenerRule"]
        numbers = [rule.spec["Priority"] for rule in rules]
        assert len(numbers) == len(set(numbers)), "two rules have one priority"


def _actions_field(kind: str) -> str:
    return "DefaultActions" if kind == "Listener" else "Actions"
