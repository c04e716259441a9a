"""Capacity that is reserved for a load balancer, in load balancer capacity units.

Figures are those of the page "Capacity reservations for your Application Load Balancer": at
least 100 units, at most the quota, and so many decreases per day. Which of several refusals
comes first is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.sandbox.aws.balancer_lookup import balancer_by_arn, is_active
from provisioner.sandbox.aws.errors import RefusalError, misconfigured, not_permitted
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import Capacity, LoadBalancer

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        DescribeCapacityReservationInputTypeDef,
        ModifyCapacityReservationInputTypeDef,
    )

DAILY_DECREASES = 2
LEAST_UNITS = 100


def describe_capacity_reservation(
    region: Region, request: DescribeCapacityReservationInputTypeDef
) -> Answer:
    """The capacity that is reserved for a load balancer."""
    return _as_answer(region, balancer_by_arn(region, request["LoadBalancerArn"]))


def modify_capacity_reservation(
    region: Region, request: ModifyCapacityReservationInputTypeDef
) -> Answer:
    """Reserve capacity for a load balancer, or give it back."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    units = request.get("MinimumLoadBalancerCapacity", {}).get("CapacityUnits")
    if request.get("ResetCapacityReservation"):
        if units is not None:
            raise misconfigured("Capacity cannot be reserved and reset in one request")
        balancer.capacity = None
        return _as_answer(region, balancer)
    if units is None:
        raise misconfigured("The capacity units to reserve must be specified")
    _check_units(region, units)
    if not is_active(region, balancer):
        raise not_permitted(f"Load balancer '{balancer.arn}' is not active yet")
    balancer.capacity = Capacity(units=units, modified=region.wall)
    return _as_answer(region, balancer)


def _check_units(region: Region, units: int) -> None:
    if units < LEAST_UNITS:
        raise misconfigured(f"At least {LEAST_UNITS} capacity units must be reserved")
    most = region.limits["reserved-capacity-units-per-application-load-balancer"]
    if units > most:
        raise RefusalError(
            "CapacityUnitsLimitExceeded",
            f"At most {most} capacity units can be reserved per load balancer",
        )


def _as_answer(region: Region, balancer: LoadBalancer) -> Answer:
    capacity = balancer.capacity
    if capacity is None:
        return {"DecreaseRequestsRemaining": DAILY_DECREASES, "CapacityReservationState": []}
    zones = [region.network.subnet(each) for each in balancer.subnets]
    return {
        "LastModifiedTime": capacity.modified,
        "DecreaseRequestsRemaining": DAILY_DECREASES,
        "MinimumLoadBalancerCapacity": {"CapacityUnits": capacity.units},
        "CapacityReservationState": [
            {
                "State": {"Code": "provisioned"},
                "AvailabilityZone": zone.zone,
                "EffectiveCapacityUnits": capacity.units / len(zones),
            }
            for zone in zones
            if zone is not None
        ],
    }
