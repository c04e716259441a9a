"""The parts that account files of all clouds share: the cluster, what is ours, and how to decode.

A pipeline plans with an account file and without credentials. It is YAML or JSON with a published
schema, and whatever is wrong with one is told by the field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
import yaml

from provisioner.model.errors import ConfigError

FORMAT_VERSION: Final = "1.0"
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
    """The whole file, whose facts each cloud has its own of."""

    format_version: str
    provider: str
    cluster_name: Name
    kube_system_uid: str = ""
    ingress_uid: str = ""
    cluster: ClusterPart | None = None
    facts: Part = msgspec.field(default_factory=Part)
    limits: dict[str, Count] = msgspec.field(default_factory=dict)
    observed: ObservedPart = msgspec.field(default_factory=ObservedPart)


F = TypeVar("F", bound=AccountFile)


def decoded(text: bytes, path: str, into: type[F], *, provider: str, title: str) -> F:
    """Return an account file's content.

    Args:
        text: What the file holds.
        path: What the file is called, for messages.
        into: The Struct of the whole file.
        provider: The name of the cloud that it must be for.
        title: What a person calls such an account ("an AWS account").

    Raises:
        ConfigError: It is not an account file for this cloud; the message names the field.
    """
    hint = hint_for(provider)
    raw = _parsed(text, path, hint)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} holds no account: expected a mapping", hint=hint)
    version = _checked_version(raw, path, provider=provider, title=title)
    try:
        return msgspec.convert({**raw, "formatVersion": version}, into, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_told(str(error))}", hint=hint) from error


def encoded(file: AccountFile) -> str:
    """Return the file as YAML, what is as by default left out, in the order of the schema."""
    return yaml.dump(
        msgspec.to_builtins(file),
        Dumper=yaml.CSafeDumper,
        sort_keys=False,
        default_flow_style=False,
        width=100,
    )


def schema_of(file: type[AccountFile], schema_id: str) -> str:
    """Return the published JSON Schema of account files."""
    made = msgspec.json.schema(file)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schema_id}
    return json.dumps({**head, **made}, indent=2, sort_keys=True) + "\n"


def hint_for(provider: str) -> str:
    """Return where people find out what an account file looks like."""
    page = f"docs/reference/account-{provider}"
    return f"'provisioner account export' writes such a file; its schema is {page}"


class _Loader(yaml.CSafeLoader):
    """YAML whose timestamps stay text, as every field that may hold one expects."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _parsed(text: bytes, path: str, hint: str) -> object:
    try:
        if text.lstrip()[:1] == b"{":
            return msgspec.json.decode(text)
        _check_depth(text, path)
        parsed: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except (yaml.YAMLError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise ConfigError(f"{path} is neither YAML nor JSON: {told}", hint=hint) from error
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


def _checked_version(raw: Mapping[object, object], path: str, *, provider: str, title: str) -> str:
    """Return the format version; files of another format or cloud are refused as such."""
    version = raw.get("formatVersion")
    if version is None:
        raise ConfigError(f"{path}: formatVersion is missing", hint=hint_for(provider))
    if str(version).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ConfigError(
            f"{path}: formatVersion {version} is not one that this version reads",
            hint=f'it reads formatVersion "{FORMAT_VERSION}"',
        )
    found = raw.get("provider", "")
    if found != provider:
        raise ConfigError(
            f"{path}: provider is {found!r}, expected {provider!r}",
            hint=f"use --provider, or the account file of {title}",
        )
    return str(version)  # YAML reads an unquoted 1.0 as a number


def _told(sentence: str) -> str:
    """Return msgspec's sentence with the field first: ``facts.vpc: Expected ...``."""
    said, at, place = sentence.partition(" - at `$")
    field = place.removesuffix("`").removeprefix(".").replace("[...]", "[*]")
    return f"{field}: {said}" if at and field else said
