"""Whose names a certificate may bear that somebody brings along to a shared load balancer.

A load balancer picks the certificate by the name that a client asks for, from all that anybody put
on the port, and prefers one kind of key to another. So whoever brings a certificate for a
neighbour's name, signed by nobody, can break that neighbour's site. Where a policy says whose a
name is, only its tenants may bring certificates for it.

Teams often share one certificate. One that its rightful owner brings along as well is as good from
anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.core.admittance import Rights
from provisioner.core.group import Candidate
from provisioner.core.hosts import host_problem
from provisioner.core.tenancy import Verdict
from provisioner.core.tls import NOTHING_BROUGHT, Brought
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import TlsSecret
from provisioner.model.kube import Key

_FIELD = "spec.tls"


def refused_certificates(
    candidates: Sequence[Candidate], brought: Mapping[Key, Brought], rights: Rights
) -> Mapping[Key, tuple[Diagnostic, ...]]:
    """Return what the members are told who bring certificates for names of others."""
    if not rights.explicit:
        return {}
    everything = [
        (candidate, secret, name, rights.host(candidate, name))
        for candidate in candidates
        for secret in brought.get(candidate.key, NOTHING_BROUGHT).secrets
        for name in _names(secret)
    ]
    rightful = {
        (secret.parts, name)
        for _, secret, name, verdict in everything
        if not rights.refuses(verdict)
    }
    refused: dict[Key, dict[Key, Diagnostic]] = {}
    for candidate, secret, name, verdict in everything:
        if rights.refuses(verdict) and (secret.parts, name) not in rightful:
            problem = _refusal(candidate, secret, name, verdict=verdict)
            refused.setdefault(candidate.key, {}).setdefault(secret.secret, problem)
    return {key: tuple(problems.values()) for key, problems in refused.items()}


def _names(secret: TlsSecret) -> tuple[str, ...]:
    """Return the host names of a certificate."""
    names = (name.lower() for name in secret.names)
    return tuple(dict.fromkeys(name for name in names if name and not host_problem(name)))


def _refusal(candidate: Candidate, secret: TlsSecret, name: str, *, verdict: Verdict) -> Diagnostic:
    return error(
        "CERTIFICATE-NOT-ALLOWED",
        candidate.subject,
        message=f"the certificate in Secret {secret.secret} is for {name}, which belongs to"
        f" {verdict.holders} ({verdict.says})",
        field=_FIELD,
        hint="bring a certificate for hosts of your own alone",
        ingress=candidate.key,
    )
