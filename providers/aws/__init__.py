"""Amazon Web Services: Ingresses as Application Load Balancers.

``provider`` is what the entry point names. Every command loads it, most need little of it, so each
method imports the module it stands for: finding the provider and reading annotations stays below
20 ms, computing a plan never loads an SDK, and boto3 comes when something connects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws.addresses import (
    Kind,
    balancer_of,
    network_load_balancer,
    newest_load_balancer,
    on_balancer,
)
from providers.aws.annotations import NATIVE
from providers.aws.neighbours import (
    INCUMBENT_CONTROLLERS,
    PARAMETER_KINDS,
    incumbent_trace,
    neighbour,
)
from providers.aws.readiness import GATES, pod_backends
from providers.aws.settings import CREATE_CERTIFICATE, MULTI_CLUSTER, PREFIX
from provisioner.core.front import certificates_or_http
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
    from providers.aws.account import Facts, Wanted

CONTROLLER = "ingress-provisioner.io/aws"
"""What an IngressClass of ours says in ``spec.controller``."""

_INFERRED_CLASS = "alb"

_IMMUTABLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Kind.LOAD_BALANCER.value: frozenset({"Scheme", "Type"}),
        Kind.NETWORK_LOAD_BALANCER.value: frozenset({"Scheme", "Type"}),
        Kind.NETWORK_TARGET_GROUP.value: frozenset({"Protocol", "TargetType", "VpcId"}),
        Kind.SECURITY_GROUP.value: frozenset({"VpcId"}),
        Kind.SECURITY_GROUP_RULE.value: frozenset({"GroupId"}),
        Kind.LISTENER_CERTIFICATE.value: frozenset({"Certificates"}),
        Kind.TARGET_GROUP.value: frozenset(
            {
                "Protocol",
                "ProtocolVersion",
                "TargetType",
                "VpcId",
                "IpAddressType",
                "TargetControlPort",
            }
        ),
    }
)
_CREATE_ONLY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Kind.LOAD_BALANCER.value: frozenset({"Name", "CustomerOwnedIpv4Pool"}),
        Kind.NETWORK_LOAD_BALANCER.value: frozenset({"Name"}),
        Kind.NETWORK_TARGET_GROUP.value: frozenset({"Name", "Port"}),
        Kind.SECURITY_GROUP.value: frozenset({"GroupName", "Description"}),
        Kind.TARGET_GROUP.value: frozenset({"Name", "Port"}),
        Kind.CERTIFICATE.value: frozenset(
            {
                "DomainName",
                "SubjectAlternativeNames",
                "ValidationMethod",
                "CertificateAuthorityArn",
            }
        ),
    }
)
_PARTIAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        Kind.LOAD_BALANCER.value: frozenset({"Attributes"}),
        Kind.NETWORK_LOAD_BALANCER.value: frozenset({"Attributes"}),
        Kind.LISTENER.value: frozenset({"Attributes"}),
        Kind.TARGET_GROUP.value: frozenset({"Attributes"}),
    }
)
_MEMBERSHIP: Mapping[str, str] = MappingProxyType({Kind.TARGETS.value: "Targets"})


class AwsProvider:
    """AWS, its pure side, and the doors to its shell."""

    name: str = "aws"
    controller: str = CONTROLLER
    annotations: tuple[Annotation[object], ...] = NATIVE
    prefixes: tuple[str, ...] = (PREFIX,)
    parameter_kinds: frozenset[tuple[str, str]] = PARAMETER_KINDS
    object_kinds: frozenset[tuple[str, str]] = frozenset()
    uid_config_map: str = ""
    fallback_service: Key | None = None
    settle_seconds: float = 30.0
    machine_scheme: str = "aws"
    incumbent_controllers: frozenset[str] = INCUMBENT_CONTROLLERS
    immutable: Mapping[str, frozenset[str]] = _IMMUTABLE
    create_only: Mapping[str, frozenset[str]] = _CREATE_ONLY
    partial: Mapping[str, frozenset[str]] = _PARTIAL
    owned: Mapping[str, frozenset[str]] = MappingProxyType({})
    membership: Mapping[str, str] = _MEMBERSHIP
    gate_names: GateNames = GATES
    sharing: frozenset[str] = frozenset({PREFIX + MULTI_CLUSTER.name})

    def inexpressible(self, setting: str, value: object) -> Inexpressible | None:
        """Return what of a readable value an ALB cannot do."""
        from providers.aws.reading.inexpressible import inexpressible

        return inexpressible(setting, value)

    def infers_class(self, name: str | None) -> bool:
        """Tell whether files may use this class name without holding the IngressClass."""
        return name == _INFERRED_CLASS

    def incumbent_serves(
        self,
        *,
        annotation: str | None,  # noqa: ARG002 - the protocol's signature
        class_name: str | None,  # noqa: ARG002 - the protocol's signature
    ) -> bool:
        """Return False: what it serves by its annotation alone, its class names tell as well."""
        return False

    def incumbent_trace(self, ingress: Ingress) -> str:
        """Return the finalizer by which AWS Load Balancer Controller shows that it serves it."""
        return incumbent_trace(ingress)

    def neighbour(self, *, controller: str, class_name: str) -> str:
        """Return the product behind a controller or a well-known class name, "" if unknown."""
        return neighbour(controller=controller, class_name=class_name)

    def named_class(self, name: str) -> ClassWords:  # noqa: ARG002 - the protocol's signature
        """Return nothing: class names say nothing of their own on AWS."""
        return ClassWords()

    def class_words(self, parameters: Parameters) -> ClassWords:
        """Return what an IngressClassParams states for every Ingress of its class."""
        from providers.aws.class_params import class_words

        return class_words(parameters)

    def front_words(
        self,
        ingress: Ingress,  # noqa: ARG002 - the protocol's signature
        values: Mapping[str, object],
    ) -> FrontWords:
        """Return HTTPS where a certificate is named or ordered, HTTP where none is."""
        return certificates_or_http(values, CREATE_CERTIFICATE.name)

    def backend_words(
        self,
        values: Mapping[str, object],  # noqa: ARG002 - the protocol's signature
        port: ServicePort,  # noqa: ARG002 - the protocol's signature
        *,
        compatibility: Compatibility,
    ) -> BackendWords:
        """Return the incumbent's target mode: ``instance``, until someone says otherwise."""
        incumbent = compatibility is Compatibility.INCUMBENT
        return BackendWords(default_mode=TargetMode.NODE_PORT if incumbent else None)

    def node_impossible(self, node: Node) -> str:
        """Return why this node can never be a target, "" where it can."""
        from providers.aws.desired.room import node_impossible

        return node_impossible(node)

    def served(self, resource: ObservedResource, host: str) -> frozenset[Key]:
        """Return for which Ingresses a rule answers requests of just this host."""
        from providers.aws.routing.conditions import serves

        answers = bool(resource.ingresses) and serves(resource, host)
        return frozenset(resource.ingresses if answers else ())

    def backends_in(self, resources: Iterable[Resource | ObservedResource]) -> frozenset[BackendId]:
        """Return the backends that target groups among resources of one load balancer are for."""
        from providers.aws.desired.room import backends_in

        return frozenset(backends_in(resources))

    def fallback(
        self,
        intent: LoadBalancerIntent,  # noqa: ARG002 - the protocol's signature
        present: Iterable[ObservedResource],  # noqa: ARG002 - the protocol's signature
    ) -> Service | None:
        """Return nothing: a load balancer answers 404 by itself."""
        return None

    def by_host(
        self, host: str, options: Mapping[str, object]
    ) -> Mapping[str, Mapping[str, object]]:
        """Return the hosts that a path answers for, with the options of its rule for each."""
        from providers.aws.routing.condition_hosts import by_host

        return by_host(host, options)

    def wanted(self, intent: Intent, snapshot: Snapshot, settings: Settings) -> Wanted:
        """Return which facts expressing this intent needs."""
        from providers.aws.desired.wanted import wanted

        return wanted(intent, snapshot, settings)

    def mode_room(
        self, load_balancer: LoadBalancerIntent, facts: Facts, limits: Limits
    ) -> ModeRoom:
        """Return what the mode decision must respect."""
        from providers.aws.desired.room import mode_room

        return mode_room(load_balancer, facts, limits)

    def present_modes(self, group: str, observed: Observed) -> Mapping[str, TargetMode]:
        """Return the mode in force by backend text (``<ns>/<ingress>/<service>:<port>``)."""
        from providers.aws.desired.room import present_modes

        return present_modes(group, observed)

    def express(self, request: Expression, facts: Facts) -> Expressed:
        """Return the resources that one load balancer consists of."""
        from providers.aws.express import express

        return express(request, facts)

    def express_shared(
        self, parts: Sequence[Expressed], facts: Facts, request: SharedExpression
    ) -> Expressed:
        """Return what the load balancers share: backend security group, node and pod rules."""
        from providers.aws.desired.shared import express_shared

        return express_shared(parts, facts, request)

    def adopt(self, takeover: Takeover, facts: Facts) -> Adoption[Facts]:
        """Return the world as it would look if the incumbent's resources were ours."""
        from providers.aws.adopt import adopt

        return adopt(takeover, facts)

    def costs(self, resource: Resource | ObservedResource) -> tuple[Cost, ...]:
        """Return what a resource takes of AWS's limits."""
        from providers.aws.limits import costs

        return costs(resource)

    def foreign_usage(
        self,
        facts: Facts,
        observed: Observed,  # noqa: ARG002 - facts leave out what is ours
    ) -> Mapping[str, int]:
        """Return what others use of account-wide limits, by limit name."""
        from providers.aws.limits import foreign_usage

        return foreign_usage(facts)

    def steps(
        self, changes: Sequence[Change], observed: Observed, room: StepRoom
    ) -> tuple[Step, ...]:
        """Return the steps of these changes with their calls and stages."""
        from providers.aws.changes.steps import steps

        return steps(changes, observed, room)

    def route(self, resources: Sequence[Resource], request: Request) -> tuple[Reply, ...]:
        """Return what each load balancer among the resources does with a request, by group."""
        from providers.aws.route import route

        return route(resources, request)

    def only_ours(self, observed: Observed, registered: Mapping[str, frozenset[str]]) -> Observed:
        """Return what was observed without what others registered with shared target groups."""
        from providers.aws.shared_targets import only_ours

        return only_ours(observed, registered)

    def registrations(self, part: LoadBalancerPlan) -> tuple[Mapping[str, frozenset[str]], ...]:
        """Return what is ours in shared target groups: during a plan, and afterwards."""
        from providers.aws.shared_targets import registrations

        return registrations(part)

    def pod_backends(
        self, resources: Sequence[Resource], outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[PodBackend, ...]:
        """Return the target groups among resources of one load balancer."""
        return tuple(pod_backends(resources, outputs))

    def status_addresses(
        self, group: str, outputs: Mapping[str, Mapping[str, str]]
    ) -> tuple[str, ...]:
        """Return the DNS name of a load balancer, and of the network load balancer in front.

        In lower case, as clients compare them.
        """
        address = newest_load_balancer(group, outputs)
        front = on_balancer(network_load_balancer(group), balancer_of(address))
        names = (outputs.get(each, {}).get("DNSName", "") for each in (address, front))
        return tuple(name.lower() for name in names if name)

    def located(
        self,
        target: CloudTarget,
        *,
        environment: Mapping[str, str],  # noqa: ARG002 - the protocol's signature
        machines: Callable[[], Sequence[str]],  # noqa: ARG002 - the protocol's signature
    ) -> CloudTarget:
        """Return the target as it is: botocore itself looks where AWS's tools are told."""
        return target

    def open_reader(self, target: CloudTarget) -> Reader[Wanted, Facts]:
        """Connect for reading."""
        from providers.aws.reader import open_reader

        return open_reader(target, max_age_seconds=target.cache_seconds)

    def open_writer(
        self, target: CloudTarget, fence: Fence, reader: Reader[Wanted, Facts]
    ) -> Writer:
        """Connect for writing; what is written is at once true for this reader, lag or not."""
        from providers.aws.execute import open_writer
        from providers.aws.reader import AwsReader

        journal = reader.journal if isinstance(reader, AwsReader) else None
        return open_writer(target, fence, journal=journal)

    def read_account(self, text: bytes, path: str) -> Reader[Wanted, Facts]:
        """Return a reader over an account file's content."""
        from providers.aws.wire import read_account

        return read_account(text, path)

    def no_account(self) -> Reader[Wanted, Facts]:
        """Return a reader that knows no account: documented limits, nothing observed."""
        from providers.aws.wire import no_account

        return no_account()

    def write_account(self, account: Account[Facts]) -> str:
        """Return an account file that holds this."""
        from providers.aws.account_export import write_account

        return write_account(account)


provider: Provider[Wanted, Facts] = AwsProvider()
