"""Bring files and a cluster together: what files say, completed by what only the cluster knows.

Two questions are asked of the same two snapshots. ``resolve``: what do *these files* mean, in this
cluster? ``overlay``: what would the *whole cluster* be after ``kubectl apply`` of them? In both
the files win wherever they speak, and what a server allocates (uid, age, cluster IP, node ports)
or observes (EndpointSlices, Nodes, addresses in status) is the cluster's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeVar

from provisioner.kube.selectors import Selector
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.kube import (
    Autoscaler,
    EndpointSlice,
    Ingress,
    IngressClass,
    Key,
    LoadBalancerClass,
    Meta,
    Parameters,
    Service,
    ServicePort,
    Workload,
)
from provisioner.model.snapshot import Snapshot

REMOVAL_UNKNOWN: Final = "OVERLAY-REMOVAL-UNKNOWN"

_OF_THE_CLOUD: Final = "kube-system"
"""Where a cloud installs a default backend, which no file names."""

_NODE_PORT_TYPES: Final = frozenset({"NodePort", "LoadBalancer"})
T = TypeVar("T")
K = TypeVar("K", str, Key, tuple[str, str, str], tuple[str, Key])
WorkloadId = tuple[str, Key]


def selects_namespaces(snapshot: Snapshot) -> bool:
    """Tell whether some class object looks at the labels of namespaces."""
    tenants = (t for c in snapshot.load_balancer_classes.values() for t in c.tenants or ())
    return any(tenant.selector is not None for tenant in tenants) or any(
        found.spec.get("namespaceSelector") is not None for found in snapshot.parameters.values()
    )


def resolve(files: Snapshot, live: Snapshot) -> Snapshot:
    """Return what the files mean in this cluster: their Ingresses, and all that bears on them.

    Every other object of the namespaces in which the files have Ingresses comes along, because
    annotations name Services too. A Service that the cluster has and that has no endpoints gets
    an empty entry in ``slices``: known to be none. A Service without an entry is only in the files.
    """
    spaces = {key.namespace for key in files.ingresses}
    services = _laid_over(
        files.services, _within(live.services, {*spaces, _OF_THE_CLOUD}), _service
    )
    return replace(
        files,
        ingresses=_completed(files.ingresses, live.ingresses, _ingress),
        classes=_laid_over(files.classes, live.classes, _class),
        load_balancer_classes=_laid_over(
            files.load_balancer_classes, live.load_balancer_classes, _load_balancer_class
        ),
        services=services,
        slices=_slices(files.slices, live, [key for key in services if key in live.services]),
        nodes=_sorted({**live.nodes, **files.nodes}),
        workloads=_workloads(files, [w for w in live.workloads if w.meta.namespace in spaces]),
        autoscalers=_autoscalers(
            files, [a for a in live.autoscalers if a.meta.namespace in spaces]
        ),
        parameters=_laid_over(files.parameters, live.parameters, _parameters),
        objects=_laid_over(
            files.objects,
            {key: found for key, found in live.objects.items() if key[1].namespace in spaces},
            _parameters,
        ),
        namespaces=_sorted({**live.namespaces, **files.namespaces}),
        secrets=_sorted({**_within(live.secrets, spaces), **files.secrets}),
        bindings=_sorted({**_within(live.bindings, spaces), **files.bindings}),
        asked_cluster=True,
        unknown_kinds=files.unknown_kinds | live.unknown_kinds,
        diagnostics=_diagnostics(files.diagnostics, live.diagnostics),
    )


def overlay(files: Snapshot, live: Snapshot, *, owned_by: Selector | None = None) -> Snapshot:
    """Return the cluster as it would be after ``kubectl apply`` of the files.

    Args:
        files: What would be applied.
        live: The cluster now.
        owned_by: Objects of the cluster with these labels that the files no longer contain are
            gone, as ``kubectl apply --prune`` would have it. Nothing is taken away while a file
            cannot be read: what it does not contain is then not known.
    """
    base, refusals = live, tuple[Diagnostic, ...]()
    if owned_by is not None:
        if any(diagnostic.blocking for diagnostic in files.diagnostics):
            refusals = (_removal_unknown(),)
        else:
            base = _without_owned(files, live, owned_by)
    services = _laid_over(files.services, base.services, _service)
    return replace(
        base,
        ingresses=_laid_over(files.ingresses, base.ingresses, _ingress),
        classes=_laid_over(files.classes, base.classes, _class),
        load_balancer_classes=_laid_over(
            files.load_balancer_classes, base.load_balancer_classes, _load_balancer_class
        ),
        services=services,
        slices=_slices(files.slices, base, services),
        nodes=_sorted({**base.nodes, **files.nodes}),
        workloads=_workloads(files, base.workloads),
        autoscalers=_autoscalers(files, base.autoscalers),
        parameters=_laid_over(files.parameters, base.parameters, _parameters),
        objects=_laid_over(files.objects, base.objects, _parameters),
        namespaces=_sorted({**base.namespaces, **files.namespaces}),
        secrets=_sorted({**base.secrets, **files.secrets}),
        bindings=_sorted({**base.bindings, **files.bindings}),
        sources=files.sources,
        diagnostics=_diagnostics(files.diagnostics, base.diagnostics, refusals),
    )


def _without_owned(files: Snapshot, live: Snapshot, owner: Selector) -> Snapshot:
    """Return the cluster without what the owner's files no longer contain."""
    workloads = {_workload_id(w) for w in files.workloads}
    autoscalers = {a.meta.key for a in files.autoscalers}

    def stays(meta: Meta, *, filed: bool) -> bool:
        return filed or not owner.matches(meta.labels)

    return replace(
        live,
        ingresses=_kept(live.ingresses, lambda k, v: stays(v.meta, filed=k in files.ingresses)),
        services=_kept(live.services, lambda k, v: stays(v.meta, filed=k in files.services)),
        classes=_kept(live.classes, lambda k, v: stays(v.meta, filed=k in files.classes)),
        load_balancer_classes=_kept(
            live.load_balancer_classes,
            lambda k, v: stays(v.meta, filed=k in files.load_balancer_classes),
        ),
        workloads=tuple(
            w for w in live.workloads if stays(w.meta, filed=_workload_id(w) in workloads)
        ),
        autoscalers=tuple(
            a for a in live.autoscalers if stays(a.meta, filed=a.meta.key in autoscalers)
        ),
        parameters=_kept(live.parameters, lambda k, v: stays(v.meta, filed=k in files.parameters)),
        objects=_kept(live.objects, lambda k, v: stays(v.meta, filed=k in files.objects)),
        secrets=_kept(live.secrets, lambda k, v: stays(v.meta, filed=k in files.secrets)),
    )


def _kept(found: Mapping[K, T], wanted: Callable[[K, T], bool]) -> Mapping[K, T]:
    return MappingProxyType({key: value for key, value in found.items() if wanted(key, value)})


def _removal_unknown() -> Diagnostic:
    return error(
        REMOVAL_UNKNOWN,
        "files",
        message="No removal is planned, because not every file could be read.",
        hint="Mend the files named by the other errors first.",
    )


def _completed(
    files: Mapping[K, T], live: Mapping[K, T], complete: Callable[[T, T], T]
) -> Mapping[K, T]:
    """Return the files' objects, each completed by the cluster's object of the same key."""
    return MappingProxyType(
        {key: complete(mine, live[key]) if key in live else mine for key, mine in files.items()}
    )


def _laid_over(
    files: Mapping[K, T], live: Mapping[K, T], complete: Callable[[T, T], T]
) -> Mapping[K, T]:
    """Return the cluster's objects, replaced and joined by the files' completed ones."""
    return _sorted({**live, **_completed(files, live, complete)})


def _within(found: Mapping[Key, T], spaces: set[str]) -> Mapping[Key, T]:
    return {key: value for key, value in found.items() if key.namespace in spaces}


def _sorted(found: Mapping[K, T]) -> Mapping[K, T]:
    return MappingProxyType({key: found[key] for key in sorted(found)})


def _meta(mine: Meta, theirs: Meta) -> Meta:
    """Return metadata after an apply: identity and finalizers are the server's to keep."""
    return replace(
        mine,
        uid=theirs.uid,
        created=theirs.created,
        resource_version=theirs.resource_version,
        generation=theirs.generation,
        deleting=theirs.deleting,
        finalizers=tuple(dict.fromkeys((*theirs.finalizers, *mine.finalizers))),
    )


def _ingress(mine: Ingress, theirs: Ingress) -> Ingress:
    meta = _meta(mine.meta, theirs.meta)
    return replace(mine, meta=meta, addresses=theirs.addresses, present=theirs)


def _class(mine: IngressClass, theirs: IngressClass) -> IngressClass:
    return replace(mine, meta=_meta(mine.meta, theirs.meta))


def _load_balancer_class(mine: LoadBalancerClass, theirs: LoadBalancerClass) -> LoadBalancerClass:
    return replace(mine, meta=_meta(mine.meta, theirs.meta))


def _parameters(mine: Parameters, theirs: Parameters) -> Parameters:
    """Return parameters after an apply: the status is what some controller said of them."""
    return replace(mine, meta=_meta(mine.meta, theirs.meta), status=mine.status or theirs.status)


def _service(mine: Service, theirs: Service) -> Service:
    return replace(
        mine,
        meta=_meta(mine.meta, theirs.meta),
        cluster_ip=mine.cluster_ip or theirs.cluster_ip,
        ports=tuple(_port(mine, port, theirs.ports) for port in mine.ports),
    )


def _port(service: Service, mine: ServicePort, theirs: Iterable[ServicePort]) -> ServicePort:
    """Return a port with the node port that the server has allocated for it and would keep."""
    if mine.node_port or service.type not in _NODE_PORT_TYPES:
        return mine
    same = [p for p in theirs if (p.port, p.protocol) == (mine.port, mine.protocol)]
    return replace(mine, node_port=same[0].node_port) if same else mine


def _slices(
    files: Mapping[Key, tuple[EndpointSlice, ...]], live: Snapshot, wanted: Iterable[Key]
) -> Mapping[Key, tuple[EndpointSlice, ...]]:
    """Return slices of the wanted Services: the files' where they have any, else the cluster's."""
    known = "EndpointSlice" not in live.unknown_kinds
    found = {key: live.slices[key] for key in wanted if key in live.slices}
    if known:
        found |= {key: () for key in wanted if key in live.services and key not in found}
    return _sorted({**found, **files})


def _workload_id(workload: Workload) -> WorkloadId:
    return (workload.kind, workload.meta.key)


def _workloads(files: Snapshot, live: Iterable[Workload]) -> tuple[Workload, ...]:
    mine = {_workload_id(workload) for workload in files.workloads}
    others = (workload for workload in live if _workload_id(workload) not in mine)
    return tuple(sorted((*files.workloads, *others), key=_workload_id))


def _autoscalers(files: Snapshot, live: Iterable[Autoscaler]) -> tuple[Autoscaler, ...]:
    mine = {autoscaler.meta.key for autoscaler in files.autoscalers}
    others = (autoscaler for autoscaler in live if autoscaler.meta.key not in mine)
    return tuple(sorted((*files.autoscalers, *others), key=lambda entry: entry.meta.key))


def _diagnostics(*parts: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted((d for part in parts for d in part), key=Diagnostic.sort_key))
