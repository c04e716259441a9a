"""From a snapshot to an Intent: what the Ingresses mean, before any cloud has a say.

The steps are those of the table of contents: select what is ours, group it, draft every Ingress on
its own, then let the members of each load balancer meet. Nothing in one group can change another
group's part. Every Ingress, path and setting that does not make it leaves a diagnostic behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from provisioner.core import annotations as settings_of
from provisioner.core.backends import Backends
from provisioner.core.conflicts import Ledger, Scopes
from provisioner.core.dialect import Dialect, table_of
from provisioner.core.group import Group, group, placed_in
from provisioner.core.listeners import (
    Company,
    Findings,
    Seen,
    certificate_hosts,
    certificates,
    listeners,
    redirect_port,
)
from provisioner.core.rules import Draft, Drafter
from provisioner.core.select import select, unmentioned
from provisioner.model.annotation import Setting
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    Forward,
    Intent,
    ListenerIntent,
    LoadBalancerIntent,
    Member,
    Quarantined,
    RuleAction,
    Scheme,
)
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Observed
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot

KEEP = "keep"
"""Option of a load balancer: names of settings that a broken member states unreadably. Where nobody
else states them, what exists must be kept."""

STATED = "stated"
"""Option of a load balancer: setting -> the members that state it and the field where they do, so
that what is wrong with a setting is told to them and to nobody else."""

CERTIFICATES_OF = "certificates-of"
"""Option of a load balancer: certificate name -> the members that name it."""

PODS_ROUTABLE = "pods-routable"
"""Option of a load balancer: what its class says about pod addresses."""

T = TypeVar("T")

_NOTHING_SEEN = Observed()
_NOBODY: Mapping[Key, Diagnostic] = MappingProxyType({})


def intents(
    snapshot: Snapshot,
    provider: Dialect,
    settings: Settings,
    *,
    observed: Observed = _NOTHING_SEEN,
    refused: Mapping[Key, Diagnostic] = _NOBODY,
) -> Intent:
    """Return what the Ingresses of a snapshot mean.

    Args:
        snapshot: The objects.
        provider: Whose annotations and classes apply.
        settings: Of this installation.
        observed: What the cloud holds of ours. An Ingress that has moved is *leaving* its old
            group, a broken one keeps its claims where it is, and those that are programmed keep
            their hosts against newcomers of other namespaces.
        refused: Ingresses that a limit has no room for, and what they are told.
    """
    table = table_of(provider)
    selection = select(snapshot, provider, settings=settings)
    grouping = group(selection.selected, table=table, placed=placed_in(observed), refused=refused)
    backends = Backends(snapshot, provider, settings=settings, table=table)
    drafter = Drafter(backends, table=table)
    scopes = Scopes.of(table)
    built = []
    for one in grouping.groups:
        resources = observed.of_group(one.name)
        seen = Seen(resources, provider, unmentioned(snapshot, settings, resources))
        built.append(_Builder(one, drafter, scopes=scopes, seen=seen).build())
    found = dict.fromkeys((*selection.diagnostics, *grouping.remarks, *backends.remarks))
    for part in built:
        found.update(dict.fromkeys(part.diagnostics))
    return Intent(
        load_balancers=tuple(part.intent for part in built),
        diagnostics=tuple(sorted(found, key=_order)),
        not_ours=selection.not_ours,
    )


def _order(diagnostic: Diagnostic) -> tuple[int, str, str, str, str, str, str]:
    whose = str(diagnostic.ingress or "")
    return (*diagnostic.sort_key(), diagnostic.hint, whose)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    intent: LoadBalancerIntent
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hearing:
    """The outcome of hearing all members: who is in, who is out and why, what was agreed."""

    accepted: tuple[Draft, ...]
    refused: tuple[tuple[Draft, tuple[Diagnostic, ...]], ...]
    ledger: Ledger

    @property
    def retained(self) -> tuple[Draft, ...]:
        """Refused members of which something exists."""
        return tuple(draft for draft, _ in self.refused if draft.candidate.placed)


class _Builder:
    """Builds one load balancer."""

    def __init__(
        self,
        members: Group,
        drafter: Drafter,
        *,
        scopes: Scopes,
        seen: Seen,
    ) -> None:
        self._group = members
        self._scopes = scopes
        self._seen = seen
        self._drafts = tuple(drafter.draft(c) for c in members.candidates)

    def build(self) -> _Built:
        hearing = self._settled_hearing()
        findings = Findings()
        for draft in self._drafts:
            for remark in draft.remarks:
                findings.remark(remark)
        compatibility = hearing.ledger.agreed("compatibility")
        company = Company(
            accepted=hearing.accepted,
            retained=hearing.retained,
            ledger=hearing.ledger,
            compatibility=Compatibility(str(compatibility or Compatibility.KUBERNETES)),
            seen=self._seen,
        )
        built = listeners(company, findings)
        quarantined = _quarantined(hearing, findings)
        intent = self._intent(hearing, company, built=built, quarantined=quarantined)
        return _Built(intent=intent, diagnostics=_diagnostics(hearing, findings, quarantined))

    def _settled_hearing(self) -> _Hearing:
        """Hear the members until nobody depends on a port that nobody opens."""
        excluded: dict[Key, tuple[Diagnostic, ...]] = {}
        while True:
            hearing = self._hear(excluded)
            problems = {**_missing_redirect_ports(hearing), **_missing_certificates(hearing)}
            if not problems:
                return hearing
            excluded.update(problems)

    def _hear(self, excluded: Mapping[Key, tuple[Diagnostic, ...]]) -> _Hearing:
        ledger = Ledger(self._scopes)
        accepted: list[Draft] = []
        refused: list[tuple[Draft, tuple[Diagnostic, ...]]] = []
        for draft in sorted(self._drafts, key=lambda d: d.candidate.seniority):
            candidate = draft.candidate
            problems = candidate.problems or excluded.get(candidate.key, ())
            if problems and candidate.placed:
                ledger.take(draft)
            problems = problems or ledger.conflicts(draft)
            if problems:
                refused.append((draft, problems))
                continue
            ledger.take(draft)
            accepted.append(draft)
        in_order = tuple(sorted(accepted, key=lambda d: d.candidate.rank))
        return _Hearing(accepted=in_order, refused=tuple(refused), ledger=ledger)

    def _intent(
        self,
        hearing: _Hearing,
        company: Company,
        *,
        built: tuple[ListenerIntent, ...],
        quarantined: tuple[Quarantined, ...],
    ) -> LoadBalancerIntent:
        ledger = hearing.ledger
        members = tuple(_member(draft) for draft in hearing.accepted)
        return LoadBalancerIntent(
            name=self._group.name,
            explicit=self._group.explicit,
            compatibility=company.compatibility,
            scheme=_agreed(ledger, settings_of.SCHEME, Scheme),
            members=members,
            listeners=built,
            backends=_backends(hearing, built, members=members),
            quarantined=quarantined,
            leaving=self._group.leaving,
            load_balancer_name=_agreed(ledger, settings_of.LOAD_BALANCER_NAME, str),
            address_type=_agreed(ledger, settings_of.IP_ADDRESS_TYPE, str),
            subnets=_agreed(ledger, settings_of.SUBNETS, tuple) or (),
            security_groups=_agreed(ledger, settings_of.SECURITY_GROUPS, tuple) or (),
            attributes=ledger.union(settings_of.LOAD_BALANCER_ATTRIBUTES.name),
            tags=ledger.union(settings_of.TAGS.name),
            options=self._options(hearing),
        )

    def _options(self, hearing: _Hearing) -> Mapping[str, object]:
        options = dict(hearing.ledger.options())
        keep = {name for draft in hearing.retained for name in draft.candidate.failed}
        if keep:
            options[KEEP] = tuple(sorted(keep))
        stated = _stated(hearing, self._scopes.exclusive)
        if stated:
            options[STATED] = stated
        naming = _naming(hearing)
        if naming:
            options[CERTIFICATES_OF] = naming
        routable = {
            said
            for draft in hearing.accepted
            if (said := draft.candidate.policy.pods_routable) is not None
        }
        if routable:
            options[PODS_ROUTABLE] = all(routable)
        return MappingProxyType(dict(sorted(options.items())))


def _stated(
    hearing: _Hearing, settings: frozenset[str]
) -> Mapping[str, tuple[tuple[Key, str], ...]]:
    found: dict[str, list[tuple[Key, str]]] = {}
    for draft in hearing.accepted:
        for name, said in draft.candidate.values.said.items():
            if name in settings:
                found.setdefault(name, []).append((draft.candidate.key, said.field))
    return MappingProxyType({name: tuple(found[name]) for name in sorted(found)})


def _naming(hearing: _Hearing) -> Mapping[str, tuple[Key, ...]]:
    found: dict[str, list[Key]] = {}
    for draft in (*hearing.accepted, *hearing.retained):
        named: tuple[str, ...] = draft.candidate.values.get(settings_of.CERTIFICATES) or ()
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(draft.candidate.key)
    return MappingProxyType({name: tuple(sorted(found[name])) for name in sorted(found)})


def _agreed(ledger: Ledger, setting: Setting[T], kind: type[T]) -> T | None:
    value = ledger.agreed(setting.name)
    return value if isinstance(value, kind) else None


def _member(draft: Draft) -> Member:
    candidate = draft.candidate
    return Member(
        ingress=candidate.key,
        order=candidate.order,
        created=candidate.ingress.meta.created,
        default_backend=draft.default,
        tags=candidate.values.get(settings_of.TAGS) or NO_STRINGS,
    )


def _backends(
    hearing: _Hearing, built: Sequence[ListenerIntent], *, members: Sequence[Member]
) -> tuple[BackendIntent, ...]:
    """Return the backends that rules use, and those of broken members that exist somewhere."""
    serving = {key for item in built if item.redirect_to is None for key in item.members}
    actions: list[RuleAction] = [rule.action for item in built for rule in item.rules]
    actions += [item.default for item in built]
    actions += [m.default_backend for m in members if m.default_backend and m.ingress in serving]
    used = {w.backend for a in actions if isinstance(a, Forward) for w in a.backends}
    found: dict[BackendId, BackendIntent] = {}
    for draft in hearing.accepted:
        found.update((i, b) for i, b in draft.backends.items() if i in used)
    for draft in hearing.retained:
        found.update(draft.backends)
    return tuple(found[key] for key in sorted(found))


def _quarantined(hearing: _Hearing, findings: Findings) -> tuple[Quarantined, ...]:
    whole = [
        Quarantined(ingress=draft.candidate.key, path="", diagnostic=problem)
        for draft, problems in hearing.refused
        for problem in problems
    ]
    paths = [q for draft in hearing.accepted for q in draft.quarantined]
    everything = dict.fromkeys((*whole, *paths, *findings.quarantined))
    return tuple(sorted(everything, key=lambda q: (q.ingress, q.path, _order(q.diagnostic))))


def _diagnostics(
    hearing: _Hearing, findings: Findings, quarantined: Sequence[Quarantined]
) -> tuple[Diagnostic, ...]:
    """Return every finding; the paths of a refused member are judged too, to save a round."""
    refused = [q.diagnostic for draft, _ in hearing.refused for q in draft.quarantined]
    blocking = [q.diagnostic for q in quarantined]
    return tuple(dict.fromkeys((*findings.diagnostics, *blocking, *refused)))


def _missing_redirect_ports(hearing: _Hearing) -> dict[Key, tuple[Diagnostic, ...]]:
    """Return the members that redirect to a port which is no HTTPS port of the load balancer."""
    target = redirect_port(hearing.ledger)
    everyone = (*hearing.accepted, *hearing.retained)
    if target is None or any(target in draft.https for draft in everyone):
        return {}
    problems: dict[Key, tuple[Diagnostic, ...]] = {}
    for draft in hearing.accepted:
        said = draft.candidate.values.where(settings_of.SSL_REDIRECT)
        if said is not None:
            problems[draft.candidate.key] = (_no_redirect_port(draft, target, said.field),)
    return problems


def _missing_certificates(hearing: _Hearing) -> dict[Key, tuple[Diagnostic, ...]]:
    """Return the members on an HTTPS port for which nobody names or implies a certificate."""
    problems: dict[Key, tuple[Diagnostic, ...]] = {}
    everyone = (*hearing.accepted, *hearing.retained)
    for port in sorted({port for draft in hearing.accepted for port in draft.https}):
        on_port = [draft for draft in everyone if port in draft.https]
        if certificates(on_port) or certificate_hosts(on_port):
            continue
        for draft in hearing.accepted:
            if draft in on_port:
                problems[draft.candidate.key] = (_no_certificate(draft, port),)
    return problems


def _no_redirect_port(draft: Draft, target: int, field: str) -> Diagnostic:
    return error(
        "LISTENER-REDIRECT",
        draft.candidate.subject,
        message=f"it redirects to port {target}, which is no HTTPS port of this load balancer",
        field=field,
        hint=f'add {{"HTTPS": {target}}} to its listen-ports',
        ingress=draft.candidate.key,
    )


def _no_certificate(draft: Draft, port: int) -> Diagnostic:
    return error(
        "CERTIFICATE-UNKNOWN",
        draft.candidate.subject,
        message=f"HTTPS port {port} has no certificate: none is named, and no host to find one by",
        field="spec.rules",
        hint="name a certificate in an annotation, or give the rules hosts",
        ingress=draft.candidate.key,
    )
