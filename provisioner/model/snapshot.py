"""A snapshot: every Kubernetes object that planning may read, at one moment.

It looks the same whether it came from files or from a cluster, which is why ``plan -f`` and the
controller cannot disagree. What could not be read is *unknown*, never empty: a kind that was
forbidden must not look like a cluster that lost all its objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import (
    Autoscaler,
    EndpointSlice,
    Ingress,
    IngressClass,
    Key,
    LoadBalancerClass,
    Meta,
    Node,
    Parameters,
    Pod,
    Secret,
    Service,
    TargetGroupBinding,
    Workload,
)

T = TypeVar("T")


def _nothing() -> Mapping[Key, T]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Objects by key, and what is known about their completeness.

    Attributes:
        live: True where the objects came from a cluster, so that what is absent is truly absent;
            False for files, where EndpointSlices, Nodes and node ports are usually not written.
        complete: True where these are *all* the Ingresses (a cluster, or ``--no-cluster``); False
            where others may exist that no file mentions.
        asked_cluster: True for files that were resolved against a cluster, so that whoever plans
            could see what exists beside them.
        unknown_kinds: Kinds that could not be listed; nothing may be deleted on their account.
        slices: EndpointSlices by the key of their *Service*, in name order.
        parameters: Objects that IngressClasses name in ``parameters``, by (group, kind, name).
        objects: Objects of settings that annotations name (Google: BackendConfig, FrontendConfig,
            ManagedCertificate), by kind and namespace/name.
        namespaces: Metadata of namespaces, for selectors that look at their labels.
        secrets: Only those that some Ingress names.
        unread_secrets: Secrets that an Ingress names and that may not or could not be read, and
            why; they are unknown, not absent.
        bindings: The incumbent controller's record of which target group stands for which Service.
        pods: Only pods with readiness gates that a load balancer feeds.
        unread_pods: Namespaces where such pods may be, but could not be listed.
        registered: What we registered with target groups that others use, too, by name of the
            group; read only where an object asks for such a one.
        sources: ``Kind namespace/name`` -> where it was read ("web.yaml, document 3").
    """

    live: bool = False
    complete: bool = False
    asked_cluster: bool = False
    ingresses: Mapping[Key, Ingress] = field(default_factory=_nothing)
    classes: Mapping[str, IngressClass] = field(default_factory=lambda: MappingProxyType({}))
    load_balancer_classes: Mapping[str, LoadBalancerClass] = field(
        default_factory=lambda: MappingProxyType({})
    )
    services: Mapping[Key, Service] = field(default_factory=_nothing)
    slices: Mapping[Key, tuple[EndpointSlice, ...]] = field(default_factory=_nothing)
    nodes: Mapping[str, Node] = field(default_factory=lambda: MappingProxyType({}))
    workloads: tuple[Workload, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    parameters: Mapping[tuple[str, str, str], Parameters] = field(
        default_factory=lambda: MappingProxyType({})
    )
    objects: Mapping[tuple[str, Key], Parameters] = field(
        default_factory=lambda: MappingProxyType({})
    )
    namespaces: Mapping[str, Meta] = field(default_factory=lambda: MappingProxyType({}))
    secrets: Mapping[Key, Secret] = field(default_factory=_nothing)
    unread_secrets: Mapping[Key, str] = field(default_factory=_nothing)
    bindings: Mapping[Key, TargetGroupBinding] = field(default_factory=_nothing)
    pods: Mapping[Key, Pod] = field(default_factory=_nothing)
    unread_pods: frozenset[str] = frozenset()
    registered: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    unknown_kinds: frozenset[str] = frozenset()
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    diagnostics: tuple[Diagnostic, ...] = ()
