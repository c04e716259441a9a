"""Who the load balancer's own security group has to let in for a network load balancer in front.

By default both carry the same groups. Clients then knock at the ports of the network load balancer,
so the group lets them in there, too. And its health checks come from its own addresses; where only
some blocks may reach the load balancer, the group of the one in front has to be let in besides.

There is one rule for each port, whoever it is for: a range that both need exists once, and a port
that the one takes over from the other never shuts in between.

The incumbent controller opens neither. Under its compatibility nothing is opened; what stays shut
is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from providers.aws import addresses
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.nlb_ports import Way
from providers.aws.settings import NLB_PORTS
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import (
    PlainInput,
    Ref,
    Resource,
    Spec,
    Value,
    canonical,
    freeze_spec,
    references,
)

_LISTS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
_ANYONE = "0.0.0.0/0"

_Source = tuple[str, Spec]
"""Who may come in: the list of a permission that it stands in, and its entry without words."""


def doors(
    context: Context, found: Sequence[Way], *, groups: Value, rules: Sequence[Resource]
) -> tuple[Resource, ...]:
    """Return the rules of the frontend group for every port that somebody has to be let in on.

    They stand for the rules given, of the same addresses.

    Args:
        context: The load balancer.
        found: Where the ports lead.
        groups: The security groups of the network load balancer.
        rules: The ways in that the load balancer has without it; none where it has no security
            group of ours, and then there is nothing to open.
    """
    frontend = addresses.frontend_security_group(context.group)
    present = {
        rule.address: rule
        for rule in rules
        if any(ref.address == frontend for ref in references(rule.spec.get("GroupId")))
    }
    if context.incumbent or not present:
        return ()
    wanted: dict[int, list[_Source]] = {}
    for way in found:
        behind = list(_sources(present.get(addresses.frontend_rule(context.group, way.to))))
        if _shares(context, groups):
            wanted.setdefault(way.port, []).extend(behind)
        if behind and not any(source.get("CidrIp") == _ANYONE for _, source in behind):
            wanted.setdefault(way.to, []).extend(_itself(context, groups))
    made = (
        _with(context, port, present.get(addresses.frontend_rule(context.group, port)), more)
        for port, more in sorted(wanted.items())
    )
    return tuple(rule for rule in made if rule is not None)


def shut(context: Context, found: Sequence[Way], *, groups: Value) -> tuple[Diagnostic, ...]:
    """Return a warning where the incumbent's way leaves ports shut."""
    listening = {way.to for way in found}
    closed = sorted({way.port for way in found} - listening)
    if not context.incumbent or not closed or not _shares(context, groups):
        return ()
    return context.warnings(
        "NLB-PORT-SHUT",
        f"clients cannot reach port {', '.join(map(str, closed))} of the network load balancer: it "
        "carries the load balancer's security group, which is open on the load balancer's own "
        "ports only",
        field=native_field(NLB_PORTS.name),
        setting=NLB_PORTS.name,
        hint="list security groups of its own in frontend-nlb-security-groups",
    )


def _shares(context: Context, groups: Value) -> bool:
    frontend = addresses.frontend_security_group(context.group)
    return any(ref.address == frontend for ref in references(groups))


def _itself(context: Context, groups: Value) -> Iterator[_Source]:
    """Yield the network load balancer as somebody to let in: its groups, or the one both share."""
    if _shares(context, groups):
        frontend = addresses.frontend_security_group(context.group)
        yield "UserIdGroupPairs", {"GroupId": Ref(frontend, "GroupId")}
        return
    for group in groups if isinstance(groups, tuple) else ():
        yield "UserIdGroupPairs", {"GroupId": group}


def _with(
    context: Context, port: int, rule: Resource | None, more: Sequence[_Source]
) -> Resource | None:
    """Return the rule of a port with more who may come in, None where that changes nothing."""
    already = list(_sources(rule))
    known = {canonical(source) for _, source in already}
    added = {canonical(source): (name, source) for name, source in more}
    if added.keys() <= known:
        return None
    note = context.labels.client_description(port)
    lists: dict[str, list[PlainInput]] = {}
    for name, source in (*already, *(added[key] for key in sorted(added.keys() - known))):
        lists.setdefault(name, []).append({**source, "Description": note})
    permission: dict[str, PlainInput] = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        **{name: sorted(lists[name], key=_who) for name in lists},
    }
    address = addresses.frontend_rule(context.group, port)
    return Resource(
        kind=addresses.Kind.SECURITY_GROUP_RULE,
        address=address,
        group=context.group,
        ingresses=rule.ingresses if rule is not None else tuple(sorted(context.members)),
        spec=freeze_spec(
            {
                "GroupId": Ref(addresses.frontend_security_group(context.group), "GroupId"),
                "IpPermissions": [permission],
                "Tags": context.tags(address, role="", user=context.intent.tags),
            }
        ),
        title=f"clients on port {port}",
    )


def _who(source: PlainInput) -> str:
    """Return what a list of sources is sorted by."""
    said = source if isinstance(source, Mapping) else {}
    return "".join(str(value) for name, value in said.items() if name != "Description")


def _sources(rule: Resource | None) -> Iterator[_Source]:
    permissions = rule.spec.get("IpPermissions") if rule is not None else ()
    for permission in permissions if isinstance(permissions, tuple) else ():
        if isinstance(permission, Mapping):
            for name in _LISTS:
                yield from ((name, source) for source in _entries(permission.get(name)))


def _entries(value: Value) -> Iterator[Spec]:
    for entry in value if isinstance(value, tuple) else ():
        if isinstance(entry, Mapping):
            yield {key: item for key, item in entry.items() if key != "Description"}
