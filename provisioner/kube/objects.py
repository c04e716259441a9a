"""From wire shapes to objects, one function per kind.

Only fields that a decision reads are kept. Defaults of the API server are filled in where leaving
a field out means something (a Deployment without a strategy surges by 25 %), because manifests
have not been through the server yet.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from provisioner.kube import pod_templates, wire, workload_wire
from provisioner.model.kube import (
    NO_STRINGS,
    Autoscaler,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    HttpPath,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressRule,
    IngressTls,
    Meta,
    Namespace,
    Node,
    PortRef,
    Secret,
    Service,
    ServicePort,
    Taint,
    TargetGroupBinding,
    Workload,
)

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
NAMESPACE_NAME_LABEL: Final = "kubernetes.io/metadata.name"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
DEFAULT_MAX_SURGE: Final = "25%"
"""What the API server fills in (Kubernetes API reference, RollingUpdateDeployment)."""


def meta(raw: wire.Object) -> Meta:
    """Return metadata. kubectl's copy of the whole manifest is left behind: it is never read."""
    data = raw.metadata or wire.Metadata()
    return Meta(
        name=data.name or "",
        namespace=data.namespace or "",
        uid=data.uid or "",
        created=data.creation_timestamp or "",
        annotations=texts(data.annotations),
        labels=texts(data.labels),
        finalizers=data.finalizers or (),
        deleting=bool(data.deletion_timestamp),
        resource_version=data.resource_version or "",
        generation=data.generation or 0,
    )


def texts(raw: Mapping[str, str | None] | None) -> Mapping[str, str]:
    """Return a table of texts; an entry without a value is the empty text, as the API has it."""
    if not raw:
        return NO_STRINGS
    return MappingProxyType(
        {name: value or "" for name, value in raw.items() if name != LAST_APPLIED}
    )


def ingress(raw: wire.Ingress) -> Ingress:
    """Return an Ingress of any API version, as networking.k8s.io/v1 would say it."""
    spec = raw.spec or wire.IngressSpec()
    old = raw.api_version not in {None, "networking.k8s.io/v1"}
    balancer = (raw.status and raw.status.load_balancer) or wire.LoadBalancerStatus()
    default = spec.default_backend or spec.backend
    return Ingress(
        meta=meta(raw),
        class_name=spec.ingress_class_name,
        default_backend=_backend(default) if default else None,
        rules=tuple(_rule(rule, old=old) for rule in spec.rules or ()),
        tls=tuple(
            IngressTls(hosts=entry.hosts or (), secret_name=entry.secret_name or "")
            for entry in spec.tls or ()
        ),
        addresses=tuple(
            address for entry in balancer.ingress or () if (address := entry.hostname or entry.ip)
        ),
    )


def _rule(raw: wire.IngressRule, *, old: bool) -> IngressRule:
    if raw.http is None:
        return IngressRule(host=raw.host or "")
    # v1beta1 and extensions default a missing pathType; v1 refuses it.
    missing = "ImplementationSpecific" if old else ""
    paths = tuple(
        HttpPath(
            path=path.path or "",
            path_type=path.path_type or missing,
            backend=_backend(path.backend or wire.IngressBackend()),
        )
        for path in raw.http.paths or ()
    )
    return IngressRule(host=raw.host or "", paths=paths)


def _backend(raw: wire.IngressBackend) -> IngressBackend:
    if raw.resource is not None:
        parts = (raw.resource.api_group, raw.resource.kind, raw.resource.name)
        return IngressBackend(resource="/".join(part or "" for part in parts))
    if raw.service is not None:
        port = raw.service.port or wire.BackendPort()
        return IngressBackend(
            service=raw.service.name or "",
            port=PortRef(name=port.name or "", number=port.number or 0),
        )
    return IngressBackend(service=raw.service_name or "", port=_old_port(raw.service_port))


def _old_port(port: int | str | None) -> PortRef:
    return PortRef(name=port) if isinstance(port, str) else PortRef(number=port or 0)


def ingress_class(raw: wire.IngressClass) -> IngressClass:
    """Return an IngressClass."""
    spec = raw.spec or wire.IngressClassSpec()
    reference = spec.parameters
    parameters = (
        (reference.api_group or "", reference.kind or "", reference.name or "")
        if reference
        else None
    )
    return IngressClass(meta=meta(raw), controller=spec.controller or "", parameters=parameters)


def service(raw: wire.Service) -> Service:
    """Return a Service."""
    spec = raw.spec or wire.ServiceSpec()
    return Service(
        meta=meta(raw),
        type=spec.type or "ClusterIP",
        ports=tuple(_service_port(port) for port in spec.ports or ()),
        selector=texts(spec.selector),
        external_traffic_policy=spec.external_traffic_policy or "Cluster",
        cluster_ip=spec.cluster_ip or "",
        allocates_node_ports=spec.allocate_load_balancer_node_ports is not False,
        ip_families=spec.ip_families or (),
    )


def _service_port(raw: wire.ServicePort) -> ServicePort:
    return ServicePort(
        port=raw.port,
        name=raw.name or "",
        target_port=raw.target_port or 0,
        node_port=raw.node_port or 0,
        protocol=raw.protocol or "TCP",
        app_protocol=raw.app_protocol or "",
    )


def endpoint_slice(raw: wire.EndpointSlice) -> EndpointSlice | None:
    """Return an EndpointSlice, None where no Service claims it."""
    info = meta(raw)
    owner = info.labels.get(SERVICE_NAME_LABEL)
    if not owner:
        return None
    return EndpointSlice(
        meta=info,
        service=owner,
        address_type=raw.address_type or "IPv4",
        ports=tuple(
            EndpointPort(
                number=port.port or 0, name=port.name or "", protocol=port.protocol or "TCP"
            )
            for port in raw.ports or ()
        ),
        endpoints=tuple(_endpoint(endpoint) for endpoint in raw.endpoints or ()),
    )


def _endpoint(raw: wire.Endpoint) -> Endpoint:
    conditions = raw.conditions or wire.EndpointConditions()
    target = raw.target_ref
    return Endpoint(
        addresses=raw.addresses or (),
        ready=conditions.ready,
        serving=conditions.serving,
        terminating=conditions.terminating,
        node_name=raw.node_name or "",
        zone=raw.zone or "",
        pod=(target.name or "") if target and target.kind == "Pod" else "",
    )


def node(raw: wire.Node) -> Node:
    """Return a Node."""
    spec, status = raw.spec or wire.NodeSpec(), raw.status or wire.NodeStatus()
    ready = [c.status or "Unknown" for c in status.conditions or () if c.type == "Ready"]
    return Node(
        meta=meta(raw),
        provider_id=spec.provider_id or "",
        ready=ready[0] if ready else "Unknown",
        unschedulable=bool(spec.unschedulable),
        taints=tuple(
            Taint(key=taint.key or "", effect=taint.effect or "", value=taint.value or "")
            for taint in spec.taints or ()
        ),
        addresses=tuple(
            entry.address
            for entry in status.addresses or ()
            if entry.type == "InternalIP" and entry.address
        ),
        pod_cidrs=spec.pod_cidrs or ((spec.pod_cidr,) if spec.pod_cidr else ()),
    )


def namespace(raw: wire.Namespace) -> Namespace:
    """Return a Namespace with its labels, the one that the API server adds to each included."""
    found = meta(raw)
    labels = {**found.labels, NAMESPACE_NAME_LABEL: found.name}
    return Namespace(
        meta=replace(found, annotations=NO_STRINGS, labels=MappingProxyType(labels), generation=0)
    )


def secret(raw: wire.Secret) -> Secret:
    """Return a Secret as the API server would store it; what is not base64 is left out."""
    data = {name: decoded(value or "") for name, value in (raw.data or {}).items()}
    data |= {name: (value or "").encode() for name, value in (raw.string_data or {}).items()}
    return Secret(
        meta=meta(raw),
        type=raw.type or "Opaque",
        data=MappingProxyType({name: value for name, value in data.items() if value is not None}),
    )


def decoded(text: str) -> bytes | None:
    """Return what base64 text stands for, line breaks skipped; None where it is no base64."""
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


def target_group_binding(raw: wire.TargetGroupBinding) -> TargetGroupBinding:
    """Return a TargetGroupBinding."""
    spec = raw.spec or wire.TargetGroupBindingSpec()
    reference = spec.service_ref or wire.ServiceReference()
    return TargetGroupBinding(
        meta=meta(raw),
        target_group_arn=spec.target_group_arn or "",
        target_type=spec.target_type or "",
        service=reference.name or "",
        port=_old_port(reference.port),
    )


def workload_of(kind: str) -> Callable[[workload_wire.Workload], Workload | None]:
    """Return the function that makes a Workload of this kind."""

    def build(raw: workload_wire.Workload) -> Workload | None:
        return workload(kind, raw)

    return build


def workload(kind: str, raw: workload_wire.Workload) -> Workload | None:
    """Return what a workload says about its pods, None where another workload owns it."""
    if raw.metadata is not None and raw.metadata.owner_references:
        return None
    spec = raw.spec or workload_wire.WorkloadSpec()
    template = spec.template or workload_wire.PodTemplate()
    pod = template.spec or workload_wire.PodSpec()
    labels = template.metadata.labels if template.metadata else None
    return Workload(
        meta=meta(raw),
        kind=kind,
        replicas=1 if spec.replicas is None else spec.replicas,
        pod_labels=texts(labels),
        container_ports=pod_templates.container_ports(pod),
        readiness_gates=pod_templates.readiness_gates(pod),
        probes=pod_templates.probes(pod),
        max_surge=_max_surge(spec.strategy or workload_wire.Strategy())
        if kind == "Deployment"
        else "",
    )


def _max_surge(strategy: workload_wire.Strategy) -> str:
    if strategy.type == "Recreate":
        return ""
    surge = strategy.rolling_update.max_surge if strategy.rolling_update else None
    return DEFAULT_MAX_SURGE if surge is None else str(surge)


def autoscaler(raw: wire.Autoscaler) -> Autoscaler:
    """Return a HorizontalPodAutoscaler."""
    spec = raw.spec or wire.AutoscalerSpec()
    target = spec.scale_target_ref or wire.NameReference()
    return Autoscaler(
        meta=meta(raw),
        target_kind=target.kind or "",
        target_name=target.name or "",
        max_replicas=spec.max_replicas or 0,
    )
