"""The kinds we read and write: group, version, path, and whether we can do without them.

A mandatory kind that cannot be listed leaves nothing to plan from; an optional one may be absent
(a CRD that nobody installed) or withheld, and the plan says what it then does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import quote

OUR_GROUP: Final = "ingress-provisioner.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInfo:
    """Where a kind lives in the API.

    ``kind`` is our name of it, unlike any other: where two groups use one name, the group stands
    behind a dot. ``old_groups`` are groups in which manifests may still spell it (``extensions``);
    the live API is only ever asked under ``group`` and ``version``.
    """

    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool = True
    mandatory: bool = False
    old_groups: tuple[str, ...] = ()

    @property
    def api_kind(self) -> str:
        """What objects say in ``kind``."""
        return self.kind.partition(".")[0]

    @property
    def api_version(self) -> str:
        """``group/version``, or the version alone in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """``ingresses.networking.k8s.io``: how RBAC and kubectl name the resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, of one object, or of its subresource."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


INGRESS: Final = KindInfo(
    kind="Ingress",
    group="networking.k8s.io",
    version="v1",
    plural="ingresses",
    mandatory=True,
    old_groups=("extensions",),
)
INGRESS_CLASS: Final = KindInfo(
    kind="IngressClass",
    group="networking.k8s.io",
    version="v1",
    plural="ingressclasses",
    namespaced=False,
    mandatory=True,
)
SERVICE: Final = KindInfo(kind="Service", group="", version="v1", plural="services", mandatory=True)
ENDPOINT_SLICE: Final = KindInfo(
    kind="EndpointSlice",
    group="discovery.k8s.io",
    version="v1",
    plural="endpointslices",
    mandatory=True,
)
NODE: Final = KindInfo(
    kind="Node", group="", version="v1", plural="nodes", namespaced=False, mandatory=True
)
DEPLOYMENT: Final = KindInfo(
    kind="Deployment", group="apps", version="v1", plural="deployments", old_groups=("extensions",)
)
STATEFUL_SET: Final = KindInfo(
    kind="StatefulSet", group="apps", version="v1", plural="statefulsets"
)
REPLICA_SET: Final = KindInfo(
    kind="ReplicaSet", group="apps", version="v1", plural="replicasets", old_groups=("extensions",)
)
REPLICATION_CONTROLLER: Final = KindInfo(
    kind="ReplicationController", group="", version="v1", plural="replicationcontrollers"
)
AUTOSCALER: Final = KindInfo(
    kind="HorizontalPodAutoscaler",
    group="autoscaling",
    version="v2",
    plural="horizontalpodautoscalers",
)
LOAD_BALANCER_CLASS: Final = KindInfo(
    kind="LoadBalancerClass",
    group=OUR_GROUP,
    version="v1alpha1",
    plural="loadbalancerclasses",
    namespaced=False,
)
LOAD_BALANCER: Final = KindInfo(
    kind="LoadBalancer",
    group=OUR_GROUP,
    version="v1alpha1",
    plural="loadbalancers",
    namespaced=False,
)
LEASE: Final = KindInfo(kind="Lease", group="coordination.k8s.io", version="v1", plural="leases")
EVENT: Final = KindInfo(kind="Event", group="", version="v1", plural="events")
NAMESPACE: Final = KindInfo(
    kind="Namespace", group="", version="v1", plural="namespaces", namespaced=False
)
SECRET: Final = KindInfo(kind="Secret", group="", version="v1", plural="secrets")
CONFIG_MAP: Final = KindInfo(kind="ConfigMap", group="", version="v1", plural="configmaps")
POD: Final = KindInfo(kind="Pod", group="", version="v1", plural="pods")
"""Watched namespace by namespace, and only where readiness gates wait for a load balancer."""
INGRESS_CLASS_PARAMS: Final = KindInfo(
    kind="IngressClassParams.elbv2.k8s.aws",
    group="elbv2.k8s.aws",
    version="v1beta1",
    plural="ingressclassparams",
    namespaced=False,
)
"""AWS Load Balancer Controller's."""
AUTO_MODE_CLASS_PARAMS: Final = KindInfo(
    kind="IngressClassParams.eks.amazonaws.com",
    group="eks.amazonaws.com",
    version="v1",
    plural="ingressclassparams",
    namespaced=False,
)
"""EKS Auto Mode's."""
TARGET_GROUP_BINDING: Final = KindInfo(
    kind="TargetGroupBinding",
    group="elbv2.k8s.aws",
    version="v1beta1",
    plural="targetgroupbindings",
)

BACKEND_CONFIG: Final = KindInfo(
    kind="BackendConfig", group="cloud.google.com", version="v1", plural="backendconfigs"
)
FRONTEND_CONFIG: Final = KindInfo(
    kind="FrontendConfig", group="networking.gke.io", version="v1beta1", plural="frontendconfigs"
)
MANAGED_CERTIFICATE: Final = KindInfo(
    kind="ManagedCertificate",
    group="networking.gke.io",
    version="v1",
    plural="managedcertificates",
)

OBJECT_KINDS: Final = (BACKEND_CONFIG, FRONTEND_CONFIG, MANAGED_CERTIFICATE)
"""Objects of settings that annotations of a cloud name."""

CLOUD_KINDS: Final = (INGRESS_CLASS_PARAMS, AUTO_MODE_CLASS_PARAMS, *OBJECT_KINDS)
"""Kinds that one cloud reads; a process of another cloud never asks for them."""

LIVE_KINDS: Final = (
    INGRESS,
    INGRESS_CLASS,
    SERVICE,
    ENDPOINT_SLICE,
    NODE,
    DEPLOYMENT,
    STATEFUL_SET,
    AUTOSCALER,
    LOAD_BALANCER_CLASS,
)
"""What a snapshot of a cluster consists of, whatever the cloud.

ReplicaSets are left out: Deployments own them.
"""

MANIFEST_KINDS: Final = (
    *LIVE_KINDS,
    *CLOUD_KINDS,
    NAMESPACE,
    SECRET,
    TARGET_GROUP_BINDING,
    REPLICA_SET,
    REPLICATION_CONTROLLER,
)
"""What is read from files; every other kind is somebody else's business."""

KINDS: Final[Mapping[str, KindInfo]] = MappingProxyType(
    {info.kind: info for info in (*MANIFEST_KINDS, LOAD_BALANCER, POD, CONFIG_MAP)}
)


class ReadsKinds(Protocol):
    """The part of a provider that says which kinds of its own cloud it reads."""

    @property
    def parameter_kinds(self) -> frozenset[tuple[str, str]]:
        """Group and kind of the class parameters that are read."""
        ...

    @property
    def object_kinds(self) -> frozenset[tuple[str, str]]:
        """Group and kind of the namespaced objects of settings that annotations name."""
        ...


def cloud_kinds(provider: ReadsKinds) -> tuple[KindInfo, ...]:
    """Return the kinds that one cloud reads besides the common ones."""
    read = provider.parameter_kinds | provider.object_kinds
    return tuple(info for info in CLOUD_KINDS if (info.group, info.api_kind) in read)


def watched_kinds(provider: ReadsKinds) -> tuple[KindInfo, ...]:
    """Return what the controller watches.

    A snapshot lists Namespaces only where a selector asks for them.
    """
    return (*LIVE_KINDS, *cloud_kinds(provider), NAMESPACE)


def manifest_kind(api_version: str, kind: str) -> KindInfo | None:
    """Return the kind that a manifest means, None where it is not one that we read.

    The group decides as much as the name: a Knative ``Service`` is not a Service.
    """
    group = api_version.rpartition("/")[0]
    for info in MANIFEST_KINDS:
        if info.api_kind == kind and (group == info.group or group in info.old_groups):
            return info
    return None
