"""Certificates of ours in ACM: imported from Secrets, and requested for the hosts of an Ingress.

Both belong to the load balancer that serves them and live as long as one of its listeners refers to
them. A rotated Secret is imported again under the same ARN, so no listener notices. ACM insists on
the kind and size of the key then; where that changes, the certificate has a second address, and the
listener moves over.

AWS Load Balancer Controller (``create-acm-cert``) also writes the DNS records that prove the
ownership of a domain, in Route 53. That is somebody else's zone to change; here they are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.desired.context import Context, native_field
from providers.aws.settings import CREATE_CERTIFICATE, PRIVATE_CA
from provisioner.core.annotations import MANAGED
from provisioner.core.expiry import covers_name
from provisioner.core.translate import CERTIFICATES_OF
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import ListenerIntent, LoadBalancerIntent, TlsSecret
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Fingerprint,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Unknown,
    freeze_spec,
)

ARN = "CertificateArn"
ISSUED, PENDING = "ISSUED", "PENDING_VALIDATION"
RECORDS = "ValidationRecords"
"""Output of a requested certificate: the DNS records that it waits for."""

_FIELD = "spec.tls"
_CREATE_FIELD = native_field(CREATE_CERTIFICATE.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A certificate of ours as a listener uses it; ``members`` are those it is for."""

    ref: Ref
    resource: Resource
    members: tuple[Key, ...]
    names: tuple[str, ...]
    issued: bool = True
    diagnostics: tuple[Diagnostic, ...] = ()


def imported(context: Context, secret: TlsSecret) -> Own:
    """Return the certificate that a Secret holds, as ACM is to have it."""
    address = _import_address(context, secret)
    unknown = Unknown(f"depends on Secret {secret.secret}")
    spec: dict[str, PlainInput] = {
        "Certificate": secret.certificate or unknown,
        "PrivateKey": unknown,
        "Tags": context.tags(address, role="", user=context.intent.tags),
    }
    if secret.key is not None and secret.certificate is not None:
        # The digest of the public half: it says nothing of the key, and changes together with it.
        digest = _present_digest(context, address, secret) or secret.certificate.digest
        spec["Certificate"] = Fingerprint(digest, secret.certificate.secret)
        spec["PrivateKey"] = Fingerprint(digest, secret.key.secret)
        if secret.chain is not None:
            spec["CertificateChain"] = Fingerprint(digest, secret.chain.secret)
    return Own(
        ref=Ref(address, ARN),
        resource=Resource(
            kind=Kind.CERTIFICATE,
            address=address,
            group=context.group,
            ingresses=tuple(sorted(secret.members)),
            spec=freeze_spec(spec),
            title=f"certificate of Secret {secret.secret}",
        ),
        members=secret.members,
        names=secret.names,
        diagnostics=_uncovered(secret),
    )


def present_import(context: Context, secret: TlsSecret) -> ObservedResource | None:
    """Return what ACM has of a Secret now."""
    return context.at(_import_address(context, secret))


def requested(context: Context, listener: ListenerIntent) -> tuple[Own, ...]:
    """Return the certificates that ACM is to issue for members of one port."""
    hosts = {
        member: tuple(host for key, host in listener.certificate_hosts if key == member)
        for member in creating(context, listener)
    }
    return tuple(_request(context, member, named) for member, named in hosts.items() if named)


def creating(context: Context, listener: ListenerIntent) -> tuple[Key, ...]:
    """Return the members of a port that want a certificate of their own from ACM, in order.

    Whoever names certificates has them; a word that there be another one is then idle.
    """
    return tuple(m for m in listener.members if wants_request(context.intent, m))


def wants_request(intent: LoadBalancerIntent, member: Key) -> bool:
    """Tell whether an Ingress wants ACM to issue its certificate."""
    naming = intent.options.get(CERTIFICATES_OF)
    names = naming if isinstance(naming, Mapping) else {}
    if any(member in users for name, users in names.items() if name != MANAGED):
        return False
    options = next((m.options for m in intent.members if m.ingress == member), {})
    return options.get(CREATE_CERTIFICATE.name) is True or member in names.get(MANAGED, ())


def without_hosts(context: Context, listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    """Return the errors of members that want a certificate issued and have no host."""
    having = {member for member, _ in listener.certificate_hosts}
    return tuple(
        error(
            "CERTIFICATE-NO-HOSTS",
            f"Ingress {member}",
            message=f"no certificate can be requested for HTTPS port {listener.port}: the Ingress"
            " has no host",
            field=_CREATE_FIELD,
            hint="give a rule or an entry of spec.tls a host",
            ingress=member,
        )
        for member in creating(context, listener)
        if member not in having
    )


def _request(context: Context, member: Key, hosts: Sequence[str]) -> Own:
    options = next((m.options for m in context.intent.members if m.ingress == member), {})
    authority = options.get(PRIVATE_CA.name)
    issuer = authority if isinstance(authority, str) else ""
    address = addresses.certificate(context.group, "request", str(member), issuer, *hosts)
    spec: dict[str, PlainInput] = {
        "DomainName": hosts[0],
        "SubjectAlternativeNames": list(hosts),
        "Tags": context.tags(
            address, role=_role(member, hosts[0], issuer), user=context.intent.tags
        ),
        **({"CertificateAuthorityArn": issuer} if issuer else {"ValidationMethod": "DNS"}),
    }
    present = context.at(address)
    return Own(
        ref=Ref(address, ARN),
        resource=Resource(
            kind=Kind.CERTIFICATE,
            address=address,
            group=context.group,
            ingresses=(member,),
            spec=freeze_spec(spec),
            title=f"certificate for {', '.join(hosts)}",
        ),
        members=(member,),
        names=tuple(hosts),
        issued=present is not None and present.state == ISSUED,
        diagnostics=_progress(member, hosts, present),
    )


def _role(member: Key, domain: str, issuer: str) -> str:
    """Return what the incumbent controller calls such a certificate."""
    kind = "private" if issuer else "amazon_issued"
    return (
        f"{kind}/{domain.replace('*', 'wildcard')}-{sha256(str(member).encode()).hexdigest()[:8]}"
    )


def _progress(
    member: Key, hosts: Sequence[str], present: ObservedResource | None
) -> tuple[Diagnostic, ...]:
    """Return what stands between a request and its certificate."""
    if present is None or present.state == ISSUED:
        return ()
    names = ", ".join(hosts)
    if present.state in {"", PENDING}:
        records = present.outputs.get(RECORDS, "")
        return (
            info(
                "CERTIFICATE-PENDING",
                f"Ingress {member}",
                message=f"the certificate for {names} waits for proof that the domains are yours;"
                " until then nothing uses it",
                field=_CREATE_FIELD,
                hint=f"create these DNS records: {records}"
                if records
                else "ACM has not told the DNS records yet; plan again in a moment",
                ingress=member,
            ),
        )
    return (
        warning(
            "CERTIFICATE-REQUEST-FAILED",
            f"Ingress {member}",
            message=f"ACM has not issued the certificate for {names}: it is {present.state}",
            field=_CREATE_FIELD,
            hint=f"see why with: aws acm describe-certificate --certificate-arn"
            f" {present.outputs.get(ARN, '')}; once it is deleted, it is requested anew",
            ingress=member,
        ),
    )


def _import_address(context: Context, secret: TlsSecret) -> str:
    """Return the address of an import: of two, the one with a key of this kind, or a free one."""
    identity = ("secret", str(secret.secret))
    first = addresses.certificate(context.group, *identity)
    if not secret.key_algorithm:
        return first
    places = (first, addresses.certificate(context.group, *identity, secret.key_algorithm))
    for place in places:
        present = context.at(place)
        if present is not None and _same_kind(present, secret):
            return place
    return next((place for place in places if context.at(place) is None), first)


def _present_digest(context: Context, address: str, secret: TlsSecret) -> str:
    """Return the fingerprint of what ACM has where that is what the Secret holds, else "".

    ACM may answer more of a chain than it was given.
    """
    present = context.at(address)
    if present is None:
        return ""
    parts = present.spec.get("Parts")
    known = present.spec.get("Certificate")
    if not isinstance(parts, tuple) or not isinstance(known, Fingerprint):
        return ""
    same = parts[:1] == secret.parts[:1] and set(secret.parts).issubset(map(str, parts))
    return known.digest if same else ""


def _same_kind(present: ObservedResource, secret: TlsSecret) -> bool:
    return present.spec.get("KeyAlgorithm") in {None, secret.key_algorithm}


def _uncovered(secret: TlsSecret) -> tuple[Diagnostic, ...]:
    """Return a warning for hosts that the certificate of their Secret is not valid for."""
    missing = [host for host in secret.hosts if not covers_name(secret.names, host)]
    if secret.certificate is None or not missing:
        return ()
    return tuple(
        warning(
            "CERTIFICATE-HOSTS",
            f"Ingress {member}",
            message=f"the certificate in Secret {secret.secret} is for {', '.join(secret.names)},"
            f" not for {', '.join(missing)}, which clients will tell",
            field=_FIELD,
            hint="issue it for these hosts as well",
            ingress=member,
        )
        for member in secret.members
    )
