"""The rules of one host: its paths, what closes it, and what keeps other names out of it.

A path that cannot be expressed is quarantined alone: the rule it had stays as it is, at its place;
where it never had one it answers 503. The incumbent knows neither closing nor blocking rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers.aws.evaluation.reach import hidden
from providers.aws.limits import GROUPS_PER_ACTION
from providers.aws.routing import conditions, hosts
from providers.aws.routing.actions import weights_of
from providers.aws.routing.condition_specs import HOST, condition
from providers.aws.routing.conditions import PathForm
from providers.aws.routing.drafts import Draft, Role
from providers.aws.routing.entry import entry
from providers.aws.routing.hosts import HostForm
from providers.aws.routing.scenes import Scene
from providers.aws.routing.splitting import split
from providers.aws.routing.transforms import transforms
from provisioner.core.rule_findings import RuleError
from provisioner.core.rule_words import describe, place_of, standing
from provisioner.model.intent import FixedResponse, Forward, Member, PathRule
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, Spec

_EVERYTHING = PathForm(values=())


def host_rules(scene: Scene, host: str, rules: Sequence[PathRule]) -> list[Draft]:
    """Return all rules of one host, blocking and closing ones included."""
    form = _host_form(scene, host)
    drafts = [draft for rule in rules for draft in _path_rules(scene, rule, form)]
    if form is None or not drafts or scene.is_incumbent:
        return drafts
    blocking = _blocking(scene, form, drafts)
    return [*blocking, *drafts, *_closing(scene, form, rules=rules, drafts=drafts)]


def _host_form(scene: Scene, host: str) -> HostForm | None:
    if scene.is_incumbent:
        return HostForm(values=(host,) if host else ())
    return hosts.form(host, any_host_exists=hosts.ANY in scene.present_hosts)


# -- hosts ---------------------------------------------------------------------------------------


def _blocking(scene: Scene, form: HostForm, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield the rule that keeps names with more labels out of a wildcard's glob.

    Such a name matches no rule of the group, so it gets what the listener answers by default.
    """
    if not form.blocking:
        return
    listener = scene.listener
    key = listener.default_ingress or drafts[0].ingress
    yield _answer(
        scene,
        Draft(
            address=scene.address(form.blocking, Role.BLOCKING),
            ingress=drafts[0].ingress,
            title=f"{form.blocking} (longer names) -> {describe(listener.default)}",
            conditions=(condition(HOST, (form.blocking,)),),
            action=listener.default,
        ),
        member=Member(ingress=key, default_options=listener.default_options),
    )


def _closing(
    scene: Scene, form: HostForm, *, rules: Sequence[PathRule], drafts: Sequence[Draft]
) -> Iterator[Draft]:
    """Yield the rule that ends a host, where something later would answer in its place."""
    host = rules[0].host
    member = _with_default(scene, rules)
    answer = member.default_backend or FixedResponse()
    falls_through = any(wide in scene.present_hosts for wide in hosts.wider(host))
    differs = scene.default_held or answer != scene.listener.default
    if host == hosts.ANY or not (falls_through or differs):
        return
    everything = conditions.build(form, _EVERYTHING)
    earlier = [draft.asked for draft in drafts if not draft.dispensable]
    if len(earlier) in hidden([*earlier, everything]):
        return
    yield _answer(
        scene,
        Draft(
            address=scene.address(host, Role.CLOSING),
            ingress=member.ingress,
            title=f"{host} (everything else) -> {describe(answer)}",
            conditions=everything,
            action=answer,
        ),
        member=member,
    )


def _answer(scene: Scene, draft: Draft, *, member: Member) -> Draft:
    """Return a rule that gives a member's default answer, behind what has to be passed first.

    Where that cannot be said, an existing rule stays, and nobody is let in by a new one.
    """
    namespace = member.ingress.namespace
    try:
        first = entry(member.default_options, scene.listener.protocol, namespace=namespace)
    except RuleError as problem:
        scene.blame_default(member.ingress, problem)
        observed = scene.observed(draft.address)
        spec = observed.spec if observed is not None else None
        return Draft(
            address=draft.address,
            ingress=draft.ingress,
            title=draft.title,
            conditions=draft.conditions,
            spec=spec,
        )
    return Draft(
        address=draft.address,
        ingress=draft.ingress,
        title=draft.title,
        conditions=draft.conditions,
        action=draft.action,
        entry=first,
    )


def _with_default(scene: Scene, rules: Sequence[PathRule]) -> Member:
    """Return the first member of a host that has a default backend, else the first of all."""

    def place(key: Key) -> tuple[int, str, Key]:
        return standing(scene.members, key)

    keys = sorted({rule.ingress for rule in rules}, key=place)
    members = [scene.members[key] for key in keys if key in scene.members]
    having = (member for member in members if member.default_backend is not None)
    return next(having, Member(ingress=keys[0]))


# -- paths ---------------------------------------------------------------------------------------


def _path_rules(scene: Scene, rule: PathRule, form: HostForm | None) -> Sequence[Draft]:
    """Return the rules of one path: several where it needs more values than one rule holds."""
    parts: tuple[tuple[Spec, ...], ...] = ()
    try:
        parts = _parts(scene, rule, form)
        rewritten = transforms(rule)
        first = entry(rule.options, scene.listener.protocol, namespace=rule.ingress.namespace)
        _check_action(scene, rule)
    except RuleError as problem:
        scene.blame(rule, problem)
        return _held(scene, rule, parts)
    if rule.held or not scene.destinations.serve(rule.action):
        return _held(scene, rule, parts)
    return [
        Draft(
            address=scene.part_address(rule, number),
            ingress=rule.ingress,
            title=f"{place_of(rule)} -> {describe(rule.action)}",
            rule=rule,
            conditions=part,
            action=rule.action,
            entry=first,
            transforms=rewritten,
        )
        for number, part in enumerate(parts)
    ]


def _parts(scene: Scene, rule: PathRule, form: HostForm | None) -> tuple[tuple[Spec, ...], ...]:
    if form is None:
        raise RuleError(
            "HOST-UNSUPPORTED",
            f"an ALB cannot match host {rule.host}: as a pattern it is longer than "
            f"{hosts.LONGEST_VALUE} characters",
            hint="shorten the host name, or give it a load balancer without rules for any host",
        )
    built = conditions.build(
        form,
        conditions.path_form(rule),
        conditions.extra_conditions(rule),
        as_written=scene.is_incumbent,
    )
    parts = split(built, scene.left_to_split(rule.ingress))
    scene.found.split[rule.ingress] += len(parts) - 1
    return parts


def _check_action(scene: Scene, rule: PathRule) -> None:
    """Refuse target groups that are not there, and more than one action holds.

    While one of them is switched, its successor needs a place, too.
    """
    if not isinstance(rule.action, Forward):
        return
    scene.destinations.check(rule.action)
    most = scene.request.limits[GROUPS_PER_ACTION].value
    ways = scene.destinations.ways(rule.action)
    if ways > most:
        raise RuleError(
            "BACKEND-SPLIT",
            f"the traffic is split {ways} ways; an ALB action takes {most} backends",
            hint="split it fewer ways",
        )
    own = scene.destinations.own
    wanted = {own.get(weighted.backend, "") for weighted in rule.action.backends}
    observed = scene.observed(scene.part_address(rule, 0))
    present = weights_of(observed.spec.get("Actions")) if observed is not None else {}
    places = len(present) + len(rule.action.foreign)
    if places >= most and wanted - present.keys() and present.keys() - wanted:
        raise RuleError(
            "BACKEND-SWITCH",
            f"a backend of a {places}-way split cannot be replaced without a gap: the "
            f"new target group needs one of {most} places while the old one still serves",
            hint="take one backend out of the split first",
        )


def _held(scene: Scene, rule: PathRule, parts: Sequence[tuple[Spec, ...]]) -> Sequence[Draft]:
    """Return the last good rules of a quarantined path, else a 503 if one can be written."""
    last_good = list(_last_good(scene, rule))
    if last_good:
        return last_good
    return [
        Draft(
            address=scene.part_address(rule, number),
            ingress=rule.ingress,
            title=f"{place_of(rule)} -> 503",
            conditions=part,
            dispensable=True,
        )
        for number, part in enumerate(parts)
    ]


def _last_good(scene: Scene, rule: PathRule) -> Iterator[Draft]:
    number = 0
    while (observed := _observed(scene, rule, number)) is not None:
        yield Draft(
            address=observed.address,
            ingress=rule.ingress,
            title=observed.title or f"{place_of(rule)} (last good rule)",
            spec=observed.spec,
        )
        number += 1


def _observed(scene: Scene, rule: PathRule, number: int) -> ObservedResource | None:
    found = scene.observed(scene.part_address(rule, number))
    return found if found is not None and found.ingresses == (rule.ingress,) else None
