"""Certificates: listing, describing, deleting and tagging them.

Pages of the ACM API reference: ListCertificates, DescribeCertificate, DeleteCertificate,
AddTagsToCertificate. Messages are inferred where users do not quote them.
"""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.sandbox.aws.certificate_store import (
    IMPORTED,
    ISSUED,
    PENDING,
    StoredCertificate,
    certificate_by_arn,
    certificates_of,
    forget,
    issued_at,
    real_time,
    status_of,
    used_certificates,
    validation_record,
)
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region

DEFAULT_KEY_TYPES = ("RSA_1024", "RSA_2048")
MOST_SUMMARISED_NAMES = 100
MOST_PER_PAGE = 1000
MOST_TAGS = 50


def list_certificates(region: Region, request: Mapping[str, object]) -> Answer:
    """List certificates by status and key type.

    Without ``Includes.keyTypes`` ACM lists RSA keys of up to 2,048 bits only, a well-known trap.
    """
    includes = request.get("Includes")
    wanted = includes.get("keyTypes") if isinstance(includes, dict) else None
    statuses = request.get("CertificateStatuses")
    key_types = wanted or DEFAULT_KEY_TYPES
    used = used_certificates(region)
    found = [
        _summary(region, each, in_use=each.arn in used)
        for each in certificates_of(region)
        if each.key_algorithm in key_types
        and (not isinstance(statuses, list) or not statuses or status_of(region, each) in statuses)
    ]
    start = int(str(request.get("NextToken") or 0))
    size = min(int(str(request.get("MaxItems") or MOST_PER_PAGE)), region.settings.page_size)
    more = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return {"CertificateSummaryList": found[start : start + size], **more}


def describe_certificate(region: Region, request: Mapping[str, object]) -> Answer:
    """Describe a certificate and the load balancers that use it."""
    certificate = certificate_by_arn(region, str(request.get("CertificateArn")))
    status = status_of(region, certificate)
    described = {
        **_common(region, certificate),
        "SubjectAlternativeNames": certificate.hosts,
        "Subject": f"CN={certificate.common_name}",
        "InUseBy": sorted(used_certificates(region).get(certificate.arn, set())),
        "ExtendedKeyUsages": [],
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"},
    }
    if status not in (PENDING, "VALIDATION_TIMED_OUT"):
        described["Serial"] = f"{certificate.parsed.serial_number:x}"
        described["Issuer"] = _issuer(certificate)
        described["SignatureAlgorithm"] = "SHA256WITHRSA"
    asked = certificate.request
    if asked is not None and asked.authority is not None:
        described["CertificateAuthorityArn"] = asked.authority
    elif asked is not None:
        described["DomainValidationOptions"] = [
            _validation(region, certificate, host, status) for host in certificate.hosts
        ]
    return {"Certificate": described}


def get_certificate(region: Region, request: Mapping[str, object]) -> Answer:
    """The certificate's text, once it is issued."""
    certificate = certificate_by_arn(region, str(request.get("CertificateArn")))
    if status_of(region, certificate) == PENDING:
        raise RefusalError("RequestInProgressException", "The certificate is not issued yet")
    return {
        "Certificate": certificate.cert.decode(),
        "CertificateChain": certificate.chain.decode(),
    }


def delete_certificate(region: Region, request: Mapping[str, object]) -> Answer:
    """Delete a certificate that no listener uses."""
    certificate = certificate_by_arn(region, str(request.get("CertificateArn")))
    if certificate.arn in used_certificates(region):
        raise RefusalError(
            "ResourceInUseException",
            f"Certificate {certificate.arn} in account {region.account} is in use.",
        )
    forget(region, certificate)
    return {}


def list_tags(region: Region, request: Mapping[str, object]) -> Answer:
    """The tags of a certificate."""
    certificate = certificate_by_arn(region, str(request.get("CertificateArn")))
    return {"Tags": [{"Key": key, "Value": value or ""} for key, value in certificate.tags.items()]}


def add_tags(region: Region, request: Mapping[str, object]) -> Answer:
    """Add or overwrite tags of a certificate."""
    certificate = certificate_by_arn(region, str(request.get("CertificateArn")))
    certificate.tags.update(checked_tags({**certificate.tags}, request.get("Tags")))
    return {}


def remove_tags(region: Region, request: Mapping[str, object]) -> Answer:
    """Remove tags; one given with a value is removed only if it has that value."""
    certificate = certificate_by_arn(region, str(request.get("CertificateArn")))
    given = request.get("Tags")
    for tag in given if isinstance(given, list) else ():
        key, value = tag["Key"], tag.get("Value")
        if key in certificate.tags and value in (None, certificate.tags[key]):
            del certificate.tags[key]
    return {}


def checked_tags(present: dict[str, str | None], given: object) -> dict[str, str | None]:
    """The tags of a certificate together with new ones, or a refusal."""
    merged = dict(present)
    for tag in given if isinstance(given, list) else ():
        if str(tag["Key"]).startswith("aws:"):
            raise RefusalError(
                "InvalidTagException", f"The tag key '{tag['Key']}' begins with 'aws:'"
            )
        merged[tag["Key"]] = tag.get("Value", "")
    if len(merged) > MOST_TAGS:
        raise RefusalError("TooManyTagsException", f"At most {MOST_TAGS} tags per certificate")
    return merged


def _common(region: Region, certificate: StoredCertificate) -> dict[str, object]:
    """What a summary and a description both tell."""
    status = status_of(region, certificate)
    told: dict[str, object] = {
        "CertificateArn": certificate.arn,
        "DomainName": certificate.common_name or certificate.hosts[0],
        "Status": status,
        "Type": certificate.type,
        "KeyAlgorithm": certificate.key_algorithm,
        "CreatedAt": real_time(certificate.since),
        "RenewalEligibility": "INELIGIBLE",
    }
    issued = issued_at(region, certificate)
    if certificate.type == IMPORTED:
        told["ImportedAt"] = real_time(certificate.since)
    elif issued is not None:
        told["IssuedAt"] = real_time(issued)
        told["RenewalEligibility"] = "ELIGIBLE" if status == ISSUED else "INELIGIBLE"
    if certificate.type == IMPORTED or issued is not None:
        told["NotBefore"] = certificate.parsed.not_valid_before_utc
        told["NotAfter"] = certificate.expires
    return told


def _summary(region: Region, certificate: StoredCertificate, *, in_use: bool) -> dict[str, object]:
    names = certificate.hosts
    return {
        **_common(region, certificate),
        "InUse": in_use,
        "SubjectAlternativeNameSummaries": names[:MOST_SUMMARISED_NAMES],
        "HasAdditionalSubjectAlternativeNames": len(names) > MOST_SUMMARISED_NAMES,
    }


def _validation(
    region: Region, certificate: StoredCertificate, host: str, status: str
) -> dict[str, object]:
    request = certificate.request
    assert request is not None
    states = {PENDING: "PENDING_VALIDATION", "VALIDATION_TIMED_OUT": "FAILED"}
    told: dict[str, object] = {
        "DomainName": host,
        "ValidationDomain": host,
        "ValidationStatus": states.get(status, "SUCCESS"),
        "ValidationMethod": request.method,
    }
    known = region.now - request.made >= region.settings.certificate_record_seconds
    if request.method == "DNS" and known:
        told["ResourceRecord"] = validation_record(certificate, host)
    return told


def _issuer(certificate: StoredCertificate) -> str:
    return "Amazon" if certificate.type == "AMAZON_ISSUED" else certificate.issuer_common_name
