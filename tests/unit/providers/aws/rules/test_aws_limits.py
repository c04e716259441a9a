"""Limits: the account's numbers win, and every resource has its price."""

from __future__ import annotations

import pytest

from providers.aws import limits
from providers.aws.account import Facts
from provisioner.model.expression import Cost
from provisioner.model.limits import LimitSource
from provisioner.model.resource import Ref, Resource, Unknown, freeze_spec

_DOCUMENTED = {
    "application-load-balancers": (50, True),
    "listeners-per-application-load-balancer": (50, True),
    "rules-per-application-load-balancer": (100, True),
    "certificates-per-application-load-balancer": (25, True),
    "target-groups": (3000, True),
    "target-groups-per-application-load-balancer": (100, False),
    "target-groups-per-action-on-application-load-balancer": (5, False),
    "targets-per-application-load-balancer": (1000, True),
    "targets-per-target-group": (1000, True),
    "condition-values-per-alb-rule": (5, False),
    "condition-wildcards-per-alb-rule": (5, False),
    "inbound-rules-per-security-group": (60, True),
    "security-groups-per-network-interface": (5, True),
    "tags-per-resource": (50, False),
    "verify-listeners-per-application-load-balancer": (2, False),
    "reserved-capacity-units-per-application-load-balancer": (15_000, True),
}


@pytest.mark.parametrize(("name", "expected"), sorted(_DOCUMENTED.items()))
def test_documented_defaults(name: str, expected: tuple[int, bool]) -> None:
    """The quota tables of Elastic Load Balancing and Amazon VPC."""
    limit = limits.DEFAULTS[name]

    assert (limit.value, limit.adjustable) == expected
    assert limit.source is LimitSource.DEFAULT


def test_the_accounts_numbers_win_and_say_so() -> None:
    """Limits are adjustable; what was raised must hold nobody back."""
    merged = limits.merge({"rules-per-application-load-balancer": 200, "brand-new-limit": 7})

    assert merged["rules-per-application-load-balancer"].value == 200
    assert merged["rules-per-application-load-balancer"].source is LimitSource.ACCOUNT
    assert merged["brand-new-limit"].value == 7
    assert merged["target-groups"].source is LimitSource.DEFAULT


def a_resource(kind: str, address: str, **spec: object) -> Resource:
    """Return a resource of the group ``edge``."""
    return Resource(
        kind=kind,
        address=address,
        group="edge",
        spec=freeze_spec(spec),  # type: ignore[arg-type]  # what the tests write are spec values
    )


def test_rules_listeners_certificates_and_groups_count_one_each() -> None:
    """Defaults (a listener's action, its first certificate) are no resources and cost nothing."""
    kinds = {
        "ListenerRule": "rules-per-application-load-balancer",
        "Listener": "listeners-per-application-load-balancer",
        "ListenerCertificate": "certificates-per-application-load-balancer",
    }

    for kind, limit in kinds.items():
        found = limits.costs(a_resource(kind, "aws:x/edge"))
        assert found == (Cost(limit=limit, subject="load balancer edge", units=1),)


@pytest.mark.parametrize(("mode", "units"), [("verify", 1), ("passthrough", 0), ("off", 0)])
def test_a_listener_that_verifies_its_clients_counts_twice(mode: str, units: int) -> None:
    """A load balancer has two of them at most."""
    listener = a_resource("Listener", "aws:listener/edge/443", MutualAuthentication={"Mode": mode})

    found = [c for c in limits.costs(listener) if c.limit == limits.VERIFY_LISTENERS]

    assert sum(c.units for c in found) == units


def test_reserved_capacity_counts_by_unit() -> None:
    """Of nothing reserved, nothing is said."""
    reserved = a_resource(
        "LoadBalancer", "aws:load-balancer/edge", MinimumLoadBalancerCapacity={"CapacityUnits": 200}
    )
    bare = a_resource("LoadBalancer", "aws:load-balancer/edge")

    costs = {c.limit: c.units for c in limits.costs(reserved)}

    assert costs["reserved-capacity-units-per-application-load-balancer"] == 200
    assert limits.CAPACITY_UNITS not in {c.limit for c in limits.costs(bare)}


def test_a_target_group_counts_in_the_account_and_on_its_load_balancer() -> None:
    """Two limits with one resource."""
    found = limits.costs(a_resource("TargetGroup", "aws:target-group/edge/shop/web/web:80/pod"))

    assert {(c.limit, c.subject) for c in found} == {
        ("target-groups", "the account"),
        ("target-groups-per-application-load-balancer", "load balancer edge"),
    }


def test_targets_count_per_load_balancer_per_group_and_per_instance() -> None:
    """An instance in many target groups has a limit of its own (LBC#1068)."""
    listed = [{"Id": "i-1", "Port": 30080}, {"Id": "i-2", "Port": 30080}]
    found = limits.costs(a_resource("Targets", "aws:targets/edge/web:80/node-port", Targets=listed))

    assert {(c.limit, c.subject): c.units for c in found} == {
        ("targets-per-application-load-balancer", "load balancer edge"): 2,
        ("targets-per-target-group", "target group edge/web:80/node-port"): 2,
        (
            "target-id-registrations-per-application-load-balancer",
            "target i-1 on load balancer edge",
        ): 1,
        (
            "target-id-registrations-per-application-load-balancer",
            "target i-2 on load balancer edge",
        ): 1,
    }


def test_unknown_targets_cost_nothing_yet() -> None:
    """A plan from files judges what files can tell."""
    found = limits.costs(a_resource("Targets", "aws:targets/edge/a", Targets=Unknown("pods")))

    assert sum(cost.units for cost in found) == 0


def test_security_group_rules_count_ranges() -> None:
    """One Authorize call may hold many rules; the limit counts them one by one (LBC#4416)."""
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.0/8"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }
    found = limits.costs(
        a_resource(
            "SecurityGroupRule",
            "aws:security-group-rule/edge/frontend/80",
            GroupId=Ref("aws:security-group/edge/frontend", "GroupId"),
            IpPermissions=[permission],
        )
    )

    assert found == (
        Cost(
            limit="inbound-rules-per-security-group",
            subject="security group edge/frontend",
            units=3,
        ),
    )


def test_a_load_balancer_counts_its_security_groups() -> None:
    """Five groups on an interface, the shared backend group included."""
    found = limits.costs(
        a_resource(
            "LoadBalancer", "aws:load-balancer/edge", SecurityGroups=["sg-1", Ref("a", "GroupId")]
        )
    )

    assert (
        Cost(limit="security-groups-per-network-interface", subject="load balancer edge", units=2)
        in found
    )


@pytest.mark.parametrize(("count", "counted"), [(40, 0), (51, 51)])
def test_only_many_tags_are_counted(count: int, counted: int) -> None:
    """A plan with thousands of rules must not list as many limits that are far away."""
    tags = [{"Key": f"k{i}", "Value": ""} for i in range(count)]
    found = limits.costs(a_resource("SecurityGroup", "aws:security-group/edge/frontend", Tags=tags))

    assert sum(cost.units for cost in found) == counted


def test_others_use_account_wide_limits_too() -> None:
    """Foreign load balancers and target groups count against the same numbers."""
    facts = Facts(load_balancers=3, network_load_balancers=2, target_groups=8)
    assert limits.foreign_usage(facts) == {
        "application-load-balancers": 3,
        "network-load-balancers": 2,
        "target-groups": 8,
    }
