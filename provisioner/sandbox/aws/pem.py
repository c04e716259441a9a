"""Self-signed certificates for the sandbox's ACM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSpec:
    """A certificate to make.

    Attributes:
        hosts: Subject alternative names; the first is the subject's common name, too.
        days: How long it is valid from now on.
        key: Kind of key; ACM lists elliptic ones only when asked for them.
    """

    hosts: tuple[str, ...]
    days: int = 90
    key: Literal["rsa", "ec"] = "rsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pem:
    """A certificate and its private key."""

    certificate: bytes
    key: bytes


def make_pem(spec: CertificateSpec, *, now: datetime | None = None) -> Pem:
    """Make and sign a certificate; ``now`` is when its days begin, by default real time."""
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if spec.key == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spec.hosts[0])])
    start = (now or datetime.now(UTC)) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=spec.days, hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in spec.hosts]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return Pem(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ),
    )
