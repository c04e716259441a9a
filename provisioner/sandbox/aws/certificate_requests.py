"""Certificates that ACM is asked to issue: RequestCertificate.

A public one waits until the domains are validated: for the time that the settings give, or until
``validate`` is called through the sandbox's own endpoints. A private authority issues at once.
Pages: RequestCertificate, "DNS validation"; messages are inferred.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from provisioner.sandbox.aws.certificate_store import (
    PENDING,
    PRIVATE,
    PUBLIC,
    Request,
    StoredCertificate,
    certificates_of,
    keep,
    status_of,
)
from provisioner.sandbox.aws.certificates import checked_tags
from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.pem import CertificateSpec, make_pem
from provisioner.sandbox.aws.region import Answer, Region

DAYS_VALID = 395  # "Certificate characteristics": thirteen months
TOKEN_SECONDS = 3600
DOMAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
AUTHORITY = re.compile(r"arn:[\w-]+:acm-pca:[\w-]*:\d{12}:certificate-authority/[\w-]+")
KEYS: Mapping[str, str] = {"RSA_2048": "rsa", "EC_prime256v1": "ec"}


def request_certificate(region: Region, request: Mapping[str, object]) -> Answer:
    """Ask for a certificate; the same token and names within an hour ask for the same one."""
    hosts = _hosts(region, request)
    authority = request.get("CertificateAuthorityArn")
    if authority is not None and not AUTHORITY.fullmatch(str(authority)):
        raise RefusalError("InvalidArnException", f"'{authority}' is not the ARN of an authority")
    token = request.get("IdempotencyToken")
    same = _same(region, None if token is None else str(token), hosts)
    if same is not None:
        return {"CertificateArn": same.arn}
    if len(certificates_of(region)) >= region.limits["certificates"]:
        raise RefusalError("LimitExceededException", "The account has too many certificates")
    tags = checked_tags({}, request.get("Tags"))
    certificate = _made(region, hosts, str(request.get("KeyAlgorithm", "RSA_2048")))
    certificate.type = PUBLIC if authority is None else PRIVATE
    certificate.tags.update(tags)
    certificate.request = Request(
        made=region.now,
        method="" if authority else str(request.get("ValidationMethod", "EMAIL")),
        token=None if token is None else str(token),
        authority=None if authority is None else str(authority),
    )
    keep(region, certificate)
    return {"CertificateArn": certificate.arn}


def validate(region: Region, arns: list[str]) -> list[str]:
    """Let ACM see the domains of these waiting certificates (all, if none is named) validated."""
    waiting = [
        each
        for each in certificates_of(region)
        if status_of(region, each) == PENDING and (not arns or each.arn in arns)
    ]
    for certificate in waiting:
        assert certificate.request is not None
        certificate.request.validated = region.wall
    return [each.arn for each in waiting]


def _hosts(region: Region, request: Mapping[str, object]) -> tuple[str, ...]:
    others = request.get("SubjectAlternativeNames")
    given = [request["DomainName"], *(others if isinstance(others, list) else ())]
    hosts = tuple(dict.fromkeys(str(each).lower() for each in given))
    for host in hosts:
        if not DOMAIN.fullmatch(host):
            raise RefusalError(
                "InvalidDomainValidationOptionsException", f"'{host}' is not a domain name"
            )
    most = region.limits["domains-per-certificate"]
    if len(hosts) > most:
        raise RefusalError(
            "LimitExceededException",
            f"The certificate has {len(hosts)} domain names; the quota is {most}",
        )
    return hosts


def _same(region: Region, token: str | None, hosts: tuple[str, ...]) -> StoredCertificate | None:
    if token is None:
        return None
    for each in certificates_of(region):
        asked = each.request
        if asked is None or asked.token != token or tuple(each.hosts) != hosts:
            continue
        if region.now - asked.made < TOKEN_SECONDS:
            return each
    return None


def _made(region: Region, hosts: tuple[str, ...], algorithm: str) -> StoredCertificate:
    if algorithm not in KEYS:
        raise RefusalError(
            "InvalidParameterException", f"The sandbox issues {', '.join(KEYS)}, not {algorithm}"
        )
    spec = CertificateSpec(
        hosts=hosts, days=DAYS_VALID, key="ec" if KEYS[algorithm] == "ec" else "rsa"
    )
    pem = make_pem(spec, now=region.wall - timedelta(minutes=1))
    certificate = StoredCertificate(region.account, pem.certificate, pem.key, region=region.name)
    certificate.since = region.wall
    return certificate
