"""Backends: a backend service, its health check, and the groups of targets that it leads to.

Under our own reading every use of a Service port by an Ingress has a backend service of its own, so
what one Ingress says never reaches another. GKE has one for a Service port of the whole cluster;
under ``incumbent`` that one is *common*: it belongs to ``shared``, and every load balancer that
uses it states it alike.

A backend whose settings Google would refuse gets nothing; what stands for it keeps its last good
state, its endpoints follow the pods, and only its Ingress hears of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.desired import backend_services, endpoint_groups, endpoints
from providers.gcp.desired.backend_checks import problems
from providers.gcp.desired.backend_ids import numbered
from providers.gcp.desired.backend_options import BackendOptions, backend_options
from providers.gcp.desired.backend_services import Place
from providers.gcp.desired.context import Context
from providers.gcp.desired.endpoints import Placed
from providers.gcp.desired.generations import FIXED, base, generation, present_services
from providers.gcp.desired.health_check_resources import health_check_resource
from providers.gcp.desired.health_checks import Checked
from providers.gcp.desired.instance_groups import group_in, zone_behind
from providers.gcp.desired.machines import Machines
from providers.gcp.desired.notes import NOT_KNOWN_HERE
from providers.gcp.variant import Variant
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendId, BackendIntent, Quarantined, TargetMode
from provisioner.model.resource import (
    SHARED,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
)

NO_ADDRESSES: Mapping[BackendId, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """The backends of a load balancer.

    Attributes:
        resources: Of every backend that could be expressed, those that are the load balancer's.
        common: Likewise those that belong to ``shared``.
        addresses: Backend -> address of its backend service.
    """

    resources: tuple[Resource, ...] = ()
    common: tuple[Resource, ...] = ()
    addresses: Mapping[BackendId, str] = field(default_factory=lambda: NO_ADDRESSES)
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What all backends of a load balancer look at; ``zones`` have network endpoint groups."""

    context: Context
    machines: Machines
    present: Mapping[str, Sequence[ObservedResource]]
    zones: frozenset[str]

    @property
    def group(self) -> str:
        """Whose the backends are."""
        return SHARED if self.context.incumbent else self.context.group


@dataclass(frozen=True, slots=True, kw_only=True)
class _Backend:
    """One backend in its scene, with all that was decided about it."""

    scene: _Scene
    intent: BackendIntent
    mode: TargetMode | None
    place: Place
    options: BackendOptions
    where: Placed
    checked: Checked


def backends(context: Context) -> Backends:
    """Return the backend service of every backend, and what belongs to it."""
    intent = context.intent
    observed = context.request.observed
    scene = _Scene(
        context=context,
        machines=Machines.of(context.facts, intent.backends),
        present=present_services(
            (*context.observed, *observed.of_group(SHARED)), balancer=context.balancer
        ),
        zones=endpoint_groups.zones_seen((*context.observed, *observed.of_group(SHARED))),
    )
    resources: dict[str, Resource] = {}
    found: dict[BackendId, str] = {}
    findings: list[Diagnostic] = []
    set_aside: list[Quarantined] = []
    for each in intent.backends:
        backend = _decided(scene, each)
        told = tuple(problems(context, each, backend.mode, checked=backend.checked))
        told += (*backend.options.diagnostics, *endpoints.problems(each, backend.where))
        findings += told
        blocking = next((d for d in told if d.blocking), None)
        if blocking is not None:
            set_aside.append(
                Quarantined(ingress=each.id.ingress, path=each.field, diagnostic=blocking)
            )
            continue
        found[each.id] = backend.place.address
        for resource in _resources(backend):
            resources.setdefault(resource.address, resource)
    return Backends(
        resources=tuple(r for r in resources.values() if r.group != SHARED),
        common=tuple(r for r in resources.values() if r.group == SHARED),
        addresses=MappingProxyType(found),
        diagnostics=tuple(findings),
        quarantined=tuple(set_aside),
    )


def hangs_on(resource: Resource) -> tuple[str, ...]:
    """Return the addresses of what belongs to a resource although no Ref of it says so."""
    if resource.kind == Kind.NETWORK_ENDPOINT_GROUP:
        return (addresses.endpoints_of(resource.address),)
    if resource.kind == Kind.BACKEND_SERVICE:
        names = backend_services.key_digests(resource.spec.get("description"))
        return tuple(addresses.signed_url_key(resource.address, name) for name in names)
    return ()


def _decided(scene: _Scene, backend: BackendIntent) -> _Backend:
    context = scene.context
    mode = context.request.modes.get(backend.id, backend.mode)
    place = _place(scene, backend, mode)
    speaks = backend_services.protocol(backend)
    return _Backend(
        scene=scene,
        intent=backend,
        mode=mode,
        place=place,
        options=backend_options(context, backend, place.present),
        where=endpoints.placed(backend, scene.machines),
        checked=Checked(backend=backend, mode=mode, protocol=speaks, incumbent=context.incumbent),
    )


def _place(scene: _Scene, backend: BackendIntent, mode: TargetMode | None) -> Place:
    """Return where a backend's service stands: at the generation that is as needed."""
    context = scene.context
    id_ = service_id(context, backend, mode)
    first = base(addresses.backend_service(scene.group, id_, balancer=context.balancer))
    siblings = scene.present.get(first, ())
    wanted: dict[str, PlainInput] = {
        "loadBalancingScheme": context.variant.scheme,
        "protocol": backend_services.protocol(backend),
        **context.place,
    }
    number = generation({name: wanted.get(name) for name in FIXED}, siblings)
    numbers = {"generation": number, "balancer": context.balancer}
    address = addresses.backend_service(scene.group, id_, **numbers)
    return Place(
        address=address,
        group=scene.group,
        health_check=addresses.health_check(scene.group, id_, **numbers),
        present=next((s for s in siblings if s.address == address), None),
        taken=tuple(s.name for s in siblings if s.address != address),
    )


def service_id(context: Context, backend: BackendIntent, mode: TargetMode | None) -> str:
    """Return the id of a backend's service and health check in addresses.

    A common one is for one kind of load balancer: a scheme has backend services of its own.
    """
    id_ = target_id(context, backend, mode)
    if context.incumbent and context.variant is not Variant.CLASSIC:
        return f"{id_}/{context.variant.value}"
    return id_


def target_id(context: Context, backend: BackendIntent, mode: TargetMode | None) -> str:
    """Return the id of a backend's network endpoint groups in addresses."""
    word = mode.value if mode is not None else NOT_KNOWN_HERE
    if context.incumbent:
        named = numbered(backend.id, backend.service_port)
        return addresses.common_backend_id(named, word)
    return addresses.backend_id(backend.id, word, explicit=context.intent.explicit)


def _resources(backend: _Backend) -> Iterator[Resource]:
    """Yield a backend service and all that belongs to it, first what it refers to."""
    context, place = backend.scene.context, backend.place
    groups = tuple(_groups(backend))
    for group in groups:
        yield group
        yield endpoints.endpoints(group, backend.intent, backend.where, ingresses=group.ingresses)
    yield health_check_resource(context, backend.checked, place)
    links: tuple[PlainInput, ...] = tuple(Ref(group.address, "selfLink") for group in groups)
    if backend.mode is TargetMode.NODE_PORT:
        links = tuple(_instance_groups(backend))
    service = backend_services.backend_service(
        context,
        backend.intent,
        backend.mode,
        place=place,
        groups=links,
        options=backend.options,
    )
    yield service
    keys = backend.options.keys
    spell = {key.name: addresses.signed_url_key(place.address, key.name) for key in keys}
    yield from backend_services.signed_url_keys(service, keys, spell=spell)


def _groups(backend: _Backend) -> Iterator[Resource]:
    """Yield the network endpoint groups of a backend whose pods are targets."""
    if backend.mode is not TargetMode.POD:
        return
    scene, context = backend.scene, backend.scene.context
    id_ = target_id(context, backend.intent, backend.mode)
    used = endpoint_groups.zones_in_use(context, group=scene.group, id_=id_, among=scene.zones)
    known = endpoint_groups.zones_of(backend.intent, backend.where, scene.machines)
    zones = used | (known or frozenset())
    if known is not None and not zones:
        return
    yield from endpoint_groups.endpoint_groups(
        context, backend.intent, group=scene.group, id_=id_, zones=zones
    )


def _instance_groups(backend: _Backend) -> Iterator[PlainInput]:
    """Yield the instance groups of a backend that is reached through node ports."""
    scene, context = backend.scene, backend.scene.context
    zones = {machine.zone for machine in scene.machines.of_nodes(backend.intent)}
    if backend.intent.nodes is None:
        zones |= scene.machines.zones
    present = backend.place.present
    listed = present.spec.get("backends") if present is not None else None
    for entry in listed if isinstance(listed, tuple) else ():
        if isinstance(entry, Mapping) and (zone := zone_behind(entry.get("group"))):
            zones.add(zone)
    if not zones and backend.intent.nodes is None:
        zones = {NOT_KNOWN_HERE}
    for zone in sorted(zones):
        yield group_in(zone, context.facts, context.request.observed)
