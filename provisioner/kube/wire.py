"""Kubernetes objects as the API and manifests spell them, as far as we read them.

Tolerant on purpose: unknown fields are skipped, every field may be missing or ``null`` (the API
treats both alike), because one odd object must not cost the list it came in. Two things are not
tolerated: a value of the wrong type, and a missing field without which an object means nothing
(a Service port without a number).

Ingress covers networking.k8s.io/v1 and the two older spellings of a backend at once; which of
them was meant is decided in ``decode.py``.
"""

from __future__ import annotations

import msgspec


class Wire(msgspec.Struct, rename="camel", gc=False):
    """Base of every wire shape: camelCase outside, snake_case inside."""


class OwnerReference(Wire):
    """One owner in metadata; only whether there is any matters."""

    kind: str | None = None


class Metadata(Wire):
    """ObjectMeta. Values of annotations and labels may be ``null``: the API reads them as ""."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    creation_timestamp: str | None = None
    annotations: dict[str, str | None] | None = None
    labels: dict[str, str | None] | None = None
    finalizers: tuple[str, ...] | None = None
    deletion_timestamp: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    owner_references: tuple[OwnerReference, ...] | None = None


class Object(Wire):
    """What every object has."""

    api_version: str | None = None
    metadata: Metadata | None = None


class NameReference(Wire):
    """A TypedLocalObjectReference, or the parameters of an IngressClass."""

    api_group: str | None = None
    kind: str | None = None
    name: str | None = None


class BackendPort(Wire):
    """ServiceBackendPort."""

    name: str | None = None
    number: int | None = None


class BackendService(Wire):
    """IngressServiceBackend."""

    name: str | None = None
    port: BackendPort | None = None


class IngressBackend(Wire):
    """A backend in its three spellings; ``service_name`` and ``service_port`` are the old one."""

    service: BackendService | None = None
    resource: NameReference | None = None
    service_name: str | None = None
    service_port: int | str | None = None


class HttpPath(Wire):
    """HTTPIngressPath."""

    path: str | None = None
    path_type: str | None = None
    backend: IngressBackend | None = None


class HttpRule(Wire):
    """HTTPIngressRuleValue."""

    paths: tuple[HttpPath, ...] | None = None


class IngressRule(Wire):
    """IngressRule."""

    host: str | None = None
    http: HttpRule | None = None


class IngressTls(Wire):
    """IngressTLS."""

    hosts: tuple[str, ...] | None = None
    secret_name: str | None = None


class IngressSpec(Wire):
    """IngressSpec; ``backend`` is the old name of ``default_backend``."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] | None = None
    tls: tuple[IngressTls, ...] | None = None


class LoadBalancerIngress(Wire):
    """One address in ``status.loadBalancer.ingress``."""

    hostname: str | None = None
    ip: str | None = None


class LoadBalancerStatus(Wire):
    """``status.loadBalancer``."""

    ingress: tuple[LoadBalancerIngress, ...] | None = None


class IngressStatus(Wire):
    """IngressStatus."""

    load_balancer: LoadBalancerStatus | None = None


class Ingress(Object):
    """An Ingress of any version."""

    spec: IngressSpec | None = None
    status: IngressStatus | None = None


class IngressClassSpec(Wire):
    """IngressClassSpec."""

    controller: str | None = None
    parameters: NameReference | None = None


class IngressClass(Object):
    """An IngressClass."""

    spec: IngressClassSpec | None = None


class Namespace(Object):
    """A Namespace, of which only the labels are read."""


class Secret(Object):
    """A Secret. ``data`` is base64, ``string_data`` is plain and wins."""

    type: str | None = None
    data: dict[str, str | None] | None = None
    string_data: dict[str, str | None] | None = None


class ServiceReference(Wire):
    """The Service port that a TargetGroupBinding stands for."""

    name: str | None = None
    port: int | str | None = None


class TargetGroupBindingSpec(Wire):
    """TargetGroupBindingSpec."""

    target_group_arn: str | None = msgspec.field(default=None, name="targetGroupARN")
    target_type: str | None = None
    service_ref: ServiceReference | None = None


class TargetGroupBinding(Object):
    """AWS Load Balancer Controller's record of a target group."""

    spec: TargetGroupBindingSpec | None = None


class ServicePort(Wire, kw_only=True):
    """ServicePort."""

    port: int
    name: str | None = None
    target_port: int | str | None = None
    node_port: int | None = None
    protocol: str | None = None
    app_protocol: str | None = None


class ServiceSpec(Wire):
    """ServiceSpec."""

    type: str | None = None
    ports: tuple[ServicePort, ...] | None = None
    selector: dict[str, str | None] | None = None
    external_traffic_policy: str | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    allocate_load_balancer_node_ports: bool | None = None
    ip_families: tuple[str, ...] | None = None


class Service(Object):
    """A Service."""

    spec: ServiceSpec | None = None


class EndpointConditions(Wire):
    """EndpointConditions; absent means unknown, which is not the same as false."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Wire):
    """Endpoint."""

    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: NameReference | None = None


class EndpointPort(Wire):
    """EndpointPort; without a number it stands for all ports."""

    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class EndpointSlice(Object):
    """An EndpointSlice."""

    address_type: str | None = None
    endpoints: tuple[Endpoint, ...] | None = None
    ports: tuple[EndpointPort, ...] | None = None


class Taint(Wire):
    """Taint."""

    key: str | None = None
    value: str | None = None
    effect: str | None = None


class NodeSpec(Wire):
    """NodeSpec."""

    provider_id: str | None = msgspec.field(default=None, name="providerID")
    unschedulable: bool | None = None
    taints: tuple[Taint, ...] | None = None
    pod_cidr: str | None = msgspec.field(default=None, name="podCIDR")
    pod_cidrs: tuple[str, ...] | None = msgspec.field(default=None, name="podCIDRs")


class NodeCondition(Wire):
    """NodeCondition."""

    type: str | None = None
    status: str | None = None


class NodeAddress(Wire):
    """NodeAddress."""

    type: str | None = None
    address: str | None = None


class NodeStatus(Wire):
    """NodeStatus."""

    conditions: tuple[NodeCondition, ...] | None = None
    addresses: tuple[NodeAddress, ...] | None = None


class Node(Object):
    """A Node."""

    spec: NodeSpec | None = None
    status: NodeStatus | None = None


class AutoscalerSpec(Wire):
    """HorizontalPodAutoscalerSpec; v1 and v2 say the same about what we read."""

    scale_target_ref: NameReference | None = None
    max_replicas: int | None = None


class Autoscaler(Object):
    """A HorizontalPodAutoscaler."""

    spec: AutoscalerSpec | None = None
