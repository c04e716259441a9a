"""Which ports of which security groups the load balancers of a cluster must be able to reach.

Traffic arrives at the interface of a pod or of a node, and that interface's security group must
let the backend group in on exactly the traffic port and the ports of health checks and of the
target control agent. What one load balancer needs is noted as ``(security group, first port, last
port)``; ``shared`` adds the notes of all load balancers up.

Where nobody is behind a backend yet, its port is opened on every node, so that the first pod is
served at once; the incumbent controller opens nothing before there is an endpoint.

A note without a security group (``ANY_GROUP``) says that a port is in use somewhere that cannot be
told here; whatever rule is open for it then stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from providers.aws import addresses
from providers.aws.account import Facts
from providers.aws.addresses import Kind
from providers.aws.desired.context import Context
from providers.aws.desired.network import uses_backend_group
from providers.aws.desired.subnets import CLUSTER_TAG
from providers.aws.desired.targets import TargetGroups, owner
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import BackendIntent, Compatibility, TargetMode
from provisioner.model.resource import Resource

Need = tuple[str, ...]

ANY_GROUP = "?"
_INSTANCE = "i-"
_MODES: Mapping[str, TargetMode] = {"ip": TargetMode.POD, "instance": TargetMode.NODE_PORT}


def backend_needs(
    context: Context, resources: Sequence[Resource], groups: TargetGroups
) -> tuple[tuple[Need, ...], tuple[Diagnostic, ...]]:
    """Return what the target groups among ``resources`` need to be open, and what is in the way."""
    backends = {address: context.intent.backend(id_) for id_, address in groups.addresses.items()}
    targets = {r.address: r for r in resources if r.kind == Kind.TARGETS}
    needs: set[Need] = set()
    findings: list[Diagnostic] = []
    for resource in resources:
        if resource.kind != Kind.TARGET_GROUP:
            continue
        backend = backends.get(resource.address) or _led_to(context, resource)
        if backend is None:
            needs |= _kept(resource, targets.get(addresses.targets_of(resource.address)))
            continue
        found, problems = _of_backend(context.facts, backend, resource, context)
        needs |= found
        findings += problems
    return tuple(sorted(needs)), tuple(findings)


def _led_to(context: Context, group: Resource) -> BackendIntent | None:
    """Return who is behind a target group that only kept rules use, where that can be told."""
    mode = _MODES.get(str(group.spec.get("TargetType")))
    return owner(group, context.intent.following, mode) if mode is not None else None


def kept_needs(context: Context, kept: Sequence[Resource]) -> tuple[Need, ...]:
    """Return what a load balancer that stays as it is needs to be open."""
    balancers = (r for r in kept if r.kind == Kind.LOAD_BALANCER)
    if not any(uses_backend_group(r.spec.get("SecurityGroups")) for r in balancers):
        return ()
    needs, _ = backend_needs(context, kept, TargetGroups(resources=(), addresses={}))
    return needs


def instance_id(provider_id: str) -> str:
    """Return the EC2 instance of a node's ``aws:///<zone>/<instance>``, "" where there is none."""
    last = provider_id.rpartition("/")[2]
    return last if provider_id.startswith("aws://") and last.startswith(_INSTANCE) else ""


def _of_backend(
    facts: Facts, backend: BackendIntent, group: Resource, context: Context
) -> tuple[set[Need], list[Diagnostic]]:
    mode = _MODES.get(str(group.spec.get("TargetType")))
    if mode is None:
        return set(), []
    is_incumbent = context.intent.compatibility is Compatibility.INCUMBENT
    if is_incumbent and _is_known_empty(backend, mode):
        return set(), []
    ends = _pod_ends(facts, backend) if mode is TargetMode.POD else _node_ends(facts, backend)
    extra = _further_ports(group)
    needs: set[Need] = set()
    problems: dict[str, Diagnostic] = {}
    unknown: set[int] = set()
    for carried, port in ends:
        ports = {port, *extra}
        chosen = endpoint_group(carried, facts, context.identity.cluster_name)
        if chosen:
            needs |= {(chosen, str(p), str(p)) for p in ports}
        elif carried:
            needs |= {(ANY_GROUP, str(p), str(p)) for p in ports}
            problems.setdefault(", ".join(carried), _ambiguous(context, backend, carried))
        else:
            unknown |= ports
    if unknown:
        needs |= {(ANY_GROUP, str(p), str(p)) for p in unknown}
        problems[""] = _unknown(backend, sorted(unknown))
    return needs, [problems[key] for key in sorted(problems)]


def _is_known_empty(backend: BackendIntent, mode: TargetMode) -> bool:
    """Tell whether it is certain that a backend has no endpoint."""
    return (backend.pods if mode is TargetMode.POD else backend.nodes) == ()


def _pod_ends(facts: Facts, backend: BackendIntent) -> list[tuple[tuple[str, ...], int]]:
    """Return security groups and port of every place where pods of a backend are or may be."""
    if not backend.pods:
        return _anywhere(facts, backend.target_port)
    nodes = {node.node: instance_id(node.provider_id) for node in backend.nodes or ()}
    ends = {
        (facts.pod_groups.get(pod.ip) or _carried(facts, nodes.get(pod.node, "")), pod.port)
        for pod in backend.pods
    }
    return sorted(ends)


def _node_ends(facts: Facts, backend: BackendIntent) -> list[tuple[tuple[str, ...], int]]:
    if not backend.node_port:
        return []
    if not backend.nodes:
        return _anywhere(facts, backend.node_port)
    ends = {
        (_carried(facts, instance_id(node.provider_id)), backend.node_port)
        for node in backend.nodes
    }
    return sorted(ends)


def _anywhere(facts: Facts, port: int) -> list[tuple[tuple[str, ...], int]]:
    """Return every node's groups: nobody knows yet where the endpoints will be."""
    if not port:
        return []
    carried = {instance.security_groups for instance in facts.instances.values()}
    return [(groups, port) for groups in sorted(carried)] or [((), port)]


def _carried(facts: Facts, instance: str) -> tuple[str, ...]:
    found = facts.instances.get(instance)
    return found.security_groups if found is not None else ()


def endpoint_group(carried: Iterable[str], facts: Facts, cluster: str) -> str:
    """Return the one security group of an interface that is opened, "" where none can be told.

    An interface with several groups must have exactly one that is tagged for the cluster; opening
    any other would be a guess about somebody else's firewall.
    """
    groups = tuple(dict.fromkeys(carried))
    if len(groups) == 1:
        return groups[0]
    tag = f"{CLUSTER_TAG}{cluster}"
    tagged = [g.id for g in facts.security_groups if g.id in groups and tag in g.tags]
    return tagged[0] if len(tagged) == 1 else ""


def _kept(group: Resource, targets: Resource | None) -> set[Need]:
    """Return the notes of a target group that only held Ingresses use: ports, no groups."""
    listed = targets.spec.get("Targets") if targets is not None else ()
    entries = [t for t in listed if isinstance(t, Mapping)] if isinstance(listed, tuple) else []
    ports = {str(entry.get("Port")) for entry in entries} | {str(p) for p in _further_ports(group)}
    return {(ANY_GROUP, port, port) for port in ports}


def _further_ports(group: Resource) -> set[int]:
    """Return the ports that are not the traffic port: of health checks, of the control agent."""
    health, control = group.spec.get("HealthCheckPort"), group.spec.get("TargetControlPort")
    found = {int(health)} if isinstance(health, str) and health.isdecimal() else set()
    return found | ({control} if isinstance(control, int) else set())


def _ambiguous(context: Context, backend: BackendIntent, carried: Sequence[str]) -> Diagnostic:
    tag = f"{CLUSTER_TAG}{context.identity.cluster_name}"
    tagged = [g.id for g in context.facts.security_groups if g.id in carried and tag in g.tags]
    how_many = f"{len(tagged)} of them are" if tagged else "none of them is"
    return error(
        "SECURITY-GROUP-AMBIGUOUS",
        f"Ingress {backend.id.ingress}",
        message=(
            f"the endpoints of {backend.id} have several security groups "
            f"({', '.join(sorted(carried))}) and {how_many} tagged {tag}"
        ),
        field=backend.field,
        hint=f"tag exactly one of them {tag}=owned",
        ingress=backend.id.ingress,
    )


def _unknown(backend: BackendIntent, ports: Sequence[int]) -> Diagnostic:
    listed = ", ".join(str(port) for port in ports)
    return warning(
        "SECURITY-GROUP-UNKNOWN",
        f"Ingress {backend.id.ingress}",
        message=(
            f"no security group is known for endpoints of {backend.id}, so none is opened for "
            f"port {listed}"
        ),
        field=backend.field,
        hint="plan with access to the cluster and the account, or with an account file that has "
        "nodes and instances",
        ingress=backend.id.ingress,
    )
