"""Read what carries our mark, and say it as the plan would.

One listing per kind tells everything but membership: what is ours stands in the descriptions, and
so does which address it has. Membership and health are asked about group by group, of the load
balancers that are asked for; of all others the listings have told enough for free.

Two resources that claim one address (a crash while a name changed) would be a riddle for the diff;
the oldest keeps the address, the others get one of their own, which nothing desires, and so fall to
deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from providers.gcp import addresses, marks
from providers.gcp.addresses import Kind
from providers.gcp.links import place_of
from providers.gcp.live import normalise
from providers.gcp.live.inventory import THREADS, Inventory, objects, text
from providers.gcp.live.members import (
    HEALTHY,
    Endpoint,
    read_endpoints,
    read_health,
    read_instances,
)
from providers.gcp.live.normalise import Refs
from provisioner.core.address_text import AddressError
from provisioner.model.errors import Denied
from provisioner.model.resource import SHARED, Observed, ObservedResource, Ref, Spec
from provisioner.model.settings import Identity

Object: TypeAlias = Mapping[str, object]

LINK = "selfLink"
IP_ADDRESS = "IPAddress"
CREATED = "creationTimestamp"
MIGRATION = "externalManagedMigrationState"

COLLECTIONS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ADDRESS: "addresses",
        Kind.FORWARDING_RULE: "forwardingRules",
        Kind.TARGET_HTTP_PROXY: "targetHttpProxies",
        Kind.TARGET_HTTPS_PROXY: "targetHttpsProxies",
        Kind.URL_MAP: "urlMaps",
        Kind.SSL_CERTIFICATE: "sslCertificates",
        Kind.BACKEND_SERVICE: "backendServices",
        Kind.HEALTH_CHECK: "healthChecks",
        Kind.NETWORK_ENDPOINT_GROUP: "networkEndpointGroups",
        Kind.INSTANCE_GROUP: "instanceGroups",
        Kind.FIREWALL: "firewalls",
    }
)
"""The listing that each kind is found in; the other kinds are parts of these."""

_OPTIONAL = frozenset({Kind.FIREWALL, Kind.SSL_CERTIFICATE})
"""Kinds that others may keep to themselves: a shared VPC's host project, a security team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who we are, and which load balancers are asked for (None: all)."""

    identity: Identity
    groups: frozenset[str] | None

    def has(self, group: str) -> bool:
        """Tell whether a group is asked for; what is shared always is."""
        return self.groups is None or group == SHARED or group in self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A resource of ours in a listing."""

    kind: Kind
    address: str
    answer: Object

    @property
    def link(self) -> str:
        return text(self.answer, LINK)

    @property
    def group(self) -> str:
        return marks.group_of(text(self.answer, "description"))


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What one pass has found out."""

    found: list[_Found] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    endpoints: dict[str, tuple[Endpoint, ...]] = field(default_factory=dict)  # by group
    instances: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by group
    healthy: dict[str, int] = field(default_factory=dict)  # by backend service

    def of(self, kind: Kind) -> list[_Found]:
        return [each for each in self.found if each.kind is kind]


def observe(inventory: Inventory, scope: Scope) -> Observed:
    """Return what of ours exists, by address; members and health of the groups asked for.

    Args:
        inventory: The project's listings.
        scope: Who we are, and which groups are asked for.
    """
    inventory.prepare(COLLECTIONS.values())
    seen = _Seen()
    for kind in COLLECTIONS:
        try:
            answers = _listed(inventory, kind)
        except Denied:
            if kind not in _OPTIONAL:
                raise
            seen.unread.add(kind.value)
            continue
        seen.found += _ours(kind, answers, scope.identity)
    refs = _refs(inventory, seen.found)
    _ask_members(inventory, scope, seen)
    resources = {each.address: each for each in _resources(inventory, scope, seen, refs=refs)}
    return Observed(
        resources=MappingProxyType(dict(sorted(resources.items()))),
        unread=frozenset(seen.unread),
    )


def _listed(inventory: Inventory, kind: Kind) -> tuple[Object, ...]:
    listed = inventory.of(COLLECTIONS[kind])
    host = inventory.host_project if kind is Kind.FIREWALL else ""
    return (*listed, *inventory.of(COLLECTIONS[kind], host)) if host else listed


def _ours(kind: Kind, answers: Iterable[Object], identity: Identity) -> Iterator[_Found]:
    """Yield what is ours of one kind, each with an address of its own."""
    taken: set[str] = set()
    for answer in sorted(answers, key=_age):
        description = text(answer, "description")
        address = marks.address_of(description)
        if not marks.is_ours(description, identity) or not _is_address_of(address, kind):
            continue
        if address in taken:
            address = _beside(address, text(answer, "name"))
        taken.add(address)
        yield _Found(kind=kind, address=address, answer=answer)


def _age(answer: Object) -> tuple[str, str]:
    return text(answer, "creationTimestamp"), text(answer, LINK)


def _is_address_of(address: str, kind: Kind) -> bool:
    try:
        return addresses.parse(address).kind is kind
    except AddressError:
        return False


def _beside(address: str, name: str) -> str:
    """Return an address for a second thing that claims ``address``: its name goes into it."""
    head, at, generation = address.partition("@")
    return f"{head}~{name}{at}{generation}"


def _refs(inventory: Inventory, found: Sequence[_Found]) -> Refs:
    """Return what stands for links to ours, and for addresses that somebody has reserved."""
    by_link = {each.link: Ref(each.address, LINK) for each in found}
    reserved: dict[tuple[str, str], Ref | str] = {}
    for answer in inventory.of("addresses"):
        place, address = place_of(text(answer, LINK)), text(answer, "address")
        if place is not None and address:
            ours = by_link.get(text(answer, LINK))
            known = address if ours is None else Ref(ours.address, IP_ADDRESS)
            reserved[place.scope, address] = known
    return Refs(by_link, reserved)


# --- membership -------------------------------------------------------------------------------


def _ask_members(inventory: Inventory, scope: Scope, seen: _Seen) -> None:
    """Ask about members and health, side by side."""
    client = inventory.client
    endpoint_groups = [e.link for e in seen.of(Kind.NETWORK_ENDPOINT_GROUP) if scope.has(e.group)]
    instance_groups = [e.link for e in seen.of(Kind.INSTANCE_GROUP)]
    checked = [
        (service.link, group)
        for service in seen.of(Kind.BACKEND_SERVICE)
        if scope.has(service.group)
        for group in _instance_groups(service.answer)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        endpoints = pool.map(lambda link: read_endpoints(client, link), endpoint_groups)
        members = pool.map(lambda link: read_instances(client, link), instance_groups)
        states = pool.map(lambda pair: read_health(client, *pair), checked)
        seen.endpoints = dict(zip(endpoint_groups, endpoints, strict=True))
        seen.instances = dict(zip(instance_groups, members, strict=True))
        for (service, _), answers in zip(checked, states, strict=True):
            _count(seen, service, (text(each, "healthState") for each in answers))
    for each in (each for group in seen.endpoints.values() for each in group):
        for service, state in each.states.items():
            _count(seen, service, () if each.draining else (state,))


def _count(seen: _Seen, service: str, states: Iterable[str]) -> None:
    healthy = sum(state == HEALTHY for state in states)
    seen.healthy[service] = seen.healthy.get(service, 0) + healthy


def _instance_groups(service: Object) -> list[str]:
    """Return the links of the instance groups behind a backend service."""
    links = [text(backend, "group") for backend in objects(service.get("backends"))]
    places = [(link, place_of(link)) for link in links]
    return [link for link, at in places if at is not None and at.collection == "instanceGroups"]


# --- resources --------------------------------------------------------------------------------


def _resources(
    inventory: Inventory, scope: Scope, seen: _Seen, *, refs: Refs
) -> Iterator[ObservedResource]:
    for each in seen.found:
        yield _resource(each, scope, seen, refs=refs)
        match each.kind:
            case Kind.NETWORK_ENDPOINT_GROUP if each.link in seen.endpoints:
                yield _endpoints(each, seen.endpoints[each.link], refs)
            case Kind.BACKEND_SERVICE:
                yield from _signed_url_keys(each)
            case Kind.INSTANCE_GROUP:
                yield from _group_parts(each, seen.instances.get(each.link, ()), refs)
            case _:
                pass
    yield from _ports_of_others(inventory, seen)


def _resource(each: _Found, scope: Scope, seen: _Seen, *, refs: Refs) -> ObservedResource:
    counted = each.kind is Kind.BACKEND_SERVICE and scope.has(each.group)
    return _observed(
        each,
        each.kind,
        each.address,
        spec=normalise.resource(each.kind, each.answer, refs),
        outputs=_outputs(each),
        healthy=seen.healthy.get(each.link, 0) if counted else None,
        state=_state(each),
    )


def _observed(
    each: _Found,
    kind: Kind,
    address: str,
    *,
    spec: Spec,
    outputs: Mapping[str, str] | None = None,
    healthy: int | None = None,
    state: str = "",
) -> ObservedResource:
    """Return something that was found, or a part of it."""
    ingress = marks.ingress_of(text(each.answer, "description"))
    return ObservedResource(
        kind=kind.value,
        address=address,
        group=each.group,
        name=text(each.answer, "name") if kind is each.kind else "",
        ingresses=() if ingress is None else (ingress,),
        spec=spec,
        outputs=MappingProxyType(dict(outputs or {})),
        healthy=healthy,
        state=state,
    )


def _state(each: _Found) -> str:
    """Return how far a certificate is from being issued, a backend service from being migrated."""
    if each.kind is Kind.BACKEND_SERVICE:
        return text(each.answer, MIGRATION)
    return text(each.answer, "managed", "status")


def _outputs(each: _Found) -> dict[str, str]:
    outputs = {LINK: each.link}
    if each.kind is Kind.ADDRESS:
        outputs[IP_ADDRESS] = text(each.answer, "address")
    elif each.kind is Kind.FORWARDING_RULE:
        outputs[IP_ADDRESS] = text(each.answer, "IPAddress")
        outputs[CREATED] = text(each.answer, CREATED)
    return outputs


def _endpoints(each: _Found, found: Iterable[Endpoint], refs: Refs) -> ObservedResource:
    attached = [endpoint.body for endpoint in found if not endpoint.draining]
    return _observed(
        each,
        Kind.NETWORK_ENDPOINTS,
        addresses.endpoints_of(each.address),
        spec=normalise.endpoints(each.answer, refs.of(each.link), attached),
    )


def _signed_url_keys(each: _Found) -> Iterator[ObservedResource]:
    specs = normalise.signed_url_keys(each.answer, Ref(each.address, LINK))
    for name, spec in specs.items():
        address = addresses.signed_url_key(each.address, name)
        yield _observed(each, Kind.SIGNED_URL_KEY, address, spec=spec)


def _group_parts(each: _Found, members: Sequence[str], refs: Refs) -> Iterator[ObservedResource]:
    """Yield what is in an instance group of ours: all of its machines, all ports of our pattern."""
    zone, ref = each.address.rpartition("/")[2], refs.of(each.link)
    spec = normalise.instances(each.answer, ref, members)
    yield _observed(each, Kind.INSTANCES, addresses.instances(zone), spec=spec)
    spec = normalise.named_ports(each.answer, ref, None)
    yield _observed(each, Kind.NAMED_PORTS, addresses.named_ports(zone), spec=spec)


def _ports_of_others(inventory: Inventory, seen: _Seen) -> Iterator[ObservedResource]:
    """Yield our named ports of instance groups of somebody else, where services of ours use them.

    Which of the ports there are ours is told by backend services alone: ours name them, and nobody
    else's do.
    """
    own = {each.link for each in seen.of(Kind.INSTANCE_GROUP)}
    mine = {each.link for each in seen.of(Kind.BACKEND_SERVICE)}
    ports: dict[str, set[str]] = {}
    theirs: set[tuple[str, str]] = set()
    for service in inventory.of("backendServices"):
        port = text(service, "portName")
        for group in _instance_groups(service):
            if text(service, LINK) not in mine:
                theirs.add((group, port))
            elif group not in own:
                ports.setdefault(group, set()).add(port)
    for answer in inventory.of("instanceGroups") if ports else ():
        link = text(answer, LINK)
        place = place_of(link)
        if link in ports and place is not None:
            yield ObservedResource(
                kind=Kind.NAMED_PORTS.value,
                address=addresses.named_ports(place.zone),
                group=SHARED,
                spec=normalise.named_ports(
                    answer, link, (port for port in ports[link] if (link, port) not in theirs)
                ),
            )
