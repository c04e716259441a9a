"""Account files as a world to plan against.

What such a file says stands in for the account and the cluster: planning reads it through the same
port as a live account, so the two cannot be planned differently. Nothing can be applied to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from providers.aws import limits as alb_limits
from providers.aws.account import (
    Certificate,
    Facts,
    Instance,
    SecurityGroup,
    Subnet,
    Vpc,
    Wanted,
)
from providers.aws.account_file import (
    HINT,
    READY,
    ZONE_LABEL,
    AccountFile,
    CertificatePart,
    ClusterPart,
    FactsPart,
    InstancePart,
    NodePart,
    ResourcePart,
    SubnetPart,
    decode,
)
from provisioner.model.change import WaitFor
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.errors import ConfigError
from provisioner.model.incumbent import Incumbent
from provisioner.model.kube import Key, Meta, Node, Taint
from provisioner.model.limits import Limits
from provisioner.model.readiness import PodHealth
from provisioner.model.resource import (
    SHARED,
    Fingerprint,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Spec,
    freeze_spec,
)
from provisioner.ports import ClusterFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIdentity:
    """Which cluster an account file is about."""

    cluster_name: str
    kube_system_uid: str
    ingress_uid: str


def read_account(text: bytes, path: str) -> AccountReader:
    """Return a reader over an account file's content.

    Raises:
        ConfigError: It is not an account file for AWS; the message names the field.
    """
    return AccountReader(decode(text, path), path)


def no_account() -> NoAccountReader:
    """Return a reader that knows no account at all, for rendering without a cloud."""
    return NoAccountReader()


def account_identity(text: bytes, path: str) -> AccountIdentity:
    """Return which cluster an account file is about.

    Raises:
        ConfigError: It is not an account file for AWS.
    """
    file = decode(text, path)
    return AccountIdentity(
        cluster_name=file.cluster_name,
        kube_system_uid=file.kube_system_uid,
        ingress_uid=file.ingress_uid,
    )


class AccountReader:
    """Implements ``ports.Reader`` on an account file."""

    applyable: bool = False

    def __init__(self, file: AccountFile, path: str) -> None:
        self._file = file
        self._path = path
        self._cluster = None if file.cluster is None else _cluster(file.cluster, path)
        self._facts = _facts(file.facts)
        self._observed = {
            each.address: _resource(each, f"{path}: observed.resources[{index}]")
            for index, each in enumerate(file.observed.resources)
        }

    def cluster(self) -> ClusterFacts | None:
        """Return what the file says of the cluster, None where it says nothing."""
        return self._cluster

    def facts(self, wanted: Wanted) -> Facts:
        """Return what the file says; a VPC that a setting names must be the file's."""
        vpc = self._facts.vpc
        if vpc is None:
            return replace(self._facts, vpc_problem=f"{self._path} names no VPC (facts.vpc)")
        if wanted.vpc_id and wanted.vpc_id != vpc.id:
            problem = f"{self._path} is about {vpc.id}, not {wanted.vpc_id}"
            return replace(self._facts, vpc=None, vpc_problem=problem, subnets=())
        return self._facts

    def limits(self) -> Limits:
        """Return the file's limits, documented defaults where it names none."""
        return alb_limits.merge(self._file.limits)

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return the resources in the file: of these groups and ``shared``, or all."""
        found = {
            address: resource
            for address, resource in sorted(self._observed.items())
            if groups is None or resource.group == SHARED or resource.group in groups
        }
        return Observed(resources=MappingProxyType(found))

    def incumbent(self, wanted: Wanted) -> Incumbent:
        """Refuse: the file holds what is ours alone."""
        del wanted
        raise ConfigError(
            f"{self._path} cannot be compared with the incumbent's resources: an account file "
            "holds only what is ours",
            hint="read the live account: --take-over without --account",
        )

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Refuse: health is a thing of the moment."""
        raise ConfigError(f"{self._path} does not say how healthy the targets of {backend} are")

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        """Return nothing: a file cannot judge."""
        del desired
        return ()

    def holds(self, wait: WaitFor, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Return False: nothing ever happens in a file."""
        del wait, outputs
        return False


class NoAccountReader:
    """Implements ``ports.Reader`` on nothing: documented limits, nothing known, nothing ours."""

    applyable: bool = False

    def cluster(self) -> ClusterFacts | None:
        """Return None: nothing is known of the cluster here."""
        return None

    def facts(self, wanted: Wanted) -> Facts:
        """Return no facts; that there is no VPC *and* no problem says that nobody looked."""
        del wanted
        return Facts()

    def limits(self) -> Limits:
        """Return the documented defaults."""
        return alb_limits.DEFAULTS

    def observe(self, groups: frozenset[str] | None = None) -> Observed:
        """Return nothing."""
        del groups
        return Observed()

    def incumbent(self, wanted: Wanted) -> Incumbent:
        """Refuse: there is no account."""
        del wanted
        raise ConfigError("there is no account to find the incumbent's resources in")

    def pod_health(self, backend: str) -> Mapping[str, PodHealth]:
        """Refuse: there is no account."""
        raise ConfigError(f"there is no account to ask about the targets of {backend}")

    def check(self, desired: Sequence[Resource]) -> tuple[Diagnostic, ...]:
        """Return nothing: there is nobody to ask."""
        del desired
        return ()

    def holds(self, wait: WaitFor, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Return False: nothing ever happens here."""
        del wait, outputs
        return False


def _cluster(part: ClusterPart, path: str) -> ClusterFacts:
    nodes = tuple(_node(node) for node in part.nodes)
    if part.node_count is not None and nodes and part.node_count != len(nodes):
        raise ConfigError(
            f"{path}: cluster.nodeCount is {part.node_count}, but cluster.nodes lists {len(nodes)}",
            hint="leave one of them out",
        )
    if not nodes:
        # Nodes that only count: without a provider id none of them can become a target.
        nodes = tuple(
            Node(meta=Meta(name=f"node-{number}"), ready="True")
            for number in range(1, (part.node_count or 0) + 1)
        )
    return ClusterFacts(nodes=nodes, pods_routable=part.pods_routable)


def _node(part: NodePart) -> Node:
    labels = {ZONE_LABEL: part.zone} if part.zone else {}
    return Node(
        meta=Meta(name=part.name, labels=MappingProxyType({**labels, **part.labels})),
        provider_id=part.provider_id,
        ready=READY[part.ready],
        unschedulable=part.unschedulable,
        taints=tuple(
            Taint(key=taint.key, effect=taint.effect, value=taint.value) for taint in part.taints
        ),
        addresses=part.addresses,
        pod_cidrs=part.pod_cidrs,
    )


def _facts(part: FactsPart) -> Facts:
    vpc = part.vpc
    subnets = (_subnet(subnet) for subnet in part.subnets)
    groups = (
        SecurityGroup(id=group.id, name=group.name, tags=MappingProxyType(group.tags))
        for group in part.security_groups
    )
    return Facts(
        observed_at=part.observed_at,
        account_id=part.account_id,
        region=part.region,
        partition=part.partition,
        vpc=None if vpc is None else Vpc(id=vpc.id, cidrs=vpc.cidrs, ipv6_cidrs=vpc.ipv6_cidrs),
        subnets=tuple(sorted(subnets, key=lambda subnet: subnet.id)),
        security_groups=tuple(sorted(groups, key=lambda group: group.id)),
        certificates=tuple(
            sorted((_certificate(each) for each in part.certificates), key=lambda each: each.arn)
        ),
        instances=MappingProxyType({each.id: _instance(each) for each in part.instances}),
        pod_groups=MappingProxyType(part.pod_groups),
        load_balancers=part.load_balancers,
        target_groups=part.target_groups,
        network_load_balancers=part.network_load_balancers,
        existing_names=frozenset(part.existing_names),
        web_acls=MappingProxyType(part.web_acls),
        trust_stores=MappingProxyType(part.trust_stores),
        ssl_policies=None if part.ssl_policies is None else frozenset(part.ssl_policies),
        log_buckets=MappingProxyType(part.log_buckets),
        foreign_target_groups=MappingProxyType(part.foreign_target_groups),
        shield_subscribed=part.shield_subscribed,
        protections=None if part.protections is None else MappingProxyType(part.protections),
        unread=part.unread,
    )


def _subnet(part: SubnetPart) -> Subnet:
    return Subnet(
        id=part.id,
        zone=part.zone,
        cidr=part.cidr,
        free_addresses=part.free_addresses,
        public=part.public,
        ipv6=part.ipv6,
        zone_type=part.zone_type,
        tags=MappingProxyType(part.tags),
    )


def _certificate(part: CertificatePart) -> Certificate:
    return Certificate(
        arn=part.arn,
        domains=part.domains,
        status=part.status,
        not_after=part.not_after,
        key_algorithm=part.key_algorithm,
        in_use=part.in_use,
    )


def _instance(part: InstancePart) -> Instance:
    return Instance(
        id=part.id, zone=part.zone, security_groups=part.security_groups, vpc_id=part.vpc_id
    )


def _resource(part: ResourcePart, place: str) -> ObservedResource:
    return ObservedResource(
        kind=part.kind,
        address=part.address,
        group=part.group,
        name=part.name,
        ingresses=tuple(Key.parse(ingress) for ingress in part.ingresses),
        spec=_spec(part.spec, f"{place}.spec"),
        outputs=MappingProxyType(part.outputs),
        title=part.title,
        healthy=part.healthy,
        state=part.state,
        order=part.order,
    )


def _spec(spec: Mapping[str, object], place: str) -> Spec:
    """Return a spec whose Refs and fingerprints are written as plans write them."""
    return freeze_spec({key: _value(value, f"{place}.{key}") for key, value in spec.items()})


def _value(value: object, place: str) -> PlainInput:
    match value:
        case {"ref": str(text), **rest} if not rest:
            address, _, name = text.rpartition(".")
            return Ref(address, name)
        case {"fingerprint": str(text), **rest} if not rest:
            return Fingerprint(text)
        case dict():
            return {str(key): _value(item, f"{place}.{key}") for key, item in value.items()}
        case list():
            return [_value(item, f"{place}[{index}]") for index, item in enumerate(value)]
        case None | bool() | int() | str():
            return value
        case _:
            told = type(value).__name__
            raise ConfigError(f"{place}: {told} is nothing that a spec holds", hint=HINT)
