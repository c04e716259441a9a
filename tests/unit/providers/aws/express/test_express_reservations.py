"""Promises of what a load balancer draws on (pools, capacity) and of where its logs go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws.account import Facts, Source
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Change
from provisioner.model.expression import Expressed
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Observed, Value
from tests.unit.providers.aws.express.words import answering, pairs, provider_rules
from tests.unit.providers.aws.express.worlds import (
    a_subnet,
    a_world,
    balancer_of,
    codes,
    finding,
    kinds,
    seen,
    some_facts,
)

BALANCER = "aws:load-balancer/shop/web"
MANAGES = "ingress-provisioner.io/manages"
POOL = "ipv4pool-coip-0a1b2c3d4e5f60718"
IPAM = "ipam-pool-0a1b2c3d4e5f60718"
PUBLIC = {"scheme": "internet-facing"}
LOGS = "ingress-provisioner.io/access-logs"


def facts(*, log_buckets: Mapping[str, str] = NO_STRINGS, unread: tuple[Source, ...] = ()) -> Facts:
    """Return an account with public subnets and private ones, and these buckets."""
    subnets = [
        a_subnet("a", public=True),
        a_subnet("b", "b", public=True),
        a_subnet("c"),
        a_subnet("d", "b"),
    ]
    return answering(some_facts(subnets=subnets), log_buckets=log_buckets, unread=unread)


def units(number: int) -> Mapping[str, str]:
    """Return the annotation that reserves capacity."""
    return {"minimum-load-balancer-capacity": f"CapacityUnits={number}"}


def change(observed: Observed, expressed: Expressed) -> Change:
    """Return what differs of the load balancer."""
    found = diff(expressed.resources, observed.of_group("shop/web"), DiffRules(**provider_rules()))
    return next(each for each in found if each.address == BALANCER)


def paths(observed: Observed, expressed: Expressed) -> list[str]:
    """Return which fields of the load balancer differ."""
    return [field.path for field in change(observed, expressed).fields]


def without(observed: Observed, field: str) -> Observed:
    """Return the same world without one field of the load balancer."""
    balancer = observed.resources[BALANCER]
    spec = {key: value for key, value in balancer.spec.items() if key != field}
    return Observed(resources={**observed.resources, BALANCER: replace(balancer, spec=spec)})


def test_pools_are_given_when_the_load_balancer_is_made() -> None:
    """Both are parameters of CreateLoadBalancer."""
    said = {**PUBLIC, "customer-owned-ipv4-pool": POOL, "ipam-ipv4-pool-id": IPAM}

    spec = balancer_of(a_world(said, facts=facts()).express())

    assert spec["CustomerOwnedIpv4Pool"] == POOL
    assert spec["IpamPools"] == {"Ipv4IpamPoolId": IPAM}


def test_another_customer_owned_pool_is_only_told() -> None:
    """AWS cannot change it, and nothing is replaced for it."""
    said = {**PUBLIC, "customer-owned-ipv4-pool": POOL}
    observed = seen(a_world(said, facts=facts()).express())
    other = {**PUBLIC, "customer-owned-ipv4-pool": POOL.replace("0a", "ff")}

    result = a_world(other, facts=facts(), observed=observed).express()

    assert codes(result) == ["CLOUD-POOL-KEPT"]
    assert balancer_of(result)["CustomerOwnedIpv4Pool"] == POOL
    assert change(observed, result).action.value == "noop"


def test_an_ipam_pool_that_nobody_names_any_more_is_removed() -> None:
    """As AWS Load Balancer Controller does; the load balancer goes back to AWS's addresses."""
    observed = seen(a_world({**PUBLIC, "ipam-ipv4-pool-id": IPAM}, facts=facts()).express())

    result = a_world(PUBLIC, facts=facts(), observed=observed).express()
    after = a_world(PUBLIC, facts=facts(), observed=without(seen(result), "IpamPools")).express()

    assert balancer_of(result)["IpamPools"] == {}
    assert paths(observed, result) == ["IpamPools"]
    assert "IpamPools" not in balancer_of(after)


def test_an_ipam_pool_on_an_internal_load_balancer_is_refused() -> None:
    """It gives public addresses."""
    result = a_world({"ipam-ipv4-pool-id": IPAM}, facts=facts()).express()

    assert codes(result) == ["CLOUD-POOL-SCHEME"]
    assert kinds(result) == []


def test_reserved_capacity_is_planned_and_named_on_the_load_balancer() -> None:
    """The name in the tag is what makes reading look at the reservation."""
    result = a_world(units(200), facts=facts()).express()

    assert balancer_of(result)["MinimumLoadBalancerCapacity"] == {"CapacityUnits": 200}
    assert pairs(balancer_of(result)["Tags"])[MANAGES] == "capacity"
    assert change(seen(result), result).action.value == "noop"


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (units(200), units(300), ["MinimumLoadBalancerCapacity"]),
        (units(200), units(0), ["MinimumLoadBalancerCapacity"]),
        (units(200), NO_STRINGS, ["Tags"]),
        (NO_STRINGS, units(200), ["MinimumLoadBalancerCapacity", "Tags"]),
    ],
)
def test_capacity_follows_the_annotation_and_its_absence_leaves_it(
    before: Mapping[str, str], after: Mapping[str, str], differs: list[str]
) -> None:
    """Zero resets a reservation; a line that is removed does not."""
    observed = seen(a_world(before, facts=facts()).express())

    result = a_world(after, facts=facts(), observed=observed).express()

    assert paths(observed, result) == differs


def test_a_new_load_balancer_has_nothing_to_reset() -> None:
    """Zero on a load balancer that does not exist yet is no wish at all."""
    assert "MinimumLoadBalancerCapacity" not in balancer_of(
        a_world(units(0), facts=facts()).express()
    )


def test_capacity_that_may_not_be_read_stays_as_it_is() -> None:
    """Else every plan would reserve it again."""
    observed = without(
        seen(a_world(units(200), facts=facts()).express()), "MinimumLoadBalancerCapacity"
    )

    result = a_world(units(300), facts=facts(), observed=observed).express()

    assert codes(result) == ["CLOUD-UNREAD"]
    assert change(observed, result).action.value == "noop"


@pytest.mark.parametrize(
    ("said", "attributes"),
    [
        ("s3://logs", {"enabled": "true", "bucket": "logs"}),
        ("s3://logs/a/b", {"enabled": "true", "bucket": "logs", "prefix": "a/b"}),
        ("false", {"enabled": "false"}),
    ],
)
def test_the_portable_access_logs_are_attributes(said: str, attributes: Mapping[str, str]) -> None:
    """The bucket and prefix of the URL; false turns them off."""
    result = a_world({LOGS: said}, facts=facts(log_buckets={"logs": "eu-west-1"})).express()

    assert pairs(balancer_of(result)["Attributes"]) == {
        f"access_logs.s3.{key}": value for key, value in attributes.items()
    }


def test_a_prefix_that_is_gone_is_emptied() -> None:
    """Only what is listed is set, so a prefix would otherwise stay for good."""
    observed = seen(a_world({LOGS: "s3://logs/a"}, facts=facts()).express())

    result = a_world({LOGS: "s3://logs"}, facts=facts(), observed=observed).express()

    assert pairs(balancer_of(result)["Attributes"])["access_logs.s3.prefix"] == ""


def test_access_logs_that_contradict_listed_attributes_are_refused() -> None:
    """One of the two is a mistake, and nobody can tell which."""
    said = {LOGS: "s3://logs", "load-balancer-attributes": "access_logs.s3.bucket=other"}

    result = a_world(said, facts=facts()).express()

    assert codes(result) == ["ANNOTATION-CONTRADICTION"]
    assert finding(result, "ANNOTATION-CONTRADICTION").field == f"metadata.annotations[{LOGS}]"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({LOGS: "s3://logs"}, LOGS),
        (
            {"load-balancer-attributes": "access_logs.s3.enabled=true,access_logs.s3.bucket=logs"},
            "alb.ingress.kubernetes.io/load-balancer-attributes",
        ),
        (
            {
                "load-balancer-attributes": "connection_logs.s3.enabled=true,"
                "connection_logs.s3.bucket=logs"
            },
            "alb.ingress.kubernetes.io/load-balancer-attributes",
        ),
    ],
)
@pytest.mark.parametrize(
    ("region", "words"), [("", "does not exist"), ("us-east-1", "is in us-east-1")]
)
def test_a_bucket_that_cannot_take_logs_is_told_before_anything_is_made(
    said: Mapping[str, str], field: str, region: str, words: str
) -> None:
    """AWS writes a test file, and refuses after the load balancer is there."""
    result = a_world(said, facts=facts(log_buckets={"logs": region})).express()

    assert kinds(result) == []
    problem = finding(result, "CLOUD-LOG-BUCKET")
    assert words in problem.message
    assert problem.field == f"metadata.annotations[{field}]"


def test_logs_that_are_turned_off_need_no_bucket() -> None:
    """Attributes may still name one."""
    listed = "access_logs.s3.enabled=false,access_logs.s3.bucket=logs"

    result = a_world(
        {"load-balancer-attributes": listed}, facts=facts(log_buckets={"logs": ""})
    ).express()

    assert codes(result) == []


def test_a_bucket_that_is_not_ours_to_see_is_used_with_a_warning() -> None:
    """Logs often go to another account's bucket."""
    account = facts(log_buckets={}, unread=(Source.LOG_BUCKETS,))

    result = a_world({LOGS: "s3://logs"}, facts=account).express()

    assert codes(result) == ["CLOUD-UNCHECKED"]
    assert pairs(balancer_of(result)["Attributes"])["access_logs.s3.bucket"] == "logs"


def test_a_wrong_bucket_leaves_the_logs_of_an_existing_load_balancer_as_they_are() -> None:
    """Only its own attributes are left out; a timeout beside it goes on."""
    observed = seen(a_world({LOGS: "s3://logs"}, facts=facts()).express())
    said = {LOGS: "s3://gone", "ingress-provisioner.io/timeout-seconds": "90"}

    result = a_world(said, facts=facts(log_buckets={"gone": ""}), observed=observed).express()

    attributes: Value = balancer_of(result)["Attributes"]
    assert pairs(attributes) == {"idle_timeout.timeout_seconds": "90"}
    assert codes(result) == ["CLOUD-LOG-BUCKET"]
