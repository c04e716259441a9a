"""Find the certificate that serves a host best among those of the account.

The incumbent controller attaches every certificate that matches (LBC#1598, #3148). Here each host
gets one: an exact name before a wildcard, then the latest expiry, then the lowest ARN, never an
expired one, and never one that another load balancer of ours has brought along for itself.
"""

from __future__ import annotations

from providers.aws.account import Certificate, Facts
from providers.aws.addresses import Kind
from providers.aws.desired.context import Context
from providers.aws.desired.imports import ARN
from provisioner.core import expiry
from provisioner.core.expiry import covers_name, moment

ISSUED = "ISSUED"


def best_certificate(host: str, facts: Facts) -> Certificate | None:
    """Return the certificate that serves a host best, None where none does."""
    valid = matching(host, facts)
    candidates = [c for c in valid if host.lower() in _names(c)] or valid
    latest = max((moment(c.not_after) for c in candidates), default=0.0)
    newest = [c for c in candidates if moment(c.not_after) == latest]
    return min(newest, key=lambda c: c.arn, default=None)


def matching(host: str, facts: Facts) -> tuple[Certificate, ...]:
    """Return the issued certificates that are valid for a host now, by ARN."""
    found = [
        c
        for c in facts.certificates
        if covers(c, host) and c.status == ISSUED and not expired(c, facts)
    ]
    return tuple(sorted(found, key=lambda c: c.arn))


def covers(certificate: Certificate, host: str) -> bool:
    """Tell whether a certificate is valid for a host: by name, or by a wildcard of one label."""
    return covers_name(_names(certificate), host.lower())


def expired(certificate: Certificate, facts: Facts) -> bool:
    """Tell whether a certificate had ended when the account was read."""
    return has_passed(certificate.not_after, facts)


def has_passed(time: str, facts: Facts) -> bool:
    """Tell whether a time had come when the account was read; an unknown one never has."""
    return expiry.has_passed(time, now=facts.observed_at)


def is_near(time: str, facts: Facts) -> bool:
    """Tell whether a time comes within the month."""
    return expiry.is_near(time, now=facts.observed_at)


def others_certificates(context: Context) -> frozenset[str]:
    """Return the ARNs of certificates of ours; each serves the load balancer that it is for."""
    everything = context.request.observed.resources.values()
    return frozenset(
        each.outputs[ARN]
        for each in everything
        if each.kind == Kind.CERTIFICATE and ARN in each.outputs
    )


def _names(certificate: Certificate) -> tuple[str, ...]:
    return tuple(domain.lower() for domain in certificate.domains)
