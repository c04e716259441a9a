"""What a comparison with AWS Load Balancer Controller tells people besides the plan.

How much was recognised, which load balancers were not found, and what the TargetGroupBindings of
the cluster say: each must agree with the target group that it names, and one that no Ingress
explains (made by hand, or for a Service of type LoadBalancer) is somebody else's business. As long
as there are such bindings, what load balancers may reach is not narrowed: the controller opens one
range of ports for all of them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers.aws import incumbent
from providers.aws.addresses import Kind
from providers.aws.adopt_targets import Owners
from providers.aws.labels import TARGET_TYPES
from provisioner.core.comparison import Report, compared
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.incumbent import ForeignResource, Takeover
from provisioner.model.kube import TargetGroupBinding
from provisioner.model.resource import ObservedResource

_COUNTED = (
    (Kind.LOAD_BALANCER, "load balancer"),
    (Kind.LISTENER, "listener"),
    (Kind.LISTENER_RULE, "rule"),
    (Kind.TARGET_GROUP, "target group"),
    (Kind.SECURITY_GROUP, "security group"),
    (Kind.SECURITY_GROUP_RULE, "security group rule"),
)


def report(takeover: Takeover, recognised: Sequence[ObservedResource]) -> Report:
    """Return what people should know of a comparison.

    Args:
        takeover: What was compared.
        recognised: What stands for something of ours.
    """
    by_arn = {r.id: r for r in takeover.incumbent.resources if r.kind == Kind.TARGET_GROUP}
    owners = Owners.of(takeover)
    findings = [compared(takeover, recognised, _COUNTED), *_missing(takeover, recognised)]
    exclusive = "TargetGroupBinding" not in takeover.snapshot.unknown_kinds
    for key in sorted(takeover.snapshot.bindings):
        binding = takeover.snapshot.bindings[key]
        group = by_arn.get(binding.target_group_arn)
        if group is None:
            exclusive = False
            findings.append(_unexplained(takeover, binding))
        else:
            findings += _disagreement(binding, group, owners)
    return Report(diagnostics=tuple(findings), exclusive=exclusive)


def _missing(takeover: Takeover, recognised: Sequence[ObservedResource]) -> Iterator[Diagnostic]:
    """Yield a warning for each load balancer that the other controller has not made."""
    found = {r.group for r in recognised if r.kind == Kind.LOAD_BALANCER}
    ours = {r.group for r in takeover.observed.resources.values() if r.kind == Kind.LOAD_BALANCER}
    cluster = takeover.settings.identity.cluster_name
    for group in takeover.intent.load_balancers:
        if group.members and group.name not in found | ours:
            yield warning(
                "TAKE-OVER-NOT-FOUND",
                f"load balancer {group.name}",
                message=(
                    f"{takeover.incumbent.controller} has no load balancer tagged "
                    f"{incumbent.CLUSTER}={cluster} and {incumbent.STACK}={group.name}"
                ),
                hint="is --cluster-name the name that the controller runs with, and the region "
                "its own?",
            )


def _unexplained(takeover: Takeover, binding: TargetGroupBinding) -> Diagnostic:
    return info(
        "TAKE-OVER-BINDING-UNEXPLAINED",
        f"TargetGroupBinding {binding.meta.key}",
        message=(
            f"it binds Service {binding.meta.namespace}/{binding.service} to a target group that "
            f"{takeover.incumbent.controller} made for no Ingress; it is left alone"
        ),
        hint="it keeps that controller in use: take over its target group by other means, or let "
        "the controller run on for it",
        field="spec.targetGroupARN",
    )


def _disagreement(
    binding: TargetGroupBinding, group: ForeignResource, owners: Owners
) -> Iterator[Diagnostic]:
    """Yield what a binding says otherwise than the target group that it names."""
    role = group.tags.get(incumbent.RESOURCE, "")
    owner = owners.owner(group.tags.get(incumbent.STACK, ""), role)
    if owner is None:
        return
    subject = f"TargetGroupBinding {binding.meta.key}"
    types = set(TARGET_TYPES.values())
    said, present = binding.target_type, str(group.spec.get("TargetType"))
    if (binding.meta.namespace, binding.service) != (owner.ingress.namespace, owner.service):
        yield error(
            "TAKE-OVER-BINDING-DIFFERS",
            subject,
            message=(
                f"it binds Service {binding.meta.namespace}/{binding.service}, but its target "
                f"group {group.name} was made for {owner.ingress.namespace}/{owner.service} "
                f"({role})"
            ),
            field="spec.serviceRef",
            hint="let AWS Load Balancer Controller repair it before taking over",
        )
    if said in types and said != present:
        yield error(
            "TAKE-OVER-BINDING-DIFFERS",
            subject,
            message=f"it says target type {said}, but its target group {group.name} has {present}",
            field="spec.targetType",
            hint="let AWS Load Balancer Controller repair it before taking over",
        )
