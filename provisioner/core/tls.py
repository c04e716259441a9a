"""Certificates that Ingresses bring along in the Secrets of ``spec.tls``.

Everything that a cloud would refuse and that can be told without asking it is told here: no such
Secret, no certificate in it, a key that is another certificate's. Where HTTPS is all there is, one
Ingress with such a Secret is set aside with its last good rules and the certificate that it has;
where a provider serves HTTP beside it, that goes on, since many a certificate is issued only to a
host that answers over HTTP (ACME HTTP-01). Neighbours go on in any case. Expiry is judged later, by
whoever knows what time it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from provisioner.core import x509
from provisioner.core.group import Candidate
from provisioner.core.hosts import host_problem
from provisioner.core.secret_error import SecretError
from provisioner.core.secrets import Secrets, complaint
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import TlsSecret
from provisioner.model.kube import Key, Secret
from provisioner.model.resource import Fingerprint

CERTIFICATE = "tls.crt"
PRIVATE_KEY = "tls.key"

_FIELD = "spec.tls"
_KEY_PURPOSE = "tls-private-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """The certificates that one Ingress brings along, and why it may not.

    Attributes:
        secrets: The certificates; lost ones among them where the Ingress goes on without.
        problems: Why the Ingress cannot be planned.
        losses: Why it goes on without a certificate.
    """

    secrets: tuple[TlsSecret, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    losses: tuple[Diagnostic, ...] = ()


NOTHING_BROUGHT = Brought()


def brought_by(candidate: Candidate, secrets: Secrets) -> Brought:
    """Return the certificates that an Ingress brings along."""
    if not candidate.front.tls_secrets:
        return NOTHING_BROUGHT
    places: dict[str, int] = {}
    hosts: dict[str, set[str]] = {}
    for index, tls in enumerate(candidate.ingress.tls):
        if tls.secret_name:
            places.setdefault(tls.secret_name, index)
            named = {host.lower() for host in tls.hosts if not host_problem(host.lower())}
            hosts.setdefault(tls.secret_name, set()).update(named)
    if not places:
        return Brought(problems=(_no_secret(candidate),))
    found: list[TlsSecret] = []
    problems: list[Diagnostic] = []
    for name, index in places.items():
        key = Key(candidate.key.namespace, name)
        try:
            content = _content(key, secrets)
        except SecretError as problem:
            where = f"{_FIELD}[{index}].secretName"
            problems.append(complaint(problem, candidate.key, field=where))
            content = TlsSecret(secret=key, members=(), lost=True)
        whose = (candidate.key,)
        found.append(replace(content, members=whose, hosts=tuple(sorted(hosts[name]))))
    if candidate.front.goes_on:
        return Brought(secrets=tuple(found), losses=tuple(problems))
    usable = tuple(secret for secret in found if not secret.lost)
    return Brought(secrets=usable, problems=tuple(problems))


def together(brought: Iterable[Brought]) -> tuple[TlsSecret, ...]:
    """Return the certificates of several Ingresses, in order, each Secret once."""
    found: dict[Key, TlsSecret] = {}
    for each in (secret for one in brought for secret in one.secrets):
        first = found.get(each.secret)
        if first is None:
            found[each.secret] = each
            continue
        found[each.secret] = replace(
            first,
            members=tuple(dict.fromkeys((*first.members, *each.members))),
            hosts=tuple(sorted({*first.hosts, *each.hosts})),
        )
    return tuple(found.values())


def _content(key: Key, secrets: Secrets) -> TlsSecret:
    """Return what a Secret holds; only its name where nobody can look.

    Raises:
        SecretError: It holds no certificate with its key.
    """
    secret = secrets.find(key)
    if secret is None:
        return TlsSecret(secret=key, members=())
    chain = _certificates(secret)
    private, public = _key(secret)
    if public and public != chain[0].public_key:
        raise SecretError(
            f"the private key in Secret {key} is not that of its certificate",
            hint=f"{CERTIFICATE} must begin with the certificate that {PRIVATE_KEY} belongs to",
        )
    digest = x509.digest_of(chain)
    others = "".join(each.pem for each in chain[1:])
    return TlsSecret(
        secret=key,
        members=(),
        names=chain[0].names,
        not_after=chain[0].not_after,
        key_algorithm=chain[0].key_algorithm,
        parts=x509.parts_of(chain),
        certificate=Fingerprint(digest=digest, secret=chain[0].pem),
        chain=Fingerprint(digest=digest, secret=others) if others else None,
        key=secrets.seal(private, _KEY_PURPOSE),
    )


def _certificates(secret: Secret) -> tuple[x509.X509, ...]:
    try:
        return x509.certificates(_text(secret, CERTIFICATE))
    except x509.PemError as problem:
        raise _unreadable(secret, CERTIFICATE, problem) from None


def _key(secret: Secret) -> tuple[str, bytes]:
    try:
        return x509.key_of(_text(secret, PRIVATE_KEY))
    except x509.PemError as problem:
        raise _unreadable(secret, PRIVATE_KEY, problem) from None


def _text(secret: Secret, name: str) -> str:
    content = secret.data.get(name)
    if content is None:
        raise SecretError(
            f"Secret {secret.key} has no key {name}",
            hint="make it with: kubectl create secret tls",
        )
    return content.decode("ascii", "replace")


def _unreadable(secret: Secret, name: str, problem: x509.PemError) -> SecretError:
    return SecretError(
        f"{name} of Secret {secret.key} cannot be used: {problem}",
        hint=f"put PEM into {name}, without a password",
    )


def _no_secret(candidate: Candidate) -> Diagnostic:
    return error(
        "CERTIFICATE-NO-SECRET",
        candidate.subject,
        message="its certificates are to come from Secrets, but spec.tls names none",
        field=_FIELD,
        hint="name a kubernetes.io/tls Secret in spec.tls[].secretName",
        ingress=candidate.key,
    )
