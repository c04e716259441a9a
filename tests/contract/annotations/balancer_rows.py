"""Rows of the annotations that speak of a load balancer as a whole."""

from __future__ import annotations

from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.annotations import look
from tests.contract.annotations.row import HTTPS, NATIVE, Row

_OWN_GROUPS = MappingProxyType({**HTTPS, f"{NATIVE}security-groups": "$group_a"})
_IDLE = "idle_timeout.timeout_seconds"
_SIX = MappingProxyType({**HTTPS, f"{NATIVE}subnets": "$six_a,$six_b"})


def _tagged(value: str | None) -> dict[str, Json]:
    places = ("load balancer", "listener", "rule", "target group", "security group")
    found: dict[str, Json] = dict.fromkeys(places, value)
    return {**found, "security group rules": [str(value)]}


ROWS: tuple[Row, ...] = (
    Row(
        key=f"{NATIVE}load-balancer-name",
        value="edge-one",
        other="edge-two",
        probe=look.balancer("LoadBalancerName"),
        seen=("edge-one", "edge-one", "edge-one"),  # AWS cannot rename one
        change=(),
        removal=(),
    ),
    Row(
        key=f"{NATIVE}dry-run-plan",
        value="[]",
        other="{}",
        probe=look.balancer("Type"),
        seen=("application", "application", "application"),  # somebody else's note
        change=(),
        removal=(),
    ),
    Row(
        key=f"{NATIVE}tags",
        value="team=shop",
        other="team=cart",
        probe=look.user_tag("team"),
        seen=(_tagged("shop"), _tagged("cart"), _tagged(None)),
        change=("AddTags",) * 6 + ("CreateTags",) * 3,  # two listeners with a rule each
        removal=("DeleteTags",) * 3 + ("RemoveTags",) * 6,
    ),
    Row(
        key=f"{NATIVE}load-balancer-attributes",
        value=f"{_IDLE}=90",
        other=f"{_IDLE}=120",
        probe=look.balancer_attribute(_IDLE),
        seen=(["90"], ["120"], ["120"]),  # what nobody lists is left alone
        change=("ModifyLoadBalancerAttributes",),
        removal=(),
    ),
    Row(
        key=f"{NATIVE}minimum-load-balancer-capacity",
        value="CapacityUnits=200",
        other="CapacityUnits=300",
        probe=look.capacity,
        seen=(200, 300, 300),  # it carries traffic, so only a zero gives it back
        change=("ModifyCapacityReservation",),
        removal=("RemoveTags",),
    ),
    Row(
        key=f"{NATIVE}ip-address-type",
        value="dualstack",
        other="dualstack-without-public-ipv4",
        probe=look.balancer("IpAddressType"),
        seen=("dualstack", "dualstack-without-public-ipv4", "ipv4"),
        change=("SetIpAddressType",),
        removal=("RevokeSecurityGroupIngress",) * 2 + ("SetIpAddressType",),
        beside=_SIX,
    ),
    Row(
        key=f"{NATIVE}subnets",
        value="$six_b,$six_a",
        other="$public_a,$public_b",
        probe=look.subnets,
        seen=(["$six_a", "$six_b"], ["$public_a", "$public_b"], ["$public_a", "$public_b"]),
        change=("SetSubnets",),
        removal=(),  # a load balancer keeps its subnets until somebody lists others
    ),
    Row(
        key=f"{NATIVE}customer-owned-ipv4-pool",
        value="$coip_a",
        other="$coip_b",
        probe=look.balancer("CustomerOwnedIpv4Pool"),
        seen=("$coip_a", "$coip_a", "$coip_a"),  # AWS cannot change it
        change=(),
        removal=(),
    ),
    Row(
        key=f"{NATIVE}ipam-ipv4-pool-id",
        value="$ipam_a",
        other="$ipam_b",
        probe=look.ipam_pool,
        seen=("$ipam_a", "$ipam_b", None),
        change=("ModifyIpPools",),
        removal=("ModifyIpPools",),
    ),
    Row(
        key=f"{NATIVE}security-groups",
        value="$group_a",
        other="$group_b",
        probe=look.groups_in_words,
        seen=(["$group_a"], ["$group_b"], ["frontend", "backend"]),
        change=("SetSecurityGroups",),
        removal=(
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupIngress",
            "CreateSecurityGroup",
            "SetSecurityGroups",
        ),
    ),
    Row(
        key=f"{NATIVE}manage-backend-security-group-rules",
        value="true",
        other="false",
        probe=look.groups_in_words,
        seen=(["$group_a", "backend"], ["$group_a"], ["$group_a"]),
        change=("SetSecurityGroups",),
        removal=(),
        beside=_OWN_GROUPS,
    ),
    Row(
        key=f"{NATIVE}inbound-cidrs",
        value="10.0.0.0/8",
        other="10.0.0.0/8,192.168.0.0/16",
        probe=look.open_to,
        seen=(["10.0.0.0/8"], ["10.0.0.0/8", "192.168.0.0/16"], ["0.0.0.0/0"]),
        change=("AuthorizeSecurityGroupIngress",) * 2,
        removal=(*("AuthorizeSecurityGroupIngress",) * 2, *("RevokeSecurityGroupIngress",) * 2),
    ),
    Row(
        key=f"{NATIVE}security-group-prefix-lists",
        value="$prefixes_a",
        other="$prefixes_b",
        probe=look.open_to,
        seen=(["$prefixes_a"], ["$prefixes_b"], ["0.0.0.0/0"]),
        change=(*("AuthorizeSecurityGroupIngress",) * 2, *("RevokeSecurityGroupIngress",) * 2),
        removal=(*("AuthorizeSecurityGroupIngress",) * 2, *("RevokeSecurityGroupIngress",) * 2),
    ),
    Row(
        key=f"{NATIVE}wafv2-acl-arn",
        value="$acl_a",
        other="$acl_b",
        probe=look.web_acl,
        seen=("$acl_a", "$acl_b", "$acl_b"),  # whoever removes a line removes no guard
        change=("AssociateWebACL",),
        removal=("RemoveTags",),
    ),
    Row(
        key=f"{NATIVE}wafv2-acl-name",
        value="$acl_name_a",
        other="none",
        probe=look.web_acl,
        seen=("$acl_a", None, None),
        change=("DisassociateWebACL",),
        removal=("RemoveTags",),
    ),
    Row(
        key=f"{NATIVE}waf-acl-id",
        value="$classic_a",
        other="$classic_b",
        probe=look.classic_acl,
        seen=("$classic_a", "$classic_b", "$classic_b"),
        change=("AssociateWebACL",),
        removal=("RemoveTags",),
    ),
    Row(
        key=f"{NATIVE}web-acl-id",
        value="$classic_a",
        other="none",
        probe=look.classic_acl,
        seen=("$classic_a", None, None),
        change=("DisassociateWebACL",),
        removal=("RemoveTags",),
    ),
    Row(
        key=f"{NATIVE}shield-advanced-protection",
        value="true",
        other="false",
        probe=look.protected,
        seen=(True, False, False),
        change=("DeleteProtection",),
        removal=("RemoveTags",),
    ),
)
