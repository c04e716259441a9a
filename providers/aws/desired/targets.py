"""Target groups and what is registered with them: one pair for each backend and target mode.

A target group's protocol, version, target type and VPC are fixed at creation. A backend that needs
other ones gets a target group of the next *generation*, beside the old one, which serves until the
new one is warm. So the generation to want is that of the target group which already is what is
needed, else the first free number.

Who is registered is part of the desired state only where it is known: a plan from files without
EndpointSlices says so and touches nobody.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.aws import addresses, labels, shared_targets
from providers.aws.account import Facts
from providers.aws.desired.health import health_check, undecided
from providers.aws.desired.target_checks import IPV6, problems
from providers.aws.labels import CONTROL_PORT, TARGET_TYPES, Labels
from provisioner.core.annotations import LOAD_BALANCING_ALGORITHM, SESSION_AFFINITY
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expression
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    NodeTarget,
    PodTarget,
    Quarantined,
    TargetMode,
)
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Unknown,
    Value,
    canonical,
    freeze,
    freeze_spec,
)

IMMUTABLE = frozenset(
    {"Protocol", "ProtocolVersion", "TargetType", "VpcId", "IpAddressType", "TargetControlPort"}
)
"""Fields of a target group that stay as they were created."""

_NONE_IS_SAID = "TargetControlPort"
"""A field whose absence means that there is none; of the others it means that nobody said."""

CREATE_ONLY = frozenset({"Name", "Port"})
"""Fields that matter at creation alone: every target is registered with a port of its own."""

UNDECIDED = "auto"
"""What stands for the mode in an address while the mode is known only after apply."""

_ALGORITHMS: Mapping[str, str] = {
    "round-robin": "round_robin",
    "least-requests": "least_outstanding_requests",
    "random": "weighted_random",
}

_ANY_PORT = 1  # AWS wants a port although every target brings its own
_INSTANCE = re.compile(r"i-[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroups:
    """The target groups of a load balancer.

    Attributes:
        resources: Target groups and their targets, for every backend that could be expressed.
        addresses: Backend -> address of its target group.
    """

    resources: tuple[Resource, ...] = ()
    addresses: Mapping[BackendId, str]
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


def target_groups(
    request: Expression, facts: Facts, *, vpc_id: str | Unknown, address_type: str
) -> TargetGroups:
    """Return the target group and targets of every backend.

    A backend whose settings AWS would refuse gets neither; what stands for it keeps its last good
    state, and only its Ingress hears of it.

    Args:
        request: The load balancer, its modes and what exists.
        facts: The account; its CIDR blocks decide which pods are inside the VPC.
        vpc_id: Where target groups are created.
        address_type: The load balancer's; only a dualstack one can send to IPv6 targets.
    """
    named = Labels.of(request)
    present = _present(request)
    inside = _networks(facts)
    resources: list[Resource] = []
    found: dict[BackendId, str] = {}
    found_wrong: list[Diagnostic] = []
    quarantined: list[Quarantined] = []
    for backend in request.intent.backends:
        mode = request.modes.get(backend.id, backend.mode)
        family = str(_address_type(backend, mode, named).get("IpAddressType"))
        wrong = tuple(problems(backend, mode, family=family, address_type=address_type))
        if wrong:
            found_wrong += wrong
            quarantined.append(
                Quarantined(ingress=backend.id.ingress, path=backend.field, diagnostic=wrong[0])
            )
            continue
        group = _target_group(backend, mode, request, present=present, vpc_id=vpc_id)
        found[backend.id] = group.address
        resources += (group, _targets(group, backend, mode, inside))
    return TargetGroups(
        resources=tuple(resources),
        addresses=found,
        diagnostics=tuple(found_wrong),
        quarantined=tuple(quarantined),
    )


def follow(
    observed: ObservedResource, backends: Sequence[BackendIntent], facts: Facts
) -> Resource | None:
    """Return the targets that an existing, otherwise untouched target group should have, if known.

    This keeps traffic flowing to the pods of a quarantined Ingress while nothing else of it moves.

    Args:
        observed: A target group.
        backends: All backends that could be resolved, those of quarantined members included.
        facts: The account.
    """
    for mode in TargetMode:
        backend = owner(observed, backends, mode)
        if backend is not None:
            return _targets(observed, backend, mode, _networks(facts))
    return None


def owner(
    group: Resource | ObservedResource, backends: Iterable[BackendIntent], mode: TargetMode
) -> BackendIntent | None:
    """Return the backend whose target group in a mode this is, if any."""
    if group.spec.get("TargetType") != TARGET_TYPES[mode]:
        return None
    base = _base(group.address)
    return next((b for b in backends if base in _possible_addresses(group.group, b, mode)), None)


def _possible_addresses(group: str, backend: BackendIntent, mode: TargetMode) -> tuple[str, ...]:
    """Return what the backend's target group may be called in an implicit or explicit group."""
    ids = (
        addresses.target_group_id(backend.id, mode.value, explicit=explicit)
        for explicit in (False, True)
    )
    explicit_only = str(backend.id.ingress) != group
    return tuple(addresses.target_group(group, tgid) for tgid in ids)[1 if explicit_only else 0 :]


def _target_group(
    backend: BackendIntent,
    mode: TargetMode | None,
    request: Expression,
    *,
    present: Mapping[str, Sequence[ObservedResource]],
    vpc_id: str | Unknown,
) -> Resource:
    intent, named = request.intent, Labels.of(request)
    word = mode.value if mode is not None else UNDECIDED
    tgid = addresses.target_group_id(backend.id, word, explicit=intent.explicit)
    family = _address_type(backend, mode, named)
    fixed = _fixed_fields(backend, mode, vpc_id)
    base = addresses.target_group(intent.name, tgid)
    generation = _generation({**fixed, **family}, present.get(base, ()))
    address = addresses.target_group(intent.name, tgid, generation=generation)
    port = _port(backend, mode, named)
    siblings = {group.address: group.name for group in present.get(base, ())}
    name = siblings.get(address) or _name(
        named, backend, mode, port=port, generation=generation, taken=siblings.values()
    )
    tags = named.tags(
        address,
        role=labels.target_group_role(backend.id),
        ingress=backend.id.ingress,
        user=backend.tags,
    )
    tags = shared_targets.marked(tags, backend)
    attributes = [{"Key": k, "Value": v} for k, v in sorted(_attributes(backend).items())]
    spec: dict[str, PlainInput] = {
        "Name": name,
        "Port": port,
        **fixed,
        **(family if named.is_incumbent or family.get("IpAddressType") == IPV6 else {}),
        **health_check(backend, mode, by_number=named.is_incumbent),
        **({"Attributes": attributes} if attributes else {}),
        "Tags": tags,
    }
    return Resource(
        kind=addresses.Kind.TARGET_GROUP.value,
        address=address,
        group=intent.name,
        name=name,
        ingresses=(backend.id.ingress,),
        spec=freeze_spec(spec),
        title=f"{backend.id} ({word})",
    )


def _name(
    named: Labels,
    backend: BackendIntent,
    mode: TargetMode | None,
    *,
    port: int | Unknown,
    generation: int,
    taken: Collection[str],
) -> str | Unknown:
    if mode is None:
        return undecided()
    return named.target_group_name(backend, mode, port=port, generation=generation, taken=taken)


def _attributes(backend: BackendIntent) -> Mapping[str, str]:
    """Return the attributes that people set, by AWS's names or by the portable ones."""
    portable: dict[str, str] = {}
    algorithm = backend.options.get(LOAD_BALANCING_ALGORITHM.name)
    if isinstance(algorithm, str) and algorithm in _ALGORITHMS:
        portable["load_balancing.algorithm.type"] = _ALGORITHMS[algorithm]
    affinity = backend.options.get(SESSION_AFFINITY.name)
    if affinity == "cookie":
        portable |= {"stickiness.enabled": "true", "stickiness.type": "lb_cookie"}
    elif affinity == "none":
        portable["stickiness.enabled"] = "false"
    return {**portable, **backend.attributes}


def _fixed_fields(
    backend: BackendIntent, mode: TargetMode | None, vpc_id: str | Unknown
) -> dict[str, PlainInput]:
    fields: dict[str, PlainInput] = {
        "Protocol": backend.protocol.value,
        "ProtocolVersion": backend.protocol_version.value,
        "TargetType": TARGET_TYPES[mode] if mode is not None else undecided(),
        "VpcId": vpc_id,
    }
    control_port = backend.options.get(CONTROL_PORT)
    if isinstance(control_port, int):
        fields["TargetControlPort"] = control_port
    return fields


def _address_type(
    backend: BackendIntent, mode: TargetMode | None, named: Labels
) -> Mapping[str, PlainInput]:
    """Return the address family that the pods need; nothing where neither pods nor Service tell.

    The incumbent controller goes by the families of the Service.
    """
    if named.is_incumbent:
        return {"IpAddressType": "ipv6" if "IPv6" in backend.ip_families else "ipv4"}
    if mode is not TargetMode.POD:
        return {}
    if backend.pods:
        return {"IpAddressType": IPV6 if ":" in backend.pods[0].ip else "ipv4"}
    return {"IpAddressType": IPV6} if backend.ip_families[:1] == ("IPv6",) else {}


def _port(backend: BackendIntent, mode: TargetMode | None, named: Labels) -> int | Unknown:
    match mode:
        case TargetMode.POD if named.is_incumbent and backend.target_port_named:
            return _ANY_PORT
        case TargetMode.POD:
            return backend.target_port or _ANY_PORT
        case TargetMode.NODE_PORT:
            return backend.node_port or Unknown("the node port that the cluster allocates")
        case None:
            return undecided()


def _generation(fixed: Mapping[str, PlainInput], present: Sequence[ObservedResource]) -> int:
    """Return the newest generation that already is what is needed, else the next free one."""
    wanted = {name: freeze(value) for name, value in fixed.items()}
    numbers = {addresses.parse(resource.address).generation: resource for resource in present}
    for number in sorted(numbers, reverse=True):
        if _agrees(wanted, numbers[number]):
            return number
    return max(numbers, default=0) + 1


def _agrees(wanted: Mapping[str, Value], observed: ObservedResource) -> bool:
    """Tell whether what cannot be changed is as wanted; what nobody knows yet agrees."""
    for name in IMMUTABLE:
        value, before = wanted.get(name), observed.spec.get(name)
        unsaid = name != _NONE_IS_SAID and (value is None or before is None)
        if isinstance(value, Unknown) or unsaid:
            continue
        if canonical(value) != canonical(before):
            return False
    return True


def _targets(
    group: Resource | ObservedResource,
    backend: BackendIntent,
    mode: TargetMode | None,
    inside: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> Resource:
    spec: dict[str, PlainInput] = {
        "TargetGroupArn": Ref(group.address, "TargetGroupArn"),
        "Targets": _members(backend, mode, inside),
    }
    return Resource(
        kind=addresses.Kind.TARGETS.value,
        address=addresses.targets_of(group.address),
        group=group.group,
        ingresses=(backend.id.ingress,),
        spec=freeze_spec(spec),
        title=f"targets of {backend.id}",
    )


def _members(
    backend: BackendIntent,
    mode: TargetMode | None,
    inside: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> Value:
    match mode:
        case TargetMode.POD if backend.pods is None:
            return Unknown("the pods that are ready when applied")
        case TargetMode.POD:
            return _sorted(_pod(pod, inside) for pod in backend.pods or ())
        case TargetMode.NODE_PORT if backend.nodes is None:
            return Unknown("the nodes that are ready when applied")
        case TargetMode.NODE_PORT if not backend.node_port and backend.nodes:
            return Unknown("the node port that the cluster allocates")
        case TargetMode.NODE_PORT:
            found = (_node(node, backend.node_port) for node in backend.nodes or ())
            return _sorted(target for target in found if target is not None)
        case None:
            return undecided()


def _sorted(targets: Iterator[Mapping[str, PlainInput]]) -> Value:
    """Return targets by id and port, each once."""
    unique = {_place(target): target for target in targets}
    return freeze([unique[place] for place in sorted(unique)])


def _place(target: Mapping[str, PlainInput]) -> tuple[str, int]:
    port = target["Port"]
    return str(target["Id"]), port if isinstance(port, int) else 0


def _pod(
    pod: PodTarget, inside: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> Mapping[str, PlainInput]:
    """Return a pod as a target; one outside the VPC is reachable from every zone or none."""
    target: dict[str, PlainInput] = {"Id": pod.ip, "Port": pod.port}
    if inside and not any(_within(pod.ip, network) for network in inside):
        target["AvailabilityZone"] = "all"
    return target


def _within(ip: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    address = ipaddress.ip_address(ip)
    return address.version == network.version and address in network


def _node(node: NodeTarget, port: int) -> Mapping[str, PlainInput] | None:
    """Return a node as a target, None where its provider id names no EC2 instance."""
    instance = node.provider_id.rpartition("/")[2]
    return {"Id": instance, "Port": port} if _INSTANCE.fullmatch(instance) else None


def _networks(facts: Facts) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    if facts.vpc is None:
        return ()
    cidrs = (*facts.vpc.cidrs, *facts.vpc.ipv6_cidrs)
    return tuple(ipaddress.ip_network(cidr, strict=False) for cidr in cidrs)


def _present(request: Expression) -> Mapping[str, Sequence[ObservedResource]]:
    """Return the group's target groups by their address without a generation."""
    found: dict[str, list[ObservedResource]] = {}
    for resource in request.observed.of_group(request.intent.name):
        if resource.kind == addresses.Kind.TARGET_GROUP.value:
            found.setdefault(_base(resource.address), []).append(resource)
    return found


def _base(address: str) -> str:
    return address.partition("@")[0]
