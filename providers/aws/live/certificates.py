"""Read the certificates of ours in ACM: imported from Secrets, or requested.

One question to the tagging service finds them, however many certificates the account holds; ACM
itself tells tags one certificate at a time. Of each of ours that is asked for, ACM is asked what it
is, and the text of an imported one is compared with the Secret's: no tag could say more truly what
is served, and nothing has to be written twice when a Secret rotates.

IAM policies from before there were such certificates allow none of these questions. That must not
stop those who have none: where the answer is a denial, it is unknown which there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from providers.aws import marks
from providers.aws.addresses import Kind
from providers.aws.client import Clients
from providers.aws.live.asking import Answer, ask, objects, text
from providers.aws.live.index import Tagged
from providers.aws.live.listing import Scope
from providers.aws.live.paging import tag_mapping
from providers.aws.live.plain import Plain, Refs, spec_of
from provisioner.core import x509
from provisioner.model.errors import Denied, NotFound, Rejected
from provisioner.model.resource import NO_SPEC, Fingerprint, ObservedResource, Ref

if TYPE_CHECKING:
    from types_boto3_acm.type_defs import CertificateDetailTypeDef

ARN = "CertificateArn"
RECORDS = "ValidationRecords"

_IMPORTED = "IMPORTED"
_ISSUED = "ISSUED"
_TEXTS = ("Certificate", "CertificateChain", "PrivateKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """A certificate of ours; ``detail`` is None where nobody asked for its group.

    ``pem`` is the certificate with those that signed it, "" but for an imported one.
    """

    arn: str
    tags: Mapping[str, str]
    detail: CertificateDetailTypeDef | None = None
    pem: str = ""


def read_own_certificates(
    clients: Clients, scope: Scope, *, pool: ThreadPoolExecutor
) -> list[OwnCertificate] | None:
    """Return our certificates: those in use first, then by ARN; what has vanished is left out.

    None where we may not ask.
    """
    try:
        marked = _marked(clients, scope)
        outlines = [c for c in marked if not scope.has(c.tags)]
        asked = pool.map(lambda c: _described(clients, c), [c for c in marked if scope.has(c.tags)])
        found = [certificate for certificate in asked if certificate is not None]
    except Denied:
        return None
    return sorted([*found, *outlines], key=lambda c: (not _used(c), c.arn))


def tagged(certificates: Iterable[OwnCertificate]) -> list[Tagged[None]]:
    """Return ids and tags, to give each its address."""
    return [Tagged(id=c.arn, description=None, tags=c.tags) for c in certificates]


def own_certificates(
    certificates: Iterable[OwnCertificate], refs: Refs
) -> Iterable[ObservedResource]:
    """Yield our certificates as resources; of other groups only that they exist."""
    for certificate in certificates:
        ref = refs.of(certificate.arn)
        if not isinstance(ref, Ref):
            continue
        outline = ObservedResource(
            kind=Kind.CERTIFICATE.value,
            address=ref.address,
            group=marks.group_of(certificate.tags),
            spec=NO_SPEC,
            outputs={ARN: certificate.arn},
        )
        yield _complete(outline, certificate) if certificate.detail is not None else outline


def _marked(clients: Clients, scope: Scope) -> list[OwnCertificate]:
    """Return what the tagging service knows of ours in this region."""
    found = {
        text(each, "ResourceARN"): tag_mapping(_pairs(each.get("Tags")))
        for page in _pages(clients, scope)
        for each in objects(page.get("ResourceTagMappingList"))
    }
    return [
        OwnCertificate(arn=arn, tags=tags)
        for arn, tags in sorted(found.items())
        if marks.is_ours(tags, scope.identity)
    ]


def _pages(clients: Clients, scope: Scope) -> Iterator[Answer]:
    token = ""
    while True:
        page = ask(
            clients,
            "resourcegroupstaggingapi",
            "get_resources",
            ResourceTypeFilters=["acm:certificate"],
            TagFilters=[{"Key": marks.OWNER, "Values": [scope.identity.owner]}],
            PaginationToken=token,
        )
        yield page
        token = text(page, "PaginationToken")
        if not token:
            return


def _pairs(value: object) -> list[Mapping[str, str]]:
    return [{"Key": text(pair, "Key"), "Value": text(pair, "Value")} for pair in objects(value)]


def _described(clients: Clients, certificate: OwnCertificate) -> OwnCertificate | None:
    try:
        detail = clients.acm.describe_certificate(CertificateArn=certificate.arn)["Certificate"]
        pem = _pem(clients, certificate.arn) if detail.get("Type") == _IMPORTED else ""
    except (NotFound, Rejected):
        return None
    return replace(certificate, detail=detail, pem=pem)


def _pem(clients: Clients, arn: str) -> str:
    answer = clients.acm.get_certificate(CertificateArn=arn)
    return "\n".join((answer.get("Certificate", ""), answer.get("CertificateChain", "")))


def _used(certificate: OwnCertificate) -> bool:
    return certificate.detail is not None and bool(certificate.detail.get("InUseBy"))


def _complete(outline: ObservedResource, certificate: OwnCertificate) -> ObservedResource:
    detail = certificate.detail or {}
    outputs = {ARN: certificate.arn}
    if records := validation_records(detail):
        outputs[RECORDS] = records
    return replace(
        outline,
        spec=spec_of(Tags=marks.managed(certificate.tags), **_content(certificate)),
        outputs=outputs,
        state=detail.get("Status", ""),
        title=", ".join(sorted(detail.get("SubjectAlternativeNames", []))),
    )


def _content(certificate: OwnCertificate) -> Plain:
    """Return what is held against a Secret: one digest stands for all of it."""
    if not certificate.pem:
        return {}
    try:
        chain = x509.certificates(certificate.pem)
    except x509.PemError:
        return {}
    digest = Fingerprint(x509.digest_of(chain))
    return {
        "KeyAlgorithm": chain[0].key_algorithm,
        "Parts": list(x509.parts_of(chain)),
        **dict.fromkeys(_TEXTS, digest),
    }


def certificate_is_issued(clients: Clients, arn: str) -> bool:
    """Tell whether a certificate can be attached."""
    try:
        answer = clients.acm.describe_certificate(CertificateArn=arn)
    except NotFound:
        return False
    return answer["Certificate"].get("Status") == _ISSUED


def certificate_is_free(clients: Clients, arn: str) -> bool:
    """Tell whether nothing uses a certificate; ACM hears of that with some delay."""
    try:
        answer = clients.acm.describe_certificate(CertificateArn=arn)
    except NotFound:
        return True
    return not answer["Certificate"].get("InUseBy")


def validation_records(detail: CertificateDetailTypeDef | Mapping[str, object]) -> str:
    """Return the DNS records that ACM waits for, each as ``name CNAME value``."""
    options: Sequence[Mapping[str, object]] = objects(detail.get("DomainValidationOptions"))
    records = {
        f"{text(record, 'Name')} {text(record, 'Type')} {text(record, 'Value')}"
        for option in options
        if isinstance(record := option.get("ResourceRecord"), dict)
        and option.get("ValidationStatus") != "SUCCESS"
    }
    return "; ".join(sorted(records))
