"""Certificates that people bring along: ImportCertificate.

What is refused is listed on the pages "Prerequisites for importing certificates" and "Reimport a
certificate" of the ACM user guide: the key must be the certificate's, the certificate must be in
its time, and importing anew under the same ARN changes neither the kind of key nor the tags.
Messages are inferred.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from provisioner.sandbox.aws.certificate_store import (
    IMPORTED,
    StoredCertificate,
    certificate_by_arn,
    certificates_of,
    keep,
    key_algorithm,
)
from provisioner.sandbox.aws.certificates import checked_tags
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region


def import_certificate(region: Region, request: Mapping[str, object]) -> Answer:
    """Import a certificate, or replace the one that has the given ARN."""
    text, key = _bytes(request["Certificate"]), _bytes(request["PrivateKey"])
    chain = _bytes(request["CertificateChain"]) if request.get("CertificateChain") else None
    parsed = _parsed(text)
    _check_key(parsed, key)
    _check_time(region, parsed)
    if chain is not None:
        _check_chain(parsed, chain)
    arn = request.get("CertificateArn")
    old = None if arn is None else _replaceable(region, str(arn), parsed, request)
    if old is None:
        _check_count(region)
    certificate = StoredCertificate(
        region.account,
        text,
        key,
        chain=chain,
        region=region.name,
        arn=None if old is None else old.arn,
    )
    certificate.since = region.wall
    certificate.tags.update(old.tags if old else checked_tags({}, request.get("Tags")))
    keep(region, certificate)
    return {"CertificateArn": certificate.arn}


def _replaceable(
    region: Region, arn: str, new: x509.Certificate, request: Mapping[str, object]
) -> StoredCertificate:
    """The certificate that is to be replaced, or why it cannot be."""
    old = certificate_by_arn(region, arn)
    if request.get("Tags"):
        raise _invalid("Tags cannot be applied when a certificate is imported anew")
    if old.type != IMPORTED:
        raise _invalid(f"The certificate {arn} was not imported and cannot be replaced")
    if key_algorithm(new) != old.key_algorithm:
        raise _invalid(
            f"The key of the new certificate is {key_algorithm(new)}, that of {arn} is "
            f"{old.key_algorithm}: kind and size must stay the same"
        )
    return old


def _parsed(text: bytes) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(text)
    except ValueError:
        raise _invalid("The certificate is not PEM-encoded or is not valid.") from None
    if len(found) > 1:
        raise _invalid(
            "The certificate field contains more than one certificate. You can specify only one "
            "certificate in this field."
        )
    return found[0]


def _check_key(certificate: x509.Certificate, text: bytes) -> None:
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError):
        raise _invalid("The private key is not PEM-encoded or is not valid.") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise _invalid("The private key does not match the certificate.")


def _check_time(region: Region, certificate: x509.Certificate) -> None:
    if certificate.not_valid_after_utc <= region.wall:
        raise _invalid("The certificate has expired, is not valid.")
    if certificate.not_valid_before_utc > region.wall:
        raise _invalid("The certificate is not in effect yet, is not valid.")


def _check_chain(certificate: x509.Certificate, text: bytes) -> None:
    try:
        chain = x509.load_pem_x509_certificates(text)
    except ValueError:
        raise _invalid("The certificate chain is not PEM-encoded or is not valid.") from None
    below = certificate
    for above in chain:
        if below.issuer != above.subject:
            raise _invalid(
                "Could not validate the certificate with the certificate chain provided."
            )
        below = above


def _check_count(region: Region) -> None:
    most = region.limits["certificates"]
    if len(certificates_of(region)) >= most:
        raise RefusalError(
            "LimitExceededException", f"The account has {most} certificates, which is its quota"
        )


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _invalid(message: str) -> RefusalError:
    return RefusalError("ValidationException", message)
