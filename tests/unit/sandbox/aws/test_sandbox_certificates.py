"""ACM: what listing tells, and certificates in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3

from tests.unit.sandbox.aws.workbench import Workbench, certified, refused


def hosts(bench: Workbench, key_types: list[str] | None = None) -> set[str]:
    """First hosts of the listed certificates that are the account's own."""
    own = {each.arn for each in bench.account.certificates}
    options = {"Includes": {"keyTypes": key_types}} if key_types else {}
    found = bench.acm.list_certificates(CertificateStatuses=["ISSUED"], **options)  # type: ignore[arg-type]  # optional keyword
    return {
        each["DomainName"]
        for each in found["CertificateSummaryList"]
        if each["CertificateArn"] in own
    }


def test_summaries_tell_names_and_validity(bench: Workbench) -> None:
    """SubjectAlternativeNameSummaries and NotAfter spare a describe call; moto lacks the first."""
    arn = bench.account.certificates[0].arn
    listed = bench.acm.list_certificates()["CertificateSummaryList"]
    (summary,) = [each for each in listed if each["CertificateArn"] == arn]

    assert summary["SubjectAlternativeNameSummaries"] == ["shop.example.com", "*.example.com"]
    assert summary["HasAdditionalSubjectAlternativeNames"] is False
    assert summary["KeyAlgorithm"] == "RSA_2048"
    left = summary["NotAfter"] - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)


def test_elliptic_keys_are_listed_only_when_asked_for(bench: Workbench) -> None:
    """Without Includes.keyTypes ACM lists RSA keys up to 2048 bits (ListCertificates page)."""
    assert hosts(bench) == {"shop.example.com", "api.example.com"}
    assert hosts(bench, ["EC_prime256v1"]) == {"ec.example.com"}


def test_statuses_filter(bench: Workbench) -> None:
    """A requested certificate is pending, not issued."""
    pending = bench.acm.request_certificate(DomainName="later.example.com")["CertificateArn"]

    issued = bench.acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    waiting = bench.acm.list_certificates(CertificateStatuses=["PENDING_VALIDATION"])

    assert pending not in {each["CertificateArn"] for each in issued}
    assert pending in {each["CertificateArn"] for each in waiting["CertificateSummaryList"]}


def test_a_certificate_in_use_cannot_be_deleted(bench: Workbench) -> None:
    """ResourceInUseException as long as a listener has it, as default or in its list."""
    balancer = bench.balancer()
    listener = bench.secure_listener(balancer)
    default, extra = (each.arn for each in bench.account.certificates[:2])
    bench.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=certified(extra))

    for arn in (default, extra):
        with refused("ResourceInUseException"):
            bench.acm.delete_certificate(CertificateArn=arn)
        described = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        assert described["InUseBy"] == [balancer]


def test_a_free_certificate_can_be_deleted(bench: Workbench) -> None:
    """And is not found afterwards."""
    arn = bench.acm.request_certificate(DomainName="gone.example.com")["CertificateArn"]

    bench.acm.delete_certificate(CertificateArn=arn)

    with refused("ResourceNotFoundException"):
        bench.acm.describe_certificate(CertificateArn=arn)


def test_certificates_come_in_pages(bench: Workbench) -> None:
    """The paginator sees all when pages hold one."""
    bench.cloud.configure(page_size=1)

    pages = list(bench.acm.get_paginator("list_certificates").paginate())

    arns = {each["CertificateArn"] for page in pages for each in page["CertificateSummaryList"]}
    assert {each.arn for each in bench.account.certificates[:2]} <= arns
    assert all(len(page["CertificateSummaryList"]) == 1 for page in pages)


def test_the_tagging_api_finds_certificates(bench: Workbench) -> None:
    """GetResources of kind acm:certificate, by tag."""
    arn = bench.acm.request_certificate(
        DomainName="tagged.example.com", Tags=[{"Key": "found-by", "Value": "tag"}]
    )["CertificateArn"]
    tagging = boto3.client("resourcegroupstaggingapi", **bench.account.login.options())

    found = tagging.get_resources(
        ResourceTypeFilters=["acm:certificate"],
        TagFilters=[{"Key": "found-by", "Values": ["tag"]}],
    )

    assert [each["ResourceARN"] for each in found["ResourceTagMappingList"]] == [arn]
