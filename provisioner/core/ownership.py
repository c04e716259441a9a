"""Whose a host is: the tenant's that a policy names, else the namespace's that had it first.

Whoever has rules for a host of others loses those paths and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from provisioner.core.admittance import host_refusal, unlisted
from provisioner.core.company import Company, Findings, Seen
from provisioner.core.rules import Draft
from provisioner.core.tenancy import Answer, Verdict
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Compatibility, FixedResponse, PathRule
from provisioner.model.kube import Key

NOT_YOURS = FixedResponse(status=503, body="Host belongs to somebody else")


def owned_rules(company: Company, findings: Findings) -> Mapping[Key, tuple[PathRule, ...]]:
    """Return the members' rules without those for hosts of others.

    Rules of broken members are not theirs to change and not ours to judge, but on a host of others
    they do not stand in the owner's way.
    """
    court = _Court(company)
    kept = {
        d.candidate.key: tuple(rule for rule in d.rules if court.leaves(d, rule))
        for d in company.retained
    }
    for draft in company.accepted:
        found = (court.judged(draft, rule, findings) for rule in draft.rules)
        kept[draft.candidate.key] = tuple(rule for rule in found if rule is not None)
    return kept


class _Court:
    """Decides over the hosts of one load balancer, each question once."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._rights = company.rights
        incumbent = company.compatibility is Compatibility.INCUMBENT
        self._first = {} if incumbent else _owners(company)
        self._verdicts: dict[tuple[Key, str], Verdict] = {}

    def refuses(self, draft: Draft, host: str) -> bool:
        """Tell whether a policy gives the host to others."""
        return self._rights.refuses(self._verdict(draft, host))

    def leaves(self, draft: Draft, rule: PathRule) -> bool:
        """Tell whether nobody else has a host of a rule."""
        forbidden = any(self.refuses(draft, host) for host in self._hosts(rule))
        return not forbidden and self._taken_by(draft, rule) is None

    def _taken_by(self, draft: Draft, rule: PathRule) -> Key | None:
        """Return who was first with a host that no policy speaks of, if it is somebody else."""
        key = draft.candidate.key
        owner = self._first.get(rule.host, key)
        free = self._verdict(draft, rule.host).answer is Answer.FREE
        return owner if free and owner.namespace != key.namespace else None

    def judged(self, draft: Draft, rule: PathRule, findings: Findings) -> PathRule | None:
        """Return the rule as it may be: as it is, held, or not at all."""
        key = draft.candidate.key
        refused = next((host for host in self._hosts(rule) if self.refuses(draft, host)), None)
        verdict = self._verdict(draft, rule.host if refused is None else refused)
        if refused is not None:
            problem = host_refusal(draft.candidate, replace(rule, host=refused), verdict)
            findings.quarantine(key, rule.field, problem)
            held = replace(rule, held=True, action=NOT_YOURS)
            return held if self._stays(draft, rule.host) else None
        if verdict.answer is Answer.UNKNOWN:
            findings.remark(unlisted(draft.candidate, verdict, field=rule.field, lenient=True))
        owner = self._taken_by(draft, rule)
        if owner is not None:
            findings.quarantine(key, rule.field, _host_taken(draft, rule, owner))
            return None
        return rule

    def _hosts(self, rule: PathRule) -> Iterable[str]:
        """Return every host that a rule answers for, those that its options add included."""
        return self._company.seen.dialect.by_host(rule.host, rule.options)

    def _verdict(self, draft: Draft, host: str) -> Verdict:
        place = (draft.candidate.key, host)
        if place not in self._verdicts:
            self._verdicts[place] = self._rights.host(draft.candidate, host)
        return self._verdicts[place]

    def _stays(self, draft: Draft, host: str) -> bool:
        """Tell whether what exists for a host may stay: until its owner serves it here."""
        if draft.candidate.key not in self._company.seen.ingresses(host):
            return False
        everyone = (*self._company.accepted, *self._company.retained)
        return not any(
            any(rule.host == host for rule in other.rules) and not self.refuses(other, host)
            for other in everyone
        )


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
