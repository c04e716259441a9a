"""Choose the certificates of an HTTPS listener, from four sources.

Those that annotations name; those that Ingresses bring along in Secrets; those found in ACM by host
for members that name none; those that ACM is to issue. What was chosen is told, and a host without
a certificate costs its own Ingress that host, and nobody else anything (LBC#2983).

The first certificate is the listener's default. Named ones keep the order they were named in;
otherwise the present default stays as long as it is still among them, since replacing it for
nothing would be felt by clients that send no server name. One that is not issued yet comes last.

Under ``incumbent`` compatibility the order is that of AWS Load Balancer Controller: member by
member, and of what is found by host all that match, by ARN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from providers.aws import addresses
from providers.aws.account import Certificate, Facts, Source
from providers.aws.addresses import Kind
from providers.aws.desired.context import Context
from providers.aws.desired.discovery import (
    best_certificate,
    covers,
    expired,
    has_passed,
    is_near,
    matching,
    others_certificates,
)
from providers.aws.desired.imports import (
    Own,
    creating,
    imported,
    present_import,
    requested,
    without_hosts,
)
from providers.aws.desired.lookups import unread_hint
from providers.aws.desired.named_certificates import named, named_by
from providers.aws.settings import PREFIX
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import ListenerIntent, TlsSecret
from provisioner.model.kube import Key
from provisioner.model.resource import Ref, Resource, Unknown, Value

_ANNOTATION = f"{PREFIX}certificate-arn"
_UNKNOWN = Unknown("depends on the certificates of the account")
_TLS = "spec.tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChoice:
    """The certificates of a listener, its default first, and the hosts that have none.

    ``wanted_by`` says for whose hosts a certificate is there, ``reasons`` why a host has none.
    ``resources`` are certificates of ours. ``held`` are members that want one of ours while nobody
    may look which there are: what they have on this port stays.
    """

    certificates: tuple[Value, ...]
    wanted_by: Mapping[str, frozenset[Key]] = field(default_factory=lambda: MappingProxyType({}))
    reasons: Mapping[tuple[Key, str], Diagnostic] = field(
        default_factory=lambda: MappingProxyType({})
    )
    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    held: frozenset[Key] = frozenset()

    @property
    def missing(self) -> tuple[tuple[Key, str], ...]:
        """Member and host pairs without a certificate."""
        return tuple(self.reasons)


def choose_certificates(context: Context, listener: ListenerIntent) -> CertificateChoice:
    """Return the certificates of one HTTPS listener."""
    return _Choosing(context, listener).choice()


class _Choosing:
    """The choice for one listener, source by source."""

    def __init__(self, context: Context, listener: ListenerIntent) -> None:
        self._context = context
        self._listener = listener
        self._facts = _without_ours(context)
        self._findings: list[Diagnostic] = []
        self._reasons: dict[tuple[Key, str], Diagnostic] = {}
        self._wanted_by: dict[str, frozenset[Key]] = {}
        self._resources: list[Resource] = []
        self._by_member: dict[Key | None, list[Value]] = {}

    def choice(self) -> CertificateChoice:
        listener = self._listener
        usable, problems = named(self._context, listener)
        self._findings += problems
        held = self._held()
        secrets = () if held else listener.secrets
        brought = [value for secret in secrets for value in self._brought(secret)]
        found = self._found()
        coming = () if held else requested(self._context, listener)
        self._findings += without_hosts(self._context, listener)
        issued = [self._add(own) for own in coming if own.issued]
        pending = [self._add(own) for own in coming if not own.issued]
        others = [*brought, *found, *issued]
        if self._context.incumbent:
            order = [v for v in self._member_by_member(usable) if v not in pending] + pending
        elif usable:
            order = [*self._defended(usable, others), *usable, *others, *pending]
        else:
            order = [*_present_first(self._context, listener, others), *pending]
        return CertificateChoice(
            certificates=tuple(dict.fromkeys(order)),
            wanted_by=MappingProxyType(self._wanted_by),
            reasons=MappingProxyType(self._reasons),
            resources=tuple(self._resources),
            diagnostics=tuple(self._findings),
            held=held,
        )

    def _defended(self, usable: Sequence[Value], others: Sequence[Value]) -> Iterator[Value]:
        """Yield the present default where only another namespace would put its own in its place."""
        present = present_default(self._context, self._listener.port)
        if present is None or present not in others:
            return
        wanting = self._wanted_by.get(present.address if isinstance(present, Ref) else present, ())
        naming = self._naming(str(usable[0]))
        if {key.namespace for key in wanting}.isdisjoint(key.namespace for key in naming):
            yield present

    # -- from Secrets, and from ACM by request ---------------------------------------------------

    def _held(self) -> frozenset[Key]:
        """Return who wants a certificate of ours while nobody may look which there are.

        Importing or requesting it would make another one with every plan.
        """
        if Kind.CERTIFICATE not in self._context.request.observed.unread:
            return frozenset()
        bringing = [member for secret in self._listener.secrets for member in secret.members]
        wanting = dict.fromkeys((*bringing, *creating(self._context, self._listener)))
        complaints = {member: _own_unread(self._listener, member) for member in wanting}
        self._findings += complaints.values()
        for rule in self._listener.rules:
            if rule.ingress in complaints:
                self._reasons[rule.ingress, rule.host] = complaints[rule.ingress]
        return frozenset(complaints)

    def _brought(self, secret: TlsSecret) -> Iterator[Value]:
        """Yield the certificate of a Secret; one that ACM would not take leaves what is there."""
        own = imported(self._context, secret)
        if not has_passed(secret.not_after, self._context.facts):
            if is_near(secret.not_after, self._context.facts):
                self._findings += _ends_soon(secret)
            yield self._add(own)
            return
        complaints = {member: _refused(secret, member) for member in secret.members}
        self._findings += complaints.values()
        if present_import(self._context, secret) is not None:
            yield self._note(own.ref, own.members)
            return
        for rule in self._listener.rules:
            if rule.ingress in complaints and rule.host:
                self._reasons[rule.ingress, rule.host] = complaints[rule.ingress]

    def _add(self, own: Own) -> Value:
        self._resources.append(own.resource)
        self._findings += own.diagnostics
        return self._note(own.ref, own.members)

    def _note(self, certificate: str | Ref, members: Sequence[Key]) -> str | Ref:
        name = certificate.address if isinstance(certificate, Ref) else certificate
        self._wanted_by[name] = self._wanted_by.get(name, frozenset()) | set(members)
        for member in members:
            self._by_member.setdefault(member, []).append(certificate)
        return certificate

    # -- from ACM by host ------------------------------------------------------------------------

    def _found(self) -> list[Value]:
        """Return what serves the hosts of members that name nothing."""
        issuing = creating(self._context, self._listener)
        pairs = [p for p in self._listener.certificate_hosts if p[0] not in issuing]
        if self._context.offline:
            return [_UNKNOWN] if pairs else []
        found: list[Value] = []
        for member, host in pairs:
            certificates = self._serving(host)
            if not certificates:
                problem = _not_found(self._facts, self._listener, member, host)
                self._reasons[member, host] = problem
                self._findings.append(problem)
            for certificate in certificates:
                found.append(self._note(certificate.arn, (member,)))
                self._findings += _told(certificate, self._listener, member, host, self._facts)
        return found

    def _serving(self, host: str) -> tuple[Certificate, ...]:
        if self._context.incumbent:
            return matching(host, self._facts)
        best = best_certificate(host, self._facts)
        return (best,) if best is not None else ()

    # -- the incumbent's order -------------------------------------------------------------------

    def _member_by_member(self, usable: Sequence[Value]) -> Iterator[Value]:
        """Yield the certificates as the incumbent controller adds them up."""
        members = dict.fromkeys((*self._listener.members, *self._by_member))
        for member in members:
            yield from (v for v in usable if isinstance(v, str) and member in self._naming(v))
            yield from sorted(self._by_member.get(member, ()), key=str)
        yield from usable  # of held Ingresses
        if self._context.offline and self._listener.certificate_hosts:
            yield _UNKNOWN

    def _naming(self, arn: str) -> tuple[Key, ...]:
        return named_by(self._context, arn)


def _without_ours(context: Context) -> Facts:
    """Return the facts without certificates that are ours: each is for its own load balancer."""
    ours = others_certificates(context)
    kept = tuple(c for c in context.facts.certificates if c.arn not in ours)
    return replace(context.facts, certificates=kept)


def _refused(secret: TlsSecret, member: Key) -> Diagnostic:
    return error(
        "CERTIFICATE-EXPIRED",
        f"Ingress {member}",
        message=f"the certificate in Secret {secret.secret} expired at {secret.not_after}, so ACM"
        " does not take it",
        field=_TLS,
        hint="put a valid certificate into the Secret",
        ingress=member,
    )


def _own_unread(listener: ListenerIntent, member: Key) -> Diagnostic:
    return error(
        "CERTIFICATE-UNREAD",
        f"Ingress {member}",
        message="the certificates that Ingress Provisioner keeps in ACM may not be looked up, so"
        f" HTTPS port {listener.port} stays as it is for this Ingress",
        field=_TLS,
        hint=unread_hint(Source.OWN_CERTIFICATES),
        ingress=member,
    )


def _ends_soon(secret: TlsSecret) -> Iterator[Diagnostic]:
    for member in secret.members:
        yield warning(
            "CERTIFICATE-EXPIRES",
            f"Ingress {member}",
            message=f"the certificate in Secret {secret.secret} expires at {secret.not_after}",
            field=_TLS,
            hint="see to its renewal",
            ingress=member,
        )


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
    return f"spec.rules[{min(positions)}].host" if positions else _TLS


def _told(
    certificate: Certificate, listener: ListenerIntent, member: Key, host: str, facts: Facts
) -> Iterator[Diagnostic]:
    """Yield what was chosen for a host, and that it ends soon."""
    until = f", valid until {certificate.not_after}" if certificate.not_after else ""
    names = ", ".join(certificate.domains)
    place = host_field(listener, member, host)
    yield info(
        "CERTIFICATE-CHOSEN",
        f"Ingress {member}",
        message=f"host {host} on port {listener.port} uses {certificate.arn} ({names}{until})",
        field=place,
        ingress=member,
    )
    if is_near(certificate.not_after, facts):
        yield warning(
            "CERTIFICATE-EXPIRES",
            f"Ingress {member}",
            message=f"certificate {certificate.arn} expires at {certificate.not_after}",
            field=place,
            hint="see to its renewal",
            ingress=member,
        )


def _present_first(context: Context, listener: ListenerIntent, found: list[Value]) -> list[Value]:
    present = present_default(context, listener.port)
    return [present, *found] if present is not None and present in found else found


def present_default(context: Context, port: int) -> str | Ref | None:
    """Return the default certificate that the listener of a port has now."""
    observed = context.at(addresses.listener(context.group, port))
    if observed is None:
        return None
    return next(iter(certificate_names(observed.spec.get("Certificates"))), None)


def certificate_names(certificates: Value) -> Iterator[str | Ref]:
    """Yield what a spec's ``Certificates`` name: an ARN, or a certificate of ours."""
    if isinstance(certificates, tuple):
        for entry in certificates:
            arn = entry.get("CertificateArn") if isinstance(entry, Mapping) else None
            if isinstance(arn, str | Ref):
                yield arn
