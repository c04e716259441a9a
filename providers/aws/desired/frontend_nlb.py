"""A network load balancer in front of the load balancer, for addresses that stay the same.

It forwards TCP: each of its ports leads to one target group whose only target is the load balancer
behind. It is there as long as somebody asks for it; where what is asked for cannot be, the one that
exists stays as it is, as far as the ports behind it are still there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.aws import addresses, labels
from providers.aws.addresses import Kind
from providers.aws.desired.context import Context
from providers.aws.desired.nlb_balancer import network_balancer, user_tags
from providers.aws.desired.nlb_doors import doors, shut
from providers.aws.desired.nlb_options import listed
from providers.aws.desired.nlb_ports import Check, Way, check, port_of, ways
from providers.aws.settings import NLB
from provisioner.core.keeping import as_resource
from provisioner.core.translate import KEEP
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    freeze_spec,
    references,
)

PARTS = frozenset(
    {
        Kind.NETWORK_LOAD_BALANCER.value,
        Kind.NETWORK_LISTENER.value,
        Kind.NETWORK_TARGET_GROUP.value,
        Kind.NETWORK_TARGETS.value,
    }
)
"""The kinds that it consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendNlb:
    """The network load balancer and all its parts; nothing where nobody wants one."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def frontend_nlb(context: Context, behind: Resource, *, parts: Sequence[Resource]) -> FrontendNlb:
    """Return what stands in front of a load balancer.

    Args:
        context: The load balancer.
        behind: Its resource.
        parts: What else there is of it: listeners and security groups matter here.
    """
    listeners = [part for part in parts if part.kind == Kind.LISTENER]
    rules = [part for part in parts if part.kind == Kind.SECURITY_GROUP_RULE]
    kept = _kept(context, frozenset(port_of(listener) for listener in listeners))
    if not _is_wanted(context):
        stays = kept if _is_held(context) else ()
        return FrontendNlb(resources=_with_doors(context, stays, rules))
    found = ways(context, listeners)
    checked = check(context, found.ways, listeners)
    balancer = network_balancer(context, behind)
    problems = (*found.diagnostics, *checked.diagnostics, *balancer.diagnostics)
    front = balancer.resource
    if front is None or any(problem.blocking for problem in checked.diagnostics):
        return FrontendNlb(resources=_with_doors(context, kept, rules), diagnostics=problems)
    made = {
        resource.address: resource
        for way in found.ways
        for resource in _of_way(context, way, behind, checked)
    }
    made[front.address] = front
    beside = [r for r in kept if r.address not in made] if context.holding else []
    return FrontendNlb(
        resources=_with_doors(context, (*made.values(), *beside), rules),
        diagnostics=(
            *problems,
            *shut(context, found.ways, groups=front.spec.get("SecurityGroups")),
        ),
    )


def _with_doors(
    context: Context, parts: Sequence[Resource], rules: Sequence[Resource]
) -> tuple[Resource, ...]:
    """Return the parts of a network load balancer with the ways in that they need."""
    front = next((part for part in parts if part.kind == Kind.NETWORK_LOAD_BALANCER), None)
    if front is None:
        return tuple(parts)
    groups = front.spec.get("SecurityGroups")
    return (*parts, *doors(context, _leading(parts), groups=groups, rules=rules))


def _leading(parts: Sequence[Resource]) -> list[Way]:
    """Return where the ports of these listeners lead."""
    leads = {
        ref.address: port
        for part in parts
        if part.kind == Kind.NETWORK_TARGETS
        for ref in references(part.spec.get("TargetGroupArn"))
        for port in _target_ports(part)
    }
    return [
        Way(port=port_of(part), to=leads[ref.address])
        for part in parts
        if part.kind == Kind.NETWORK_LISTENER
        for ref in references(part.spec.get("DefaultActions"))
        if ref.address in leads
    ]


def _target_ports(targets: Resource | ObservedResource) -> list[int]:
    entries = targets.spec.get("Targets")
    listed_targets = entries if isinstance(entries, tuple) else ()
    said = [each.get("Port") for each in listed_targets if isinstance(each, Mapping)]
    return [port for port in said if isinstance(port, int)]


def _is_wanted(context: Context) -> bool:
    return context.intent.options.get(NLB.name) is True


def _is_held(context: Context) -> bool:
    """Tell whether nobody who can be read says anything, and somebody who cannot may want it."""
    options = context.intent.options
    return NLB.name not in options and (context.holding or NLB.name in listed(options, KEEP))


def _kept(context: Context, ports: frozenset[int]) -> tuple[Resource, ...]:
    """Return what exists, as it is, without what leads to ports that are no more."""
    present = [r for r in context.observed if r.kind in PARTS]
    gone = {r.address for r in present if r.kind == Kind.NETWORK_TARGETS and not _leads(r, ports)}
    gone |= {r.address for r in present if _targets_of(r) in gone}
    gone |= {r.address for r in present if _refers(r, gone)}
    return tuple(as_resource(r) for r in present if r.address not in gone)


def _targets_of(resource: ObservedResource) -> str:
    """Return the address of what is registered with a target group, "" for anything else."""
    if resource.kind != Kind.NETWORK_TARGET_GROUP:
        return ""
    return addresses.network_targets_of(resource.address)


def _leads(targets: ObservedResource, ports: frozenset[int]) -> bool:
    return not ports.isdisjoint(_target_ports(targets))


def _refers(resource: ObservedResource, gone: set[str]) -> bool:
    return resource.kind == Kind.NETWORK_LISTENER and any(
        ref.address in gone for ref in references(resource.spec.get("DefaultActions"))
    )


# -- ports ----------------------------------------------------------------------------------------


def _of_way(context: Context, way: Way, behind: Resource, checked: Check) -> tuple[Resource, ...]:
    """Return listener, target group and target of one port."""
    group_port = way.port if context.incumbent else way.to
    address = addresses.network_target_group(context.group, group_port)
    group = _target_group(context, way, address, group_port, checked)
    return (_listener(context, way, address), group, _targets(context, way, address, behind))


def _listener(context: Context, way: Way, target_group: str) -> Resource:
    address = addresses.network_listener(context.group, way.port)
    front = addresses.network_load_balancer(context.group)
    return Resource(
        kind=Kind.NETWORK_LISTENER,
        address=address,
        group=context.group,
        ingresses=way.members,
        spec=freeze_spec(
            {
                "LoadBalancerArn": Ref(front, "LoadBalancerArn"),
                "Protocol": "TCP",
                "Port": way.port,
                "DefaultActions": [
                    {"Type": "forward", "TargetGroupArn": Ref(target_group, "TargetGroupArn")}
                ],
                "Tags": context.tags(
                    address, role=labels.network_role("ls", way.port), user=_part_tags(context)
                ),
            }
        ),
        title=f"TCP on port {way.port}",
    )


def _target_group(context: Context, way: Way, address: str, port: int, checked: Check) -> Resource:
    present = context.at(address)
    name = (present.name if present is not None else "") or (
        context.labels.network_target_group_name(
            port, check_port=checked.port, check_protocol=checked.protocol
        )
    )
    return Resource(
        kind=Kind.NETWORK_TARGET_GROUP,
        address=address,
        group=context.group,
        name=name,
        ingresses=way.members,
        spec=freeze_spec(
            {
                "Name": name,
                "TargetType": "alb",
                "Protocol": "TCP",
                "Port": port,
                "VpcId": context.vpc_id,
                **checked.fields,
                "Tags": context.tags(
                    address, role=labels.network_role("tg", port), user=_part_tags(context)
                ),
            }
        ),
        title=f"port {way.to} of the load balancer of {context.group}",
    )


def _targets(context: Context, way: Way, group: str, behind: Resource) -> Resource:
    target: dict[str, PlainInput] = {"Id": Ref(behind.address, "LoadBalancerArn"), "Port": way.to}
    return Resource(
        kind=Kind.NETWORK_TARGETS,
        address=addresses.network_targets_of(group),
        group=context.group,
        ingresses=way.members,
        spec=freeze_spec({"TargetGroupArn": Ref(group, "TargetGroupArn"), "Targets": [target]}),
        title=f"the load balancer of {context.group}",
    )


def _part_tags(context: Context) -> Mapping[str, str]:
    """Return the users' tags of its parts; the incumbent controller gives them none."""
    return NO_STRINGS if context.incumbent else user_tags(context)
