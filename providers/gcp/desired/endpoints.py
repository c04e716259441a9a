"""What is attached to network endpoint groups: pods, each in the group of its node's zone.

An endpoint is a machine, an address of it and a port. Who is attached is part of the desired state
only where it is known: a plan from files without EndpointSlices says so and touches nobody. A pod
whose machine nobody can tell is left out and told, never put into some zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from providers.gcp import addresses
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.desired.backend_ids import Owners
from providers.gcp.desired.machines import Machines
from providers.gcp.desired.problems import odd
from providers.gcp.shapes import shaped
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendIntent, PodTarget, TargetMode
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, PlainInput, Ref, Resource, Unknown

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The pods of a backend by zone; None: who they are, or where, is not known here.

    ``lost`` are pods whose machine nobody can tell.
    """

    by_zone: Mapping[str, Sequence[Mapping[str, PlainInput]]] | None
    lost: tuple[PodTarget, ...] = ()


def placed(backend: BackendIntent, machines: Machines) -> Placed:
    """Return where the pods of a backend are."""
    if backend.pods is None:
        return Placed(by_zone=None)
    found: dict[str, dict[tuple[str, int], Mapping[str, PlainInput]]] = {}
    lost: list[PodTarget] = []
    for pod in backend.pods:
        machine = machines.of_pod(pod)
        if machine is None:
            lost.append(pod)
            continue
        endpoint: dict[str, PlainInput] = {"instance": machine.name, "ipAddress": pod.ip}
        endpoint["port"] = pod.port
        found.setdefault(machine.zone, {})[pod.ip, pod.port] = endpoint
    by_zone = {zone: tuple(endpoints.values()) for zone, endpoints in found.items()}
    return Placed(by_zone=MappingProxyType(by_zone), lost=tuple(lost))


def endpoints(
    group: Resource | ObservedResource,
    backend: BackendIntent,
    where: Placed,
    *,
    ingresses: tuple[Key, ...],
) -> Resource:
    """Return what is attached to a network endpoint group.

    Args:
        group: The network endpoint group.
        backend: Whose pods they are.
        where: Where these are.
        ingresses: Who it is for; nobody in particular where every Ingress may use it.
    """
    zone = group.spec.get("zone")
    members: PlainInput
    if where.by_zone is None:
        members = Unknown("the pods that are ready when applied")
    elif isinstance(zone, str):
        members = where.by_zone.get(zone, ())
    else:
        members = Unknown("the zones of the nodes")
    return Resource(
        kind=Kind.NETWORK_ENDPOINTS.value,
        address=addresses.endpoints_of(group.address),
        group=group.group,
        ingresses=ingresses,
        spec=shaped(
            Kind.NETWORK_ENDPOINTS,
            {
                "networkEndpointGroup": Ref(group.address, "selfLink"),
                "zone": zone,
                "networkEndpoints": members,
            },
        ),
        title=f"pods of {backend.id}" + (f" in {zone}" if isinstance(zone, str) else ""),
    )


def follow(
    group: ObservedResource, backends: Sequence[BackendIntent], facts: Facts
) -> Resource | None:
    """Return the endpoints that an existing, otherwise untouched group should have, if known.

    This keeps traffic flowing to the pods of a quarantined Ingress while nothing else of it moves.

    Args:
        group: A network endpoint group that was seen.
        backends: All backends that could be resolved, those of quarantined members included.
        facts: The account.
    """
    backend = owner(group, backends)
    if backend is None or backend.pods is None:
        return None
    where = placed(backend, Machines.of(facts, backends))
    return endpoints(group, backend, where, ingresses=group.ingresses)


def owner(
    group: Resource | ObservedResource, backends: Sequence[BackendIntent]
) -> BackendIntent | None:
    """Return the backend whose network endpoint group this is, if any."""
    zone = group.spec.get("zone")
    if not isinstance(zone, str):
        return None
    return Owners.of(group.group, backends, TargetMode.POD, tails=(zone,)).at(group.address)


def problems(backend: BackendIntent, where: Placed) -> Iterator[Diagnostic]:
    """Yield which pods cannot be attached."""
    if not where.lost:
        return
    shown = ", ".join(f"{pod.ip} on node {pod.node or '?'}" for pod in where.lost[:_SHOWN])
    more = ", ..." if len(where.lost) > _SHOWN else ""
    yield odd(
        backend,
        "BACKEND-ENDPOINT-PLACE",
        f"{len(where.lost)} pods of {backend.id} are not attached, because nothing tells which"
        f" machine they run on ({shown}{more})",
        hint="plan with access to the cluster's nodes",
    )
