"""Small parts of load balancing: TLS policies, capacity reservations, trust stores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moto.elbv2.ssl_policies import SSL_POLICIES, build_policy

from provisioner.sandbox.aws.balancers import balancer_by_arn
from provisioner.sandbox.aws.errors import RefusalError, misconfigured
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import LoadBalancer, TrustStore
from provisioner.sandbox.aws.tags import checked_tags

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        CreateTrustStoreInputTypeDef,
        DeleteTrustStoreInputTypeDef,
        DescribeCapacityReservationInputTypeDef,
        DescribeSSLPoliciesInputTypeDef,
        DescribeTrustStoresInputTypeDef,
        ModifyCapacityReservationInputTypeDef,
        TrustStoreTypeDef,
    )

MOST_CAPACITY_UNITS = 15_000
DAILY_DECREASES = 2


def describe_ssl_policies(region: Region, request: DescribeSSLPoliciesInputTypeDef) -> Answer:
    """List TLS policies."""
    names = list(request.get("Names", ())) or list(SSL_POLICIES)
    for name in names:
        if name not in SSL_POLICIES:
            raise RefusalError("SSLPolicyNotFound", f"SSL policy '{name}' not found")
    page, marker = region.page(names, request)
    policies = [build_policy(name, SSL_POLICIES[name]) for name in page]
    return {"SslPolicies": policies, **marker}


def describe_capacity_reservation(
    region: Region, request: DescribeCapacityReservationInputTypeDef
) -> Answer:
    """The capacity that is reserved for a load balancer."""
    return _capacity(region, balancer_by_arn(region, request["LoadBalancerArn"]))


def modify_capacity_reservation(
    region: Region, request: ModifyCapacityReservationInputTypeDef
) -> Answer:
    """Reserve capacity for a load balancer, or give it back."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    if request.get("ResetCapacityReservation"):
        balancer.capacity_units = None
        return _capacity(region, balancer)
    units = request.get("MinimumLoadBalancerCapacity", {}).get("CapacityUnits")
    if units is None:
        raise misconfigured("The capacity units to reserve must be specified")
    if units > MOST_CAPACITY_UNITS:
        raise RefusalError(
            "CapacityUnitsLimitExceeded",
            f"At most {MOST_CAPACITY_UNITS} capacity units can be reserved per load balancer",
        )
    balancer.capacity_units = units
    return _capacity(region, balancer)


def create_trust_store(region: Region, request: CreateTrustStoreInputTypeDef) -> Answer:
    """Create a trust store; the bundle is not looked at."""
    name = request["Name"]
    if any(each.name == name for each in region.state.trust_stores.values()):
        raise RefusalError("DuplicateTrustStoreName", f"A trust store '{name}' already exists")
    store = TrustStore(
        arn=region.new_arn(f"truststore/{name}"),
        name=name,
        tags=checked_tags(request.get("Tags", ()), region.limits),
    )
    region.state.trust_stores[store.arn] = store
    return {"TrustStores": [_as_answer(store)]}


def describe_trust_stores(region: Region, request: DescribeTrustStoresInputTypeDef) -> Answer:
    """List trust stores: all, or some by ARN or name."""
    found = list(region.state.trust_stores.values())
    for key, field in (("TrustStoreArns", "arn"), ("Names", "name")):
        wanted = request.get(key)
        if isinstance(wanted, list) and wanted:
            found = [each for each in found if getattr(each, field) in wanted]
            if len(found) < len(set(wanted)):
                raise RefusalError("TrustStoreNotFound", f"Trust stores not found: {wanted}")
    page, marker = region.page(found, request)
    return {"TrustStores": [_as_answer(each) for each in page], **marker}


def delete_trust_store(region: Region, request: DeleteTrustStoreInputTypeDef) -> Answer:
    """Delete a trust store that no listener verifies against."""
    arn = request["TrustStoreArn"]
    if arn not in region.state.trust_stores:
        raise RefusalError("TrustStoreNotFound", f"Trust store '{arn}' not found")
    for listener in region.state.listeners.values():
        if (listener.mutual_authentication or {}).get("TrustStoreArn") == arn:
            raise RefusalError("TrustStoreInUse", f"Trust store '{arn}' is in use")
    del region.state.trust_stores[arn]
    return {}


def _capacity(region: Region, balancer: LoadBalancer) -> Answer:
    units = balancer.capacity_units
    if units is None:
        return {"DecreaseRequestsRemaining": DAILY_DECREASES, "CapacityReservationState": []}
    zones = [region.network.subnet(each) for each in balancer.subnets]
    return {
        "LastModifiedTime": datetime.now(UTC),
        "DecreaseRequestsRemaining": DAILY_DECREASES,
        "MinimumLoadBalancerCapacity": {"CapacityUnits": units},
        "CapacityReservationState": [
            {"State": {"Code": "provisioned"}, "AvailabilityZone": zone.zone}
            for zone in zones
            if zone is not None
        ],
    }


def _as_answer(store: TrustStore) -> TrustStoreTypeDef:
    return {
        "Name": store.name,
        "TrustStoreArn": store.arn,
        "Status": "ACTIVE",
        "NumberOfCaCertificates": 1,
        "TotalRevokedEntries": 0,
    }
