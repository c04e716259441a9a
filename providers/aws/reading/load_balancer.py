"""Annotations that speak of the load balancer as a whole: what it is, where, and who guards it."""

from __future__ import annotations

from providers.aws import settings as aws
from providers.aws.reading import attributes, words
from providers.aws.reading.rows import on_backend, on_ingress
from provisioner.core import annotations as settings
from provisioner.core.values import (
    boolean,
    choice,
    cidrs,
    group_name,
    integer,
    required_text,
    strings,
)
from provisioner.model.annotation import Annotation, Merge
from provisioner.model.intent import Scheme

SCHEMES = {"internal": Scheme.INTERNAL, "internet-facing": Scheme.EXTERNAL}
ADDRESS_TYPES = ("ipv4", "dualstack", "dualstack-without-public-ipv4")

_WHAT_IT_IS = (
    on_ingress(
        "load-balancer-name",
        settings.LOAD_BALANCER_NAME,
        words.load_balancer_name,
        Merge.EXCLUSIVE,
        kind="string, up to 32 characters",
        summary="Name of the load balancer; matters when it is created, AWS cannot rename one.",
        default="ipr-<namespace>-<name>-<hash>",
    ),
    on_ingress(
        "group.name",
        settings.GROUP,
        group_name,
        Merge.OWN,
        kind="string",
        summary="Shares one load balancer with every Ingress that names the same group.",
        default="a load balancer of its own",
    ),
    on_ingress(
        "group.order",
        settings.GROUP_ORDER,
        integer(-1000, 1000),
        Merge.OWN,
        kind="number, -1000 to 1000",
        summary="Place among the members of a group; lower comes first, then age.",
        default="0",
    ),
    on_backend(
        "tags",
        settings.TAGS,
        words.tags,
        merge=Merge.UNION,
        kind="string map",
        summary="Tags on everything that is made for this Ingress or Service.",
    ),
    on_ingress(
        "scheme",
        settings.SCHEME,
        choice(SCHEMES),
        Merge.EXCLUSIVE,
        kind="internal | internet-facing",
        summary="Who can reach the load balancer.",
        default="internal",
    ),
    on_ingress(
        "load-balancer-attributes",
        settings.LOAD_BALANCER_ATTRIBUTES,
        attributes.attributes(attributes.LOAD_BALANCER),
        Merge.UNION,
        kind="string map",
        summary="Attributes of the load balancer; those not listed are left alone.",
    ),
    on_ingress(
        "minimum-load-balancer-capacity",
        aws.MINIMUM_CAPACITY,
        words.capacity,
        Merge.EXCLUSIVE,
        kind="CapacityUnits=number",
        summary="Capacity that is reserved, in load balancer capacity units; 0 gives it back.",
        default="what is reserved is left alone",
    ),
)

_ADDRESSES = (
    on_ingress(
        "ip-address-type",
        settings.IP_ADDRESS_TYPE,
        choice({word: word for word in ADDRESS_TYPES}),
        Merge.EXCLUSIVE,
        kind=" | ".join(ADDRESS_TYPES),
        summary="Which addresses clients can use.",
        default="ipv4",
    ),
    on_ingress(
        "subnets",
        settings.SUBNETS,
        strings,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Ids or Name tags of the subnets, one per zone.",
        default="found by role tags",
    ),
    on_ingress(
        "customer-owned-ipv4-pool",
        aws.CUSTOMER_OWNED_POOL,
        required_text,
        Merge.EXCLUSIVE,
        kind="string",
        summary="Pool of customer-owned addresses on an Outpost; it cannot be changed later.",
    ),
    on_ingress(
        "ipam-ipv4-pool-id",
        aws.IPAM_POOL,
        words.optional_text,
        Merge.EXCLUSIVE,
        kind="string",
        summary="IPAM pool that public addresses are taken from; an empty value says nothing.",
    ),
)

_GUARDS = (
    on_ingress(
        "security-groups",
        settings.SECURITY_GROUPS,
        strings,
        Merge.EXCLUSIVE,
        kind="string list",
        summary="Ids or Name tags of security groups to use instead of a managed one.",
        default="a managed one",
    ),
    on_ingress(
        "manage-backend-security-group-rules",
        settings.MANAGE_BACKEND_SECURITY_GROUP_RULES,
        boolean,
        Merge.EXCLUSIVE,
        kind="boolean",
        summary="With security-groups: add the shared backend group and open nodes and pods to it.",
        default="false",
    ),
    on_ingress(
        "inbound-cidrs",
        settings.INBOUND_CIDRS,
        cidrs,
        Merge.PER_PORT,
        kind="string list",
        summary="Who the managed security group lets in.",
        default="0.0.0.0/0, and ::/0 on dualstack",
    ),
    on_ingress(
        "security-group-prefix-lists",
        settings.PREFIX_LISTS,
        words.prefix_lists,
        Merge.PER_PORT,
        kind="string list",
        summary="Prefix lists that the managed security group lets in.",
        default="none; where given without inbound-cidrs, nobody else is let in",
    ),
    on_ingress(
        "wafv2-acl-arn",
        aws.WEB_ACL_ARN,
        words.web_acl_arn,
        Merge.EXCLUSIVE,
        kind="ARN | none",
        summary="Web ACL in front of the load balancer; none takes it away.",
        default="what is associated is left alone",
    ),
    on_ingress(
        "wafv2-acl-name",
        aws.WEB_ACL_NAME,
        words.web_acl,
        Merge.EXCLUSIVE,
        kind="name | none",
        summary="The same by name; a name outranks every ARN of the group.",
        default="what is associated is left alone",
    ),
    on_ingress(
        "waf-acl-id",
        aws.CLASSIC_WEB_ACL,
        words.web_acl,
        Merge.EXCLUSIVE,
        kind="id | none",
        summary="Web ACL of WAF Classic; none takes it away.",
        default="what is associated is left alone",
    ),
    on_ingress(
        "web-acl-id",
        aws.CLASSIC_WEB_ACL,
        words.web_acl,
        Merge.EXCLUSIVE,
        kind="id | none",
        summary="Older spelling of waf-acl-id, read only where that is absent.",
        default="what is associated is left alone",
        alias=True,
    ),
    on_ingress(
        "shield-advanced-protection",
        aws.SHIELD,
        boolean,
        Merge.EXCLUSIVE,
        kind="boolean",
        summary="Shield Advanced protection; needs the account's subscription.",
        default="what is protected is left alone",
    ),
)

ROWS: tuple[Annotation[object], ...] = (*_WHAT_IT_IS, *_ADDRESSES, *_GUARDS)
"""The annotations of this level, in the order of the reference page."""
