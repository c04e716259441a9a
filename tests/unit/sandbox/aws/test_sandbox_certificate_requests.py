"""ACM: certificates that it is asked to issue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from tests.unit.sandbox.aws.workbench import Workbench, certified, refused

if TYPE_CHECKING:
    from types_boto3_acm.type_defs import RequestCertificateRequestTypeDef

DAY = 86_400
AUTHORITY = "arn:aws:acm-pca:eu-central-1:210987654321:certificate-authority/11112222-3333"


def requested(bench: Workbench, *others: str, token: str = "") -> str:
    """Ask for a certificate of shop.example.org and other names."""
    request: RequestCertificateRequestTypeDef = {
        "DomainName": "shop.example.org",
        "ValidationMethod": "DNS",
        "KeyAlgorithm": "EC_prime256v1",
    }
    if others:
        request["SubjectAlternativeNames"] = others
    if token:
        request["IdempotencyToken"] = token
    return bench.acm.request_certificate(**request)["CertificateArn"]


def status(bench: Workbench, arn: str) -> str:
    """The status of a certificate."""
    return bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]


def test_a_request_waits_for_a_dns_record(bench: Workbench) -> None:
    """Page "DNS validation": the record comes a moment later; a name and its wildcard share it."""
    bench.cloud.configure(certificate_record_seconds=5)
    arn = requested(bench, "*.shop.example.org", "api.example.org")
    early = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]

    bench.cloud.advance(6)

    late = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert all("ResourceRecord" not in each for each in early["DomainValidationOptions"])
    records = {
        each["DomainName"]: each["ResourceRecord"] for each in late["DomainValidationOptions"]
    }
    assert records["shop.example.org"] == records["*.shop.example.org"]
    assert records["shop.example.org"] != records["api.example.org"]
    assert records["api.example.org"]["Type"] == "CNAME"
    assert records["api.example.org"]["Name"].endswith(".api.example.org.")
    assert "NotAfter" not in late
    assert late["Status"] == "PENDING_VALIDATION"


def test_a_request_is_issued_after_the_time_that_was_set(bench: Workbench) -> None:
    """Until then no listener takes it."""
    bench.cloud.configure(certificate_validation_seconds=60)
    arn, balancer = requested(bench), bench.balancer()
    with refused("UnsupportedCertificate"):
        bench.secure_listener(balancer, Certificates=certified(arn))

    bench.cloud.advance(61)

    assert status(bench, arn) == "ISSUED"
    bench.secure_listener(balancer, Certificates=certified(arn))
    described = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert {each["ValidationStatus"] for each in described["DomainValidationOptions"]} == {
        "SUCCESS"
    }
    assert (described["NotAfter"] - described["IssuedAt"]).days in (394, 395)


def test_a_request_that_nobody_answers_times_out(bench: Workbench) -> None:
    """Page "DNS validation": VALIDATION_TIMED_OUT after 72 hours, not earlier."""
    arn = requested(bench)

    bench.cloud.advance(3 * DAY - 60)
    assert status(bench, arn) == "PENDING_VALIDATION"
    bench.cloud.advance(120)

    assert status(bench, arn) == "VALIDATION_TIMED_OUT"


def test_a_test_can_validate_a_request(bench: Workbench) -> None:
    """From Python and through the sandbox's own endpoint; only what waits is touched."""
    first, second = requested(bench), requested(bench, "api.example.org")

    by_call = bench.cloud.validate_certificates(first)
    post = Request(  # noqa: S310  # the sandbox's own URL
        f"{bench.cloud.url}/sandbox/certificates",
        data=json.dumps({"validate": [second]}).encode(),
        method="POST",
    )
    with urlopen(post) as answer:  # noqa: S310  # as above
        by_post = json.load(answer)

    assert by_call == (first,)
    assert by_post == {"issued": [second]}
    assert status(bench, first) == status(bench, second) == "ISSUED"
    assert bench.cloud.validate_certificates(first) == ()


def test_a_private_authority_issues_at_once(bench: Workbench) -> None:
    """Type PRIVATE; there is nothing to validate."""
    arn = bench.acm.request_certificate(
        DomainName="in.example.org", CertificateAuthorityArn=AUTHORITY
    )["CertificateArn"]

    described = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]

    assert (described["Status"], described["Type"]) == ("ISSUED", "PRIVATE")
    assert described["CertificateAuthorityArn"] == AUTHORITY
    assert "DomainValidationOptions" not in described
    with refused("InvalidArnException"):
        bench.acm.request_certificate(
            DomainName="in.example.org", CertificateAuthorityArn=AUTHORITY.replace("acm-pca", "iam")
        )


def test_a_token_makes_a_request_repeatable(bench: Workbench) -> None:
    """RequestCertificate: same token and names within an hour, same certificate."""
    first = requested(bench, token="once")

    assert requested(bench, token="once") == first
    assert requested(bench, "api.example.org", token="once") != first
    bench.cloud.advance(3601)
    assert requested(bench, token="once") != first


def test_names_of_a_request_are_limited(bench: Workbench) -> None:
    """ACM quota: ten names, the first included; what is no name is refused."""
    names = [f"n{index}.example.org" for index in range(10)]

    with refused("LimitExceededException", saying="11 domain names"):
        requested(bench, *names)
    with refused("InvalidDomainValidationOptionsException"):
        requested(bench, "no name.example.org")
