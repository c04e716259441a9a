"""The shape of an account file: what a plan needs to know of an account, so that it needs none.

A pipeline plans with it and without credentials; ``account export`` writes it. It is YAML or JSON
with a published schema (docs/reference/account-aws.schema.json, made from the Structs below), and
whatever is wrong with a file is told by the field.

The cluster is part of it, because the choice of target mode counts nodes; and so is what we own
already (``observed``), because a plan is a difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

import msgspec
import yaml

from provisioner.model.errors import ConfigError

FORMAT_VERSION: Final = "1.0"
PROVIDER: Final = "aws"
SCHEMA_ID: Final = "https://ingress-provisioner.io/schemas/account-aws-1.0.json"
DEEPEST = 64
"""No account file nests deeper; libyaml overflows the stack on thousands of brackets."""

Json: TypeAlias = Annotated[
    object, msgspec.Meta(extra_json_schema={"description": "As the cloud API spells it."})
]
ZONE_LABEL: Final = "topology.kubernetes.io/zone"
READY: Mapping[bool | None, str] = MappingProxyType({True: "True", False: "False", None: "Unknown"})
"""What a node's Ready condition says, by how the file says it."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]


class Part(
    msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """A part of the file: camel case outside, and no field that we do not know."""


class TaintPart(Part):
    """A taint of a node."""

    key: Name
    effect: str = ""
    value: str = ""


class NodePart(Part):
    """A node of the cluster. ``ready: null`` says that nobody knows."""

    name: Name
    provider_id: str = ""
    zone: str = ""
    ready: bool | None = True
    unschedulable: bool = False
    labels: dict[str, str] = {}
    taints: tuple[TaintPart, ...] = ()
    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()


class ClusterPart(Part):
    """What is known of the cluster.

    ``nodeCount`` stands for nodes that need no names: they count in the choice of the target mode
    and are never registered anywhere.
    """

    nodes: tuple[NodePart, ...] = ()
    node_count: Count | None = None
    pods_routable: bool | None = None


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
    tags: dict[str, str] = {}


class SecurityGroupPart(Part):
    """A security group that somebody else owns."""

    id: Name
    name: str = ""
    tags: dict[str, str] = {}


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
    pod_groups: dict[str, tuple[str, ...]] = {}
    load_balancers: Count = 0
    target_groups: Count = 0
    network_load_balancers: Count = 0
    existing_names: tuple[str, ...] = ()
    web_acls: dict[str, str] = {}
    trust_stores: dict[str, str] = {}
    ssl_policies: tuple[str, ...] | None = None
    log_buckets: dict[str, str] = {}
    foreign_target_groups: dict[str, str] = {}
    shield_subscribed: bool | None = None
    protections: dict[str, str] | None = None
    unread: tuple[str, ...] = ()


class ResourcePart(Part):
    """A resource of ours. In ``spec`` another one's value is ``{"ref": "<address>.<Field>"}``."""

    kind: Name
    address: Name
    group: Name
    name: str = ""
    ingresses: tuple[str, ...] = ()
    spec: dict[str, Json] = {}
    outputs: dict[str, str] = {}
    title: str = ""
    healthy: Count | None = None
    state: str = ""
    order: int = 0


class ObservedPart(Part):
    """What we own in the account."""

    resources: tuple[ResourcePart, ...] = ()


class AccountFile(Part):
    """The whole file."""

    format_version: str
    provider: str
    cluster_name: Name
    kube_system_uid: str = ""
    ingress_uid: str = ""
    cluster: ClusterPart | None = None
    facts: FactsPart = msgspec.field(default_factory=FactsPart)
    limits: dict[str, Count] = {}
    observed: ObservedPart = msgspec.field(default_factory=ObservedPart)


def decode(text: bytes, path: str) -> AccountFile:
    """Return an account file's content.

    Args:
        text: What the file holds.
        path: What the file is called, for messages.

    Raises:
        ConfigError: It is not an account file for AWS; the message names the field.
    """
    raw = _parsed(text, path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} holds no account: expected a mapping", hint=HINT)
    version = _checked_version(raw, path)
    try:
        return msgspec.convert({**raw, "formatVersion": version}, AccountFile, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_told(str(error))}", hint=HINT) from error


def encode(file: AccountFile) -> str:
    """Return the file as YAML, what is as by default left out, in the order of the schema."""
    return yaml.dump(
        msgspec.to_builtins(file),
        Dumper=yaml.CSafeDumper,
        sort_keys=False,
        default_flow_style=False,
        width=100,
    )


def schema() -> str:
    """Return the published JSON Schema of account files."""
    made = msgspec.json.schema(AccountFile)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return json.dumps({**head, **made}, indent=2, sort_keys=True) + "\n"


HINT = "'provisioner account export' writes such a file; its schema is docs/reference/account-aws"


class _Loader(yaml.CSafeLoader):
    """YAML whose timestamps stay text, as every field that may hold one expects."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _parsed(text: bytes, path: str) -> object:
    try:
        if text.lstrip()[:1] == b"{":
            return msgspec.json.decode(text)
        _check_depth(text, path)
        parsed: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except (yaml.YAMLError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise ConfigError(f"{path} is neither YAML nor JSON: {told}", hint=HINT) from error
    return parsed


def _check_depth(text: bytes, path: str) -> None:
    """Refuse nesting that would overflow the loader's stack, and aliases, which can explode."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{path} uses YAML aliases, which account files do not need")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise ConfigError(f"{path} nests deeper than {DEEPEST} levels")


def _checked_version(raw: Mapping[object, object], path: str) -> str:
    """Return the format version; files of another format or cloud are refused as such."""
    version = raw.get("formatVersion")
    if version is None:
        raise ConfigError(f"{path}: formatVersion is missing", hint=HINT)
    if str(version).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ConfigError(
            f"{path}: formatVersion {version} is not one that this version reads",
            hint=f'it reads formatVersion "{FORMAT_VERSION}"',
        )
    provider = raw.get("provider", "")
    if provider != PROVIDER:
        raise ConfigError(
            f"{path}: provider is {provider!r}, expected {PROVIDER!r}",
            hint="use --provider, or the account file of an AWS account",
        )
    return str(version)  # YAML reads an unquoted 1.0 as a number


def _told(sentence: str) -> str:
    """Return msgspec's sentence with the field first: ``facts.vpc: Expected ...``."""
    said, at, place = sentence.partition(" - at `$")
    field = place.removesuffix("`").removeprefix(".").replace("[...]", "[*]")
    return f"{field}: {said}" if at and field else said
