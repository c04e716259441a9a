"""The seams: what a provider is, how a world is read, and the only way to write to one.

A provider has a pure side (``Provider``: from intent to resources, from changes to calls) and a
shell (``Reader``, ``Writer``). Planning is handed a ``Reader`` and has no path to a ``Writer``, so
a dry run cannot write; three providers of another project once did because the flag was theirs
to honour (external-dns#816, #2232, #6693).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from provisioner.model.annotation import Annotation, ClassWords, Inexpressible
from provisioner.model.change import Call, Change, Step, WaitFor
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import (
    Cost,
    Expressed,
    Expression,
    ModeRoom,
    SharedExpression,
    StepRoom,
)
from provisioner.model.incumbent import Adoption, Incumbent, Takeover
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
from provisioner.model.readiness import GateNames, PodBackend, PodHealth
from provisioner.model.resource import Observed, ObservedResource, Resource
from provisioner.model.route import Reply, Request
from provisioner.model.settings import Identity, Settings
from provisioner.model.snapshot import Snapshot
from provisioner.model.words import BackendWords, FrontWords


class Clock(Protocol):
    """Time, as the shell needs it; the core never sees one."""

    def now(self) -> float:
        """Return monotonic seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Fence(Protocol):
    """Permission to write, checked right before every write."""

    def check(self) -> None:
        """Raise NotLeader unless we may write now."""
        ...


W = TypeVar("W")  # what facts a provider wants to know
Options = Mapping[str, object]
F = TypeVar("F")  # the facts
W_contra = TypeVar("W_contra", contravariant=True)
F_co = TypeVar("F_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """What an account file knows of the cluster, for planning without one."""

    nodes: tuple[Node, ...] = ()
    pods_routable: bool | None = None


class Reader(Protocol[W_contra, F_co]):
    """Everything that planning may ask of a cloud account. Nothing here writes."""

    applyable: bool
    """False where the world behind it is a file: plans from it cannot be applied."""

    def cluster(self) -> ClusterFacts | None:
        """Return what is known of the cluster, None where the cluster itself is to be asked."""
        ...

    def facts(self, wanted: W_contra) -> F_co:
        """Return what the account says about what is wanted."""
        ...

    def limits(self) -> Limits:
        """Return every limit, the account's where it tells, documented defaults elsewhere."""
        ...

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return what carries our mark: of these groups and ``shared``, or everything (None).

        Of other groups it tells, as far as that costs nothing, what exists (kind, address, group)
        without specs: account-wide limits count it.
        """
        ...

    def incumbent(self, wanted: W_contra) -> Incumbent:
        """Return what the incumbent controller made for this cluster.

        Args:
            wanted: What is needed; what costs a question each is looked at only if it is.

        Raises:
            ConfigError: The world behind the reader is a file, which knows only what is ours.
        """
        ...

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Return the health of a backend's pods, by address; a file raises ConfigError."""
        ...

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        """Let the cloud itself pre-check what it can, without creating anything."""
        ...

    def holds(self, wait: WaitFor, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether a wait (ACTIVE, HEALTHY or DRAINED) is over.

        Args:
            wait: What is waited for.
            outputs: Outputs of resources by address, for the ids behind the addresses.
        """
        ...


class Writer(Protocol):
    """The one choke point for cloud writes: fence, rate, retries, translation of errors."""

    def send(self, call: Call, parameters: Mapping[str, object]) -> Mapping[str, str]:
        """Make one call and return the outputs it names.

        Args:
            call: The call as planned.
            parameters: Its parameters with every Ref resolved.

        Raises:
            NotLeader: The fence is down; nothing was sent.
            ProviderError: The cloud said no; ``already_done`` codes do not raise.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudTarget:
    """Which account, where, and how to reach it.

    ``project`` is where Google Cloud's resources are; AWS knows the account by its credentials.
    ``cache_seconds`` says how old a reader's index of what is ours may be before it is read again.
    """

    identity: Identity
    region: str = ""
    endpoint_url: str = ""
    vpc_id: str = ""
    project: str = ""
    cache_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Generic[F]):
    """What an account file holds."""

    identity: Identity
    facts: F
    limits: Limits
    observed: Observed
    cluster: ClusterFacts | None = None


class Provider(Protocol[W, F]):
    """A cloud, its pure side. One object per cloud, found by entry point."""

    name: str
    controller: str
    annotations: tuple[Annotation[object], ...]
    prefixes: tuple[str, ...]
    parameter_kinds: frozenset[tuple[str, str]]
    """Group and kind of the class parameters that are read."""
    object_kinds: frozenset[tuple[str, str]]
    """Group and kind of the namespaced objects of settings that annotations name."""
    uid_config_map: str
    """ConfigMap in kube-system in which the incumbent keeps a name of the cluster, "" for none."""
    fallback_service: Key | None
    """The Service that ``fallback`` may name."""
    settle_seconds: float
    """How long a change of weights takes to reach every machine that serves, where nobody says."""
    machine_scheme: str
    """How ``spec.providerID`` of a node begins in this cloud."""
    incumbent_controllers: frozenset[str]
    """What IngressClasses of the controller to take over from say in ``spec.controller``."""
    immutable: Mapping[str, frozenset[str]]
    """Kind -> spec fields that force a replacement."""
    create_only: Mapping[str, frozenset[str]]
    """Kind -> spec fields that matter at creation and are not compared afterwards."""
    partial: Mapping[str, frozenset[str]]
    """Kind -> lists of ``{"Key", "Value"}`` of which only the desired keys are compared."""
    owned: Mapping[str, frozenset[str]]
    """Kind -> spec fields that are to be absent where nothing desired names them."""
    membership: Mapping[str, str]
    """Kind -> the spec field that holds targets; printed as a count, left out of digests."""
    gate_names: GateNames
    """Readiness gates of pods that are ours to open."""
    sharing: frozenset[str]
    """Annotations by which others may register targets with a backend, too."""

    def inexpressible(self, setting: str, value: object) -> Inexpressible | None:
        """Return what of a readable value this cloud cannot do, None where it can do all of it."""
        ...

    def infers_class(self, name: str | None) -> bool:
        """Tell whether files may use this class name without holding the IngressClass."""
        ...

    def incumbent_serves(self, *, annotation: str | None, class_name: str | None) -> bool:
        """Tell whether the incumbent serves an Ingress without asking any IngressClass.

        Args:
            annotation: What ``kubernetes.io/ingress.class`` says, None where it is absent.
            class_name: What ``spec.ingressClassName`` says.
        """
        ...

    def incumbent_trace(self, ingress: Ingress) -> str:
        """Return what on an Ingress shows that the incumbent serves it ("finalizer x"), or ""."""
        ...

    def neighbour(self, *, controller: str, class_name: str) -> str:
        """Return the product behind a controller or a well-known class name, "" if unknown."""
        ...

    def named_class(self, name: str) -> ClassWords:
        """Return what a class states by its well-known name, below everything else that is said."""
        ...

    def class_words(self, parameters: Parameters) -> ClassWords:
        """Return what a parameters object states for every Ingress of its class."""
        ...

    def front_words(self, ingress: Ingress, values: Options) -> FrontWords:
        """Return what native settings mean for the listeners of an Ingress.

        Args:
            ingress: The Ingress.
            values: Everything that it and its class say, by setting.
        """
        ...

    def backend_words(
        self, values: Options, port: ServicePort, *, compatibility: Compatibility
    ) -> BackendWords:
        """Return what native settings mean for one backend.

        Args:
            values: Everything that class, Service and Ingress say, by setting.
            port: The Service port that is used.
            compatibility: Whose reading applies; the incumbent's default target mode is its own.
        """
        ...

    def node_impossible(self, node: Node) -> str:
        """Return why this node can never be a target, "" where it can."""
        ...

    def served(self, resource: ObservedResource, host: str) -> frozenset[Key]:
        """Return for which Ingresses what was seen in the cloud answers requests of this host."""
        ...

    def backends_in(self, resources: Iterable[Resource | ObservedResource]) -> frozenset[BackendId]:
        """Return the backends that target groups among resources of one load balancer are for."""
        ...

    def by_host(self, host: str, options: Options) -> Mapping[str, Options]:
        """Return the hosts that a path answers for, with the options of its rule for each."""
        ...

    def fallback(
        self, intent: LoadBalancerIntent, present: Iterable[ObservedResource]
    ) -> Service | None:
        """Return the cluster's Service that answers what no rule does, None for none."""
        ...

    def wanted(self, intent: Intent, snapshot: Snapshot, settings: Settings) -> W:
        """Return which facts expressing this intent needs."""
        ...

    def mode_room(self, load_balancer: LoadBalancerIntent, facts: F, limits: Limits) -> ModeRoom:
        """Return what the mode decision must respect."""
        ...

    def present_modes(self, group: str, observed: Observed) -> Mapping[str, TargetMode]:
        """Return the mode in force by backend text (``<ns>/<ingress>/<service>:<port>``)."""
        ...

    def express(self, request: Expression, facts: F) -> Expressed:
        """Return the resources that one load balancer consists of."""
        ...

    def express_shared(
        self, parts: Sequence[Expressed], facts: F, request: SharedExpression
    ) -> Expressed:
        """Return what the load balancers share: backend security group, node and pod rules."""
        ...

    def adopt(self, takeover: Takeover, facts: F) -> Adoption[F]:
        """Return the world as it would look if the incumbent's resources were ours."""
        ...

    def costs(self, resource: Resource | ObservedResource) -> tuple[Cost, ...]:
        """Return what a resource takes of the provider's limits."""
        ...

    def foreign_usage(self, facts: F, observed: Observed) -> Mapping[str, int]:
        """Return what others use of account-wide limits, by limit name; every such limit is named.

        Args:
            facts: What the account says.
            observed: What is ours, which is not to be counted.
        """
        ...

    def steps(
        self, changes: Sequence[Change], observed: Observed, room: StepRoom
    ) -> tuple[Step, ...]:
        """Return the steps of these changes with their calls, stages and the provider's own order.

        References between resources are turned into order by the core; a provider adds only what
        no Ref says (rules are created before others are deleted, a backend is warm before it
        serves).
        """
        ...

    def route(self, resources: Sequence[Resource], request: Request) -> tuple[Reply, ...]:
        """Return what each load balancer among the resources does with a request, by group."""
        ...

    def only_ours(self, observed: Observed, registered: Mapping[str, frozenset[str]]) -> Observed:
        """Return what was observed, of shared backends only targets in ``registered`` (by name)."""
        ...

    def registrations(self, part: LoadBalancerPlan) -> tuple[Mapping[str, frozenset[str]], ...]:
        """Return what is ours in shared backends: while a plan is carried out, and afterwards."""
        ...

    def pod_backends(
        self, resources: Sequence[Resource], outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[PodBackend, ...]:
        """Return what pods may be registered with, among resources of one load balancer."""
        ...

    def status_addresses(
        self, group: str, outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[str, ...]:
        """Return where a load balancer is reachable (host names or IP addresses), for status."""
        ...

    def located(
        self,
        target: CloudTarget,
        *,
        environment: Mapping[str, str],
        machines: Callable[[], Sequence[str]],
    ) -> CloudTarget:
        """Return where to connect, completed by what the target does not say.

        Args:
            target: What flags say.
            environment: Variables by which the cloud's own tools are told, too.
            machines: Asks how some nodes name their machines.
        """
        ...

    def open_reader(self, target: CloudTarget) -> Reader[W, F]:
        """Connect for reading."""
        ...

    def open_writer(self, target: CloudTarget, fence: Fence, reader: Reader[W, F]) -> Writer:
        """Connect for writing; what is written is at once true for this reader, lag or not."""
        ...

    def read_account(self, text: bytes, path: str) -> Reader[W, F]:
        """Return a reader over an account file's content."""
        ...

    def no_account(self) -> Reader[W, F]:
        """Return a reader that knows no account: documented limits, nothing observed."""
        ...

    def write_account(self, account: Account[F]) -> str:
        """Return an account file that holds this."""
        ...
