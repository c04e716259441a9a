"""Google Cloud: Ingresses as Application Load Balancers.

``provider`` is what the entry point names. Every command loads it, most need little of it, so each
method imports the module it stands for: finding the provider and reading annotations stays cheap,
computing a plan never loads a Google library, and google-auth comes when something connects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.gcp.addresses import Kind
from providers.gcp.annotations import NATIVE
from providers.gcp.neighbours import (
    DEFAULT_BACKEND,
    INCUMBENT_CONTROLLERS,
    incumbent_serves,
    incumbent_trace,
    neighbour,
)
from providers.gcp.owned import OWNED
from providers.gcp.place import MACHINE_SCHEME
from providers.gcp.readiness import GATES
from providers.gcp.settings import OBJECT_KINDS, PREFIXES
from provisioner.model.annotation import Annotation, ClassWords, Inexpressible
from provisioner.model.change import Change, Step
from provisioner.model.expression import (
    Cost,
    Expressed,
    Expression,
    ModeRoom,
    SharedExpression,
    StepRoom,
)
from provisioner.model.incumbent import Adoption, Takeover
from provisioner.model.intent import (
    BackendId,
    Compatibility,
    Intent,
    LoadBalancerIntent,
    TargetMode,
)
from provisioner.model.kube import Ingress, Key, Node, Parameters, Service, ServicePort
from provisioner.model.limits import Limits
from provisioner.model.plan import LoadBalancerPlan
from provisioner.model.readiness import GateNames, PodBackend
from provisioner.model.resource import Observed, ObservedResource, Resource
from provisioner.model.route import Reply, Request
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.model.words import BackendWords, FrontWords
from provisioner.ports import Account, CloudTarget, Fence, Provider, Reader, Writer

if TYPE_CHECKING:
    from providers.gcp.account import Facts, Wanted

CONTROLLER = "ingress-provisioner.io/gcp"
"""What an IngressClass of ours says in ``spec.controller``."""

_PLACE = frozenset({"region"})  # where a resource lives never changes; a global one has none
_IMMUTABLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Kind.ADDRESS.value: _PLACE | {"addressType", "networkTier", "purpose", "subnetwork"},
        Kind.FORWARDING_RULE.value: _PLACE | {"IPProtocol", "portRange", "network", "subnetwork"},
        Kind.TARGET_HTTP_PROXY.value: _PLACE,
        Kind.TARGET_HTTPS_PROXY.value: _PLACE,
        Kind.URL_MAP.value: _PLACE,
        Kind.SSL_CERTIFICATE.value: _PLACE | {"type", "selfManaged", "managed"},
        Kind.BACKEND_SERVICE.value: _PLACE,
        Kind.HEALTH_CHECK.value: _PLACE,
        Kind.NETWORK_ENDPOINT_GROUP.value: frozenset(
            {"zone", "networkEndpointType", "network", "subnetwork", "defaultPort"}
        ),
        Kind.INSTANCE_GROUP.value: frozenset({"zone", "network"}),
        Kind.FIREWALL.value: frozenset({"network", "direction"}),
    }
)
_NAMED = frozenset({"name"})
_CREATE_ONLY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # The API has no way to change the description of these kinds.
        Kind.ADDRESS.value: _NAMED | {"description", "address"},
        Kind.FORWARDING_RULE.value: _NAMED | {"description", "networkTier"},
        Kind.TARGET_HTTP_PROXY.value: _NAMED | {"description"},
        Kind.TARGET_HTTPS_PROXY.value: _NAMED | {"description"},
        Kind.SSL_CERTIFICATE.value: _NAMED | {"description"},
        Kind.NETWORK_ENDPOINT_GROUP.value: _NAMED | {"description"},
        Kind.INSTANCE_GROUP.value: _NAMED | {"description"},
        Kind.URL_MAP.value: _NAMED,
        Kind.BACKEND_SERVICE.value: _NAMED,
        Kind.HEALTH_CHECK.value: _NAMED,
        Kind.FIREWALL.value: _NAMED,
    }
)
_MEMBERSHIP: Mapping[str, str] = MappingProxyType(
    {Kind.NETWORK_ENDPOINTS.value: "networkEndpoints", Kind.INSTANCES.value: "instances"}
)


class GcpProvider:
    """Google Cloud, its pure side, and the doors to its shell."""

    name: str = "gcp"
    controller: str = CONTROLLER
    annotations: tuple[Annotation[object], ...] = NATIVE
    prefixes: tuple[str, ...] = PREFIXES
    parameter_kinds: frozenset[tuple[str, str]] = frozenset()
    object_kinds: frozenset[tuple[str, str]] = OBJECT_KINDS
    uid_config_map: str = "ingress-uid"
    fallback_service: Key | None = DEFAULT_BACKEND
    settle_seconds: float = 360.0
    machine_scheme: str = MACHINE_SCHEME
    incumbent_controllers: frozenset[str] = INCUMBENT_CONTROLLERS
    immutable: Mapping[str, frozenset[str]] = _IMMUTABLE
    create_only: Mapping[str, frozenset[str]] = _CREATE_ONLY
    partial: Mapping[str, frozenset[str]] = MappingProxyType({})
    owned: Mapping[str, frozenset[str]] = OWNED
    membership: Mapping[str, str] = _MEMBERSHIP
    gate_names: GateNames = GATES
    sharing: frozenset[str] = frozenset()

    def inexpressible(self, setting: str, value: object) -> Inexpressible | None:
        """Return what of a readable value no load balancer of Google Cloud can do."""
        from providers.gcp.reading.inexpressible import inexpressible

        return inexpressible(setting, value)

    def infers_class(self, name: str | None) -> bool:
        """Tell whether files may use this class name (None: none) without the IngressClass."""
        from providers.gcp.neighbours import infers_class

        return infers_class(name)

    def incumbent_serves(self, *, annotation: str | None, class_name: str | None) -> bool:
        """Tell whether GKE serves an Ingress: by the annotation, and if it names no class."""
        return incumbent_serves(annotation=annotation, class_name=class_name)

    def incumbent_trace(self, ingress: Ingress) -> str:
        """Return the finalizer, or else the annotation, by which GKE shows that it serves it."""
        return incumbent_trace(ingress)

    def neighbour(self, *, controller: str, class_name: str) -> str:
        """Return the product behind a controller or a well-known class name, "" if unknown."""
        return neighbour(controller=controller, class_name=class_name)

    def named_class(self, name: str) -> ClassWords:
        """Return which load balancer GKE's own class names ask for."""
        from providers.gcp.neighbours import named_class

        return named_class(name)

    def class_words(
        self,
        parameters: Parameters,  # noqa: ARG002 - the protocol's signature
    ) -> ClassWords:
        """Return nothing: Google Cloud has no parameters of classes."""
        return ClassWords()

    def front_words(self, ingress: Ingress, values: Mapping[str, object]) -> FrontWords:
        """Return the ports of an Ingress, HTTPS with any certificate, and its certificates."""
        from providers.gcp.words import front_words

        return front_words(ingress, values)

    def backend_words(
        self, values: Mapping[str, object], port: ServicePort, *, compatibility: Compatibility
    ) -> BackendWords:
        """Return what targets speak and how they are reached, in GKE's words for it."""
        from providers.gcp.words import backend_words

        return backend_words(values, port, compatibility=compatibility)

    def node_impossible(self, node: Node) -> str:
        """Return why this node can never be a target, "" where it can."""
        from providers.gcp.desired.room import node_impossible

        return node_impossible(node)

    def served(self, resource: ObservedResource, host: str) -> frozenset[Key]:
        """Return for which Ingresses a URL map answers requests of just this host."""
        from providers.gcp.routing.entries import served

        return served(resource, host)

    def backends_in(self, resources: Iterable[Resource | ObservedResource]) -> frozenset[BackendId]:
        """Return the backends that backend services of one load balancer are for."""
        from providers.gcp.desired.room import backends_in

        return frozenset(backends_in(resources))

    def fallback(
        self, intent: LoadBalancerIntent, present: Iterable[ObservedResource]
    ) -> Service | None:
        """Return GKE's default backend where a classic load balancer needs it."""
        from providers.gcp.fallback import fallback

        return fallback(intent, present)

    def by_host(
        self, host: str, options: Mapping[str, object]
    ) -> Mapping[str, Mapping[str, object]]:
        """Return the hosts that a path answers for: no annotation of Google's names others."""
        return {host: options}

    def wanted(self, intent: Intent, snapshot: Snapshot, settings: Settings) -> Wanted:
        """Return which facts expressing this intent needs."""
        from providers.gcp.desired.wanted import wanted

        return wanted(intent, snapshot, settings)

    def mode_room(
        self, load_balancer: LoadBalancerIntent, facts: Facts, limits: Limits
    ) -> ModeRoom:
        """Return what the mode decision must respect."""
        from providers.gcp.desired.room import mode_room

        return mode_room(load_balancer, facts, limits)

    def present_modes(self, group: str, observed: Observed) -> Mapping[str, TargetMode]:
        """Return the mode in force by backend text (``<ns>/<ingress>/<service>:<port>``)."""
        from providers.gcp.desired.room import present_modes

        return present_modes(group, observed)

    def express(self, request: Expression, facts: Facts) -> Expressed:
        """Return the resources that one load balancer consists of."""
        from providers.gcp.express import express

        return express(request, facts)

    def express_shared(
        self, parts: Sequence[Expressed], facts: Facts, request: SharedExpression
    ) -> Expressed:
        """Return what the load balancers share: instance groups, firewall, common backends."""
        from providers.gcp.desired.shared import express_shared

        return express_shared(parts, facts, request)

    def adopt(self, takeover: Takeover, facts: Facts) -> Adoption[Facts]:
        """Return the world as it would look if the incumbent's resources were ours."""
        from providers.gcp.adopt import adopt

        return adopt(takeover, facts)

    def costs(self, resource: Resource | ObservedResource) -> tuple[Cost, ...]:
        """Return what a resource takes of Google Cloud's limits."""
        from providers.gcp.limits import costs

        return costs(resource)

    def foreign_usage(self, facts: Facts, observed: Observed) -> Mapping[str, int]:
        """Return what others use of project-wide limits, by limit name."""
        from providers.gcp.limits import foreign_usage

        return foreign_usage(facts, observed)

    def steps(
        self, changes: Sequence[Change], observed: Observed, room: StepRoom
    ) -> tuple[Step, ...]:
        """Return the steps of these changes with their calls and stages."""
        from providers.gcp.changes.steps import steps

        return steps(changes, observed, room)

    def route(self, resources: Sequence[Resource], request: Request) -> tuple[Reply, ...]:
        """Return what each load balancer among the resources does with a request, by group."""
        from providers.gcp.route import route

        return route(resources, request)

    def only_ours(
        self,
        observed: Observed,
        registered: Mapping[str, frozenset[str]],  # noqa: ARG002 - the protocol's signature
    ) -> Observed:
        """Return all of it: nobody but us attaches endpoints to groups of ours."""
        return observed

    def registrations(
        self,
        part: LoadBalancerPlan,  # noqa: ARG002 - the protocol's signature
    ) -> tuple[Mapping[str, frozenset[str]], ...]:
        """Return nothing, twice: what is attached to groups of ours is ours."""
        return {}, {}

    def pod_backends(
        self, resources: Sequence[Resource], outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[PodBackend, ...]:
        """Return the backend services among resources of one load balancer that reach pods."""
        from providers.gcp.readiness import pod_backends

        return tuple(pod_backends(resources, outputs))

    def status_addresses(
        self, group: str, outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[str, ...]:
        """Return the IP address of a load balancer: all its forwarding rules share one."""
        from providers.gcp.desired.status import status_addresses

        return status_addresses(group, outputs)

    def located(
        self,
        target: CloudTarget,
        *,
        environment: Mapping[str, str],
        machines: Callable[[], Sequence[str]],
    ) -> CloudTarget:
        """Return the target with the project and the region that nodes or the environment say."""
        from providers.gcp.place import located

        return located(target, environment=environment, machines=machines)

    def open_reader(self, target: CloudTarget) -> Reader[Wanted, Facts]:
        """Connect for reading."""
        from providers.gcp.reader import open_reader

        return open_reader(target, max_age_seconds=target.cache_seconds)

    def open_writer(
        self, target: CloudTarget, fence: Fence, reader: Reader[Wanted, Facts]
    ) -> Writer:
        """Connect for writing; what is written is at once true for this reader, lag or not."""
        from providers.gcp.execute import open_writer

        return open_writer(target, fence, reader)

    def read_account(self, text: bytes, path: str) -> Reader[Wanted, Facts]:
        """Return a reader over an account file's content."""
        from providers.gcp.wire import read_account

        return read_account(text, path)

    def no_account(self) -> Reader[Wanted, Facts]:
        """Return a reader that knows no account: documented limits, nothing observed."""
        from providers.gcp.wire import no_account

        return no_account()

    def write_account(self, account: Account[Facts]) -> str:
        """Return an account file that holds this."""
        from providers.gcp.account_export import write_account

        return write_account(account)


provider: Provider[Wanted, Facts] = GcpProvider()
