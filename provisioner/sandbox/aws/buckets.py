"""Buckets of S3: whether one exists, whose it is, and in which region it lies.

moto keeps the buckets; HeadBucket is answered here, because S3 tells the region of a bucket to
everyone who asks (header ``x-amz-bucket-region``) and sends callers of other regions there, which
moto does not. Page: HeadBucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from moto.s3.models import FakeBucket, s3_backends

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region

REGION_HEADER = "x-amz-bucket-region"


def head_bucket(region: Region, request: Mapping[str, object]) -> Answer:
    """Say where a bucket is, or refuse: not there, somebody else's, or another region's."""
    name = str(request["Bucket"])
    bucket, owner = _bucket(region, name)
    if bucket is None:
        raise RefusalError("404", "Not Found", status=HTTPStatus.NOT_FOUND)
    where = {REGION_HEADER: bucket.region_name}
    if owner != region.account:
        raise RefusalError("403", "Forbidden", status=HTTPStatus.FORBIDDEN, headers=where)
    if bucket.region_name != region.name:
        raise RefusalError(
            "301", "Moved Permanently", status=HTTPStatus.MOVED_PERMANENTLY, headers=where
        )
    return {"BucketRegion": bucket.region_name, "AccessPointAlias": False}


def _bucket(region: Region, name: str) -> tuple[FakeBucket | None, str]:
    """A bucket and its owner; the names of buckets are those of the whole partition."""
    for account, partitions in s3_backends.items():
        found = partitions[region.partition].buckets.get(name)
        if found is not None:
            return found, account
    return None, ""
