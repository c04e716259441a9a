"""Who may reach the load balancer: its security groups and what they let in.

Unless someone lists groups of their own, a load balancer gets a *frontend* group, managed by us,
which lets clients in on the listeners' ports and nowhere else. Beside it stands the *backend*
group, one for the whole cluster: nodes and pods let that one group in (``shared.py``), so a new
load balancer needs no new rule on them. Groups that someone lists are used as they are; the
backend group joins them only when ``manage-backend-security-group-rules`` asks for it.

AWS keeps no order of a load balancer's groups. They are spelled frontend or listed first, backend
last; where the load balancer already has just these, in the order in which it was seen to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace

from providers.aws import addresses, labels, marks
from providers.aws.account import SecurityGroup
from providers.aws.addresses import Kind
from providers.aws.desired import retain
from providers.aws.desired.context import Context, native_field
from provisioner.core.annotations import (
    INBOUND_CIDRS,
    MANAGE_BACKEND_SECURITY_GROUP_RULES,
    PREFIX_LISTS,
    SECURITY_GROUPS,
)
from provisioner.core.keeping import as_resource
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Compatibility, ListenerIntent
from provisioner.model.resource import (
    PlainInput,
    Ref,
    Resource,
    Unknown,
    Value,
    canonical,
    freeze_spec,
    references,
)

ANYONE = ("0.0.0.0/0", "::/0")
_IPV6 = 6
_UNKNOWN = Unknown("depends on the security groups of the account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The security groups of a load balancer; ``groups`` is None where they cannot be told."""

    groups: Value
    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def backend_group(compatibility: Compatibility = Compatibility.KUBERNETES) -> Ref:
    """Return the shared backend security group's id: ours, or that of the incumbent's kind.

    They are two groups, and both may exist: a load balancer carries the one of its own kind.
    """
    if compatibility is Compatibility.INCUMBENT:
        return Ref(addresses.incumbent_backend_security_group(), "GroupId")
    return Ref(addresses.backend_security_group(), "GroupId")


def backend_kind(groups: Value) -> Compatibility | None:
    """Return which shared backend group is among a load balancer's groups, None for neither."""
    present = set(references(groups))
    return next((kind for kind in Compatibility if backend_group(kind) in present), None)


def uses_backend_group(groups: Value) -> bool:
    """Tell whether a shared backend group is among a load balancer's groups."""
    return backend_kind(groups) is not None


def network(context: Context, listeners: Sequence[ListenerIntent]) -> Network:
    """Return the security groups of a load balancer with these listeners."""
    existing = context.existing
    present = existing.spec.get("SecurityGroups") if existing is not None else None
    if context.intent.security_groups:
        listed = _listed(context)
        unused = _unused_clients(context, listeners)
        listed = replace(listed, diagnostics=(*listed.diagnostics, *unused))
        if listed.groups is not None or present is None:
            return listed
        return Network(groups=present, resources=_as_it_is(context), diagnostics=listed.diagnostics)
    if present is not None and context.holding and not _is_managed(context, present):
        return Network(groups=present, resources=_as_it_is(context))
    return _managed(context, listeners)


def _is_managed(context: Context, groups: Value) -> bool:
    frontend = addresses.frontend_security_group(context.group)
    return any(ref.address == frontend for ref in references(groups))


def _as_it_is(context: Context) -> tuple[Resource, ...]:
    kinds = {Kind.SECURITY_GROUP, Kind.SECURITY_GROUP_RULE}
    return tuple(as_resource(r) for r in context.observed if r.kind in kinds)


def _managed(context: Context, listeners: Sequence[ListenerIntent]) -> Network:
    address = addresses.frontend_security_group(context.group)
    present = context.at(address)
    name = (present.name if present is not None else "") or context.labels.frontend_group_name()
    description = context.labels.frontend_group_description()
    frontend = Resource(
        kind=Kind.SECURITY_GROUP,
        address=address,
        group=context.group,
        name=name,
        ingresses=tuple(sorted(context.members)),
        spec=freeze_spec(
            {
                "GroupName": name,
                "Description": description,
                "VpcId": context.vpc_id,
                "Tags": context.tags(address, role=labels.FRONTEND_GROUP, user=context.intent.tags),
            }
        ),
        title=f"clients of {context.group}",
    )
    rules = [_rule(context, listener) for listener in listeners]
    problems = [d for listener in listeners for d in _unused_blocks(context, listener)]
    planned = {rule.address for rule in rules if rule is not None}
    return Network(
        groups=_as_seen(
            context, (Ref(address, "GroupId"), backend_group(context.intent.compatibility))
        ),
        resources=(
            frontend,
            *(rule for rule in rules if rule is not None),
            *(rule for rule in _kept_rules(context) if rule.address not in planned),
        ),
        diagnostics=tuple(problems),
    )


def _kept_rules(context: Context) -> tuple[Resource, ...]:
    """Return the ways in to ports that stay for the sake of held Ingresses."""
    wanted = [addresses.frontend_rule(context.group, p) for p in retain.kept_ports(context)]
    found = (context.at(address) for address in wanted)
    return tuple(as_resource(rule) for rule in found if rule is not None)


def _rule(context: Context, listener: ListenerIntent) -> Resource | None:
    """Return what lets clients in on one port, None where nobody may come in."""
    address = addresses.frontend_rule(context.group, listener.port)
    present = context.at(address)
    stated = listener.inbound_cidrs or listener.prefix_lists
    if present is not None and context.holding and not stated:
        return as_resource(present)
    sources = _sources(context, listener)
    if not sources:
        return None
    permission: dict[str, PlainInput] = {
        "IpProtocol": "tcp",
        "FromPort": listener.port,
        "ToPort": listener.port,
        **sources,
    }
    return Resource(
        kind=Kind.SECURITY_GROUP_RULE,
        address=address,
        group=context.group,
        ingresses=tuple(sorted(listener.members)),
        spec=freeze_spec(
            {
                "GroupId": Ref(addresses.frontend_security_group(context.group), "GroupId"),
                "IpPermissions": [permission],
                "Tags": context.tags(address, role="", user=context.intent.tags),
            }
        ),
        title=f"clients on port {listener.port}",
    )


def _sources(context: Context, listener: ListenerIntent) -> dict[str, PlainInput]:
    """Return who may come in on a port, as the fields of a permission; empty lists left out."""
    note = context.labels.client_description(listener.port)
    described: dict[str, PlainInput] = {"Description": note} if note else {}
    blocks = listener.inbound_cidrs
    if not blocks and not listener.prefix_lists:
        blocks = ANYONE
    ipv4 = sorted({b for b in blocks if not _is_ipv6(b)})
    ipv6 = sorted({b for b in blocks if _is_ipv6(b)}) if context.dualstack else []
    lists = sorted(set(listener.prefix_lists))
    sources: dict[str, PlainInput] = {}
    if ipv4:
        sources["IpRanges"] = [{"CidrIp": b, **described} for b in ipv4]
    if ipv6:
        sources["Ipv6Ranges"] = [{"CidrIpv6": b, **described} for b in ipv6]
    if lists:
        sources["PrefixListIds"] = [{"PrefixListId": p, **described} for p in lists]
    return sources


def _is_ipv6(block: str) -> bool:
    return ipaddress.ip_network(block, strict=False).version == _IPV6


def _unused_blocks(context: Context, listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning where IPv6 blocks are listed that an IPv4 load balancer cannot use."""
    unused = sorted(b for b in listener.inbound_cidrs if _is_ipv6(b))
    if context.dualstack or not unused:
        return ()
    nobody = not listener.prefix_lists and len(unused) == len(set(listener.inbound_cidrs))
    return context.warnings(
        "SECURITY-GROUP-IPV6-UNUSED",
        f"{', '.join(unused)} cannot come in on port {listener.port}: the load balancer has no "
        "IPv6 addresses" + ("; nobody else may, so the port stays shut" if nobody else ""),
        field=native_field("inbound-cidrs"),
        hint="use ip-address-type dualstack, or list IPv4 blocks",
    )


def named_groups(
    context: Context, texts: Sequence[str]
) -> tuple[tuple[str | Unknown, ...], tuple[str, ...]]:
    """Return the ids of groups that are listed by id or name, and what is wrong with the list."""
    groups: list[str | Unknown] = []
    problems: list[str] = []
    for text in texts:
        found = _named(context, text)
        if len(found) == 1:
            groups.append(found[0])
        elif found:
            problems.append(f"{text} is the name of several security groups")
        else:
            problems.append(f"{text} is neither the id nor the Name tag of a security group")
    return tuple(groups), tuple(problems)


def _unused_clients(
    context: Context, listeners: Sequence[ListenerIntent]
) -> tuple[Diagnostic, ...]:
    """Return a warning for what says who may come in beside groups that somebody else fills."""
    stated = (
        (INBOUND_CIDRS, "inbound-cidrs", any(x.inbound_cidrs for x in listeners)),
        (PREFIX_LISTS, "security-group-prefix-lists", any(x.prefix_lists for x in listeners)),
    )
    return tuple(
        finding
        for setting, suffix, is_stated in stated
        if is_stated
        for finding in context.warnings(
            "SECURITY-GROUP-CLIENTS-UNUSED",
            f"{suffix} has no effect: the security groups that are listed decide who may come in",
            field=native_field(suffix),
            setting=setting.name,
            hint="write it into those groups, or list no security groups",
        )
    )


def _listed(context: Context) -> Network:
    groups, problems = named_groups(context, context.intent.security_groups)
    if problems:
        diagnostics = context.errors(
            "SECURITY-GROUP-NOT-FOUND",
            "; ".join(problems),
            field=native_field("security-groups"),
            setting=SECURITY_GROUPS.name,
            hint="list ids (sg-...), or Name tags that one group of the VPC bears",
        )
        return Network(groups=None, diagnostics=diagnostics)
    compatibility = context.intent.compatibility
    # AWS answers them in any order, so they are sorted; the incumbent keeps that of the list.
    is_listed = compatibility is Compatibility.INCUMBENT
    unique: list[Value] = [*dict.fromkeys(groups if is_listed else sorted(groups, key=str))]
    if context.intent.options.get(MANAGE_BACKEND_SECURITY_GROUP_RULES.name) is True:
        unique.append(backend_group(compatibility))
    return Network(groups=_as_seen(context, tuple(unique)))


def _as_seen(context: Context, groups: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the groups in the order in which the load balancer has them, if it has just these."""
    existing = context.existing
    present = existing.spec.get("SecurityGroups") if existing is not None else None
    if not isinstance(present, tuple) or len(present) != len(groups):
        return groups
    return present if sorted(map(canonical, present)) == sorted(map(canonical, groups)) else groups


def _named(context: Context, text: str) -> list[str | Unknown]:
    if context.offline:
        return [text if text.startswith("sg-") else _UNKNOWN]
    return [g.id for g in context.facts.security_groups if _is_named(g, text)]


def _is_named(group: SecurityGroup, text: str) -> bool:
    if text.startswith("sg-"):
        return group.id == text
    return group.tags.get("Name") == text and marks.OWNER not in group.tags
