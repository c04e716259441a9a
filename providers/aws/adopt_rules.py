"""Which rule of AWS Load Balancer Controller stands for which wanted rule.

That controller tags a rule with its port and priority, and re-tags every later rule when one is
inserted. So the tag says little; what a rule matches on says most. Rules with equal conditions
belong together, of several the one at the same place first; what is left belongs together where the
place is the same. The order of conditions means nothing, the order of values in one does (it is
what that controller compares by).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.aws.addresses import Kind
from provisioner.model.kube import Key
from provisioner.model.resource import Resource, Spec, Value, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMatch:
    """The wanted rule that an existing one stands for."""

    address: str
    ingresses: tuple[Key, ...]


def match_rules(wanted: Iterable[Resource], present: Mapping[str, Spec]) -> Mapping[str, RuleMatch]:
    """Return what each existing rule stands for, by its id; absent where nothing wants it.

    Args:
        wanted: Resources as they are wanted; only rules count.
        present: Specs of existing rules by id, with Refs in place of ids.
    """
    rules: dict[str, list[Resource]] = {}
    for resource in wanted:
        if resource.kind == Kind.LISTENER_RULE:
            rules.setdefault(_listener(resource.spec), []).append(resource)
    by_listener: dict[str, dict[str, Spec]] = {}
    for identifier, spec in present.items():
        by_listener.setdefault(_listener(spec), {})[identifier] = spec
    found: dict[str, RuleMatch] = {}
    for listener, specs in by_listener.items():
        found |= _match(rules.get(listener, ()), specs)
    return found


def _match(wanted: Sequence[Resource], present: Mapping[str, Spec]) -> dict[str, RuleMatch]:
    found: dict[str, RuleMatch] = {}
    left = sorted(wanted, key=lambda rule: (_priority(rule.spec), rule.address))
    for likeness in (_words_and_place, _words, _place):
        free: dict[str, list[str]] = {}
        for identifier in sorted(present, key=lambda each: (_priority(present[each]), each)):
            if identifier not in found:
                free.setdefault(likeness(present[identifier]), []).append(identifier)
        waiting = []
        for rule in left:
            same = free.get(likeness(rule.spec))
            if same:
                found[same.pop(0)] = RuleMatch(address=rule.address, ingresses=rule.ingresses)
            else:
                waiting.append(rule)
        left = waiting
    return found


def _words_and_place(spec: Spec) -> str:
    return f"{_place(spec)} {_words(spec)}"


def _words(spec: Spec) -> str:
    conditions = spec.get("Conditions")
    listed = conditions if isinstance(conditions, tuple) else ()
    return "\n".join(sorted(canonical(condition) for condition in listed))


def _place(spec: Spec) -> str:
    return str(_priority(spec))


def _priority(spec: Spec) -> int:
    priority: Value = spec.get("Priority")
    return priority if isinstance(priority, int) else 0


def _listener(spec: Spec) -> str:
    return str(spec.get("ListenerArn"))
