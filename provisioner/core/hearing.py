"""Hear the members of a load balancer in turn: who can live together, and who cannot.

Members are heard by seniority; whoever contradicts an earlier one is refused. What the parameters
of a class state for the whole load balancer counts where its Ingress comes first: then it overrules
the others' words on it, and they are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.core import annotations as settings_of
from provisioner.core.conflicts import Ledger, Scopes, unheard_ports
from provisioner.core.listeners import certificate_hosts, certificates, redirect_port
from provisioner.core.rules import Draft
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """The outcome of hearing all members: who is in, who is out and why, what was agreed."""

    accepted: tuple[Draft, ...]
    refused: tuple[tuple[Draft, tuple[Diagnostic, ...]], ...]
    ledger: Ledger
    remarks: tuple[Diagnostic, ...] = ()

    @property
    def retained(self) -> tuple[Draft, ...]:
        """Refused members of which something exists."""
        return tuple(draft for draft, _ in self.refused if draft.candidate.placed)


def heard(
    drafts: Sequence[Draft], scopes: Scopes, excluded: Mapping[Key, tuple[Diagnostic, ...]]
) -> Hearing:
    """Return who is in and who is out, once nobody depends on a port that nobody opens.

    Args:
        drafts: The members.
        scopes: How settings are claimed.
        excluded: Members who are out from the beginning, and why.
    """
    out = dict(excluded)
    while True:
        hearing = _hear(drafts, scopes, out)
        problems = {**_missing_redirect_ports(hearing), **_missing_certificates(hearing)}
        if not problems:
            return hearing
        out.update(problems)


def _hear(
    drafts: Sequence[Draft], scopes: Scopes, excluded: Mapping[Key, tuple[Diagnostic, ...]]
) -> Hearing:
    ledger = Ledger(scopes)
    first = _first(drafts, excluded)
    if first is not None:
        ledger.impose(first)
    accepted: list[Draft] = []
    refused: list[tuple[Draft, tuple[Diagnostic, ...]]] = []
    for draft in sorted(drafts, key=lambda d: d.candidate.seniority):
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
    remarks = tuple(
        remark
        for draft in in_order
        for remark in (*ledger.overruled(draft), *unheard_ports(draft, scopes))
    )
    return Hearing(accepted=in_order, refused=tuple(refused), ledger=ledger, remarks=remarks)


def _first(drafts: Sequence[Draft], excluded: Mapping[Key, tuple[Diagnostic, ...]]) -> Draft | None:
    """Return the member whose class speaks for the load balancer.

    The incumbent asks for the first in group order. That is anybody's to write, so otherwise it is
    the most senior one.
    """
    able = [
        draft
        for draft in drafts
        if draft.candidate.placed
        or not (draft.candidate.problems or excluded.get(draft.candidate.key))
    ]
    if not able:
        return None
    by_rank = able[0].candidate.policy.compatibility is Compatibility.INCUMBENT
    if by_rank:
        return min(able, key=lambda d: d.candidate.rank)
    return min(able, key=lambda d: d.candidate.seniority)


def _missing_redirect_ports(hearing: Hearing) -> dict[Key, tuple[Diagnostic, ...]]:
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


def _missing_certificates(hearing: Hearing) -> dict[Key, tuple[Diagnostic, ...]]:
    """Return the members on an HTTPS port for which nobody names or implies a certificate."""
    problems: dict[Key, tuple[Diagnostic, ...]] = {}
    everyone = (*hearing.accepted, *hearing.retained)
    for port in sorted({port for draft in hearing.accepted for port in draft.https}):
        on_port = [draft for draft in everyone if port in draft.https]
        if certificates(on_port) or certificate_hosts(on_port):
            continue
        fronts = [draft.candidate.front for draft in on_port]
        if any(front.tls_secrets or front.certificate_elsewhere for front in fronts):
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
