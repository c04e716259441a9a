"""Security group rules as EC2 treats them.

A rule is its protocol, ports and peer; the description is no part of its identity, so it need
not be repeated to revoke the rule. A request with many permissions is carried out as a whole or
not at all. moto gets all three wrong, hence these rules of our own, which it stores and lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

Key = tuple[object, ...]
Permission = Mapping[str, object]
PEERS = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("UserIdGroupPairs", "GroupId"),
    ("PrefixListIds", "PrefixListId"),
)


class StatedRule(SecurityGroupRule):
    """A rule that keeps the description of every kind of peer."""

    stated_description: str | None = None
    created = 0.0

    @property
    def description(self) -> str | None:
        """The description, wherever the rule's peer is."""
        changed = self.ip_range.get("Description")
        return changed if changed is not None else self.stated_description


def rules_of(group: SecurityGroup, *, egress: bool) -> list[SecurityGroupRule]:
    """The rules of one direction, as moto keeps them."""
    return group.egress_rules if egress else group.ingress_rules


def key_of(rule: SecurityGroupRule) -> Key:
    """What makes a rule the same rule."""
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


def permissions_in(params: Mapping[str, object]) -> list[Permission]:
    """The permissions of a request, the short single-rule form included."""
    given = params.get("IpPermissions")
    if isinstance(given, list) and given:
        return given
    if "IpProtocol" not in params:
        return []
    ports = {key: params[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in params}
    return [{**ports, "IpRanges": [{"CidrIp": params.get("CidrIp")}]}]


def stated_rules(
    backend: EC2Backend,
    group: SecurityGroup,
    permissions: Sequence[Permission],
    *,
    egress: bool,
    tags: dict[str, str],
) -> list[StatedRule]:
    """One rule for every peer of every permission."""
    return [
        _rule(backend, group, permission, list_name, dict(peer), egress=egress, tags=tags)
        for permission in permissions
        for list_name, peer in _peers(permission)
    ]


def check_new_rules(group: SecurityGroup, rules: Sequence[StatedRule], *, most: int) -> None:
    """Refuse rules that exist already, are given twice, or are too many."""
    egress = bool(rules) and rules[0].is_egress
    existing = rules_of(group, egress=egress)
    keys = [key_of(rule) for rule in rules]
    if len(set(keys)) < len(keys):
        raise EC2ClientError(
            "InvalidParameterValue", "The same permission must not appear multiple times"
        )
    if set(keys) & {key_of(rule) for rule in existing}:
        raise EC2ClientError("InvalidPermission.Duplicate", "the specified rule already exists")
    if len(existing) + len(rules) > most:
        raise EC2ClientError(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )


def matching_rules(
    group: SecurityGroup, wanted: Sequence[SecurityGroupRule], *, egress: bool
) -> list[SecurityGroupRule]:
    """The group's rules that are meant, or a refusal if one of them is missing."""
    by_key = {key_of(rule): rule for rule in rules_of(group, egress=egress)}
    keys = [key_of(rule) for rule in wanted]
    if any(key not in by_key for key in keys):
        raise EC2ClientError(
            "InvalidPermission.NotFound",
            "The specified rule does not exist in this security group.",
        )
    return [by_key[key] for key in keys]


def rules_by_id(
    group: SecurityGroup, rule_ids: Sequence[str], *, egress: bool
) -> list[SecurityGroupRule]:
    """The group's rules with these ids, or a refusal if one of them is missing."""
    by_id = {rule.id: rule for rule in rules_of(group, egress=egress)}
    for rule_id in rule_ids:
        if rule_id not in by_id:
            raise EC2ClientError(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{rule_id}' does not exist",
            )
    return [by_id[rule_id] for rule_id in rule_ids]


def describe_again(rule: SecurityGroupRule, description: str | None) -> None:
    """Change the description of a rule."""
    for peer in (rule.ip_range, rule.source_group):
        if peer:
            peer["Description"] = description or ""
    if isinstance(rule, StatedRule):
        rule.stated_description = description


def _peers(permission: Permission) -> Iterator[tuple[str, Mapping[str, str]]]:
    for list_name, _ in PEERS:
        peers = permission.get(list_name)
        if isinstance(peers, list):
            yield from ((list_name, peer) for peer in peers)


def _rule(
    backend: EC2Backend,
    group: SecurityGroup,
    permission: Permission,
    list_name: str,
    peer: dict[str, str],
    *,
    egress: bool,
    tags: dict[str, str],
) -> StatedRule:
    is_range = list_name in ("IpRanges", "Ipv6Ranges")
    if list_name == "UserIdGroupPairs":
        _complete_pair(backend, peer)
    rule = StatedRule(
        backend,
        str(permission.get("IpProtocol")),
        group.id,
        from_port=_port(permission, "FromPort"),
        to_port=_port(permission, "ToPort"),
        ip_range=peer if is_range else None,
        source_group=peer if list_name == "UserIdGroupPairs" else None,
        prefix_list_id=peer if list_name == "PrefixListIds" else None,
        is_egress=egress,
        tags=tags,
    )
    rule.stated_description = peer.get("Description")
    return rule


def _port(permission: Permission, name: str) -> str | None:
    port = permission.get(name)
    return None if port is None else str(port)


def _complete_pair(backend: EC2Backend, peer: dict[str, str]) -> None:
    group_id = peer.get("GroupId", "")
    if backend.get_security_group_from_id(group_id) is None:
        raise EC2ClientError(
            "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
        )
    peer.setdefault("UserId", backend.account_id)
