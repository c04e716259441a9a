"""Choose the certificates of an HTTPS listener: those named, else those found in ACM by host.

The incumbent controller attaches every certificate that matches (LBC#1598, #3148) and fails the
whole group when one host has none (LBC#2983). Here each host gets one: an exact name before a
wildcard, then the latest expiry, then the lowest ARN, never an expired one. What was chosen is
told, and a host without a certificate costs its own Ingress that host, and nobody else anything.

The first certificate is the listener's default. Named ones keep the order they were named in;
found ones keep the present default as long as it is still among them, since replacing it for
nothing would be felt by clients that send no server name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from providers.aws import addresses
from providers.aws.account import Certificate, Facts
from providers.aws.desired.context import Context, native_field
from providers.aws.refused import PREFIX
from provisioner.core.translate import CERTIFICATES_OF
from provisioner.model.diagnostic import Diagnostic, Severity, error, info
from provisioner.model.intent import ListenerIntent
from provisioner.model.kube import Key
from provisioner.model.resource import Unknown, Value

_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>acm|iam):(?P<region>[\w-]*):\d+:.+")
_ISSUED = "ISSUED"
_ANNOTATION = f"{PREFIX}certificate-arn"
_FIELD = native_field("certificate-arn")
_UNKNOWN = Unknown("depends on the certificates of the account")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChoice:
    """The certificates of a listener, its default first, and the hosts that have none.

    ``wanted_by`` says for whose hosts a certificate was found.
    """

    certificates: tuple[Value, ...]
    wanted_by: Mapping[str, frozenset[Key]] = field(default_factory=lambda: MappingProxyType({}))
    missing: tuple[tuple[Key, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def choose_certificates(context: Context, listener: ListenerIntent) -> CertificateChoice:
    """Return the certificates of one HTTPS listener."""
    named, problems = _named(context, listener)
    if context.offline:
        unknown: tuple[Value, ...] = (_UNKNOWN,) if listener.certificate_hosts else ()
        return CertificateChoice(certificates=named or unknown, diagnostics=tuple(problems))
    found: list[Value] = []
    wanted_by: dict[str, frozenset[Key]] = {}
    missing: list[tuple[Key, str]] = []
    for member, host in listener.certificate_hosts:
        certificate = best_certificate(host, context.facts)
        if certificate is None:
            missing.append((member, host))
            problems.append(_not_found(context.facts, listener, member, host))
            continue
        found.append(certificate.arn)
        wanted_by[certificate.arn] = wanted_by.get(certificate.arn, frozenset()) | {member}
        problems.append(_chosen(certificate, listener, member, host))
    if not named:
        found = _present_first(context, listener, found)
    return CertificateChoice(
        certificates=tuple(dict.fromkeys([*named, *found])),
        wanted_by=MappingProxyType(wanted_by),
        missing=tuple(missing),
        diagnostics=tuple(problems),
    )


def best_certificate(host: str, facts: Facts) -> Certificate | None:
    """Return the certificate that serves a host best, None where none does."""
    valid = [
        c
        for c in facts.certificates
        if covers(c, host) and c.status == _ISSUED and not expired(c, facts)
    ]
    exact = [c for c in valid if _names(c, host)]
    candidates = exact or valid
    latest = max((_moment(c.not_after) for c in candidates), default=0.0)
    newest = [c for c in candidates if _moment(c.not_after) == latest]
    return min(newest, key=lambda c: c.arn, default=None)


def covers(certificate: Certificate, host: str) -> bool:
    """Tell whether a certificate is valid for a host: by name, or by a wildcard of one label."""
    _, dot, parent = host.partition(".")
    return _names(certificate, host) or (bool(dot) and _names(certificate, f"*.{parent}"))


def expired(certificate: Certificate, facts: Facts) -> bool:
    """Tell whether a certificate had ended when the account was read."""
    end, now = _moment(certificate.not_after), _moment(facts.observed_at)
    return 0 < end <= now


def _names(certificate: Certificate, name: str) -> bool:
    return name.lower() in {domain.lower() for domain in certificate.domains}


def _moment(text: str) -> float:
    """Return seconds of an RFC 3339 time, 0 where there is none to read."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else 0.0
    except ValueError:
        return 0.0


def _named(
    context: Context, listener: ListenerIntent
) -> tuple[tuple[Value, ...], list[Diagnostic]]:
    """Return the certificates that annotations name and AWS would take, and what is wrong."""
    usable: dict[str, None] = {}
    problems: list[Diagnostic] = []
    for arn in listener.certificates:
        problem = _unusable(arn, context)
        if problem is not None:
            code, message, hint = problem
            problems += _about(
                context, listener, arn, code=code, message=message, hint=hint, blocking=True
            )
            continue
        usable[arn] = None
        certificate = _known(arn, context.facts)
        if certificate is not None and expired(certificate, context.facts):
            problems += _ended(context, listener, certificate)
    return tuple(usable), problems


def _ended(
    context: Context, listener: ListenerIntent, certificate: Certificate
) -> Iterable[Diagnostic]:
    """Return the errors about an expired certificate; it is attached, since someone insists."""
    return _about(
        context,
        listener,
        certificate.arn,
        code="CERTIFICATE-EXPIRED",
        message=f"certificate {certificate.arn} expired at {certificate.not_after}",
        hint="renew it, or name another certificate; clients refuse an expired one",
        blocking=False,
    )


def _unusable(arn: str, context: Context) -> tuple[str, str, str] | None:
    """Return code, message and hint where AWS would refuse a certificate by this name."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return (
            "CERTIFICATE-NAME",
            f'"{arn}" is not the ARN of a certificate',
            "write ARNs such as arn:aws:acm:eu-west-1:123456789012:certificate/...",
        )
    if match["service"] == "iam":
        return None  # server certificates belong to no region and ACM does not list them
    region = context.facts.region
    if region and match["region"] != region:
        return (
            "CERTIFICATE-REGION",
            f"certificate {arn} is in {match['region']}, the load balancer in {region}",
            f"request or import the certificate in {region}",
        )
    certificate = _known(arn, context.facts)
    if certificate is None and not context.offline:
        return ("CERTIFICATE-MISSING", f"certificate {arn} does not exist", "check the ARN")
    if certificate is not None and certificate.status not in {_ISSUED, "EXPIRED"}:
        return (
            "CERTIFICATE-NOT-ISSUED",
            f"certificate {arn} is {certificate.status}",
            "finish its validation, or name another certificate",
        )
    return None


def _known(arn: str, facts: Facts) -> Certificate | None:
    return next((c for c in facts.certificates if c.arn == arn), None)


def _about(
    context: Context,
    listener: ListenerIntent,
    arn: str,
    *,
    code: str,
    message: str,
    hint: str,
    blocking: bool,
) -> Iterable[Diagnostic]:
    """Yield an error about a named certificate for each member that names it."""
    owners: list[Key | None] = [k for k in named_by(context, arn) if k in listener.members]
    for owner in owners or [None]:
        yield Diagnostic(
            severity=Severity.ERROR,
            code=code,
            subject=f"Ingress {owner}" if owner is not None else f"load balancer {context.group}",
            message=message,
            field=_FIELD,
            hint=hint,
            ingress=owner,
            blocking=blocking,
        )


def named_by(context: Context, arn: str) -> tuple[Key, ...]:
    """Return the members that name a certificate themselves."""
    naming = context.intent.options.get(CERTIFICATES_OF)
    return naming.get(arn, ()) if isinstance(naming, Mapping) else ()


def _not_found(facts: Facts, listener: ListenerIntent, member: Key, host: str) -> Diagnostic:
    region = f" in {facts.region}" if facts.region else ""
    rejected = [c for c in facts.certificates if covers(c, host)]
    why = "; ".join(f"{c.arn} {_fault(c, facts)}" for c in sorted(rejected, key=lambda c: c.arn))
    return error(
        "CERTIFICATE-NOT-FOUND",
        f"Ingress {member}",
        message=(
            f"no valid ACM certificate{region} covers host {host} on HTTPS port {listener.port}"
            + (f" ({why})" if why else "")
        ),
        field=host_field(listener, member, host),
        hint=f"request a certificate for {host}, or name one in annotation {_ANNOTATION}",
        ingress=member,
    )


def _fault(certificate: Certificate, facts: Facts) -> str:
    if expired(certificate, facts):
        return f"expired at {certificate.not_after}"
    return f"is {certificate.status}"


def host_field(listener: ListenerIntent, member: Key, host: str) -> str:
    """Return where a member states a host: the first rule that has it, else its ``spec.tls``."""
    positions = [r.position[0] for r in listener.rules if r.ingress == member and r.host == host]
    return f"spec.rules[{min(positions)}].host" if positions else "spec.tls"


def _chosen(
    certificate: Certificate, listener: ListenerIntent, member: Key, host: str
) -> Diagnostic:
    until = f", valid until {certificate.not_after}" if certificate.not_after else ""
    names = ", ".join(certificate.domains)
    return info(
        "CERTIFICATE-CHOSEN",
        f"Ingress {member}",
        message=f"host {host} on port {listener.port} uses {certificate.arn} ({names}{until})",
        field=host_field(listener, member, host),
        ingress=member,
    )


def _present_first(context: Context, listener: ListenerIntent, found: list[Value]) -> list[Value]:
    present = present_default(context, listener.port)
    return [present, *found] if present is not None and present in found else found


def present_default(context: Context, port: int) -> str | None:
    """Return the default certificate that the listener of a port has now."""
    observed = context.at(addresses.listener(context.group, port))
    if observed is None:
        return None
    return next(iter(certificate_arns(observed.spec.get("Certificates"))), None)


def certificate_arns(certificates: Value) -> Iterable[str]:
    """Yield the ARNs of a spec's ``Certificates``."""
    if isinstance(certificates, tuple):
        for entry in certificates:
            arn = entry.get("CertificateArn") if isinstance(entry, Mapping) else None
            if isinstance(arn, str):
                yield arn
