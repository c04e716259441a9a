"""Trust stores: bundles of authorities that clients are verified against, and their revocations.

Bundles and revocation files lie in S3. When the bucket is one of this account here, the object
is read and must hold certificates; a bucket that the sandbox does not know is taken on trust, so
that a test need not upload anything. Codes are those of the pages CreateTrustStore,
DeleteTrustStore and AddTrustStoreRevocations; the messages are inferred.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto.s3.models import s3_backends

from provisioner.sandbox.aws.errors import RefusalError, invalid
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import Revocation, TrustStore
from provisioner.sandbox.aws.tags import checked_tags

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        AddTrustStoreRevocationsInputTypeDef,
        CreateTrustStoreInputTypeDef,
        DeleteTrustStoreInputTypeDef,
        DescribeTrustStoreAssociationsInputTypeDef,
        DescribeTrustStoreRevocationsInputTypeDef,
        DescribeTrustStoresInputTypeDef,
        ModifyTrustStoreInputTypeDef,
        RemoveTrustStoreRevocationsInputTypeDef,
        TrustStoreTypeDef,
    )

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
BEGIN = b"-----BEGIN CERTIFICATE-----"


def create_trust_store(region: Region, request: CreateTrustStoreInputTypeDef) -> Answer:
    """Create a trust store from a bundle in S3."""
    name = request["Name"]
    if not NAME.fullmatch(name):
        raise invalid(
            f"Trust store name '{name}' must have up to 32 alphanumeric characters or hyphens and "
            "cannot begin or end with a hyphen"
        )
    stores = region.state.trust_stores
    if any(each.name == name for each in stores.values()):
        raise RefusalError("DuplicateTrustStoreName", f"A trust store '{name}' already exists")
    most = region.limits["trust-stores"]
    if len(stores) >= most:
        raise RefusalError(
            "TooManyTrustStores", f"The maximum number of trust stores '{most}' has been reached"
        )
    store = TrustStore(
        arn=region.new_arn(f"truststore/{name}"),
        name=name,
        tags=checked_tags(request.get("Tags", ()), region.limits),
        authorities=_authorities(
            region, request["CaCertificatesBundleS3Bucket"], request["CaCertificatesBundleS3Key"]
        ),
    )
    stores[store.arn] = store
    return {"TrustStores": [_as_answer(store)]}


def modify_trust_store(region: Region, request: ModifyTrustStoreInputTypeDef) -> Answer:
    """Replace the bundle of a trust store."""
    store = trust_store_by_arn(region, request["TrustStoreArn"])
    store.authorities = _authorities(
        region, request["CaCertificatesBundleS3Bucket"], request["CaCertificatesBundleS3Key"]
    )
    return {"TrustStores": [_as_answer(store)]}


def describe_trust_stores(region: Region, request: DescribeTrustStoresInputTypeDef) -> Answer:
    """List trust stores: all, or some by ARN or name."""
    found = list(region.state.trust_stores.values())
    arns, names = request.get("TrustStoreArns"), request.get("Names")
    if arns:
        found = [trust_store_by_arn(region, arn) for arn in arns]
    elif names:
        missing = set(names) - {each.name for each in found}
        if missing:
            raise trust_store_not_found(", ".join(sorted(missing)))
        found = [each for each in found if each.name in names]
    page, marker = region.page(found, request)
    return {"TrustStores": [_as_answer(each) for each in page], **marker}


def delete_trust_store(region: Region, request: DeleteTrustStoreInputTypeDef) -> Answer:
    """Delete a trust store that no listener verifies against."""
    store = trust_store_by_arn(region, request["TrustStoreArn"])
    if _users(region, store.arn):
        raise RefusalError("TrustStoreInUse", f"Trust store '{store.arn}' is in use by a listener")
    del region.state.trust_stores[store.arn]
    return {}


def describe_trust_store_associations(
    region: Region, request: DescribeTrustStoreAssociationsInputTypeDef
) -> Answer:
    """List the listeners that verify against a trust store."""
    store = trust_store_by_arn(region, request["TrustStoreArn"])
    page, marker = region.page(_users(region, store.arn), request)
    return {"TrustStoreAssociations": [{"ResourceArn": arn} for arn in page], **marker}


def add_trust_store_revocations(
    region: Region, request: AddTrustStoreRevocationsInputTypeDef
) -> Answer:
    """Add revocation files; each file counts as one entry, since nothing reads it here."""
    store = trust_store_by_arn(region, request["TrustStoreArn"])
    added = []
    for content in request.get("RevocationContents", ()):
        number = max(store.revocations, default=0) + 1
        kind = content.get("RevocationType", "CRL")
        store.revocations[number] = Revocation(number=number, kind=kind, entries=1)
        added.append(_revocation_answer(store, store.revocations[number]))
    return {"TrustStoreRevocations": added}


def describe_trust_store_revocations(
    region: Region, request: DescribeTrustStoreRevocationsInputTypeDef
) -> Answer:
    """List the revocation files of a trust store: all, or some by number."""
    store = trust_store_by_arn(region, request["TrustStoreArn"])
    wanted = request.get("RevocationIds") or list(store.revocations)
    found = [_revocation(store, number) for number in wanted]
    page, marker = region.page(found, request)
    return {"TrustStoreRevocations": [_revocation_answer(store, each) for each in page], **marker}


def remove_trust_store_revocations(
    region: Region, request: RemoveTrustStoreRevocationsInputTypeDef
) -> Answer:
    """Remove revocation files."""
    store = trust_store_by_arn(region, request["TrustStoreArn"])
    for revocation in [_revocation(store, number) for number in request["RevocationIds"]]:
        store.revocations.pop(revocation.number, None)
    return {}


def trust_store_by_arn(region: Region, arn: str) -> TrustStore:
    """A trust store, or the refusal that AWS gives for an unknown ARN."""
    store = region.state.trust_stores.get(arn)
    if store is None:
        raise trust_store_not_found(arn)
    return store


def trust_store_not_found(name: str) -> RefusalError:
    """No trust store by that name or ARN."""
    return RefusalError("TrustStoreNotFound", f"Trust store '{name}' not found")


def _users(region: Region, arn: str) -> list[str]:
    return [
        each.arn
        for each in region.state.listeners.values()
        if (each.mutual_authentication or {}).get("TrustStoreArn") == arn
    ]


def _authorities(region: Region, bucket_name: str, key: str) -> int:
    """How many certificates a bundle holds; one, if the bucket is not an emulated one."""
    buckets = s3_backends[region.account][region.partition].buckets
    bucket = buckets.get(bucket_name)
    if bucket is None:
        return 1
    found = bucket.keys.get(key)
    if found is None:
        raise RefusalError(
            "CaCertificatesBundleNotFound", f"The bundle s3://{bucket_name}/{key} does not exist"
        )
    count = bytes(found.value).count(BEGIN)
    if count == 0:
        raise RefusalError(
            "InvalidCaCertificatesBundle", f"s3://{bucket_name}/{key} holds no certificate"
        )
    return count


def _revocation(store: TrustStore, number: int) -> Revocation:
    found = store.revocations.get(number)
    if found is None:
        raise RefusalError(
            "RevocationIdNotFound", f"Revocation '{number}' of '{store.arn}' not found"
        )
    return found


def _revocation_answer(store: TrustStore, revocation: Revocation) -> dict[str, object]:
    return {
        "TrustStoreArn": store.arn,
        "RevocationId": revocation.number,
        "RevocationType": revocation.kind,
        "NumberOfRevokedEntries": revocation.entries,
    }


def _as_answer(store: TrustStore) -> TrustStoreTypeDef:
    return {
        "Name": store.name,
        "TrustStoreArn": store.arn,
        "Status": "ACTIVE",
        "NumberOfCaCertificates": store.authorities,
        "TotalRevokedEntries": sum(each.entries for each in store.revocations.values()),
    }
