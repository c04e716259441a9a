"""The certificates of an account and what has become of them by now.

They lie in moto's own store, where its tagging API finds them; what moto decides by real time
(validation, expiry) is decided here by the sandbox's clock, so that a test can skip months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.acm.models import AWSCertificateManagerBackend, CertBundle, acm_backends

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Region

IMPORTED = "IMPORTED"
PUBLIC = "AMAZON_ISSUED"
PRIVATE = "PRIVATE"
ISSUED = "ISSUED"
PENDING = "PENDING_VALIDATION"
EXPIRED = "EXPIRED"
TIMED_OUT = "VALIDATION_TIMED_OUT"
# "DNS validation" page: a request whose record is not found within 72 hours times out.
VALIDATION_TIME = timedelta(hours=72)
CURVES: Mapping[str, str] = {"secp256r1": "prime256v1"}


@dataclass(slots=True, kw_only=True)
class Request:
    """What a requested certificate was asked for with.

    Attributes:
        made: When, on the sandbox's clock.
        method: DNS or EMAIL; empty for a private authority, which validates nothing.
        token: The idempotency token, if any.
        validated: When ACM was told to see the domains validated.
        authority: ARN of the private authority.
    """

    made: float
    method: str
    token: str | None
    validated: datetime | None = None
    authority: str | None = None


class StoredCertificate(CertBundle):
    """A certificate as moto keeps it, with its history on the sandbox's clock."""

    request: Request | None = None
    since: datetime  # when it was imported or requested

    def check(self) -> None:
        """Leave the status alone: moto would judge by real time."""

    def validate_certificate(self) -> x509.Certificate:
        """Read the certificate; whether it is in its time was judged by the sandbox's clock."""
        return x509.load_pem_x509_certificate(self.cert)

    def validate_chain(self) -> None:
        """Leave the chain alone, which was checked before."""

    @property
    def parsed(self) -> x509.Certificate:
        """The certificate itself."""
        certificate = self._cert
        assert isinstance(certificate, x509.Certificate)
        return certificate

    @property
    def expires(self) -> datetime:
        """When it ceases to be valid."""
        return self.parsed.not_valid_after_utc

    @property
    def hosts(self) -> list[str]:
        """Names it is for: its alternative names, else its common name."""
        return self.sans or [str(self.common_name)]

    @property
    def key_algorithm(self) -> str:
        """The kind of key as ACM's lists spell it."""
        return key_algorithm(self.parsed)


def key_algorithm(certificate: x509.Certificate) -> str:
    """The kind of a certificate's key as ACM's lists spell it."""
    match certificate.public_key():
        case rsa.RSAPublicKey(key_size=size):
            return f"RSA_{size}"
        case ec.EllipticCurvePublicKey(curve=curve):
            return f"EC_{CURVES.get(curve.name, curve.name)}"
        case _:
            raise RefusalError("ValidationException", "The key is neither RSA nor elliptic")


def store_of(region: Region) -> AWSCertificateManagerBackend:
    """Where the certificates of an account and region lie."""
    store: AWSCertificateManagerBackend = acm_backends[region.account][region.name]
    return store


def certificates_of(region: Region) -> list[StoredCertificate]:
    """Every certificate, oldest first."""
    return [
        each
        for each in store_of(region)._certificates.values()  # noqa: SLF001  # moto's reader judges by real time
        if isinstance(each, StoredCertificate)
    ]


def certificate_by_arn(region: Region, arn: str) -> StoredCertificate:
    """A certificate, or the refusals that ACM gives for a bad or unknown ARN."""
    check_arn(arn)
    for each in certificates_of(region):
        if each.arn == arn:
            return each
    raise RefusalError(
        "ResourceNotFoundException",
        f"Could not find certificate {arn} in account {region.account}.",
    )


def check_arn(arn: str) -> None:
    """Refuse what is no ARN of a certificate."""
    parts = arn.split(":")
    if arn.startswith("arn:") and ":acm:" in arn and parts[-1].startswith("certificate/"):
        return
    raise RefusalError("InvalidArnException", f"'{arn}' is not the ARN of a certificate")


def keep(region: Region, certificate: StoredCertificate) -> None:
    """Put a certificate into the store, in place of the one with its ARN."""
    store_of(region)._certificates[certificate.arn] = certificate  # noqa: SLF001  # moto's writers make bundles of their own


def forget(region: Region, certificate: StoredCertificate) -> None:
    """Take a certificate out of the store."""
    store_of(region)._certificates.pop(certificate.arn, None)  # noqa: SLF001  # as above


def status_of(region: Region, certificate: StoredCertificate) -> str:
    """The status that the certificate has reached by now."""
    request = certificate.request
    if request is not None and request.authority is None and issued_at(region, certificate) is None:
        timed_out = region.wall - certificate.since >= VALIDATION_TIME
        return TIMED_OUT if timed_out else PENDING
    return EXPIRED if certificate.expires <= region.wall else ISSUED


def issued_at(region: Region, certificate: StoredCertificate) -> datetime | None:
    """When a requested certificate was issued, or None while it is not."""
    request = certificate.request
    if request is None:
        return None
    if request.authority is not None:
        return certificate.since
    if request.validated is not None:
        return request.validated
    takes = region.settings.certificate_validation_seconds
    if takes is None or timedelta(seconds=takes) >= VALIDATION_TIME:
        return None
    if region.now - request.made < takes:
        return None
    return certificate.since + timedelta(seconds=takes)


def validation_record(certificate: StoredCertificate, host: str) -> dict[str, str]:
    """The DNS record that proves control of a host; the same for ``x`` and ``*.x``."""
    domain = host.removeprefix("*.")
    proof = md5(f"{certificate.arn}{domain}".encode(), usedforsecurity=False).hexdigest()
    return {
        "Name": f"_{proof}.{domain}.",
        "Type": "CNAME",
        "Value": f"_{proof[::-1]}.sandbox.acm-validations.aws.",
    }


def is_usable(region: Region, arn: str) -> bool | None:
    """Whether a listener can have the certificate; None if there is none of that ARN."""
    if ":acm:" not in arn:
        return True if region.network.has_iam_certificate(arn) else None
    found = next((each for each in certificates_of(region) if each.arn == arn), None)
    return None if found is None else status_of(region, found) == ISSUED


def used_certificates(region: Region) -> dict[str, set[str]]:
    """Load balancer ARNs by the ARN of each certificate that a listener uses."""
    users: dict[str, set[str]] = {}
    for listener in region.state.listeners.values():
        for arn in (listener.certificate, *listener.extra_certificates):
            if arn is not None:
                users.setdefault(arn, set()).add(listener.balancer_arn)
    return users


def real_time(moment: datetime) -> datetime:
    """A moment without fractions, as the API answers it."""
    return moment.astimezone(UTC).replace(microsecond=0)
