"""Rows of the annotations that speak of the network load balancer in front."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from provisioner.model.resource import Json
from tests.contract.annotations.look import Look, Probe
from tests.contract.annotations.row import HTTPS, NATIVE, Row
from tests.contract.annotations.things import tags_of

_NLB = f"{NATIVE}frontend-nlb-"
_ON: Mapping[str, str] = MappingProxyType({**HTTPS, f"{NATIVE}enable-frontend-nlb": "true"})
_CROSS = "load_balancing.cross_zone.enabled"
_CHECK = ("ModifyTargetGroup",) * 2  # a target group for each of two ports


def _networks(look: Look) -> list[dict[str, Any]]:
    """Return the network load balancers whose target groups lead to this load balancer."""
    found = look.elbv2.describe_load_balancers()["LoadBalancers"]
    arn = look.arn
    return [
        each
        for each in found
        if each["Type"] == "network" and arn in [t["Id"] for t in _behind(look, each)]
    ]


def _behind(look: Look, network: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        health["Target"]
        for group in _groups(look, network)
        for health in look.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
    ]


def _groups(look: Look, network: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = look.elbv2.describe_target_groups(LoadBalancerArn=network["LoadBalancerArn"])
    return list(found["TargetGroups"])


def there(look: Look) -> Json:
    """Look whether there is one."""
    return len(_networks(look))


def security_groups(look: Look) -> Json:
    """Look at its security groups."""
    (found,) = _networks(look)
    same = found["SecurityGroups"] == look.balancer()["SecurityGroups"]
    return "those of the other" if same else [*found["SecurityGroups"]]


def subnets(look: Look) -> Json:
    """Look at its subnets, by zone."""
    zones = sorted(_networks(look)[0]["AvailabilityZones"], key=lambda z: str(z["ZoneName"]))
    return [zone["SubnetId"] for zone in zones]


def ports(look: Look) -> Json:
    """Look at its ports, and where they lead."""
    (found,) = _networks(look)
    listed = look.elbv2.describe_listeners(LoadBalancerArn=found["LoadBalancerArn"])["Listeners"]
    outer: list[Json] = [*sorted(each["Port"] for each in listed)]
    inner: list[Json] = [*sorted(t["Port"] for t in _behind(look, found))]
    return [outer, inner]


def attribute(key: str) -> Probe:
    """Look at one of its attributes."""

    def probe(look: Look) -> Json:
        arn = _networks(look)[0]["LoadBalancerArn"]
        listed = look.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        return tags_of(listed).get(key)

    return probe


def tag(key: str) -> Probe:
    """Look at one of its tags."""
    return lambda look: look.tags(_networks(look)[0]["LoadBalancerArn"]).get(key)


def check(field: str) -> Probe:
    """Look at how it checks the load balancer behind it."""

    def probe(look: Look) -> Json:
        found = [group.get(field) for group in _groups(look, _networks(look)[0])]
        assert all(each == found[0] for each in found)
        return found[0]

    return probe


def _health(suffix: str, field: str, value: Json, other: Json, *, default: Json) -> Row:
    """Return the row of a setting of its health checks."""
    return Row(
        key=f"{_NLB}healthcheck-{suffix}",
        value=str(value),
        other=str(other),
        probe=check(field),
        seen=(value, other, default),
        change=_CHECK,
        removal=_CHECK if other != default else (),
        beside=_ON,
    )


ROWS: tuple[Row, ...] = (
    Row(
        key=f"{NATIVE}enable-frontend-nlb",
        value="true",
        other="false",
        probe=there,
        seen=(1, 0, 0),
        change=("DeleteLoadBalancer", *("DeleteTargetGroup",) * 2, *("DeregisterTargets",) * 2),
        removal=(),
    ),
    Row(
        key=f"{_NLB}subnets",
        value="$six_a,$six_b",
        other="$public_a,$public_b",
        probe=subnets,
        seen=(["$six_a", "$six_b"], ["$public_a", "$public_b"], ["$public_a", "$public_b"]),
        change=("SetSubnets",),
        removal=(),
        beside=_ON,
    ),
    Row(
        key=f"{_NLB}security-groups",
        value="$group_a",
        other="$group_b",
        probe=security_groups,
        seen=(["$group_a"], ["$group_b"], "those of the other"),
        change=("SetSecurityGroups",),
        removal=("SetSecurityGroups",),
        beside=_ON,
    ),
    Row(
        key=f"{_NLB}listener-port-mapping",
        value="8080=80",
        other="8443=443",
        probe=ports,
        seen=([[8080], [80]], [[8443], [443]], [[80, 443], [80, 443]]),
        change=(
            "AuthorizeSecurityGroupIngress",
            "CreateListener",
            "CreateTargetGroup",
            "DeleteListener",
            "DeleteTargetGroup",
            "DeregisterTargets",
            "RegisterTargets",
            "RevokeSecurityGroupIngress",
        ),
        removal=(  # the target group of 443 stays, the other is made again
            "CreateListener",
            "CreateListener",
            "CreateTargetGroup",
            "DeleteListener",
            "RegisterTargets",
            "RevokeSecurityGroupIngress",
        ),
        beside=_ON,
    ),
    Row(
        key=f"{_NLB}attributes",
        value=f"{_CROSS}=true",
        other=f"{_CROSS}=false",
        probe=attribute(_CROSS),
        seen=("true", "false", "false"),
        change=("ModifyLoadBalancerAttributes",),
        removal=(),
        beside=_ON,
    ),
    Row(
        key=f"{_NLB}tags",
        value="team=one",
        other="team=two",
        probe=tag("team"),
        seen=("one", "two", None),
        change=("AddTags",) * 5,  # itself, two listeners, two target groups
        removal=("RemoveTags",) * 5,
        beside=_ON,
    ),
    _health("port", "HealthCheckPort", "80", "443", default="traffic-port"),
    _health("protocol", "HealthCheckProtocol", "HTTPS", "HTTP", default="HTTP"),
    _health("path", "HealthCheckPath", "/ready", "/live", default="/"),
    _health("interval-seconds", "HealthCheckIntervalSeconds", 30, 60, default=15),
    _health("timeout-seconds", "HealthCheckTimeoutSeconds", 3, 4, default=5),
    _health("healthy-threshold-count", "HealthyThresholdCount", 3, 4, default=2),
    _health("unhealthy-threshold-count", "UnhealthyThresholdCount", 3, 4, default=2),
    Row(
        key=f"{_NLB}healthcheck-success-codes",
        value="200-299",
        other="204",
        probe=check("Matcher"),
        seen=({"HttpCode": "200-299"}, {"HttpCode": "204"}, {"HttpCode": "200"}),
        change=_CHECK,
        removal=_CHECK,
        beside=_ON,
    ),
)
