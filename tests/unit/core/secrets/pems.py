"""Certificates and keys for tests, made by a real cryptography library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def an_rsa_key() -> rsa.RSAPrivateKey:
    """Return an RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def an_ec_key() -> ec.EllipticCurvePrivateKey:
    """Return a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str


def key_text(
    key: PrivateKey,
    *,
    form: serialization.PrivateFormat = serialization.PrivateFormat.TraditionalOpenSSL,
    password: bytes = b"",
) -> str:
    """Return a private key as PEM."""
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        lock = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


def a_pair(
    *names: str,
    key: PrivateKey | None = None,
    common_name: str = "test",
    start: datetime = NOW - timedelta(days=10),
    days: int = 100,
    issuer: str = "",
    extra: Sequence[x509.ExtensionType] = (),
) -> Issued:
    """Return a certificate for these names, signed by itself unless an issuer is named."""
    own = key or an_ec_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer or common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    for extension in extra:
        builder = builder.add_extension(extension, critical=True)
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(listed, critical=False)
    made = builder.sign(own, hashes.SHA256())
    return Issued(
        certificate=made.public_bytes(serialization.Encoding.PEM).decode(), key=key_text(own)
    )
