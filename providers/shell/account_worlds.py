"""What an account file says of the cluster and of what is ours, as values, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from providers.shell.account_parts import (
    FORMAT_VERSION,
    READY,
    ZONE_LABEL,
    AccountFile,
    ClusterPart,
    NodePart,
    ObservedPart,
    Part,
    ResourcePart,
    TaintPart,
)
from provisioner.model.errors import ConfigError
from provisioner.model.kube import Key, Meta, Node, Taint
from provisioner.model.limits import Limits, LimitSource
from provisioner.model.resource import (
    Fingerprint,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Spec,
    freeze_spec,
    to_json,
)
from provisioner.ports import Account, ClusterFacts

A = TypeVar("A", bound=AccountFile)
F = TypeVar("F")


def cluster_of(part: ClusterPart, path: str) -> ClusterFacts:
    """Return what a file says of the cluster."""
    nodes = tuple(_node(node) for node in part.nodes)
    if part.node_count is not None and nodes and part.node_count != len(nodes):
        raise ConfigError(
            f"{path}: cluster.nodeCount is {part.node_count}, but cluster.nodes lists {len(nodes)}",
            hint="leave one of them out",
        )
    if not nodes:
        # Nodes that only count: without a provider id none of them can become a target.
        nodes = tuple(
            Node(meta=Meta(name=f"node-{number}"), ready="True")
            for number in range(1, (part.node_count or 0) + 1)
        )
    return ClusterFacts(nodes=nodes, pods_routable=part.pods_routable)


def _node(part: NodePart) -> Node:
    labels = {ZONE_LABEL: part.zone} if part.zone else {}
    return Node(
        meta=Meta(name=part.name, labels=MappingProxyType({**labels, **part.labels})),
        provider_id=part.provider_id,
        ready=READY[part.ready],
        unschedulable=part.unschedulable,
        taints=tuple(
            Taint(key=taint.key, effect=taint.effect, value=taint.value) for taint in part.taints
        ),
        addresses=part.addresses,
        pod_cidrs=part.pod_cidrs,
    )


def resource_of(part: ResourcePart, place: str, *, hint: str) -> ObservedResource:
    """Return a resource of ours that a file holds; ``place`` is where, for messages."""
    return ObservedResource(
        kind=part.kind,
        address=part.address,
        group=part.group,
        name=part.name,
        ingresses=tuple(Key.parse(ingress) for ingress in part.ingresses),
        spec=_spec(part.spec, f"{place}.spec", hint),
        outputs=MappingProxyType(part.outputs),
        title=part.title,
        healthy=part.healthy,
        state=part.state,
        order=part.order,
    )


def _spec(spec: Mapping[str, object], place: str, hint: str) -> Spec:
    """Return a spec whose Refs and fingerprints are written as plans write them."""
    return freeze_spec({key: _value(value, f"{place}.{key}", hint) for key, value in spec.items()})


def _value(value: object, place: str, hint: str) -> PlainInput:
    match value:
        case {"ref": str(text), **rest} if not rest:
            address, _, name = text.rpartition(".")
            return Ref(address, name)
        case {"fingerprint": str(text), **rest} if not rest:
            return Fingerprint(text)
        case dict():
            return {str(key): _value(item, f"{place}.{key}", hint) for key, item in value.items()}
        case list():
            return [_value(item, f"{place}[{index}]", hint) for index, item in enumerate(value)]
        case None | bool() | int() | float() | str():
            return value
        case _:
            told = type(value).__name__
            raise ConfigError(f"{place}: {told} is nothing that a spec holds", hint=hint)


def account_file(into: type[A], account: Account[F], *, provider: str, facts: Part) -> A:
    """Return what is known of an account as a file of this shape.

    Args:
        into: The Struct of the whole file.
        account: What is known.
        provider: The name of the cloud.
        facts: Its facts as part of a file, which each cloud writes its own way.
    """
    identity, cluster = account.identity, account.cluster
    return into(
        format_version=FORMAT_VERSION,
        provider=provider,
        cluster_name=identity.cluster_name,
        kube_system_uid=identity.cluster_uid,
        ingress_uid=identity.ingress_uid,
        cluster=None if cluster is None else _cluster_part(cluster),
        facts=facts,
        limits=_own_limits(account.limits),
        observed=_observed_part(account.observed),
    )


def _cluster_part(cluster: ClusterFacts) -> ClusterPart:
    """Return what is known of the cluster as part of a file."""
    return ClusterPart(
        nodes=tuple(_node_part(node) for node in cluster.nodes),
        pods_routable=cluster.pods_routable,
    )


def _node_part(node: Node) -> NodePart:
    labels = dict(sorted(node.meta.labels.items()))
    return NodePart(
        name=node.name,
        provider_id=node.provider_id,
        zone=labels.pop(ZONE_LABEL, ""),
        ready={text: ready for ready, text in READY.items()}.get(node.ready),
        unschedulable=node.unschedulable,
        labels=labels,
        taints=tuple(TaintPart(key=t.key, effect=t.effect, value=t.value) for t in node.taints),
        addresses=node.addresses,
        pod_cidrs=node.pod_cidrs,
    )


def _resource_part(resource: ObservedResource) -> ResourcePart:
    """Return a resource of ours as part of a file."""
    spec = to_json(resource.spec)
    return ResourcePart(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name,
        ingresses=tuple(str(ingress) for ingress in resource.ingresses),
        spec=dict(spec) if isinstance(spec, dict) else {},
        outputs=dict(sorted(resource.outputs.items())),
        title=resource.title,
        healthy=resource.healthy,
        state=resource.state,
        order=resource.order,
    )


def _observed_part(observed: Observed) -> ObservedPart:
    """Return what is ours as part of a file."""
    resources = (resource for _, resource in sorted(observed.resources.items()))
    return ObservedPart(resources=tuple(_resource_part(each) for each in resources))


def _own_limits(limits: Limits) -> dict[str, int]:
    """Return the numbers that the account itself told."""
    return {
        name: limit.value
        for name, limit in sorted(limits.by_name.items())
        if limit.source is LimitSource.ACCOUNT
    }
