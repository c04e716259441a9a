"""A *scene*: everything that the rules of one listener are decided by, and what is found wrong.

It knows how the rules of the listener are called and tagged, and turns drafts into resources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from providers.aws import addresses, labels
from providers.aws.labels import Labels
from providers.aws.limits import EVALUATIONS, RULES, VALUES, WILDCARDS
from providers.aws.routing import conditions, hosts
from providers.aws.routing.actions import Destinations, actions
from providers.aws.routing.drafts import Draft, Role
from providers.aws.routing.sequence import discriminators, in_order
from providers.aws.routing.splitting import Allowance
from provisioner.core.rule_findings import RuleError, RuleFindings
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.model.expression import Expression
from provisioner.model.intent import Compatibility, ListenerIntent, Member, PathRule
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import ObservedResource, Ref, Resource, Spec, Value


@dataclass(slots=True)
class Found(RuleFindings):
    """What is wrong with the rules of a listener, each thing once."""

    split: Counter[Key] = field(default_factory=Counter)
    """Rules that paths became beyond the first one each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the rules of one listener are decided by, and the findings so far."""

    request: Expression
    listener: ListenerIntent
    destinations: Destinations
    ordered: tuple[PathRule, ...]
    kept: tuple[Resource, ...]
    members: Mapping[Key, Member]
    present_hosts: frozenset[str]
    existing: Mapping[str, int]
    allowance: Allowance
    default_held: bool
    found: Found
    _discriminators: Mapping[tuple[Key, str, str], tuple[str, ...]]

    @classmethod
    def of(
        cls,
        request: Expression,
        listener: ListenerIntent,
        destinations: Destinations,
        *,
        kept: tuple[Resource, ...] = (),
        default_held: bool = False,
    ) -> Scene:
        """Return the scene of one listener, with nothing found yet."""
        limits = request.limits
        ordered = tuple(in_order(request.intent, listener))
        return cls(
            request=request,
            listener=listener,
            destinations=destinations,
            ordered=ordered,
            kept=kept,
            members={member.ingress: member for member in request.intent.members},
            present_hosts=_hosts(request.intent.name, listener, kept),
            existing=_existing(request, listener),
            allowance=Allowance(
                values=limits[VALUES].value,
                evaluations=limits[EVALUATIONS].value,
                wildcards=limits[WILDCARDS].value,
                rules=limits[RULES].value,
            ),
            default_held=default_held,
            found=Found(),
            _discriminators=discriminators(request.intent, ordered),
        )

    def left_to_split(self, ingress: Key) -> Allowance:
        """Return the allowance for an Ingress' next path: paths in parts have no end otherwise."""
        left = self.allowance.rules - self.found.split[ingress]
        return replace(self.allowance, rules=max(1, left))

    @property
    def group(self) -> str:
        """The load balancer's group."""
        return self.request.intent.name

    @property
    def is_incumbent(self) -> bool:
        """Whether rules are read as the incumbent controller reads them."""
        return self.request.intent.compatibility is Compatibility.INCUMBENT

    def address(self, host: str, role: Role, *path: str) -> str:
        """Return the address of a rule by what it is for."""
        return _rule_address(self.group, self.listener, host, role, *path)

    def part_address(self, rule: PathRule, number: int) -> str:
        """Return the address of one of the rules that a path becomes."""
        return self.address(
            rule.host,
            Role.PATH,
            rule.path_type.value,
            rule.path,
            str(number),
            *self._discriminators.get((rule.ingress, rule.field, rule.host), ()),
        )

    def observed(self, address: str) -> ObservedResource | None:
        """Return the rule that exists at an address."""
        return self.request.observed.resources.get(address)

    def blame(self, rule: PathRule, problem: RuleError) -> None:
        """Quarantine a path."""
        self.found.quarantine(rule.ingress, rule.field, problem)

    def blame_default(self, ingress: Key, problem: RuleError) -> None:
        """Quarantine a default backend."""
        self.found.quarantine(ingress, DEFAULT_BACKEND, problem)

    def resource(self, draft: Draft, priority: int) -> Resource:
        """Return a rule at its place."""
        spec = self._fresh(draft, priority) if draft.spec is None else draft.spec
        return Resource(
            kind=addresses.Kind.LISTENER_RULE.value,
            address=draft.address,
            group=self.group,
            ingresses=(draft.ingress,),
            spec=placed(spec, priority),
            title=draft.title,
        )

    def _fresh(self, draft: Draft, priority: int) -> Spec:
        observed = self.observed(draft.address)
        present = observed.spec if observed is not None else {}
        fields: dict[str, Value] = {
            "ListenerArn": Ref(addresses.listener(self.group, self.listener.port), "ListenerArn"),
            "Conditions": _as_present(draft.conditions, present.get("Conditions")),
            "Actions": actions(draft.action, self.destinations, entry=draft.entry),
            "Tags": self._tags(draft, priority),
        }
        if draft.transforms or present.get("Transforms"):
            fields["Transforms"] = draft.transforms
        return fields

    def _tags(self, draft: Draft, priority: int) -> Value:
        member = self.members.get(draft.ingress)
        return Labels.of(self.request).tags(
            draft.address,
            role=labels.rule_role(self.listener.port, priority),
            ingress=draft.ingress,
            user=member.tags if member is not None else NO_STRINGS,
        )


def placed(spec: Spec, priority: int) -> Spec:
    """Return a rule's spec at a place in the order."""
    fields = {**spec, "Priority": priority}
    return MappingProxyType({name: fields[name] for name in sorted(fields)})


def _as_present(wanted: tuple[Spec, ...], present: Value) -> Value:
    """Return the conditions in the order that AWS answers, where it answers the same ones."""
    return present if present and conditions.same(wanted, present) else wanted


def _hosts(group: str, listener: ListenerIntent, kept: Sequence[Resource]) -> frozenset[str]:
    """Return the hosts that have rules on this listener, kept ones included."""
    found = {rule.host for rule in listener.rules}
    present = {rule.address for rule in kept}
    for rule in kept:
        written = rule.spec.get("Conditions")
        for host in conditions.hosts_of(written):
            if conditions.is_by_pattern(written) or not host.startswith(hosts.WILDCARD):
                found.add(host)
            elif rule.address != _blocking(group, listener, host):
                kept_apart = _blocking(group, listener, hosts.longer(host)) in present
                found.add(host if kept_apart else hosts.ANY)  # such a glob takes longer names too
    return frozenset(found)


def _blocking(group: str, listener: ListenerIntent, glob: str) -> str:
    """Return the address of the rule that keeps the names of a glob out of a wildcard."""
    return _rule_address(group, listener, glob, Role.BLOCKING)


def _rule_address(group: str, listener: ListenerIntent, host: str, role: Role, *path: str) -> str:
    identity = (host, role.value, *(path or ("", "", "0")))
    return addresses.listener_rule(group, listener.port, *identity)


def _existing(request: Expression, listener: ListenerIntent) -> Mapping[str, int]:
    """Return the priorities of the rules that this listener has now."""
    parent = addresses.listener(request.intent.name, listener.port)
    return {
        rule.address: rule.order
        for rule in request.observed.of_group(request.intent.name)
        if rule.kind == addresses.Kind.LISTENER_RULE.value and _parent(rule) == parent
    }


def _parent(rule: ObservedResource) -> str:
    arn = rule.spec.get("ListenerArn")
    return arn.address if isinstance(arn, Ref) else ""
