"""Read ACM certificates: the issued ones if a host needs one, and those that are named.

Certificates are described one by one only where the listing does not tell all their names: a call
per certificate is what made discovery slow elsewhere (LBC#1871).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from providers.aws.account import Certificate, Wanted
from providers.aws.client import Clients
from provisioner.model.errors import NotFound, Rejected

if TYPE_CHECKING:
    from types_boto3_acm.literals import KeyAlgorithmType
    from types_boto3_acm.type_defs import CertificateDetailTypeDef, CertificateSummaryTypeDef

KEY_ALGORITHMS: tuple[KeyAlgorithmType, ...] = (
    # ACM lists RSA_2048 alone unless every algorithm is named.
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)


def read_certificates(clients: Clients, wanted: Wanted) -> tuple[Certificate, ...]:
    """Return issued certificates if a host needs one, and those named explicitly."""
    found: dict[str, Certificate] = {}
    if wanted.certificate_hosts:
        pages = clients.acm.get_paginator("list_certificates").paginate(
            CertificateStatuses=["ISSUED"], Includes={"keyTypes": list(KEY_ALGORITHMS)}
        )
        for page in pages:
            for summary in page["CertificateSummaryList"]:
                certificate = _listed(clients, summary)
                if certificate is not None:
                    found[certificate.arn] = certificate
    for arn in wanted.certificate_arns:
        if ":acm:" in arn and arn not in found:  # IAM server certificates are another service's
            certificate = _described(clients, arn)
            if certificate is not None:
                found[arn] = certificate
    return tuple(found[arn] for arn in sorted(found))


def _listed(clients: Clients, summary: CertificateSummaryTypeDef) -> Certificate | None:
    """Return a certificate from its summary where that tells every name, else described."""
    names = summary.get("SubjectAlternativeNameSummaries", [])
    if not names or summary.get("HasAdditionalSubjectAlternativeNames"):
        return _described(clients, summary["CertificateArn"])
    return Certificate(
        arn=summary["CertificateArn"],
        domains=_domains(summary.get("DomainName", ""), names),
        status=summary.get("Status", "ISSUED"),
        not_after=_timestamp(summary.get("NotAfter")),
        key_algorithm=_algorithm(summary.get("KeyAlgorithm", "")),
        in_use=summary.get("InUse", False),
    )


def _described(clients: Clients, arn: str) -> Certificate | None:
    try:
        detail: CertificateDetailTypeDef = clients.acm.describe_certificate(CertificateArn=arn)[
            "Certificate"
        ]
    except (NotFound, Rejected):  # gone, of another region, or no ARN at all: not a fact
        return None
    return Certificate(
        arn=arn,
        domains=_domains(detail.get("DomainName", ""), detail.get("SubjectAlternativeNames", [])),
        status=detail.get("Status", ""),
        not_after=_timestamp(detail.get("NotAfter")),
        key_algorithm=_algorithm(detail.get("KeyAlgorithm", "")),
        in_use=bool(detail.get("InUseBy")),
    )


def _domains(first: str, others: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({first.lower(), *(name.lower() for name in others)} - {""}))


def _algorithm(name: str) -> str:
    """Return the algorithm as filters spell it; descriptions write ``RSA-2048``."""
    return name.replace("-", "_")


def _timestamp(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
