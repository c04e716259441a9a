"""What an AWS account says: the nouns that expressing an Intent needs besides the Intent.

``Wanted`` is the question, computed purely from the Intent; ``Facts`` is the answer, read from the
live account (``facts.py``) or from an account file (``wire.py``). Which certificates or network
interfaces to look up depends on the Ingresses, hence the two halves.

Ids are AWS's own (``subnet-0a...``); tags are plain mappings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from provisioner.model.kube import NO_STRINGS


class Source(StrEnum):
    """What may be refused to us without stopping a plan, and what IAM calls reading it.

    The values are those of ``Facts.unread``.
    """

    WEB_ACLS = "web ACLs (wafv2:ListWebACLs)"
    TRUST_STORES = "trust stores (elasticloadbalancing:DescribeTrustStores)"
    SSL_POLICIES = "security policies (elasticloadbalancing:DescribeSSLPolicies)"
    LOG_BUCKETS = "log buckets (s3:ListBucket)"
    SUBSCRIPTION = "the Shield subscription (shield:GetSubscriptionState)"
    PROTECTIONS = "Shield protections (shield:ListProtections)"
    OWN_CERTIFICATES = (
        "certificates of ours (tag:GetResources, acm:DescribeCertificate and acm:GetCertificate)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which facts are needed. Everything is sorted, so equal intents ask equal questions.

    Attributes:
        subnets: Subnet ids or Name tag values that annotations list.
        security_groups: Security group ids or Name tag values that annotations list.
        certificate_hosts: Hosts to find ACM certificates for; empty: no listing of ACM at all.
        certificate_arns: Certificates named explicitly, to check that they exist and are valid.
        instances: EC2 instance ids of the nodes that may be targets or sources of security groups.
        pod_ips: Pod addresses whose network interface decides which security group to open.
        node_of_pod: Pod address -> instance id of its node, the fallback for the line above.
        vpc_id: The VPC if a setting names it.
        web_acls: Names or ARNs of web ACLs that annotations list.
        trust_stores: Names or ARNs of trust stores that annotations list.
        ssl_policies: Security policies that annotations list, to check that they exist.
        log_buckets: S3 buckets that access logs are to go to, to check that they exist.
        target_groups: Names or ARNs of target groups of others that actions forward to.
        shield: Whether anybody asks for Shield Advanced.
        guards: Settings that cost a call for each load balancer to look at, and that some Ingress
            states (``managed.Managed``). Only a comparison asks: ours are marked.
    """

    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    certificate_hosts: tuple[str, ...] = ()
    certificate_arns: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    pod_ips: tuple[str, ...] = ()
    node_of_pod: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    vpc_id: str = ""
    web_acls: tuple[str, ...] = ()
    trust_stores: tuple[str, ...] = ()
    ssl_policies: tuple[str, ...] = ()
    log_buckets: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    shield: bool = False
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """The VPC the cluster lives in, with every CIDR block associated with it."""

    id: str
    cidrs: tuple[str, ...]
    ipv6_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet. ``public`` says that its route table leads 0.0.0.0/0 to an internet gateway."""

    id: str
    zone: str
    cidr: str
    free_addresses: int
    public: bool
    ipv6: bool = False
    zone_type: str = "availability-zone"
    tags: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group that somebody else owns."""

    id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An ACM certificate. ``not_after`` is RFC 3339 in UTC; "" where ACM does not say."""

    arn: str
    domains: tuple[str, ...]
    status: str = "ISSUED"
    not_after: str = ""
    key_algorithm: str = ""
    in_use: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An EC2 instance that backs a node: its zone and the groups of its primary interface."""

    id: str
    zone: str
    security_groups: tuple[str, ...]
    vpc_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The answer to a ``Wanted``.

    Attributes:
        observed_at: When these were read, RFC 3339 in UTC: all that the core knows of time.
        vpc: None where no VPC could be told; ``vpc_problem`` then says why, with the candidates.
        subnets: Every subnet of the VPC, by id.
        security_groups: Those wanted, plus every group that a node or pod interface carries, by id.
        certificates: Issued certificates of this region (only if asked), by ARN order.
        instances: By instance id; one that was not found is absent.
        pod_groups: Pod address -> security groups of its interface; absent where unknown.
        load_balancers / target_groups: How many exist in the account that are not ours;
            ``network_load_balancers`` likewise.
        existing_names: Names of load balancers that are not ours, to refuse a collision.
        web_acls: Name or ARN as asked for -> ARN; "" where the account has none of that name.
        trust_stores: Name or ARN as asked for -> ARN; "" likewise.
        ssl_policies: Every security policy for load balancers, where somebody names one.
        log_buckets: Bucket -> its Region; "" where it does not exist or is not ours to see.
        foreign_target_groups: Name or ARN as asked for -> ARN; "" likewise.
        shield_subscribed: Whether the account has Shield Advanced.
        protections: ARN of a protected resource -> id of its Shield protection; None: not read.
        unread: What could not be read (access denied), in the words of ``Source``: what is named
            there is unknown and is neither confirmed nor denied.

        Of the seven above, an absent key (or None) means that nobody could tell.
    """

    observed_at: str = ""
    account_id: str = ""
    region: str = ""
    partition: str = "aws"
    vpc: Vpc | None = None
    vpc_problem: str = ""
    subnets: tuple[Subnet, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    instances: Mapping[str, Instance] = field(default_factory=lambda: MappingProxyType({}))
    pod_groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    load_balancers: int = 0
    target_groups: int = 0
    network_load_balancers: int = 0
    existing_names: frozenset[str] = frozenset()
    web_acls: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    trust_stores: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    ssl_policies: frozenset[str] | None = None
    log_buckets: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    foreign_target_groups: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    shield_subscribed: bool | None = None
    protections: Mapping[str, str] | None = None
    unread: tuple[str, ...] = ()
