"""Our own copies of the Kubernetes objects that a decision reads.

They hold only the fields that matter to a load balancer, so that a cache of a large cluster
stays small, a watch event can be compared with what we know, and nothing downstream depends on
a client library. Whoever decodes (``provisioner.kube``) has already checked the wire types;
*meaning* (a path without a slash, a port that no Service has) is judged later, where a
diagnostic can name the object and the field.

Field names follow the Kubernetes API in snake case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from provisioner.model.probe import Probe
from provisioner.model.selector import LabelSelector

NO_STRINGS: Mapping[str, str] = MappingProxyType({})


class Key(NamedTuple):
    """Namespace and name; a cluster-scoped object has the namespace ``""``."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @classmethod
    def parse(cls, text: str) -> Key:
        """Return the key that ``namespace/name`` (or a bare name) spells."""
        namespace, slash, name = text.partition("/")
        return cls(namespace, name) if slash else cls("", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What every object carries.

    ``created`` is RFC 3339 as the API server writes it, so text order is time order; it is empty
    for objects from files, as are ``uid`` and ``resource_version``.
    """

    name: str
    namespace: str = ""
    uid: str = ""
    created: str = ""
    annotations: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    labels: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    finalizers: tuple[str, ...] = ()
    deleting: bool = False
    resource_version: str = ""
    generation: int = 0

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return Key(self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRef:
    """A Service port as an Ingress names it: by name or by number, never both."""

    name: str = ""
    number: int = 0

    def __str__(self) -> str:
        return self.name or str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressBackend:
    """Where a path leads: a Service port, or (``resource`` not empty) an object we cannot serve."""

    service: str = ""
    port: PortRef = field(default_factory=PortRef)
    resource: str = ""  # "apiGroup/Kind/name"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPath:
    """One path of a rule. ``path_type`` is verbatim: judging it is the translator's job."""

    path: str = ""
    path_type: str = ""
    backend: IngressBackend = field(default_factory=IngressBackend)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressRule:
    """One ``spec.rules`` entry; ``paths`` is None where the rule has no ``http``."""

    host: str = ""
    paths: tuple[HttpPath, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressTls:
    """One ``spec.tls`` entry."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """An Ingress, of any API version, as networking.k8s.io/v1 would say it.

    ``addresses`` is what ``status.loadBalancer`` holds now: host names or IP addresses. ``present``
    is the object in the cluster, where this is what a file would make of it.
    """

    meta: Meta
    class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTls, ...] = ()
    addresses: tuple[str, ...] = ()
    present: Ingress | None = None

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.meta.key


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressClass:
    """An IngressClass; ``parameters`` is ``(apiGroup, kind, name)`` where it has any."""

    meta: Meta
    controller: str
    parameters: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """An object of settings that an IngressClass or an annotation names; ``spec`` is plain JSON.

    Each provider reads the kinds of its own cloud (AWS: IngressClassParams; Google: BackendConfig,
    FrontendConfig, ManagedCertificate, whose ``status`` tells the certificate's name).
    """

    meta: Meta
    group: str
    kind: str
    spec: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    status: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A Namespace, for selectors that look at its labels; nothing else of it is kept."""

    meta: Meta

    @property
    def name(self) -> str:
        """The namespace's name."""
        return self.meta.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A Secret that an Ingress names. Its content never shows in a text made of this object."""

    meta: Meta
    type: str = "Opaque"
    data: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.meta.key


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroupBinding:
    """The incumbent controller's link between a Service port and a target group."""

    meta: Meta
    target_group_arn: str
    target_type: str = ""
    service: str = ""
    port: PortRef = field(default_factory=PortRef)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A Pod, as far as readiness gates ask: which gates it has and what its conditions say.

    ``conditions`` maps a condition type to its status (``True``, ``False``, ``Unknown``).
    """

    meta: Meta
    ip: str = ""
    node: str = ""
    readiness_gates: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.meta.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """What some namespaces may do on the load balancers of a class.

    ``namespaces`` are names, ``selector`` adds those with matching labels. ``groups`` are the named
    groups that they may join, ``hosts`` the suffixes that are theirs alone (``shop.example.com``
    covers itself and every name below it). ``governs`` are the groups whose shared settings only
    they may state. ``*`` stands for every group, or host, that no tenant names.
    """

    namespaces: tuple[str, ...] = ()
    selector: LabelSelector | None = None
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    governs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerClass:
    """Our own class object: settings for every Ingress of the IngressClasses bound to it.

    ``defaults`` and ``enforced`` hold portable annotation names without their prefix, values as
    an annotation would spell them. ``tenants`` None leaves hosts and groups to whoever came first;
    with a list, even an empty one, only who is listed may join a group or use a listed suffix.
    """

    meta: Meta
    provider: str = ""
    ingress_classes: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    enforced: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    compatibility: str = ""
    policy: str = ""
    pods_routable: bool | None = None
    tenants: tuple[Tenant, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """One port of a Service. ``node_port`` is 0 until the API server has allocated one."""

    port: int
    name: str = ""
    target_port: int | str = 0  # 0: same as port
    node_port: int = 0
    protocol: str = "TCP"
    app_protocol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Service."""

    meta: Meta
    type: str = "ClusterIP"
    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    external_traffic_policy: str = "Cluster"
    cluster_ip: str = ""
    allocates_node_ports: bool = True
    ip_families: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.meta.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint of an EndpointSlice. ``ready`` None means "unknown", to be read as ready."""

    addresses: tuple[str, ...]
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None
    node_name: str = ""
    zone: str = ""
    pod: str = ""  # name of the Pod in targetRef; empty: not a Pod


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPort:
    """One port of an EndpointSlice; ``number`` 0 means all ports."""

    number: int
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSlice:
    """An EndpointSlice and the Service that its ``kubernetes.io/service-name`` label names."""

    meta: Meta
    service: str
    address_type: str = "IPv4"
    ports: tuple[EndpointPort, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def service_key(self) -> Key:
        """The Service whose endpoints these are."""
        return Key(self.meta.namespace, self.service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """A node taint."""

    key: str
    effect: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node; ``ready`` is the text of its Ready condition: True, False or Unknown."""

    meta: Meta
    provider_id: str = ""
    ready: str = "Unknown"
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()
    addresses: tuple[str, ...] = ()  # InternalIP
    pod_cidrs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The node's name."""
        return self.meta.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A Deployment, StatefulSet or the like: what tells a pod count before there are pods.

    ``max_surge`` is verbatim (``"25%"``, ``"1"``) and empty where the kind has none.
    ``container_ports`` are (name, number) pairs; they resolve named target ports.
    ``readiness_gates`` are those that its pods are written with; ``probes`` are the readiness
    probes of its containers, in written order.
    """

    meta: Meta
    kind: str
    replicas: int = 1
    pod_labels: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    container_ports: tuple[tuple[str, int], ...] = ()
    max_surge: str = ""
    readiness_gates: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaler:
    """A HorizontalPodAutoscaler: the workload it scales and how far."""

    meta: Meta
    target_kind: str
    target_name: str
    max_replicas: int
