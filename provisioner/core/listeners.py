"""Put the rules of the accepted members on the ports of their load balancer.

Two things are decided between neighbours here, path by path: a host belongs to the namespace that
had it first, and one host and path leads to one place. Whoever comes second loses that path and
nothing else. A port that redirects to HTTPS has no rules: no request would ever reach them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from provisioner.core.annotations import (
    CERTIFICATES,
    INBOUND_CIDRS,
    PREFIX_LISTS,
    SSL_POLICY,
    SSL_REDIRECT,
)
from provisioner.core.backends import DEFAULT_BACKEND
from provisioner.core.conflicts import Ledger
from provisioner.core.dialect import Dialect
from provisioner.core.rules import Draft
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import (
    Compatibility,
    FixedResponse,
    ListenerIntent,
    ListenerProtocol,
    PathRule,
    PathType,
    Quarantined,
    Redirect,
    RuleAction,
)
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource


@dataclass(slots=True)
class Findings:
    """What building the listeners brought to light, each thing once."""

    diagnostics: dict[Diagnostic, None] = field(default_factory=dict)
    quarantined: dict[Quarantined, None] = field(default_factory=dict)

    def remark(self, diagnostic: Diagnostic) -> None:
        """Add something that blocks nothing."""
        self.diagnostics[diagnostic] = None

    def quarantine(self, ingress: Key, path: str, diagnostic: Diagnostic) -> None:
        """Take one path out."""
        found = Quarantined(ingress=ingress, path=path, diagnostic=diagnostic)
        self.quarantined[found] = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cloud holds of one load balancer, and who can read it.

    ``unmentioned`` are Ingresses that have rules there, and that files need not mention.
    """

    resources: tuple[ObservedResource, ...]
    dialect: Dialect
    unmentioned: frozenset[Key]

    def ingresses(self, host: str) -> frozenset[Key]:
        """Return the Ingresses that a host is programmed for."""
        return frozenset(
            key
            for resource in self.resources
            if resource.ingresses and self.dialect.serves(resource, host)
            for key in resource.ingresses
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The members of a load balancer as they stand when its listeners are built.

    Attributes:
        accepted: Healthy members in group order.
        retained: Broken members of which something exists: their certificates stay, and their
            hosts stay theirs.
        ledger: What everybody agreed on.
        compatibility: Whose reading applies.
        seen: What the cloud holds of this load balancer.
    """

    accepted: tuple[Draft, ...]
    retained: tuple[Draft, ...]
    ledger: Ledger
    compatibility: Compatibility
    seen: Seen


def listeners(company: Company, findings: Findings) -> tuple[ListenerIntent, ...]:
    """Return the listeners by port; what had to be left out goes to ``findings``."""
    rules = _owned_rules(company, findings)
    ports = sorted({p.port for draft in company.accepted for p in draft.ports})
    built = tuple(_listener(port, company, rules=rules, findings=findings) for port in ports)
    _remark_hidden(company, built, findings=findings)
    return built


def redirect_port(ledger: Ledger) -> int | None:
    """Return the HTTPS port that every HTTP port redirects to, if any."""
    port = ledger.agreed(SSL_REDIRECT.name)
    return port if isinstance(port, int) else None


def _owned_rules(company: Company, findings: Findings) -> Mapping[Key, tuple[PathRule, ...]]:
    """Return the members' rules without those for hosts of other namespaces."""
    everyone = (*company.accepted, *company.retained)
    if company.compatibility is Compatibility.INCUMBENT:
        return {d.candidate.key: d.rules for d in everyone}
    owners = _owners(company)
    kept: dict[Key, list[PathRule]] = {d.candidate.key: [*d.rules] for d in company.retained}
    for draft in company.accepted:
        key = draft.candidate.key
        mine = kept.setdefault(key, [])
        for rule in draft.rules:
            owner = owners.get(rule.host, key)
            if owner.namespace == key.namespace:
                mine.append(rule)
            else:
                findings.quarantine(key, rule.field, _host_taken(draft, rule, owner))
    return {key: tuple(rules) for key, rules in kept.items()}


def _owners(company: Company) -> Mapping[str, Key]:
    """Return who holds each host: whose namespace is programmed for it, else the oldest.

    The rules that exist tell. Whoever is on the load balancer for other hosts is a newcomer to this
    one, however old; only where no rule is seen yet do older members go first.
    """
    claimants: dict[str, list[Draft]] = {}
    for draft in (*company.accepted, *company.retained):
        for host in {rule.host for rule in draft.rules if rule.host}:
            claimants.setdefault(host, []).append(draft)
    owners = {}
    for host, drafts in claimants.items():
        owners[host] = _owner(host, drafts, company.seen)
    return owners


def _owner(host: str, claimants: Sequence[Draft], seen: Seen) -> Key:
    first = list(claimants)
    if seen.unmentioned or len({d.candidate.key.namespace for d in first}) > 1:
        programmed = seen.ingresses(host)
        namespaces = {key.namespace for key in programmed}
        first = [d for d in claimants if d.candidate.key.namespace in namespaces]
        unseen = sorted(programmed & seen.unmentioned)
        if unseen and not first:
            return unseen[0]
        first = first or [d for d in claimants if d.candidate.placed] or list(claimants)
    return min(first, key=lambda d: d.candidate.age).candidate.key


def _listener(
    port: int,
    company: Company,
    *,
    rules: Mapping[Key, tuple[PathRule, ...]],
    findings: Findings,
) -> ListenerIntent:
    ledger = company.ledger
    members = [d for d in company.accepted if any(p.port == port for p in d.ports)]
    everyone = _in_order(
        [*members, *(d for d in company.retained if any(p.port == port for p in d.ports))]
    )
    kept = frozenset(d.candidate.key for d in company.retained)
    protocol = ledger.protocol(port) or ListenerProtocol.HTTP
    target = redirect_port(ledger) if protocol is ListenerProtocol.HTTP else None
    default, default_ingress = _default(everyone, kept, redirect=target, findings=findings)
    by_seniority = sorted(everyone, key=lambda d: d.candidate.seniority)
    placed = [] if target else [r for d in by_seniority for r in rules[d.candidate.key]]
    if company.compatibility is Compatibility.KUBERNETES:
        placed = _without_duplicates(placed, kept, findings=findings)
    secure = [d for d in everyone if port in d.https and not d.candidate.limited]
    policy = ledger.agreed(SSL_POLICY.name, port=port)
    return ListenerIntent(
        port=port,
        protocol=protocol,
        members=tuple(d.candidate.key for d in members),
        certificates=certificates(secure),
        certificate_hosts=certificate_hosts(secure),
        ssl_policy=policy if isinstance(policy, str) else None,
        inbound_cidrs=_texts(ledger.agreed(INBOUND_CIDRS.name, port=port)),
        prefix_lists=_texts(ledger.agreed(PREFIX_LISTS.name, port=port)),
        redirect_to=target,
        default=default,
        default_ingress=default_ingress,
        rules=tuple(r for r in placed if r.ingress not in kept),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()


def certificates(drafts: Sequence[Draft]) -> tuple[str, ...]:
    """Return the certificates that members name, in group order, each once."""
    named = [draft.candidate.values.get(CERTIFICATES) or () for draft in _in_order(drafts)]
    return tuple(dict.fromkeys(name for names in named for name in names))


def certificate_hosts(drafts: Iterable[Draft]) -> tuple[tuple[Key, str], ...]:
    """Return the hosts to find certificates for: of members that name none themselves."""
    return tuple(
        (draft.candidate.key, host)
        for draft in _in_order(drafts)
        if not draft.candidate.values.get(CERTIFICATES)
        for host in draft.hosts
    )


def _in_order(drafts: Iterable[Draft]) -> list[Draft]:
    return sorted(drafts, key=lambda d: d.candidate.rank)


def _default(
    everyone: Sequence[Draft], kept: frozenset[Key], *, redirect: int | None, findings: Findings
) -> tuple[RuleAction, Key | None]:
    """Return what answers when no rule matches, and whose default backend that is.

    The default backend of a broken member stays what the cloud has: nobody else's takes its place.
    """
    if redirect is not None:
        return Redirect(status=301, protocol="HTTPS", port=str(redirect)), None
    by_seniority = sorted(everyone, key=lambda d: d.candidate.seniority)
    having = [(d, d.default) for d in by_seniority if d.default is not None]
    if not having:
        return FixedResponse(), None
    first, action = having[0]
    for later, _ in having[1:]:
        if later.candidate.key not in kept:
            problem = _second_default(later, first)
            findings.quarantine(later.candidate.key, DEFAULT_BACKEND, problem)
    if first.candidate.key in kept:
        return FixedResponse(), None
    return action, first.candidate.key


def _without_duplicates(
    rules: Iterable[PathRule], kept: frozenset[Key], *, findings: Findings
) -> list[PathRule]:
    """Return the rules without those that an earlier one with the same match leaves nothing to.

    Broken members have their say, because their last good rules stay; nothing is said of theirs.
    """
    seen: dict[tuple[str, PathType, str], list[PathRule]] = {}
    found = []
    for rule in rules:
        place = (rule.host, rule.path_type, _normal_path(rule))
        earlier = next((r for r in seen.get(place, ()) if r.options == rule.options), None)
        if earlier is None:
            seen.setdefault(place, []).append(rule)
            found.append(rule)
        elif rule.ingress in kept:
            continue
        elif earlier.ingress == rule.ingress and earlier.action == rule.action:
            findings.remark(_repeated(rule, earlier))
        else:
            findings.quarantine(rule.ingress, rule.field, _duplicate(rule, earlier))
    return found


def _normal_path(rule: PathRule) -> str:
    """Return the path in a form that equal matches share (``/a`` and ``/a/`` as Prefix)."""
    if rule.path_type is PathType.PREFIX and rule.path != "/":
        return rule.path.removesuffix("/")
    return rule.path


def _remark_hidden(
    company: Company, built: Sequence[ListenerIntent], *, findings: Findings
) -> None:
    """Tell members that are only on ports where everything is redirected away."""
    serving = {key for item in built if item.redirect_to is None for key in item.members}
    for draft in company.accepted:
        if draft.ports and draft.candidate.key not in serving:
            findings.remark(
                warning(
                    "LISTENER-REDIRECT-HIDES",
                    draft.candidate.subject,
                    message="all its ports redirect to HTTPS, so its paths serve nothing",
                    hint="add the HTTPS port to its listen-ports",
                    ingress=draft.candidate.key,
                )
            )


def _host_taken(draft: Draft, rule: PathRule, owner: Key) -> Diagnostic:
    return error(
        "HOST-TAKEN",
        draft.candidate.subject,
        message=f"host {rule.host} belongs to namespace {owner.namespace} (Ingress {owner})"
        " on this load balancer",
        field=rule.field,
        hint=f"use another host, or move the path to namespace {owner.namespace}",
        ingress=draft.candidate.key,
    )


def _second_default(later: Draft, first: Draft) -> Diagnostic:
    return error(
        "LISTENER-DEFAULT-BACKEND",
        later.candidate.subject,
        message=f"its default backend and that of Ingress {first.candidate.key} want to answer on"
        f" the same port; the one of Ingress {first.candidate.key} does, because it comes first",
        field=DEFAULT_BACKEND,
        hint="keep one default backend in the group",
        ingress=later.candidate.key,
    )


def _match_words(rule: PathRule) -> str:
    return f"{rule.path_type} path {rule.path or '(none)'} of host {rule.host or '(any)'}"


def _duplicate(rule: PathRule, earlier: PathRule) -> Diagnostic:
    return error(
        "PATH-DUPLICATE",
        f"Ingress {rule.ingress}",
        message=f"{_match_words(rule)} is already served for Ingress {earlier.ingress}"
        f" ({earlier.field}), which comes first",
        field=rule.field,
        hint="remove one of the two paths",
        ingress=rule.ingress,
    )


def _repeated(rule: PathRule, earlier: PathRule) -> Diagnostic:
    return warning(
        "PATH-REPEATED",
        f"Ingress {rule.ingress}",
        message=f"{_match_words(rule)} is written twice, to the same effect ({earlier.field})",
        field=rule.field,
        hint="remove one of the two",
        ingress=rule.ingress,
    )
