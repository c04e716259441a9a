"""Intent: what the Ingresses mean, in words that belong to no cloud.

One ``LoadBalancerIntent`` per ingress group: listeners, rules and backends, with every setting
already resolved by precedence (semantics of settings: class enforcement, Service, Ingress, class
defaults, controller default). The order of ``rules`` is *not* an evaluation order yet: a provider
sorts them its own way (an ALB needs priorities, a URL map does not), using ``PathRule``'s facts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.probe import Probe
from provisioner.model.resource import Fingerprint


class TargetMode(StrEnum):
    """How traffic reaches pods: straight to their addresses, or through node ports."""

    POD = "pod"
    NODE_PORT = "node-port"


class Scheme(StrEnum):
    """Who can reach the load balancer."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class ListenerProtocol(StrEnum):
    """What a listener speaks to clients."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"


class BackendProtocol(StrEnum):
    """What a load balancer speaks to targets."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"


class ProtocolVersion(StrEnum):
    """Which HTTP a load balancer speaks to targets."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"


class PathType(StrEnum):
    """The three path types of the Ingress API."""

    EXACT = "Exact"
    PREFIX = "Prefix"
    IMPLEMENTATION_SPECIFIC = "ImplementationSpecific"


class Compatibility(StrEnum):
    """Whose reading of an Ingress applies: the Kubernetes API's, or the incumbent controller's."""

    KUBERNETES = "kubernetes"
    INCUMBENT = "incumbent"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How targets are judged healthy. None means "the provider's default".

    ``port`` is a number, a Service port's name, or ``traffic-port``; ``success_codes`` is the
    provider's matcher text.
    """

    port: str = "traffic-port"
    protocol: BackendProtocol | None = None
    path: str | None = None
    interval_seconds: int | None = None
    timeout_seconds: int | None = None
    healthy_threshold: int | None = None
    unhealthy_threshold: int | None = None
    success_codes: str | None = None


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class BackendId:
    """Which backend: an Ingress' use of one Service port.

    The Ingress is part of it because target groups are per Ingress: settings may differ between
    Ingresses, and a refused or deleted Ingress must take its target groups with it and no others.
    """

    ingress: Key
    service: Key
    port: str  # as folded: the Service port's number, or the text as written where unresolved

    def __str__(self) -> str:
        return f"{self.service.name}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCount:
    """How many pods a backend has or may have, and how we know.

    ``ready`` are ready endpoints now (None: no EndpointSlices were readable); ``maximum`` is
    max(ready, replicas, HPA maxReplicas) x (1 + maxSurge), rounded up; ``estimated`` says that it
    rests on replicas rather than on endpoints.
    """

    ready: int | None
    maximum: int
    estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTarget:
    """One pod address and port, ready to be registered."""

    ip: str
    port: int
    node: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTarget:
    """One node that may take traffic on a node port."""

    node: str
    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendIntent:
    """One backend: a Service port, how to reach it, and who is behind it now.

    Attributes:
        mode: What someone explicitly asked for; None leaves it to ``core.mode``.
        mode_source: Who asked ("annotation on Service shop/web"), for the plan's explanation.
        default_mode: The mode where nobody asks for one, None: ``core.mode`` decides.
        service_uid: "" offline. ``ip_families`` are the Service's, () where they are not written.
        target_port_named: The Service gives the target port as a name.
        target_port: Numeric target port; 0 where it is a name that pods resolve differently or
            that nothing resolves offline.
        node_port: 0: not allocated, or unknown offline.
        can_node_port: The Service has or can have node ports (NodePort or LoadBalancer type).
        pods: Registrable pod targets, sorted; None: unknown here (no EndpointSlices were given).
        nodes: Eligible nodes with externalTrafficPolicy honoured, sorted; None: unknown here.
        count: Pod arithmetic for the mode decision.
        probe: The readiness probe of the container that serves the target port, if it has one that
            a load balancer can ask as well.
        options: Provider-specific settings of this backend, by setting name.
    """

    id: BackendId
    field: str  # the path that named it first, for diagnostics
    mode: TargetMode | None = None
    mode_source: str = ""
    default_mode: TargetMode | None = None
    service_port: int = 0
    service_port_name: str = ""
    service_uid: str = ""
    ip_families: tuple[str, ...] = ()
    target_port: int = 0
    target_port_named: bool = False
    node_port: int = 0
    can_node_port: bool = False
    health_check_node_port: int = 0
    protocol: BackendProtocol = BackendProtocol.HTTP
    protocol_version: ProtocolVersion = ProtocolVersion.HTTP1
    health_check: HealthCheck = dataclasses.field(default_factory=HealthCheck)
    attributes: Mapping[str, str] = dataclasses.field(default_factory=lambda: NO_STRINGS)
    tags: Mapping[str, str] = dataclasses.field(default_factory=lambda: NO_STRINGS)
    pods: tuple[PodTarget, ...] | None = None
    nodes: tuple[NodeTarget, ...] | None = None
    count: TargetCount = TargetCount(ready=None, maximum=0, estimated=True)
    probe: Probe | None = None
    options: Mapping[str, object] = dataclasses.field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedBackend:
    """A backend and its share of a rule's traffic (None where it is the only one)."""

    backend: BackendId
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignBackend:
    """Targets that somebody else keeps in the cloud: an ARN or a name, and its share of traffic."""

    name: str
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Send the request to one or several backends.

    ``foreign`` are backends that are not ours, after ours. ``stickiness_seconds`` keeps a client on
    the backend that it met first (None: it does not).
    """

    backends: tuple[WeightedBackend, ...]
    foreign: tuple[ForeignBackend, ...] = ()
    stickiness_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Answer with a redirect; None keeps that part of the request's URL.

    Every part may hold the cloud's own placeholders (``#{host}``), hence a port that is text.
    """

    status: int = 301
    protocol: str | None = None
    host: str | None = None
    port: str | None = None
    path: str | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedResponse:
    """Answer directly."""

    status: int = 404
    content_type: str = "text/plain"
    body: str | None = None


RuleAction: TypeAlias = Forward | Redirect | FixedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRule:
    """One host and path of one Ingress.

    ``position`` is where it was written: (rules index, paths index); with the member's place it
    gives the written order. ``host`` is lower case, "" for any host. ``held`` marks a quarantined
    path: it keeps its last good rule, at its place in the order, and only where there never was one
    does ``action`` (a 503) apply.
    """

    ingress: Key
    field: str
    host: str
    path: str
    path_type: PathType
    action: RuleAction
    position: tuple[int, int] = (0, 0)
    held: bool = False
    options: Mapping[str, object] = dataclasses.field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSecret:
    """A certificate that Ingresses bring along in a Secret; ``hosts`` are theirs.

    ``certificate``, ``chain`` (of those that signed it) and ``key`` are PEM behind the fingerprint
    of both; all three are None where nobody could look into the Secret (files without a cluster).
    ``parts`` are the hashes of the certificate and of each that signed it. ``lost``: the Secret is
    known to hold nothing that can be used, so what the cloud has of it stays.
    """

    secret: Key
    members: tuple[Key, ...]
    hosts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    not_after: str = ""
    key_algorithm: str = ""
    parts: tuple[str, ...] = ()
    certificate: Fingerprint | None = None
    chain: Fingerprint | None = None
    key: Fingerprint | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerIntent:
    """One port of the load balancer.

    Attributes:
        members: Who asked for this port; a member's rules exist on its own ports only.
        certificates: Explicit certificate names (ARNs), first is the default; () leaves it to
            discovery by ``certificate_hosts``.
        certificate_hosts: (member, host) pairs to find a certificate for, on HTTPS listeners
            whose members named none themselves.
        secrets: Certificates that members bring along in Secrets.
        redirect_to: The HTTPS port to which everything on this port is redirected (ssl-redirect).
        default: What answers when no rule matches, and whose default backend it is.
        default_options: Provider-specific settings of that answer (authentication).
    """

    port: int
    protocol: ListenerProtocol
    members: tuple[Key, ...]
    certificates: tuple[str, ...] = ()
    certificate_hosts: tuple[tuple[Key, str], ...] = ()
    secrets: tuple[TlsSecret, ...] = ()
    ssl_policy: str | None = None
    inbound_cidrs: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()
    redirect_to: int | None = None
    default: RuleAction = dataclasses.field(default_factory=FixedResponse)
    default_ingress: Key | None = None
    default_options: Mapping[str, object] = dataclasses.field(
        default_factory=lambda: MappingProxyType({})
    )
    rules: tuple[PathRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One Ingress of a group, in group order.

    ``options`` are settings of its own that concern no single rule.
    """

    ingress: Key
    order: int = 0  # group-order
    created: str = ""
    default_backend: RuleAction | None = None  # answers for its own hosts, and for the listener
    default_options: Mapping[str, object] = dataclasses.field(
        default_factory=lambda: MappingProxyType({})
    )
    tags: Mapping[str, str] = dataclasses.field(default_factory=lambda: NO_STRINGS)
    options: Mapping[str, object] = dataclasses.field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """The smallest thing a blocking diagnostic took out: an Ingress, or one path of it.

    ``path`` is the field path of the rule, "" for the whole Ingress.
    """

    ingress: Key
    path: str
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerIntent:
    """One load balancer as its members want it.

    ``name`` is the group as people see it: ``shop/web`` for an implicit group, ``edge`` for an
    explicit one. ``options`` are provider-specific settings that the members agreed on.
    ``quarantined`` members are not in ``members`` or ``listeners``: their last good rules stay as
    the cloud holds them. A quarantined path is a ``held`` rule. ``backends`` also lists the
    backends of quarantined members that could be resolved, so that their targets keep following
    their pods.
    ``following`` are backends of target groups that exist and that no rule planned here uses: kept
    rules may lead there. Nothing is made for them; their targets follow their pods.
    ``leaving`` are members that are being deleted or have moved to another class or group.
    """

    name: str
    explicit: bool
    compatibility: Compatibility
    scheme: Scheme | None  # None: nobody said; the provider's default, or what exists
    members: tuple[Member, ...]
    listeners: tuple[ListenerIntent, ...]
    backends: tuple[BackendIntent, ...]
    quarantined: tuple[Quarantined, ...] = ()
    following: tuple[BackendIntent, ...] = ()
    leaving: tuple[Key, ...] = ()
    load_balancer_name: str | None = None
    address_type: str | None = None  # ipv4 | dualstack
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    attributes: Mapping[str, str] = dataclasses.field(default_factory=lambda: NO_STRINGS)
    tags: Mapping[str, str] = dataclasses.field(default_factory=lambda: NO_STRINGS)
    options: Mapping[str, object] = dataclasses.field(default_factory=lambda: MappingProxyType({}))

    def backend(self, wanted: BackendId) -> BackendIntent:
        """Return the backend with this id."""
        return next(b for b in self.backends if b.id == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """All load balancers, by group name in order, and what was found on the way.

    ``not_ours`` are Ingresses of other classes: known, reported, never planned.
    """

    load_balancers: tuple[LoadBalancerIntent, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    not_ours: tuple[Key, ...] = ()
