"""Put the rules of the accepted members on the ports of their load balancer.

Whose a host is was decided before (``core.ownership``); here one host and path leads to one place.
Whoever comes second loses that path and nothing else. A port that redirects to HTTPS has no rules:
no request would ever reach them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provisioner.core.admittance import default_refusal
from provisioner.core.annotations import (
    CERTIFICATES,
    FROM_SECRETS,
    INBOUND_CIDRS,
    MANAGED,
    PREFIX_LISTS,
    SSL_POLICY,
    SSL_REDIRECT,
)
from provisioner.core.company import Company, Findings
from provisioner.core.conflicts import Ledger
from provisioner.core.ownership import owned_rules
from provisioner.core.rule_options import NOTHING
from provisioner.core.rules import Draft
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.core.tls import NOTHING_BROUGHT, together
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import (
    Compatibility,
    FixedResponse,
    ListenerIntent,
    ListenerProtocol,
    PathRule,
    PathType,
    Redirect,
    RuleAction,
)
from provisioner.model.kube import Key


def listeners(company: Company, findings: Findings) -> tuple[ListenerIntent, ...]:
    """Return the listeners by port; what had to be left out goes to ``findings``."""
    rules = owned_rules(company, findings)
    ports = sorted({p.port for draft in company.accepted for p in draft.ports})
    built = tuple(_listener(port, company, rules=rules, findings=findings) for port in ports)
    _remark_hidden(company, built, findings=findings)
    return built


def redirect_port(ledger: Ledger) -> int | None:
    """Return the HTTPS port that every HTTP port redirects to, if any.

    A class may say 0, which turns the redirect of its Ingresses off.
    """
    port = ledger.agreed(SSL_REDIRECT.name)
    return port if isinstance(port, int) and port else None


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
    default, default_ingress = _default(
        _heeded(everyone, company, findings), kept, redirect=target, findings=findings
    )
    if default_ingress is None and target is None:
        default_ingress = _waiting(everyone, company)
    by_seniority = _by_seniority(everyone)
    placed = [] if target else [r for d in by_seniority for r in rules[d.candidate.key]]
    incumbent = company.compatibility is Compatibility.INCUMBENT
    if not incumbent:
        placed = _without_duplicates(placed, kept, findings=findings)
    secure = [d for d in everyone if port in d.https and not d.candidate.limited]
    policy = ledger.agreed(SSL_POLICY.name, port=port)
    return ListenerIntent(
        port=port,
        protocol=protocol,
        members=tuple(d.candidate.key for d in members),
        certificates=certificates(secure, by_order=incumbent),
        certificate_hosts=certificate_hosts(secure),
        secrets=together(
            company.brought.get(d.candidate.key, NOTHING_BROUGHT) for d in secure if d in members
        ),
        ssl_policy=policy if isinstance(policy, str) else None,
        inbound_cidrs=_texts(ledger.agreed(INBOUND_CIDRS.name, port=port)),
        prefix_lists=_texts(ledger.agreed(PREFIX_LISTS.name, port=port)),
        redirect_to=target,
        default=default,
        default_ingress=default_ingress,
        default_options=next(
            (d.default_options for d in everyone if d.candidate.key == default_ingress), NOTHING
        ),
        rules=tuple(r for r in placed if r.ingress not in kept),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()


def certificates(drafts: Sequence[Draft], *, by_order: bool = False) -> tuple[str, ...]:
    """Return the certificates that members name, each once, those of senior members first.

    The first is the listener's default. The incumbent asks for group order, which is anybody's to
    write.
    """
    ordered = _in_order(drafts) if by_order else _by_seniority(drafts)
    return tuple(dict.fromkeys(name for draft in ordered for name in _named(draft)))


def _named(draft: Draft) -> tuple[str, ...]:
    """Return the certificates that a member names, words for where to take them from left out."""
    words = {FROM_SECRETS, MANAGED}
    said = draft.candidate.values.get(CERTIFICATES) or ()
    return (*(name for name in said if name not in words), *draft.candidate.front.certificates)


def certificate_hosts(drafts: Iterable[Draft]) -> tuple[tuple[Key, str], ...]:
    """Return the hosts to find, or make, certificates for: of members that name none themselves."""
    return tuple(
        (draft.candidate.key, host)
        for draft in _in_order(drafts)
        if _goes_by_host(draft)
        for host in draft.hosts
    )


def _goes_by_host(draft: Draft) -> bool:
    front = draft.candidate.front
    if MANAGED in (draft.candidate.values.get(CERTIFICATES) or ()):
        return True
    return not (_named(draft) or front.tls_secrets or front.certificate_elsewhere)


def _in_order(drafts: Iterable[Draft]) -> list[Draft]:
    return sorted(drafts, key=lambda d: d.candidate.rank)


def _by_seniority(drafts: Iterable[Draft]) -> list[Draft]:
    return sorted(drafts, key=lambda d: d.candidate.seniority)


def _heeded(everyone: Sequence[Draft], company: Company, findings: Findings) -> list[Draft]:
    """Return whose default backend counts for a port: not that of members whom a policy forbids.

    They keep it for their own hosts. Of broken ones nothing more is said.
    """
    found = []
    for draft in everyone:
        verdict = company.rights.any_host(draft.candidate)
        if draft.default is None or not company.rights.refuses(verdict):
            found.append(draft)
        elif draft in company.accepted:
            problem = default_refusal(draft.candidate, verdict, field=DEFAULT_BACKEND)
            findings.quarantine(draft.candidate.key, DEFAULT_BACKEND, problem)
    return found


def _waiting(everyone: Sequence[Draft], company: Company) -> Key | None:
    """Return whose default backend may stay as the cloud has it, although a policy forbids it.

    Its quarantine tells the provider to leave the answer alone until somebody else has one.
    """
    for draft in everyone:
        if draft.default is not None and draft.candidate.placed and draft in company.accepted:
            verdict = company.rights.any_host(draft.candidate)
            if company.rights.refuses(verdict):
                return draft.candidate.key
    return None


def _default(
    everyone: Sequence[Draft], kept: frozenset[Key], *, redirect: int | None, findings: Findings
) -> tuple[RuleAction, Key | None]:
    """Return what answers when no rule matches, and whose default backend that is.

    The default backend of a broken member stays what the cloud has: nobody else's takes its place.
    """
    if redirect is not None:
        return Redirect(status=301, protocol="HTTPS", port=str(redirect)), None
    having = [(d, d.default) for d in _by_seniority(everyone) if d.default is not None]
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
