"""The network load balancer in front: scheme, zones, addresses, security groups, attributes, tags.

What AWS cannot change on one that exists is kept and told: its scheme, the Elastic IP addresses of
the zones that it has, and that it was made without security groups.

Sources: AWS Load Balancer Controller 3.5.0, ``pkg/ingress/model_build_frontend_nlb.go``; "Create a
Network Load Balancer" and "Update the security groups for your Network Load Balancer", Elastic Load
Balancing user guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.aws import addresses, labels, marks
from providers.aws.account import Subnet
from providers.aws.addresses import Kind
from providers.aws.desired.balancer import SCHEMES
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.network import named_groups
from providers.aws.desired.nlb_options import listed, pairs, text
from providers.aws.desired.subnets import ROLE_TAGS, judge
from providers.aws.settings import (
    NLB,
    NLB_ADDRESSES,
    NLB_ATTRIBUTES,
    NLB_SCHEME,
    NLB_SECURITY_GROUPS,
    NLB_SUBNETS,
    NLB_TAGS,
)
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Scheme
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Resource,
    Unknown,
    Value,
    canonical,
    freeze_spec,
)

_EXTERNAL = SCHEMES[Scheme.EXTERNAL]
_UNKNOWN = Unknown("depends on the subnets of the account")
_SUBNETS, _MAPPINGS, _GROUPS = "Subnets", "SubnetMappings", "SecurityGroups"

_Found = tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkBalancer:
    """The network load balancer; no resource where it cannot be as it is asked for."""

    resource: Resource | None
    diagnostics: _Found = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zones:
    """Where it stands: subnets in the order in which they were listed; None where it cannot."""

    subnets: tuple[str, ...] | Unknown | None
    diagnostics: _Found = ()


def network_balancer(context: Context, behind: Resource) -> NetworkBalancer:
    """Return the network load balancer in front of ``behind``."""
    address = addresses.network_load_balancer(context.group)
    existing = context.at(address)
    name, problems = _name(context, behind, existing)
    scheme, told = _scheme(context, existing)
    problems += told
    zones = _zones(context, scheme, behind, existing)
    place, told = _place(context, scheme, zones, existing)
    problems += (*zones.diagnostics, *told)
    groups, told = _security_groups(context, behind, existing)
    problems += told
    family, told = _address_type(context, zones)
    problems += told
    if place is None or groups is None or (existing is None and _blocked(problems)):
        return NetworkBalancer(resource=None, diagnostics=problems)
    spec: dict[str, PlainInput] = {
        "Name": name,
        "Type": "network",
        "Scheme": scheme,
        "IpAddressType": family,
        "Tags": _tags(context, address, existing),
        **place,
    }
    if groups:
        spec[_GROUPS] = groups
    listed_attributes = sorted(pairs(context.intent.options, NLB_ATTRIBUTES.name).items())
    if listed_attributes:
        spec["Attributes"] = [{"Key": key, "Value": value} for key, value in listed_attributes]
    resource = Resource(
        kind=Kind.NETWORK_LOAD_BALANCER,
        address=address,
        group=context.group,
        name=name,
        ingresses=tuple(sorted(context.members)),
        spec=freeze_spec(spec),
        title=f"{scheme} network load balancer in front of {context.group}",
    )
    return NetworkBalancer(resource=resource, diagnostics=problems)


def user_tags(context: Context) -> Mapping[str, str]:
    """Return the users' tags of it and its parts: its own, else those of the load balancer.

    The incumbent controller tags it with what is stated for it and nothing else.
    """
    options = context.intent.options
    if NLB_TAGS.name in options or context.incumbent:
        return pairs(options, NLB_TAGS.name)
    return context.intent.tags


def _blocked(problems: _Found) -> bool:
    return any(problem.blocking for problem in problems)


def _name(
    context: Context, behind: Resource, existing: ObservedResource | None
) -> tuple[str, _Found]:
    if existing is not None:
        return existing.name or str(existing.spec.get("Name", "")), ()
    name = context.labels.network_load_balancer_name(str(behind.spec.get("Name", "")))
    if name not in context.facts.existing_names:
        return name, ()
    return name, context.errors(
        "NLB-NAME-TAKEN",
        f"a load balancer named {name} exists and is not ours",
        field=native_field(NLB.name),
        setting=NLB.name,
        hint="delete or rename the other one, or give this load balancer another name",
    )


def _scheme(context: Context, existing: ObservedResource | None) -> tuple[str, _Found]:
    """Return the scheme; one that exists keeps its own, whatever is stated."""
    default = SCHEMES[Scheme(context.request.settings.scheme or Scheme.INTERNAL)]
    stated = text(context.intent.options, NLB_SCHEME.name, "")
    present = existing.spec.get("Scheme") if existing is not None else None
    if not isinstance(present, str):
        return stated or default, ()
    if not stated or stated == present:
        return present, ()
    return present, context.errors(
        "NLB-REPLACEMENT-NEEDED",
        f"the network load balancer is {present} and AWS cannot change that; an {stated} one has "
        "other addresses",
        field=native_field(NLB_SCHEME.name),
        setting=NLB_SCHEME.name,
        hint=f"remove {NLB.name} until it is gone, then set it again with the new scheme",
    )


# -- zones and addresses --------------------------------------------------------------------------


def _zones(
    context: Context, scheme: str, behind: Resource, existing: ObservedResource | None
) -> _Zones:
    """Return the subnets: listed, else those it has, else those of the one behind, else found.

    The one behind lends its subnets where it has the same scheme; elsewhere role tags or routes
    decide, as they do for every load balancer.
    """
    wanted = listed(context.intent.options, NLB_SUBNETS.name)
    if wanted:
        return _listed(context, wanted)
    present = existing.spec.get(_SUBNETS) if existing is not None else None
    lent = behind.spec.get(_SUBNETS) if behind.spec.get("Scheme") == scheme else None
    for subnets in (present, lent):
        if isinstance(subnets, Unknown):
            return _Zones(subnets=subnets)
        if isinstance(subnets, tuple):
            return _Zones(subnets=tuple(map(str, subnets)))
    if context.offline:
        return _Zones(subnets=_UNKNOWN)
    return _discovered(context, Scheme.EXTERNAL if scheme == _EXTERNAL else Scheme.INTERNAL)


def _listed(context: Context, wanted: Sequence[str]) -> _Zones:
    if context.offline:
        known = all(each.startswith("subnet-") for each in wanted)
        return _Zones(subnets=tuple(dict.fromkeys(wanted)) if known else _UNKNOWN)
    chosen: list[Subnet] = []
    problems: list[str] = []
    for each in wanted:
        found = [s for s in context.facts.subnets if each in (s.id, s.tags.get("Name"))]
        if len(found) == 1:
            chosen.append(found[0])
        else:
            what = "the name of several subnets" if found else "neither id nor name of a subnet"
            problems.append(f"{each} is {what} of the VPC")
    by_zone: dict[str, str] = {}
    for subnet in chosen:
        first = by_zone.setdefault(subnet.zone, subnet.id)
        if first != subnet.id:
            problems.append(f"{first} and {subnet.id} are in one zone, {subnet.zone}")
    if problems:
        return _Zones(subnets=None, diagnostics=_subnet_problem(context, "; ".join(problems)))
    return _Zones(subnets=tuple(dict.fromkeys(subnet.id for subnet in chosen)))


def _discovered(context: Context, scheme: Scheme) -> _Zones:
    verdicts = judge(
        context.facts, scheme, cluster=context.identity.cluster_name, dualstack=context.dualstack
    )
    chosen = tuple(sorted(v.subnet.id for v in verdicts if not v.reason))
    if chosen:
        return _Zones(subnets=chosen)
    listing = "; ".join(map(str, verdicts)) or "the VPC has no subnets"
    return _Zones(
        subnets=None,
        diagnostics=_subnet_problem(
            context, f"no subnet can be used: {listing}", also=f"tag one with {ROLE_TAGS[scheme]}=1"
        ),
    )


def _subnet_problem(context: Context, message: str, *, also: str = "") -> _Found:
    advice = "list one subnet of each zone, by id or Name tag"
    return context.errors(
        "NLB-SUBNETS",
        f"the network load balancer cannot stand anywhere: {message}",
        field=native_field(NLB_SUBNETS.name),
        setting=NLB_SUBNETS.name if NLB_SUBNETS.name in context.intent.options else NLB.name,
        hint=f"{also}, or {advice} in {NLB_SUBNETS.name}" if also else advice,
    )


def _place(
    context: Context, scheme: str, zones: _Zones, existing: ObservedResource | None
) -> tuple[Mapping[str, PlainInput] | None, _Found]:
    """Return the field that says where it stands: subnets, or subnets with fixed addresses."""
    allocations = listed(context.intent.options, NLB_ADDRESSES.name)
    if zones.subnets is None:
        return None, ()
    if not allocations:
        return {_SUBNETS: _sorted(zones.subnets)}, ()
    if scheme != _EXTERNAL:
        return {_SUBNETS: _sorted(zones.subnets)}, _address_problem(
            context,
            f"Elastic IP addresses are for internet-facing load balancers; this one is {scheme}",
            f"set {NLB_SCHEME.name} to {_EXTERNAL}, or remove {NLB_ADDRESSES.name}",
        )
    if isinstance(zones.subnets, Unknown):
        return {_MAPPINGS: zones.subnets}, ()
    if len(allocations) != len(zones.subnets):
        return _as_it_stands(zones, existing), _address_problem(
            context,
            f"{len(allocations)} Elastic IP addresses are listed for {len(zones.subnets)} subnets "
            f"({', '.join(zones.subnets)})",
            "list one for each subnet, in the same order",
        )
    wanted = dict(zip(zones.subnets, allocations, strict=True))
    fixed = [s for s, has in _allocations(existing).items() if wanted.get(s, has) != has]
    if fixed:
        return _as_it_stands(zones, existing), _address_problem(
            context,
            f"the addresses in {', '.join(sorted(fixed))} are those that the network load balancer "
            "was made with, and AWS cannot change them",
            f"write the present ones, or remove {NLB.name} until it is gone and set it again",
        )
    mappings = [{"SubnetId": s, "AllocationId": wanted[s]} for s in sorted(wanted)]
    return {_MAPPINGS: mappings}, ()


def _as_it_stands(
    zones: _Zones, existing: ObservedResource | None
) -> Mapping[str, PlainInput] | None:
    """Return where one that exists stands; one that does not cannot be made without addresses."""
    if existing is None:
        return None
    return {_SUBNETS: existing.spec.get(_SUBNETS, _sorted(zones.subnets))}


def _allocations(existing: ObservedResource | None) -> dict[str, str]:
    """Return the subnets that it has, with the allocation of each, "" where AWS chose."""
    if existing is None:
        return {}
    subnets, mappings = existing.spec.get(_SUBNETS), existing.spec.get(_MAPPINGS)
    found = {str(each): "" for each in subnets} if isinstance(subnets, tuple) else {}
    for each in mappings if isinstance(mappings, tuple) else ():
        if isinstance(each, Mapping):
            found[str(each.get("SubnetId"))] = str(each.get("AllocationId", ""))
    return found


def _sorted(subnets: tuple[str, ...] | Unknown | None) -> Value:
    return tuple(sorted(subnets)) if isinstance(subnets, tuple) else subnets


def _address_problem(context: Context, message: str, hint: str) -> _Found:
    return context.errors(
        "NLB-ADDRESSES",
        message,
        field=native_field(NLB_ADDRESSES.name),
        setting=NLB_ADDRESSES.name,
        hint=hint,
    )


def _address_type(context: Context, zones: _Zones) -> tuple[str, _Found]:
    """Return the address family of the one behind, as far as the subnets have it."""
    if not context.dualstack:
        return "ipv4", ()
    here = zones.subnets if isinstance(zones.subnets, tuple) else ()
    without = [s.id for s in context.facts.subnets if s.id in here and not s.ipv6]
    if not without:
        return "dualstack", ()
    return "ipv4", context.warnings(
        "NLB-NO-IPV6",
        f"the network load balancer has IPv4 addresses only: {', '.join(without)} have no IPv6 "
        "block",
        field=native_field(NLB_SUBNETS.name),
        setting=NLB.name,
        hint="give its subnets an IPv6 CIDR block, or list subnets that have one",
    )


# -- security groups and tags ---------------------------------------------------------------------


def _security_groups(
    context: Context, behind: Resource, existing: ObservedResource | None
) -> tuple[Value, _Found]:
    """Return its groups: listed, else those of the one behind; () for one that never had any."""
    wanted = listed(context.intent.options, NLB_SECURITY_GROUPS.name)
    groups: Value = behind.spec.get(_GROUPS)
    if wanted:
        found, problems = named_groups(context, wanted)
        if problems:
            return None, context.errors(
                "SECURITY-GROUP-NOT-FOUND",
                "; ".join(problems),
                field=native_field(NLB_SECURITY_GROUPS.name),
                setting=NLB_SECURITY_GROUPS.name,
                hint="list ids (sg-...), or Name tags that one group of the VPC bears",
            )
        unique = tuple(dict.fromkeys(found))
        groups = unique if context.incumbent else tuple(sorted(unique, key=str))
    if existing is None:
        return groups, ()
    present = existing.spec.get(_GROUPS)
    if not present:
        return (), _without_groups(context) if wanted else ()
    if wanted or not context.holding:
        return (present if _same(present, groups) else groups), ()
    return present, ()


def _without_groups(context: Context) -> _Found:
    return context.warnings(
        "NLB-NO-SECURITY-GROUPS",
        "the network load balancer was made without security groups, and AWS never gives it any",
        field=native_field(NLB_SECURITY_GROUPS.name),
        setting=NLB_SECURITY_GROUPS.name,
        hint=f"remove {NLB.name} until it is gone, then set it again",
    )


def _same(present: Value, groups: Value) -> bool:
    """Tell whether these are the same groups; AWS keeps no order of them."""
    if not isinstance(present, tuple) or not isinstance(groups, tuple):
        return False
    return sorted(map(canonical, present)) == sorted(map(canonical, groups))


def _tags(context: Context, address: str, existing: ObservedResource | None) -> Value:
    """Return the tags; what held Ingresses asked for cannot be told, so it stays."""
    user = user_tags(context)
    if existing is not None and context.holding:
        user = {**marks.written(existing.spec.get("Tags")), **user}
    return context.tags(address, role=labels.NETWORK_LOAD_BALANCER, user=user)
