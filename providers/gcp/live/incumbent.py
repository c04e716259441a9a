"""Read what GKE Ingress made for this cluster, by the names and descriptions that it gives.

Nothing that it makes bears labels, so names are what there is: those of the second generation hold
a hash of one identifier of the cluster, everything else the other identifier. Where neither is
known, descriptions tell an endpoint group by the cluster they name, and nothing else can be told.
First-generation names that were too long were cut, with the identifier at their end; one that is
cut so far that nothing is left of it is not recognised.

What bears our own mark as well is left out: it was adopted, or made by us after its pattern.
Certificates of a ManagedCertificate belong to another controller and keep their owner.

It costs no second listing: the listings of a plan hold everybody's resources. Only who is in the
groups is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from providers.gcp import incumbent, marks
from providers.gcp.addresses import Kind
from providers.gcp.links import place_of
from providers.gcp.live import normalise
from providers.gcp.live.inventory import THREADS, Inventory, text
from providers.gcp.live.members import HEALTHY, Endpoint, read_endpoints, read_instances
from providers.gcp.live.normalise import Refs
from providers.gcp.observe import COLLECTIONS, IP_ADDRESS, LINK
from provisioner.model.errors import Denied
from provisioner.model.incumbent import ForeignResource, Incumbent
from provisioner.model.resource import Ref, freeze_spec
from provisioner.model.settings import Identity

Object: TypeAlias = Mapping[str, object]

CONTROLLER = "GKE Ingress"

_FIRST, _SECOND, _PODS = "k8s-", "k8s2-", "k8s1-"
_FIREWALL = "k8s-fw-l7--"
_UID = 8
_CUT_LENGTH = 63
_CLUSTER = "cluster-uid"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """How the names that GKE gives to resources of one cluster can be told."""

    identity: Identity

    def has(self, answer: Object) -> bool:
        """Tell whether a resource was made for this cluster."""
        name, uid = text(answer, "name"), self.identity.ingress_uid
        firewall_uid = self.identity.firewall_uid
        if firewall_uid and name.startswith(_FIREWALL):
            return name == incumbent.firewall(ingress_uid=uid, firewall_uid=firewall_uid)
        if name.startswith(_SECOND):
            short = incumbent.hash36(self.identity.cluster_uid, _UID)
            return name.split("-")[2:3] == [short]
        if uid and name.startswith(_PODS):
            return name.startswith(f"{_PODS}{uid[:_UID]}-")
        if uid and name.startswith(_FIRST):
            return name.endswith(f"--{uid}") or _is_cut(name, uid)
        words = marks.read(text(answer, "description"))
        return words.get(_CLUSTER) == self.identity.cluster_uid


def _is_cut(name: str, uid: str) -> bool:
    """Tell whether a name was cut off within the cluster's uid."""
    end = f"--{uid}"
    whole = name.removesuffix("0")
    return len(name) == _CUT_LENGTH and any(
        whole.endswith(end[:length]) for length in range(3, len(end))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A group of GKE's with who is in it."""

    kind: Kind
    answer: Object
    endpoints: tuple[Endpoint, ...] = ()
    instances: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        return text(self.answer, LINK)


def read_incumbent(inventory: Inventory, identity: Identity) -> Incumbent:
    """Return what GKE Ingress made for the cluster of this identity."""
    names = _Names(identity=identity)
    refs = Refs({}, dict(_reserved(inventory)))
    found = [(kind, answer) for kind in COLLECTIONS for answer in _theirs(inventory, kind, names)]
    groups = _groups(inventory, found)
    healthy = _healthy(groups)
    resources = [
        *(_resource(kind, answer, refs, healthy=healthy) for kind, answer in found),
        *(part for group in groups for part in _members(group)),
    ]
    ordered = sorted(resources, key=lambda each: (each.kind, each.id, each.parent))
    return Incumbent(controller=CONTROLLER, resources=tuple(ordered))


def _theirs(inventory: Inventory, kind: Kind, names: _Names) -> Iterator[Object]:
    try:
        listed = inventory.of(COLLECTIONS[kind])
    except Denied:
        if kind is not Kind.FIREWALL:
            raise
        return
    for answer in listed:
        if names.has(answer) and not marks.owner_of(text(answer, "description")):
            yield answer


def _reserved(inventory: Inventory) -> Iterator[tuple[tuple[str, str], Ref | str]]:
    """Yield who has reserved which address: an IP that is reserved stays one."""
    for answer in inventory.of("addresses"):
        place, address = place_of(text(answer, LINK)), text(answer, "address")
        if place is not None:
            yield (place.scope, address), address


def _resource(
    kind: Kind, answer: Object, refs: Refs, *, healthy: Mapping[str, int]
) -> ForeignResource:
    spec = normalise.resource(kind, answer, refs)
    description = text(answer, "description")
    if description:
        spec = freeze_spec({**spec, "description": description})
    link = text(answer, LINK)
    outputs = {LINK: link}
    if kind is Kind.FORWARDING_RULE:
        outputs[IP_ADDRESS] = text(answer, "IPAddress")
    elif kind is Kind.ADDRESS:
        outputs[IP_ADDRESS] = text(answer, "address")
    return ForeignResource(
        kind=kind.value,
        id=link,
        name=text(answer, "name"),
        tags=_words(description),
        spec=spec,
        outputs=outputs,
        healthy=healthy.get(link, 0) if kind is Kind.BACKEND_SERVICE else None,
    )


def _words(description: str) -> Mapping[str, str]:
    """Return the words of a description that are texts."""
    return {k: word for k, word in marks.read(description).items() if isinstance(word, str)}


def _groups(inventory: Inventory, found: list[tuple[Kind, Object]]) -> list[_Group]:
    client = inventory.client

    def read(kind: Kind, answer: Object) -> _Group:
        link = text(answer, LINK)
        if kind is Kind.NETWORK_ENDPOINT_GROUP:
            return _Group(kind=kind, answer=answer, endpoints=read_endpoints(client, link))
        return _Group(kind=kind, answer=answer, instances=read_instances(client, link))

    wanted = [
        (kind, answer)
        for kind, answer in found
        if kind in (Kind.NETWORK_ENDPOINT_GROUP, Kind.INSTANCE_GROUP)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda each: read(*each), wanted))


def _healthy(groups: list[_Group]) -> Mapping[str, int]:
    """Return how many endpoints are healthy, by backend service."""
    count: dict[str, int] = {}
    for endpoint in (each for group in groups for each in group.endpoints):
        for service, state in endpoint.states.items():
            if state == HEALTHY and not endpoint.draining:
                count[service] = count.get(service, 0) + 1
    return count


def _members(group: _Group) -> Iterator[ForeignResource]:
    """Yield who is in a group, as resources that hang on it."""
    link = group.link
    if group.kind is Kind.NETWORK_ENDPOINT_GROUP:
        attached = [each.body for each in group.endpoints if not each.draining]
        spec = normalise.endpoints(group.answer, link, attached)
        yield ForeignResource(kind=Kind.NETWORK_ENDPOINTS.value, parent=link, spec=spec)
        return
    spec = normalise.instances(group.answer, link, group.instances)
    yield ForeignResource(kind=Kind.INSTANCES.value, parent=link, spec=spec)
    spec = normalise.named_ports(group.answer, link, None)
    yield ForeignResource(kind=Kind.NAMED_PORTS.value, parent=link, spec=spec)
