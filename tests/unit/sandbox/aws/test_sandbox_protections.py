"""Shield Advanced: a subscription, and what it protects."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from provisioner.sandbox.aws.leftovers import leftovers
from tests.unit.sandbox.aws.conftest import ACCOUNT_NUMBER
from tests.unit.sandbox.aws.workbench import Workbench, refused

# boto3 has no types for this service here.
Client = Any


@pytest.fixture
def shield(bench: Workbench) -> Client:
    """A client of an account that is not subscribed."""
    return boto3.client("shield", **bench.account.login.options())


def test_nothing_is_protected_without_a_subscription(bench: Workbench, shield: Client) -> None:
    """INACTIVE, and "The subscription does not exist." to whoever protects."""
    balancer = bench.balancer()

    assert shield.get_subscription_state()["SubscriptionState"] == "INACTIVE"
    assert shield.list_protections()["Protections"] == []
    with refused("ResourceNotFoundException", saying="subscription does not exist"):
        shield.describe_subscription()
    with refused("ResourceNotFoundException", saying="subscription does not exist"):
        shield.create_protection(Name="web", ResourceArn=balancer)


def test_a_load_balancer_is_protected_once(bench: Workbench, shield: Client) -> None:
    """Found by id, by what it protects, and in the list; ResourceAlreadyExistsException again."""
    shield.create_subscription()
    balancer = bench.balancer()

    protection_id = shield.create_protection(Name="web", ResourceArn=balancer)["ProtectionId"]

    by_arn = shield.describe_protection(ResourceArn=balancer)["Protection"]
    assert shield.get_subscription_state()["SubscriptionState"] == "ACTIVE"
    assert shield.describe_subscription()["Subscription"]["AutoRenew"] == "ENABLED"
    assert by_arn == shield.describe_protection(ProtectionId=protection_id)["Protection"]
    assert (by_arn["Id"], by_arn["Name"]) == (protection_id, "web")
    assert shield.list_protections(InclusionFilters={"ResourceArns": [balancer]})["Protections"]
    with refused("ResourceAlreadyExistsException"):
        shield.create_protection(Name="again", ResourceArn=balancer)
    shield.delete_protection(ProtectionId=protection_id)
    with refused("ResourceNotFoundException"):
        shield.describe_protection(ResourceArn=balancer)
    with refused("ResourceNotFoundException"):
        shield.delete_protection(ProtectionId=protection_id)


def test_what_is_not_there_or_not_protectable_is_refused(bench: Workbench, shield: Client) -> None:
    """ResourceNotFoundException and InvalidResourceException (page CreateProtection)."""
    shield.create_subscription()
    unknown = bench.balancer()[:-4] + "0000"

    with refused("ResourceNotFoundException"):
        shield.create_protection(Name="web", ResourceArn=unknown)
    with refused("InvalidResourceException"):
        shield.create_protection(Name="web", ResourceArn=bench.group())


def test_a_protection_outlives_its_load_balancer(bench: Workbench, shield: Client) -> None:
    """Page "Removing AWS Shield Advanced protection": it must be removed, so it is a leftover."""
    shield.create_subscription()
    balancer = bench.balancer()
    protection_id = shield.create_protection(Name="web", ResourceArn=balancer)["ProtectionId"]

    bench.elbv2.delete_load_balancer(LoadBalancerArn=balancer)

    left = leftovers(bench.cloud.url, access_key=ACCOUNT_NUMBER)
    assert left["protections"] == (balancer,)
    shield.delete_protection(ProtectionId=protection_id)
    assert "protections" not in leftovers(bench.cloud.url, access_key=ACCOUNT_NUMBER)


def test_protections_are_limited_listed_in_pages_and_tagged(
    bench: Workbench, shield: Client
) -> None:
    """LimitsExceededException beyond the quota; tags are kept."""
    shield.create_subscription()
    balancers = [bench.balancer(name) for name in ("one", "two", "three")]
    bench.cloud.limits["protections"] = 2
    for balancer in balancers[:2]:
        shield.create_protection(
            Name="web", ResourceArn=balancer, Tags=[{"Key": "team", "Value": "shop"}]
        )
    bench.cloud.configure(page_size=1)

    pages = list(shield.get_paginator("list_protections").paginate())

    assert [len(page["Protections"]) for page in pages] == [1, 1]
    arn = pages[0]["Protections"][0]["ProtectionArn"]
    assert shield.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "team", "Value": "shop"}
    ]
    with refused("LimitsExceededException"):
        shield.create_protection(Name="web", ResourceArn=balancers[2])
