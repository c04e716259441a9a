"""ACM: certificates that people bring along, and how they age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provisioner.sandbox.aws.pem import CertificateSpec, Pem, make_pem
from tests.unit.sandbox.aws.workbench import Workbench, certified, refused

if TYPE_CHECKING:
    from types_boto3_acm.type_defs import ImportCertificateRequestTypeDef

DAY = 86_400


def some_pem(*hosts: str, days: int = 90) -> Pem:
    """An elliptic certificate, which is quick to make."""
    return make_pem(CertificateSpec(hosts=hosts or ("in.example.com",), days=days, key="ec"))


def imported(bench: Workbench, pem: Pem, **changes: object) -> str:
    """Import a certificate and return its ARN."""
    request = {"Certificate": pem.certificate, "PrivateKey": pem.key, **changes}
    typed: ImportCertificateRequestTypeDef = request  # type: ignore[assignment]  # changed by name
    return bench.acm.import_certificate(**typed)["CertificateArn"]


def tags_of(bench: Workbench, arn: str) -> dict[str, str]:
    """The tags of a certificate."""
    tags = bench.acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def test_an_import_is_issued_with_its_names_and_tags(bench: Workbench) -> None:
    """ImportCertificate: ISSUED at once, type IMPORTED, tags of the request kept."""
    arn = imported(
        bench, some_pem("a.example.com", "b.example.com"), Tags=[{"Key": "team", "Value": "shop"}]
    )

    described = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]

    assert (described["Status"], described["Type"]) == ("ISSUED", "IMPORTED")
    assert described["SubjectAlternativeNames"] == ["a.example.com", "b.example.com"]
    assert described["KeyAlgorithm"] == "EC_prime256v1"
    assert tags_of(bench, arn) == {"team": "shop"}


def test_importing_anew_keeps_the_arn_and_the_tags(bench: Workbench) -> None:
    """Page "Reimport a certificate": listeners go on using the ARN, tags cannot be given again."""
    arn = imported(bench, some_pem("old.example.com"), Tags=[{"Key": "a", "Value": "1"}])
    new = some_pem("old.example.com", "new.example.com")

    again = imported(bench, new, CertificateArn=arn)

    described = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert again == arn
    assert described["SubjectAlternativeNames"] == ["old.example.com", "new.example.com"]
    assert tags_of(bench, arn) == {"a": "1"}
    with refused("ValidationException", saying="Tags"):
        imported(bench, new, CertificateArn=arn, Tags=[{"Key": "b", "Value": "2"}])


def test_importing_anew_keeps_the_kind_of_key(bench: Workbench) -> None:
    """Page "Reimport a certificate": key type and size cannot be changed."""
    rsa = bench.account.certificates[0].arn

    with refused("ValidationException", saying="kind and size"):
        imported(bench, some_pem(), CertificateArn=rsa)


def test_the_key_must_be_the_certificates(bench: Workbench) -> None:
    """Page "Prerequisites for importing certificates": certificate and key belong together."""
    mixed = Pem(certificate=some_pem().certificate, key=some_pem().key)

    with refused("ValidationException", saying="does not match"):
        imported(bench, mixed)


@pytest.mark.parametrize(("field", "noun"), [("Certificate", "certificate"), ("PrivateKey", "key")])
def test_what_is_not_pem_is_refused(bench: Workbench, field: str, noun: str) -> None:
    """Said of the part that is wrong."""
    with refused("ValidationException", saying=f"{noun} is not PEM-encoded"):
        imported(bench, some_pem(), **{field: b"not PEM"})


def test_a_chain_must_lead_on_from_the_certificate(bench: Workbench) -> None:
    """Its own certificate does (it is self-signed), a stranger's does not."""
    own, stranger = some_pem("own.example.com"), some_pem("stranger.example.com")

    imported(bench, own, CertificateChain=own.certificate)

    with refused("ValidationException", saying="certificate chain"):
        imported(bench, own, CertificateChain=stranger.certificate)
    with refused("ValidationException", saying="more than one certificate"):
        imported(bench, Pem(certificate=own.certificate + stranger.certificate, key=own.key))


def test_an_unknown_arn_cannot_be_imported_over(bench: Workbench) -> None:
    """ResourceNotFoundException, and InvalidArnException for what is no ARN at all."""
    unknown = bench.account.certificates[0].arn[:-4] + "0000"

    with refused("ResourceNotFoundException"):
        imported(bench, some_pem(), CertificateArn=unknown)
    with refused("InvalidArnException"):
        bench.acm.describe_certificate(CertificateArn="arn:aws:s3:::bucket-of-somebody")


def test_certificates_expire(bench: Workbench) -> None:
    """EXPIRED once NotAfter has passed; then no listener takes it and none can be imported."""
    pem = some_pem(days=10)
    arn = imported(bench, pem)
    balancer = bench.balancer()

    bench.cloud.advance(11 * DAY)

    described = bench.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert described["Status"] == "EXPIRED"
    listed = bench.acm.list_certificates(
        CertificateStatuses=["EXPIRED"], Includes={"keyTypes": ["EC_prime256v1"]}
    )
    assert arn in {each["CertificateArn"] for each in listed["CertificateSummaryList"]}
    with refused("UnsupportedCertificate"):
        bench.secure_listener(balancer, Certificates=certified(arn))
    with refused("ValidationException", saying="expired"):
        imported(bench, pem)


def test_tags_of_certificates_can_be_changed(bench: Workbench) -> None:
    """A tag given with a value is removed only if it has that value (RemoveTagsFromCertificate)."""
    arn = imported(bench, some_pem())
    bench.acm.add_tags_to_certificate(
        CertificateArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )

    bench.acm.remove_tags_from_certificate(
        CertificateArn=arn, Tags=[{"Key": "a", "Value": "other"}, {"Key": "b"}]
    )

    assert tags_of(bench, arn) == {"a": "1"}
    with refused("InvalidTagException"):
        bench.acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])
    with refused("TooManyTagsException"):
        bench.acm.add_tags_to_certificate(
            CertificateArn=arn, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)]
        )


def test_the_quota_of_certificates_is_enforced(bench: Workbench) -> None:
    """LimitExceededException; importing over an old one still works."""
    arn = imported(bench, some_pem())
    bench.cloud.limits["certificates"] = 1

    with refused("LimitExceededException"):
        imported(bench, some_pem())
    assert imported(bench, some_pem(), CertificateArn=arn) == arn
