"""Judge the certificates that annotations name: what AWS would refuse, and what clients would.

The incumbent controller passes any text on and leaves it to AWS to refuse the whole listener. What
can be told before is told to those who name it, and the others' certificates are still attached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from providers.aws.account import Certificate, Facts
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.discovery import ISSUED, expired, is_near
from provisioner.core.translate import CERTIFICATES_OF
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.intent import ListenerIntent
from provisioner.model.kube import Key
from provisioner.model.resource import Value

_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>acm|iam):(?P<region>[\w-]*):\d+:.+")
_FIELD = native_field("certificate-arn")
_ATTACHABLE = frozenset({ISSUED, "EXPIRED"})


def named(
    context: Context, listener: ListenerIntent
) -> tuple[tuple[Value, ...], tuple[Diagnostic, ...]]:
    """Return the certificates that annotations name and AWS would take, and what is wrong."""
    usable: dict[str, None] = {}
    problems: list[Diagnostic] = []
    for arn in listener.certificates:
        problem = _unusable(arn, context)
        if problem is None:
            usable[arn] = None
            problems += _about_its_end(context, listener, arn)
            continue
        code, message, hint = problem
        problems += _told(
            context,
            listener,
            arn,
            finding=Diagnostic(
                severity=Severity.ERROR,
                code=code,
                subject="",
                message=message,
                hint=hint,
                blocking=True,
            ),
        )
    return tuple(usable), tuple(problems)


def named_by(context: Context, name: str) -> tuple[Key, ...]:
    """Return the members that name a certificate themselves."""
    naming = context.intent.options.get(CERTIFICATES_OF)
    return naming.get(name, ()) if isinstance(naming, Mapping) else ()


def _about_its_end(context: Context, listener: ListenerIntent, arn: str) -> Iterator[Diagnostic]:
    """Yield what is to be said of a certificate that has ended, or soon will.

    It is attached all the same, since someone insists.
    """
    certificate = _known(arn, context.facts)
    if certificate is None:
        return
    if expired(certificate, context.facts):
        finding = Diagnostic(
            severity=Severity.ERROR,
            code="CERTIFICATE-EXPIRED",
            subject="",
            message=f"certificate {arn} expired at {certificate.not_after}",
            hint="renew it, or name another certificate; clients refuse an expired one",
        )
        yield from _told(context, listener, arn, finding=finding)
    elif is_near(certificate.not_after, context.facts):
        finding = Diagnostic(
            severity=Severity.WARNING,
            code="CERTIFICATE-EXPIRES",
            subject="",
            message=f"certificate {arn} expires at {certificate.not_after}",
            hint="see to its renewal",
        )
        yield from _told(context, listener, arn, finding=finding)


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
    if certificate is not None and certificate.status not in _ATTACHABLE:
        return (
            "CERTIFICATE-NOT-ISSUED",
            f"certificate {arn} is {certificate.status}",
            "finish its validation, or name another certificate",
        )
    return None


def _known(arn: str, facts: Facts) -> Certificate | None:
    return next((c for c in facts.certificates if c.arn == arn), None)


def _told(
    context: Context, listener: ListenerIntent, arn: str, *, finding: Diagnostic
) -> Iterator[Diagnostic]:
    """Yield a finding on a certificate for each member that names it."""
    owners: list[Key | None] = [k for k in named_by(context, arn) if k in listener.members]
    for owner in owners or [None]:
        whose = f"Ingress {owner}" if owner is not None else f"load balancer {context.group}"
        yield replace(finding, subject=whose, field=_FIELD, ingress=owner)
