"""SSL certificates of ours: uploaded from Secrets, and issued by Google for hosts of an Ingress.

A Compute SSL certificate cannot be changed, so each content is one of its own, under an address and
a name of its own: a rotated Secret becomes a second certificate, the proxy moves over, and then the
first one goes. What hides the key is remembered as digests in the description, since Google never
shows a key again.

A certificate that Google issues has to hang on a proxy, with DNS leading there, before it is
issued. Where the hosts of an Ingress change, the present certificate therefore stays beside the new
one until that is active.

Sources: "Use self-managed SSL certificates", "Use Google-managed SSL certificates", "Quotas and
limits" of Cloud Load Balancing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from providers.gcp import addresses, marks
from providers.gcp.addresses import Kind
from providers.gcp.desired.context import Context
from providers.gcp.shapes import shaped
from provisioner.core.annotations import MANAGED
from provisioner.core.expiry import covers_name, has_passed, is_near
from provisioner.core.keeping import as_resource
from provisioner.core.translate import CERTIFICATES_OF
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import ListenerIntent, TlsSecret
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Fingerprint,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Unknown,
)
from provisioner.model.settings import ANNOTATION_PREFIX

SECRET = f"{ANNOTATION_PREFIX}secret"
"""The word of a certificate's description that names the Secret it comes from."""

LINK = "selfLink"
ACTIVE = "ACTIVE"

MAX_DOMAINS = 100
MAX_FIRST_DOMAIN = 64
MAX_CHAIN = 5

_GLOBAL_KEYS = ("RSA_2048", "EC_256")
_REGIONAL_KEYS = (*_GLOBAL_KEYS, "RSA_3072", "RSA_4096", "EC_384")
_WAITING = frozenset({"", "PROVISIONING", "MANAGED_CERTIFICATE_STATUS_UNSPECIFIED"})
_FIELD = "spec.tls"
_WORD_FIELD = f"metadata.annotations[{ANNOTATION_PREFIX}certificates]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A certificate of ours as a proxy uses it; without ``resource``, only something to tell.

    ``pending`` says that clients cannot be answered with it yet.
    """

    resource: Resource | None = None
    pending: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ref(self) -> Ref | None:
        """How a proxy names it."""
        return Ref(self.resource.address, LINK) if self.resource is not None else None


# -- from Secrets ---------------------------------------------------------------------------------


def brought(context: Context, secret: TlsSecret) -> Own:
    """Return the certificate that a Secret holds, as Google is to have it."""
    problem = _unusable(context, secret)
    if problem is not None:
        diagnostics = tuple(_for_each(secret.members, problem))
        present = _present(context, secret)
        kept = as_resource(present) if present is not None else None
        return Own(resource=kept, diagnostics=diagnostics)
    if secret.certificate is None:
        present = _present(context, secret)
        if present is not None:
            return Own(resource=as_resource(present))
        if secret.lost:
            return Own()
    return Own(resource=_upload(context, secret), diagnostics=tuple(_remarks(context, secret)))


def _upload(context: Context, secret: TlsSecret) -> Resource:
    place = ("regional",) if context.variant.regional else ()
    content = (secret.certificate.digest,) if secret.certificate is not None else ()
    address = addresses.ssl_certificate(
        context.group, "secret", str(secret.secret), *place, *content
    )
    whole = _whole(secret)
    unknown = Unknown(f"depends on Secret {secret.secret}")
    more: dict[str, marks.Word] = {SECRET: str(secret.secret)}
    if whole is not None and secret.key is not None:
        more[marks.DIGEST] = {"certificate": whole.digest, "privateKey": secret.key.digest}
    name = context.labels.certificate_name(address, whole)
    return Resource(
        kind=Kind.SSL_CERTIFICATE,
        address=address,
        group=context.group,
        name=name,
        ingresses=tuple(sorted(secret.members)),
        spec=shaped(
            Kind.SSL_CERTIFICATE,
            {
                "name": name,
                "description": context.labels.description(
                    address, ingress=min(secret.members, default=None), more=more
                ),
                "type": "SELF_MANAGED",
                "selfManaged": {
                    "certificate": whole or unknown,
                    "privateKey": secret.key or unknown,
                },
                **context.place,
            },
        ),
        title=f"certificate of Secret {secret.secret}",
    )


def _whole(secret: TlsSecret) -> Fingerprint | None:
    """Return the certificate with those that signed it, as one text."""
    if secret.certificate is None:
        return None
    chain = secret.chain.secret if secret.chain is not None else ""
    return Fingerprint(secret.certificate.digest, secret.certificate.secret + chain)


def _present(context: Context, secret: TlsSecret) -> ObservedResource | None:
    """Return what Google has of a Secret now; of several contents, the last by address."""
    found = [each for each in _of_its_scope(context) if secret_of(each) == secret.secret]
    return found[-1] if found else None


def _of_its_scope(context: Context) -> tuple[ObservedResource, ...]:
    """Return the certificates of ours that proxies of this kind of load balancer can have."""
    regional = context.variant.regional
    return tuple(
        each
        for each in context.observed
        if each.kind == Kind.SSL_CERTIFICATE and ("region" in each.spec) is regional
    )


def secret_of(certificate: ObservedResource) -> Key | None:
    """Return the Secret that a certificate comes from, None where it comes from none."""
    said = marks.read(str(certificate.spec.get("description") or "")).get(SECRET)
    return Key.parse(said) if isinstance(said, str) else None


def _unusable(context: Context, secret: TlsSecret) -> Diagnostic | None:
    """Return why Google would not take a certificate, None where it would."""
    allowed = _REGIONAL_KEYS if context.variant.regional else _GLOBAL_KEYS
    if secret.key_algorithm and secret.key_algorithm not in allowed:
        return error(
            "CERTIFICATE-KEY",
            "",
            message=f"the key in Secret {secret.secret} is {secret.key_algorithm}; a"
            f" {context.variant} load balancer takes {', '.join(allowed)}",
            field=_FIELD,
            hint=f"issue the certificate for a key of kind {allowed[0]} or {allowed[1]}",
        )
    if len(secret.parts) > MAX_CHAIN:
        return error(
            "CERTIFICATE-CHAIN",
            "",
            message=f"tls.crt of Secret {secret.secret} holds {len(secret.parts)} certificates,"
            f" Google takes a chain of {MAX_CHAIN}",
            field=_FIELD,
            hint="leave out the root and what the certificate is not signed by",
        )
    return None


def _remarks(context: Context, secret: TlsSecret) -> Iterator[Diagnostic]:
    """Yield what clients will notice of a certificate that Google does take."""
    now = context.facts.observed_at
    if has_passed(secret.not_after, now=now):
        yield from _for_each(
            secret.members,
            error(
                "CERTIFICATE-EXPIRED",
                "",
                message=f"the certificate in Secret {secret.secret} expired at {secret.not_after}",
                field=_FIELD,
                hint="put a valid certificate into the Secret; clients refuse an expired one",
            ),
        )
    elif is_near(secret.not_after, now=now):
        yield from _for_each(
            secret.members,
            warning(
                "CERTIFICATE-EXPIRES",
                "",
                message=f"the certificate in Secret {secret.secret} expires at {secret.not_after}",
                field=_FIELD,
                hint="see to its renewal",
            ),
        )
    missing = [host for host in secret.hosts if not covers_name(secret.names, host)]
    if secret.certificate is not None and missing:
        yield from _for_each(
            secret.members,
            warning(
                "CERTIFICATE-HOSTS",
                "",
                message=f"the certificate in Secret {secret.secret} is for"
                f" {', '.join(secret.names)}, not for {', '.join(missing)}; clients will tell",
                field=_FIELD,
                hint="issue it for these hosts as well",
            ),
        )


# -- issued by Google -----------------------------------------------------------------------------


def requested(context: Context, listener: ListenerIntent) -> tuple[Own, ...]:
    """Return the certificates that Google is to issue for members of one port, active ones first.

    Those that they replace stay until the new ones are active.
    """
    found: list[Own] = []
    for member in _asking(context, listener):
        hosts = tuple(host for key, host in listener.certificate_hosts if key == member)
        found += _for_member(context, member, tuple(dict.fromkeys(hosts)), port=listener.port)
    return tuple(sorted(found, key=lambda own: own.pending))


def _asking(context: Context, listener: ListenerIntent) -> tuple[Key, ...]:
    naming = context.intent.options.get(CERTIFICATES_OF)
    asking = naming.get(MANAGED, ()) if isinstance(naming, Mapping) else ()
    return tuple(member for member in listener.members if member in asking)


def _for_member(context: Context, member: Key, hosts: Sequence[str], *, port: int) -> Iterator[Own]:
    problem = _unissuable(context, hosts, port=port)
    present = [each for each in _issued(context) if member in each.ingresses]
    if problem is not None:
        yield Own(diagnostics=tuple(_for_each((member,), problem)))
        yield from (Own(resource=as_resource(each)) for each in present)
        return
    wanted = _request(context, member, hosts)
    now = context.at(wanted.address)
    pending = now is None or now.state != ACTIVE
    yield Own(resource=wanted, pending=pending, diagnostics=_progress(member, hosts, now))
    if pending:
        others = (each for each in present if each.address != wanted.address)
        yield from (Own(resource=as_resource(each)) for each in others if each.state == ACTIVE)


def _issued(context: Context) -> tuple[ObservedResource, ...]:
    return tuple(each for each in _of_its_scope(context) if each.spec.get("type") == "MANAGED")


def _request(context: Context, member: Key, hosts: Sequence[str]) -> Resource:
    address = addresses.ssl_certificate(context.group, "managed", str(member), *hosts)
    name = context.labels.certificate_name(address)
    domains: list[PlainInput] = list(hosts)
    return Resource(
        kind=Kind.SSL_CERTIFICATE,
        address=address,
        group=context.group,
        name=name,
        ingresses=(member,),
        spec=shaped(
            Kind.SSL_CERTIFICATE,
            {
                "name": name,
                "description": context.labels.description(address, ingress=member),
                "type": "MANAGED",
                "managed": {"domains": domains},
            },
        ),
        title=f"certificate for {', '.join(hosts)}",
    )


def _unissuable(context: Context, hosts: Sequence[str], *, port: int) -> Diagnostic | None:
    """Return why Google cannot issue a certificate for hosts, None where it can."""
    wildcards = [host for host in hosts if host.startswith("*")]
    message, hint = "", "name certificates instead"
    if not hosts:
        message = f"no certificate can be issued for HTTPS port {port}: the Ingress has no host"
        hint = "give a rule or an entry of spec.tls a host"
    elif context.variant.regional:
        message = f"Google issues no certificates for a {context.variant} load balancer"
    elif wildcards:
        message = f"Google issues no certificate for wildcards such as {wildcards[0]}"
        hint = "bring one in a Secret, or use a map of Certificate Manager"
    elif len(hosts) > MAX_DOMAINS:
        message = f"a certificate that Google issues takes {MAX_DOMAINS} hosts, not {len(hosts)}"
        hint = "split the Ingress"
    elif len(hosts[0].encode()) > MAX_FIRST_DOMAIN:
        message = f"host {hosts[0]} is longer than {MAX_FIRST_DOMAIN} bytes, which the first one of"
        message += " a certificate that Google issues may not be"
        hint = "put a shorter host before it"
    else:
        return None
    return error("CERTIFICATE-MANAGED", "", message=message, field=_WORD_FIELD, hint=hint)


def _progress(
    member: Key, hosts: Sequence[str], present: ObservedResource | None
) -> tuple[Diagnostic, ...]:
    """Return what stands between a request and its certificate."""
    if present is None or present.state == ACTIVE:
        return ()
    names = ", ".join(hosts)
    if present.state in _WAITING:
        return (
            info(
                "CERTIFICATE-PENDING",
                f"Ingress {member}",
                message=f"Google has not issued the certificate for {names} yet",
                field=_WORD_FIELD,
                hint="it does so once the hosts resolve to the load balancer's address",
                ingress=member,
            ),
        )
    return (
        warning(
            "CERTIFICATE-REQUEST-FAILED",
            f"Ingress {member}",
            message=f"Google has not issued the certificate for {names}: it is {present.state}",
            field=_WORD_FIELD,
            hint="see why with: gcloud compute ssl-certificates describe"
            f" {present.name} --format='get(managed)'",
            ingress=member,
        ),
    )


def _for_each(members: Sequence[Key], finding: Diagnostic) -> Iterator[Diagnostic]:
    """Yield a finding for each of these members."""
    for member in members:
        yield addressed(finding, member)


def addressed(finding: Diagnostic, member: Key) -> Diagnostic:
    """Return a finding as it is told to one Ingress."""
    return replace(finding, subject=f"Ingress {member}", ingress=member)
