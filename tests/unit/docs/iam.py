"""A reader of IAM policies: whether a policy allows a call, by the rules that AWS documents.

Only what our policies use is understood (Allow; StringEquals, StringLike and
ForAllValues:StringNotEquals); anything else fails loudly. Which resources a call is checked
against follows the "Service Authorization Reference"; AWS itself was not asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from tests.unit.docs.places import EXAMPLES

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "acm": "acm",
        "ec2": "ec2",
        "elbv2": "elasticloadbalancing",
        "resourcegroupstaggingapi": "tag",
        "s3": "s3",
        "service-quotas": "servicequotas",
        "shield": "shield",
        "waf-regional": "waf-regional",
        "wafv2": "wafv2",
    }
)
"""How IAM names the services of boto3."""

RENAMED: Mapping[str, str] = MappingProxyType({"s3:HeadBucket": "s3:ListBucket"})
"""Operations that IAM has another name for."""


def action_of(service: str, operation: str) -> str:
    """Return what IAM calls an operation."""
    action = f"{PREFIXES[service]}:{operation}"
    return RENAMED.get(action, action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A resource that a call touches; a new one has no tags yet."""

    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question to IAM: may this be done to that?"""

    action: str
    thing: Thing
    tags: Mapping[str, str] = field(default_factory=dict)
    tag_keys: tuple[str, ...] = ()
    create_action: str = ""

    def value(self, key: str) -> str | None:
        """Return what a condition key holds, None where the request has none."""
        name, _, tag = key.partition("/")
        match name:
            case "aws:ResourceTag":
                return self.thing.tags.get(tag)
            case "aws:RequestTag":
                return self.tags.get(tag)
            case "ec2:CreateAction" | "elasticloadbalancing:CreateAction":
                return self.create_action or None
            case _:
                raise AssertionError(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a policy."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def allows(self, ask: Ask) -> bool:
        """Tell whether this statement is enough."""
        return (
            ask.action in self.actions
            and any(fnmatchcase(ask.thing.arn, pattern) for pattern in self.resources)
            and all(
                _holds(operator, key, values, ask)
                for operator, keys in self.conditions.items()
                for key, values in keys.items()
            )
        )


def statements(name: str, *, cluster: str) -> tuple[Statement, ...]:
    """Return the statements of a policy of docs/examples, for a cluster of this name."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    return tuple(_statements(json.loads(text.replace("CLUSTER_NAME", cluster))))


def actions(name: str) -> frozenset[str]:
    """Return everything that a policy of docs/examples names."""
    return frozenset(a for each in statements(name, cluster="prod") for a in each.actions)


def size(path: Path, *, cluster: str) -> int:
    """Return how many characters of a policy AWS counts: all but white space."""
    text = path.read_text(encoding="utf-8").replace("CLUSTER_NAME", cluster)
    return len("".join(text.split()))


def _statements(document: Mapping[str, object]) -> Iterator[Statement]:
    assert document["Version"] == "2012-10-17"
    found = document["Statement"]
    assert isinstance(found, list)
    for each in found:
        assert set(each) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert each["Effect"] == "Allow"
        yield Statement(
            sid=each["Sid"],
            actions=_texts(each["Action"]),
            resources=_texts(each["Resource"]),
            conditions={
                operator: {key: _texts(values) for key, values in keys.items()}
                for operator, keys in each.get("Condition", {}).items()
            },
        )


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _holds(operator: str, key: str, values: tuple[str, ...], ask: Ask) -> bool:
    if operator == "ForAllValues:StringNotEquals":
        assert key == "aws:TagKeys"
        return not set(ask.tag_keys) & set(values)
    said = ask.value(key)
    match operator:
        case "StringEquals":
            return said in values
        case "StringLike":
            return said is not None and any(fnmatchcase(said, value) for value in values)
        case _:
            raise AssertionError(operator)
