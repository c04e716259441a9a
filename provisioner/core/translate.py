"""From a snapshot to an Intent: what the Ingresses mean, before any cloud has a say.

The steps are those of the table of contents: select what is ours, group it, draft every Ingress on
its own, then let the members of each load balancer meet. Nothing in one group can change another
group's part. Every Ingress, path and setting that does not make it leaves a diagnostic behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from provisioner.core import annotations as settings_of
from provisioner.core.admittance import Rights, findings
from provisioner.core.backends import Backends
from provisioner.core.certificate_rights import refused_certificates
from provisioner.core.company import Company, Findings, Seen
from provisioner.core.conflicts import Ledger, Scopes
from provisioner.core.dialect import Dialect, table_of
from provisioner.core.following import Following, read_by
from provisioner.core.group import Group, IngressReader, group, placed_in
from provisioner.core.hearing import Hearing, heard
from provisioner.core.listeners import listeners
from provisioner.core.rules import Draft, Drafter
from provisioner.core.secrets import Secrets
from provisioner.core.select import select, unmentioned
from provisioner.core.tenancy import Tenancy
from provisioner.core.tls import Brought, brought_by
from provisioner.model.annotation import Merge, Place, Setting
from provisioner.model.diagnostic import Diagnostic
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
    scopes = Scopes.of(table)
    tenancy = Tenancy(snapshot, provider.name)

    def rights_on(name: str) -> Rights:
        return Rights(tenancy=tenancy, group=name, lenient=not snapshot.live)

    grouping = group(
        selection.selected,
        reader=IngressReader(snapshot, provider, table=table),
        placed=placed_in(observed),
        refused=refused,
        welcome=lambda candidate, name: tuple(findings(candidate, rights_on(name), scopes)),
    )
    secrets = Secrets(snapshot, settings)
    backends = Backends(snapshot, provider, settings=settings, table=table, secrets=secrets)
    following = Following(snapshot, provider)
    drafter = Drafter(backends, table=table, dialect=provider, secrets=secrets)
    own = tuple(
        name
        for merge in (Merge.OWN, Merge.MEMBER)
        for name in table.options(merge, place=Place.INGRESS)
    )
    built = []
    for one in grouping.groups:
        resources = observed.of_group(one.name)
        seen = Seen(resources, provider, unmentioned(snapshot, settings, resources))
        brought = {c.key: brought_by(c, secrets) for c in one.candidates}
        builder = _Builder(
            one,
            drafter,
            scopes=scopes,
            seen=seen,
            rights=rights_on(one.name),
            brought=brought,
            own=own,
            following=following,
        )
        built.append(builder.build())
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


class _Builder:
    """Builds one load balancer."""

    def __init__(
        self,
        members: Group,
        drafter: Drafter,
        *,
        scopes: Scopes,
        seen: Seen,
        rights: Rights,
        brought: Mapping[Key, Brought],
        own: Sequence[str],
        following: Following,
    ) -> None:
        self._group = members
        self._scopes = scopes
        self._seen = seen
        self._rights = rights
        self._brought = brought
        self._own = own
        self._drafter = drafter
        self._following = following
        self._drafts = tuple(drafter.draft(c) for c in members.candidates)

    def build(self) -> _Built:
        excluded = {
            **refused_certificates(self._group.candidates, self._brought, self._rights),
            **{key: found.problems for key, found in self._brought.items() if found.problems},
        }
        hearing = heard(self._drafts, self._scopes, excluded)
        findings = Findings()
        for draft in self._drafts:
            for remark in draft.remarks:
                findings.remark(remark)
        for remark in (*hearing.remarks, *self._losses()):
            findings.remark(remark)
        compatibility = hearing.ledger.agreed("compatibility")
        company = Company(
            accepted=hearing.accepted,
            retained=hearing.retained,
            ledger=hearing.ledger,
            compatibility=Compatibility(str(compatibility or Compatibility.KUBERNETES)),
            seen=self._seen,
            rights=self._rights,
            brought=self._brought,
        )
        built = listeners(company, findings)
        quarantined = _quarantined(hearing, findings)
        intent = self._intent(hearing, company, built=built, quarantined=quarantined)
        intent = self._with_fallback(intent, hearing)
        return _Built(intent=intent, diagnostics=_diagnostics(hearing, findings, quarantined))

    def _losses(self) -> Iterator[Diagnostic]:
        """Yield the certificates that members go on without."""
        for candidate in self._group.candidates:
            yield from self._brought[candidate.key].losses

    def _intent(
        self,
        hearing: Hearing,
        company: Company,
        *,
        built: tuple[ListenerIntent, ...],
        quarantined: tuple[Quarantined, ...],
    ) -> LoadBalancerIntent:
        ledger = hearing.ledger
        members = tuple(_member(draft, self._own) for draft in hearing.accepted)
        backends = _backends(hearing, built, members=members)
        return LoadBalancerIntent(
            name=self._group.name,
            explicit=self._group.explicit,
            compatibility=company.compatibility,
            scheme=_agreed(ledger, settings_of.SCHEME, Scheme),
            members=members,
            listeners=built,
            backends=backends,
            quarantined=quarantined,
            following=self._led_to(company, backends),
            leaving=self._group.leaving,
            load_balancer_name=_agreed(ledger, settings_of.LOAD_BALANCER_NAME, str),
            address_type=_agreed(ledger, settings_of.IP_ADDRESS_TYPE, str),
            subnets=_agreed(ledger, settings_of.SUBNETS, tuple) or (),
            security_groups=_agreed(ledger, settings_of.SECURITY_GROUPS, tuple) or (),
            attributes=ledger.union(settings_of.LOAD_BALANCER_ATTRIBUTES.name),
            tags=ledger.union(settings_of.TAGS.name),
            options=self._options(hearing),
        )

    def _with_fallback(self, intent: LoadBalancerIntent, hearing: Hearing) -> LoadBalancerIntent:
        """Return the intent with the backend that answers what nobody else does, if there is one.

        It counts as the first member's, so that it goes with the load balancer.
        """
        wanted = self._seen.dialect.fallback(intent, self._seen.resources)
        if wanted is None or not hearing.accepted:
            return intent
        first = hearing.accepted[0].candidate
        found = self._drafter.backends.fallback(first, wanted)
        if found is None or any(found.id == backend.id for backend in intent.backends):
            return intent
        backends = tuple(sorted((*intent.backends, found), key=lambda backend: backend.id))
        return replace(intent, backends=backends)

    def _led_to(
        self, company: Company, backends: Sequence[BackendIntent]
    ) -> tuple[BackendIntent, ...]:
        """Return who is behind target groups that nothing planned here uses any more."""
        seen = company.seen
        present = seen.dialect.backends_in(seen.resources)
        read = read_by(
            self._group.candidates,
            self._drafter.backends,
            unmentioned=seen.unmentioned,
            compatibility=company.compatibility,
        )
        return self._following.of(present - {b.id for b in backends}, read)

    def _options(self, hearing: Hearing) -> Mapping[str, object]:
        options = dict(hearing.ledger.options())
        keep = {name for draft in hearing.retained for name in draft.candidate.failed}
        if keep:
            options[KEEP] = tuple(sorted(keep))
        scopes = self._scopes
        stated = _stated(hearing, scopes.exclusive | scopes.per_port | scopes.union)
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
    hearing: Hearing, settings: frozenset[str]
) -> Mapping[str, tuple[tuple[Key, str], ...]]:
    found: dict[str, list[tuple[Key, str]]] = {}
    for draft in hearing.accepted:
        for name, said in draft.candidate.values.said.items():
            if name in settings:
                found.setdefault(name, []).append((draft.candidate.key, said.field))
    return MappingProxyType({name: tuple(found[name]) for name in sorted(found)})


def _naming(hearing: Hearing) -> Mapping[str, tuple[Key, ...]]:
    found: dict[str, list[Key]] = {}
    for draft in (*hearing.accepted, *hearing.retained):
        named: tuple[str, ...] = draft.candidate.values.get(settings_of.CERTIFICATES) or ()
        for name in dict.fromkeys((*named, *draft.candidate.front.certificates)):
            found.setdefault(name, []).append(draft.candidate.key)
    return MappingProxyType({name: tuple(sorted(found[name])) for name in sorted(found)})


def _agreed(ledger: Ledger, setting: Setting[T], kind: type[T]) -> T | None:
    value = ledger.agreed(setting.name)
    return value if isinstance(value, kind) else None


def _member(draft: Draft, own: Sequence[str]) -> Member:
    candidate = draft.candidate
    said = candidate.values.said
    return Member(
        ingress=candidate.key,
        order=candidate.order,
        created=candidate.ingress.meta.created,
        default_backend=draft.default,
        default_options=draft.default_options,
        tags=candidate.values.get(settings_of.TAGS) or NO_STRINGS,
        options=MappingProxyType({name: said[name].value for name in own if name in said}),
    )


def _backends(
    hearing: Hearing, built: Sequence[ListenerIntent], *, members: Sequence[Member]
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


def _quarantined(hearing: Hearing, findings: Findings) -> tuple[Quarantined, ...]:
    whole = [
        Quarantined(ingress=draft.candidate.key, path="", diagnostic=problem)
        for draft, problems in hearing.refused
        for problem in problems
    ]
    paths = [q for draft in hearing.accepted for q in draft.quarantined]
    everything = dict.fromkeys((*whole, *paths, *findings.quarantined))
    return tuple(sorted(everything, key=lambda q: (q.ingress, q.path, _order(q.diagnostic))))


def _diagnostics(
    hearing: Hearing, findings: Findings, quarantined: Sequence[Quarantined]
) -> tuple[Diagnostic, ...]:
    """Return every finding; the paths of a refused member are judged too, to save a round."""
    refused = [q.diagnostic for draft, _ in hearing.refused for q in draft.quarantined]
    blocking = [q.diagnostic for q in quarantined]
    return tuple(dict.fromkeys((*findings.diagnostics, *blocking, *refused)))
