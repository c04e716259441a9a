"""Write the rules of one host: its paths, what closes it, and what keeps other names out of it.

A *draft* is a rule that has no priority yet. A *scene* is everything that the rules of one listener
are decided by, and collects what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from providers.aws import addresses, labels
from providers.aws.labels import Labels
from providers.aws.limits import EVALUATIONS, GROUPS_PER_ACTION, VALUES, WILDCARDS
from providers.aws.routing import conditions, hosts
from providers.aws.routing.actions import UNAVAILABLE, actions, describe, weights_of
from providers.aws.routing.conditions import Allowance, ConditionError, PathForm
from providers.aws.routing.hosts import HostForm
from providers.aws.routing.reach import Taken
from providers.aws.routing.sequence import place_of, standing
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import (
    BackendId,
    Compatibility,
    FixedResponse,
    Forward,
    ListenerIntent,
    Member,
    PathRule,
    Quarantined,
    RuleAction,
)
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import ObservedResource, Ref, Resource, Spec, Value
from provisioner.ports import Expression

_EVERYTHING = PathForm(values=())


class Role(StrEnum):
    """What a rule is for; part of its identity."""

    PATH = "path"
    CLOSING = "closing"
    BLOCKING = "blocking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule before it has a priority. ``spec`` is that of an existing rule to be left alone."""

    address: str
    ingress: Key
    title: str
    conditions: tuple[Spec, ...] = ()
    action: RuleAction = UNAVAILABLE
    transforms: tuple[Spec, ...] = ()
    spec: Spec | None = None
    dispensable: bool = False

    def resource(self, scene: Scene, priority: int) -> Resource:
        """Return the rule at its place."""
        return Resource(
            kind=addresses.Kind.LISTENER_RULE.value,
            address=self.address,
            group=scene.group,
            ingresses=(self.ingress,),
            spec=placed(self._fresh(scene, priority) if self.spec is None else self.spec, priority),
            title=self.title,
        )

    def _fresh(self, scene: Scene, priority: int) -> Spec:
        fields: dict[str, Value] = {
            "ListenerArn": scene.parent,
            "Conditions": self.conditions,
            "Actions": actions(self.action, scene.target_groups),
            "Tags": scene.tags(self.address, self.ingress, priority),
        }
        observed = scene.request.observed.resources.get(self.address)
        if self.transforms or (observed is not None and observed.spec.get("Transforms")):
            fields["Transforms"] = self.transforms
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the rules of one listener are decided by, and the findings so far."""

    request: Expression
    listener: ListenerIntent
    target_groups: Mapping[BackendId, str]
    members: Mapping[Key, Member]
    present_hosts: frozenset[str]
    existing: Mapping[str, int]
    allowance: Allowance
    default_held: bool
    diagnostics: list[Diagnostic]
    quarantined: list[Quarantined]

    @classmethod
    def of(
        cls,
        request: Expression,
        listener: ListenerIntent,
        target_groups: Mapping[BackendId, str],
        kept: Sequence[Resource],
        *,
        default_held: bool = False,
    ) -> Scene:
        """Return the scene of one listener, with nothing found yet."""
        limits = request.limits
        values = limits[VALUES].value
        return cls(
            request=request,
            listener=listener,
            target_groups=target_groups,
            members={member.ingress: member for member in request.intent.members},
            present_hosts=_hosts(listener, kept),
            existing=_existing(request, listener),
            allowance=Allowance(
                values=values,
                evaluations=limits[EVALUATIONS].value,
                wildcards=limits[WILDCARDS].value,
            ),
            default_held=default_held,
            diagnostics=[],
            quarantined=[],
        )

    @property
    def parent(self) -> Ref:
        """The listener that the rules belong to."""
        return Ref(addresses.listener(self.group, self.listener.port), "ListenerArn")

    @property
    def group(self) -> str:
        """The load balancer's group."""
        return self.request.intent.name

    @property
    def is_incumbent(self) -> bool:
        """Whether rules are read as the incumbent controller reads them."""
        return self.request.intent.compatibility is Compatibility.INCUMBENT

    def tags(self, address: str, ingress: Key, priority: int) -> Value:
        """Return the tags of a rule."""
        member = self.members.get(ingress)
        return Labels.of(self.request).tags(
            address,
            role=labels.rule_role(self.listener.port, priority),
            ingress=ingress,
            user=member.tags if member is not None else NO_STRINGS,
        )

    def address(self, host: str, role: Role, *path: str) -> str:
        """Return the address of a rule by what it is for."""
        return addresses.listener_rule(
            self.group, self.listener.port, host, role.value, *(path or ("", "", "0"))
        )

    def host_rules(self, host: str, rules: Sequence[PathRule]) -> list[Draft]:
        """Return all rules of one host, blocking and closing ones included."""
        form = self._host_form(host)
        taken = Taken()
        drafts: list[Draft] = []
        for rule in rules:
            drafts += self._path_rules(rule, form, taken)
        if form is None or not drafts or self.is_incumbent:
            return drafts
        return [*self._blocking(form, drafts), *drafts, *self._closing(host, form, rules, taken)]

    def _host_form(self, host: str) -> HostForm | None:
        if self.is_incumbent:
            return HostForm(values=(host,) if host else ())
        return hosts.form(host, any_host_exists=hosts.ANY in self.present_hosts)

    def _blocking(self, form: HostForm, drafts: Sequence[Draft]) -> Iterator[Draft]:
        """Yield the rule that keeps names with more labels out of a wildcard's glob.

        Such a name matches no rule of the group, so it gets what the listener answers by default.
        """
        if not form.blocking:
            return
        action = self.listener.default
        yield Draft(
            address=self.address(form.blocking, Role.BLOCKING),
            ingress=drafts[0].ingress,
            title=f"{form.blocking} (longer names) -> {describe(action)}",
            conditions=(conditions.condition(conditions.HOST, (form.blocking,)),),
            action=action,
        )

    def _closing(
        self, host: str, form: HostForm, rules: Sequence[PathRule], taken: Taken
    ) -> Iterator[Draft]:
        """Yield the rule that ends a host, where something later would answer in its place."""
        action, ingress = self._default_of(rules)
        falls_through = any(wide in self.present_hosts for wide in hosts.wider(host))
        answer = action or FixedResponse()
        differs = self.default_held or answer != self.listener.default
        if host == hosts.ANY or not (falls_through or differs) or taken.by("/*") is not None:
            return
        yield Draft(
            address=self.address(host, Role.CLOSING),
            ingress=ingress,
            title=f"{host} (everything else) -> {describe(answer)}",
            conditions=conditions.build(form, _EVERYTHING),
            action=answer,
        )

    def _default_of(self, rules: Sequence[PathRule]) -> tuple[RuleAction | None, Key]:
        """Return the default backend of a host and whose it is: the first member's that has one."""
        keys = sorted({rule.ingress for rule in rules}, key=self._standing)
        for key in keys:
            member = self.members.get(key)
            if member is not None and member.default_backend is not None:
                return member.default_backend, key
        return None, keys[0]

    def _standing(self, key: Key) -> tuple[int, str, Key]:
        return standing(self.members, key)

    def _path_rules(self, rule: PathRule, form: HostForm | None, taken: Taken) -> Sequence[Draft]:
        """Return the rules of one path: several where it needs more values than one rule holds."""
        try:
            parts = self._parts(rule, form)
            self._check_action(rule)
        except ConditionError as problem:
            self._quarantine(rule, problem)
            return self._held(rule, ())
        if rule.held or not self._is_served(rule.action):
            return self._held(rule, parts)
        self._note_reach(rule, taken)
        return [
            Draft(
                address=self._part_address(rule, number),
                ingress=rule.ingress,
                title=f"{place_of(rule)} -> {describe(rule.action)}",
                conditions=part,
                action=rule.action,
                transforms=conditions.transforms(rule),
            )
            for number, part in enumerate(parts)
        ]

    def _parts(self, rule: PathRule, form: HostForm | None) -> tuple[tuple[Spec, ...], ...]:
        if form is None:
            raise ConditionError(
                "HOST-UNSUPPORTED",
                f"an ALB cannot match host {rule.host}: as a pattern it is longer than "
                f"{hosts.LONGEST_VALUE} characters",
                hint="shorten the host name, or give it a load balancer without rules for any host",
            )
        built = conditions.build(
            form, conditions.path_form(rule), conditions.extra_conditions(rule)
        )
        return conditions.split(built, self.allowance)

    def _check_action(self, rule: PathRule) -> None:
        """Refuse more target groups than one action holds, also while one of them is switched."""
        if not isinstance(rule.action, Forward):
            return
        most = self.request.limits[GROUPS_PER_ACTION].value
        wanted = {self.target_groups.get(w.backend, "") for w in rule.action.backends}
        if len(wanted) > most:
            raise ConditionError(
                "BACKEND-SPLIT",
                f"the traffic is split {len(wanted)} ways; an ALB action takes {most} backends",
                hint="split it fewer ways",
            )
        observed = self.request.observed.resources.get(self._part_address(rule, 0))
        present = weights_of(observed.spec.get("Actions")) if observed is not None else {}
        if len(present) >= most and wanted - present.keys() and present.keys() - wanted:
            raise ConditionError(
                "BACKEND-SWITCH",
                f"a backend of a {len(present)}-way split cannot be replaced without a gap: the "
                f"new target group needs one of {most} places while the old one still serves",
                hint="take one backend out of the split first",
            )

    def _is_served(self, action: RuleAction) -> bool:
        """Tell whether every backend of an action has a target group; a refused one has none."""
        if not isinstance(action, Forward):
            return True
        return all(weighted.backend in self.target_groups for weighted in action.backends)

    def _held(self, rule: PathRule, parts: Sequence[tuple[Spec, ...]]) -> Sequence[Draft]:
        """Return the last good rules of a quarantined path, else a 503 if one can be written."""
        last_good = list(self._last_good(rule))
        if last_good:
            return last_good
        return [
            Draft(
                address=self._part_address(rule, number),
                ingress=rule.ingress,
                title=f"{place_of(rule)} -> 503",
                conditions=part,
                dispensable=True,
            )
            for number, part in enumerate(parts)
        ]

    def _last_good(self, rule: PathRule) -> Iterator[Draft]:
        number = 0
        while (observed := self._observed(rule, number)) is not None:
            yield Draft(
                address=observed.address,
                ingress=rule.ingress,
                title=observed.title or f"{place_of(rule)} (last good rule)",
                spec=observed.spec,
            )
            number += 1

    def _observed(self, rule: PathRule, number: int) -> ObservedResource | None:
        found = self.request.observed.resources.get(self._part_address(rule, number))
        return found if found is not None and found.ingresses == (rule.ingress,) else None

    def _part_address(self, rule: PathRule, number: int) -> str:
        return self.address(rule.host, Role.PATH, rule.path_type.value, rule.path, str(number))

    def _note_reach(self, rule: PathRule, taken: Taken) -> None:
        """Warn of a path that earlier rules leave nothing to; note what this one takes."""
        form = conditions.path_form(rule)
        extra = conditions.extra_conditions(rule)
        if form.is_regex or (extra and self.is_incumbent):
            return
        values = form.values or ("/*",)
        owners = [taken.by(value) for value in values]
        widened = any(spec.get("Field") in (conditions.HOST, conditions.PATH) for spec in extra)
        if all(owners) and not widened:
            self.diagnostics.append(_unreachable(rule, owners[0] or ""))
        if not extra:
            for value in values:
                taken.add(value, f"{rule.path or '/*'} ({rule.path_type}) of {rule.ingress}")

    def _quarantine(self, rule: PathRule, problem: ConditionError) -> None:
        finding = error(
            problem.code,
            f"Ingress {rule.ingress}",
            ingress=rule.ingress,
            field=rule.field,
            message=str(problem),
            hint=problem.hint,
        )
        self.diagnostics.append(finding)
        self.quarantined.append(
            Quarantined(ingress=rule.ingress, path=rule.field, diagnostic=finding)
        )


def _hosts(listener: ListenerIntent, kept: Sequence[Resource]) -> frozenset[str]:
    """Return the hosts that have rules on this listener, kept ones included."""
    found = {rule.host for rule in listener.rules}
    for rule in kept:
        values = conditions.host_values(rule.spec.get("Conditions"))
        if values is not None:
            found.update(hosts.of_values(values))
    return frozenset(found)


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


def placed(spec: Spec, priority: int) -> Spec:
    """Return a rule's spec at a place in the order."""
    fields = {**spec, "Priority": priority}
    return MappingProxyType({name: fields[name] for name in sorted(fields)})


def _unreachable(rule: PathRule, owner: str) -> Diagnostic:
    return warning(
        "PATH-UNREACHABLE",
        f"Ingress {rule.ingress}",
        ingress=rule.ingress,
        field=rule.field,
        message=(
            f"{place_of(rule)} can never match: every such request goes to {owner}, "
            "which comes first"
        ),
        hint="remove it, or write the more specific path first",
    )
