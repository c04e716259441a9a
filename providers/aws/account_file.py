"""The shape of an account file: what a plan needs to know of an account, so that it needs none.

A pipeline plans with it and without credentials; ``account export`` writes it. It is YAML or JSON
with a published schema (docs/reference/account-aws.schema.json, made from the Structs below), and
whatever is wrong with a file is told by the field.

The cluster is part of it, because the choice of target mode counts nodes; and so is what we own
already (``observed``), because a plan is a difference.
"""

from __future__ import annotations

from typing import Final

import msgspec

from providers.shell import account_parts
from providers.shell.account_parts import Count, Name, Part, decoded, hint_for, schema_of

PROVIDER: Final = "aws"
SCHEMA_ID: Final = "https://ingress-provisioner.io/schemas/account-aws-1.0.json"
HINT: Final = hint_for(PROVIDER)


class VpcPart(Part):
    """The VPC."""

    id: Name
    cidrs: tuple[str, ...]
    ipv6_cidrs: tuple[str, ...] = ()


class SubnetPart(Part):
    """A subnet of the VPC."""

    id: Name
    zone: Name
    cidr: str = ""
    free_addresses: Count = 251  # a /24 less the five addresses that AWS keeps
    public: bool = False
    ipv6: bool = False
    zone_type: str = "availability-zone"
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class SecurityGroupPart(Part):
    """A security group that somebody else owns."""

    id: Name
    name: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class CertificatePart(Part):
    """An ACM certificate."""

    arn: Name
    domains: tuple[str, ...]
    status: str = "ISSUED"
    not_after: str = ""
    key_algorithm: str = ""
    in_use: bool = False


class InstancePart(Part):
    """An EC2 instance that backs a node."""

    id: Name
    zone: str = ""
    security_groups: tuple[str, ...] = ()
    vpc_id: str = ""


class FactsPart(Part):
    """What the account says.

    ``webAcls``, ``trustStores``, ``logBuckets`` and ``foreignTargetGroups`` answer a name or ARN
    that annotations use with an ARN (a bucket with its Region), and with "" where there is none of
    that name; what is not listed is not known. ``sslPolicies``, if it is there, lists every policy
    of the Region. ``unread`` says what the exporting credentials were not allowed to read.
    """

    observed_at: str = ""
    account_id: str = ""
    region: str = ""
    partition: str = "aws"
    vpc: VpcPart | None = None
    subnets: tuple[SubnetPart, ...] = ()
    security_groups: tuple[SecurityGroupPart, ...] = ()
    certificates: tuple[CertificatePart, ...] = ()
    instances: tuple[InstancePart, ...] = ()
    pod_groups: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    load_balancers: Count = 0
    target_groups: Count = 0
    network_load_balancers: Count = 0
    existing_names: tuple[str, ...] = ()
    web_acls: dict[str, str] = msgspec.field(default_factory=dict)
    trust_stores: dict[str, str] = msgspec.field(default_factory=dict)
    ssl_policies: tuple[str, ...] | None = None
    log_buckets: dict[str, str] = msgspec.field(default_factory=dict)
    foreign_target_groups: dict[str, str] = msgspec.field(default_factory=dict)
    shield_subscribed: bool | None = None
    protections: dict[str, str] | None = None
    unread: tuple[str, ...] = ()


class AccountFile(account_parts.AccountFile):
    """The whole file."""

    facts: FactsPart = msgspec.field(default_factory=FactsPart)


def decode(text: bytes, path: str) -> AccountFile:
    """Return an account file's content.

    Args:
        text: What the file holds.
        path: What the file is called, for messages.

    Raises:
        ConfigError: It is not an account file for AWS; the message names the field.
    """
    return decoded(text, path, AccountFile, provider=PROVIDER, title="an AWS account")


def schema() -> str:
    """Return the published JSON Schema of account files."""
    return schema_of(AccountFile, SCHEMA_ID)
