"""Trust stores, and the listeners that verify clients against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from provisioner.sandbox.aws.pem import CertificateSpec, make_pem
from tests.unit.sandbox.aws.workbench import Workbench, refused

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import MutualAuthenticationAttributesTypeDef


def store(bench: Workbench, name: str = "clients", bucket: str = "unknown-here") -> str:
    """Create a trust store and return its ARN."""
    answer = bench.elbv2.create_trust_store(
        Name=name, CaCertificatesBundleS3Bucket=bucket, CaCertificatesBundleS3Key="ca.pem"
    )
    return answer["TrustStores"][0]["TrustStoreArn"]


def verifying(arn: str) -> MutualAuthenticationAttributesTypeDef:
    """Verify clients against a trust store."""
    return {"Mode": "verify", "TrustStoreArn": arn}


def test_a_trust_store_is_found_by_name_and_arn(bench: Workbench) -> None:
    """ACTIVE at once; an unknown one is TrustStoreNotFound, a second of the name a duplicate."""
    arn = store(bench)

    by_name = bench.elbv2.describe_trust_stores(Names=["clients"])["TrustStores"]
    by_arn = bench.elbv2.describe_trust_stores(TrustStoreArns=[arn])["TrustStores"]

    assert by_name == by_arn
    assert (by_arn[0]["Name"], by_arn[0]["Status"]) == ("clients", "ACTIVE")
    with refused("TrustStoreNotFound"):
        bench.elbv2.describe_trust_stores(Names=["clients", "nobody"])
    with refused("DuplicateTrustStoreName"):
        store(bench)


def test_trust_stores_have_a_quota_and_pages(bench: Workbench) -> None:
    """TooManyTrustStores; deleting makes room."""
    bench.cloud.limits["trust-stores"] = 2
    first, _ = store(bench, "one"), store(bench, "two")
    with refused("TooManyTrustStores"):
        store(bench, "three")

    bench.elbv2.delete_trust_store(TrustStoreArn=first)
    store(bench, "three")

    bench.cloud.configure(page_size=1)
    pages = list(bench.elbv2.get_paginator("describe_trust_stores").paginate())
    assert [page["TrustStores"][0]["Name"] for page in pages] == ["two", "three"]


def test_a_bundle_in_a_known_bucket_is_read(bench: Workbench) -> None:
    """Its certificates are counted; a missing key and a bundle without any are refused."""
    client: Any = boto3.client("s3", **bench.account.login.options())
    bucket = f"bundles-{uuid4().hex}"
    client.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    with refused("CaCertificatesBundleNotFound"):
        store(bench, bucket=bucket)
    client.put_object(Bucket=bucket, Key="ca.pem", Body=b"no certificate")
    with refused("InvalidCaCertificatesBundle"):
        store(bench, bucket=bucket)
    pem = make_pem(CertificateSpec(hosts=("ca.example.com",), key="ec")).certificate
    client.put_object(Bucket=bucket, Key="ca.pem", Body=pem + pem)

    arn = store(bench, bucket=bucket)

    (found,) = bench.elbv2.describe_trust_stores(TrustStoreArns=[arn])["TrustStores"]
    assert found["NumberOfCaCertificates"] == 2


def test_revocations_are_added_listed_and_removed(bench: Workbench) -> None:
    """Numbered per trust store; an unknown number is RevocationIdNotFound."""
    arn = store(bench)

    added = bench.elbv2.add_trust_store_revocations(
        TrustStoreArn=arn, RevocationContents=[{"S3Bucket": "b", "S3Key": "a.crl"}] * 2
    )["TrustStoreRevocations"]

    numbers = [each["RevocationId"] for each in added]
    bench.elbv2.remove_trust_store_revocations(TrustStoreArn=arn, RevocationIds=numbers[:1])
    left = bench.elbv2.describe_trust_store_revocations(TrustStoreArn=arn)
    assert [each["RevocationId"] for each in left["TrustStoreRevocations"]] == numbers[1:]
    with refused("RevocationIdNotFound"):
        bench.elbv2.describe_trust_store_revocations(TrustStoreArn=arn, RevocationIds=[99])


def test_verification_reads_back_with_its_defaults(bench: Workbench) -> None:
    """Expiry is not ignored, names are not advertised, the association is active."""
    arn = store(bench)
    listener = bench.secure_listener(bench.balancer(), MutualAuthentication=verifying(arn))

    (found,) = bench.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]
    users = bench.elbv2.describe_trust_store_associations(TrustStoreArn=arn)

    assert found["MutualAuthentication"] == {
        "Mode": "verify",
        "TrustStoreArn": arn,
        "IgnoreClientCertificateExpiry": False,
        "TrustStoreAssociationStatus": "active",
        "AdvertiseTrustStoreCaNames": "off",
    }
    assert [each["ResourceArn"] for each in users["TrustStoreAssociations"]] == [listener]


def test_a_trust_store_in_use_stays(bench: Workbench) -> None:
    """TrustStoreInUse until the listener stops verifying."""
    arn = store(bench)
    listener = bench.secure_listener(bench.balancer(), MutualAuthentication=verifying(arn))
    with refused("TrustStoreInUse"):
        bench.elbv2.delete_trust_store(TrustStoreArn=arn)

    bench.elbv2.modify_listener(ListenerArn=listener, MutualAuthentication={"Mode": "off"})

    bench.elbv2.delete_trust_store(TrustStoreArn=arn)


def test_leaving_mutual_authentication_out_keeps_it(bench: Workbench) -> None:
    """ModifyListener changes only what it names: that is why removing must say "off"."""
    arn = store(bench)
    listener = bench.secure_listener(bench.balancer(), MutualAuthentication=verifying(arn))

    bench.elbv2.modify_listener(
        ListenerArn=listener, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06"
    )

    (found,) = bench.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert found["MutualAuthentication"]["Mode"] == "verify"
    assert found["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


@pytest.mark.parametrize(
    "mutual",
    [
        {"Mode": "verify"},
        {"Mode": "sometimes"},
        {"Mode": "passthrough", "IgnoreClientCertificateExpiry": True},
        {"Mode": "off", "AdvertiseTrustStoreCaNames": "on"},
        {"Mode": "passthrough", "TrustStoreArn": "arn:of:a:trust:store"},
    ],
)
def test_parts_that_do_not_go_together_are_refused(
    bench: Workbench, mutual: MutualAuthenticationAttributesTypeDef
) -> None:
    """A trust store and its options belong to verifying alone."""
    with refused("InvalidConfigurationRequest"):
        bench.secure_listener(bench.balancer(), MutualAuthentication=mutual)


def test_an_unknown_trust_store_is_refused(bench: Workbench) -> None:
    """TrustStoreNotFound."""
    unknown = store(bench)[:-4] + "0000"

    with refused("TrustStoreNotFound"):
        bench.secure_listener(bench.balancer(), MutualAuthentication=verifying(unknown))


def test_mutual_authentication_needs_https(bench: Workbench) -> None:
    """InvalidConfigurationRequest on an HTTP listener."""
    with refused("InvalidConfigurationRequest", saying="HTTPS"):
        bench.listener(bench.balancer(), MutualAuthentication={"Mode": "passthrough"})


def test_two_listeners_of_a_load_balancer_verify(bench: Workbench) -> None:
    """The quota is two; passthrough is not counted, and changing one of the two is no third."""
    balancer, arn = bench.balancer(), store(bench)
    first = bench.secure_listener(balancer, 443, MutualAuthentication=verifying(arn))
    bench.secure_listener(balancer, 444, MutualAuthentication=verifying(arn))
    third = bench.secure_listener(balancer, 445, MutualAuthentication={"Mode": "passthrough"})

    bench.elbv2.modify_listener(
        ListenerArn=first,
        MutualAuthentication={**verifying(arn), "IgnoreClientCertificateExpiry": True},
    )

    with refused("InvalidConfigurationRequest", saying="'2'"):
        bench.elbv2.modify_listener(ListenerArn=third, MutualAuthentication=verifying(arn))
