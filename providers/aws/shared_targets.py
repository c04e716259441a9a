"""Target groups that several clusters share: which of the targets are ours.

Whoever shares a target group registers targets that we know nothing of, and AWS does not say who
registered which. So a record of ours does (``provisioner.kube.registered``), and whatever is not in
it does not exist for us: it is neither compared nor deregistered. A tag says that a target group is
shared; in one without it every target is ours, as always.

Without the record (a plan from files) nothing counts as registered by us, so what is wanted is
registered again, which changes nothing, and nothing is deregistered.

Source: "MultiCluster Target Groups", AWS Load Balancer Controller guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from providers.aws import addresses, marks
from providers.aws.addresses import Kind
from providers.aws.settings import MULTI_CLUSTER
from provisioner.model.change import Action
from provisioner.model.intent import BackendIntent
from provisioner.model.plan import LoadBalancerPlan
from provisioner.model.resource import Observed, ObservedResource, Resource, Value, freeze
from provisioner.model.settings import ANNOTATION_PREFIX

MARK = f"{ANNOTATION_PREFIX}targets"
"""Tag of target groups that others register targets with, too."""

SHARED = "shared"

_FIELD = "Targets"


def marked(tags: Value, backend: BackendIntent) -> Value:
    """Return the tags of a backend's target group, which say so where it is shared."""
    if backend.options.get(MULTI_CLUSTER.name) is not True:
        return tags
    written = {**marks.written(tags), MARK: SHARED}
    return freeze([{"Key": key, "Value": written[key]} for key in sorted(written)])


def only_ours(observed: Observed, registered: Mapping[str, frozenset[str]]) -> Observed:
    """Return what was observed without the targets that others registered.

    Args:
        observed: What carries our mark.
        registered: What we registered, by the name of the target group.
    """
    hidden = {
        resource.address: _filtered(resource, registered.get(group.name, frozenset()))
        for resource, group in _with_groups(observed)
        if _is_shared(group)
    }
    if not hidden:
        return observed
    return replace(observed, resources=MappingProxyType({**observed.resources, **hidden}))


def registrations(part: LoadBalancerPlan) -> tuple[Mapping[str, frozenset[str]], ...]:
    """Return what is ours in shared target groups: while a plan is carried out, and afterwards.

    Of a target group that the plan deletes, nothing is left afterwards.
    """
    groups = {
        addresses.targets_of(resource.address): resource.name
        for resource in part.resources
        if resource.kind == Kind.TARGET_GROUP and _is_shared(resource)
    }
    after: dict[str, frozenset[str]] = {}
    for resource in part.resources:
        name = groups.get(resource.address)
        if resource.kind == Kind.TARGETS and isinstance(name, str):
            after[name] = places(resource.spec.get(_FIELD))
    during = dict(after)
    for step in part.steps:
        name = groups.get(step.address)
        if step.kind == Kind.TARGETS and isinstance(name, str):
            for change in step.fields:
                during[name] = during.get(name, frozenset()) | places(change.before)
    gone = dict.fromkeys(_deleted(part), frozenset[str]())
    return MappingProxyType(during), MappingProxyType({**gone, **after})


def _deleted(part: LoadBalancerPlan) -> Iterator[str]:
    """Yield the names of the shared target groups that a plan deletes."""
    for step in part.steps:
        if step.kind == Kind.TARGET_GROUP and step.action is Action.DELETE:
            before = {change.path: change.before for change in step.fields}
            if marks.written(before.get("Tags")).get(MARK) == SHARED:
                yield str(before.get("Name"))


def places(targets: Value) -> frozenset[str]:
    """Return targets as the record spells them: id and port."""
    entries: Sequence[Value] = targets if isinstance(targets, tuple) else ()
    return frozenset(
        f"{entry.get('Id')} {entry.get('Port')}" for entry in entries if isinstance(entry, Mapping)
    )


def _with_groups(observed: Observed) -> Iterator[tuple[ObservedResource, ObservedResource]]:
    for resource in observed.resources.values():
        if resource.kind == Kind.TARGETS:
            group = observed.resources.get(addresses.target_group_of(resource.address))
            if group is not None:
                yield resource, group


def _is_shared(group: Resource | ObservedResource) -> bool:
    return marks.written(group.spec.get("Tags")).get(MARK) == SHARED


def _filtered(resource: ObservedResource, ours: frozenset[str]) -> ObservedResource:
    listed = resource.spec.get(_FIELD)
    if not isinstance(listed, tuple):
        return resource
    kept = tuple(target for target in listed if places((target,)) <= ours)
    return replace(resource, spec=MappingProxyType({**resource.spec, _FIELD: kept}))
