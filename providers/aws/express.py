"""Express one load balancer in AWS's own resources: the order in which the parts are told.

Ports and certificates first, since they decide which listeners there are; then security groups and
the load balancer, without which nothing else can be; then target groups, rules, and what is kept of
Ingresses that cannot be planned. At the end everything that a rule or listener refers to is
gathered, so a target group exists exactly as long as something forwards to it.

Where the load balancer itself cannot be made, nothing of it is; where one exists, it stays as it is
and only what is wrong is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.aws.account import Facts
from providers.aws.desired import retain
from providers.aws.desired.abandoned import protected
from providers.aws.desired.balancer import Balancer, balancer
from providers.aws.desired.context import Context
from providers.aws.desired.frontend_nlb import FrontendNlb, frontend_nlb
from providers.aws.desired.listener_settings import unused_attributes
from providers.aws.desired.listeners import Front, front, is_redirect, listener_resources
from providers.aws.desired.needs import backend_needs, kept_needs
from providers.aws.desired.network import Network, network, uses_backend_group
from providers.aws.desired.succession import Balancers
from providers.aws.desired.targets import TargetGroups, target_groups
from providers.aws.routing import rules
from providers.aws.routing.remarks import listener_warnings
from providers.aws.sealed import sealed
from provisioner.core.quarantine import told_once
from provisioner.core.succession import with_succession
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expressed, Expression
from provisioner.model.intent import Quarantined
from provisioner.model.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """The rules of all listeners."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    target_groups: tuple[str, ...] = ()


def express(request: Expression, facts: Facts) -> Expressed:
    """Return the resources that one load balancer consists of, and the one that it replaces.

    Args:
        request: The intent, the modes decided for its backends, what exists, limits, settings.
        facts: What the account says.
    """
    return with_succession(Balancers(request=request, facts=facts, express_one=_express))


def _express(request: Expression, facts: Facts) -> Expressed:
    """Return the resources of one load balancer, as if the group had no other."""
    context = Context(request=request, facts=facts)
    if not context.members and not context.held:
        kept, told = protected(context)
        return Expressed(
            group=context.group,
            resources=kept,
            diagnostics=told,
            shared=kept_needs(context, kept),
        )
    if facts.vpc_problem:
        return _stopped(context, _no_vpc(context), ())
    fronts = [front(context, listener) for listener in request.intent.listeners]
    served = [this for this in fronts if this.planned]
    net = network(context, [this.listener for this in served])
    frame = balancer(context, net.groups)
    findings = [d for this in fronts for d in this.diagnostics]
    findings += [*net.diagnostics, *frame.diagnostics]
    findings += unused_attributes(context, request.intent.listeners)
    set_aside = tuple(q for this in fronts for q in this.quarantined)
    if frame.resource is None or (context.existing is None and _cannot_begin(fronts)):
        return _stopped(context, tuple(findings), set_aside)
    return _expressed(context, served, net, frame, findings=findings, set_aside=set_aside)


def _cannot_begin(fronts: Sequence[Front]) -> bool:
    """Tell whether a load balancer is not to be made: no port, or one with refused settings."""
    return not any(this.planned for this in fronts) or any(
        d.blocking for this in fronts for d in this.settings.diagnostics
    )


def _expressed(
    context: Context,
    served: Sequence[Front],
    net: Network,
    frame: Balancer,
    *,
    findings: Sequence[Diagnostic],
    set_aside: tuple[Quarantined, ...],
) -> Expressed:
    groups = target_groups(
        context.request,
        context.facts,
        vpc_id=context.vpc_id,
        address_type=context.address_type,
    )
    listeners = [r for this in served for r in listener_resources(context, this, groups.addresses)]
    planned = _rules(context, served, groups)
    balancers = (frame.resource, *frame.addons) if frame.resource is not None else ()
    available = {resource.address: resource for resource in groups.resources}
    unused_groups = [available[a] for a in planned.target_groups if a in available]
    parts = [*_kept_listeners(context, listeners), *balancers, *net.resources, *planned.resources]
    front = (
        frontend_nlb(context, frame.resource, parts=parts)
        if frame.resource is not None
        else FrontendNlb()
    )
    parts += front.resources
    complete = retain.complete(context, [*parts, *unused_groups], available=available)
    resources = tuple(sealed(resource) for resource in complete)
    shared, remarks = (
        backend_needs(context, resources, groups) if uses_backend_group(net.groups) else ((), ())
    )
    return Expressed(
        group=context.group,
        resources=resources,
        diagnostics=(
            *findings,
            *front.diagnostics,
            *groups.diagnostics,
            *planned.diagnostics,
            *listener_warnings(context.intent),
            *remarks,
        ),
        quarantined=told_once((*set_aside, *groups.quarantined, *planned.quarantined)),
        shared=shared,
    )


def _rules(context: Context, served: Sequence[Front], groups: TargetGroups) -> _Rules:
    """Return the rules of every port, those of ports that only held Ingresses use included."""
    ports = {this.listener.port for this in served}
    resources: list[Resource] = [
        rule
        for port in retain.kept_ports(context)
        if port not in ports
        for rule in retain.kept_rules(context, port)
    ]
    findings: list[Diagnostic] = []
    set_aside: list[Quarantined] = []
    groups_of_dropped: set[str] = set()
    for this in served:
        if is_redirect(context, this.listener):
            resources += this.kept
            continue
        result = rules.listener_rules(
            context.request,
            this.listener,
            target_groups=groups.addresses,
            kept=this.kept,
            foreign=context.facts.foreign_target_groups,
            default_held=this.listener.default_ingress is None
            and retain.default_is_held(context, this.listener.port),
        )
        resources += result.resources
        findings += result.diagnostics
        set_aside += result.quarantined
        groups_of_dropped.update(result.target_groups)
    return _Rules(
        resources=tuple(resources),
        diagnostics=tuple(findings),
        quarantined=tuple(set_aside),
        target_groups=tuple(sorted(groups_of_dropped)),
    )


def _kept_listeners(context: Context, planned: Sequence[Resource]) -> Iterable[Resource]:
    """Return the planned listeners, and those that stay for the sake of held Ingresses."""
    known: Mapping[str, Resource] = {resource.address: resource for resource in planned}
    kept = {r.address: r for r in retain.kept_listeners(context) if r.address not in known}
    return [*planned, *kept.values()]


def _no_vpc(context: Context) -> tuple[Diagnostic, ...]:
    return context.errors(
        "CLOUD-NO-VPC",
        f"the VPC of the cluster cannot be told: {context.facts.vpc_problem}",
        hint="name it with --vpc-id, or in the account file",
    )


def _stopped(
    context: Context, findings: tuple[Diagnostic, ...], set_aside: tuple[Quarantined, ...]
) -> Expressed:
    """Return what is, unchanged: the load balancer cannot be made or changed as a whole."""
    blocking = {d.ingress: d for d in reversed(findings) if d.blocking and d.ingress is not None}
    whole = tuple(
        Quarantined(ingress=member, path="", diagnostic=blocking[member])
        for member in context.members
        if member in blocking
    )
    kept = retain.everything(context)
    return Expressed(
        group=context.group,
        resources=kept,
        diagnostics=findings,
        quarantined=told_once((*whole, *set_aside)),
        shared=kept_needs(context, kept),
    )
