"""S3: buckets for logs, as HeadBucket tells of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import boto3

from provisioner.sandbox.aws.clients import Login
from tests.unit.sandbox.aws.workbench import Workbench, refused

# boto3 has no types for this service here.
Client = Any


def s3(bench: Workbench, *, region: str = "eu-central-1", account: str = "210987654321") -> Client:
    """A client of a region and an account."""
    login = Login(endpoint_url=bench.cloud.url, region=region, access_key=account)
    return boto3.client("s3", **login.options())


def made(client: Client, *, region: str = "eu-central-1") -> str:
    """Create a bucket and return its name."""
    name = f"logs-{uuid4().hex}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    return name


def test_a_bucket_tells_its_region(bench: Workbench) -> None:
    """HeadBucket succeeds and has BucketRegion."""
    client = s3(bench)

    answer = client.head_bucket(Bucket=made(client))

    assert answer["BucketRegion"] == "eu-central-1"


def test_a_missing_bucket_is_a_404(bench: Workbench) -> None:
    """HEAD has no body, so the status is the code."""
    with refused("404"):
        s3(bench).head_bucket(Bucket="no-such-bucket-anywhere")


def test_somebody_elses_bucket_is_a_403(bench: Workbench) -> None:
    """Names are global, permissions are not; the region is told all the same."""
    name = made(s3(bench, account="210987654322"))

    with refused("403"):
        s3(bench).head_bucket(Bucket=name)


def test_a_caller_of_another_region_is_sent_there(bench: Workbench) -> None:
    """301 with x-amz-bucket-region; boto3 follows and asks again, signed for that region."""
    name = made(s3(bench), region="eu-central-1")
    bench.cloud.calls.clear()

    answer = s3(bench, region="eu-west-1").head_bucket(Bucket=name)

    assert answer["BucketRegion"] == "eu-central-1"
    assert [(call.region, call.status) for call in bench.cloud.calls.named("HeadBucket")] == [
        ("eu-west-1", 301),
        ("eu-central-1", 200),
    ]


def test_asking_for_a_bucket_is_a_read_and_can_be_denied(bench: Workbench) -> None:
    """Operations of S3 have their names in the call log and in faults, though it is REST."""
    client = s3(bench)
    name = made(client)
    bench.cloud.calls.clear()
    client.head_bucket(Bucket=name)
    bench.cloud.faults.deny("s3:HeadBucket")

    with refused("403"):
        client.head_bucket(Bucket=name)

    assert bench.cloud.calls.mutating("s3") == ()
    assert [call.params["Bucket"] for call in bench.cloud.calls.named("HeadBucket")] == [name] * 2
