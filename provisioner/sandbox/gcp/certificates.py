"""SSL certificates: self-managed ones are parsed, managed ones wait for their domains.

Sources: the descriptions of ``SslCertificate`` in the published schema, "SSL certificates
overview" (key types by scope, managed ones only for global external load balancers) and "Quotas
and limits" (length of chains, domains).
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from provisioner.sandbox.cluster.documents import Document, part, text, texts
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import invalid, limit_exceeded, required
from provisioner.sandbox.gcp.kinds import Change, Kind
from provisioner.sandbox.gcp.references import ScopeKind
from provisioner.sandbox.gcp.state import Resource

LONGEST_CHAIN = 5
LONGEST_FIRST_DOMAIN = 64
KEYS = {
    ScopeKind.GLOBAL: ("RSA-2048", "ECDSA P-256"),
    ScopeKind.REGION: ("RSA-2048", "RSA-3072", "RSA-4096", "ECDSA P-256", "ECDSA P-384"),
}
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def prepare_certificate(change: Change) -> None:
    """Complete and check a certificate."""
    kind = text(change.document, "type") or "SELF_MANAGED"
    change.put(type=kind)
    if kind == "MANAGED":
        _managed(change)
    else:
        _self_managed(change)


def render_certificate(compute: Compute, resource: Resource) -> Document:
    """Add the state of a managed certificate."""
    managed = part(resource.document, "managed")
    if not managed:
        return resource.document
    seconds = compute.settings.certificate_seconds
    active = seconds is not None and compute.now() >= resource.changed_at + seconds
    state = "ACTIVE" if active else "PROVISIONING"
    status = dict.fromkeys(texts(managed, "domains"), state)
    return {
        **resource.document,
        "managed": {**managed, "status": state, "domainStatus": status},
    }


def _managed(change: Change) -> None:
    if change.ref.scope.kind is not ScopeKind.GLOBAL:
        raise invalid("resource.type", "MANAGED", "Managed certificates are global only.")
    domains = texts(change.document, "managed", "domains")
    if not domains:
        raise required("resource.managed.domains")
    limit = change.compute.limits["domains-per-managed-certificate"]
    if len(domains) > limit:
        raise limit_exceeded("resource.managed.domains", f"At most {limit} domains are allowed.")
    for index, domain in enumerate(domains):
        if "*" in domain or "." not in domain:
            message = "Must be a domain name without wildcards."
            raise invalid(f"resource.managed.domains[{index}]", domain, message)
    if len(domains[0].encode()) > LONGEST_FIRST_DOMAIN:
        message = "The first domain must not exceed 64 bytes."
        raise invalid("resource.managed.domains[0]", domains[0], message)


def _self_managed(change: Change) -> None:
    inner = part(change.document, "selfManaged")
    chain = text(inner, "certificate") or text(change.document, "certificate")
    key = text(inner, "privateKey") or text(change.document, "privateKey")
    if not chain:
        raise required("resource.certificate")
    if not key:
        raise required("resource.privateKey")
    leaf = _checked_chain(chain)
    _check_key(leaf, key, change.ref.scope.kind)
    change.document.pop("privateKey", None)
    change.put(
        certificate=chain,
        selfManaged={"certificate": chain},
        expireTime=leaf.not_valid_after_utc.isoformat(timespec="milliseconds"),
        subjectAlternativeNames=_names_of(leaf),
    )


def _checked_chain(chain: str) -> x509.Certificate:
    try:
        certificates = x509.load_pem_x509_certificates(chain.encode())
    except ValueError as error:
        message = "The SSL certificate could not be parsed."
        raise invalid("resource.certificate", "...", message) from error
    if len(certificates) > LONGEST_CHAIN:
        raise invalid("resource.certificate", "...", "At most 5 certificates in a chain.")
    return certificates[0]


def _check_key(leaf: x509.Certificate, key: str, scope: ScopeKind) -> None:
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = "The private key could not be parsed."
        raise invalid("resource.privateKey", "...", message) from error
    public = leaf.public_key()
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != public.public_bytes(*form):
        message = "The certificate and the private key do not match."
        raise invalid("resource.privateKey", "...", message)
    found = _key_type(public)
    if found not in KEYS[scope]:
        message = f"Keys of type {found} are not supported here; {', '.join(KEYS[scope])} are."
        raise invalid("resource.certificate", "...", message)


def _key_type(public: object) -> str:
    if isinstance(public, rsa.RSAPublicKey):
        return f"RSA-{public.key_size}"
    if isinstance(public, ec.EllipticCurvePublicKey):
        return f"ECDSA {_CURVES.get(public.curve.name, public.curve.name)}"
    return type(public).__name__


def _names_of(leaf: x509.Certificate) -> list[str]:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(extension.value.get_values_for_type(x509.DNSName))


SSL_CERTIFICATES = Kind(
    collection="sslCertificates",
    schema="SslCertificate",
    noun="ssl_certificate",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "delete"}),
    prepare=prepare_certificate,
    render=render_certificate,
)
