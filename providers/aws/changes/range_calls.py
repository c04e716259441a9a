"""Calls about security group rules: a set of ranges per resource, opened before closed.

A range is told by what it allows; its description is only words. One that merely got another
description is reworded, because AWS would refuse to authorise it a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from providers.aws.addresses import Kind
from providers.aws.changes.call_parts import (
    call_to,
    ec2_tags,
    entries,
    tag_difference,
    tag_specifications,
)
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import PlainInput, Value, canonical, freeze

_RANGE_LISTS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")


def security_group_rule(change: Change) -> Iterator[Call]:
    """Yield the calls for a set of ranges: open first, close afterwards."""
    spec = change.desired.spec if change.desired is not None else {}
    old = change.observed.spec if change.observed is not None else {}
    group: dict[str, PlainInput] = {"GroupId": spec.get("GroupId", old.get("GroupId"))}
    kind = Kind.SECURITY_GROUP_RULE
    before = _ranges(old.get("IpPermissions"))
    after = _ranges(spec.get("IpPermissions"))
    added = [entry for key, entry in after.items() if key not in before]
    removed = [entry for key, entry in before.items() if key not in after]
    reworded = [e for key, e in after.items() if key in before and _differs(e, before[key])]
    if added:
        tags = tag_specifications("security-group-rule", spec.get("Tags"))
        parameters = {**group, "IpPermissions": _permissions(added), **tags}
        yield call_to(change.address, kind, "AuthorizeSecurityGroupIngress", parameters)
    if reworded:
        parameters = {**group, "IpPermissions": _permissions(reworded)}
        yield call_to(
            change.address, kind, "UpdateSecurityGroupRuleDescriptionsIngress", parameters
        )
    if removed:
        parameters = {**group, "IpPermissions": _permissions(removed)}
        yield call_to(change.address, kind, "RevokeSecurityGroupIngress", parameters)
    if change.action is Action.UPDATE and len(removed) < len(before):
        yield from _rule_tags(change)


def _rule_tags(change: Change) -> Iterator[Call]:
    """Yield tag calls for the rules that stay; their ids are one output, joined by commas."""
    outputs = change.observed.outputs if change.observed is not None else {}
    ids = sorted(filter(None, outputs.get("SecurityGroupRuleIds", "").split(",")))
    if ids:
        yield from ec2_tags(change.address, ids, *tag_difference(change))


_Range = tuple[Mapping[str, Value], str, Mapping[str, Value]]
"""A permission without its ranges, the list a range stands in, and the range."""


def _ranges(permissions: Value) -> dict[str, _Range]:
    """Return every range by what it allows; descriptions are words, not meaning."""
    found: dict[str, _Range] = {}
    for permission in entries(permissions):
        if not isinstance(permission, Mapping):
            continue
        base = {k: v for k, v in permission.items() if k not in _RANGE_LISTS}
        for name in _RANGE_LISTS:
            for entry in entries(permission.get(name)):
                if isinstance(entry, Mapping):
                    bare = {k: v for k, v in entry.items() if k != "Description"}
                    found[canonical(freeze([base, name, bare]))] = (base, name, entry)
    return found


def _differs(one: _Range, other: _Range) -> bool:
    return one[2].get("Description") != other[2].get("Description")


def _permissions(ranges: Iterable[_Range]) -> list[PlainInput]:
    """Return ranges as permissions, those of one protocol and port together."""
    grouped: dict[str, dict[str, list[PlainInput]]] = {}
    bases: dict[str, Mapping[str, Value]] = {}
    for base, name, entry in ranges:
        key = canonical(freeze(base))
        bases[key] = base
        grouped.setdefault(key, {}).setdefault(name, []).append(entry)
    return [{**bases[key], **lists} for key, lists in grouped.items()]
